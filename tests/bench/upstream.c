/* SPDX-License-Identifier: ISC */
/*
 * A Spotify for benchmarks: one thread, epoll, TLS 1.3, HTTP/1.1 with kept
 * connections, quick enough that what is measured is not this.
 *
 *	upstream CERT KEY ISSUER CLIENT_ID SECRET_FILE
 *
 * listens on a free port of 127.0.0.1, prints "ready PORT", serves until it
 * is killed. All answers come after the same delay, 0 at first.
 *
 *	GET /authorize	302 to redirect_uri with code=50.NONCE and the state
 *	POST /api/token	{access_token, refresh_token, id_token, token_type,
 *		expires_in, scope}; no secret is asked for. The code is
 *		"FOLLOWS.NONCE": the tokens remember how many artists are
 *		followed, and the nonce (may be empty) comes back in the
 *		id_token (HS256 under the client secret; iss, aud, sub
 *		"listener", iat, exp, nonce). With refresh_token: the same
 *		without id_token.
 *	GET /v1/me	the account "listener", also in "sub"
 *	GET /v1/me/following?type=artist&limit=50[&after=CURSOR]
 *		55 kB a page of 50, whatever the limit; null ends the cursors
 *	GET /v1/search	the same
 *	GET /stats	{"connections":N,"requests":N}; those for /stats and
 *		/delay do not count
 *	GET /delay/MS	from now on answers wait so many milliseconds
 */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answers.h"

#define REQUEST_MAX 16384
#define ANSWER_MAX 262144
#define EVENTS 256
#define SECOND_NS 1000000000
#define DELAY_MAX_MS 10000

/* One connection. */
struct peer {
	int fd;
	SSL *ssl;
	bool counted;
	struct buf in, out;
	size_t sent; /* of out */
	bool waits;  /* in the queue, out is not due yet */
	int64_t due_ns;
	struct peer *next; /* in the queue */
};

struct upstream {
	struct answers answers;
	SSL_CTX *tls;
	int listener, poll;
	int64_t delay_ns;
	struct peer *first, *last; /* the queue, by time */
	unsigned long connections, requests;
};

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND_NS + t.tv_nsec;
}

/* ---- requests ---- */

/* Whether it was a request of the benchmark itself. */
static bool
control(struct upstream *upstream, const struct asked *asked, struct buf *out)
{
	const struct str delay = STR("/delay/");
	struct buf body = BUF(256);
	struct str ms = asked->path;
	uint64_t number;

	if (str_starts(asked->path, delay)) {
		ms.p += delay.n;
		ms.n -= delay.n;
		if (str_number(ms, DELAY_MAX_MS, &number))
			upstream->delay_ns = (int64_t)number * 1000000;
	} else if (!str_equal(asked->path, STR("/stats"))) {
		return false;
	}
	buf_printf(&body, "{\"connections\":%lu,\"requests\":%lu}\n",
	    upstream->connections, upstream->requests);
	answers_json(out, 200, buf_str(&body));
	buf_free(&body);
	return true;
}

static void
enqueue(struct upstream *upstream, struct peer *peer)
{
	peer->waits = true;
	peer->due_ns = now_ns() + upstream->delay_ns;
	peer->next = NULL;
	if (upstream->first == NULL)
		upstream->first = peer;
	else
		upstream->last->next = peer;
	upstream->last = peer;
}

/* Prepare the answer to what is in the buffer, if that is a request. */
static void
serve(struct upstream *upstream, struct peer *peer)
{
	struct asked asked;
	size_t n = answers_read(&peer->in, &asked);

	if (n == 0)
		return;
	if (!control(upstream, &asked, &peer->out)) {
		if (!peer->counted)
			upstream->connections++;
		peer->counted = true;
		upstream->requests++;
		answers_write(&upstream->answers, &asked, &peer->out);
		if (upstream->delay_ns > 0)
			enqueue(upstream, peer);
	}
	peer->in.n -= n;
	memmove(peer->in.p, peer->in.p + n, peer->in.n);
}

/* ---- connections ---- */

