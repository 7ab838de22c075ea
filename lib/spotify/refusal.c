/* SPDX-License-Identifier: ISC */
/*
 * Hides the wordings of a 403. Spotify has said the same thing in one sentence
 * in 2021, in another in 2024 and in a third in 2026, as plain text and as
 * JSON, so words are looked for and not sentences. A page of HTML comes from
 * something in front of the Web API, and its words are about something else.
 */
#include "config.h"

#include <strings.h>

#include "base/buf.h"
#include "json/janssondoc.h"
#include "spotify/refusal.h"

#define WORDS_MAX 4096 /* of a body are looked at: a sentence is short */

static struct str
without_space(struct str body)
{
	if (str_starts(body, STR("\xef\xbb\xbf"))) {
		body.p += 3;
		body.n -= 3;
	}
	while (body.n > 0 &&
	    (body.p[0] == ' ' || (body.p[0] >= '\t' && body.p[0] <= '\r'))) {
		body.p++;
		body.n--;
	}
	return body;
}

const char *
refusal_form(struct str body)
{
	body = without_space(body);
	if (body.n == 0)
		return "empty";
	if (body.p[0] == '<')
		return "html";
	return body.p[0] == '{' || body.p[0] == '[' ? "json" : "text";
}

/* Whether a text has a word in it, in any case. */
static bool
has(struct str text, const char *word)
{
	struct str wanted = str_of(word);
	size_t i;

	for (i = 0; i + wanted.n <= text.n; i++)
		if (strncasecmp(text.p + i, wanted.p, wanted.n) == 0)
			return true;
	return false;
}

static enum result
read_words(struct str text)
{
	bool about_somebody = has(text, "user") || has(text, "account");

	if ((has(text, "registered") &&
		(about_somebody || has(text, "not registered"))) ||
	    has(text, "allowlist") || has(text, "whitelist"))
		return RESULT_NOT_ON_ALLOWLIST;
	if (has(text, "premium"))
		return RESULT_OWNER_NOT_PREMIUM;
	if (has(text, "scope"))
		return RESULT_SCOPE_MISSING;
	return RESULT_SPOTIFY_REFUSED;
}

/* Append the members that say something, in either of the forms that errors
 * have: of the Web API, and of OAuth (RFC 6750, section 3.1). */
static void
add_words(const json_t *object, struct buf *words)
{
	static const char *const members[] = { "error", "error_description",
		"message", "reason" };
	size_t i;

	struct str text;

	for (i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		text = janssondoc_text(object, members[i]);
		if (text.n > 0)
			buf_add_str(words, text);
		buf_putc(words, '\n');
	}
}

/* What JSON says, without its names: {"scope":...} says nothing. */
static enum result
read_json(const json_t *object)
{
	struct buf words = BUF(WORDS_MAX);
	enum result result;

	add_words(object, &words);
	add_words(json_object_get(object, "error"), &words);
	result = buf_result(&words);
	if (result == OK)
		result = read_words(buf_str(&words));
	buf_free(&words);
	return result == RESULT_TOO_LARGE ? RESULT_SPOTIFY_REFUSED : result;
}

enum result
refusal_read(struct str body)
{
	json_t *object = NULL;
	enum result result;

	body = without_space(body);
	if (body.n == 0 || body.p[0] == '<')
		return RESULT_SPOTIFY_REFUSED;
	if (body.n > WORDS_MAX)
		body.n = WORDS_MAX;
	result = body.p[0] == '{' ? janssondoc_parse(body, &object) :
				    RESULT_BAD_TEXT;
	if (result == OK)
		result = read_json(object);
	else if (result == RESULT_BAD_TEXT)
		result = read_words(body);
	json_decref(object);
	return result;
}

/* A 403 to a page's call; why is what refusal_read() makes of it. */
static enum result
read_403(enum result why, struct str body)
{
	if (why == RESULT_OWNER_NOT_PREMIUM && !has(body, "owner"))
		return RESULT_PREMIUM_REQUIRED;
	if (why == RESULT_SPOTIFY_REFUSED && has(body, "forbidden"))
		return RESULT_NOT_FOR_THIS_APP;
	return why;
}

enum result
refusal_of(int status, struct str body)
{
	struct str words = body;

	if (words.n > WORDS_MAX)
		words.n = WORDS_MAX;
	switch (status) {
	case 400: return RESULT_REFUSED_REQUEST;
	case 403: return read_403(refusal_read(body), words);
	case 404:
		return has(words, "NO_ACTIVE_DEVICE") ?
		    RESULT_NO_ACTIVE_DEVICE :
		    RESULT_REFUSED_ABSENT;
	case 405: return RESULT_NOT_FOR_THIS_APP;
	case 409: return RESULT_REFUSED_CONFLICT;
	default: return RESULT_UPSTREAM_FAILED;
	}
}

bool
refusal_is(enum result result)
{
	return result == RESULT_NOT_ON_ALLOWLIST ||
	    result == RESULT_OWNER_NOT_PREMIUM ||
	    result == RESULT_SCOPE_MISSING || result == RESULT_SPOTIFY_REFUSED;
}
