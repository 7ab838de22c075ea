/* SPDX-License-Identifier: ISC */
/*
 * Hides libcurl. This is the one place, with libcurl.c, that sets libcurl up,
 * and everything that it can be talked into is off: redirects, other protocols,
 * cookies, netrc, proxies of the environment, decompression.
 *
 * Each thread keeps one multi handle, which holds the connections and lets a
 * request travel while its thread works. The easy handle lives as long as one
 * request: libcurl 8.14 keeps the buffer in which the request was put together,
 * secrets and all, until the handle is cleaned up.
 */
#include "config.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "spotify/http.h"
#include "base/log.h"
#include "spotify/libcurl.h"
#include "spotify/lookup.h"
#include "spotify/trouble.h"
#include "spotify/retryafter.h"
#include "spotify/ca.h"

#define HEADERS_MAX 65536
struct http {
	const struct conf *conf;
	CURLM *multi;
	CURL *easy; /* of the request under way, or NULL */
	struct curl_slist *headers;
	bool running;
	/* The request under way. */
	const char *what;
	bool once; /* not to be sent twice */
	bool sent; /* or just about to be */
	bool tls;  /* has begun */
	enum result (*again)(void *own);
	void *own;
	enum result denied; /* by again(); OK: it was not */
	struct lookup lookup;
	int64_t deadline_ms;
	size_t received_n;
	char said[CURL_ERROR_SIZE]; /* what libcurl says to an error */
	struct http_answer answer;
};

static size_t
take_body(char *p, size_t size, size_t n, void *data)
{
	struct http *http = data;

	buf_add(&http->answer.body, p, size * n);
	return buf_result(&http->answer.body) == OK ? size * n : 0;
}

/*
 * Just before a request goes out. For one whose kept connection turns out to
 * be dead libcurl opens another and comes here again; but what changes
 * something may have been read, and what was not read cannot be told from that.
 * What may go out again is another call for the quota, which is asked here.
 */
static int
permit(void *data, char *to, char *from, int to_port, int from_port)
{
	struct http *http = data;
	bool again = http->sent;

	(void)to;
	(void)from;
	(void)to_port;
	(void)from_port;
	http->sent = true;
	if (again && http->once)
		return CURL_PREREQFUNC_ABORT;
	if (again && http->again != NULL)
		http->denied = http->again(http->own);
	return http->denied == OK ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

static CURLcode
begin_tls(CURL *easy, void *ssl_ctx, void *data)
{
	((struct http *)data)->tls = true;
	return ca_use(easy, ssl_ctx, data);
}

static size_t
take_header(char *p, size_t size, size_t n, void *data)
{
	struct http *http = data;
	struct str value = { p, size * n }, name;

	http->received_n += value.n;
	if (http->received_n > HEADERS_MAX)
		return 0;
	while (value.n > 0 &&
	    (value.p[value.n - 1] == '\r' || value.p[value.n - 1] == '\n'))
		value.n--;
	/* An informational answer (103) says nothing about the real one. */
	if (str_starts(value, STR("HTTP/"))) {
		http->answer.retry_after_s = -1;
		http->answer.json = false;
	}
	name = str_cut(&value, ':');
	value = str_trim(value);
	if (str_equal_nocase(name, STR("retry-after"))) {
		http->answer.retry_after_s = retry_after_read(value);
	} else if (str_equal_nocase(name, STR("content-type"))) {
		value = str_trim(str_cut(&value, ';'));
		http->answer.json =
		    str_equal_nocase(value, STR("application/json"));
	}
	return size * n;
}

/* What is a pointer and the same for every request; see libcurl_set_up(). */
static bool
set_pointers(struct http *http)
{
	CURL *e = http->easy;
	const char *proxy = http->conf->proxy == NULL ? "" : http->conf->proxy;
	CURLcode bad = CURLE_OK;

	bad |= curl_easy_setopt(e, CURLOPT_SHARE, libcurl_share());
	bad |= curl_easy_setopt(e, CURLOPT_ERRORBUFFER, http->said);
	bad |= curl_easy_setopt(e, CURLOPT_PROXY, proxy);
	bad |= curl_easy_setopt(e, CURLOPT_NOPROXY, "");
	bad |= curl_easy_setopt(e, CURLOPT_CAINFO, NULL);
	bad |= curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, begin_tls);
	bad |= curl_easy_setopt(e, CURLOPT_SSL_CTX_DATA, http);
	bad |= curl_easy_setopt(e, CURLOPT_USERAGENT,
	    PACKAGE_NAME "/" PACKAGE_VERSION);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body);
	bad |= curl_easy_setopt(e, CURLOPT_WRITEDATA, http);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, take_header);
	bad |= curl_easy_setopt(e, CURLOPT_HEADERDATA, http);
	bad |= lookup_begin(&http->lookup, e, http->conf->proxy);
	bad |= curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, permit);
	bad |= curl_easy_setopt(e, CURLOPT_PREREQDATA, http);
	return bad == CURLE_OK;
}

