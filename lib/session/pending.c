/* SPDX-License-Identifier: ISC */
/*
 * Hides how a login that has begun is remembered: in a sealed cookie of its
 * own, so that anybody may begin as many as he likes without a file being
 * written, and tabs do not disturb each other. The sealed text is
 *
 *	state(32) verifier(32) began(8, little-endian) return_to
 *
 * bound to the cookie's name and to the application, so it opens neither
 * under another name nor under another configuration.
 */
#include "config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "web/cookie.h"
#include "session/pending.h"
#include "base/seal.h"
#include "base/url.h"

#define RANDOM_BYTES 32
#define TEXT_BYTES 43 /* of 32 bytes in base64url */
#define TAG_BYTES 6   /* of a state's hash: 8 characters */
#define FIXED_BYTES (2 * RANDOM_BYTES + 8)
#define PLAIN_MAX (FIXED_BYTES + URL_RETURN_MAX)
#define SEALED_MAX (PLAIN_MAX + SEAL_OVERHEAD)
#define NAME_MAX_BYTES 64
#define OTHERS_MAX 24	 /* of which all fit into one answer */
#define CLOCK_SLACK_S 60 /* of another process's clock */

/* The cookie's name: the prefix and 8 characters of a hash of the state. */
static void
write_name(const struct conf *conf, const unsigned char *state,
    struct buf *name)
{
	unsigned char digest[16];

	seal_digest((struct str){ (const char *)state, RANDOM_BYTES }, digest,
	    sizeof(digest));
	buf_puts(name, conf->pending_prefix);
	codec_base64url(name, digest, TAG_BYTES);
}

/* What a sealed text is bound to: its cookie's name and the application. */
static void
write_bound(const struct conf *conf, struct str name, struct buf *bound)
{
	unsigned char digest[16];
	struct buf text = BUF(8192);

	buf_puts(&text, conf->client_id);
	buf_putc(&text, ' ');
	buf_puts(&text, conf->redirect_uri);
	seal_digest(buf_str(&text), digest, sizeof(digest));
	buf_add(bound, digest, sizeof(digest));
	buf_add_str(bound, name);
	buf_fail(bound, buf_result(&text));
	buf_free(&text);
}

/* What the cookie of a name is sealed for; *bound is lent to it, and released
 * by the caller, whatever comes. */
static enum result
box_of(const struct conf *conf, struct str name, struct buf *bound,
    struct seal_box *box)
{
	write_bound(conf, name, bound);
	*box = (struct seal_box){ .purpose = SEAL_PENDING,
		.bound_to = buf_str(bound) };
	return buf_result(bound);
}

static enum result
seal_cookie(const struct conf *conf, struct str name, struct str plain,
    struct buf *value)
{
	struct buf bound = BUF(NAME_MAX_BYTES + 16), sealed = BUF(SEALED_MAX);
	struct seal_box box;
	enum result result = box_of(conf, name, &bound, &box);

	if (result == OK)
		result = seal_close(&conf->ring, &box, plain, 0, &sealed);
	if (result == OK) {
		codec_base64url(value, sealed.p, sealed.n);
		result = buf_result(value);
	}
	buf_free(&bound);
	buf_free(&sealed);
	return result;
}

/* OK, RESULT_ABSENT for what is not ours, RESULT_NO_MEMORY. */
static enum result
open_cookie(const struct conf *conf, struct str name, struct str value,
    struct buf *plain)
{
	struct buf bound = BUF(NAME_MAX_BYTES + 16), sealed = BUF(SEALED_MAX);
	struct seal_box box;
	enum result result = box_of(conf, name, &bound, &box);

	if (result == OK)
		result = codec_base64url_decode(value, &sealed);
	if (result == OK)
		result =
		    seal_open(&conf->ring, &box, buf_str(&sealed), 0, plain);
	if (result == OK && plain->n < FIXED_BYTES)
		result = RESULT_ABSENT;
	buf_free(&bound);
	buf_free(&sealed);
	return result == OK || result == RESULT_NO_MEMORY ? result :
							    RESULT_ABSENT;
}

static int64_t
read_time(const char *p)
{
	uint64_t n = 0;
	int i;

	for (i = 7; i >= 0; i--)
		n = n << 8 | (unsigned char)p[i];
	return (int64_t)n;
}

static void
write_time(struct buf *plain, int64_t time_s)
{
	uint64_t n = (uint64_t)time_s;
	int i;

	for (i = 0; i < 8; i++)
		buf_putc(plain, (char)(n >> 8 * i & 0xff));
}

/* When a cookie's login began; 0 for what cannot be opened, so it goes
 * first. */
static int64_t
cookie_began_s(const struct conf *conf, struct str name, struct str value)
{
	struct buf plain = BUF(PLAIN_MAX);
	int64_t began_s = 0;

	if (open_cookie(conf, name, value, &plain) == OK)
		began_s = read_time(plain.p + 2 * RANDOM_BYTES);
	buf_free(&plain);
	return began_s;
}

/* A cookie of another login, and when that began. */
struct other {
	struct str name;
	int64_t began_s;
};

static int
compare_others(const void *a, const void *b)
{
	const struct other *x = a, *y = b;

	return (x->began_s > y->began_s) - (x->began_s < y->began_s);
}

/* Make room for one more: delete the oldest of those that are too many. A
 * browser that restores its tabs may have begun many at once. */
static void
drop_oldest(const struct conf *conf, struct str cookies, struct reply *reply)
{
	struct str name, value, rest = cookies;
	struct other others[OTHERS_MAX];
	size_t i, n = 0;

	while (n < OTHERS_MAX && cookie_next(&rest, &name, &value))
		if (str_starts(name, str_of(conf->pending_prefix)) &&
		    name.n <= NAME_MAX_BYTES && str_graphic(name))
			others[n++] = (struct other){ name,
				cookie_began_s(conf, name, value) };
	qsort(others, n, sizeof(others[0]), compare_others);
	for (i = 0; i + PENDING_MAX <= n; i++)
		reply_cookie(reply, conf, others[i].name, STR(""), 0);
}

