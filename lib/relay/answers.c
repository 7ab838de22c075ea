/* SPDX-License-Identifier: ISC */
/*
 * Hides how answers are kept: all those of a session in one sealed text, so
 * that a session has no more of them than fit into one place, and they go all
 * at once. Its grammar is
 *
 *	text   = *answer
 *	answer = key " " time " " bytes " " change LF body
 *
 * with the newest answer first. A key is a hash of the row and the URL. An
 * answer whose change is not the last one of its part is as good as none, so
 * nobody has to remove it. Of two who keep an answer at the same moment one may
 * do it in vain.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "base/codec.h"
#include "base/log.h"
#include "relay/answers.h"

#define KEY_BYTES 16
#define MARK_BYTES 24 /* a change in base64url is shorter */
#define LINE_BYTES 96 /* every line is shorter */
#define ROOM (ANSWERS_ALL_MAX + SESSION_PAD_TO + SEAL_OVERHEAD)

/* One of the text, borrowed from it. */
struct answer {
	struct str key;
	int64_t asked_s;
	struct str change;
	struct str body;
};

/*
 * For how long answers to a row are kept at most: a day what all the world can
 * see, ten minutes what a user changes with Spotify's own programs, too. Not
 * here is what changes by itself, as what is played, and what has to be true,
 * as whether an artist is followed.
 */
static const struct {
	const char *row;
	int64_t age_s;
} kept[] = {
	{ "top-artists", 86400 },
	{ "top-tracks", 86400 },
	{ "playlists", 600 },
	{ "playlist", 600 },
	{ "playlist-items", 600 },
	{ "saved-tracks", 600 },
	{ "saved-albums", 600 },
	{ "artist", 86400 },
	{ "artist-albums", 86400 },
	{ "album", 86400 },
	{ "album-tracks", 86400 },
	{ "track", 86400 },
	{ "search", 86400 },
};

int64_t
answers_age_s(const struct conf *conf, const struct row *row)
{
	int64_t most_s = conf->api_max_age_s;
	size_t i;

	if (most_s == 0)
		return 0;
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (str_equal(str_of(kept[i].row), str_of(row->name)))
			return kept[i].age_s < most_s ? kept[i].age_s : most_s;
	return 0;
}

static enum result
write_key(const struct rowurl *rowurl, struct buf *key)
{
	struct buf url = BUF(rowurl->path.max + rowurl->query.max + LINE_BYTES);
	unsigned char digest[KEY_BYTES];
	enum result result;

	buf_puts(&url, rowurl->row->name);
	buf_putc(&url, '\n');
	buf_add_str(&url, buf_str(&rowurl->path));
	buf_add_str(&url, buf_str(&rowurl->query));
	if ((result = buf_result(&url)) == OK) {
		seal_digest(buf_str(&url), digest, sizeof(digest));
		codec_base64url(key, digest, sizeof(digest));
		result = buf_result(key);
	}
	buf_free(&url);
	return result;
}

/* Take the next answer off the text; false at its end. */
static bool
next(struct str *text, struct answer *answer)
{
	struct str line = str_cut(text, '\n'), time, bytes;
	uint64_t asked_s, n;

	answer->key = str_cut(&line, ' ');
	time = str_cut(&line, ' ');
	bytes = str_cut(&line, ' ');
	if (text->p == NULL || !str_number(time, INT64_MAX, &asked_s) ||
	    !str_number(bytes, text->n, &n))
		return false;
	answer->change = line;
	answer->asked_s = (int64_t)asked_s;
	answer->body = (struct str){ text->p, (size_t)n };
	text->p += n;
	text->n -= (size_t)n;
	return true;
}

/* One from the future is not young. */
static bool
is_young(const struct answer *answer, int64_t now_s, int64_t age_s)
{
	return answer->asked_s <= now_s && now_s - answer->asked_s < age_s;
}

static void
write_mark(const struct change *change, struct buf *mark)
{
	codec_base64url(mark, change->bytes, sizeof(change->bytes));
}

/* The answer of a key that was asked for after a change. */
static bool
find(struct str text, struct str key, const struct change *change,
    struct answer *answer)
{
	struct buf mark = BUF(MARK_BYTES);
	bool found = false;

	write_mark(change, &mark);
	while (!found && buf_result(&mark) == OK && next(&text, answer))
		found = str_equal(answer->key, key) &&
		    str_equal(answer->change, buf_str(&mark));
	buf_free(&mark);
	return found;
}

