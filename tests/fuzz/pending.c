/* SPDX-License-Identifier: ISC */
/* The cookie of a login that has begun: as a Cookie header, and with the
 * cipher out of the way as the text that is sealed in it. */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "fuzz.h"
#include "session/pending.h"
#include "base/seal.h"

#define STATE "c3RhdGVzdGF0ZXN0YXRlc3RhdGVzdGF0ZXN0YXRlc3Q"
#define STATE_RAW "statestatestatestatestatestatest"
#define FIXED_BYTES 72

static const struct str verifier = {
	"dmVyaWZpZXJ2ZXJpZmllcnZlcmlmaWVydmVyaWZpZXI", 43
};

static enum result
find(const struct conf *conf, struct str cookies, struct pending *pending)
{
	struct reply reply;
	enum result result;

	reply_init(&reply);
	result = pending_find(conf, cookies, STR(STATE), &reply, pending);
	MUST(buf_result(&reply.cookies) == OK);
	/* The login's cookie goes, and no other. */
	MUST(reply.cookies.n == 0 ||
	    str_starts(buf_str(&reply.cookies), STR("Set-Cookie: __Host-lp-")));
	reply_free(&reply);
	return result;
}

void
fuzz_pending(struct str input)
{
	const struct conf conf = fuzz_conf();
	struct pending pending;
	enum result result = find(&conf, input, &pending);

	MUST(result == OK || result == RESULT_LOGIN_BAD_STATE ||
	    result == RESULT_LOGIN_NO_COOKIE || result == RESULT_LOGIN_LATE);
	/* Only what the key has sealed: the seeds have one verifier. */
	if (result == OK)
		MUST(str_equal(secret_str(&pending.verifier), verifier));
	pending_free(&pending);
}

/* The Cookie header of a sealed text, in the name and the binding of
 * lib/session/pending.c. */
static void
write_cookies(const struct conf *conf, struct str plain, struct buf *cookies)
{
	struct buf name = BUF(64), bound = BUF(128), sealed = BUF(1u << 20);
	struct str application = STR("the-client https://e.org/callback");
	struct seal_box box = { .purpose = SEAL_PENDING };
	unsigned char digest[16];

	seal_digest(STR(STATE_RAW), digest, sizeof(digest));
	buf_puts(&name, conf->pending_prefix);
	codec_base64url(&name, digest, 6);
	seal_digest(application, digest, sizeof(digest));
	buf_add(&bound, digest, sizeof(digest));
	buf_add_str(&bound, buf_str(&name));
	box.bound_to = buf_str(&bound);
	MUST(seal_close(&conf->ring, &box, plain, 0, &sealed) == OK);
	buf_add_str(cookies, buf_str(&name));
	buf_putc(cookies, '=');
	codec_base64url(cookies, sealed.p, sealed.n);
	MUST(buf_result(cookies) == OK && buf_result(&bound) == OK);
	buf_free(&name);
	buf_free(&bound);
	buf_free(&sealed);
}

/* What the text must come to, told another way than lib/session/pending.c
 * does. */
static enum result
expected(struct str plain)
{
	unsigned char late[8], early[8];
	int64_t times[2] = { FUZZ_NOW_S - PENDING_LIFE_S, FUZZ_NOW_S + 60 };
	const unsigned char *began;
	int i;

	if (plain.n < FIXED_BYTES || plain.n > FIXED_BYTES + URL_RETURN_MAX ||
	    memcmp(plain.p, STATE_RAW, 32) != 0)
		return RESULT_LOGIN_BAD_STATE;
	/* Compared as bytes, the most significant last. */
	began = (const unsigned char *)plain.p + 64;
	for (i = 0; i < 8; i++) {
		late[i] = (unsigned char)(times[0] >> 8 * i);
		early[i] = (unsigned char)(times[1] >> 8 * i);
	}
	for (i = 7; i > 0 && began[i] == late[i]; i--)
		continue;
	if (began[i] < late[i])
		return RESULT_LOGIN_LATE;
	for (i = 7; i > 0 && began[i] == early[i]; i--)
		continue;
	return began[i] > early[i] ? RESULT_LOGIN_LATE : OK;
}

void
fuzz_pending_plain(struct str input)
{
	const struct conf conf = fuzz_conf();
	struct buf cookies = BUF(2u << 20);
	struct pending pending;
	enum result result;

	write_cookies(&conf, input, &cookies);
	result = find(&conf, buf_str(&cookies), &pending);
	MUST(result == expected(input));
	if (result == OK) {
		MUST(pending.verifier.n == 43);
		MUST(pending.return_to.n == input.n - FIXED_BYTES);
	}
	pending_free(&pending);
	buf_free(&cookies);
}