/* Make the handle of one request, with what is the same for all of them. */
static bool
set_up(struct http *http)
{

	return (http->easy = curl_easy_init()) != NULL &&
	    libcurl_set_up(http->easy) && set_pointers(http);
}

struct http *
http_new(const struct conf *conf)
{
	struct http *http = calloc(1, sizeof(*http));

	if (http == NULL)
		return NULL;
	http->conf = conf;
	http->multi = curl_multi_init();
	if (http->multi != NULL &&
	    curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, 4L) ==
		CURLM_OK &&
	    set_up(http)) {
		/* It was to see that this libcurl has all that we need. */
		http_cancel(http);
		return http;
	}
	log_event(LOG_LEVEL_ERROR, "http_unusable", "libcurl=\"%s\"",
	    curl_version());
	http_free(http);
	return NULL;
}

void
http_free(struct http *http)
{
	if (http == NULL)
		return;
	http_cancel(http);
	curl_multi_cleanup(http->multi);
	free(http);
}

/* Append one header line; an empty value takes libcurl's own header away. */
static bool
add_header(struct http *http, const char *name, const char *value)
{
	struct buf line = BUF(16384);
	struct curl_slist *more = NULL;

	buf_printf(&line, "%s:%s%s", name, value[0] == '\0' ? "" : " ", value);
	if (buf_result(&line) == OK)
		more = curl_slist_append(http->headers, line.p);
	if (more != NULL)
		http->headers = more;
	buf_free(&line);
	return more != NULL;
}

/* What is sent as the body is. */
static const char *
type_of(const struct http_request *request)
{
	if (request->method == NULL)
		return "application/x-www-form-urlencoded";
	return request->json.n > 0 ? "application/json" : "";
}

/* Fields make it a POST; so small a body goes out with the head. */
static CURLcode
set_body(CURL *e, const struct http_request *request)
{
	struct str body =
	    request->method == NULL ? request->form : request->json;
	CURLcode bad = CURLE_OK;

	if (request->method != NULL && body.n == 0)
		body = STR("");
	bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
	    (curl_off_t)body.n);
	bad |= curl_easy_setopt(e, CURLOPT_POSTFIELDS, body.p);
	if (request->method != NULL)
		bad |=
		    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, request->method);
	else if (body.p == NULL)
		bad |= curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
	return bad;
}

static bool
set_request(struct http *http, const struct http_request *request)
{
	CURL *e = http->easy;
	CURLcode bad = CURLE_OK;
	long left_ms;

	if (!add_header(http, "Accept", "application/json") ||
	    !add_header(http, "Expect", "") ||
	    (http->once &&
		!add_header(http, "Content-Type", type_of(request))) ||
	    (request->authorization != NULL &&
		!add_header(http, "Authorization", request->authorization)))
		return false;
	left_ms = (long)clock_left_ms(http->deadline_ms, INT32_MAX);
	bad |= curl_easy_setopt(e, CURLOPT_URL, request->url);
	bad |= curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR,
	    strncmp(request->url, "https:", 6) == 0 ? "https" : "http");
	bad |= curl_easy_setopt(e, CURLOPT_HTTPHEADER, http->headers);
	bad |= curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, left_ms);
	bad |= curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)HTTP_CONNECT_MS);
	bad |= set_body(e, request);
	return bad == CURLE_OK;
}

