/* SPDX-License-Identifier: ISC */
/*
 * Hides how an answer is cut into records. libfcgi would do it, but it waits
 * for a peer that does not read, and copies all of it. Here nothing is copied,
 * and where one left off is a number: how many bytes have gone.
 */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "process/outgoing.h"
#include "process/record.h"

#define PIECE_MAX 65528 /* of content, a multiple of 8 (section 3.3) */
#define FRAME (RECORD_HEADER + PIECE_MAX)
#define PIECES 4 /* records in one call; a socket takes about three */
#define SLICES (PIECES * (1 + 1 + SERVER_PARTS) + 1)
#define END_BYTES (RECORD_HEADER + RECORD_HEADER + 8)

/* What one call sends. */
struct batch {
	struct iovec slices[SLICES];
	size_t n;
	unsigned char headers[PIECES][RECORD_HEADER];
	unsigned char end[END_BYTES];
};

void
server_answer_free(struct server_answer *answer)
{
	size_t i;

	buf_free(&answer->head);
	for (i = 0; i < SERVER_PARTS; i++)
		buf_free(&answer->body[i]);
}

void
outgoing_begin(struct outgoing *outgoing, struct server_answer *answer,
    uint16_t id)
{
	size_t i, pieces;

	*outgoing = (struct outgoing){ .id = id, .n = answer->head.n };
	buf_move(&outgoing->answer.head, &answer->head);
	for (i = 0; i < SERVER_PARTS; i++) {
		outgoing->n += answer->body[i].n;
		buf_move(&outgoing->answer.body[i], &answer->body[i]);
	}
	pieces = (outgoing->n + PIECE_MAX - 1) / PIECE_MAX;
	outgoing->length = outgoing->n + pieces * RECORD_HEADER + END_BYTES;
}

void
outgoing_free(struct outgoing *outgoing)
{
	server_answer_free(&outgoing->answer);
	*outgoing = (struct outgoing){ .id = 0 };
}

static void
add(struct batch *batch, void *p, size_t n)
{
	batch->slices[batch->n++] =
	    (struct iovec){ .iov_base = p, .iov_len = n };
}

/* Those n bytes of the answer that begin at this one, from whichever part. */
static void
add_content(struct batch *batch, const struct outgoing *outgoing, size_t at,
    size_t n)
{
	const struct buf *part = &outgoing->answer.head;
	size_t i, here;

	for (i = 0; n > 0 && i <= SERVER_PARTS; i++) {
		if (at < part->n) {
			here = part->n - at < n ? part->n - at : n;
			add(batch, part->p + at, here);
			n -= here;
			at = 0;
		} else {
			at -= part->n;
		}
		part = &outgoing->answer.body[i];
	}
}

/* The record around a piece of the answer, from its byte off on. */
static void
add_piece(struct batch *batch, const struct outgoing *outgoing, size_t piece,
    size_t off)
{
	unsigned char *header = batch->headers[piece - outgoing->sent / FRAME];
	size_t at = piece * PIECE_MAX, n = outgoing->n - at;

	if (n > PIECE_MAX)
		n = PIECE_MAX;
	record_header(header, RECORD_STDOUT, outgoing->id, n);
	if (off < RECORD_HEADER) {
		add(batch, header + off, RECORD_HEADER - off);
		off = RECORD_HEADER;
	}
	off -= RECORD_HEADER;
	add_content(batch, outgoing, at + off, n - off);
}

/* The end of the stream, and of the request: complete, status 0. */
static void
add_end(struct batch *batch, const struct outgoing *outgoing)
{
	size_t start = outgoing->length - END_BYTES, off = 0;

	if (outgoing->sent > start)
		off = outgoing->sent - start;
	record_header(batch->end, RECORD_STDOUT, outgoing->id, 0);
	record_header(batch->end + RECORD_HEADER, RECORD_END, outgoing->id, 8);
	add(batch, batch->end + off, END_BYTES - off);
}

static void
fill(struct batch *batch, const struct outgoing *outgoing)
{
	size_t pieces = (outgoing->n + PIECE_MAX - 1) / PIECE_MAX;
	size_t first = outgoing->sent / FRAME, piece;

	if (outgoing->sent >= outgoing->length - END_BYTES)
		first = pieces;
	for (piece = first; piece < pieces && piece < first + PIECES; piece++)
		add_piece(batch, outgoing, piece,
		    piece == first ? outgoing->sent % FRAME : 0);
	if (piece >= pieces)
		add_end(batch, outgoing);
}

enum outgoing_step
outgoing_send(struct outgoing *outgoing, int fd)
{
	struct batch batch;
	struct msghdr message;
	ssize_t sent;

	while (outgoing->sent < outgoing->length) {
		batch.n = 0;
		memset(batch.end, 0, sizeof(batch.end));
		fill(&batch, outgoing);
		message = (struct msghdr){ .msg_iov = batch.slices,
			.msg_iovlen = batch.n };
		sent = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return errno == EAGAIN || errno == EWOULDBLOCK ?
			    OUTGOING_MORE :
			    OUTGOING_FAILED;
		outgoing->sent += (size_t)sent;
	}
	return OUTGOING_DONE;
}