/* Whether an operation only has to be tried again later. */
static bool
must_wait(struct peer *peer, int returned)
{
	int error = SSL_get_error(peer->ssl, returned);

	return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

/* One step: 1 go on, 0 wait for the peer, -1 it has gone. */
static int
send_some(struct peer *peer)
{
	int n = SSL_write(peer->ssl, peer->out.p + peer->sent,
	    (int)(peer->out.n - peer->sent));

	if (n <= 0)
		return must_wait(peer, n) ? 0 : -1;
	peer->sent += (size_t)n;
	if (peer->sent == peer->out.n) {
		peer->out.n = 0;
		peer->sent = 0;
	}
	return 1;
}

static int
receive_some(struct upstream *upstream, struct peer *peer)
{
	char *room = buf_room(&peer->in, 4096);
	int n = room == NULL ? -1 : SSL_read(peer->ssl, room, 4096);

	if (room == NULL)
		return -1;
	if (n <= 0)
		return must_wait(peer, n) ? 0 : -1;
	buf_grown(&peer->in, (size_t)n);
	serve(upstream, peer);
	return 1;
}

static void
hang_up(struct peer *peer)
{
	SSL_free(peer->ssl);
	close(peer->fd);
	buf_free(&peer->in);
	buf_free(&peer->out);
	free(peer);
}

/* Do what can be done now; epoll tells changes only. */
static void
drive(struct upstream *upstream, struct peer *peer)
{
	int step = 1;

	while (step > 0 && !peer->waits) {
		ERR_clear_error();
		step = peer->out.n > 0 ? send_some(peer) :
					 receive_some(upstream, peer);
	}
	if (step < 0)
		hang_up(peer);
}

static void
welcome(struct upstream *upstream)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP |
		    EPOLLET };
	const int one = 1;
	struct peer *peer;
	int fd;

	while ((fd = accept4(upstream->listener, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if ((peer = calloc(1, sizeof(*peer))) == NULL) {
			close(fd);
			continue;
		}
		peer->fd = fd;
		peer->in = BUF(REQUEST_MAX * 2);
		peer->out = BUF(ANSWER_MAX);
		peer->ssl = SSL_new(upstream->tls);
		event.data.ptr = peer;
		if (peer->ssl == NULL || SSL_set_fd(peer->ssl, fd) != 1 ||
		    epoll_ctl(upstream->poll, EPOLL_CTL_ADD, fd, &event) != 0) {
			hang_up(peer);
			continue;
		}
		SSL_set_accept_state(peer->ssl);
	}
}

/* Let go what is due; what is left until the next, NULL if none waits. */
static const struct timespec *
release(struct upstream *upstream, struct timespec *left)
{
	struct peer *peer;
	int64_t ns;

	while ((peer = upstream->first) != NULL) {
		ns = peer->due_ns - now_ns();
		if (ns > 0) {
			*left = (struct timespec){ .tv_sec = ns / SECOND_NS,
				.tv_nsec = ns % SECOND_NS };
			return left;
		}
		upstream->first = peer->next;
		peer->waits = false;
		drive(upstream, peer);
	}
	return NULL;
}

static void
run(struct upstream *upstream)
{
	struct epoll_event events[EVENTS];
	struct timespec left;
	struct peer *peer;
	int i, n;

	for (;;) {
		n = epoll_pwait2(upstream->poll, events, EVENTS,
		    release(upstream, &left), NULL);
		for (i = 0; i < n; i++)
			if ((peer = events[i].data.ptr) == NULL)
				welcome(upstream);
			else if (!peer->waits)
				drive(upstream, peer);
	}
}

/* ---- start ---- */

static bool
open_tls(struct upstream *upstream, const char *cert, const char *key)
{
	upstream->tls = SSL_CTX_new(TLS_server_method());
	if (upstream->tls == NULL)
		return false;
	SSL_CTX_set_mode(upstream->tls,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	return SSL_CTX_set_min_proto_version(upstream->tls, TLS1_3_VERSION) &&
	    SSL_CTX_use_certificate_chain_file(upstream->tls, cert) == 1 &&
	    SSL_CTX_use_PrivateKey_file(upstream->tls, key, SSL_FILETYPE_PEM) ==
	    1;
}

static bool
open_socket(struct upstream *upstream, in_port_t *port)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(at);

	upstream->poll = epoll_create1(EPOLL_CLOEXEC);
	upstream->listener =
	    socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (bind(upstream->listener, (struct sockaddr *)&at, n) != 0 ||
	    listen(upstream->listener, 4096) != 0 ||
	    getsockname(upstream->listener, (struct sockaddr *)&at, &n) != 0)
		return false;
	*port = ntohs(at.sin_port);
	return epoll_ctl(upstream->poll, EPOLL_CTL_ADD, upstream->listener,
		   &event) == 0;
}

/* The first line of a file; the caller frees it. NULL when there is none. */
static char *
first_line(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t size = 0;

	if (file == NULL)
		return NULL;
	if (getline(&line, &size, file) > 0)
		line[strcspn(line, "\n")] = '\0';
	fclose(file);
	return line;
}

int
main(int argc, char **argv)
{
	struct upstream upstream = { .delay_ns = 0 };
	char *secret = argc == 6 ? first_line(argv[5]) : NULL;
	in_port_t port;

	if (secret == NULL) {
		fprintf(stderr,
		    "usage: upstream cert key issuer client_id "
		    "secret_file\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	upstream.answers = (struct answers){ argv[3], argv[4], secret };
	if (!open_tls(&upstream, argv[1], argv[2]) ||
	    !open_socket(&upstream, &port)) {
		ERR_print_errors_fp(stderr);
		perror("upstream");
		return 1;
	}
	printf("ready %u\n", (unsigned)port);
	fflush(stdout);
	run(&upstream);
}
