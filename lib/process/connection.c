/* SPDX-License-Identifier: ISC */
/*
 * Hides what one connection goes through. Nothing here waits: whoever calls
 * goes on with it when the peer has, or when its time is over.
 *
 * A peer that is answered before it has sent all must still be able to send:
 * to Apache a connection that breaks under a body is a failure, whatever it
 * could read there. So the rest is read and thrown away for a while.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/connection.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"

#define READ_MAX 16384	      /* at once */
#define READS_MAX 8	      /* before others have their turn */
#define LINGER_MAX (4u << 20) /* bytes of a body that nobody reads */

struct connection *
connection_new(void)
{
	struct connection *connection = malloc(sizeof(*connection));

	if (connection != NULL) {
		*connection = (struct connection){ .fd = -1 };
		incoming_init(&connection->in);
	}
	return connection;
}

void
connection_begin(struct connection *connection, int fd)
{
	connection->fd = fd;
	connection->since_ms = clock_mono_ms();
	connection->ends_ms = connection->since_ms + CONNECTION_REQUEST_MS;
}

void
connection_end(struct connection *connection)
{
	struct incoming in = connection->in;

	if (connection->fd >= 0)
		close(connection->fd);
	if (connection->out.length > 0)
		outgoing_free(&connection->out);
	buf_free(&connection->rest);
	incoming_clear(&in);
	*connection = (struct connection){ .fd = -1, .in = in };
}

void
connection_free(struct connection *connection)
{
	connection_end(connection);
	incoming_free(&connection->in);
	free(connection);
}

/* ---- reading ---- */

static enum connection_need
be_served(struct connection *connection)
{
	connection->phase = CONNECTION_SERVED;
	connection->arrived_ms = clock_mono_ms();
	connection->ends_ms = 0;
	return CONNECTION_TO_SERVE;
}

/* Nothing of it is acted upon, and nothing of it will be read. */
static enum connection_need
be_refused(struct connection *connection)
{
	connection->in.broken = true;
	return be_served(connection);
}

/* Of the peer's bytes, whatever they mean; what is left is a next request. */
static enum connection_need
take_in(struct connection *connection, const char *p, size_t n)
{
	unsigned char answer[INCOMING_ANSWER_MAX];
	enum incoming_step step;
	size_t used;

	do {
		step = incoming_read(&connection->in, p, n, &used);
		p += used;
		n -= used;
		/* Who does not read it gets none. */
		if (step == INCOMING_ASKED)
			send(connection->fd, answer,
			    incoming_answer(&connection->in, answer),
			    MSG_DONTWAIT | MSG_NOSIGNAL);
	} while (step == INCOMING_ASKED);
	if (step == INCOMING_FAILED)
		return CONNECTION_TO_CLOSE;
	if (step == INCOMING_MORE)
		return CONNECTION_TO_READ;
	if (n > 0 && connection->in.ended) {
		connection->rest = BUF(READ_MAX);
		buf_add(&connection->rest, p, n);
	}
	return buf_result(&connection->rest) == OK ? be_served(connection) :
						     CONNECTION_TO_CLOSE;
}

/* Until when the rest has to be there. */
static void
set_end(struct connection *connection, bool is_new)
{
	int64_t now_ms = clock_mono_ms();

	if (is_new)
		connection->since_ms = now_ms;
	connection->ends_ms = connection->since_ms + CONNECTION_REQUEST_MS;
	if (incoming_lacks_end_only(&connection->in))
		connection->ends_ms =
		    clock_until_ms(connection->ends_ms, CONNECTION_END_MS);
}

/* The peer sends no more. */
static enum connection_need
end_input(struct connection *connection)
{
	connection->at_end = true;
	return connection->in.has_head && !connection_is_gone(connection) ?
	    be_refused(connection) :
	    CONNECTION_TO_CLOSE;
}

static enum connection_need
read_on(struct connection *connection)
{
	const bool idle = connection->ends_ms == 0 && !connection->in.begun;
	enum connection_need need = CONNECTION_TO_READ;
	char piece[READ_MAX];
	unsigned times = 0;
	ssize_t got;

	do {
		got = recv(connection->fd, piece, sizeof(piece), MSG_DONTWAIT);
		if (got > 0) {
			need = take_in(connection, piece, (size_t)got);
			secret_wipe(piece, (size_t)got);
		}
	} while (need == CONNECTION_TO_READ && got == (ssize_t)sizeof(piece) &&
	    ++times < READS_MAX);
	if (need != CONNECTION_TO_READ)
		return need;
	if (got == 0)
		return end_input(connection);
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		return CONNECTION_TO_CLOSE;
	if (connection->in.begun || !idle)
		set_end(connection, idle);
	return CONNECTION_TO_READ;
}

