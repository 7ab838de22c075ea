/* SPDX-License-Identifier: ISC */
/*
 * Hides how an account is shown: to a page as JSON, to an application behind
 * the web server as one word.
 */
#include "config.h"

#include <stdlib.h>

#include "spotify/account.h"
#include "base/codec.h"
#include "json/doc.h"

static void
write_text(struct buf *out, const char *member, const char *text)
{
	buf_printf(out, "\"%s\":", member);
	if (text == NULL)
		buf_puts(out, "null");
	else
		doc_write_text(out, str_of(text));
}

void
account_write(const struct account *account, struct buf *out)
{
	buf_putc(out, '{');
	write_text(out, "id", account->id);
	buf_putc(out, ',');
	write_text(out, "account_id", account->account_id);
	buf_putc(out, ',');
	write_text(out, "display_name", account->display_name);
	buf_putc(out, ',');
	write_text(out, "image", account->image);
	if (account->email != NULL) {
		buf_putc(out, ',');
		write_text(out, "email", account->email);
	}
	buf_putc(out, '}');
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
