/* SPDX-License-Identifier: ISC */
/*
 * What a list of artists costs with nothing but the network: libcurl, one
 * connection that is open already, one page after the other.
 *
 *	netloop CA_FILE API FOLLOWS COUNT
 *
 * fetches the list of who follows so many artists COUNT times; with FOLLOWS 0
 * it GETs API/me instead. Prints what samples.h says of the times.
 */
#include "config.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "samples.h"

#define PAGE_MAX (1u << 20)
#define URL_MAX 4096
#define TAIL 512 /* of a page: what comes behind the artists */

static size_t
take_body(char *p, size_t size, size_t n, void *data)
{
	buf_add(data, p, size * n);
	return size * n;
}

static bool
get(CURL *easy, const char *url, struct buf *body)
{
	long status = 0;

	body->n = 0;
	return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_perform(easy) == CURLE_OK &&
	    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) ==
	    CURLE_OK &&
	    status == 200 && buf_result(body) == OK;
}

/* Find the cursor by its name alone. Empty at the last page. */
static struct str
cursor(const struct buf *body)
{
	static const char name[] = "\"after\": \"";
	size_t from = body->n < TAIL ? 0 : body->n - TAIL;
	struct str rest = { NULL, 0 };
	const char *found =
	    memmem(body->p + from, body->n - from, name, sizeof(name) - 1);

	if (found != NULL) {
		rest.p = found + sizeof(name) - 1;
		rest.n = (size_t)(body->p + body->n - rest.p);
	}
	return str_cut(&rest, '"');
}

static bool
get_list(CURL *easy, const char *api, struct buf *body)
{
	struct buf url = BUF(URL_MAX);
	struct str after = { NULL, 0 };
	bool good;

	do {
		url.n = 0;
		buf_printf(&url, "%s/me/following?type=artist&limit=50%s", api,
		    after.n > 0 ? "&after=" : "");
		buf_add_str(&url, after);
		good = buf_result(&url) == OK && get(easy, url.p, body);
		after = cursor(body);
	} while (good && after.n > 0);
	buf_free(&url);
	return good;
}

static CURL *
open_easy(const char *ca_file, const char *token, struct curl_slist **headers,
    struct buf *body)
{
	struct buf line = BUF(URL_MAX);
	CURL *easy = curl_easy_init();

	buf_printf(&line, "Authorization: Bearer %s", token);
	*headers = curl_slist_append(NULL, line.p);
	buf_free(&line);
	if (easy == NULL || *headers == NULL ||
	    curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) !=
		CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_WRITEDATA, body) != CURLE_OK)
		return NULL;
	return easy;
}

static bool
measure(CURL *easy, const char *api, bool list, unsigned long count,
    struct buf *body)
{
	struct samples samples = { .n = 0 };
	struct buf me = BUF(URL_MAX);
	int64_t begin_ns;
	bool good;

	buf_printf(&me, "%s/me", api);
	/* The first one opens the connection. */
	good = buf_result(&me) == OK && get(easy, me.p, body);
	for (; good && count > 0; count--) {
		begin_ns = samples_now_ns();
		good = list ? get_list(easy, api, body) : get(easy, me.p, body);
		samples_add(&samples, samples_now_ns() - begin_ns);
	}
	if (good)
		samples_print(&samples, stdout);
	samples_free(&samples);
	buf_free(&me);
	return good;
}

int
main(int argc, char **argv)
{
	struct buf body = BUF(PAGE_MAX), token = BUF(URL_MAX);
	struct curl_slist *headers = NULL;
	CURL *easy = NULL;
	bool good = false;

	if (argc == 5) {
		buf_printf(&token, "BQ%s.", argv[3]);
		easy = open_easy(argv[1], token.p, &headers, &body);
	}
	if (easy != NULL)
		good = measure(easy, argv[2], strcmp(argv[3], "0") != 0,
		    strtoul(argv[4], NULL, 10), &body);
	curl_easy_cleanup(easy);
	curl_slist_free_all(headers);
	buf_free(&token);
	buf_free(&body);
	return good ? 0 : 1;
}