enum result
http_start(struct http *http, const struct http_request *request)
{
	int running;

	assert(http->easy == NULL);
	http->what = request->what;
	http->once = request->form.p != NULL || request->method != NULL;
	http->sent = http->tls = false;
	http->again = request->again;
	http->own = request->own;
	http->denied = OK;
	http->received_n = 0;
	http->said[0] = '\0';
	http->deadline_ms = clock_until_ms(request->deadline_ms,
	    request->limit_ms > 0 ? request->limit_ms : HTTP_CALL_MS);
	buf_free(&http->answer.body);
	http->answer = (struct http_answer){ .retry_after_s = -1,
		.body = BUF(request->body_max) };
	if (ca_load(http->conf->ca_file) != OK)
		return RESULT_MISCONFIGURED;
	if (clock_left_ms(http->deadline_ms, 1) == 0)
		return RESULT_UPSTREAM_TIMEOUT;
	if (!set_up(http) || !set_request(http, request) ||
	    curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
		http_cancel(http);
		return RESULT_NO_MEMORY;
	}
	http->running = true;
	/* Gets a kept connection to send the request now. */
	curl_multi_perform(http->multi, &running);
	return OK;
}

static enum result
translate(const struct http *http, CURLcode code)
{
	const struct trouble trouble = { .what = http->what,
		.easy = http->easy,
		.code = code,
		.sent = http->sent,
		.tls = http->tls,
		.proxied = http->conf->proxy != NULL,
		.said = http->said };

	if (code == CURLE_OK)
		return OK;
	if (http->denied != OK)
		return http->denied;
	if (buf_result(&http->answer.body) == RESULT_NO_MEMORY ||
	    code == CURLE_OUT_OF_MEMORY)
		return RESULT_NO_MEMORY;
	trouble_log(&trouble);
	if (trouble_is_tls(&trouble))
		ca_distrusted();
	return code == CURLE_OPERATION_TIMEDOUT ? RESULT_UPSTREAM_TIMEOUT :
						  RESULT_UPSTREAM_FAILED;
}

/* Drive the transfer to its end. */
static CURLcode
run(struct http *http)
{
	int running = 1, queued, left_ms;
	CURLMsg *message;

	while (curl_multi_perform(http->multi, &running) == CURLM_OK &&
	    running > 0) {
		/* libcurl has the same limit; this is for its bad days. */
		left_ms = (int)clock_left_ms(http->deadline_ms + 250, 1000);
		if (left_ms == 0)
			return CURLE_OPERATION_TIMEDOUT;
		if (curl_multi_poll(http->multi, NULL, 0, left_ms, NULL) !=
		    CURLM_OK)
			break;
	}
	while ((message = curl_multi_info_read(http->multi, &queued)) != NULL)
		if (message->msg == CURLMSG_DONE)
			return message->data.result;
	return CURLE_FAILED_INIT;
}

/* The same, again if another thread looks up the name. */
static CURLcode
drive(struct http *http)
{
	CURLcode code = run(http);

	while (http->lookup.behind) {
		http->said[0] = '\0';
		code = lookup_again(&http->lookup, http->multi,
			   http->deadline_ms) ?
		    run(http) :
		    CURLE_OPERATION_TIMEDOUT;
	}
	return code;
}

enum result
http_finish(struct http *http, struct http_answer *answer)
{
	enum result result = translate(http, drive(http));
	long status = 0;

	curl_easy_getinfo(http->easy, CURLINFO_RESPONSE_CODE, &status);
	/* libcurl takes "HTTP/2-2200" for an answer. */
	if (result == OK && (status < 100 || status > 999))
		result = RESULT_UPSTREAM_FAILED;
	http->answer.status = (int)status;
	http->answer.sent = http->sent;
	http_cancel(http);
	*answer = http->answer;
	http->answer.body = BUF(0);
	return result;
}

enum result
http_call(struct http *http, const struct http_request *request,
    struct http_answer *answer)
{
	enum result result = http_start(http, request);

	*answer = (struct http_answer){ .retry_after_s = -1 };
	return result == OK ? http_finish(http, answer) : result;
}

void
http_cancel(struct http *http)
{
	if (http->running)
		curl_multi_remove_handle(http->multi, http->easy);
	http->running = false;
	lookup_end(&http->lookup);
	curl_easy_cleanup(http->easy);
	http->easy = NULL;
	curl_slist_free_all(http->headers);
	http->headers = NULL;
}
