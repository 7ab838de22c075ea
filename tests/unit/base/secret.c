/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "../run.h"
#include "base/secret.h"

static void
a_secret_keeps_a_terminated_copy(void)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };
	char text[] = "abc";

	CHECK_OK(secret_set(&secret, text, 3));
	text[0] = 'x';
	CHECK_TEXT(secret_str(&secret), "abc");
	assert_int_equal(secret.p[3], '\0');
	CHECK_OK(secret_set(&secret, secret.p + 1, 2));
	CHECK_TEXT(secret_str(&secret), "bc");
	CHECK_OK(secret_set(&secret, NULL, 0));
	CHECK_TEXT(secret_str(&secret), "");
}

static void
without_memory_the_old_secret_stays(void)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };

	CHECK_OK(secret_set(&secret, "old", 3));
	if (secret_set(&secret, "new", 3) == RESULT_NO_MEMORY)
		CHECK_TEXT(secret_str(&secret), "old");
	else
		CHECK_TEXT(secret_str(&secret), "new");
}

static void
a_moved_secret_is_in_one_place(void)
{
	SCOPED(secret_free) struct secret from = { NULL, 0 };
	SCOPED(secret_free) struct secret to = { NULL, 0 };

	CHECK_OK(secret_set(&from, "from", 4));
	CHECK_OK(secret_set(&to, "to", 2));
	secret_move(&to, &from);
	CHECK_TEXT(secret_str(&to), "from");
	assert_null(from.p);
	assert_int_equal(from.n, 0);
}

static void
secrets_are_equal_when_all_their_bytes_are(void)
{
	assert_true(secret_equal(STR("abc"), STR("abc")));
	assert_false(secret_equal(STR("abc"), STR("abd")));
	assert_false(secret_equal(STR("abc"), STR("ab")));
	assert_false(secret_equal(STR("abc"), STR("ABC")));
	assert_true(secret_equal(STR(""), str_of(NULL)));
}

static void
random_bytes_differ_and_wiped_ones_are_zero(void)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };
	const unsigned char zero[32] = { 0 };

	secret_random(a, sizeof(a));
	secret_random(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, zero, sizeof(a));
	secret_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, sizeof(a));
}

static void
freeing_nothing_is_fine(void)
{
	struct secret secret = { NULL, 0 };
	char *p;

	secret_free(&secret);
	secret_free_wiped(NULL);
	if ((p = malloc(24)) != NULL)
		memset(p, 'x', 24);
	secret_free_wiped(p);
}

UNIT_TESTS(secret) = {
	TEST(a_secret_keeps_a_terminated_copy),
	TEST(without_memory_the_old_secret_stays),
	TEST(a_moved_secret_is_in_one_place),
	TEST(secrets_are_equal_when_all_their_bytes_are),
	TEST(random_bytes_differ_and_wiped_ones_are_zero),
	TEST(freeing_nothing_is_fine),
	END_OF_TESTS,
};
