/* See LICENSE for copyright and licence details.
 *
 * What the unit tests share: TAP on stdout, and what core/loop's log says,
 * which goes to a file that the test reads. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned tapn, tapbad;

/* A hang is a failure: the alarm ends the program. */
static inline void
tapbegin(unsigned limit)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(limit);
}

static inline int
tapend(void)
{
	printf("1..%u\n", tapn);
	return tapbad > 0;
}

/* 32 bits that differ, the same in each run of one seed (xorshift). */
static inline unsigned
taprandom(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline void
taptext(const char *what, const char *s, size_t n)
{
	size_t i;

	printf("#   %-9s", what);
	for (i = 0; i < n && i < 2000; i++) {
		if (s[i] == '\n' && i + 1 < n)
			printf("\\n\n#            ");
		else if (s[i] < ' ' || s[i] > '~')
			printf("\\x%02x", (unsigned char)s[i]);
		else
			putchar(s[i]);
	}
	printf(i < n ? "... (%zu bytes)\n" : "\n", n);
}

#undef ok /* core/loop.h has one of its own */
__attribute__((format(printf, 2, 3))) static inline int
ok(int good, const char *fmt, ...)
{
	va_list ap;

	printf(good ? "ok %u - " : "not ok %u - ", ++tapn);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	tapbad += !good;
	return good;
}

static inline int
okint(long long got, long long expected, const char *given)
{
	if (ok(got == expected, "%s", given))
		return 1;
	printf("#   expected %lld\n#   got      %lld\n", expected, got);
	return 0;
}

static inline int
okstr(const char *got, const char *expected, const char *name,
      const char *given)
{
	if (ok(!strcmp(got, expected), "%s", name))
		return 1;
	if (given)
		taptext("given", given, strlen(given));
	taptext("expected", expected, strlen(expected));
	taptext("got", got, strlen(got));
	return 0;
}
