/* What a picture shows, as PPM on standard input: with a colour, RRGGBB, prints
 * at how many of 25 points it has that; without reads the text in it, by the
 * letters of the window's own font, see textread.h. */
#include <string.h>

#include "window/text.c"

#include "textread.h"

static void
picture(void)
{
	unsigned i, most;
	unsigned char rgb[3];

	if (scanf("P6 %u %u %u", &width, &height, &most) != 3 || most != 255 ||
	    getchar() == EOF || !(pixel = calloc(width, height * sizeof(*pixel))))
		exit(2);
	for (i = 0; i < width * height; i++) {
		if (fread(rgb, 3, 1, stdin) != 1)
			exit(2);
		pixel[i] = rgb[0] << 16 | rgb[1] << 8 | rgb[2];
	}
}

static int
points(uint32_t color)
{
	unsigned i, x, y;
	int n = 0;

	for (i = 0; i < 25; i++) {
		x = (2 * (i % 5) + 1) * width / 10;
		y = (2 * (i / 5) + 1) * height / 10;
		n += pixel[y * width + x] == color;
	}
	printf("%d\n", n);
	return 0;
}

static void
letters(void)
{
	static struct textrun run[LetterRuns];
	unsigned i, x, y;
	size_t n;

	cellw = Wide;
	cellh = High;
	letter = calloc(cellw * Letters, cellh * sizeof(*letter));
	if (!letter)
		exit(2);
	for (i = 0; i < Letters; i++)
		for (n = letter_runs(' ' + i, i * cellw, 0, 1, run); n--;)
			for (y = 0; y < run[n].h; y++)
				for (x = 0; x < run[n].w; x++)
					letter[(run[n].y + y) * cellw *
					    Letters + run[n].x + x] = 1;
}

int
main(int argc, char *argv[])
{
	picture();
	if (argc > 1)
		return points(strtoul(argv[1], NULL, 16));
	letters();
	return textread();
}
