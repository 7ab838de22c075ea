/* SPDX-License-Identifier: ISC */
/*
 * Hides how libcurl tells what went wrong: by its result where that is plain,
 * and for a time-out, which may be of any kind, by how far the request came.
 */
#include "config.h"

#include <stdio.h>

#include "base/log.h"
#include "spotify/trouble.h"

enum kind { NAME, CONNECT, PROXY, TLS, SLOW, BROKEN, KIND__MAX };

static const char *const words[] = {
	[NAME] = "name",
	[CONNECT] = "connect",
	[PROXY] = "proxy",
	[TLS] = "tls",
	[SLOW] = "slow",
	[BROKEN] = "broken",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == KIND__MAX,
    "every kind has its word");

/* What a proxy has answered to CONNECT; 0 if nobody did. */
static long
proxy_status(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status;
}

/* How far a request came that had no answer when its time was over. */
static enum kind
kind_by_progress(const struct trouble *trouble)
{
	curl_off_t found_us = 0;

	if (trouble->sent)
		return SLOW;
	if (trouble->tls)
		return TLS;
	curl_easy_getinfo(trouble->easy, CURLINFO_NAMELOOKUP_TIME_T, &found_us);
	if (found_us == 0)
		return NAME;
	return trouble->proxied ? PROXY : CONNECT;
}

static enum kind
kind_of(const struct trouble *trouble)
{
	long status = proxy_status(trouble->easy);

	switch (trouble->code) {
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY: return NAME;
	case CURLE_COULDNT_CONNECT: return trouble->proxied ? PROXY : CONNECT;
	case CURLE_PROXY: return PROXY;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_PEER_FAILED_VERIFICATION: return TLS;
	case CURLE_OPERATION_TIMEDOUT: return kind_by_progress(trouble);
	default: break;
	}
	if (status != 0 && status / 100 != 2)
		return PROXY;
	return BROKEN;
}

/* There is no user in it. */
struct str
trouble_host(CURL *easy)
{
	char *url = NULL;
	struct str rest, host;

	curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
	rest = str_of(url == NULL ? "" : url);
	(void)str_cut(&rest, '/');
	(void)str_cut(&rest, '/');
	host = str_cut(&rest, '/');
	return str_cut(&host, '?');
}

/* libcurl's own words where they are about the way there; they hold a name of
 * the peer's certificate, who must not end the value. Behind that they could
 * quote an answer, so the general ones must do. */
static void
write_cause(const struct trouble *trouble, enum kind kind, char *text,
    size_t size)
{
	const char *cause = curl_easy_strerror(trouble->code);

	if (trouble->code == CURLE_ABORTED_BY_CALLBACK)
		cause = "the connection had died, this is not sent again";
	else if (kind < SLOW && trouble->said[0] != '\0')
		cause = trouble->said;
	snprintf(text, size, "%s", cause);
	for (; *text != '\0'; text++)
		if (*text == '"' || *text == '\\')
			*text = '\'';
}

bool
trouble_is_tls(const struct trouble *trouble)
{
	return kind_of(trouble) == TLS;
}

void
trouble_log(const struct trouble *trouble)
{
	struct str host = trouble_host(trouble->easy);
	enum kind kind = kind_of(trouble);
	char cause[CURL_ERROR_SIZE], status[24] = "";

	if (kind == PROXY && proxy_status(trouble->easy) != 0)
		snprintf(status, sizeof(status), " status=%ld",
		    proxy_status(trouble->easy));
	write_cause(trouble, kind, cause, sizeof(cause));
	log_event(LOG_LEVEL_WARN, "upstream_error",
	    "call=%s kind=%s host=%.*s%s curl=%d cause=\"%s\"", trouble->what,
	    words[kind], (int)host.n, host.p, status, (int)trouble->code,
	    cause);
}
