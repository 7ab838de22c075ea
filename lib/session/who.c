/* SPDX-License-Identifier: ISC */
/* Hides that a session can be there before its account is known. */
#include "config.h"

#include "base/clock.h"
#include "session/who.h"
#include "spotify/spotify.h"
#include "store/lock.h"

#define FILL_MS 3000

/* Put an account into the file, unless one is there; takes it over. */
static void
save_account(const struct context *context, struct session *session,
    struct account *account)
{
	struct store_reservation *reservation = NULL;
	struct lock lock;

	if (lock_take(context->store, LOCK_REFRESH, session->id,
		context->deadline_ms, &lock) != OK)
		return;
	if (session_load(context, session) == OK &&
	    !account_is_known(&session->account) &&
	    session_reserve(context, &reservation) == OK) {
		account_free(&session->account);
		session->account = *account;
		*account = (struct account){ 0 };
		if (session_save(context, session, reservation) != OK)
			session_log(session, LOG_LEVEL_WARN,
			    "account_not_saved");
	}
	store_release(reservation);
	lock_release(&lock);
}

void
who_fill(const struct context *context, struct session *session)
{
	struct context brief = *context;
	struct account account = { 0 };
	struct lock lock;

	if (account_is_known(&session->account) ||
	    lock_take(context->store, LOCK_ACCOUNT, session->id, 0, &lock) !=
		OK)
		return;
	brief.deadline_ms = clock_until_ms(context->deadline_ms, FILL_MS);
	/* Whoever had the lock before us may have done it. */
	if (session_load(context, session) == OK &&
	    !account_is_known(&session->account) &&
	    spotify_me(&brief, &api_me, &session->access, &account) == OK)
		save_account(&brief, session, &account);
	lock_release(&lock);
	account_free(&account);
}
