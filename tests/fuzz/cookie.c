/* SPDX-License-Identifier: ISC */
/* The Cookie header, and the session's cookie in it. */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "web/cookie.h"
#include "fuzz.h"
#include "session/session.h"

#define SEPARATORS " \t"

static bool
has_blank_ends(struct str s)
{
	return s.n > 0 &&
	    (strchr(SEPARATORS, s.p[0]) != NULL ||
		strchr(SEPARATORS, s.p[s.n - 1]) != NULL) &&
	    s.p[0] != '\0' && s.p[s.n - 1] != '\0';
}

/* How many cookies have the name, by walking all of them. */
static size_t
count(struct str header, struct str wanted)
{
	struct str rest = header, name, value;
	size_t n = 0;

	while (cookie_next(&rest, &name, &value)) {
		MUST(fuzz_within(name, header) && fuzz_within(value, header));
		MUST(!fuzz_has(name, ';') && !fuzz_has(value, ';'));
		MUST(!fuzz_has(name, '='));
		MUST(!has_blank_ends(value) || value.p[0] == ' ' ||
		    value.p[0] == '\t');
		n += str_equal(name, wanted);
	}
	return n;
}

/* A session is found by the one canonical spelling, or not at all. */
static void
check_session(struct str header)
{
	const struct conf conf = fuzz_conf();
	struct session session;
	struct buf text = BUF(64);
	struct str value;
	size_t i;

	if (session_find(&conf, header, &session) == OK) {
		MUST(cookie_find(header, conf.session_cookie, &value) == OK);
		codec_base64url(&text, session.secret, sizeof(session.secret));
		MUST(buf_result(&text) == OK && text.n == 43);
		MUST(str_equal(buf_str(&text), value));
		buf_free(&text);
	} else {
		for (i = 0; i < sizeof(session.secret); i++)
			MUST(session.secret[i] == 0);
	}
	session_free(&session);
}

void
fuzz_cookie(struct str input)
{
	struct str value = { NULL, 0 };
	size_t n = count(input, STR("n"));

	MUST(cookie_find(input, "n", &value) ==
	    (n == 0	   ? RESULT_ABSENT :
		    n == 1 ? OK :
			     RESULT_BAD_REQUEST));
	MUST(fuzz_within(value, input));
	check_session(input);
}
