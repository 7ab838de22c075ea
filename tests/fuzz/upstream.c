/* SPDX-License-Identifier: ISC */
/* Hides that there is no Spotify: it stands in for http.c, and its answers
 * are the input of the target. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "spotify/http.h"

enum result __wrap_http_start(struct http *http,
    const struct http_request *request);
enum result __wrap_http_finish(struct http *http, struct http_answer *answer);
enum result __wrap_http_call(struct http *http,
    const struct http_request *request, struct http_answer *answer);

enum result
__wrap_http_start(struct http *http, const struct http_request *request)
{
	struct fuzz_upstream *upstream = (struct fuzz_upstream *)(void *)http;

	/* What goes out is lines, whatever came in before. */
	MUST(str_graphic(str_of(request->url)));
	MUST(request->authorization == NULL ||
	    fuzz_printable(str_of(request->authorization)));
	upstream->body_max = request->body_max;
	return OK;
}

/* The body in a block of its size and the NUL. */
static void
set_body(struct buf *body, struct str text)
{
	if (text.n == 0)
		return;
	body->p = malloc(text.n + 1);
	MUST(body->p != NULL);
	memcpy(body->p, text.p, text.n);
	body->p[text.n] = '\0';
	body->n = text.n;
	body->size = text.n + 1;
}

enum result
__wrap_http_finish(struct http *http, struct http_answer *answer)
{
	struct fuzz_upstream *upstream = (struct fuzz_upstream *)(void *)http;
	struct str body = upstream->input, line = str_cut(&body, '\n');
	uint64_t status = 0, after_s = 0;

	*answer = (struct http_answer){ .body = BUF(upstream->body_max) };
	(void)str_number(str_cut(&line, ' '), 999, &status);
	answer->status = (int)status;
	answer->json = str_equal(str_cut(&line, ' '), STR("json"));
	answer->retry_after_s =
	    str_number(line, 86400, &after_s) ? (int64_t)after_s : -1;
	if (body.n > upstream->body_max)
		return RESULT_UPSTREAM_FAILED;
	set_body(&answer->body, body);
	return OK;
}

enum result
__wrap_http_call(struct http *http, const struct http_request *request,
    struct http_answer *answer)
{
	enum result result = __wrap_http_start(http, request);

	return result == OK ? __wrap_http_finish(http, answer) : result;
}
