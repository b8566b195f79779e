/* See LICENSE for copyright and licence details.
 *
 * What the window says: its lines, and how they look at any size. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TextMax = 4096, TextRuns = 32000 };

/* Adds a line to one in TextMax bytes that is n long, and returns the new
 * length. Two columns, the first so wide; what is too long for the second goes
 * on in the next line. What has no room is left out. */
size_t text_add(char *, size_t n, int width, const char *name,
                const char *text);

/* A run of pixels, for whoever draws. */
struct textrun {
	int16_t x, y;
	uint16_t w, h;
};
/* Those of the text in a window of that size: in the middle, by the largest
 * whole factor. Returns how many; what has no room is left out. */
size_t text_runs(const char *, int width, int height,
                 struct textrun[TextRuns]);

#endif
