/* See LICENSE for copyright and licence details.
 *
 * JSON, worked on in place. A framer counts brackets outside strings, which is
 * all it takes to know where a message ends. What is inside is walked over
 * only when somebody asks for a member: a value is a string, what is between
 * brackets, or a word up to the next comma. What is no JSON has no members, or
 * wrong ones, and costs nothing more than that; nothing recurs.
 *
 * Start reading at json_skip. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inner.h"

enum { FrameMin = 4096 };

/* ---- the ends of messages ---- */

static int
json_iswhite(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int
framer_byte(struct framer *f, char c)
{
	char *buf;

	if (!f->len && json_iswhite(c))
		return 0;
	if (f->len == f->size) {
		f->size = f->size ? f->size * 2 : FrameMin;
		if (f->len >= f->limit || !(buf = realloc(f->buf, f->size))) {
			f->size = f->len;
			return -1;
		}
		f->buf = buf;
	}
	f->buf[f->len++] = c;
	if (f->escape) {
		f->escape = 0;
	} else if (f->string) {
		f->escape = c == '\\';
		f->string = c != '"';
	} else if (c == '"') {
		f->string = 1;
	} else if (c == '{' || c == '[') {
		f->depth++;
	} else if ((c == '}' || c == ']') && f->depth) {
		return --f->depth == 0;
	}
	return f->depth ? 0 : -1;
}

void
framer_reset(struct framer *f)
{
	f->len = f->depth = f->string = f->escape = 0;
}

/* ---- values ---- */

static const char *
json_white(const char *p, const char *end)
{
	while (p < end && json_iswhite(*p))
		p++;
	return p;
}

/* Behind the string that begins at p; NULL: it has no end. */
static const char *
json_skipstring(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\' && p + 1 < end;
	return p < end ? p + 1 : NULL;
}

/* Behind the value that begins at p; NULL: there is none, or it has no end. */
static const char *
json_skip(const char *p, const char *end)
{
	const char *start = p;
	size_t depth = 0;

	while (p && p < end) {
		if (*p == '"') {
			p = json_skipstring(p, end);
		} else if (depth || *p == '{' || *p == '[') {
			depth += *p == '{' || *p == '[';
			depth -= *p == '}' || *p == ']';
			p++;
		} else {
			while (p < end && !json_iswhite(*p) &&
			    !strchr(",:]}", *p))
				p++;
		}
		if (!depth)
			break;
	}
	return depth || p == start ? NULL : p;
}

int
json_item(struct json array, struct json *it)
{
	const char *p = it->s ? json_white(it->end, array.end) : array.s;

	if (p == array.end || *p != (it->s ? ',' : '['))
		return -1;
	it->s = json_white(p + 1, array.end);
	it->end = json_skip(it->s, array.end);
	return it->end ? 0 : -1;
}

struct json
json_member(struct json obj, const char *name)
{
	const char *p = obj.s, *key;
	size_t n = strlen(name), len;
	struct json v, none = { "", "" };

	if (p == obj.end || *p != '{')
		return none;
	do {
		key = json_white(p + 1, obj.end);
		if (key == obj.end || *key != '"' ||
		    !(p = json_skipstring(key, obj.end)))
			return none;
		len = p - key - 2;
		p = json_white(p, obj.end);
		if (p == obj.end || *p != ':')
			return none;
		v.s = json_white(p + 1, obj.end);
		if (!(v.end = json_skip(v.s, obj.end)))
			return none;
		if (len == n && !memcmp(key + 1, name, n))
			return v;
		p = json_white(v.end, obj.end);
	} while (p < obj.end && *p == ',');
	return none;
}

int
json_bool(struct json v, int *out)
{
	*out = v.end - v.s == 4 && !memcmp(v.s, "true", 4);
	return *out || (v.end - v.s == 5 && !memcmp(v.s, "false", 5)) ? 0 : -1;
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

/* ---- strings ---- */

/* What is behind the backslash at *p, as UTF-8; *p becomes its last byte. NUL
 * and half a character are U+FFFD: no text that is compared has any. */
static size_t
json_escaped(char *out, const char **p, const char *end)
{
	static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
	const char *f = strchr(from, *++*p);
	char hex[5] = "";
	size_t n = 0;
	long c;

	if (**p != 'u') {
		*out = f && *f ? into[f - from] : **p;
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
	const char *p, *end = v.end - 1;
	size_t n = 0;

	if (v.end - v.s < 2 || *v.s != '"')
		return -1;
	for (p = v.s + 1; p < end && n + 4 <= size; p++)
		if (*p == '\\')
			n += json_escaped(out + n, &p, v.end);
		else
			out[n++] = *p;
	if (p < end || n >= size)
		return -1;
	out[n] = '\0';
	return 0;
}

int
json_string(struct json obj, const char *name, char *out, size_t size)
{
	return json_text(json_member(obj, name), out, size);
}

size_t
json_quote(char *out, size_t size, const char *s)
{
	size_t n = 0;
	char c[8] = "\"", *p;

	for (;; s++) {
		for (p = c; *p; p++, n++)
			if (n < size)
				out[n] = *p;
		if (!*s)
			break;
		snprintf(c, sizeof(c), *s == '"' || *s == '\\' ? "\\%c" :
		    (unsigned char)*s < ' ' ? "\\u%04x" : "%c", *s);
	}
	if (n < size)
		out[n] = '"';
	return n + 1;
}
