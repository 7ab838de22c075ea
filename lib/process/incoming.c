/* SPDX-License-Identifier: ISC */
/*
 * Hides records. Only their headers are understood here, and the lengths of
 * the parameters; libfcgi makes strings of those when all are there. It gets
 * nothing else: its answer to FCGI_GET_VALUES can be longer than its buffer,
 * and it believes any length.
 *
 * A request is BEGIN, PARAMS until an empty one, STDIN until an empty one, all
 * with the same id. A body is kept until the request is answered; one that is
 * too large is not.
 */
#include "config.h"

#include <string.h>

#include "process/incoming.h"

#define KEPT_MAX 8192 /* bytes of memory, for the next request */

void
incoming_init(struct incoming *incoming)
{
	*incoming = (struct incoming){ .params = BUF(INCOMING_HEAD_MAX),
		.body = BUF(INCOMING_BODY_MAX) };
}

void
incoming_clear(struct incoming *incoming)
{
	struct buf params = incoming->params;

	buf_free(&incoming->body);

	if (params.size > KEPT_MAX)
		buf_free(&params);
	else
		buf_clear(&params);
	incoming_init(incoming);
	incoming->params = params;
}

void
incoming_free(struct incoming *incoming)
{
	buf_free(&incoming->params);
	buf_free(&incoming->body);
	incoming_init(incoming);
}

