/* SPDX-License-Identifier: ISC */
/*
 * Hides how sessions end of which nobody has a list: an account has a date in
 * the store, under a name that without the server key leads to nobody, and a
 * session is over if it began before that.
 *
 * "Before" is decided without a clock, for those of two machines differ, and
 * each may be set. There is one more date, the latest of all accounts. A
 * session keeps what that was when it began; a logout everywhere first makes
 * it a later one and then gives that to the account. So a session that began
 * before has an earlier date than the account, and one that begins afterwards
 * has the same. A crash in between has changed nothing for anybody. Two at the
 * same moment may take the same date; a session that begins between them is
 * one of those that were begun meanwhile, which may go or stay.
 *
 * And as long as the latest is what a session has kept, which is read with its
 * record, nobody has logged out everywhere since, and no account is asked for.
 *
 * Nor is it while the latest is what that was at a later save of the session,
 * just before its account was asked for and had no date that ends it. For a
 * logout makes the latest a later one once more when the account has its date,
 * and only then is done. So whoever asked for the account too early has read a
 * latest that is none any more, and has to ask again. This takes no time for
 * granted: a process may stand still anywhere. Only one that dies or fails in
 * between, after it stood still for a whole refresh, leaves that session be,
 * until the next logout everywhere of anybody.
 */
#include "config.h"

#include "base/clock.h"
#include "session/everywhere.h"
#include "store/store.h"

#define KEY_MAX 2048
#define MARGIN_S 86400	       /* as of the clean-up */
#define DATE_MAX_S (1LL << 40) /* as of the times of a record */

/* The names of an account, as keys: by account_id and by id. One that is not
 * known has none, and one that has but one has it twice. */
struct names {
	struct buf keys[2];
};

static enum result
names_of(const struct account *account, struct names *names)
{
	const struct account parts[2] = { { .account_id = account->account_id },
		{ .id = account->id } };
	enum result result = OK;
	int i;

	for (i = 0; i < 2; i++) {
		names->keys[i] = BUF(KEY_MAX);
		account_write_key(&parts[i], &names->keys[i]);
		if (names->keys[i].n == 0)
			account_write_key(&parts[1 - i], &names->keys[i]);
		if (result == OK)
			result = buf_result(&names->keys[i]);
	}
	return result;
}

static void
names_free(struct names *names)
{
	buf_free(&names->keys[0]);
	buf_free(&names->keys[1]);
}

enum result
everywhere_latest(const struct context *context, int64_t *latest_s)
{
	return store_date(context->store, NULL, latest_s);
}

/* ---- logging out ---- */

static int64_t
ends_s(const struct context *context, int64_t date_s)
{
	int64_t now_s = clock_now_s();

	return (date_s > now_s ? date_s : now_s) +
	    context->conf->absolute_limit_s + MARGIN_S;
}

/* Make the latest date one that nobody has read yet. */
static enum result
raise_latest(const struct context *context, int64_t *date_s)
{
	int64_t now_s = clock_now_s(), latest_s;
	enum result result = everywhere_latest(context, &latest_s);

	if (result != OK)
		return result;
	if (latest_s < 0 || latest_s >= DATE_MAX_S)
		return RESULT_STORE;
	*date_s = latest_s < now_s ? now_s : latest_s + 1;
	return store_set_date(context->store, NULL, *date_s,
	    ends_s(context, *date_s));
}

/* What is not certain is no logout. */
static enum result
answer(enum result result)
{
	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

/* Under each server key, the oldest first: while a new one is rolled out, there
 * are processes that have none but that. */
static enum result
set(const struct context *context, struct str key, int64_t date_s)
{
	const struct seal_ring *ring = &context->conf->ring;
	unsigned char id[SEAL_NAME_BYTES];
	enum result result = OK;
	size_t i;

	for (i = ring->n; i > 0 && result == OK; i--) {
		seal_hide(ring, i - 1, SEAL_DATE, key, id);
		result = store_set_date(context->store, id, date_s,
		    ends_s(context, date_s));
	}
	return result;
}

enum result
everywhere_set(const struct context *context, struct str key)
{
	int64_t date_s;
	enum result result = raise_latest(context, &date_s);

	if (result == OK)
		result = set(context, key, date_s);
	if (result == OK)
		result = raise_latest(context, &date_s);
	return answer(result);
}

/* By id first: all sessions know that, if Spotify sends it, and the caller's
 * own ends with the first date that is set. */
enum result
everywhere_set_account(const struct context *context,
    const struct account *account)
{
	struct names names;
	int64_t date_s;
	enum result result = names_of(account, &names);

	if (result == OK)
		result = raise_latest(context, &date_s);
	if (result == OK)
		result = set(context, buf_str(&names.keys[1]), date_s);
	if (result == OK && account->account_id != NULL && account->id != NULL)
		result = set(context, buf_str(&names.keys[0]), date_s);
	if (result == OK)
		result = raise_latest(context, &date_s);
	names_free(&names);
	return answer(result);
}

/* ---- being logged out ---- */

/* The latest date of an account, under the names that all server keys make;
 * 0: there is none. */
static enum result
find(const struct context *context, const struct account *account,
    int64_t *date_s)
{
	const struct seal_ring *ring = &context->conf->ring;
	unsigned char ids[2][SEAL_NAME_BYTES];
	const unsigned char *const both[2] = { ids[0], ids[1] };
	struct names names;
	int64_t dates_s[2];
	enum result result;
	size_t i, n;

	*date_s = 0;
	if (!account_is_known(account))
		return OK;
	result = names_of(account, &names);
	for (i = 0; i < ring->n && result == OK; i++) {
		for (n = 0; n < 2; n++)
			seal_hide(ring, i, SEAL_DATE, buf_str(&names.keys[n]),
			    ids[n]);
		result = store_dates(context->store, both, dates_s);
		for (n = 0; n < 2; n++)
			if (dates_s[n] > *date_s)
				*date_s = dates_s[n];
	}
	names_free(&names);
	return result;
}

enum result
everywhere_check(const struct context *context, const struct account *account,
    int64_t began_s)
{
	int64_t date_s;
	enum result result = find(context, account, &date_s);

	return result == OK && date_s > began_s ? RESULT_NOT_LOGGED_IN : result;
}
