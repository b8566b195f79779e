/* See LICENSE for copyright and licence details.
 *
 * The text in the window. It is drawn from one built-in font, so that it looks
 * the same whoever shows it: enlarged by a whole factor, as runs of pixels that
 * are rectangles for X and memory for Wayland.
 *
 * Start reading at text_add and text_runs. */
#include <stdio.h>
#include <string.h>

#include "text.h"

enum {
	Columns = 64, Rows = 24, /* for which there is room, at the least */
	Wide = 6, High = 13,     /* a letter */
	LetterRuns = 3 * (High - 1)
};

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

size_t
text_add(char *out, size_t n, int width, const char *name, const char *text)
{
	int len = strlen(text), most = Columns - width - 1, k;

	do {
		for (k = most; k > 0 && k < len && text[k] != ' ';)
			k--;
		if (!k || k > len) /* no space, or the last line */
			k = len < most ? len : most;
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

static size_t
letter_runs(int letter, int left, int top, int factor, struct textrun *run)
{
	int row, col, begin, bits;
	size_t n = 0;

	if (letter < ' ' || letter > '~')
		letter = '?';
	for (row = 1; row < High; row++) {
		bits = font[(letter - ' ') * (High - 1) + row - 1];
		bits -= bits <= '9' ? '0' : 'A' - 10;
		for (col = 0; bits >> col; col++) {
			for (begin = col; bits >> col & 1; col++)
				;
			if (col > begin)
				run[n++] = (struct textrun){
					left + begin * factor,
					top + row * factor,
					(col - begin) * factor, factor };
		}
	}
	return n;
}

size_t
text_runs(const char *s, int width, int height, struct textrun run[TextRuns])
{
	int rows = 0, high, factor = width / (Wide * (Columns + 2));
	int left, top, x, i;
	size_t n = 0;

	for (i = 0; s[i]; i++)
		rows += s[i] == '\n';
	high = height / (High * (rows < Rows ? Rows : rows));
	if (factor > high)
		factor = high;
	if (factor < 1)
		factor = 1;
	left = x = (width - Wide * Columns * factor) / 2;
	top = (height - High * rows * factor) / 2;
	for (; *s && n + LetterRuns <= TextRuns; s++) {
		if (*s == '\n') {
			top += High * factor;
			x = left;
			continue;
		}
		if (x >= 0 && x + Wide * factor <= width && top >= 0 &&
		    top + High * factor <= height)
			n += letter_runs(*s, x, top, factor, run + n);
		x += Wide * factor;
	}
	return n;
}
