/* See LICENSE for copyright and licence details.
 *
 * The text in the window. It is drawn from one built-in font, so that it looks
 * the same whoever shows it: enlarged by a whole factor, as runs of pixels that
 * are rectangles for X and memory for Wayland.
 *
 * Start reading at text_add and text_line. */
#include <stdio.h>
#include <string.h>

#include "text.h"

enum { Columns = 64, Rows = 24 }; /* for which there is room, at the least */

/* The letters 6x13 of X's public-domain fonts (misc-fixed), whose right column
 * and first row are empty: a digit to base 32 for each row, five letters a
 * line. */
static const char font[] =
	"0000000000000444444404000AAA0000000000AAVAVAA00004U55EKKF400"
	"0ILA842AL9000025525P9M00044400000000844222224480244888884420"
	"04LEL400000000044V44000000000000C42000000V000000000000004E40"
	"0GG88422110004AHHHHHA400046544444V000EHHG8421V000VG84EGGHE00"
	"088CAA9V88000V11DJGGHE000EH11FHHHE000VG8844222000EHHHEHHHE00"
	"0EHHHUGGHE000004E4004E400004E400C4200G8421248G000000V00V0000"
	"01248G8421000EHHG84404000EHHPLLD1U0004AHHHVHHH000FIIIEIIIF00"
	"0EH11111HE000FIIIIIIIF000V111F111V000V111F1111000EH111PHHE00"
	"0HHHHVHHHH000E4444444E000S88888896000HH95359HH00011111111V00"
	"0HHRLLHHHH000HJJLLPPHH000EHHHHHHHE000FHHHF1111000EHHHHHHLEG0"
	"0FHHHF59HH000EH11EGGHE000V44444444000HHHHHHHHE000HHHHAAA4400"
	"0HHHHLLLLA000HHAA4AAHH000HHAA44444000VG884221V00E222222222E0"
	"01122488GG00E888888888E004AH000000000000000000V0480000000000"
	"0000EGUHPM000111FHHHHF000000EH11HE000GGGUHHHHU000000EHV1HE00"
	"0CI22F2222000000EHHHUGHE0111DJHHHH00004064444E000080C8888996"
	"011195359H00064444444E000000BLLLLH000000DJHHHH000000EHHHHE00"
	"0000FHHHF1110000UHHHUGGG0000DJ1111000000EH68HE000022F222IC00"
	"0000HHHHPM000000HHHAA4000000HHLLLA000000HA44AH000000HHHPMGHE"
	"0000V8421V00O444434444O004444444440034444O4444300IL900000000";

unsigned
text_bits(int letter, int row)
{
	int c;

	if (letter < ' ' || letter > '~')
		letter = '?';
	if (!row)
		return 0;
	c = font[(letter - ' ') * (TextHigh - 1) + row - 1];
	return c <= '9' ? c - '0' : c - 'A' + 10;
}

/* ---- layout ---- */

/* How much of it goes into a line: up to a space, if there is one in its second
 * half. */
static int
text_break(const char *text, int len, int most)
{
	int k;

	if (len <= most)
		return len;
	for (k = most; k > most / 2; k--)
		if (text[k] == ' ')
			return k;
	return most;
}

size_t
text_add(char *out, size_t n, int width, const char *name, const char *text)
{
	int len = strlen(text), k;

	do {
		k = text_break(text, len, Columns - width - 1);
		n += snprintf(out + n, TextMax - n, "%-*s %.*s\n", width,
		    name, k, text);
		if (n >= TextMax) { /* full */
			out[TextMax - 2] = '\n';
			return TextMax - 1;
		}
		name = "";
		k += text[k] == ' ';
		text += k;
		len -= k;
	} while (len);
	return n;
}

struct textplace
text_place(const char *text, unsigned width, unsigned height)
{
	struct textplace p;
	unsigned rows = 0, high, wide;

	for (; *text; text++)
		rows += *text == '\n';
	high = height / (TextHigh * (rows < Rows ? Rows : rows));
	wide = width / (TextWide * (Columns + 2));
	p.factor = high < wide ? high : wide;
	p.factor += !p.factor;
	p.left = ((int)width - (int)(TextWide * Columns * p.factor)) / 2;
	p.top = ((int)height - (int)(TextHigh * rows * p.factor)) / 2;
	if (p.left < 0)
		p.left = 0;
	if (p.top < 0)
		p.top = 0; /* what is too much is below */
	return p;
}

/* ---- drawing ---- */

unsigned
text_faint(unsigned colour)
{
	return colour - (colour >> 2 & 0x3f3f3f);
}

/* Names, up to a gap, are faint. */
static const char *
text_gap(const char *line, const char *end)
{
	const char *gap = strstr(line, "  ");

	return gap && gap < end ? gap : line;
}

const char *
text_line(const char *line, const struct textplace *p,
          void (*run)(void *, const struct textrun *), void *arg)
{
	const char *end = strchrnul(line, '\n');
	const char *gap = text_gap(line, end), *s;
	struct textrun r = { .h = p->factor };
	unsigned bits, col, begin;
	int row;

	for (s = line; s < end; s++) {
		r.faint = s < gap;
		for (row = 0; row < TextHigh; row++) {
			bits = text_bits(*s, row);
			r.y = p->top + row * (int)p->factor;
			for (col = 0; bits >> col; col++) {
				for (begin = col; bits >> col & 1; col++)
					;
				r.x = p->left + (int)(((s - line) * TextWide +
				    begin) * p->factor);
				r.w = (col - begin) * p->factor;
				if (r.w)
					run(arg, &r);
			}
		}
	}
	return *end ? end + 1 : end;
}
