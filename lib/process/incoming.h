/* SPDX-License-Identifier: ISC */
/* A request on its way in, taken from the records in which it comes. */
#ifndef INCOMING_H
#define INCOMING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "process/record.h"

#define INCOMING_HEAD_MAX RECORD_MAX /* bytes of all parameters */
#define INCOMING_BODY_MAX 16384
#define INCOMING_ANSWER_MAX 24

struct incoming {
	struct buf params; /* names and values, as they travel */
	uint64_t length;   /* CONTENT_LENGTH; 0: none, or no number */
	struct buf body;   /* as much of it as may be kept */
	uint64_t body_n;   /* bytes of the body that have come */
	uint16_t id;
	bool keep;	/* the peer means to send another request */
	bool begun;	/* a byte of it has come */
	bool has_head;	/* all parameters are there */
	bool ended;	/* so is the end of the body */
	bool broken;	/* cannot be served: 400 */
	bool too_large; /* 413; parameters may be missing */

	/* The record that is being read. */
	unsigned char header[RECORD_HEADER], start[RECORD_HEADER];
	size_t header_n, start_n, content_left, padding_left;
};

enum incoming_step {
	INCOMING_MORE,	/* all bytes were used, more are to come */
	INCOMING_WHOLE, /* it can be served */
	INCOMING_ASKED, /* incoming_answer() is due; then go on */
	INCOMING_FAILED /* no FastCGI, aborted, or no memory: close */
};

/* An empty one; incoming_free() releases it. */
void incoming_init(struct incoming *incoming);

/* Wipe, and be ready for another one, with the memory of this request's
 * parameters if that is not much. */
void incoming_clear(struct incoming *incoming);

/* Wipe and release; empty afterwards. */
void incoming_free(struct incoming *incoming);

/*
 * Read n bytes; *used are those that belong to the request or to records of
 * nobody's, all of them unless more than INCOMING_MORE is returned. One that
 * is broken or too large is whole as soon as that is known: what follows it is
 * not for anybody, and ended is false unless it was.
 */
enum incoming_step incoming_read(struct incoming *incoming, const char *p,
    size_t n, size_t *used) __attribute__((warn_unused_result));

/*
 * What is due to the record that was read last, which is not the request's:
 * of the application (FastCGI 1.0, section 4) or a second request. Returns
 * how many bytes. Variables we have none, so no name is looked at.
 */
size_t incoming_answer(const struct incoming *incoming,
    unsigned char out[static INCOMING_ANSWER_MAX]);

/* Whether nothing is missing but the record that ends the body, which some
 * peers forget (HAProxy, over HTTP/2). */
bool incoming_lacks_end_only(const struct incoming *incoming);

#endif
