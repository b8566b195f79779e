/* See LICENSE for copyright and licence details.
 *
 * The beginning of a file of fuzz targets, which has a table target[] of them,
 * and these; fuzzmain.c is its end, and has the rest. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>

struct fuzztarget {
	const char *name;
	void (*run)(const unsigned char *, size_t);
};
static size_t chosentarget;

static void writeseeds(const char *dir);

static unsigned char *copied(const unsigned char *, size_t);
static void must(int good, const char *, ...)
	__attribute__((format(printf, 2, 3)));
static void writeseed(const char *dir, int *num, const void *, size_t);

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

#endif
