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

#include "json.h"

enum {
	FrameMin = 4096,
	FrameKeep = 1 << 16 /* a longer buffer is given back */
};

/* ---- the ends of messages ---- */

static int
json_iswhite(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int
framer_grow(struct framer *f)
{
	size_t size = f->size ? f->size * 2 : FrameMin;
	char *buf;

	if (f->size >= f->limit || !(buf = realloc(f->buf, size)))
		return -1;
	f->buf = buf;
	f->size = size;
	return 0;
}

int
framer_byte(struct framer *f, char c)
{
	if (!f->len && json_iswhite(c))
		return 0;
	if (f->len == f->size && framer_grow(f) < 0)
		return -1;
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
	if (f->size > FrameKeep) {
		free(f->buf);
		f->buf = NULL;
		f->size = 0;
	}
	f->len = f->depth = 0;
	f->string = f->escape = 0;
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

	while (p < end) {
		if (*p == '"') {
			if (!(p = json_skipstring(p, end)))
				return NULL;
		} else if (*p == '{' || *p == '[') {
			depth++;
			p++;
		} else if (depth) {
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

int
json_member(struct json obj, const char *name, struct json *val)
{
	const char *p = obj.s, *key;
	size_t n = strlen(name), len;

	if (p == obj.end || *p != '{')
		return -1;
	do {
		key = json_white(p + 1, obj.end);
		if (key == obj.end || *key != '"' ||
		    !(p = json_skipstring(key, obj.end)))
			return -1;
		len = p - key - 2;
		p = json_white(p, obj.end);
		if (p == obj.end || *p != ':')
			return -1;
		val->s = json_white(p + 1, obj.end);
		if (!(val->end = json_skip(val->s, obj.end)))
			return -1;
		if (len == n && !memcmp(key + 1, name, n))
			return 0;
		p = json_white(val->end, obj.end);
	} while (p < obj.end && *p == ',');
	return -1;
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

/* The four digits of \u at p; -1: they are none. */
static long
json_hex(const char *p, const char *end)
{
	char hex[5] = "";
	size_t i;

	for (i = 0; i < 4 && p + i < end; i++)
		hex[i] = p[i];
	return strspn(hex, "0123456789abcdefABCDEF") == 4 ?
	    strtol(hex, NULL, 16) : -1;
}

/* What the backslash at *p stands for; *p becomes its last byte. */
static long
json_escaped(const char **p, const char *end)
{
	static const char from[] = "bfnrt", into[] = "\b\f\n\r\t";
	const char *at = ++*p, *f;
	long c, low;

	if (*at != 'u')
		return *at && (f = strchr(from, *at)) ? into[f - from] :
		    (unsigned char)*at;
	if ((c = json_hex(at + 1, end)) < 0)
		return 0;
	*p = at += 4;
	if (c >= 0xd800 && c < 0xdc00 && end - at > 6 && at[1] == '\\' &&
	    at[2] == 'u') {
		low = json_hex(at + 3, end);
		if (low >= 0xdc00 && low < 0xe000) {
			*p = at + 6;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return c >= 0xd800 && c < 0xe000 ? 0 : c;
}

/* As UTF-8, at most 4 bytes; 0 is no character of a C string. */
static size_t
json_utf8(char *out, long c)
{
	size_t n = 0;

	if (!c)
		c = 0xfffd;
	if (c < 0x80) {
		out[n++] = c;
		return n;
	}
	if (c < 0x800) {
		out[n++] = 0xc0 | c >> 6;
	} else if (c < 0x10000) {
		out[n++] = 0xe0 | c >> 12;
		out[n++] = 0x80 | (c >> 6 & 0x3f);
	} else {
		out[n++] = 0xf0 | c >> 18;
		out[n++] = 0x80 | (c >> 12 & 0x3f);
		out[n++] = 0x80 | (c >> 6 & 0x3f);
	}
	out[n++] = 0x80 | (c & 0x3f);
	return n;
}

int
json_text(struct json v, char *out, size_t size)
{
	const char *p, *end = v.end - 1;
	size_t n = 0;

	if (v.end - v.s < 2 || *v.s != '"')
		return -1;
	for (p = v.s + 1; p < end; p++) {
		if (n + 5 > size)
			return -1;
		if (*p == '\\')
			n += json_utf8(out + n, json_escaped(&p, end));
		else
			out[n++] = *p;
	}
	if (n >= size)
		return -1;
	out[n] = '\0';
	return 0;
}

int
json_string(struct json obj, const char *name, char *out, size_t size)
{
	struct json v;

	return json_member(obj, name, &v) ? -1 : json_text(v, out, size);
}

/* What fits of s, at n; where the next comes. */
static size_t
json_put(char *out, size_t size, size_t n, const char *s)
{
	for (; *s; s++, n++)
		if (n < size)
			out[n] = *s;
	return n;
}

size_t
json_quote(char *out, size_t size, const char *s)
{
	size_t n = json_put(out, size, 0, "\"");
	char c[8];

	for (; *s; s++) {
		snprintf(c, sizeof(c), *s == '"' || *s == '\\' ? "\\%c" :
		    (unsigned char)*s < ' ' ? "\\u%04x" : "%c", *s);
		n = json_put(out, size, n, c);
	}
	return json_put(out, size, n, "\"");
}