/* Add an answer, if there is room for it. */
static void
add(struct buf *text, const struct answer *answer)
{
	if (text->n + LINE_BYTES + answer->body.n > text->max)
		return;
	buf_add_str(text, answer->key);
	buf_printf(text, " %lld %zu ", (long long)answer->asked_s,
	    answer->body.n);
	buf_add_str(text, answer->change);
	buf_putc(text, '\n');
	buf_add_str(text, answer->body);
}

/*
 * Read what was kept into a buffer, which is empty.
 * OK, RESULT_ABSENT: nothing, or it was tampered with; RESULT_STORE,
 * RESULT_NO_MEMORY.
 */
static enum result
load(const struct context *context, const struct session *session,
    struct buf *text)
{
	enum result result = store_load_kept(context->store, session->id,
	    (struct store_piece){ STORE_ANSWERS, 0, STORE_REST }, text);

	return result == OK ?
	    session_unseal_here(context->conf, session, SEAL_ANSWERS, text) :
	    result;
}

enum result
answers_find(const struct context *context, const struct session *session,
    const struct rowurl *rowurl, struct answers_since *since, struct buf *body)
{
	int64_t age_s = answers_age_s(context->conf, rowurl->row);
	struct buf text = BUF(ROOM), key = BUF(LINE_BYTES);
	struct answer answer;
	enum result result = load(context, session, &text);

	if (result == OK)
		result = write_key(rowurl, &key);
	if (result == OK &&
	    (!find(buf_str(&text), buf_str(&key), &since->change, &answer) ||
		!is_young(&answer, clock_now_s(), age_s)))
		result = RESULT_ABSENT;
	if (result == OK) {
		since->asked_s = answer.asked_s;
		buf_add_str(body, answer.body);
		result = buf_result(body);
	}
	buf_free(&key);
	buf_free(&text);
	return result == OK || result == RESULT_NO_MEMORY ? result :
							    RESULT_ABSENT;
}

/* Write the text anew: one more answer, and those before it that are young. */
static enum result
write_text(const struct context *context, const struct session *session,
    const struct answer *fresh, struct buf *text)
{
	int64_t now_s = clock_now_s(), age_s = context->conf->api_max_age_s;
	struct buf old = BUF(ROOM);
	struct answer answer;
	struct str answers;
	enum result result = load(context, session, &old);

	add(text, fresh);
	answers = buf_str(&old);
	while (result == OK && next(&answers, &answer))
		if (!str_equal(answer.key, fresh->key) &&
		    is_young(&answer, now_s, age_s))
			add(text, &answer);
	buf_free(&old);
	return result == OK || result == RESULT_ABSENT ? buf_result(text) :
							 result;
}

static enum result
save(const struct context *context, const struct session *session,
    const struct answer *fresh)
{
	struct buf text = BUF(ANSWERS_ALL_MAX), sealed = BUF(ROOM);
	enum result result = write_text(context, session, fresh, &text);

	if (result == OK)
		result = session_seal(context->conf, session, SEAL_ANSWERS,
		    buf_str(&text), &sealed);
	if (result == OK)
		result = store_keep(context->store, session->id, STORE_ANSWERS,
		    buf_str(&sealed));
	buf_free(&sealed);
	buf_free(&text);
	return result;
}

void
answers_save(const struct context *context, const struct session *session,
    const struct rowurl *rowurl, const struct answers_since *since,
    struct str body)
{
	struct answer fresh = { .asked_s = since->asked_s, .body = body };
	struct buf key = BUF(LINE_BYTES), mark = BUF(MARK_BYTES);
	enum result result = OK;

	write_mark(&since->change, &mark);
	if (body.n > ANSWERS_ONE_MAX)
		result = RESULT_TOO_LARGE;
	else if (!change_is_last(context, session->id, &since->change))
		result = RESULT_CHANGED;
	if (result == OK)
		result = buf_result(&mark);
	if (result == OK)
		result = write_key(rowurl, &key);
	if (result == OK) {
		fresh.key = buf_str(&key);
		fresh.change = buf_str(&mark);
		result = save(context, session, &fresh);
	}
	if (result != OK)
		log_event(LOG_LEVEL_INFO, "answer_not_kept",
		    "call=%s bytes=%zu cause=%s", rowurl->row->name, body.n,
		    result == RESULT_TOO_LARGE	 ? "size" :
			result == RESULT_CHANGED ? "change" :
						   "failure");
	buf_free(&mark);
	buf_free(&key);
}
