/* SPDX-License-Identifier: ISC */
/*
 * Hides how an account is shown: to a page as JSON, to an application behind
 * the web server as one word.
 */
#include "config.h"

#include <stdlib.h>

#include "spotify/account.h"
#include "base/codec.h"
#include "json/writer.h"

static void
write_text(struct buf *out, const char *name, const char *text)
{
	if (text == NULL)
		writer_null(out, name);
	else
		writer_text(out, name, str_of(text));
}

void
account_write(const struct account *account, struct buf *out)
{
	writer_object(out, NULL);
	write_text(out, "id", account->id);
	write_text(out, "account_id", account->account_id);
	write_text(out, "display_name", account->display_name);
	write_text(out, "image", account->image);
	if (account->email != NULL)
		writer_text(out, "email", str_of(account->email));
	writer_object_end(out);
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

void
account_free(struct account *account)
{
	free(account->id);
	free(account->account_id);
	free(account->display_name);
	free(account->image);
	free(account->email);
	*account = (struct account){ 0 };
}
