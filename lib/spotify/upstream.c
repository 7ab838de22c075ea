/* SPDX-License-Identifier: ISC */
/* Has the one table of what upstream.h describes, in a file of its own: only a
 * program that names it is linked with libcurl. */
#include "config.h"

#include "base/clock.h"
#include "json/janssondoc.h"
#include "spotify/ca.h"
#include "spotify/libcurl.h"
#include "spotify/oauth.h"
#include "spotify/upstream.h"

#define ASK_MS 18000 /* as much as a login has */

static enum result
start(void)
{
	janssondoc_init();
	return libcurl_init();
}

static bool
trusts(const char *ca_file)
{
	return ca_load(ca_file) == OK;
}

static enum result
ask(const struct conf *conf, struct store *store)
{
	struct oauth_tokens tokens = { .expires_in_s = 0 };
	struct context context = {
		.conf = conf,
		.store = store,
		.http = http_new(conf),
		.deadline_ms = clock_mono_ms() + ASK_MS,
	};
	enum result result = RESULT_NO_MEMORY;

	if (context.http != NULL)
		result = oauth_exchange(&context, STR("nobody-was-given-this"),
		    STR("a-code-verifier-that-belongs-to-no-login-at-all"),
		    &tokens);
	oauth_tokens_free(&tokens);
	http_free(context.http);
	/* The client is looked at first (RFC 6749, section 5.2). */
	return result == RESULT_INVALID_GRANT ? OK : result;
}

const struct upstream upstream_spotify = {
	.start = start,
	.trusts = trusts,
	.doubts = ca_doubts,
	.ask = ask,
	.open = http_new,
	.close = http_free,
};
