/* SPDX-License-Identifier: ISC */
/* Hides the talk with which a connection begins, and in which order replies
 * come. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "engine/link.h"

#define LOGIN_MAX 4096

struct replyerror
link_error(const struct link *link, enum result result)
{
	static const enum replyerror_class classes[RESULT__MAX] = {
		[RESULT_UPSTREAM_FAILED] = REPLYERROR_DOWN,
		[RESULT_UPSTREAM_TIMEOUT] = REPLYERROR_SLOW,
		[RESULT_BAD_TEXT] = REPLYERROR_MISCONFIGURED,
		[RESULT_MISCONFIGURED] = REPLYERROR_MISCONFIGURED,
	};

	if (result == RESULT_STORE)
		return link->error;
	return (struct replyerror){ classes[result], link->wire.trouble };
}

/* Refused for a reason that no error reply gave. */
static enum result
refused(struct link *link, enum replyerror_class class, const char *words)
{
	link->error = (struct replyerror){ class, words };
	return RESULT_STORE;
}

static enum result
add_login(struct buf *to, const struct link_login *login)
{
	const struct secret none = { 0 };
	const struct secret *password =
	    login->password == NULL ? &none : login->password;
	const struct str words[] = { STR("HELLO"), STR("2"), STR("AUTH"),
		login->user.n > 0 ? login->user : STR("default"),
		secret_str(password) };
	char number[16];
	const struct str select[] = { STR("SELECT"), { number, 0 } };
	struct str chosen[2] = { select[0], select[1] };
	enum result result;

	result = resp_command(to, words, password->n > 0 ? 5 : 2);
	if (result != OK || login->database == 0)
		return result;
	chosen[1].n =
	    (size_t)snprintf(number, sizeof(number), "%d", login->database);
	return resp_command(to, chosen, 2);
}

/* A member of what HELLO answers, which is a list of names and values. */
static struct str
member(const struct resp *hello, struct str name)
{
	size_t i;

	for (i = 0; i + 1 < hello->n; i += 2)
		if (str_equal(resp_item(hello, i).text, name))
			return resp_item(hello, i + 1).text;
	return (struct str){ 0 };
}

/* Whether who answers is the one we look for. */
static enum result
check_role(struct link *link, const struct resp *hello)
{
	struct str mode = member(hello, STR("mode"));
	struct str role = member(hello, STR("role"));

	if (hello->type == RESP_ERROR) {
		link->error = replyerror_of(hello->text);
		return RESULT_STORE;
	}
	if (str_equal(mode, STR("cluster")))
		return refused(link, REPLYERROR_MISCONFIGURED,
		    "this is a cluster, which cannot be used; use one server");
	if (str_equal(mode, STR("sentinel")))
		return refused(link, REPLYERROR_MISCONFIGURED,
		    "this is a sentinel; then the scheme is "
		    "valkey+sentinel");
	if (str_equal(role, STR("master")))
		return OK;
	return refused(link, REPLYERROR_MOVED,
	    "it is a replica, and only a master can be used");
}

/* The answer to SELECT; there is one for each command that was sent. */
static enum result
read_select(struct link *link, int64_t deadline_ms)
{
	struct resp reply = { 0 };
	enum result result = wire_reply(&link->wire, deadline_ms, &reply);

	if (result == OK && reply.type == RESP_ERROR) {
		link->error = replyerror_of(reply.text);
		result = RESULT_STORE;
	}
	resp_free(&reply);
	return result;
}

enum result
link_login(struct link *link, const struct link_login *login,
    int64_t deadline_ms)
{
	struct buf talk = BUF(LOGIN_MAX);
	struct resp hello = { 0 };
	enum result result;
	size_t sent;

	result = add_login(&talk, login);
	if (result == OK)
		result =
		    wire_send(&link->wire, buf_str(&talk), deadline_ms, &sent);
	/* The password is not kept while one waits. */
	buf_free(&talk);
	if (result == OK)
		result = wire_reply(&link->wire, deadline_ms, &hello);
	if (result == OK)
		result = check_role(link, &hello);
	if (result == OK && login->database > 0)
		result = read_select(link, deadline_ms);
	resp_free(&hello);
	return result;
}

enum result
link_call(struct link *link, struct link_exchange *exchange,
    int64_t deadline_ms)
{
	enum result result;
	size_t sent = 0;

	result = wire_send(&link->wire, exchange->bytes, deadline_ms, &sent);
	exchange->sent = sent >= exchange->needed;
	if (result == OK)
		result = wire_reply(&link->wire, deadline_ms, &exchange->reply);
	if (result == OK && exchange->wait &&
	    wire_reply(&link->wire, deadline_ms, &exchange->wait_reply) != OK)
		exchange->broken = true;
	if (result == OK && exchange->reply.type == RESP_ERROR) {
		link->error = replyerror_of(exchange->reply.text);
		result = RESULT_STORE;
	}
	return result;
}
