/* SPDX-License-Identifier: ISC */
/*
 * Hides by what the cookies of two sites below one host differ. Browsers send
 * both sites the cookies of both: the prefix __Host- wants Path=/, and in
 * return no other host can set such a cookie (draft-ietf-httpbis-rfc6265bis,
 * section 4.1.3.2). So it is the name:
 *
 *	name = [ "__Host-" ] "spotify" [ "." tag ] end
 *	end  = "-session" / "-login-" id
 *
 * tag is 8 characters of a hash of the directory, and absent at the root. No
 * name of one site begins as those of another do.
 */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/seal.h"
#include "conf/cookienames.h"

#define TAG_BYTES 6 /* 8 characters */

static enum result
write_name(struct str directory, bool secure, const char *end,
    char name[static COOKIENAMES_MAX])
{
	struct buf text = BUF(COOKIENAMES_MAX - 1);
	unsigned char digest[16];
	enum result result;

	buf_puts(&text, secure ? "__Host-spotify" : "spotify");
	if (directory.n > 1) {
		seal_digest(directory, digest, sizeof(digest));
		buf_putc(&text, '.');
		codec_base64url(&text, digest, TAG_BYTES);
	}
	buf_puts(&text, end);
	result = buf_result(&text);
	if (result == OK)
		memcpy(name, text.p, text.n + 1);
	buf_free(&text);
	return result;
}

enum result
cookienames_write(struct str directory, bool secure,
    char session[static COOKIENAMES_MAX], char login[static COOKIENAMES_MAX])
{
	enum result result = write_name(directory, secure, "-session", session);

	if (result == OK)
		result = write_name(directory, secure, "-login-", login);
	return result;
}
