/* SPDX-License-Identifier: ISC */
/*
 * Hides libfcgi and the process. libfcgi's own signal handling loses requests,
 * its accept waits for ever on a silent peer, and a kept connection holds a
 * thread. So signals are blocked and taken by main, and libfcgi gets a
 * connection for one request at a time.
 */
#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/connections.h"
#include "base/log.h"
#include "base/secret.h"
#include "process/notify.h"
#include "process/server.h"

#define REQUEST_MS 18000   /* the web server gives up after 20 s */
#define END_S 1		   /* for the end of a body */
#define END_MAX (1u << 20) /* of a body that nobody reads */
#define HEAD_MAX 65536
#define RESPONDER 1 /* FastCGI 1.0, section 3.4 */
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

static void
free_answer(struct server_answer *answer)
{
	size_t i;

	buf_free(&answer->head);
	for (i = 0; i < SERVER_PARTS; i++)
		buf_free(&answer->body[i]);
}

/* ---- one FastCGI request ---- */

static size_t
read_fcgi(struct server_call *call, char *p, size_t n)
{
	int got = FCGX_GetStr(p, (int)n, call->stream);

	return got < 0 ? 0 : (size_t)got;
}

static bool
has_more_fcgi(struct server_call *call)
{
	const FCGX_Stream *in = call->stream;

	return in->rdNext != in->stop;
}

