/* SPDX-License-Identifier: ISC */
/*
 * Hides what is told and how often. Whether an account has been here before is
 * known by a hash of it under the server key, so that the store names nobody.
 * First the file of a first login is there, by a name that is the same whoever
 * tells it, and then the account is known: a crash in between neither loses nor
 * doubles it while nobody has taken it. That name comes before those with a
 * time, of what the account has done then.
 */
#include "config.h"

#include <errno.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "json/writer.h"
#include "session/events.h"

#define CONTENT_MAX (1u << 17) /* a name may grow six times when escaped */
#define NAMES_MAX 2048	       /* of an account, percent-encoded */
#define DIGEST_BYTES 16
#define MEET_MS 1000
#define COMPLAIN_MS 60000

static const char *const words[] = {
	[EVENTS_LOGIN] = "login",
	[EVENTS_LOGOUT] = "logout",
	[EVENTS_LOGOUT_EVERYWHERE] = "logout_everywhere",
	[EVENTS_AUTHORIZATION_ENDED] = "authorization_ended",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == EVENTS_KIND__MAX,
    "each kind has a word");

/* Log by errno that events get lost, once a minute and not at each login. */
static void
complain(const char *word, const char *call)
{
	static _Atomic int64_t quiet_until_ms;
	static atomic_uint lost;
	int64_t until_ms = atomic_load(&quiet_until_ms);
	int64_t now_ms = clock_mono_ms();
	int error = errno;

	atomic_fetch_add(&lost, 1);
	if (now_ms < until_ms ||
	    !atomic_compare_exchange_strong(&quiet_until_ms, &until_ms,
		now_ms + COMPLAIN_MS))
		return;
	log_event(LOG_LEVEL_ERROR, "events_lost",
	    "n=%u kind=%s call=%s errno=%d cause=\"%s\"",
	    atomic_exchange(&lost, 0), word, call, error, strerror(error));
}

/* ---- what is in a file ---- */

static void
write_text(struct buf *out, const char *name, const char *text)
{
	if (text == NULL)
		writer_null(out, name);
	else
		writer_text(out, name, str_of(text));
}

static void
write_event(const struct conf *conf, const char *word,
    const struct account *account, struct buf *out)
{
	writer_object(out, NULL);
	writer_text(out, "event", str_of(word));
	writer_integer(out, "time", clock_now_s());
	writer_object(out, "account");
	write_text(out, "id", account->id);
	write_text(out, "account_id", account->account_id);
	write_text(out, "display_name", account->display_name);
	if (conf->events_email && account->email != NULL)
		write_text(out, "email", account->email);
	writer_object_end(out);
	writer_text(out, "request_id", str_of(log_request_id()));
	writer_object_end(out);
	buf_putc(out, '\n');
}

/* Put the file of an event there; false, and logged: it is lost. */
static bool
put(const struct conf *conf, const char *name, const char *word,
    const struct account *account)
{
	struct buf content = BUF(CONTENT_MAX);
	const char *failed = "memory";

	write_event(conf, word, account, &content);
	errno = ENOMEM;
	if (buf_result(&content) == OK)
		failed = outbox_put(conf->events_dir, name, buf_str(&content));
	if (failed != NULL)
		complain(word, failed);
	buf_free(&content);
	return failed == NULL;
}

/* ---- events of a session ---- */

/* Two files of one event of one session have the same digits. */
static void
name_event(const struct conf *conf, const struct session *session,
    const char *word, struct events_file *file)
{
	unsigned char digest[SEAL_NAME_BYTES];
	char hex[DIGEST_BYTES + 1], text[STORE_ID_BYTES + 32] = { 0 };

	memcpy(text, session->id, STORE_ID_BYTES);
	snprintf(text + STORE_ID_BYTES, sizeof(text) - STORE_ID_BYTES, "%s",
	    word);
	seal_hide(&conf->ring, 0, SEAL_EVENT,
	    (struct str){ text, sizeof(text) }, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, DIGEST_BYTES / 2);
	snprintf(file->name, sizeof(file->name), "event-%lld-%s.json",
	    (long long)clock_now_ms(), hex);
}

struct events_file
events_tell(const struct context *context, const struct session *session,
    enum events_kind kind)
{
	const struct conf *conf = context->conf;
	struct events_file file = { "" };

	if (conf->events_dir == NULL)
		return file;
	name_event(conf, session, words[kind], &file);
	if (!put(conf, file.name, words[kind], &session->account))
		file.name[0] = '\0';
	return file;
}

void
events_take_back(const struct context *context, const struct events_file *file)
{
	if (file->name[0] != '\0')
		outbox_take_back(context->conf->events_dir, file->name);
}

/* ---- first logins ---- */

/* That an account was here, under one of its names and one key of the ring. The
 * id of the mark follows from a number, which follows from the name; and the
 * mark has the number of the account's other name, if it has one, or its own.
 * So who forgets one name finds the other. */
struct mark {
	int64_t number, other; /* other: in the store; 0: there is no mark */
	unsigned char id[STORE_ID_BYTES];
};

/* Those of an account, of its first name the first ones; and of which its file
 * is named, so that whoever reads that does not find out the marks. */
struct marks {
	unsigned char file[SEAL_NAME_BYTES];
	size_t names, keys;
	struct mark of[SEAL_RING_MAX][2];
};
_Static_assert(SEAL_NAME_BYTES == STORE_ID_BYTES, "a mark is an id");

/* The mark of a number; what is hidden is no name of an account. */
static void
mark_of_number(const struct seal_ring *ring, size_t key, int64_t number,
    struct mark *mark)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "#%lld", (long long)number);

	mark->number = number;
	mark->other = 0;
	seal_hide(ring, key, SEAL_KNOWN, (struct str){ text, (size_t)n },
	    mark->id);
}

