/* SPDX-License-Identifier: ISC */
/*
 * Hides sockets, and OpenSSL that reads when it should write. What either says
 * becomes one of three things: go on, wait for the socket, or over. Waiting is
 * done at one place, until the deadline of the whole call and not of a step: a
 * peer that sends a byte now and then gains no time by it.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "engine/wire.h"
#include "base/clock.h"

#define READ_BYTES 16384	     /* a record of TLS */
#define AHEAD_BYTES (2 * READ_BYTES) /* that come behind the longest reply */
#define KEEP_BYTES 65536 /* of memory for what comes, between two calls */
#define WAIT_MAX_MS 600000

static enum result
fail(struct wire *wire, enum result result, const char *trouble, int error)
{
	wire->trouble = trouble;
	wire->trouble_errno = error;
	return result;
}

/* Wait until the socket can be read, or written. */
static enum result
wait_for(struct wire *wire, short events, int64_t deadline_ms)
{
	struct pollfd watched = { .fd = wire->fd, .events = events };
	int64_t left;
	int n;

	do {
		left = clock_left_ms(deadline_ms, WAIT_MAX_MS);
		n = left == 0 ? 0 : poll(&watched, 1, (int)left);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return fail(wire, RESULT_UPSTREAM_FAILED, "cannot wait", errno);
	return n > 0 ?
	    OK :
	    fail(wire, RESULT_UPSTREAM_TIMEOUT, "no answer in time", 0);
}

static enum result
closed(struct wire *wire, int error)
{
	return fail(wire, RESULT_UPSTREAM_FAILED, "the connection was closed",
	    error);
}

/* What comes of a step of OpenSSL's that did not succeed; OK: the socket can
 * be used again. */
static enum result
settle(struct wire *wire, int returned, int64_t deadline_ms)
{
	const int error = errno;

	switch (SSL_get_error(wire->ssl, returned)) {
	case SSL_ERROR_WANT_READ: return wait_for(wire, POLLIN, deadline_ms);
	case SSL_ERROR_WANT_WRITE: return wait_for(wire, POLLOUT, deadline_ms);
	case SSL_ERROR_SSL: break;
	default: return closed(wire, error);
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return closed(wire, 0);
	return fail(wire, RESULT_MISCONFIGURED, tls_trouble(wire->ssl), 0);
}

enum result
wire_connect(struct wire *wire, const struct sockaddr *place, socklen_t n,
    size_t reply_max, int64_t deadline_ms)
{
	socklen_t size = sizeof(int);
	enum result result = OK;
	int error = 0;

	*wire = WIRE_NONE;
	wire->in = BUF(reply_max + AHEAD_BYTES);
	wire->fd = socket(place->sa_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (wire->fd < 0)
		return fail(wire, RESULT_UPSTREAM_FAILED, "no socket", errno);
	if (place->sa_family != AF_UNIX)
		setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
		    sizeof(int));
	if (connect(wire->fd, place, n) != 0)
		error = errno;
	if (error == EINPROGRESS || error == EINTR) {
		error = 0;
		result = wait_for(wire, POLLOUT, deadline_ms);
		if (result == OK)
			getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error,
			    &size);
	}
	if (result == OK && error != 0)
		result = fail(wire, RESULT_UPSTREAM_FAILED,
		    "cannot be connected to", error);
	return result;
}

enum result
wire_secure(struct wire *wire, SSL_CTX *tls, const char *host,
    int64_t deadline_ms)
{
	enum result result = tls_start(tls, wire->fd, host, &wire->ssl);
	int n = 0;

	while (result == OK && n != 1) {
		ERR_clear_error();
		if ((n = SSL_do_handshake(wire->ssl)) != 1)
			result = settle(wire, n, deadline_ms);
	}
	if (result == RESULT_NO_MEMORY)
		return fail(wire, result, "no memory", 0);
	if (result == RESULT_UPSTREAM_TIMEOUT)
		wire->trouble = "no TLS in time; without it the scheme is "
				"valkey, not valkeys";
	ERR_clear_error();
	return result;
}

/* Send what can be sent without waiting. OK: try again. */
static enum result
send_some(struct wire *wire, struct str bytes, int64_t deadline_ms, size_t *n)
{
	ssize_t sent;
	int done;

	*n = 0;
	if (wire->ssl != NULL) {
		ERR_clear_error();
		errno = 0;
		done = SSL_write_ex(wire->ssl, bytes.p, bytes.n, n);
		return done == 1 ? OK : settle(wire, done, deadline_ms);
	}
	sent = send(wire->fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	if (sent >= 0)
		*n = (size_t)sent;
	else if (errno == EAGAIN)
		return wait_for(wire, POLLOUT, deadline_ms);
	else if (errno != EINTR)
		return closed(wire, errno);
	return OK;
}

enum result
wire_send(struct wire *wire, struct str bytes, int64_t deadline_ms,
    size_t *sent)
{
	enum result result = OK;
	size_t n;

	for (*sent = 0; result == OK && bytes.n > 0; *sent += n) {
		result = send_some(wire, bytes, deadline_ms, &n);
		bytes.p += n;
		bytes.n -= n;
	}
	/* OpenSSL may have some on its way. */
	if (result != OK && wire->ssl != NULL)
		*sent += bytes.n;
	return result;
}

/* What has come is no reply. Whoever speaks TLS answers our first words with
 * an alert: RFC 8446, section 5.1. */
static enum result
refuse(struct wire *wire, struct str come)
{
	return fail(wire, RESULT_BAD_TEXT,
	    come.n > 0 && come.p[0] == '\x15' ?
		"it speaks TLS; then the scheme is valkeys, not valkey" :
		"what answers there is neither Valkey nor Redis",
	    0);
}

/* Read what has come, or wait until something has. OK: look at it. */
static enum result
read_some(struct wire *wire, int64_t deadline_ms)
{
	char *room = buf_room(&wire->in, READ_BYTES);
	size_t n = 0;
	ssize_t got;
	int done;

	if (room == NULL && buf_result(&wire->in) == RESULT_TOO_LARGE)
		return refuse(wire, buf_str(&wire->in));
	if (room == NULL)
		return fail(wire, RESULT_NO_MEMORY, "no memory", 0);
	if (wire->ssl != NULL) {
		ERR_clear_error();
		errno = 0;
		done = SSL_read_ex(wire->ssl, room, READ_BYTES, &n);
		if (done != 1)
			return settle(wire, done, deadline_ms);
	} else if ((got = recv(wire->fd, room, READ_BYTES, 0)) > 0) {
		n = (size_t)got;
	} else if (got == 0) {
		return closed(wire, 0);
	} else if (errno == EAGAIN) {
		return wait_for(wire, POLLIN, deadline_ms);
	} else if (errno != EINTR) {
		return closed(wire, errno);
	}
	buf_grown(&wire->in, n);
	return OK;
}

/* All replies have been taken: begin with an empty buffer again. */
static void
tidy(struct wire *wire)
{
	if (wire->taken < wire->in.n)
		return;
	if (wire->in.size > KEEP_BYTES)
		buf_free(&wire->in);
	else
		buf_clear(&wire->in);
	wire->taken = 0;
}

enum result
wire_reply(struct wire *wire, int64_t deadline_ms, struct resp *reply)
{
	const size_t max = wire->in.max - AHEAD_BYTES;
	enum result result = OK;
	struct str come;
	size_t n = 0;

	*reply = (struct resp){ 0 };
	while (result == OK && n == 0) {
		come = buf_str(&wire->in);
		come.p += wire->taken;
		come.n -= wire->taken;
		if (resp_length(come, max, &n) != OK)
			return refuse(wire, come);
		if (n == 0)
			result = read_some(wire, deadline_ms);
	}
	if (result != OK)
		return result;
	come.n = n;
	wire->taken += n;
	result = resp_read(come, reply);
	if (result == RESULT_BAD_TEXT)
		result = refuse(wire, come);
	else if (result != OK)
		result = fail(wire, result, "no memory", 0);
	tidy(wire);
	return result;
}

bool
wire_is_quiet(struct wire *wire)
{
	char byte;
	size_t n;
	int done;

	if (wire->in.n > 0)
		return false;
	if (wire->ssl == NULL)
		return recv(wire->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
		    errno == EAGAIN;
	/* What has come may be a matter of TLS alone, as a ticket. */
	ERR_clear_error();
	done = SSL_peek_ex(wire->ssl, &byte, 1, &n);
	return done != 1 &&
	    SSL_get_error(wire->ssl, done) == SSL_ERROR_WANT_READ;
}

void
wire_close(struct wire *wire)
{
	SSL_free(wire->ssl);
	ERR_clear_error();
	if (wire->fd >= 0)
		close(wire->fd);
	buf_free(&wire->in);
	wire->fd = -1;
	wire->ssl = NULL;
}
