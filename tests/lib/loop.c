/* See LICENSE for copyright and licence details.
 *
 * In the place of screenstub.c: a loop that only keeps the sources, for the
 * test to call them, and messages that only are recorded. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../screenstub.h"

enum { SourceMax = 64, SaidMax = 1 << 16 };

struct source *sources[SourceMax];
char said[SaidMax];
unsigned nsaid;
int verbose;

void
die(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! die: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	exit(2);
}

/* Formats as with -VV, so that a sanitizer sees what it would read. */
void
note(int level, const char *fmt, ...)
{
	static char line[1 << 16];
	va_list ap;

	if (verbose < level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (getenv("UNIT_VERBOSE"))
		printf("# %s\n", line);
}

int
source_add(struct source *s)
{
	size_t i, hole = SourceMax;

	for (i = SourceMax; i--;) {
		if (sources[i] == s)
			return 0;
		if (!sources[i])
			hole = i;
	}
	if (hole == SourceMax)
		return -1;
	sources[hole] = s;
	return 0;
}

void
source_del(struct source *s)
{
	size_t i;

	for (i = 0; i < SourceMax; i++)
		if (sources[i] == s)
			sources[i] = NULL;
}

void
warn(const char *fmt, ...)
{
	size_t n = strlen(said);
	int e = errno;
	va_list ap;

	nsaid++;
	va_start(ap, fmt);
	vsnprintf(said + n, sizeof(said) - n, fmt, ap);
	va_end(ap);
	n = strlen(said);
	if (fmt[strlen(fmt) - 1] == ':')
		snprintf(said + n, sizeof(said) - n, " %s", strerror(e));
	n = strlen(said);
	snprintf(said + n, sizeof(said) - n, "\n");
}
