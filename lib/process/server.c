/* SPDX-License-Identifier: ISC */
/*
 * Hides the process. Signals are blocked, and taken by main; all other threads
 * are alike, and take requests from connections.c.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/connections.h"
#include "base/log.h"
#include "process/notify.h"
#include "process/params.h"
#include "process/server.h"
#include "process/watchdog.h"

/* The web server gives up after 20 s; and a lease of store/lease.h ends. */
#define REQUEST_MS 18000
#define DRAIN_MAX (1u << 20) /* of a body that comes to a plain CGI program */
#define HEAD_MAX 65536
#ifdef SANITIZERS
#define STACK_BYTES (8u << 20)
#else
#define STACK_BYTES (512u << 10)
#endif

/* What the threads of a process share. */
struct pool {
	const struct server_work *work;
	struct connections *connections;
	atomic_bool failed; /* a thread could not begin */
};

/* What a thread has for itself. */
struct thread {
	void *own; /* the work's */
	struct params *params;
};

/* ---- one FastCGI request ---- */

static bool
is_gone(const struct server_call *call)
{
	return connection_is_gone(call->peer);
}

static enum turn
ask_turn(struct server_call *call, uint64_t who, int times)
{
	enum turn turn =
	    connections_ask(call->connections, call->peer, who, times);

	call->is_put_off = turn == TURN_LATER;
	return turn;
}

static void
serve_one(const struct pool *pool, const struct thread *thread,
    struct connection *connection)
{
	struct server_answer answer = { .head = BUF(HEAD_MAX) };
	const struct incoming *in = &connection->in;
	struct server_call call = {
		.envp = params_read(thread->params, &in->params),
		.broken = in->broken,
		.too_large = in->too_large,
		.body_n = in->body_n,
		.body = buf_str(&in->body),
		.arrived_ms = connection->arrived_ms,
		.was_put_off = connection->who != 0,
		.deadline_ms = connection->arrived_ms + REQUEST_MS,
		.is_gone = is_gone,
		.ask_turn = ask_turn,
		.connections = pool->connections,
		.peer = connection,
	};

	if (call.envp == NULL) {
		connections_drop(pool->connections, connection);
		return;
	}
	pool->work->serve(thread->own, &call, &answer);
	params_clear(thread->params);
	if (call.is_put_off)
		connections_put_off(pool->connections, connection);
	else
		connections_answer(pool->connections, connection, &answer);
	log_request(NULL);
	server_answer_free(&answer);
}

/* Nothing is done for somebody who gave up while all threads were busy. */
static bool
has_given_up(const struct connection *connection)
{
	if (!connection->queued || !connection_is_gone(connection))
		return false;
	log_event(LOG_LEVEL_DEBUG, "client_gone", "waited_ms=%lld",
	    (long long)(clock_mono_ms() - connection->arrived_ms));
	return true;
}

/* ---- threads ---- */

static void
serve_all(const struct pool *pool, const struct thread *thread)
{
	struct connection *connection;

	while ((connection = connections_wait(pool->connections)) != NULL)
		if (has_given_up(connection))
			connections_drop(pool->connections, connection);
		else
			serve_one(pool, thread, connection);
}

static void *
run_thread(void *data)
{
	struct pool *pool = data;
	struct thread thread = { .params = params_open() };

	if (thread.params != NULL)
		thread.own = pool->work->begin(pool->work->data);
	if (thread.own != NULL) {
		serve_all(pool, &thread);
		pool->work->end(thread.own);
	} else {
		log_errno(LOG_LEVEL_ERROR, "thread_failed", NULL);
		/* With fewer threads than asked for: leave, to be restarted. */
		if (!atomic_exchange(&pool->failed, true))
			kill(getpid(), SIGTERM);
	}
	params_close(thread.params);
	return NULL;
}

/* Start so many threads; how many are there. */
static int
start_threads(struct pool *pool, pthread_t *threads, int wanted)
{
	pthread_attr_t attr;
	int n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (n < wanted &&
	    pthread_create(&threads[n], &attr, run_thread, pool) == 0)
		n++;
	pthread_attr_destroy(&attr);
	return n;
}

/* The signals by which service managers end a program. */
static sigset_t
end_signals(void)
{
	sigset_t ends;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGUSR1);
	return ends;
}

void
server_hold_signals(void)
{
	const sigset_t ends = end_signals();

	pthread_sigmask(SIG_BLOCK, &ends, NULL);
}

/* Wait for the signal that ends us, or for for_s seconds if that is not 0. */
static void
wait_for_end(const sigset_t *ends, int for_s)
{
	const struct timespec limit = { .tv_sec = for_s };
	int number;

	if (for_s > 0)
		sigtimedwait(ends, NULL, &limit);
	else
		sigwait(ends, &number);
}

