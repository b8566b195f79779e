/* See LICENSE for copyright and licence details.
 *
 * JSON in place: where a message ends in a stream, and its members by name. It
 * looks at structure, and never beyond the end; whether words and numbers are
 * right is for those who ask for one. */
#ifndef QMP_JSON_H
#define QMP_JSON_H

#include <stddef.h>
#include <stdint.h>

/* A value inside a message. */
struct json {
	const char *s, *end;
};
int json_bool(struct json, int *);     /* -1: it is none */
int json_int(struct json, int64_t *);  /* -1: it is none, or out of range */
/* The next item of an array; it->s NULL: the first. -1: there is none. */
int json_item(struct json array, struct json *it);
/* The first member of that name; -1: there is none, or obj is no object. */
int json_member(struct json obj, const char *name, struct json *);
/* Decodes a string to UTF-8 with NUL; -1: no string, or too long. */
int json_text(struct json, char *out, size_t size);
/* Both at once. */
int json_string(struct json obj, const char *name, char *out, size_t size);
/* Writes s as a JSON string; the length it needs, without NUL. */
size_t json_quote(char *out, size_t size, const char *s);

/* Finds the ends of messages in a stream that comes in any pieces. */
struct framer {
	char *buf;
	size_t len, size, limit;
	size_t depth;
	int string, escape; /* within one, behind its backslash */
};
/* 1: a message is complete in buf; -1: this can't become one. */
int framer_byte(struct framer *, char);
void framer_reset(struct framer *);

#endif
