/* SPDX-License-Identifier: ISC */
/* URLs: what is accepted means to libcurl's parser what it means to ours. */
#include "config.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "fuzz.h"
#include "base/url.h"

#define ORIGIN "https://e.org"

/* The part as libcurl sees it equals the text; NULL: there is none. */
static bool
part_is(CURLU *url, CURLUPart part, const char *text)
{
	char *got = NULL;
	CURLUcode code = curl_url_get(url, part, &got,
	    part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0);
	bool same = text == NULL ?
	    code != CURLUE_OK :
	    code == CURLUE_OK && strcasecmp(got, text) == 0;

	curl_free(got);
	return same;
}

/* Set a URL, or follow a reference from the one that is set. */
static bool
set_url(CURLU *url, struct str first, struct str second, unsigned flags)
{
	struct buf text = BUF(first.n + second.n);
	CURLUcode code;

	buf_add_str(&text, first);
	buf_add_str(&text, second);
	MUST(buf_result(&text) == OK && text.p != NULL);
	code = curl_url_set(url, CURLUPART_URL, text.p, flags);
	buf_free(&text);
	return code == CURLUE_OK;
}

static void
check_at_home(CURLU *url)
{
	MUST(part_is(url, CURLUPART_SCHEME, "https"));
	MUST(part_is(url, CURLUPART_HOST, "e.org"));
	MUST(part_is(url, CURLUPART_PORT, "443"));
	MUST(part_is(url, CURLUPART_USER, NULL));
}

void
fuzz_return_to(struct str input)
{
	CURLU *url = curl_url();

	MUST(url != NULL);
	if (url_is_local(input)) {
		MUST(input.n <= URL_RETURN_MAX && str_graphic(input));
		/* As we send it, with dot segments kept and resolved, */
		MUST(set_url(url, STR(ORIGIN), input, CURLU_PATH_AS_IS));
		check_at_home(url);
		MUST(set_url(url, STR(ORIGIN), input, 0));
		check_at_home(url);
		/* and as a reference, should anybody take it for one. */
		MUST(set_url(url, STR(ORIGIN "/a/b"), (struct str){ NULL, 0 },
		    0));
		MUST(set_url(url, input, (struct str){ NULL, 0 }, 0));
		check_at_home(url);
	}
	curl_url_cleanup(url);
}

static bool
is_number(const char *host)
{
	return host[strspn(host, "0123456789.")] == '\0';
}

static void
check_split(CURLU *other, const struct url *url)
{
	char *host = NULL;

	MUST(part_is(other, CURLUPART_SCHEME, url->https ? "https" : "http"));
	MUST(part_is(other, CURLUPART_USER, NULL));
	MUST(part_is(other, CURLUPART_FRAGMENT, NULL));
	MUST(curl_url_get(other, CURLUPART_HOST, &host, 0) == CURLUE_OK);
	/* libcurl writes numbers such as 127.1 in full. */
	MUST(str_equal_nocase(str_of(host), url->host) || is_number(host) ||
	    host[0] == '[');
	curl_free(host);
}

void
fuzz_url(struct str input)
{
	const struct str none = { NULL, 0 };
	CURLU *other = curl_url();
	struct url url;

	MUST(other != NULL);
	if (url_split(input, &url)) {
		MUST(fuzz_within(url.host, input));
		MUST(url.origin.p == input.p);
		MUST(url.origin.n + url.path.n == input.n);
		MUST(str_equal(url_host_only((struct str){ url.host.p,
				   (size_t)(url.origin.p + url.origin.n -
				       url.host.p) }),
		    url.host));
		if (set_url(other, input, none, 0))
			check_split(other, &url);
	}
	if (url_is_spotify(input, none)) {
		MUST(url.https);
		MUST(set_url(other, input, none, 0));
		MUST(part_is(other, CURLUPART_PORT, "443"));
		MUST(str_ends(url.host, STR(".scdn.co")) ||
		    str_ends(url.host, STR(".spotifycdn.com")) ||
		    str_equal(url.host, STR("open.spotify.com")));
	}
	curl_url_cleanup(other);
}
