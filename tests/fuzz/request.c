/* SPDX-License-Identifier: ISC */
/* The parameters of a request: the input is NAME=value strings, with a NUL
 * between them. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "web/cookie.h"
#include "web/request.h"

#define PARAMS_MAX 64
#define CLEAN 6

static const struct conf conf = { .session_cookie = "spotify-session",
	.pending_prefix = "spotify-login-" };

static void
check_slices(const struct request *request, struct str all)
{
	/* First those that have no control bytes. */
	const struct str *const slices[] = { &request->method_name,
		&request->query, &request->content_length_text,
		&request->script_name, &request->path_info, &request->host,
		&request->origin, &request->if_none_match,
		&request->requested_with, &request->fetch_site,
		&request->fetch_mode, &request->fetch_dest, &request->purpose,
		&request->accept, &request->preflight_method,
		&request->request_id, &request->unique_id };
	size_t i, k;

	for (i = 0; i < sizeof(slices) / sizeof(slices[0]); i++) {
		MUST(fuzz_within(*slices[i], all));
		for (k = 0; i < CLEAN && k < slices[i]->n; k++)
			MUST((unsigned char)slices[i]->p[k] >= 0x20 &&
			    slices[i]->p[k] != 0x7f);
	}
	MUST(fuzz_within(request_id(request), all));
}

/* Ours only, and not more of them than were sent. */
static void
check_cookies(const struct request *request)
{
	struct str name, value, rest = buf_str(&request->cookies);
	unsigned sessions = 0;

	MUST(request->cookies.n <= REQUEST_COOKIES_MAX);
	while (cookie_next(&rest, &name, &value)) {
		if (str_equal(name, STR("spotify-session")))
			sessions++;
		else
			MUST(str_starts(name, STR("spotify-login-")) &&
			    str_graphic(name));
	}
	MUST(sessions == request->sessions && sessions <= 2);
}

/* The number is the text's, but for zeros in front. */
static void
check_length(const struct request *request)
{
	struct str text = request->content_length_text;
	char number[24];

	while (text.n > 1 && text.p[0] == '0')
		text = (struct str){ text.p + 1, text.n - 1 };
	snprintf(number, sizeof(number), "%llu",
	    (unsigned long long)request->content_length);
	MUST(request->content_length <= INT64_MAX);
	MUST(text.n == 0 ? request->content_length == 0 :
			   str_equal(text, str_of(number)));
}

void
fuzz_request(struct str input)
{
	struct request request = { .content_length = 0 };
	char *text = malloc(input.n + 1), *envp[PARAMS_MAX + 1] = { text };
	enum result result;
	size_t n = 1, i;

	MUST(text != NULL);
	if (input.n > 0)
		memcpy(text, input.p, input.n);
	text[input.n] = '\0';
	for (i = 0; i < input.n && n < PARAMS_MAX; i++)
		if (text[i] == '\0')
			envp[n++] = text + i + 1;
	result = request_read(envp, &conf, &request);
	MUST(result == OK || result == RESULT_BAD_REQUEST);
	if (result == OK) {
		check_slices(&request, (struct str){ text, input.n });
		check_length(&request);
		check_cookies(&request);
		if (request_is_for(&request, STR("login")) &&
		    request.script_name.n > 0)
			MUST(str_ends(request.script_name, STR("/login")));
		request_free(&request);
		/* What is there once more is refused. */
		request = (struct request){ .content_length = 0 };
		envp[n < PARAMS_MAX ? n : 0] = envp[0];
		if (n < PARAMS_MAX && strncmp(text, "HTTP_HOST=", 10) == 0)
			MUST(request_read(envp, &conf, &request) ==
			    RESULT_BAD_REQUEST);
	}
	request_free(&request);
	free(text);
}
