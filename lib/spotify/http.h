/* SPDX-License-Identifier: ISC */
/* One outgoing request, bounded in time and size. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "conf/conf.h"

#define HTTP_CALL_MS 10000 /* the longest that a call may take, if not said */
/* To be connected: resolvers ask a second name server after 5 s. */
#define HTTP_CONNECT_MS 8000

/* What one thread needs to make requests: connections that stay open. */
struct http;

/* url and authorization are copied; method is static; form and json are
 * borrowed until http_finish() or http_cancel() has returned, or http_start()
 * failed. */
struct http_request {
	const char *what; /* a word for the log */
	const char *url;
	const char *method;	   /* of what changes something;
				    * NULL: GET, or POST with a form */
	const char *authorization; /* header value, or NULL */
	struct str form;	   /* a form body makes it a POST */
	struct str json;	   /* a body for a method; empty: none */
	size_t body_max;	   /* bytes of answer that are accepted */
	int64_t deadline_ms;	   /* on clock_mono_ms() */
	int64_t limit_ms;	   /* of this call; 0: HTTP_CALL_MS */
	/*
	 * Asked before a GET goes out once more, which it does when a kept
	 * connection has ended without an answer. Anything but OK: it does not,
	 * and that is what http_finish() returns. NULL: nobody is asked.
	 */
	enum result (*again)(void *own);
	void *own; /* borrowed like form */
};

struct http_answer {
	int status;
	bool sent;	       /* the request may have been read */
	bool json;	       /* Content-Type is application/json */
	int64_t retry_after_s; /* 0 to 86400; -1: absent or not readable */
	struct buf body;
};

/* For one thread; NULL when memory is out. conf outlives it. */
struct http *http_new(const struct conf *conf);
void http_free(struct http *http);

/*
 * Send a request and return while the answer travels; one at a time. What
 * follows a redirect, a cookie or a retry would do never happens: a form,
 * or what has a method, is sent once or not at all.
 * OK (then http_finish() must follow), RESULT_NO_MEMORY,
 * RESULT_MISCONFIGURED (no CA certificates), RESULT_UPSTREAM_TIMEOUT when the
 * deadline has passed already.
 */
enum result http_start(struct http *http, const struct http_request *request)
    __attribute__((warn_unused_result));

/*
 * Wait for the answer. The caller frees answer->body whatever comes.
 * OK for any complete HTTP answer, RESULT_NO_MEMORY, RESULT_UPSTREAM_TIMEOUT,
 * what again() has returned, or RESULT_UPSTREAM_FAILED: no connection, TLS not
 * trusted, cut short, more than body_max bytes. The log says which.
 */
enum result http_finish(struct http *http, struct http_answer *answer)
    __attribute__((warn_unused_result));

/* http_start() and http_finish(). */
enum result http_call(struct http *http, const struct http_request *request,
    struct http_answer *answer) __attribute__((warn_unused_result));

/* Give up the request under way, if any; its connection is closed. */
void http_cancel(struct http *http);

#endif
