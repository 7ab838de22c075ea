/* SPDX-License-Identifier: ISC */
/* Hides what the targets share: their table, the time, a configuration. */
#include "config.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "json/janssondoc.h"
#include "fuzz.h"
#include "spotify/libcurl.h"
#include "store/backend.h"

const struct fuzz_target fuzz_targets[] = { { "artists", fuzz_artists },
	{ "codec", fuzz_codec }, { "conf", fuzz_conf_file },
	{ "cookie", fuzz_cookie }, { "http", fuzz_http },
	{ "incoming", fuzz_incoming }, { "janssondoc", fuzz_janssondoc },
	{ "me", fuzz_me }, { "pending", fuzz_pending },
	{ "pending-plain", fuzz_pending_plain }, { "query", fuzz_query },
	{ "reader", fuzz_reader }, { "request", fuzz_request },
	{ "resp", fuzz_resp }, { "return-to", fuzz_return_to },
	{ "rowbody", fuzz_rowbody }, { "rowurl", fuzz_rowurl },
	{ "session", fuzz_session }, { "session-plain", fuzz_session_plain },
	{ "tag", fuzz_tag }, { "token", fuzz_token }, { "url", fuzz_url },
	{ "valid", fuzz_valid }, { NULL, NULL } };

static char client_id[] = "the-client";
static char redirect_uri[] = "https://e.org/callback";
static char api_url[] = "https://api.example/v1";
static char token_url[] = "https://accounts.example/token";

int64_t __wrap_clock_now_s(void);

int64_t
__wrap_clock_now_s(void)
{
	return FUZZ_NOW_S;
}

const struct fuzz_target *
fuzz_find(const char *name)
{
	const struct fuzz_target *target;

	for (target = fuzz_targets; target->name != NULL; target++)
		if (strcmp(target->name, name) == 0)
			return target;
	return NULL;
}

void
fuzz_init(void)
{
	MUST(sodium_init() >= 0);
	MUST(libcurl_init() == OK);
	janssondoc_init();
}

void
fuzz_broken(const char *file, int line, const char *promise)
{
	fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
	abort();
}

bool
fuzz_within(struct str part, struct str whole)
{
	return part.n == 0 ||
	    (part.p >= whole.p && part.n <= whole.n &&
		part.p + part.n <= whole.p + whole.n);
}

bool
fuzz_has(struct str text, char byte)
{
	return text.n > 0 && memchr(text.p, byte, text.n) != NULL;
}

bool
fuzz_printable(struct str text)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] < 0x20 || text.p[i] > 0x7e)
			return false;
	return true;
}

struct conf
fuzz_conf(void)
{
	static const unsigned char master[SEAL_KEY_BYTES] =
	    "the key of the seeds";
	struct conf conf = { .client_id = client_id,
		.redirect_uri = redirect_uri,
		.api_url = api_url,
		.token_url = token_url,
		.session_cookie = "__Host-sid",
		.pending_prefix = "__Host-lp-",
		.cookie_tail = "; Path=/",
		.idle_limit_s = 7 * 86400,
		.absolute_limit_s = 30 * 86400 };

	MUST(seal_ring_add(&conf.ring, master) == OK);
	return conf;
}

static int64_t
no_fact(struct store *store, const char *name)
{
	(void)store;
	(void)name;
	return 0;
}

static void
forget_fact(struct store *store, const char *name, int64_t number)
{
	(void)store;
	(void)name;
	(void)number;
}

struct store *
fuzz_store(void)
{
	static const struct store_backend backend = { .fact = no_fact,
		.set_fact = forget_fact };
	static struct store store = { &backend };

	return &store;
}