/* Serve with all threads until it is time to end; a second signal kills. */
static void
live(const struct pool *pool, const sigset_t *ends)
{
	const struct server_work *work = pool->work;
	const int every_ms = work->for_s == 0 ? watchdog_every_ms() : 0;

	log_event(LOG_LEVEL_INFO, "started", "threads=%d", work->threads);
	if (work->for_s == 0)
		notify("READY=1\nSTATUS=serving with %d threads",
		    work->threads);
	if (every_ms > 0)
		watchdog_wait(pool->connections, work->probe, ends, every_ms);
	else
		wait_for_end(ends, work->for_s);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
	notify("STOPPING=1");
	log_event(LOG_LEVEL_INFO, "stopping", "threads=%d", work->threads);
}

bool
server_run(int listener, const char *path, const struct server_work *work)
{
	struct pool pool = { .work = work,
		.connections =
		    connections_open(listener, work->threads, path != NULL) };
	const int wanted = work->threads + 1; /* see connections.h */
	pthread_t *threads = calloc((size_t)wanted, sizeof(*threads));
	const sigset_t ends = end_signals();
	int n = 0;

	/* Signals are held, so that libfcgi's handlers never run. */
	if (pool.connections != NULL && threads != NULL && params_start())
		n = start_threads(&pool, threads, wanted);
	signal(SIGPIPE, SIG_IGN); /* libfcgi has taken it */
	if (n == wanted) {
		live(&pool, &ends);
	} else {
		log_event(LOG_LEVEL_ERROR, "start_failed",
		    "threads=%d "
		    "errno=%d",
		    n, errno);
		atomic_store(&pool.failed, true);
	}
	if (path != NULL)
		unlink(path);
	pthread_sigmask(SIG_UNBLOCK, &ends, NULL);
	if (pool.connections != NULL)
		connections_stop(pool.connections);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	free(threads);
	if (pool.connections != NULL)
		connections_close(pool.connections);
	return !atomic_load(&pool.failed);
}

/* ---- plain CGI ---- */

/* How much of the announced body there is, and what, if it may be kept. One
 * that is left unread would make the web server see a broken connection. */
static uint64_t
read_body(struct buf *body)
{
	const char *length = getenv("CONTENT_LENGTH");
	char piece[4096];
	uint64_t most = 0, n = 0;
	size_t want, got = 1;

	/* Without it there is no body, and perhaps no end (RFC 3875, 4.2). */
	if (length == NULL || !str_number(str_of(length), INT64_MAX, &most))
		return 0;
	if (most > DRAIN_MAX)
		most = DRAIN_MAX;
	for (; n < most && got > 0; n += got) {
		want = most - n < sizeof(piece) ? (size_t)(most - n) :
						  sizeof(piece);
		got = fread(piece, 1, want, stdin);
		buf_add(body, piece, got);
	}
	return n;
}

/* The web server ends us then. */
static bool
is_gone_cgi(const struct server_call *call)
{
	(void)call;
	return false;
}

/* There is nobody else. */
static enum turn
ask_turn_cgi(struct server_call *call, uint64_t who, int times)
{
	(void)call;
	(void)who;
	(void)times;
	return TURN_NOW;
}

static bool
print(const struct buf *part)
{
	return part->n == 0 || fwrite(part->p, 1, part->n, stdout) == part->n;
}

static bool
print_answer(const struct server_answer *answer)
{
	bool printed = print(&answer->head);
	size_t i;

	for (i = 0; i < SERVER_PARTS && printed; i++)
		printed = print(&answer->body[i]);
	return printed && fflush(stdout) == 0;
}

bool
server_run_cgi(const struct server_work *work)
{
	struct server_answer answer = { .head = BUF(HEAD_MAX) };
	struct buf body = BUF(INCOMING_BODY_MAX);
	struct server_call call = { .envp = environ,
		.body_n = read_body(&body),
		.arrived_ms = clock_mono_ms(),
		.is_gone = is_gone_cgi,
		.ask_turn = ask_turn_cgi };
	void *own;
	bool good = false;

	call.deadline_ms = call.arrived_ms + REQUEST_MS;
	call.body = buf_str(&body);
	/* Without memory for it. */
	call.broken =
	    call.body.n < call.body_n && call.body_n <= INCOMING_BODY_MAX;
	own = work->begin(work->data);
	if (own != NULL) {
		work->serve(own, &call, &answer);
		good = print_answer(&answer);
		work->end(own);
	}
	server_answer_free(&answer);
	buf_free(&body);
	return good;
}
