/* SPDX-License-Identifier: ISC */
/*
 * Hides what is told and how often. Whether an account has been here before is
 * known by a hash of it under the server key, so that the store names nobody.
 * First the file of a first login is there, by a name that is the same whoever
 * tells it, and then the account is known: a crash in between neither loses nor
 * doubles it while nobody has taken it.
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

/* Under which the store may know an account, by each of its names and each key
 * of the ring; and of which its file is named, so that whoever reads that does
 * not find out the marks. */
struct marks {
	unsigned char file[SEAL_NAME_BYTES];
	size_t n;
	unsigned char ids[2 * SEAL_RING_MAX][STORE_ID_BYTES];
};
_Static_assert(SEAL_NAME_BYTES == STORE_ID_BYTES, "a mark is an id");

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
	if (result == OK && marks->n == 0)
		seal_hide(&conf->ring, 0, SEAL_FIRST, buf_str(&text),
		    marks->file);
	for (i = 0; i < conf->ring.n && result == OK; i++)
		seal_hide(&conf->ring, i, SEAL_KNOWN, buf_str(&text),
		    marks->ids[marks->n++]);
	buf_free(&text);
	return result;
}

/* All marks of an account, the one that it gets first. Until Spotify told the
 * account_id it was known by its id. */
static enum result
find_marks(const struct conf *conf, const struct account *account,
    struct marks *marks)
{
	const struct account older = { .id = account->id };
	enum result result = add_marks(conf, account, marks);

	if (result == OK && account->account_id != NULL && older.id != NULL)
		result = add_marks(conf, &older, marks);
	return result;
}

/* Whether the store knows one of the marks; then it gets to know the first. */
static bool
is_known(const struct context *context, const struct marks *marks)
{
	size_t i;

	for (i = 0; i < marks->n; i++)
		if (store_knows(context->store, marks->ids[i]))
			break;
	if (i > 0 && i < marks->n)
		store_know(context->store, marks->ids[0], clock_now_s());
	return i < marks->n;
}

/* Whoever had the lock before us may have told it. */
static void
tell_first(const struct context *context, const struct account *account,
    const struct marks *marks)
{
	struct events_file file;
	char hex[2 * DIGEST_BYTES + 1];

	if (is_known(context, marks))
		return;
	sodium_bin2hex(hex, sizeof(hex), marks->file, DIGEST_BYTES);
	snprintf(file.name, sizeof(file.name), "event-first-%s.json", hex);
	if (put(context->conf, file.name, "first_login", account))
		store_know(context->store, marks->ids[0], clock_now_s());
}

void
events_meet(const struct context *context, const struct account *account)
{
	struct marks marks = { .n = 0 };
	struct lock lock;

	if (context->conf->events_dir == NULL || !account_is_known(account))
		return;
	errno = ENOMEM;
	if (find_marks(context->conf, account, &marks) != OK) {
		complain("first_login", "memory");
		return;
	}
	/* Without the lock it is told at the account's next login. */
	if (is_known(context, &marks) ||
	    lock_take(context->store, LOCK_ACCOUNT, marks.ids[0],
		clock_until_ms(context->deadline_ms, MEET_MS), &lock) != OK)
		return;
	tell_first(context, account, &marks);
	lock_release(&lock);
}

enum result
events_forget(const struct context *context, struct str key)
{
	unsigned char id[SEAL_NAME_BYTES];
	enum result result = OK;
	size_t i;

	for (i = 0; i < context->conf->ring.n && result == OK; i++) {
		seal_hide(&context->conf->ring, i, SEAL_KNOWN, key, id);
		result = store_forget(context->store, id);
	}
	return result;
}

void
events_login(const struct context *context, const struct session *session)
{
	events_meet(context, &session->account);
	events_tell(context, session, EVENTS_LOGIN);
}
