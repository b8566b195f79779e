/* See LICENSE for copyright and licence details.
 *
 * What monitors say of themselves: who they are, by their EDID, which inputs
 * they have, by their capabilities string, and which of those must be whose.
 * Bytes come in, and nothing is asked.
 *
 * Start reading at bus_identify. */
#include <ctype.h>
#include <string.h>

#include "ddc.h"

/* ---- EDID ---- */

/* Up to the first byte that is no text; the first name that is not empty
 * counts. Blanks behind are padding. */
static void
edid_text(const unsigned char *p, char out[14])
{
	size_t n;

	if (out[0])
		return;
	for (n = 0; n < 13 && p[n] >= ' ' && p[n] < 0x7f; n++)
		out[n] = p[n];
	while (n && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

int
edid_hdmi(const unsigned char *e)
{
	size_t i;

	for (i = 4; e[0] == 2 && i < e[2] && i + 4 <= EdidSize;
	    i += 1 + (e[i] & 0x1f))
		if (e[i] >> 5 == 3 && !memcmp(e + i + 1, "\3\xc", 3))
			return 1;
	return 0;
}

/* By byte 20, which says more from EDID 1.4 on. */
static unsigned
edid_cable(const unsigned char *e)
{
	static const unsigned char of[16] = {
		[1] = DVI1, [2] = HDMI1, [3] = HDMI1, [5] = DP1
	};

	if (!(e[20] & 0x80))
		return VGA1;
	return e[19] >= 4 ? of[e[20] & 0xf] : 0;
}

int
bus_identify(struct bus *b, const unsigned char *e, size_t n)
{
	static const char header[8] = "\0\xff\xff\xff\xff\xff\xff";
	struct ident id = { .product = 0 };
	const unsigned char *p;
	unsigned sum = 0;
	size_t i;

	if (n < EdidSize || memcmp(e, header, sizeof(header)))
		return -1;
	for (i = 0; i < EdidSize; i++)
		sum += e[i];
	if (sum & 0xff)
		return -1;
	for (i = 0; i < 3; i++)
		id.manufacturer[i] = '@' +
		    ((e[8] << 8 | e[9]) >> (10 - 5 * i) & 0x1f);
	id.product = e[10] | e[11] << 8;
	id.serialno = e[12] | e[13] << 8 | e[14] << 16 | (uint32_t)e[15] << 24;
	for (p = e + 54; p < e + 126; p += 18)
		if (!p[0] && !p[1] && (p[3] == 0xfc || p[3] == 0xff))
			edid_text(p + 5, p[3] == 0xfc ? id.model : id.serial);
	b->id = id;
	b->cable = edid_cable(e);
	b->identified = 1;
	return 0;
}

/* ---- inputs ---- */

const char *
ddc_inputname(unsigned value)
{
	static const char *const name[] = {
		NULL, "Analog-1", "Analog-2", "DVI-1", "DVI-2", "Composite-1",
		"Composite-2", "S-video-1", "S-video-2", "Tuner-1", "Tuner-2",
		"Tuner-3", "Component-1", "Component-2", "Component-3",
		"DisplayPort-1", "DisplayPort-2", "HDMI-1", "HDMI-2", "HDMI-3",
		[USBC1] = "USB-C-1",
	};

	return value < LENGTH(name) && name[value] ? name[value] : "Unknown";
}

/* Finds "vcp(" as a word, in it code 60 at depth 1, and takes the pairs of
 * hex digits of its list. Strings out in the world lack brackets, blanks and
 * sense; whatever comes, this ends and at worst finds nothing. */
size_t
caps_inputs(const char *s, size_t len, unsigned char out[InputMax], int *closed)
{
	char text[CapsMax + 1] = "", pair[3] = "", *p = text, *q;
	size_t i, n = 0;
	int depth = 0, code = -1, v;

	for (i = 0; i < len && i < CapsMax; i++)
		text[i] = s[i] ? s[i] : ' ';
	for (; !depth && (p = strcasestr(p, "vcp")); p = q) {
		q = p + 3 + strspn(p + 3, " ");
		depth = *q == '(' && (p == text || (p[-1] != '_' &&
		    !isalnum((unsigned char)p[-1])));
	}
	for (; depth && *++p; ) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 1) {
			*closed |= code == VcpInput && n;
			code = -1;
		}
		if (!isxdigit((unsigned char)*p) || !p[1])
			continue;
		pair[0] = *p;
		pair[1] = isxdigit((unsigned char)p[1]) ? *++p : '\0';
		v = strtoul(pair, NULL, 16);
		if (depth == 1 && pair[1])
			code = v;
		if (depth == 2 && code == VcpInput && n < InputMax &&
		    !memchr(out, v, n))
			out[n++] = v;
	}
	return n;
}

int
input_same(unsigned a, unsigned b)
{
	return (a & 0xff) == (b & 0xff);
}

/* 00 and ff are listed by some, but are no inputs. */
static int
input_is(unsigned v)
{
	return v && v != 0xff;
}

/* The only one that can be at the end of that cable. In the standard they come
 * in pairs, of which cable is the first. DisplayPort's may end in USB-C, and
 * what has no name in the standard may be any. */
unsigned
input_cabled(const unsigned char *list, size_t n, unsigned cable)
{
	unsigned found = 0, v;
	size_t i;

	for (i = 0; cable && i < n; i++) {
		v = list[i];
		if (!input_is(v) || (v <= HDMI2 ? ((v - 1) | 1) != cable :
		    v == USBC1 && cable != DP1))
			continue;
		if (found)
			return 0;
		found = v;
	}
	return found;
}

unsigned
input_guest(const unsigned char *list, size_t n, unsigned host)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (input_is(list[i]) && !input_same(list[i], host))
			return list[i];
	return 0;
}

Input
input_full(Input in, unsigned learned)
{
	if (!in.code)
		in.code = VcpInput;
	if (!in.source)
		in.source = SourceHost;
	if (!in.value)
		in.value = learned;
	if (!in.readback)
		in.readback = in.value;
	return in;
}
