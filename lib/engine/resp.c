/* SPDX-License-Identifier: ISC */
/*
 * Hides hiredis, of which the formatter and the reader are used and nothing
 * else: version 0.14 ends the process when a connection finds no memory. Its
 * reader allocates what a reply announces, so a reply is measured before, by
 * this grammar, in which no number is larger than the longest reply:
 *
 *	reply   = ( "+" / "-" ) text CRLF / ":" number CRLF / bulk / array
 *	bulk    = "$-1" CRLF / "$" length CRLF bytes CRLF
 *	array   = "*-1" CRLF / "*" count CRLF count replies
 */
#include "config.h"

#include <hiredis/hiredis.h>
#include <string.h>

#include "engine/resp.h"
#include "base/secret.h"

#define WORDS_MAX 32

enum result
resp_command(struct buf *to, const struct str *words, size_t n)
{
	const char *texts[WORDS_MAX];
	size_t lengths[WORDS_MAX], i;
	char *command = NULL;
	long long length; /* an int before hiredis 1.0 */

	if (n > WORDS_MAX)
		buf_fail(to, RESULT_TOO_LARGE);
	for (i = 0; i < n && buf_result(to) == OK; i++) {
		texts[i] = words[i].n == 0 ? "" : words[i].p;
		lengths[i] = words[i].n;
		if (lengths[i] > to->max)
			buf_fail(to, RESULT_TOO_LARGE);
	}
	if (buf_result(to) != OK)
		return buf_result(to);
	length = redisFormatCommandArgv(&command, (int)n, texts, lengths);
	if (length < 0) {
		buf_fail(to, RESULT_NO_MEMORY);
	} else {
		buf_add(to, command, (size_t)length);
		/* A password may be in it. */
		secret_wipe(command, (size_t)length);
		redisFreeCommand(command);
	}
	return buf_result(to);
}

/* A text on its way: what is left of it, and of how many more items the
 * arrays consist that have begun. */
struct scan {
	struct str rest;
	size_t max; /* bytes that may follow the beginning of rest */
	size_t left[RESP_DEPTH_MAX + 1];
	size_t depth;
	size_t items;
};

/* Go on by n bytes. False: they are not all there. */
static bool
skip(struct scan *scan, size_t n)
{
	if (n > scan->rest.n)
		return false;
	scan->rest.p += n;
	scan->rest.n -= n;
	scan->max -= n;
	return true;
}

/* Take a line off the front; its end belongs to nobody. */
static bool
take_line(struct scan *scan, struct str *line)
{
	const char *end = scan->rest.n == 0 ?
	    NULL :
	    memmem(scan->rest.p, scan->rest.n, "\r\n", 2);

	if (end == NULL)
		return false;
	*line = (struct str){ scan->rest.p, (size_t)(end - scan->rest.p) };
	return skip(scan, line->n + 2);
}

/* What follows the line that announces it; *more if it is not all there. */
static enum result
take_item(struct scan *scan, struct str line, bool *more)
{
	struct str digits = { line.p + 1, line.n - 1 };
	uint64_t n;

	switch (line.p[0]) {
	case '+':
	case '-':
	case ':': return OK;
	case '$':
	case '*': break;
	default: return RESULT_BAD_TEXT;
	}
	if (str_equal(digits, STR("-1")))
		return OK;
	if (!str_number(digits, scan->max, &n))
		return RESULT_BAD_TEXT;
	if (line.p[0] == '*') {
		if (n > RESP_ITEMS_MAX - scan->items ||
		    scan->depth == RESP_DEPTH_MAX)
			return RESULT_BAD_TEXT;
		scan->items += n;
		scan->left[++scan->depth] = n;
		return OK;
	}
	if (scan->max - n < 2)
		return RESULT_BAD_TEXT;
	*more = !skip(scan, n + 2);
	if (!*more && memcmp(scan->rest.p - 2, "\r\n", 2) != 0)
		return RESULT_BAD_TEXT;
	return OK;
}

/* Whether a line without an end can still become one that is taken. */
static bool
may_become_line(const struct scan *scan)
{
	static const char types[] = "+-:$*";

	if (scan->rest.n == 0)
		return scan->max > 0;
	return memchr(types, scan->rest.p[0], sizeof(types) - 1) != NULL &&
	    scan->rest.n < scan->max;
}

enum result
resp_length(struct str text, size_t max, size_t *n)
{
	struct scan scan = { .rest = text, .max = max, .left = { 1 } };
	enum result result = OK;
	bool more = false;
	struct str line;

	*n = 0;
	if (scan.rest.n > scan.max)
		scan.rest.n = scan.max;
	while (result == OK && !more) {
		if (scan.left[scan.depth] == 0) {
			if (scan.depth-- == 0)
				break;
			continue;
		}
		if (!take_line(&scan, &line))
			return may_become_line(&scan) ? OK : RESULT_BAD_TEXT;
		scan.left[scan.depth]--;
		result = line.n == 0 ? RESULT_BAD_TEXT :
				       take_item(&scan, line, &more);
	}
	if (result == OK && !more)
		*n = max - scan.max;
	return result;
}

/* A view of what hiredis has read. */
static struct resp
view(redisReply *own)
{
	struct resp resp = { .own = own };

	switch (own->type) {
	case REDIS_REPLY_INTEGER:
		resp.type = RESP_INTEGER;
		resp.integer = own->integer;
		break;
	case REDIS_REPLY_STRING:
	case REDIS_REPLY_STATUS: resp.type = RESP_STRING; break;
	case REDIS_REPLY_ERROR: resp.type = RESP_ERROR; break;
	case REDIS_REPLY_ARRAY:
		resp.type = RESP_ARRAY;
		resp.n = (size_t)own->elements;
		break;
	default: break;
	}
	if (resp.type == RESP_STRING || resp.type == RESP_ERROR)
		resp.text = (struct str){ own->str, (size_t)own->len };
	return resp;
}

enum result
resp_read(struct str text, struct resp *reply)
{
	redisReader *reader = redisReaderCreate();
	enum result result = OK;
	void *own = NULL;

	*reply = (struct resp){ 0 };
	if (reader == NULL)
		return RESULT_NO_MEMORY;
	if (redisReaderFeed(reader, text.p, text.n) != REDIS_OK ||
	    redisReaderGetReply(reader, &own) != REDIS_OK)
		result = reader->err == REDIS_ERR_OOM ? RESULT_NO_MEMORY :
							RESULT_BAD_TEXT;
	else if (own == NULL)
		result = RESULT_BAD_TEXT;
	else
		*reply = view(own);
	redisReaderFree(reader);
	return result;
}

struct resp
resp_item(const struct resp *reply, size_t i)
{
	const redisReply *own = reply->own;

	return i < reply->n ? view(own->element[i]) : (struct resp){ 0 };
}

void
resp_free(struct resp *reply)
{
	if (reply->own != NULL)
		freeReplyObject(reply->own);
	*reply = (struct resp){ 0 };
}