/* ---- writing ---- */

/* The next request may have come already, behind the last one. */
static enum connection_need
read_next(struct connection *connection)
{
	struct buf rest = BUF(READ_MAX);
	enum connection_need need = CONNECTION_TO_READ;

	connection->phase = CONNECTION_READING;
	connection->ends_ms = 0;
	incoming_clear(&connection->in);
	if (connection->rest.n == 0)
		return CONNECTION_TO_READ;
	buf_move(&rest, &connection->rest);
	need = take_in(connection, rest.p, rest.n);
	buf_free(&rest);
	if (need == CONNECTION_TO_READ && connection->in.begun)
		set_end(connection, true);
	return need;
}

/* It is answered. What is left of a request that was not read to its end
 * could be taken for another. */
static enum connection_need
be_done(struct connection *connection)
{
	const struct incoming *in = &connection->in;

	outgoing_free(&connection->out);
	if (in->ended && in->keep && !in->broken)
		return read_next(connection);
	if (in->ended || connection->at_end ||
	    shutdown(connection->fd, SHUT_WR) != 0)
		return CONNECTION_TO_CLOSE;
	connection->phase = CONNECTION_LINGERING;
	connection->ends_ms = clock_mono_ms() + CONNECTION_LINGER_MS;
	return CONNECTION_TO_READ;
}

static enum connection_need
say_gone(const struct connection *connection)
{
	log_event(LOG_LEVEL_DEBUG, "client_gone", "bytes=%zu",
	    connection->out.n);
	return CONNECTION_TO_CLOSE;
}

static enum connection_need
send_on(struct connection *connection)
{
	switch (outgoing_send(&connection->out, connection->fd)) {
	case OUTGOING_DONE: return be_done(connection);
	case OUTGOING_MORE:
		connection->ends_ms =
		    clock_until_ms(connection->since_ms + CONNECTION_ANSWER_MS,
			CONNECTION_TAKE_MS);
		return CONNECTION_TO_WRITE;
	default: return say_gone(connection);
	}
}

enum connection_need
connection_answer(struct connection *connection, struct server_answer *answer)
{
	connection->phase = CONNECTION_SENDING;
	/* The peer may take a minute to read. */
	buf_free(&connection->in.params);
	buf_free(&connection->in.body);
	outgoing_begin(&connection->out, answer, connection->in.id);
	connection->since_ms = clock_mono_ms();
	return send_on(connection);
}

static enum connection_need
linger(struct connection *connection)
{
	char piece[READ_MAX];
	ssize_t got = recv(connection->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (got > 0)
		connection->lingered += (size_t)got;
	if (got == 0 || connection->lingered > LINGER_MAX ||
	    (got < 0 && errno != EAGAIN && errno != EINTR))
		return CONNECTION_TO_CLOSE;
	return CONNECTION_TO_READ;
}

/* ---- all of it ---- */

enum connection_need
connection_go_on(struct connection *connection)
{
	switch (connection->phase) {
	case CONNECTION_READING: return read_on(connection);
	case CONNECTION_SENDING: return send_on(connection);
	case CONNECTION_LINGERING: return linger(connection);
	default: return CONNECTION_TO_CLOSE;
	}
}

enum connection_need
connection_expire(struct connection *connection)
{
	if (connection->phase == CONNECTION_SENDING)
		return say_gone(connection);
	if (connection->phase != CONNECTION_READING || !connection->in.has_head)
		return CONNECTION_TO_CLOSE;
	return incoming_lacks_end_only(&connection->in) ?
	    be_served(connection) :
	    be_refused(connection);
}

bool
connection_is_gone(const struct connection *connection)
{
	struct pollfd poll_fd = { .fd = connection->fd };

	return poll(&poll_fd, 1, 0) > 0 &&
	    (poll_fd.revents & (POLLHUP | POLLERR)) != 0;
}

void
connection_mark(const struct connection *connection)
{
	unsigned char record[RECORD_HEADER];
	char next;

	if (recv(connection->fd, &next, 1, MSG_PEEK | MSG_DONTWAIT) >= 0)
		return;
	/* Of request 1, without content. */
	record_header(record, RECORD_STDERR, 1, 0);
	send(connection->fd, record, sizeof(record),
	    MSG_NOSIGNAL | MSG_DONTWAIT);
}

size_t
connection_held(const struct connection *connection)
{
	return connection->in.params.size + connection->in.body.size +
	    connection->rest.size + connection->out.n;
}
