/* SPDX-License-Identifier: ISC */
/*
 * Ends a session, or with everywhere=1 all that its account has. It waits for
 * no refresh: one under way finds the file gone and does not bring it back.
 * Where events are told it waits for tenths of a second, but no longer, for who
 * ends the same session just now, so that this is told once.
 */
#include "config.h"

#include "app/app.h"
#include "web/origin.h"
#include "session/logout.h"
#include "web/query.h"

/* Whether a form was sent, whose sender wants to see a page, or a script
 * asked. Old browsers say so only in Accept. */
static bool
is_form(const struct request *request)
{
	if (request->fetch_mode.n > 0)
		return str_equal(request->fetch_mode, STR("navigate"));
	return str_starts(request->accept, STR("text/html"));
}

/* Read whether all sessions are to end. Who means that and says something else
 * must not believe that it was done. */
static enum result
read_query(struct str query, bool *everywhere)
{
	struct query_field field = { .name = "everywhere", .value = BUF(8) };
	enum result result = query_read(query, &field, 1);
	struct str value = buf_str(&field.value);

	*everywhere = str_equal(value, STR("1"));
	if (result == OK && value.n > 0 && !*everywhere &&
	    !str_equal(value, STR("0")))
		result = RESULT_BAD_REQUEST;
	query_free(&field, 1);
	return result;
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	const struct conf *conf = context->conf;
	bool everywhere = false;
	enum result result = origin_check_write(conf, request);

	if (result == OK)
		result = read_query(request->query, &everywhere);
	if (result == OK)
		result = (everywhere ? logout_everywhere : logout_one)(context,
		    buf_str(&request->cookies));
	if (result == OK) {
		reply_cookie(reply, conf, str_of(conf->session_cookie), STR(""),
		    0);
		if (is_form(request))
			reply_go(reply, conf, STR(""));
	}
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "logout",
		.methods = METHOD_POST,
		.opens = CONF_SERVER_KEY | CONF_STORE | CONF_EVENTS,
		.storage = &storage_configured,
		.threads = 8,
		.shares = true,
		.handle = handle });
}
