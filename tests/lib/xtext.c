/* Reads the text in the window back from the screen: what the X server shows is
 * compared with the letters of its font, enlarged by whole factors.  Prints the
 * factor and the lines, and ends with 0 when there were some. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

enum { Letters = 95, Most = 16 };

static xcb_connection_t *c;
static xcb_screen_t *screen;
static unsigned cellw, cellh, width, height;
static uint32_t *pixel, *letter; /* of the screen, of all letters in a row */

static uint32_t *
image(xcb_drawable_t d, unsigned w, unsigned h)
{
	xcb_get_image_reply_t *r = xcb_get_image_reply(c, xcb_get_image(c,
	    XCB_IMAGE_FORMAT_Z_PIXMAP, d, 0, 0, w, h, ~0u), NULL);
	uint32_t *p;
	unsigned i;

	if (!r || (unsigned)xcb_get_image_data_length(r) != w * h * 4)
		exit(2);
	p = (uint32_t *)xcb_get_image_data(r);
	for (i = 0; i < w * h; i++)
		p[i] &= 0xffffff; /* the rest is no colour */
	return p;
}

static void
font(void)
{
	xcb_font_t f = xcb_generate_id(c);
	xcb_pixmap_t p = xcb_generate_id(c);
	xcb_gcontext_t gc = xcb_generate_id(c);
	uint32_t value[] = { 1, 0, f };
	xcb_query_font_reply_t *r;
	char all[Letters];
	int i;

	for (i = 0; i < Letters; i++)
		all[i] = ' ' + i;
	xcb_open_font(c, f, 5, "fixed");
	r = xcb_query_font_reply(c, xcb_query_font(c, f), NULL);
	if (!r)
		exit(2);
	cellw = r->max_bounds.character_width;
	cellh = r->font_ascent + r->font_descent;
	xcb_create_pixmap(c, screen->root_depth, p, screen->root,
	    cellw * Letters, cellh);
	xcb_create_gc(c, gc, p, XCB_GC_FOREGROUND | XCB_GC_BACKGROUND |
	    XCB_GC_FONT, value);
	xcb_image_text_8(c, Letters, p, gc, 0, r->font_ascent, all);
	letter = image(p, cellw * Letters, cellh);
}

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

int
main(void)
{
	xcb_get_geometry_reply_t *g;
	long left = -1, top = -1;
	unsigned i, k, dx, dy;
	char *out;

	c = xcb_connect(NULL, NULL);
	screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	g = xcb_get_geometry_reply(c, xcb_get_geometry(c, screen->root), NULL);
	if (!g)
		return 2;
	width = g->width;
	height = g->height;
	font();
	pixel = image(screen->root, width, height);
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
