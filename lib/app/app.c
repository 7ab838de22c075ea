/* SPDX-License-Identifier: ISC */
/*
 * Hides what is the same for every program and request. A handler sees only
 * requests that are for it, whole, and of a method that it knows; it returns
 * a result, and here that becomes an answer, through the one table.
 */
#include "config.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/app.h"
#include "app/check.h"
#include "process/sandbox.h"
#include "web/origin.h"
#include "process/listener.h"
#include "base/log.h"
#include "web/errorpage.h"
#include "base/secret.h"
#include "process/server.h"
#include "store/files.h"

#define DRAIN_MAX (1u << 20)

/* What all threads of a process use. */
struct process {
	const struct app *app;
	struct conf conf;
	struct store *store; /* NULL: the program keeps nothing */
};

/* What a thread has for itself. */
struct thread {
	const struct process *process;
	struct http *http;
};

/* ---- one request ---- */

/* The methods of a program, as in Allow; OPTIONS only if there is somebody
 * to ask. */
static void
write_methods(const struct process *process, bool with_options, struct buf *out)
{
	unsigned bits = process->app->methods;

	if (with_options && process->app->shares &&
	    process->conf.allowed_origins != NULL)
		bits |= METHOD_OPTIONS;
	request_write_methods(bits, out);
}

/*
 * No endpoint needs a body, but one that is left unread makes the web server
 * see a broken connection: it is read and forgotten. The announced length
 * must be the real one; FastCGI does not see to that.
 */
static enum result
drain_body(struct server_call *call, const struct request *request)
{
	bool announced = request->content_length_text.n > 0;
	uint64_t most = announced ? request->content_length : DRAIN_MAX, n = 0;
	char piece[4096];
	size_t want, got;

	while (n < most && n < DRAIN_MAX) {
		want = most - n < sizeof(piece) ? (size_t)(most - n) :
						  sizeof(piece);
		got = call->read(call, piece, want);
		n += got;
		if (got < want)
			break;
	}
	if (most > REQUEST_BODY_MAX && (announced || n > REQUEST_BODY_MAX))
		return RESULT_TOO_LARGE;
	if (announced && n < most)
		return RESULT_BAD_REQUEST;
	return announced && call->has_more(call) ? RESULT_TOO_LARGE : OK;
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
	if ((result = drain_body(call, request)) != OK)
		return result;
	if (!request_is_for(request, name))
		return RESULT_NOT_FOUND;
	if (app->shares && process->conf.allowed_origins != NULL)
		allowed |= METHOD_OPTIONS;
	return request->method & allowed ? OK : RESULT_METHOD;
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
		.deadline_ms = call->deadline_ms,
	};
	struct buf list = BUF(64);
	enum result result;

	result = check_request(process, call, request);
	if (result == OK && request->method == METHOD_OPTIONS) {
		write_methods(process, false, &list);
		if ((result = buf_result(&list)) == OK)
			result = origin_preflight(&process->conf, request,
			    list.p, reply);
		buf_free(&list);
		return result;
	}
	if (result == OK)
		result = process->app->handle(&context, request, reply);
	if (result != OK)
		reply->retry_after_s = context.retry_after_s > 0 ?
		    context.retry_after_s :
		    result_row(result)->retry_after_s;
	return result;
}

/* Turn a failure into what the client sees of it. */
static void
explain(const struct process *process, enum result result, struct reply *reply)
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
		write_methods(process, true, &text);
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

static void
serve(void *own, struct server_call *call, struct server_answer *answer)
{
	const struct thread *thread = own;
	const struct process *process = thread->process;
	enum log_level level = LOG_LEVEL_DEBUG;
	struct request request = { 0 };
	struct reply reply;
	enum result result;

	reply_init(&reply);
	result = request_read(call->envp, &request);
	name_request(&request);
	if (call->broken)
		result = RESULT_BAD_REQUEST;
	if (result == OK)
		result = handle(thread, call, &request, &reply);
	if (result != OK)
		explain(process, result, &reply);
	if (process->app->shares)
		origin_allow(&process->conf, &request, &reply);
	if (result != OK && result != RESULT_NOT_LOGGED_IN)
		level = LOG_LEVEL_INFO;
	log_event(level, "answered", "status=%d code=%s", reply.status,
	    result_row(result)->code);
	if (reply_write(&reply, request.method == METHOD_HEAD, &answer->head,
		answer->body) != OK)
		write_last_resort(answer);
	reply_free(&reply);
	request_free(&request);
}

/* ---- the process ---- */

static void *
begin_thread(const void *data)
{
	const struct process *process = data;
	const struct upstream *upstream = process->app->upstream;
	struct thread *thread = calloc(1, sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->process = process;
	if (upstream == NULL)
		return thread;
	if ((thread->http = upstream->open(&process->conf)) == NULL) {
		free(thread);
		return NULL;
	}
	return thread;
}

static void
end_thread(void *own)
{
	struct thread *thread = own;

	if (thread->http != NULL)
		thread->process->app->upstream->close(thread->http);
	free(thread);
}

/* Open what the program works with; the configuration is good. */
static bool
open_process(struct process *process)
{
	const struct app *app = process->app;

	log_init(app->name, (enum log_level)process->conf.log_level);
	if ((app->opens & CONF_STORE) &&
	    files_open(process->conf.session_dir, &process->store) != OK)
		return false;
	return app->upstream == NULL || app->upstream->start() == OK;
}

/* The command line's word counts most, then the configuration's. */
static int
count_threads(const struct process *process,
    const struct check_options *options)
{
	if (options->threads > 0)
		return options->threads;
	if (process->conf.workers > 0)
		return (int)process->conf.workers;
	return process->app->threads;
}

static int
run(struct process *process, const struct check_options *options)
{
	const struct app *app = process->app;
	struct server_work work = {
		.threads = count_threads(process, options),
		.begin = begin_thread,
		.end = end_thread,
		.serve = serve,
		.data = process,
	};
	int listener = -1;

	if (!open_process(process))
		return 2;
	/* From here on a signal would leave a socket behind, or end a refresh
	 * halfway if a web server sends it to a CGI program. */
	server_hold_signals();
	if (!options->cgi && (listener = listener_open(options->socket)) < 0) {
		if (options->socket == NULL)
			check_usage(app->name);
		return 2;
	}
#ifndef COVERAGE /* gcov writes its counts when a program ends */
	sandbox(process->store == NULL ? NULL : process->conf.session_dir);
#endif
	if (options->cgi)
		return server_run_cgi(&work) ? 0 : 1;
	return server_run(listener, options->socket, &work) ? 0 : 1;
}

int
app_run(int argc, char **argv, const struct app *app)
{
	struct process process = { .app = app };
	struct check_options options;
	int status;

	log_init(app->name, LOG_LEVEL_INFO);
	check_harden();
	if (!check_arguments(argc, argv, app->name, &options))
		return 2;
	if (options.version) {
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
		return 0;
	}
	if (options.only_check)
		return check_everything(&options, app->upstream);
	status = 2;
	if (conf_load(options.file, app->opens, &process.conf) == 0)
		status = run(&process, &options);
	store_close(process.store);
	conf_free(&process.conf);
	return status;
}
