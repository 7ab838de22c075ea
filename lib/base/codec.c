/* SPDX-License-Identifier: ISC */
/*
 * Hides the alphabets. Base64 and hex are libsodium's, which take the same
 * time whatever the bytes are: they carry keys, cookies and state.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "base/codec.h"
#include "base/secret.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define BASE64 sodium_base64_VARIANT_ORIGINAL

static void
add_base64(struct buf *buf, const void *p, size_t n, int variant)
{
	size_t size = sodium_base64_encoded_len(n, variant);
	char *room = buf_room(buf, size);

	if (room == NULL)
		return;
	sodium_bin2base64(room, size, p, n, variant);
	buf_grown(buf, size - 1);
}

void
codec_base64url(struct buf *buf, const void *p, size_t n)
{
	add_base64(buf, p, n, BASE64URL);
}

void
codec_base64(struct buf *buf, const void *p, size_t n)
{
	add_base64(buf, p, n, BASE64);
}

/*
 * libsodium accepts no padding, blank or other alphabet here, and refuses
 * bits beyond the last byte; with a NULL end it refuses trailing junk too.
 * But it takes the byte 0xff for a digit where char is signed.
 */
static bool
decode(struct str in, void *out, size_t size, size_t *n)
{
	return in.n > 0 && str_graphic(in) &&
	    sodium_base642bin(out, size, in.p, in.n, NULL, n, NULL,
		BASE64URL) == 0;
}

bool
codec_base64url_exact(struct str in, void *out, size_t n)
{
	size_t got = 0;

	if (in.n == (n * 4 + 2) / 3 && decode(in, out, n, &got) && got == n)
		return true;
	secret_wipe(out, n);
	return false;
}

enum result
codec_base64url_decode(struct str in, struct buf *out)
{
	/* Counted to the byte: a text that just fits into the limit of out must
	 * not be refused. */
	size_t got = 0, n = in.n / 4 * 3 + in.n % 4 * 3 / 4;
	char *room;

	if (in.n == 0)
		return RESULT_BAD_REQUEST;
	if ((room = buf_room(out, n)) == NULL)
		return buf_result(out);
	if (!decode(in, room, n, &got))
		return RESULT_BAD_REQUEST;
	buf_grown(out, got);
	return OK;
}

bool
codec_unhex(struct str in, void *out, size_t n)
{
	size_t got = 0;

	return in.n == n * 2 &&
	    sodium_hex2bin(out, n, in.p, in.n, NULL, &got, NULL) == 0 &&
	    got == n;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
	    c == '~';
}

static bool
is_of_location(char c)
{
	return c != ' ' && (unsigned char)c < 0x80;
}

/* Escape what may not stay as it is. */
static void
escape(struct buf *buf, struct str s, bool (*may_stay)(char c))
{
	static const char digits[] = "0123456789ABCDEF";
	size_t from = 0, i;

	for (i = 0; i < s.n; i++) {
		if (may_stay(s.p[i]))
			continue;
		buf_add(buf, s.p + from, i - from);
		buf_putc(buf, '%');
		buf_putc(buf, digits[(unsigned char)s.p[i] >> 4]);
		buf_putc(buf, digits[s.p[i] & 15]);
		from = i + 1;
	}
	if (s.n > from)
		buf_add(buf, s.p + from, s.n - from);
}

void
codec_percent(struct buf *buf, struct str s)
{
	escape(buf, s, is_unreserved);
}

void
codec_location(struct buf *buf, struct str s)
{
	escape(buf, s, is_of_location);
}

void
codec_arg(struct buf *out, const char *name, struct str value)
{
	buf_puts(out, name);
	buf_putc(out, '=');
	codec_percent(out, value);
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum result
codec_percent_decode(struct str in, struct buf *out)
{
	int high, low;
	size_t i;

	for (i = 0; i < in.n; i++) {
		if (in.p[i] != '%') {
			buf_putc(out, in.p[i] == '+' ? ' ' : in.p[i]);
			continue;
		}
		if (in.n - i < 3 || (high = hex_value(in.p[i + 1])) < 0 ||
		    (low = hex_value(in.p[i + 2])) < 0)
			return RESULT_BAD_REQUEST;
		buf_putc(out, (char)(high * 16 + low));
		i += 2;
	}
	return buf_result(out);
}

void
codec_html(struct buf *buf, struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': buf_puts(buf, "&amp;"); break;
		case '<': buf_puts(buf, "&lt;"); break;
		case '>': buf_puts(buf, "&gt;"); break;
		case '"': buf_puts(buf, "&quot;"); break;
		case '\'': buf_puts(buf, "&#39;"); break;
		default: buf_putc(buf, s.p[i]);
		}
	}
}
