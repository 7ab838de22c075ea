/* SPDX-License-Identifier: ISC */
/* What a handler works with. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "spotify/http.h"
#include "store/store.h"

/* How long to wait before something is tried again, by whoever knows. It is
 * told with the result that it belongs to, and with no other. */
struct wait {
	enum result after;
	int64_t s; /* 0: the result's own default */
};

struct api_endpoint;

/* One request's world; everything is borrowed for its duration. */
struct context {
	const struct conf *conf;
	struct store *store;
	struct http *http;   /* NULL in programs that call nobody */
	unsigned threads;    /* of this process */
	int64_t deadline_ms; /* on clock_mono_ms() */
	/* How long it has waited until others of its session were served; 0:
	 * it has not. */
	int64_t waited_ms;
	struct wait wait;
	/* The facts of PAUSE_TOKEN, two, if they have been looked at already in
	 * this request; else NULL. */
	const int64_t *token_pause;
	int api_status; /* of the Web API's last answer; 0: none came */
	bool api_sent;	/* a call of the Web API was begun in this request */
	const struct api_endpoint *calling; /* the one under way; of api.c */
	/* Whether nobody waits for the answer any more; NULL: not known. */
	bool (*is_gone)(const void *client);
	const void *client;
};

/* Whether whoever asked has gone: to be looked at before something is spent
 * that is good for once. */
static inline bool
context_is_abandoned(const struct context *context)
{
	return context->is_gone != NULL && context->is_gone(context->client);
}

#endif
