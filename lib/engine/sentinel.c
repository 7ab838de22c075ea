/* SPDX-License-Identifier: ISC */
/* Hides how sentinels are talked to: they know few commands, and most of them
 * want no password. */
#include "config.h"

#include <string.h>

#include "engine/sentinel.h"

#define TALK_MAX 4096
#define UNKNOWN "unknown command"

/* Send a command and read its reply; the caller calls resp_free(). */
static enum result
ask(struct link *link, const struct str *words, size_t n, int64_t deadline_ms,
    struct resp *reply)
{
	struct buf talk = BUF(TALK_MAX);
	enum result result = resp_command(&talk, words, n);
	size_t sent;

	*reply = (struct resp){ 0 };
	if (result == OK)
		result =
		    wire_send(&link->wire, buf_str(&talk), deadline_ms, &sent);
	buf_free(&talk);
	if (result == OK)
		result = wire_reply(&link->wire, deadline_ms, reply);
	return result;
}

static enum result
authenticate(struct link *link, const struct link_login *login,
    int64_t deadline_ms)
{
	const struct str words[] = { STR("AUTH"),
		login->user.n > 0 ? login->user : STR("default"),
		secret_str(login->password) };
	struct resp reply;
	enum result result = ask(link, words, 3, deadline_ms, &reply);

	if (result == OK && reply.type == RESP_ERROR) {
		link->error = replyerror_of(reply.text);
		result = RESULT_STORE;
	}
	resp_free(&reply);
	return result;
}

static enum result
add_address(struct link *link, const struct resp *reply, struct buf *address)
{
	struct str host = resp_item(reply, 0).text;
	struct str port = resp_item(reply, 1).text;
	bool v6 = host.n > 0 && memchr(host.p, ':', host.n) != NULL;

	if (reply->type == RESP_ERROR) {
		link->error = replyerror_of(reply->text);
		if (memmem(reply->text.p, reply->text.n, UNKNOWN,
			strlen(UNKNOWN)) != NULL)
			link->error.words = "this is no sentinel; then the "
					    "scheme is valkey";
		return RESULT_STORE;
	}
	if (reply->type == RESP_NIL) {
		link->error = (struct replyerror){ REPLYERROR_MISCONFIGURED,
			"the sentinels know no master by the name in store" };
		return RESULT_STORE;
	}
	if (host.n == 0 || port.n == 0 || !str_graphic(host)) {
		link->wire.trouble = "what answers there is no sentinel";
		return RESULT_BAD_TEXT;
	}
	buf_puts(address, v6 ? "[" : "");
	buf_add_str(address, host);
	buf_puts(address, v6 ? "]:" : ":");
	buf_add_str(address, port);
	return buf_result(address) == RESULT_TOO_LARGE ? RESULT_BAD_TEXT :
							 buf_result(address);
}

enum result
sentinel_ask(struct link *link, struct str master,
    const struct link_login *login, int64_t deadline_ms, struct buf *address)
{
	const struct str words[] = { STR("SENTINEL"),
		STR("GET-MASTER-ADDR-BY-NAME"), master };
	struct resp reply;
	enum result result = ask(link, words, 3, deadline_ms, &reply);

	if (result == OK && reply.type == RESP_ERROR &&
	    str_starts(reply.text, STR("NOAUTH")) && login->password != NULL &&
	    login->password->n > 0) {
		resp_free(&reply);
		result = authenticate(link, login, deadline_ms);
		if (result == OK)
			result = ask(link, words, 3, deadline_ms, &reply);
	}
	if (result == OK)
		result = add_address(link, &reply, address);
	resp_free(&reply);
	return result;
}
