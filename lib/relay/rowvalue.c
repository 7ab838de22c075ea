/* SPDX-License-Identifier: ISC */
/*
 * Hides what a value of each kind may look like. Whatever is printed has only
 * bytes that the kind names: nothing of a value has a meaning that somebody
 * else could see in it.
 */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "json/valid.h"
#include "relay/rowvalue.h"

/* Whether a text has letters and digits, and others that are named, alone. */
static bool
is_base62_or(struct str s, const char *others)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') ||
			(s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			memchr(others, s.p[i], strlen(others)) != NULL))
			return false;
	return true;
}

bool
rowvalue_is_id(struct str s)
{
	return s.n == ROWS_ID_BYTES && is_base62_or(s, "");
}

static bool
print_number(const struct row_param *param, struct str value, struct buf *out)
{
	uint64_t number;

	if (!str_number(value, (uint64_t)param->max, &number) ||
	    (int64_t)number < param->min)
		return false;
	buf_printf(out, "%llu", (unsigned long long)number);
	return true;
}

/* The word of a list, by blanks, that is equal to a text, and which of them
 * it is, from 0 on; p NULL: none is. */
static struct str
find_word(const char *words, struct str text, unsigned *at)
{
	struct str rest = str_of(words), word;

	for (*at = 0; rest.p != NULL; ++*at) {
		word = str_cut(&rest, ' ');
		if (str_equal(word, text))
			return word;
	}
	return (struct str){ NULL, 0 };
}

static bool
print_words(const struct row_param *param, struct str value, struct buf *out)
{
	struct str word;
	uint64_t seen = 0, bit;
	unsigned at;

	while (value.p != NULL) {
		word = find_word(param->words, str_cut(&value, ','), &at);
		if (word.p == NULL)
			return false;
		assert(at < ROWS_WORDS_MAX);
		bit = (uint64_t)1 << at;
		if ((seen & bit) || (seen > 0 && param->kind == ROW_WORD))
			return false;
		seen |= bit;
		if (out->n > 0)
			buf_putc(out, ',');
		buf_add_str(out, word);
	}
	return true;
}

static bool
print_market(struct str value, struct buf *out)
{
	size_t i;

	if (value.n != 2)
		return false;
	for (i = 0; i < 2; i++)
		if (value.p[i] < 'A' || value.p[i] > 'Z')
			return false;
	buf_add_str(out, value);
	return true;
}

static bool
print_text(const struct row_param *param, struct str value, struct buf *out)
{
	size_t i, most = param->max > 0 ? (size_t)param->max : ROWS_TEXT_MAX;

	if (value.n < (size_t)param->min || value.n > most ||
	    !valid_utf8(value))
		return false;
	for (i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			return false;
	buf_add_str(out, value);
	return true;
}

/* What a URI may name, and the word of the row's scope that it asks for. Users
 * are left out: their ids have no alphabet. */
static const struct uri_kind {
	const char *prefix;
	unsigned scope;
} uri_kinds[] = {
	{ "spotify:track:", 1 },
	{ "spotify:album:", 1 },
	{ "spotify:episode:", 1 },
	{ "spotify:show:", 1 },
	{ "spotify:audiobook:", 1 },
	{ "spotify:artist:", ROWVALUE_ARTIST },
	{ "spotify:playlist:", ROWVALUE_PLAYLIST },
};

static bool
print_uri(struct str uri, struct buf *out, unsigned *scopes)
{
	struct str prefix;
	size_t i;

	for (i = 0; i < sizeof(uri_kinds) / sizeof(uri_kinds[0]); i++) {
		prefix = str_of(uri_kinds[i].prefix);
		if (!str_starts(uri, prefix))
			continue;
		uri.p += prefix.n;
		uri.n -= prefix.n;
		if (!rowvalue_is_id(uri))
			return false;
		buf_add_str(out, prefix);
		buf_add_str(out, uri);
		*scopes |= uri_kinds[i].scope;
		return true;
	}
	return false;
}

static bool
print_uris(enum row_kind kind, struct str value, struct buf *out,
    unsigned *scopes)
{
	unsigned n;

	for (n = 0; value.p != NULL; n++) {
		if (out->n > 0)
			buf_putc(out, ',');
		if (n == ROWS_URIS_MAX ||
		    !print_uri(str_cut(&value, ','), out, scopes))
			return false;
	}
	return kind == ROW_URIS || n == 1 || !(*scopes & ROWVALUE_FOLLOWED);
}

/* One of a kind that the parameter names. */
static bool
print_one_uri(const struct row_param *param, struct str uri, struct buf *out,
    unsigned *scopes)
{
	struct str rest = uri, kind;
	unsigned at;

	str_cut(&rest, ':');
	kind = str_cut(&rest, ':');
	return find_word(param->words, kind, &at).p != NULL &&
	    print_uri(uri, out, scopes);
}

static bool
print_snapshot(struct str value, struct buf *out)
{
	if (value.n == 0 || value.n > ROWS_TEXT_MAX ||
	    !is_base62_or(value, "+/-_=,"))
		return false;
	buf_add_str(out, value);
	return true;
}

/* Most are hexadecimal; that of an Echo is a UUID with "_amzn_1" behind it. */
static bool
print_device(struct str value, struct buf *out)
{
	if (value.n == 0 || value.n > ROWS_DEVICE_MAX ||
	    !is_base62_or(value, "-_"))
		return false;
	buf_add_str(out, value);
	return true;
}

bool
rowvalue_print(const struct row_param *param, struct str value, struct buf *out,
    unsigned *scopes)
{
	switch (param->kind) {
	case ROW_NUMBER: return print_number(param, value, out);
	case ROW_WORD:
	case ROW_WORDS: return print_words(param, value, out);
	case ROW_MARKET: return print_market(value, out);
	case ROW_TEXT: return print_text(param, value, out);
	case ROW_URIS:
	case ROW_CHANGED_URIS:
		return print_uris(param->kind, value, out, scopes);
	case ROW_URI: return print_one_uri(param, value, out, scopes);
	case ROW_DEVICE: return print_device(value, out);
	case ROW_SNAPSHOT: return print_snapshot(value, out);
	case ROW_BOOL:
	case ROW_LIST:
	case ROW_OBJECT: break;
	}
	return false;
}
