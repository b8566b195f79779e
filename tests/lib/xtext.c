/* Reads the text in the window back from the screen, by the letters of the X
 * server's own font; see textread.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xcb/xcb.h>

#include "textread.h"

static xcb_connection_t *c;
static xcb_screen_t *screen;

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

int
main(void)
{
	xcb_get_geometry_reply_t *g;

	c = xcb_connect(NULL, NULL);
	screen = xcb_setup_roots_iterator(xcb_get_setup(c)).data;
	g = xcb_get_geometry_reply(c, xcb_get_geometry(c, screen->root), NULL);
	if (!g)
		return 2;
	width = g->width;
	height = g->height;
	font();
	pixel = image(screen->root, width, height);
	return textread();
}
