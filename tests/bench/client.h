/* SPDX-License-Identifier: ISC */
/* An HTTP/1.1 connection to a port of 127.0.0.1, which is kept and, when the
 * server has closed it, opened again. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <netinet/in.h>
#include <stdbool.h>

#include "base/buf.h"

enum client_state { CLIENT_BUSY, CLIENT_DONE, CLIENT_FAILED };

struct client {
	in_port_t port;
	int poll; /* gets the socket, with tag as data.ptr */
	void *tag;
	int fd;		 /* -1: none */
	struct buf out;	 /* the request; the caller writes it */
	struct buf head; /* of the answer */
	int status;
	/* How the body goes on; see client.c. */
	bool whole, closes, chunked, last, extension, until_end;
	bool used; /* an answer came over this connection before */
	size_t left, chunk;
};

void client_init(struct client *client, in_port_t port, int poll, void *tag);

/* Send what is in out, over a new connection if there is none. */
enum client_state client_send(struct client *client);

/* When epoll says that there is something: read on. CLIENT_DONE: status and
 * head belong to a whole answer, whose body is thrown away. */
enum client_state client_receive(struct client *client);

/* The value of the next header line of that name; *rest is the head at first
 * and moves on. False when there is none. */
bool client_header(struct str *rest, const char *name, struct str *value);

void client_close(struct client *client);
void client_free(struct client *client);

#endif