static void
limit_reads(int fd, int seconds)
{
	const struct timeval limit = { .tv_sec = seconds };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

/*
 * Read to the end of the body, which the answer did not need. Apache sends the
 * record that ends it on its own, and a connection that is closed before that
 * is a failure to it. A peer that forgets the record (HAProxy, over HTTP/2) has
 * to wait.
 */
static void
await_end(FCGX_Request *request)
{
	char piece[4096];
	size_t n = 0;

	limit_reads(request->ipcFd, END_S);
	while (!FCGX_HasSeenEOF(request->in) && n < END_MAX &&
	    FCGX_GetStr(piece, sizeof(piece), request->in) > 0)
		n += sizeof(piece);
	limit_reads(request->ipcFd, CONNECTIONS_PEER_S);
}

/* Cookies, codes and states; libfcgi would leave them in freed memory. What
 * stands behind a NUL nobody has read. */
static void
wipe_params(char **envp)
{
	for (; *envp != NULL; envp++)
		secret_wipe(*envp, strlen(*envp));
}

static bool
put(const struct buf *part, FCGX_Request *request)
{
	return part->n == 0 ||
	    FCGX_PutStr(part->p, (int)part->n, request->out) >= 0;
}

/* Send all of it, as long as the web server takes it. */
static void
put_answer(const struct server_answer *answer, FCGX_Request *request)
{
	bool sent = put(&answer->head, request);
	size_t i, n = answer->head.n;

	for (i = 0; i < SERVER_PARTS; i++) {
		sent = sent && put(&answer->body[i], request);
		n += answer->body[i].n;
	}
	if (!sent)
		log_event(LOG_LEVEL_DEBUG, "client_gone", "bytes=%zu", n);
}

static void
serve_fcgi(const struct pool *pool, void *own, FCGX_Request *request,
    int64_t taken_ms)
{
	struct server_answer answer = { .head = BUF(HEAD_MAX) };
	struct server_call call = {
		.envp = request->envp,
		/* libfcgi also hands over what was cut short. */
		.broken = FCGX_GetError(request->in) != 0 ||
		    request->role != RESPONDER,
		.deadline_ms = taken_ms + REQUEST_MS,
		.read = read_fcgi,
		.has_more = has_more_fcgi,
		.stream = request->in,
	};

	pool->work->serve(own, &call, &answer);
	if (!FCGX_HasSeenEOF(request->in))
		await_end(request);
	put_answer(&answer, request);
	log_request(NULL);
	free_answer(&answer);
	wipe_params(request->envp);
}

/* Whether the next request can follow. What is left of one that was not read
 * to its end could be taken for another. */
static bool
may_keep(const FCGX_Request *request)
{
	return request->keepConnection && request->role == RESPONDER &&
	    FCGX_HasSeenEOF(request->in) && FCGX_GetError(request->in) == 0;
}

/* Serve the request that waits on a connection; false when that is closed. */
static bool
take_connection(const struct pool *pool, void *own, FCGX_Request *request,
    int fd)
{
	int64_t taken_ms = clock_mono_ms();
	bool keep;

	/* As if it were a kept connection, libfcgi reads from it at once. */
	request->ipcFd = fd;
	request->keepConnection = 1;
	if (FCGX_Accept_r(request) != 0)
		return false;
	serve_fcgi(pool, own, request, taken_ms);
	keep = may_keep(request);
	/* Or libfcgi would close it, and wait for the peer to do the same. */
	request->keepConnection = 1;
	FCGX_Detach(request);
	FCGX_Finish_r(request);
	fd = request->ipcFd;
	request->ipcFd = -1;
	if (fd >= 0 && keep && connections_keep(pool->connections, fd))
		return true;
	if (fd >= 0)
		close(fd);
	return false;
}

/* ---- threads ---- */

static void *
run_thread(void *data)
{
	struct pool *pool = data;
	void *own = pool->work->begin(pool->work->data);
	FCGX_Request request;
	int fd;

	/* No socket to accept on: that is done here. */
	FCGX_InitRequest(&request, -1, 0);
	if (own == NULL) {
		log_errno(LOG_LEVEL_ERROR, "thread_failed", NULL);
		/* With fewer threads than asked for: leave, to be restarted. */
		if (!atomic_exchange(&pool->failed, true))
			kill(getpid(), SIGTERM);
	} else {
		while ((fd = connections_wait(pool->connections)) >= 0)
			if (!take_connection(pool, own, &request, fd))
				connections_gone(pool->connections);
	}
	FCGX_Free(&request, 1);
	if (own != NULL)
		pool->work->end(own);
	return NULL;
}

/* Start the threads; how many are there. */
static int
start_threads(struct pool *pool, pthread_t *threads)
{
	pthread_attr_t attr;
	int n = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	while (n < pool->work->threads &&
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

/* Wait for the signal that ends us, or for for_s seconds if that is not 0; a
 * second signal kills. */
static void
wait_for_end(const sigset_t *ends, int for_s)
{
	const struct timespec limit = { .tv_sec = for_s };
	int number;

	if (for_s > 0)
		sigtimedwait(ends, NULL, &limit);
	else
		sigwait(ends, &number);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

/* Serve with all threads until it is time to end. */
static void
live(const struct server_work *work, const sigset_t *ends)
{
	log_event(LOG_LEVEL_INFO, "started", "threads=%d", work->threads);
	if (work->for_s == 0)
		notify("READY=1\nSTATUS=serving with %d threads",
		    work->threads);
	wait_for_end(ends, work->for_s);
	notify("STOPPING=1");
	log_event(LOG_LEVEL_INFO, "stopping", "threads=%d", work->threads);
}

bool
server_run(int listener, const char *path, const struct server_work *work)
{
	struct pool pool = { .work = work,
		.connections = connections_open(listener, path != NULL) };
	pthread_t *threads = calloc((size_t)work->threads, sizeof(*threads));
	const sigset_t ends = end_signals();
	int n = 0;

	/* Signals are held, so that libfcgi's handlers never run. */
	if (pool.connections != NULL && threads != NULL && FCGX_Init() == 0)
		n = start_threads(&pool, threads);
	signal(SIGPIPE, SIG_IGN); /* FCGX_Init() has taken it */
	if (n == work->threads) {
		live(work, &ends);
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

static size_t
read_cgi(struct server_call *call, char *p, size_t n)
{
	const char *length = getenv("CONTENT_LENGTH");

	(void)call;
	/* Without it there is no body, and perhaps no end (RFC 3875, 4.2). */
	return length == NULL || length[0] == '\0' ? 0 : fread(p, 1, n, stdin);
}

static bool
has_more_cgi(struct server_call *call)
{
	(void)call;
	return false;
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
	struct server_call call = { .envp = environ,
		.read = read_cgi,
		.has_more = has_more_cgi,
		.deadline_ms = clock_mono_ms() + REQUEST_MS };
	void *own;
	bool good = false;

	own = work->begin(work->data);
	if (own != NULL) {
		work->serve(own, &call, &answer);
		good = print_answer(&answer);
		work->end(own);
	}
	free_answer(&answer);
	return good;
}
