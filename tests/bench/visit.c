/* SPDX-License-Identifier: ISC */
/*
 * Knows how a login goes: whatever the site, its Location leads to Spotify
 * with a state, a redirect_uri and for OpenID Connect a nonce.
 */
#include "config.h"

#include <stdio.h>

#include "client.h"
#include "base/codec.h"
#include "visit.h"

#define CALLBACK_MAX 8192

size_t
visit_steps(const struct visit_plan *plan)
{
	return plan->paths_n + (plan->login ? 1 : 0);
}

void
visit_begin(struct visit *visit)
{
	visit_free(visit);
	visit->step = 0;
	visit->callback = BUF(CALLBACK_MAX);
}

void
visit_request(const struct visit *visit, struct buf *out)
{
	const struct visit_plan *plan = visit->plan;
	size_t step = visit->step;
	const char *path;

	if (plan->login && step == 1)
		path = visit->callback.p;
	else
		path = plan->paths[plan->login && step > 1 ? step - 1 : step];
	out->n = 0;
	buf_printf(out, "GET %s HTTP/1.1\r\n", path);
	buf_add_str(out, buf_str(&plan->headers));
	if (visit->jar.n > 0) {
		buf_puts(out, "Cookie: ");
		jar_write(&visit->jar, out);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "\r\n");
}

/* The value of an argument of a URL's query. */
static struct str
argument(struct str url, struct str wanted)
{
	struct str value, name;

	(void)str_cut(&url, '?');
	while (url.n > 0) {
		value = str_cut(&url, '&');
		name = str_cut(&value, '=');
		if (str_equal(name, wanted))
			return value;
	}
	return (struct str){ NULL, 0 };
}

/* Agree in Spotify's place: where the browser goes next. */
static bool
agree(struct visit *visit, struct str head)
{
	struct buf to = BUF(CALLBACK_MAX);
	struct str location, nonce, path;
	bool good;

	if (!client_header(&head, "location", &location))
		return false;
	nonce = argument(location, STR("nonce"));
	good = codec_percent_decode(argument(location, STR("redirect_uri")),
		   &to) == OK;
	path = buf_str(&to);
	/* Behind http: and //host:port. */
	(void)str_cut(&path, '/');
	(void)str_cut(&path, '/');
	(void)str_cut(&path, '/');
	buf_putc(&visit->callback, '/');
	buf_add_str(&visit->callback, path);
	buf_printf(&visit->callback, "?code=%zu.", visit->plan->follows);
	buf_add_str(&visit->callback, nonce);
	buf_puts(&visit->callback, "&state=");
	buf_add_str(&visit->callback, argument(location, STR("state")));
	buf_free(&to);
	return good && buf_result(&visit->callback) == OK;
}

/* Say once what went wrong: a benchmark of errors helps nobody. */
static enum visit_state
failed(const struct visit *visit, int status)
{
	static bool said;

	if (!said)
		fprintf(stderr, "load: step %zu was answered %d\n", visit->step,
		    status);
	said = true;
	return VISIT_FAILED;
}

enum visit_state
visit_answer(struct visit *visit, int status, struct str head)
{
	bool redirect = status == 301 || status == 302 || status == 303;

	if (visit->plan->login) {
		jar_take(&visit->jar, head);
		if ((visit->step < VISIT_LOGIN_STEPS) != redirect)
			return failed(visit, status);
		if (visit->step == 0 && !agree(visit, head))
			return failed(visit, status);
	}
	if (status < 200 || status >= 400)
		return failed(visit, status);
	return ++visit->step < visit_steps(visit->plan) ? VISIT_GOES_ON :
							  VISIT_OVER;
}

void
visit_free(struct visit *visit)
{
	jar_free(&visit->jar);
	buf_free(&visit->callback);
}