static unsigned
number(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* The length of a name or value (section 3.4). */
static bool
read_length(struct str *rest, size_t *length)
{
	const unsigned char *p = (const unsigned char *)rest->p;
	size_t n = rest->n > 0 && p[0] >= 0x80 ? 4 : 1;

	if (rest->n < n)
		return false;
	*length =
	    n == 1 ? p[0] : (size_t)(number(p) & 0x7fff) << 16 | number(p + 2);
	rest->p += n;
	rest->n -= n;
	return true;
}

static bool
read_text(struct str *rest, size_t n, struct str *text)
{
	if (rest->n < n)
		return false;
	*text = (struct str){ rest->p, n };
	rest->p += n;
	rest->n -= n;
	return true;
}

/* Whether the parameters are pairs; and what length they announce. */
static bool
check_params(struct incoming *incoming)
{
	struct str rest = buf_str(&incoming->params), name, value;
	size_t name_n, value_n;

	while (rest.n > 0) {
		if (!read_length(&rest, &name_n) ||
		    !read_length(&rest, &value_n) ||
		    !read_text(&rest, name_n, &name) ||
		    !read_text(&rest, value_n, &value))
			return false;
		if (str_equal(name, STR("CONTENT_LENGTH")) &&
		    !str_number(value, INT64_MAX, &incoming->length))
			incoming->length = 0;
	}
	return true;
}

static enum incoming_step
refuse(struct incoming *incoming)
{
	buf_free(&incoming->body);
	incoming->too_large = true;
	return INCOMING_WHOLE;
}

static enum incoming_step
end_params(struct incoming *incoming)
{
	if (incoming->has_head)
		return INCOMING_FAILED;
	incoming->has_head = true;
	if (!check_params(incoming)) {
		buf_free(&incoming->params);
		incoming->broken = true;
	}
	if (incoming->broken)
		return INCOMING_WHOLE;
	if (incoming->length > INCOMING_BODY_MAX)
		return refuse(incoming);
	return INCOMING_MORE;
}

/* A record of the request has begun, whose header is there. */
static enum incoming_step
begin_own(struct incoming *incoming)
{
	switch (incoming->header[1]) {
	case RECORD_PARAMS:
		return incoming->has_head ? INCOMING_FAILED : INCOMING_MORE;
	case RECORD_STDIN:
		return incoming->has_head ? INCOMING_MORE : INCOMING_FAILED;
	default: return INCOMING_FAILED;
	}
}

static enum incoming_step
begin_record(struct incoming *incoming)
{
	const unsigned char *header = incoming->header;
	unsigned id = number(header + 2);

	incoming->content_left = number(header + 4);
	incoming->padding_left = header[6];
	if (header[0] != RECORD_VERSION)
		return INCOMING_FAILED;
	if (id == 0)
		return INCOMING_MORE;
	if (incoming->start_n < sizeof(incoming->start)) {
		incoming->id = (uint16_t)id;
		return header[1] == RECORD_BEGIN &&
			incoming->content_left == sizeof(incoming->start) ?
		    INCOMING_MORE :
		    INCOMING_FAILED;
	}
	return id == incoming->id ? begin_own(incoming) : INCOMING_MORE;
}

static bool
is_own(const struct incoming *incoming)
{
	return number(incoming->header + 2) == incoming->id &&
	    incoming->id != 0;
}

static enum incoming_step
read_content(struct incoming *incoming, const char *p, size_t n)
{
	if (!is_own(incoming))
		return INCOMING_MORE;
	switch (incoming->header[1]) {
	case RECORD_BEGIN:
		memcpy(incoming->start + incoming->start_n, p, n);
		incoming->start_n += n;
		return INCOMING_MORE;
	case RECORD_PARAMS:
		if (n > INCOMING_HEAD_MAX - incoming->params.n) {
			buf_free(&incoming->params);
			return refuse(incoming);
		}
		buf_add(&incoming->params, p, n);
		return buf_result(&incoming->params) == OK ? INCOMING_MORE :
							     INCOMING_FAILED;
	default:
		incoming->body_n += n;
		if (incoming->body_n > INCOMING_BODY_MAX)
			return refuse(incoming);
		buf_add(&incoming->body, p, n);
		return buf_result(&incoming->body) == OK ? INCOMING_MORE :
							   INCOMING_FAILED;
	}
}

/* A record is over, its padding included. */
static enum incoming_step
end_record(struct incoming *incoming)
{
	const unsigned char *header = incoming->header;

	incoming->header_n = 0;
	incoming->begun = incoming->start_n > 0;
	if (!is_own(incoming))
		return number(header + 2) == 0 || header[1] == RECORD_BEGIN ?
		    INCOMING_ASKED :
		    INCOMING_MORE;
	if (header[1] == RECORD_BEGIN) {
		incoming->keep = incoming->start[2] & RECORD_KEEP;
		incoming->broken = number(incoming->start) != RECORD_RESPONDER;
		return INCOMING_MORE;
	}
	if (number(header + 4) > 0)
		return INCOMING_MORE;
	if (header[1] == RECORD_PARAMS)
		return end_params(incoming);
	incoming->ended = true;
	return INCOMING_WHOLE;
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Go on with the record as far as n bytes reach; *used of them. */
static enum incoming_step
read_some(struct incoming *incoming, const char *p, size_t n, size_t *used)
{
	enum incoming_step step = INCOMING_MORE;

	if (incoming->header_n < RECORD_HEADER) {
		*used = least(n, RECORD_HEADER - incoming->header_n);
		memcpy(incoming->header + incoming->header_n, p, *used);
		incoming->header_n += *used;
		if (incoming->header_n < RECORD_HEADER)
			return INCOMING_MORE;
		step = begin_record(incoming);
	} else if (incoming->content_left > 0) {
		*used = least(n, incoming->content_left);
		incoming->content_left -= *used;
		step = read_content(incoming, p, *used);
	} else {
		*used = least(n, incoming->padding_left);
		incoming->padding_left -= *used;
	}
	if (step == INCOMING_MORE && incoming->content_left == 0 &&
	    incoming->padding_left == 0)
		step = end_record(incoming);
	return step;
}

enum incoming_step
incoming_read(struct incoming *incoming, const char *p, size_t n, size_t *used)
{
	enum incoming_step step = INCOMING_MORE;
	size_t some = 0;

	for (*used = 0; *used < n && step == INCOMING_MORE; *used += some) {
		incoming->begun = true;
		step = read_some(incoming, p + *used, n - *used, &some);
	}
	return step;
}

size_t
incoming_answer(const struct incoming *incoming,
    unsigned char out[static INCOMING_ANSWER_MAX])
{
	unsigned id = number(incoming->header + 2);

	memset(out, 0, INCOMING_ANSWER_MAX);
	if (id != 0) {
		record_header(out, RECORD_END, (uint16_t)id, 8);
		out[RECORD_HEADER + 4] = RECORD_CANT_MULTI;
		return RECORD_HEADER + 8;
	}
	if (incoming->header[1] == RECORD_GET_VALUES) {
		record_header(out, RECORD_VALUES, 0, 0);
		return RECORD_HEADER;
	}
	record_header(out, RECORD_UNKNOWN, 0, 8);
	out[RECORD_HEADER] = incoming->header[1];
	return RECORD_HEADER + 8;
}

bool
incoming_lacks_end_only(const struct incoming *incoming)
{
	return incoming->has_head && !incoming->ended &&
	    incoming->body_n == incoming->length;
}
