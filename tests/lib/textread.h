/* Reads text back from a picture of it: what is shown is compared with letters,
 * enlarged by whole factors.  All else is black. */
#ifndef TEXTREAD_H
#define TEXTREAD_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { Letters = 95, Most = 16 };

static unsigned cellw, cellh, width, height;
static uint32_t *pixel, *letter; /* of the screen, of all letters in a row */

/* The letter at a place; -1: there is none that looks like that. */
static int
read1(long left, long top, unsigned k)
{
	unsigned i, x, y;

	for (i = 0; i < Letters; i++) {
		for (y = 0; y < cellh * k; y++)
			for (x = 0; x < cellw * k; x++)
				if (!pixel[(top + y) * width + left + x] !=
				    !letter[y / k * cellw * Letters +
				    i * cellw + x / k])
					goto next;
		return ' ' + i;
next:		;
	}
	return -1;
}

/* All lines from there; 0: there is something else. */
static int
readall(long left, long top, unsigned k, char *out)
{
	long x, y;
	int l;
	size_t n, begin;

	for (y = top, n = 0; y + cellh * k <= height; y += cellh * k) {
		begin = n;
		for (x = left; x + cellw * k <= width; x += cellw * k) {
			if ((l = read1(x, y, k)) < 0)
				return 0;
			out[n++] = l;
		}
		while (n > begin && out[n - 1] == ' ')
			n--;
		out[n++] = '\n';
	}
	out[n] = '\0';
	return 1;
}

/* Prints the factor and the lines; 0: there are some, which is an exit status. */
static int
textread(void)
{
	long left = -1, top = -1;
	unsigned i, k, dx, dy;
	char *out;

	for (i = 0; i < width * height; i++) {
		if (!pixel[i])
			continue;
		if (top < 0)
			top = i / width;
		if (left < 0 || left > (long)(i % width))
			left = i % width;
	}
	if (top < 0)
		return 1; /* all is black */
	out = malloc(width * height);
	for (k = Most; out && k; k--)
		for (dx = 0; dx < cellw; dx++)
			for (dy = 0; dy < cellh; dy++)
				if (left >= dx * k && top >= dy * k &&
				    readall(left - dx * k, top - dy * k, k,
				    out)) {
					printf("factor %u\n%s", k, out);
					return 0;
				}
	return 1;
}

#endif

