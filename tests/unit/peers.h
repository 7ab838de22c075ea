/* SPDX-License-Identifier: ISC */
/* The web server's side of connections, for the tests of this room. */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <sys/resource.h>

#include "process/connections.h"

#define PEERS_MARK_N 8
#define PEERS_REQUEST_N 32

extern const char peers_mark[PEERS_MARK_N];
/* Without parameters; the connection is to be kept. */
extern const char peers_request[PEERS_REQUEST_N + 1];

/* Connections and their listening socket. */
struct peers_setting {
	struct connections *connections;
	int listener;
};

/* One request is served at a time. No connections: no memory. The other one
 * has so many descriptors. */
struct peers_setting peers_begin(bool drain);
struct peers_setting peers_begin_narrow(rlim_t files);

/* For SCOPED. */
void peers_end(struct peers_setting *setting);
void peers_end_fd(const int *fd);

int peers_new(void);
void peers_ask(int peer);

/* The next request, which this peer has just sent, or sends again. */
struct connection *peers_take(const struct peers_setting *setting, int *peer);

/* Answer it without content; the peer has that. */
void peers_serve(const struct peers_setting *setting,
    struct connection *connection);
void peers_expect_answer(int peer);

/* A connection whose ends are in two variables, served and kept. */
void peers_keep_one(const struct peers_setting *setting, int *peer, int *fd);

#endif
