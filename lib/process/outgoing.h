/* SPDX-License-Identifier: ISC */
/* An answer on its way out, in the records of FastCGI. */
#ifndef OUTGOING_H
#define OUTGOING_H

#include <stdint.h>

#include "base/buf.h"

#define SERVER_PARTS 3 /* of a body */

/* What a program answers; all parts are sent, one after the other. Those of the
 * body have no room of their own. */
struct server_answer {
	struct buf head;
	struct buf body[SERVER_PARTS];
};

struct outgoing {
	struct server_answer answer;
	uint16_t id;   /* of the request */
	size_t n;      /* bytes of the answer */
	size_t sent;   /* of the records, which are more */
	size_t length; /* of all records */
};

enum outgoing_step {
	OUTGOING_MORE, /* the peer takes no more at the moment */
	OUTGOING_DONE,
	OUTGOING_FAILED /* the peer has gone */
};

/* Wipe and release all parts. */
void server_answer_free(struct server_answer *answer);

/* Begin to answer the request of this id; takes the parts of the answer over.
 * outgoing_free() releases them. */
void outgoing_begin(struct outgoing *outgoing, struct server_answer *answer,
    uint16_t id);

/* Send what the socket takes; does not wait. */
enum outgoing_step outgoing_send(struct outgoing *outgoing, int fd)
    __attribute__((warn_unused_result));

/* Wipe and release; empty afterwards. */
void outgoing_free(struct outgoing *outgoing);

#endif
