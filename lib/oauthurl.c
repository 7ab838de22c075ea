/* SPDX-License-Identifier: ISC */
/*
 * Part of oauth: what login needs of it, apart from the rest so that login is
 * linked without libcurl.
 */
#include "config.h"

#include <string.h>

#include "codec.h"
#include "oauth.h"

enum result
oauth_authorize_url(const struct conf *conf, struct str state,
    struct str challenge, bool dialog, struct buf *url)
{
	buf_puts(url, conf->authorize_url);
	buf_putc(url, strchr(conf->authorize_url, '?') == NULL ? '?' : '&');
	codec_arg(url, "response_type", STR("code"));
	codec_arg(url, "&client_id", str_of(conf->client_id));
	codec_arg(url, "&scope", str_of(conf->scope));
	codec_arg(url, "&redirect_uri", str_of(conf->redirect_uri));
	codec_arg(url, "&state", state);
	codec_arg(url, "&code_challenge_method", STR("S256"));
	codec_arg(url, "&code_challenge", challenge);
	if (dialog)
		codec_arg(url, "&show_dialog", STR("true"));
	return buf_result(url);
}
