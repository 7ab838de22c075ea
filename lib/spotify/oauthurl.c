/* SPDX-License-Identifier: ISC */
/*
 * Part of oauth: what login needs of it, apart from the rest so that login is
 * linked without libcurl.
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "spotify/oauth.h"

#define URL_ROOM 768 /* for most */

enum result
oauth_authorize_url(const struct conf *conf, struct str state,
    struct str challenge, bool dialog, struct buf *url)
{
	/* Once, instead of growing and wiping; a failure sticks. */
	(void)buf_room(url, URL_ROOM);
	buf_puts(url, conf->authorize_url);
	buf_putc(url, strchr(conf->authorize_url, '?') == NULL ? '?' : '&');
	buf_puts(url, "response_type=code");
	codec_arg(url, "&client_id", str_of(conf->client_id));
	codec_arg(url, "&scope", str_of(conf->scope));
	codec_arg(url, "&redirect_uri", str_of(conf->redirect_uri));
	/* Base64url stands for itself. */
	buf_puts(url, "&state=");
	buf_add_str(url, state);
	buf_puts(url, "&code_challenge_method=S256&code_challenge=");
	buf_add_str(url, challenge);
	if (dialog)
		buf_puts(url, "&show_dialog=true");
	return buf_result(url);
}
