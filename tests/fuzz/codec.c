/* SPDX-License-Identifier: ISC */
/* Base64, hex and HTML. */
#include "config.h"

#include <sodium.h>

#include "base/codec.h"
#include "fuzz.h"

/* Whatever is decoded is the one spelling of what it means. */
static void
check_base64url(struct str input)
{
	struct buf raw = BUF(input.n + 1), text = BUF(input.n + 1);
	unsigned char exact[32];
	bool fits = codec_base64url_exact(input, exact, sizeof(exact));
	size_t i;

	if (codec_base64url_decode(input, &raw) == OK) {
		codec_base64url(&text, raw.p, raw.n);
		MUST(buf_result(&text) == OK);
		MUST(str_equal(buf_str(&text), input));
		MUST(fits == (raw.n == sizeof(exact)));
	} else {
		MUST(!fits);
	}
	for (i = 0; i < sizeof(exact) && !fits; i++)
		MUST(exact[i] == 0);
	buf_free(&raw);
	buf_free(&text);
}

static void
check_hex(struct str input)
{
	unsigned char raw[8];
	char text[2 * sizeof(raw) + 1];

	if (!codec_unhex(input, raw, sizeof(raw)))
		return;
	sodium_bin2hex(text, sizeof(text), raw, sizeof(raw));
	MUST(str_equal_nocase(str_of(text), input));
}

static void
check_html(struct str input)
{
	struct buf text = BUF(input.n * 6 + 1);

	codec_html(&text, input);
	MUST(buf_result(&text) == OK);
	MUST(!fuzz_has(buf_str(&text), '<') && !fuzz_has(buf_str(&text), '>'));
	MUST(!fuzz_has(buf_str(&text), '"') && !fuzz_has(buf_str(&text), '\''));
	buf_free(&text);
}

/* Any bytes come back from what is written of them. */
static void
check_bytes(struct str input)
{
	struct buf text = BUF(input.n * 2 + 8), back = BUF(input.n + 8);

	codec_base64url(&text, input.p, input.n);
	MUST(buf_result(&text) == OK);
	if (input.n > 0) {
		MUST(codec_base64url_decode(buf_str(&text), &back) == OK);
		MUST(str_equal(buf_str(&back), input));
	}
	buf_clear(&text);
	codec_base64(&text, input.p, input.n);
	MUST(buf_result(&text) == OK && text.n % 4 == 0);
	buf_free(&text);
	buf_free(&back);
}

void
fuzz_codec(struct str input)
{
	check_base64url(input);
	check_hex(input);
	check_html(input);
	check_bytes(input);
}
