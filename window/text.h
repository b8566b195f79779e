/* See LICENSE for copyright and licence details.
 *
 * What the window says: its lines, and how they look at any size. */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>

enum { TextMax = 4096, TextLetters = 95, TextWide = 6, TextHigh = 13 };

/* Rows of the letters ' ' to '~': bit 0 is the leftmost column. */
unsigned text_bits(int letter, int row);

/* Adds a line to one in TextMax bytes that is n long, and returns the new
 * length. Two columns, the first so wide; what is too long for the second goes
 * on in the next line. What has no room is left out. */
size_t text_add(char *, size_t n, int width, const char *name,
                const char *text);

/* Where it is drawn in a window of that size: in the middle, by the largest
 * whole factor. */
struct textplace {
	unsigned factor;
	int left, top;
};
struct textplace text_place(const char *, unsigned width, unsigned height);

/* A run of pixels, for whoever draws; faint: in less light. */
struct textrun {
	int x, y;
	unsigned w, h;
	int faint;
};
/* Tells the runs of the first line, which is drawn at that place. Returns where
 * the next line begins, which belongs one row below. */
const char *text_line(const char *, const struct textplace *,
                      void (*run)(void *, const struct textrun *), void *);

/* Colour of what is in less light. */
unsigned text_faint(unsigned colour);

#endif
