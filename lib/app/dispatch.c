/* SPDX-License-Identifier: ISC */
/*
 * Hides what is the same for every program and request. A handler sees only
 * requests that are for it, whole, and of a method that it knows; it returns
 * a result, and here that becomes an answer, through the one table.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "app/dispatch.h"
#include "app/health.h"
#include "app/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/meter.h"
#include "base/secret.h"
#include "store/store.h"
#include "web/cookie.h"
#include "web/errorpage.h"
#include "web/origin.h"

/* The methods for what is asked, as in Allow; OPTIONS only if there is somebody
 * to ask. */
static void
write_methods(const struct process *process, const struct request *request,
    bool with_options, struct buf *out)
{
	const struct app *app = process->app;
	unsigned bits = app->methods;

	if (app->methods_of != NULL)
		bits = app->methods_of(&process->conf, request);
	if (with_options && app->shares &&
	    process->conf.allowed_origins != NULL)
		bits |= METHOD_OPTIONS;
	request_write_methods(bits, out);
}

/* The announced length of a body must be the real one; FastCGI does not see to
 * that. */
static enum result
check_body(const struct server_call *call, const struct request *request)
{
	bool announced = request->content_length_text.n > 0;
	uint64_t length = announced ? request->content_length : 0;

	if (call->too_large || length > REQUEST_BODY_MAX ||
	    call->body_n > REQUEST_BODY_MAX)
		return RESULT_TOO_LARGE;
	if (call->body_n < length)
		return RESULT_BAD_REQUEST;
	return length > 0 && call->body_n > length ? RESULT_TOO_LARGE : OK;
}

static enum result
check_request(const struct process *process, struct server_call *call,
    const struct request *request)
{
	const struct app *app = process->app;
	struct str name = str_of(app->name);
	unsigned allowed = app->methods;
	enum result result;

	if (app->is_redirect_uri)
		name = process->conf.callback;
	if ((result = check_body(call, request)) != OK)
		return result;
	/* All threads were busy for as long as it may take. */
	if (clock_left_ms(call->deadline_ms, 1) == 0)
		return RESULT_BUSY;
	if ((!app->is_tree && !request_is_for(request, name)) ||
	    (app->internal && !request_is_internal(request)))
		return RESULT_NOT_FOUND;
	if (app->shares && process->conf.allowed_origins != NULL)
		allowed |= METHOD_OPTIONS;
	return request->method & allowed ? OK : RESULT_METHOD;
}

/* A number for the session that a request names; 0: it names none. A cookie
 * that is not one of ours is a number as well, and is answered at once. */
static uint64_t
who_asks(const struct process *process, const struct request *request)
{
	unsigned char hash[crypto_shorthash_BYTES];
	struct str cookie;
	uint64_t who;

	if (cookie_find(buf_str(&request->cookies),
		process->conf.session_cookie, &cookie) != OK)
		return 0;
	crypto_shorthash(hash, (const unsigned char *)cookie.p, cookie.n,
	    process->who_key);
	memcpy(&who, hash, sizeof(who));
	return who;
}

/* Leave threads to others, where one session's requests could take all.
 * OK or RESULT_BUSY, which is no answer to a call that is put off. */
static enum result
ask_turn(const struct process *process, struct server_call *call,
    const struct request *request)
{
	const int times = process->app->divides;
	uint64_t who = times > 0 ? who_asks(process, request) : 0;

	if (who == 0 || call->ask_turn(call, who, times) == TURN_NOW)
		return OK;
	if (call->is_put_off)
		log_event(LOG_LEVEL_DEBUG, "put_off", "who=%08x",
		    (unsigned)who);
	return RESULT_BUSY;
}

static bool
is_gone(const void *client)
{
	const struct server_call *call = client;

	return call->is_gone(call);
}

/* Do what is asked for, with all that a request is looked at before. */
static enum result
serve(const struct process *process, struct server_call *call,
    const struct request *request, struct context *context, struct reply *reply)
{
	struct buf list = BUF(64);
	enum result result;

	store_set_deadline(call->deadline_ms);
	if (process->misconfigured)
		return RESULT_MISCONFIGURED;
	if (request_requires_life(request))
		return OK;
	if (request_requires_health(request))
		return health_check(process->store);
	result = check_request(process, call, request);
	if (result == OK && request->method == METHOD_OPTIONS) {
		write_methods(process, request, false, &list);
		if ((result = buf_result(&list)) == OK)
			result = origin_preflight(&process->conf, request,
			    list.p, reply);
		buf_free(&list);
		return result;
	}
	if (result == OK)
		result = ask_turn(process, call, request);
	if (result == OK)
		result = process->app->handle(context, request, reply);
	return result;
}