static void
mark_of_name(const struct seal_ring *ring, size_t key, struct str name,
    struct mark *mark)
{
	unsigned char hidden[SEAL_NAME_BYTES];
	uint64_t number = 0;
	size_t i;

	seal_hide(ring, key, SEAL_KNOWN, name, hidden);
	for (i = 0; i < sizeof(number); i++)
		number = number << 8 | hidden[i];
	mark_of_number(ring, key, (int64_t)(number >> 2) + 1, mark);
}

/* Add the marks of one name of an account. */
static enum result
add_marks(const struct conf *conf, const struct account *account,
    struct marks *marks)
{
	struct buf text = BUF(NAMES_MAX);
	enum result result;
	size_t i;

	account_write_key(account, &text);
	result = buf_result(&text);
	if (result == OK && marks->names == 0)
		seal_hide(&conf->ring, 0, SEAL_FIRST, buf_str(&text),
		    marks->file);
	for (i = 0; i < marks->keys && result == OK; i++)
		mark_of_name(&conf->ring, i, buf_str(&text),
		    &marks->of[i][marks->names]);
	marks->names++;
	buf_free(&text);
	return result;
}

/* All marks of an account. Until Spotify told the account_id it was known by
 * its id. */
static enum result
find_marks(const struct conf *conf, const struct account *account,
    struct marks *marks)
{
	const struct account older = { .id = account->id };
	enum result result;

	*marks = (struct marks){ .keys = conf->ring.n };
	result = add_marks(conf, account, marks);
	if (result == OK && account->account_id != NULL && older.id != NULL)
		result = add_marks(conf, &older, marks);
	return result;
}

/* Whether all is there by what the first mark says, which is made last. */
static bool
is_complete(const struct marks *marks)
{
	const struct mark *pair = marks->of[0];

	return pair[0].other > 0 &&
	    (marks->names == 1 || pair[0].other == pair[1].number);
}

/* Look whether the store has one of the marks. OK, or a failure: it may. */
static enum result
find_known(const struct context *context, struct marks *marks, bool *known)
{
	enum result result = OK;
	struct mark *mark;
	size_t i;

	*known = false;
	for (i = 0; i < marks->keys * marks->names && result == OK &&
	     !is_complete(marks);
	     i++) {
		mark = &marks->of[i / marks->names][i % marks->names];
		result = store_known(context->store, mark->id, &mark->other);
		*known |= mark->other > 0;
	}
	return result;
}

/* Let a key's marks be there, one with the number of the other. That of a name
 * that is the only one now may have that of another. */
static void
complete(const struct context *context, const struct mark *pair, size_t names)
{
	int64_t other;
	size_t n;

	for (n = names; n-- > 0;) {
		other = pair[names - 1 - n].number;
		if (pair[n].other == 0 || (names > 1 && pair[n].other != other))
			store_know(context->store, pair[n].id, other);
	}
}

/* Let the marks of the first key be there, and under others both or none. */
static void
note(const struct context *context, const struct marks *marks)
{
	size_t i;

	if (is_complete(marks))
		return;
	for (i = marks->keys; i-- > 0;)
		if (i == 0 || marks->of[i][0].other > 0 ||
		    marks->of[i][marks->names - 1].other > 0)
			complete(context, marks->of[i], marks->names);
}

/* Whoever had the lock before us may have told it. */
static void
tell_first(const struct context *context, const struct account *account,
    struct marks *marks)
{
	struct events_file file;
	char hex[2 * DIGEST_BYTES + 1];
	bool known;

	if (find_known(context, marks, &known) != OK || known)
		return;
	sodium_bin2hex(hex, sizeof(hex), marks->file, DIGEST_BYTES);
	snprintf(file.name, sizeof(file.name), "event-0-first-%s.json", hex);
	if (put(context->conf, file.name, "first_login", account))
		note(context, marks);
}

void
events_meet(const struct context *context, const struct account *account)
{
	struct marks marks;
	struct lock lock;
	bool known;

	if (context->conf->events_dir == NULL || !account_is_known(account))
		return;
	errno = ENOMEM;
	if (find_marks(context->conf, account, &marks) != OK) {
		complain("first_login", "memory");
		return;
	}
	/* If the marks cannot be read, or without the lock, it is told at the
	 * account's next login. */
	if (find_known(context, &marks, &known) != OK)
		return;
	if (known) {
		note(context, &marks);
		return;
	}
	if (lock_take(context->store, LOCK_ACCOUNT, marks.of[0][0].id,
		clock_until_ms(context->deadline_ms, MEET_MS), &lock) != OK)
		return;
	tell_first(context, account, &marks);
	lock_release(&lock);
}

/* The other name first, for it is found by this one. */
static enum result
forget(const struct context *context, size_t key, struct str name)
{
	const struct seal_ring *ring = &context->conf->ring;
	struct mark mark, other;
	enum result result;

	mark_of_name(ring, key, name, &mark);
	result = store_known(context->store, mark.id, &mark.other);
	if (result == OK && mark.other > 0 && mark.other != mark.number) {
		mark_of_number(ring, key, mark.other, &other);
		result = store_forget(context->store, other.id);
	}
	return result == OK ? store_forget(context->store, mark.id) : result;
}

enum result
events_forget(const struct context *context, struct str key)
{
	enum result result = OK;
	size_t i;

	for (i = 0; i < context->conf->ring.n && result == OK; i++)
		result = forget(context, i, key);
	return result;
}

void
events_login(const struct context *context, const struct session *session)
{
	events_meet(context, &session->account);
	events_tell(context, session, EVENTS_LOGIN);
}
