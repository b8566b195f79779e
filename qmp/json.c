/* See LICENSE for copyright and licence details.
 *
 * JSON, worked on in place. Brackets are counted outside strings, which is all
 * it takes to know where a message ends, or a value in it. What is inside is
 * walked over only when somebody asks for a member: a value is a string, what
 * is between brackets, or a word up to the next comma. What is no JSON has no
 * members, or wrong ones, and costs nothing more than that; nothing recurs.
 *
 * Start reading at scan_char. */
#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "inner.h"

enum { NestMax = 64 }; /* of what comes from outside; QEMU's is 1024 */

/* ---- where it ends ---- */

static int
json_iswhite(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* 1: what began outside of all others ends with it, a string or brackets. */
static int
scan_char(struct scan *s, char c)
{
	if (s->escape) {
		s->escape = 0;
	} else if (s->string) {
		s->escape = c == '\\';
		s->string = c != '"';
		return !s->string && !s->depth;
	} else if (c == '"') {
		s->string = 1;
	} else if (c == '{' || c == '[') {
		s->depth++;
	} else if ((c == '}' || c == ']') && s->depth) {
		return --s->depth == 0;
	}
	return 0;
}

void
framer_reset(struct framer *f)
{
	f->len = 0;
	f->scan = (struct scan){ 0 };
}

int
framer_byte(struct framer *f, char c)
{
	if (c == '\xff')
		framer_reset(f);
	if (!f->len && (c == '\xff' || json_iswhite(c)))
		return 0;
	if ((!f->buf && !(f->buf = malloc(f->limit))) || f->len == f->limit)
		return -1;
	f->buf[f->len++] = c;
	if (scan_char(&f->scan, c))
		return 1;
	return f->scan.depth ? 0 : -1;
}

/* ---- values ---- */

static const char *
json_white(const char *p, const char *end)
{
	while (p < end && json_iswhite(*p))
		p++;
	return p;
}

/* Behind the value that begins at p; NULL: there is none, or it has no end. */
static const char *
json_skip(const char *p, const char *end)
{
	struct scan scan = { 0 };
	const char *start = p;

	for (; p < end; p++) {
		if (!scan.depth && !scan.string && (json_iswhite(*p) ||
		    strchr(",:]}", *p)))
			break;
		if (scan_char(&scan, *p))
			return p + 1;
	}
	return scan.depth || scan.string || p == start ? NULL : p;
}

int
json_item(struct json in, struct json *it)
{
	const char *p = it->s ? json_white(it->end, in.end) : in.s;

	if (p == in.end || !*p || !strchr(it->s ? ",:" : "[{", *p))
		return -1;
	it->s = json_white(p + 1, in.end);
	it->end = json_skip(it->s, in.end);
	return it->end ? 0 : -1;
}

struct json
json_member(struct json obj, const char *name)
{
	struct json key = { NULL, NULL }, v, none = { "", "" };
	size_t n = strlen(name);

	if (obj.s == obj.end || *obj.s != '{')
		return none;
	while (!json_item(obj, &key) && *key.s == '"') {
		v = key;
		if (json_item(obj, &v))
			break;
		if ((size_t)(key.end - key.s) == n + 2 &&
		    !memcmp(key.s + 1, name, n))
			return v;
		key = v;
	}
	return none;
}

int
json_true(struct json v)
{
	return v.end - v.s == 4 && !memcmp(v.s, "true", 4);
}

int
json_int(struct json v, int64_t *out)
{
	char text[24] = "", *end;
	size_t n = v.end - v.s;

	if (!n || n >= sizeof(text))
		return -1;
	memcpy(text, v.s, n);
	errno = 0;
	*out = strtoll(text, &end, 10);
	return *end || errno ? -1 : 0;
}

/* ---- from outside ---- */

/* A string, a number, a word, as QEMU's lexer takes them. */
static const char token[] = "^(\"([^\"\\\x01-\x1f\xfe\xff]|\\\\[^\x01-\x1f])*\""
    "|-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?|[a-z]+)";

int
json_whole(const char *s)
{
	char close[NestMax];
	size_t depth = 0;
	regmatch_t found;
	regex_t re;
	int bad = regcomp(&re, token, REG_EXTENDED);

	do {
		s += strspn(s, " \t\r\n");
		found.rm_eo = 1;
		if (*s && strchr("{[", *s) && depth < NestMax)
			close[depth++] = *s + 2; /* in ASCII */
		else if (!*s || !depth)
			bad = 1;
		else if (strchr("}]", *s))
			bad |= close[--depth] != *s;
		else if (!strchr(",:", *s))
			bad |= regexec(&re, s, 1, &found, 0) ||
			    isalnum((unsigned char)s[found.rm_eo]);
		s += bad ? 0 : found.rm_eo;
	} while (depth && !bad);
	regfree(&re);
	return !bad && !s[strspn(s, " \t\r\n")];
}

/* ---- strings ---- */

/* What is behind the backslash at *p, as UTF-8; *p becomes its last byte. NUL
 * and half a character are U+FFFD, control characters blanks: no text that is
 * compared has any. */
static size_t
json_escaped(char *out, const char **p, const char *end)
{
	char hex[5] = "";
	size_t n = 0;
	long c;

	if (*++*p != 'u') {
		*out = strchr("bfnrt", **p) ? ' ' : **p;
		return 1;
	}
	memcpy(hex, *p + 1, end - *p > 4 ? 4 : end - *p - 1);
	*p += strlen(hex);
	c = strtol(hex, NULL, 16) & 0xffff;
	if (!c || (c >= 0xd800 && c < 0xe000))
		c = 0xfffd;
	if (c < 0x80) {
		out[n++] = c;
		return n;
	}
	if (c >= 0x800)
		out[n++] = 0xe0 | c >> 12;
	out[n] = n ? 0x80 | (c >> 6 & 0x3f) : 0xc0 | c >> 6;
	out[++n] = 0x80 | (c & 0x3f);
	return n + 1;
}

int
json_text(struct json v, char *out, size_t size)
{
	const char *p = v.s + 1, *end = v.end - 1;
	size_t n = 0;
	int whole = p <= end && *v.s == '"';

	for (; whole && p < end && n + 4 <= size; p++)
		if (*p == '\\')
			n += json_escaped(out + n, &p, v.end);
		else
			out[n++] = *p;
	out[n] = '\0';
	return whole && p >= end ? 0 : -1;
}

int
json_string(struct json obj, const char *name, char *out, size_t size)
{
	return json_text(json_member(obj, name), out, size);
}

size_t
json_quote(char *out, size_t size, const char *s)
{
	const char *format;
	size_t n = 0;

	for (out[n++] = '"'; *s && n + 8 < size; s++) {
		format = (unsigned char)*s < ' ' ? "\\u%04x" : "%c";
		if (*s == '"' || *s == '\\')
			format = "\\%c";
		n += sprintf(out + n, format, *s);
	}
	out[n++] = '"';
	return *s ? size : n;
}