/* The code verifier is 43 characters (RFC 7636, section 4.1): the random
 * bytes in base64url. */
static void
write_challenge(const unsigned char *verifier, struct buf *challenge)
{
	unsigned char hash[crypto_hash_sha256_BYTES];
	char text[TEXT_BYTES + 1];

	sodium_bin2base64(text, sizeof(text), verifier, RANDOM_BYTES,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	crypto_hash_sha256(hash, (const unsigned char *)text, TEXT_BYTES);
	codec_base64url(challenge, hash, sizeof(hash));
	secret_wipe(text, sizeof(text));
}

enum result
pending_begin(const struct conf *conf, struct str cookies, struct str return_to,
    struct reply *reply, struct pending_request *request)
{
	struct buf plain = BUF(PLAIN_MAX), name = BUF(NAME_MAX_BYTES);
	unsigned char random[2 * RANDOM_BYTES];
	struct buf value = BUF(4096);
	enum result result;

	*request = (struct pending_request){ BUF(64), BUF(64) };
	secret_random(random, sizeof(random));
	codec_base64url(&request->state, random, RANDOM_BYTES);
	write_challenge(random + RANDOM_BYTES, &request->challenge);
	write_name(conf, random, &name);
	buf_add(&plain, random, sizeof(random));
	write_time(&plain, clock_now_s());
	buf_add_str(&plain, return_to);
	secret_wipe(random, sizeof(random));
	if ((result = buf_result(&plain)) == OK)
		result = buf_result(&name);
	if (result == OK)
		result =
		    seal_cookie(conf, buf_str(&name), buf_str(&plain), &value);
	if (result == OK) {
		drop_oldest(conf, cookies, reply);
		reply_cookie(reply, conf, buf_str(&name), buf_str(&value),
		    PENDING_LIFE_S);
		if ((result = buf_result(&request->state)) == OK)
			result = buf_result(&request->challenge);
	}
	buf_free(&plain);
	buf_free(&name);
	buf_free(&value);
	return result;
}

void
pending_request_free(struct pending_request *request)
{
	buf_free(&request->state);
	buf_free(&request->challenge);
}

/* A clock that was wrong may have sealed any time; no sum may overflow. */
static bool
is_late(int64_t began_s)
{
	int64_t now_s = clock_now_s();

	return began_s < 0 || began_s - CLOCK_SLACK_S > now_s ||
	    now_s - began_s > PENDING_LIFE_S;
}

/* Read what was sealed; the state must be the one we were given. */
static enum result
read_plain(struct str plain, const unsigned char *state,
    struct pending *pending)
{
	const unsigned char *verifier =
	    (const unsigned char *)plain.p + RANDOM_BYTES;
	struct buf text = BUF(64);
	enum result result;

	if (!secret_equal((struct str){ plain.p, RANDOM_BYTES },
		(struct str){ (const char *)state, RANDOM_BYTES }))
		return RESULT_LOGIN_BAD_STATE;
	pending->began_s = read_time(plain.p + 2 * RANDOM_BYTES);
	buf_add(&pending->return_to, plain.p + FIXED_BYTES,
	    plain.n - FIXED_BYTES);
	codec_base64url(&text, verifier, RANDOM_BYTES);
	if ((result = buf_result(&text)) == OK)
		result = secret_set(&pending->verifier, text.p, text.n);
	buf_free(&text);
	if (result == OK)
		result = buf_result(&pending->return_to);
	if (result == OK && is_late(pending->began_s))
		result = RESULT_LOGIN_LATE;
	return result;
}

enum result
pending_find(const struct conf *conf, struct str cookies, struct str state,
    struct reply *reply, struct pending *pending)
{
	struct buf plain = BUF(PLAIN_MAX);
	unsigned char raw[RANDOM_BYTES];
	bool found;
	enum result result;
	struct str value;

	*pending = (struct pending){ .return_to = BUF(URL_RETURN_MAX),
		.name = BUF(NAME_MAX_BYTES) };
	if (!codec_base64url_exact(state, raw, sizeof(raw)))
		return RESULT_LOGIN_BAD_STATE;
	seal_digest((struct str){ (const char *)raw, sizeof(raw) }, pending->id,
	    sizeof(pending->id));
	write_name(conf, raw, &pending->name);
	if ((result = buf_result(&pending->name)) == OK)
		result = cookie_find(cookies, pending->name.p, &value);
	found = result == OK || result == RESULT_BAD_REQUEST;
	if (result == OK)
		result =
		    open_cookie(conf, buf_str(&pending->name), value, &plain);
	else if (result == RESULT_ABSENT)
		result = RESULT_LOGIN_NO_COOKIE;
	if (result == RESULT_ABSENT || result == RESULT_BAD_REQUEST)
		result = RESULT_LOGIN_BAD_STATE;
	if (result == OK)
		result = read_plain(buf_str(&plain), raw, pending);
	if (found && result != OK)
		pending_end(conf, pending, reply);
	if (result != OK)
		buf_free(&pending->name);
	buf_free(&plain);
	return result;
}

void
pending_end(const struct conf *conf, const struct pending *pending,
    struct reply *reply)
{
	reply_cookie(reply, conf, buf_str(&pending->name), STR(""), 0);
}

void
pending_free(struct pending *pending)
{
	secret_free(&pending->verifier);
	buf_free(&pending->return_to);
	buf_free(&pending->name);
}
