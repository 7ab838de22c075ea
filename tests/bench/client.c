/* SPDX-License-Identifier: ISC */
/*
 * Hides HTTP. A body has a length, comes in chunks (RFC 9112, section 7.1;
 * without trailers), or lasts as long as the connection.
 */
#include "config.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client.h"

#define REQUEST_MAX 32768
#define HEAD_MAX 65536
#define PIECE 65536
#define LENGTH_MAX (1u << 30)

void
client_init(struct client *client, in_port_t port, int poll, void *tag)
{
	*client = (struct client){ .port = port,
		.poll = poll,
		.tag = tag,
		.fd = -1,
		.out = BUF(REQUEST_MAX),
		.head = BUF(HEAD_MAX) };
}

void
client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

void
client_free(struct client *client)
{
	client_close(client);
	buf_free(&client->out);
	buf_free(&client->head);
}

/* ---- sending ---- */

static bool
open_connection(struct client *client)
{
	struct epoll_event event = { .events = EPOLLIN,
		.data.ptr = client->tag };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(client->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	client->fd = fd;
	client->used = false;
	/* On the loopback this does not take long enough to wait for it. */
	return fd >= 0 &&
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0 &&
	    epoll_ctl(client->poll, EPOLL_CTL_ADD, fd, &event) == 0;
}

enum client_state
client_send(struct client *client)
{
	bool kept = client->fd >= 0;
	ssize_t n;

	if (buf_result(&client->out) != OK ||
	    (!kept && !open_connection(client)))
		return CLIENT_FAILED;
	client->head.n = 0;
	client->status = 0;
	client->whole = client->closes = client->chunked = client->last = false;
	client->extension = client->until_end = false;
	client->left = client->chunk = 0;
	n = send(client->fd, client->out.p, client->out.n, MSG_NOSIGNAL);
	if (n == (ssize_t)client->out.n)
		return CLIENT_BUSY;
	client_close(client);
	/* The server has closed it since the last answer. */
	return kept ? client_send(client) : CLIENT_FAILED;
}

/* ---- receiving ---- */

bool
client_header(struct str *rest, const char *name, struct str *value)
{
	struct str line;

	while (rest->n > 0) {
		line = str_cut(rest, '\n');
		if (str_equal_nocase(str_cut(&line, ':'), str_of(name)) &&
		    line.p != NULL) {
			if (str_ends(line, STR("\r")))
				line.n--;
			*value = str_trim(line);
			return true;
		}
	}
	return false;
}

static bool
header_is(const struct client *client, const char *name, struct str wanted)
{
	struct str rest = buf_str(&client->head), value;

	return client_header(&rest, name, &value) &&
	    str_equal_nocase(value, wanted);
}

/* Understand a head that is complete. */
static void
read_head(struct client *client)
{
	struct str rest = buf_str(&client->head), value;
	uint64_t number = 0;

	(void)str_cut(&rest, ' ');
	if (str_number(str_cut(&rest, ' '), 999, &number))
		client->status = (int)number;
	client->closes = header_is(client, "connection", STR("close"));
	if (client->status == 204 || client->status == 304) {
		client->whole = true;
	} else if (header_is(client, "transfer-encoding", STR("chunked"))) {
		client->chunked = true;
	} else if (client_header(&rest, "content-length", &value) &&
	    str_number(value, LENGTH_MAX, &number)) {
		client->left = (size_t)number;
		client->whole = number == 0;
	} else {
		client->until_end = client->closes = true;
	}
}

static size_t
skip(struct client *client, size_t n)
{
	if (n > client->left)
		n = client->left;
	client->left -= n;
	return n;
}

/* One byte of the line before a chunk. */
static void
feed_size(struct client *client, char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;

	if (c == '\n') {
		client->last = client->chunk == 0;
		client->left = client->chunk + 2;
		client->chunk = 0;
		client->extension = false;
		return;
	}
	digit = memchr(digits, c | 0x20, 16);
	if (digit == NULL)
		client->extension = true;
	else if (!client->extension)
		client->chunk = client->chunk * 16 + (size_t)(digit - digits);
}

static void
feed_body(struct client *client, const char *p, size_t n)
{
	size_t i = 0;

	if (client->until_end)
		return;
	while (client->chunked && i < n && !client->whole) {
		if (client->left > 0)
			i += skip(client, n - i);
		else
			feed_size(client, p[i++]);
		client->whole = client->last && client->left == 0;
	}
	if (!client->chunked) {
		skip(client, n);
		client->whole = client->left == 0;
	}
}

static void
feed(struct client *client, const char *p, size_t n)
{
	size_t had = client->head.n, from = had < 3 ? 0 : had - 3, head_n;
	const char *end;

	if (client->status != 0) {
		feed_body(client, p, n);
		return;
	}
	buf_add(&client->head, p, n);
	end =
	    memmem(client->head.p + from, client->head.n - from, "\r\n\r\n", 4);
	if (end == NULL)
		return;
	head_n = (size_t)(end - client->head.p) + 4;
	client->head.n = head_n;
	read_head(client);
	if (!client->whole)
		feed_body(client, p + (head_n - had), n - (head_n - had));
}

/* The connection ended, in good order or not. */
static enum client_state
end(struct client *client)
{
	bool stale = client->used && client->head.n == 0;

	client_close(client);
	if (stale)
		return client_send(client);
	return client->until_end ? CLIENT_DONE : CLIENT_FAILED;
}

enum client_state
client_receive(struct client *client)
{
	char piece[PIECE];
	ssize_t n = recv(client->fd, piece, sizeof(piece), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return CLIENT_BUSY;
	if (n <= 0)
		return end(client);
	feed(client, piece, (size_t)n);
	if (buf_result(&client->head) != OK)
		return CLIENT_FAILED;
	if (!client->whole)
		return CLIENT_BUSY;
	client->used = true;
	if (client->closes)
		client_close(client);
	return CLIENT_DONE;
}
