/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "spotify/account.h"
#include "../run.h"
#include "json/writer.h"

static char id[] = "\xc3\xb6zkan\"t";
static char account_id[] = "a:/b";
static char name[] = "</script>";
static char image[] = "https://i.scdn.co/x";
static char email[] = "a@example.com";

static void
an_account_is_written_as_json_with_null_for_what_is_missing(void)
{
	SCOPED(buf_free) struct buf full = BUF(500), empty = BUF(500);

	account_write(&(struct account){ id, account_id, name, image, email },
	    &full);
	CHECK_OK(buf_result(&full));
	CHECK_TEXT(buf_str(&full),
	    "{\"id\":\"\xc3\xb6zkan\\\"t\","
	    "\"account_id\":\"a:/b\",\"display_name\":"
	    "\"\\u003c/script\\u003e\",\"image\":\"https://i.scdn.co/x\","
	    "\"email\":\"a@example.com\"}");
	account_write(&(struct account){ .id = email }, &empty);
	CHECK_OK(buf_result(&empty));
	CHECK_TEXT(buf_str(&empty),
	    "{\"id\":\"a@example.com\","
	    "\"account_id\":null,\"display_name\":null,\"image\":null}");
}

static void
the_key_of_a_person_is_encoded_and_of_one_kind(void)
{
	SCOPED(buf_free) struct buf key = BUF(500);

	account_write_key(&(struct account){ .id = id,
			      .account_id = account_id },
	    &key);
	CHECK_OK(buf_result(&key));
	CHECK_TEXT(buf_str(&key), "a%3A%2Fb");
	buf_clear(&key);
	account_write_key(&(struct account){ .id = id }, &key);
	CHECK_OK(buf_result(&key));
	CHECK_TEXT(buf_str(&key), "user:%C3%B6zkan%22t");
	buf_clear(&key);
	account_write_key(&(struct account){ .email = email }, &key);
	assert_int_equal(key.n, 0);
}

static struct str
from_table(const void *from, const char *member)
{
	const char *const *at = from;

	for (; *at != NULL; at += 2)
		if (strcmp(*at, member) == 0)
			return str_of(at[1]);
	return str_of(NULL);
}

static void
a_copy_has_what_is_there_and_replaces_all_there_was(void)
{
	static const char *const first[] = { "id", "a", "account_id", "b",
		"display_name", "c", "image", "d", "email", "e", "other", "f",
		NULL };
	static const char *const second[] = { "email", "g", "image", "", NULL };
	SCOPED(account_free) struct account account = { 0 };
	SCOPED(buf_free) struct buf out = BUF(500);

	CHECK_OK(account_copy(&account, from_table, first));
	writer_object(&out, NULL);
	account_write_members(&account, &out);
	writer_object_end(&out);
	CHECK_OK(buf_result(&out));
	CHECK_TEXT(buf_str(&out),
	    "{\"id\":\"a\",\"account_id\":\"b\",\"display_name\":\"c\","
	    "\"image\":\"d\",\"email\":\"e\"}");
	if (account_copy(&account, from_table, second) != OK) {
		assert_true(run_refused());
		assert_string_equal(account.id, "a");
		return;
	}
	assert_null(account.id);
	assert_null(account.image);
	assert_string_equal(account.email, "g");
}

static void
a_freed_account_is_empty(void)
{
	struct account account = { .id = strdup("a"), .email = strdup("b") };

	account_free(&account);
	assert_null(account.id);
	assert_null(account.email);
	account_free(&account);
}

UNIT_TESTS(account) = {
	TEST(an_account_is_written_as_json_with_null_for_what_is_missing),
	TEST(the_key_of_a_person_is_encoded_and_of_one_kind),
	TEST(a_copy_has_what_is_there_and_replaces_all_there_was),
	TEST(a_freed_account_is_empty),
	END_OF_TESTS,
};
