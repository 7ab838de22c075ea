/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <string.h>

#include "base/buf.h"
#include "spotify/refusal.h"
#include "../run.h"

#define IN_JSON(text) "{\"error\":{\"status\":403,\"message\":\"" text "\"}}"

static void
a_refusal_is_known_by_what_it_says(void)
{
	static const struct {
		const char *body;
		enum result result;
	} rows[] = {
		{ "User not registered in the Developer Dashboard",
		    RESULT_NOT_ON_ALLOWLIST },
		{ "Check the dashboard, the user may not be registered.",
		    RESULT_NOT_ON_ALLOWLIST },
		{ "\xef\xbb\xbf\r\n USER ISN\xe2\x80\x99T REGISTERED",
		    RESULT_NOT_ON_ALLOWLIST },
		{ IN_JSON("the user may not be registered"),
		    RESULT_NOT_ON_ALLOWLIST },
		{ "{\"error\":\"The user isn\\u2019t registered\"}",
		    RESULT_NOT_ON_ALLOWLIST },
		{ "{\"error\":\"x\",\"error_description\":\"the \\u0075ser is "
		  "not registered\"}",
		    RESULT_NOT_ON_ALLOWLIST },
		{ "{\"message\":\"This account is not on the allowlist\"}",
		    RESULT_NOT_ON_ALLOWLIST },
		{ "Active premium subscription required",
		    RESULT_OWNER_NOT_PREMIUM },
		{ IN_JSON("PREMIUM required"), RESULT_OWNER_NOT_PREMIUM },
		{ IN_JSON("Insufficient client scope"), RESULT_SCOPE_MISSING },
		{ "{\"error\":\"insufficient_scope\"}", RESULT_SCOPE_MISSING },
		/* What is broken is a text. */
		{ "{\"error\":\"insufficient_scope\"", RESULT_SCOPE_MISSING },
		{ "[\"user not registered\"]", RESULT_NOT_ON_ALLOWLIST },
		{ IN_JSON("Forbidden"), RESULT_SPOTIFY_REFUSED },
		{ "{\"error\":{\"scope\":\"a\",\"premium\":true}}",
		    RESULT_SPOTIFY_REFUSED },
		{ "{\"error\":{\"message\":7}}", RESULT_SPOTIFY_REFUSED },
		{ "{\"error\":null}", RESULT_SPOTIFY_REFUSED },
		{ "{}", RESULT_SPOTIFY_REFUSED },
		{ "{", RESULT_SPOTIFY_REFUSED },
		{ "no", RESULT_SPOTIFY_REFUSED },
		{ "The application is registered elsewhere",
		    RESULT_SPOTIFY_REFUSED },
		{ "", RESULT_SPOTIFY_REFUSED },
		{ " \r\n", RESULT_SPOTIFY_REFUSED },
		{ "<html><th scope=col>The user is not registered</th>",
		    RESULT_SPOTIFY_REFUSED },
	};
	enum result result;
	size_t i;

	for (i = 0; i < N(rows); i++) {
		result = refusal_read(str_of(rows[i].body));
		if (run_refused() && result == RESULT_NO_MEMORY)
			return;
		if (result != rows[i].result)
			fail_msg("%s: %s", rows[i].body,
			    result_row(result)->code);
		assert_true(refusal_is(result));
	}
	assert_false(refusal_is(RESULT_UPSTREAM_FAILED));
	assert_false(refusal_is(OK));
}

static void
a_long_body_is_looked_at_in_its_beginning(void)
{
	SCOPED(buf_free) struct buf body = BUF(100000);
	size_t i;

	buf_puts(&body, "The user is not registered");
	for (i = 0; i < 50000; i++)
		buf_putc(&body, '\0');
	CHECK_OK(buf_result(&body));
	CHECK(refusal_read(buf_str(&body)), RESULT_NOT_ON_ALLOWLIST);
	assert_int_equal(refusal_read((struct str){ body.p + 26, body.n - 26 }),
	    RESULT_SPOTIFY_REFUSED);
	CHECK(refusal_read((struct str){ NULL, 0 }), RESULT_SPOTIFY_REFUSED);
	CHECK(refusal_of(403, buf_str(&body)), RESULT_NOT_ON_ALLOWLIST);
}

static void
what_a_page_has_asked_for_is_refused_in_more_ways(void)
{
	static const struct {
		int status;
		const char *body;
		enum result result;
	} rows[] = {
		{ 400, "{\"error\":{\"message\":\"Invalid limit\"}}",
		    RESULT_REFUSED_REQUEST },
		{ 403, "Player command failed: Premium required",
		    RESULT_PREMIUM_REQUIRED },
		{ 403, "{\"error\":{\"reason\":\"PREMIUM_REQUIRED\"}}",
		    RESULT_PREMIUM_REQUIRED },
		{ 403, "Active premium subscription required for the owner",
		    RESULT_OWNER_NOT_PREMIUM },
		{ 403, "{\"error\":{\"message\":\"Forbidden\"}}",
		    RESULT_NOT_FOR_THIS_APP },
		{ 403, "{\"error\":\"Forbidden\"}", RESULT_NOT_FOR_THIS_APP },
		{ 403, "Insufficient client scope", RESULT_SCOPE_MISSING },
		{ 403, "User not registered in the Developer Dashboard",
		    RESULT_NOT_ON_ALLOWLIST },
		{ 403, "", RESULT_SPOTIFY_REFUSED },
		{ 404, "{\"error\":{\"reason\":\"NO_ACTIVE_DEVICE\"}}",
		    RESULT_NO_ACTIVE_DEVICE },
		{ 404, "{\"error\":{\"message\":\"Not found\"}}",
		    RESULT_REFUSED_ABSENT },
		{ 404, "", RESULT_REFUSED_ABSENT },
		{ 405, "", RESULT_NOT_FOR_THIS_APP },
		{ 409, "x", RESULT_REFUSED_CONFLICT },
		{ 418, "x", RESULT_UPSTREAM_FAILED },
		{ 502, "<html>", RESULT_UPSTREAM_FAILED },
	};
	size_t i;

	for (i = 0; i < N(rows); i++)
		CHECK(refusal_of(rows[i].status, str_of(rows[i].body)),
		    rows[i].result);
}

static void
a_form_is_told_by_the_first_letter(void)
{
	assert_string_equal(refusal_form(STR("")), "empty");
	assert_string_equal(refusal_form(STR("\r\n\t ")), "empty");
	assert_string_equal(refusal_form((struct str){ NULL, 0 }), "empty");
	assert_string_equal(refusal_form(STR("\xef\xbb\xbf {")), "json");
	assert_string_equal(refusal_form(STR("[]")), "json");
	assert_string_equal(refusal_form(STR(" <!DOCTYPE html>")), "html");
	assert_string_equal(refusal_form(STR("no")), "text");
}

UNIT_TESTS(refusal) = {
	TEST(a_refusal_is_known_by_what_it_says),
	TEST(a_long_body_is_looked_at_in_its_beginning),
	TEST(what_a_page_has_asked_for_is_refused_in_more_ways),
	TEST(a_form_is_told_by_the_first_letter),
	END_OF_TESTS,
};
