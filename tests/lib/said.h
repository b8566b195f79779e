/* See LICENSE for copyright and licence details.
 *
 * What the log says, for tests that link the real core/loop: stderr goes to a
 * file in memory. Sanitizers need log_path in their options then (unit.sh). */
#ifndef SAID_H
#define SAID_H

#include <sys/mman.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Since the last unsay, in lines, without the program's name. */
static char saidtext[1 << 16];

static inline void
saidbegin(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC);

	dup2(fd, STDERR_FILENO);
	close(fd);
}

static inline void
unsay(void)
{
	if (ftruncate(STDERR_FILENO, 0) == 0)
		lseek(STDERR_FILENO, 0, SEEK_SET);
}

static inline const char *
said(void)
{
	static const char name[] = "screenstub: ";
	ssize_t n = pread(STDERR_FILENO, saidtext, sizeof(saidtext) - 1, 0);
	char *p;

	saidtext[n < 0 ? 0 : n] = '\0';
	for (p = saidtext; p; p = (p = strchr(p, '\n')) ? p + 1 : NULL)
		if (!strncmp(p, name, sizeof(name) - 1))
			memmove(p, p + sizeof(name) - 1,
			    strlen(p + sizeof(name) - 1) + 1);
	return saidtext;
}

/* How many lines. */
static inline unsigned
nsaid(void)
{
	const char *p;
	unsigned n = 0;

	for (p = said(); *p; p++)
		n += *p == '\n';
	return n;
}

#endif
