/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "failing.h"
#include "renewal.h"
#include "run.h"
#include "scratch.h"
#include "spotify/spotify.h"

#define DAY 86400

static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

struct renewal renewal = { .asked = UINT32_MAX }; /* nobody counts */

enum result __real_oauth_refresh(struct context *context,
    const struct secret *refresh, struct oauth_tokens *tokens);
enum result __wrap_oauth_refresh(struct context *context,
    const struct secret *refresh, struct oauth_tokens *tokens);

/* Only tests that begin here have somebody who may answer: no HTTP. */
enum result
__wrap_oauth_refresh(struct context *context, const struct secret *refresh,
    struct oauth_tokens *tokens)
{
	if (renewal.asked == UINT32_MAX)
		return __real_oauth_refresh(context, refresh, tokens);
	renewal.asked++;
	if (renewal.answer != OK)
		return renewal.answer;
	tokens->expires_in_s = renewal.life_s;
	tokens->scope = BUF(OAUTH_SCOPE_MAX);
	buf_puts(&tokens->scope, renewal.granted);
	if (buf_result(&tokens->scope) != OK)
		return buf_result(&tokens->scope);
	return secret_set(&tokens->access, "new", 3);
}

enum result __real_spotify_me(struct context *context,
    const struct api_endpoint *me, const struct secret *access,
    struct account *account);
enum result __wrap_spotify_me(struct context *context,
    const struct api_endpoint *me, const struct secret *access,
    struct account *account);

/* The same. */
enum result
__wrap_spotify_me(struct context *context, const struct api_endpoint *me,
    const struct secret *access, struct account *account)
{
	if (renewal.asked == UINT32_MAX)
		return __real_spotify_me(context, me, access, account);
	account->id = strdup("somebody");
	return account->id == NULL ? RESULT_NO_MEMORY : OK;
}

void
renewal_leave(struct renewal_site *s)
{
	renewal.asked = UINT32_MAX;
	store_close(s->store);
	session_free(&s->session);
	reply_free(&s->reply);
	oauth_tokens_free(&s->tokens);
}

enum result
renewal_begin(struct renewal_site *s, int64_t left_s)
{
	enum result result;

	*s = (struct renewal_site){ .conf = { .session_cookie = "sid",
					.cookie_tail = "",
					.idle_limit_s = 7 * DAY,
					.absolute_limit_s = 30 * DAY } };
	renewal.asked = 0;
	renewal.answer = OK;
	renewal.life_s = 3600;
	renewal.granted = "";
	reply_init(&s->reply);
	assert_int_equal(seal_ring_add(&s->conf.ring, master), OK);
	result = scratch_open(&s->store);
	if (result == OK)
		result = failing_open(s->store, &s->store);
	s->context = (struct context){ .conf = &s->conf,
		.store = s->store,
		.deadline_ms = clock_mono_ms() + 18000 };
	s->tokens.expires_in_s = left_s;
	secret_random(s->session.secret, sizeof(s->session.secret));
	if (result == OK)
		result = secret_set(&s->tokens.access, "old", 3);
	if (result == OK)
		result = secret_set(&s->tokens.refresh, "refresh", 7);
	return result != OK ? result :
			      session_create(&s->context, STR(""), &s->tokens,
				  &s->reply, &s->session);
}
