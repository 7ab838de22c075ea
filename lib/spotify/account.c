/* SPDX-License-Identifier: ISC */
/*
 * Hides what an account has, in one table, and how it is shown: to a page as
 * JSON, to an application behind the web server as one word.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "spotify/account.h"
#include "base/codec.h"
#include "json/writer.h"

static const struct field {
	const char *name; /* in JSON, ours as well as Spotify's */
	size_t at;	  /* in struct account */
	bool may_lack;	  /* a page is told of it only where it is there */
} fields[] = {
	{ "id", offsetof(struct account, id), false },
	{ "account_id", offsetof(struct account, account_id), false },
	{ "display_name", offsetof(struct account, display_name), false },
	{ "image", offsetof(struct account, image), false },
	{ "email", offsetof(struct account, email), true },
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

static char **
text_at(struct account *account, size_t i)
{
	return (char **)(void *)((char *)account + fields[i].at);
}

static struct str
text_of(const struct account *account, size_t i)
{
	return str_of(*(
	    char *const *)(const void *)((const char *)account + fields[i].at));
}

enum result
account_copy(struct account *account, account_source *source, const void *from)
{
	struct account copy = { 0 };
	bool no_memory = false;
	struct str text;
	size_t i;

	for (i = 0; i < FIELDS && !no_memory; i++) {
		text = source(from, fields[i].name);
		if (text.n > 0)
			no_memory = (*text_at(&copy, i) =
					    strndup(text.p, text.n)) == NULL;
	}
	if (no_memory) {
		account_free(&copy);
		return RESULT_NO_MEMORY;
	}
	account_free(account);
	*account = copy;
	return OK;
}

void
account_write(const struct account *account, struct buf *out)
{
	struct str text;
	size_t i;

	writer_object(out, NULL);
	for (i = 0; i < FIELDS; i++) {
		text = text_of(account, i);
		if (text.p != NULL)
			writer_text(out, fields[i].name, text);
		else if (!fields[i].may_lack)
			writer_null(out, fields[i].name);
	}
	writer_object_end(out);
}

void
account_write_members(const struct account *account, struct buf *out)
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		if (text_of(account, i).n > 0)
			writer_text(out, fields[i].name, text_of(account, i));
}

void
account_write_key(const struct account *account, struct buf *out)
{
	if (account->account_id != NULL) {
		codec_percent(out, str_of(account->account_id));
	} else if (account->id != NULL) {
		/* The mark keeps a name from being taken for an account_id;
		 * old names are not ASCII, hence the encoding. */
		buf_puts(out, "user:");
		codec_percent(out, str_of(account->id));
	}
}

bool
account_is_known(const struct account *account)
{
	return account->id != NULL || account->account_id != NULL;
}

void
account_free(struct account *account)
{
	size_t i;

	for (i = 0; i < FIELDS; i++)
		free(*text_at(account, i));
	*account = (struct account){ 0 };
}