static enum result
handle(const struct thread *thread, struct server_call *call,
    const struct request *request, struct reply *reply)
{
	const struct process *process = thread->process;
	struct context context = {
		.conf = &process->conf,
		.store = process->store,
		.http = thread->http,
		.threads = (unsigned)process->threads,
		.deadline_ms = call->deadline_ms,
		.waited_ms =
		    call->was_put_off ? clock_mono_ms() - call->arrived_ms : 0,
		.is_gone = is_gone,
		.client = call,
	};
	enum result result = serve(process, call, request, &context, reply);

	if (result != OK)
		reply->retry_after_s =
		    context.wait.s > 0 && context.wait.after == result ?
		    context.wait.s :
		    result_row(result)->retry_after_s;
	return result;
}

/* Turn a failure into what the client sees of it. */
static void
explain(const struct process *process, const struct request *request,
    enum result result, struct reply *reply)
{
	struct buf text = BUF(4096);

	if (process->app->shows_pages) {
		errorpage_write(reply, &process->conf, result);
	} else {
		buf_add_str(&text, process->conf.base);
		buf_puts(&text, "login");
		reply_problem(reply, result, buf_str(&text));
	}
	if (result == RESULT_METHOD) {
		buf_clear(&text);
		write_methods(process, request, true, &text);
		reply_header(reply, "Allow", buf_str(&text));
	}
	buf_free(&text);
}

_Static_assert(SERVER_PARTS == REPLY_PARTS, "a body is sent as it was written");

/* An answer for when there is no memory to write one. */
static void
write_last_resort(struct server_answer *answer)
{
	static const char text[] =
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Length: 0\r\nCache-Control: no-store\r\n"
	    "Retry-After: 2\r\n\r\n";

	buf_free(&answer->head);
	buf_puts(&answer->head, text);
}

/* The web server's id for the request, or one of our own. */
static void
name_request(const struct request *request)
{
	struct str id = request_id(request);
	unsigned char random[8];
	char text[41] = "";

	if (id.n > 0) {
		memcpy(text, id.p, id.n < 40 ? id.n : 40);
	} else {
		secret_random(random, sizeof(random));
		sodium_bin2hex(text, sizeof(text), random, sizeof(random));
	}
	log_request(text);
}

static bool
is_probe(const struct request *request)
{
	return request_requires_life(request) ||
	    request_requires_health(request);
}

/* Write the answer to a request that came to this result. */
static void
answer_with(const struct process *process, enum result result,
    const struct request *request, struct reply *reply,
    struct server_answer *answer)
{
	enum log_level level = LOG_LEVEL_DEBUG;

	if (request_requires_health(request))
		health_answer(result, reply);
	else if (result != OK)
		explain(process, request, result, reply);
	if (process->app->shares)
		origin_allow(&process->conf, request, reply);
	if (result != OK && result != RESULT_NOT_LOGGED_IN)
		level = LOG_LEVEL_INFO;
	log_event(level, "answered", "status=%d code=%s", reply->status,
	    result_row(result)->code);
	if (reply_write(reply, request->method == METHOD_HEAD, &answer->head,
		answer->body) != OK)
		write_last_resort(answer);
}

void
dispatch(void *own, struct server_call *call, struct server_answer *answer)
{
	const struct thread *thread = own;
	const struct process *process = thread->process;
	struct request request = { 0 };
	struct reply reply;
	enum result result;

	if (process->store != NULL)
		metrics_look(process->conf.session_dir, call->arrived_ms);
	reply_init(&reply);
	result = request_read(call->envp, &process->conf, &request);
	request.body = call->body;
	name_request(&request);
	if (call->broken)
		result = RESULT_BAD_REQUEST;
	if (result == OK)
		result = handle(thread, call, &request, &reply);
	if (!call->is_put_off) {
		answer_with(process, result, &request, &reply, answer);
		if (!is_probe(&request))
			meter_count(
			    process->answers + meter_class(reply.status));
	}
	reply_free(&reply);
	request_free(&request);
}
