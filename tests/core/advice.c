/* See LICENSE for copyright and licence details.
 *
 * core/advice: what each row looks for is in a message of ours, or QEMU or its
 * agent were heard to say it; none stands behind another one that would take
 * its place; and the manual has the same rows in the same words. Run from the
 * tree's root. */
#include <ctype.h>
#include <glob.h>

#include "core/advice.h"
#include "../lib/tap.h"

enum { FileMax = 1 << 20, ErrnoLast = 133 };

static char literals[FileMax]; /* of the sources, one a line */
static char heard[2][FileMax];
static char manual[FileMax];   /* "\nseen\ttodo" for each row, and "\n" */

static void
file_read(char *out, FILE *f)
{
	size_t n = f ? fread(out, 1, FileMax - 1, f) : 0;

	out[n] = '\0';
}

/* Adds those of a source; two that follow each other are one. */
static void
literals_add(const char *path)
{
	static char text[FileMax];
	FILE *f = fopen(path, "r");
	char *s, *out = literals + strlen(literals);

	file_read(text, f);
	fclose(f);
	for (s = text; *s; s++) {
		if (!strncmp(s, "/*", 2)) {
			s = strstr(s, "*/") + 1;
		} else if (*s == '\'') {
			s += s[1] == '\\' ? 3 : 2;
		} else if (*s == '"') {
			while (*++s != '"')
				*out++ = *s == '\\' ? *++s : *s;
			if (s[1 + strspn(s + 1, " \t\n")] != '"')
				*out++ = '\n';
		}
	}
	*out = '\0';
}

static int
errno_begins(const char *s)
{
	int e = 1;

	while (e <= ErrnoLast && strncmp(strerror(e), s, strlen(s)))
		e++;
	return e <= ErrnoLast;
}

/* A part of a literal; or the end of one, and errno's text behind it. */
static int
row_said(const struct advice *a)
{
	const char *s = a->seen;
	char end[200], colon[200];

	if (strstr(literals, s) || strstr(heard[0], s) || strstr(heard[1], s))
		return 1;
	while ((s = strstr(s, ": "))) {
		s += 2;
		sprintf(end, "%.*s\n", (int)(s - a->seen), a->seen);
		sprintf(colon, "%.*s\n", (int)(s - a->seen) - 1, a->seen);
		if (errno_begins(s) && (strstr(literals, end) ||
		    strstr(literals, colon)))
			return 1;
	}
	return 0;
}

static int
row_reached(const struct advice *a)
{
	const struct advice *b = advice;

	while (b < a && !strstr(a->seen, b->seen))
		b++;
	return b == a;
}

static int
row_inmanual(const struct advice *a)
{
	char row[1000];

	snprintf(row, sizeof(row), "\n%s\t%s\n", a->seen, a->todo);
	return strstr(manual, row) != NULL;
}

/* The lists of messages are those that have the kind for that. */
static void
manual_read(void)
{
	static const struct {
		const char *html, *text;
	} list[] = {
		{ "<dt", "\n" }, { "<dd", "\t" }, { "<", "" },
		{ "&quot;", "\"" }, { "&amp;", "&" }, { "&lt;", "<" },
		{ "&gt;", ">" }, { "", NULL }
	};
	static char html[FileMax];
	FILE *f = popen("mandoc -T html screenstub.1 2>/dev/null", "r");
	char *s = html, *out = manual;
	int diag = 0;
	size_t i;

	file_read(html, f);
	pclose(f);
	for (; *s; s++) {
		for (i = 0; strncmp(s, list[i].html, strlen(list[i].html)); i++)
			;
		if (!strncmp(s, "<dl", 3))
			diag = !strncmp(s, "<dl class=\"Bl-diag\"", 19);
		diag &= strncmp(s, "</dl", 4) != 0;
		if (list[i].text && diag)
			out += sprintf(out, "%s", list[i].text);
		else if (diag && !list[i].text)
			*out++ = isspace((unsigned char)*s) ? ' ' : *s;
		if (list[i].text)
			s = strchr(s, *s == '<' ? '>' : ';');
	}
	strcpy(out, "\n");
	for (s = out = manual; *s; s++) { /* of several blanks one */
		if (isspace((unsigned char)*s) && out > manual &&
		    out[-1] == ' ')
			out--;
		if (*s != ' ' || out == manual ||
		    !isspace((unsigned char)out[-1]))
			*out++ = *s;
	}
	*out = '\0';
}

static void
all(int (*good)(const struct advice *), const char *text)
{
	const struct advice *a;
	int bad = 0;

	for (a = advice; a->seen; a++)
		if (!good(a))
			printf("# %s (%s)\n", a->seen, a->todo), bad++;
	okint(bad, 0, text);
}

int
main(void)
{
	const char *s;
	size_t i, rows = 0;
	glob_t g;

	tapbegin(900);
	glob("*.c", 0, NULL, &g);
	glob("*/*.c", GLOB_APPEND, NULL, &g);
	for (i = 0; i < g.gl_pathc; i++)
		if (strcmp(g.gl_pathv[i], "core/advice.c"))
			literals_add(g.gl_pathv[i]);
	globfree(&g);
	file_read(heard[0], fopen("tests/qmp/session.t", "r"));
	file_read(heard[1], fopen("tests/qmp/transcripts/qmp-hotplug-pc", "r"));
	all(row_said, "advice: somebody says what each row looks for");
	all(row_reached, "advice: none is behind what is a part of it");
	manual_read();
	if (!manual[1]) {
		printf("ok %u - advice: the manual # SKIP no mandoc\n", ++tapn);
		return tapend();
	}
	all(row_inmanual, "advice: the manual has each");
	for (s = manual; s[1]; s++)
		rows += *s == '\n';
	for (i = 0; advice[i].seen; i++)
		;
	okint(rows, i, "advice: the manual has no others");
	return tapend();
}
