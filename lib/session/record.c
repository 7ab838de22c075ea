/* SPDX-License-Identifier: ISC */
/*
 * Hides what a session's record looks like: a JSON object with the times, the
 * tokens, the scope and the account, without those that there are none of.
 */
#include "config.h"

#include "json/reader.h"
#include "json/writer.h"
#include "session/record.h"

#define TIME_MAX_S (1LL << 40) /* so that no sum of times overflows */

static void
write_secret(struct buf *plain, const char *name, const struct secret *secret)
{
	if (secret->n > 0)
		writer_text(plain, name, secret_str(secret));
}

enum result
record_write(const struct session *session, struct buf *plain)
{
	writer_object(plain, NULL);
	writer_integer(plain, "created", session->created_s);
	writer_integer(plain, "authorized", session->authorized_s);
	if (session->latest_s > 0)
		writer_integer(plain, "latest", session->latest_s);
	if (session->checked_s > 0)
		writer_integer(plain, "checked", session->checked_s);
	writer_integer(plain, "access_ends", session->access_ends_s);
	if (session->access_life_s > 0)
		writer_integer(plain, "access_life", session->access_life_s);
	if (session->forced_s > 0)
		writer_integer(plain, "forced", session->forced_s);
	write_secret(plain, "access", &session->access);
	write_secret(plain, "refresh", &session->refresh);
	if (session->scope.n > 0)
		writer_text(plain, "scope", buf_str(&session->scope));
	account_write_members(&session->account, plain);
	writer_object_end(plain);
	return buf_result(plain);
}

static int64_t
read_time(const struct reader_value *record, const char *name)
{
	return reader_integer(reader_member(record, name), 0, TIME_MAX_S, 0);
}

static struct str
read_text(const void *record, const char *name)
{
	return reader_text(reader_member(record, name));
}

static enum result
read_secret(const struct reader_value *record, const char *name,
    struct secret *secret)
{
	struct str text = read_text(record, name);

	return secret_set(secret, text.p, text.n);
}

/* What an earlier version wrote has none: then it is not known. */
static enum result
read_scope(const struct reader_value *record, struct buf *scope)
{
	struct str text = read_text(record, "scope");

	buf_free(scope);
	*scope = BUF(OAUTH_SCOPE_MAX);
	if (text.n > 0 && text.n <= OAUTH_SCOPE_MAX)
		buf_add_str(scope, text);
	return buf_result(scope);
}

enum result
record_read(struct buf *plain, struct session *session)
{
	const struct reader_value *record;
	enum result result;
	struct reader reader;

	if ((result = reader_parse(plain, &reader)) != OK)
		return result == RESULT_NO_MEMORY ? result : RESULT_ABSENT;
	record = reader.values;
	session->created_s = read_time(record, "created");
	session->authorized_s = read_time(record, "authorized");
	session->latest_s = read_time(record, "latest");
	session->checked_s = read_time(record, "checked");
	session->access_ends_s = read_time(record, "access_ends");
	session->access_life_s = read_time(record, "access_life");
	session->forced_s = read_time(record, "forced");
	result = read_secret(record, "access", &session->access);
	if (result == OK)
		result = read_secret(record, "refresh", &session->refresh);
	if (result == OK)
		result = read_scope(record, &session->scope);
	if (result == OK)
		result = account_copy(&session->account, read_text, record);
	reader_free(&reader);
	/* The access token will be part of a header line. */
	if (result == OK && !str_graphic(secret_str(&session->access)))
		result = RESULT_ABSENT;
	/* A session that is read anew may still hold an older token, which
	 * must not get the time of the one that could not be read. */
	if (result != OK)
		session->access_ends_s = 0;
	return result;
}
