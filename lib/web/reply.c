/* SPDX-License-Identifier: ISC */
/*
 * Hides what every answer must carry. Whatever a handler leaves out is set
 * to the strict value: no store, no sniffing, nothing allowed to load.
 */
#include "config.h"

#include <stdio.h>

#include "json/writer.h"
#include "web/reply.h"

#define HEADERS_MAX 16384
#define HEAD_ROOM 512 /* for the lines that every answer has */
#define POLICY_MAX 512

void
reply_init(struct reply *reply)
{
	*reply = (struct reply){
		.status = 204,
		.cache = "no-store",
		.policy = BUF(POLICY_MAX),
		.cookies = BUF(HEADERS_MAX),
		.headers = BUF(HEADERS_MAX),
		.body = BUF(REPLY_BODY_MAX),
		.rest = { BUF(REPLY_BODY_MAX), BUF(REPLY_BODY_MAX) },
	};
}

void
reply_free(struct reply *reply)
{
	size_t i;

	buf_free(&reply->policy);
	buf_free(&reply->cookies);
	buf_free(&reply->headers);
	buf_free(&reply->body);
	for (i = 0; i < REPLY_PARTS - 1; i++)
		buf_free(&reply->rest[i]);
}

static void
add_header(struct buf *lines, const char *name, struct str value)
{
	size_t i;

	for (i = 0; i < value.n; i++)
		if ((unsigned char)value.p[i] < 0x20 || value.p[i] == 0x7f)
			buf_fail(lines, RESULT_BAD_REQUEST);
	buf_puts(lines, name);
	buf_puts(lines, ": ");
	buf_add_str(lines, value);
	buf_puts(lines, "\r\n");
}

void
reply_header(struct reply *reply, const char *name, struct str value)
{
	add_header(&reply->headers, name, value);
}

void
reply_cookie(struct reply *reply, const struct conf *conf, struct str name,
    struct str value, int64_t max_age_s)
{
	struct buf line = BUF(4096);

	buf_add_str(&line, name);
	buf_putc(&line, '=');
	buf_add_str(&line, value);
	buf_printf(&line, "; Max-Age=%lld%s",
	    (long long)(max_age_s < 0 ? 0 : max_age_s), conf->cookie_tail);
	buf_fail(&reply->cookies, buf_result(&line));
	add_header(&reply->cookies, "Set-Cookie", buf_str(&line));
	buf_free(&line);
}

void
reply_redirect(struct reply *reply, struct str base, struct str rest)
{
	struct buf location = BUF(4096);

	reply->status = 303;
	reply->content_type = NULL;
	buf_add_str(&location, base);
	buf_add_str(&location, rest);
	buf_fail(&reply->headers, buf_result(&location));
	add_header(&reply->headers, "Location", buf_str(&location));
	buf_free(&location);
}

void
reply_go(struct reply *reply, const struct conf *conf, struct str path)
{
	if (path.n == 0)
		path = str_of(conf->after_login);
	/* after_login may be a URL on an allowed origin. */
	reply_redirect(reply,
	    path.p[0] == '/' ? conf->redirect.origin : STR(""), path);
}

void
reply_cached(struct reply *reply, struct str tag)
{
	char quoted[REPLY_TAG_MAX + 5];
	int n = snprintf(quoted, sizeof(quoted), "W/\"%.*s\"",
	    (int)(tag.n < REPLY_TAG_MAX ? tag.n : REPLY_TAG_MAX), tag.p);

	reply->cache = "private, no-cache";
	reply_header(reply, "Vary", STR("Cookie"));
	if (tag.n > 0)
		reply_header(reply, "ETag", (struct str){ quoted, (size_t)n });
}

void
reply_json(struct reply *reply)
{
	reply->status = 200;
	reply->content_type = "application/json";
}

void
reply_start_error(struct reply *reply, int status, const char *type)
{
	size_t i;

	buf_clear(&reply->headers);
	buf_clear(&reply->body);
	for (i = 0; i < REPLY_PARTS - 1; i++)
		buf_clear(&reply->rest[i]);
	buf_clear(&reply->policy);
	reply->status = status;
	reply->cache = "no-store";
	reply->content_type = type;
}

void
reply_problem(struct reply *reply, enum result result, struct str login_url)
{
	const struct result_row *row = result_row(result);
	struct buf *body = &reply->body;

	reply_start_error(reply, row->status, "application/problem+json");
	writer_object(body, NULL);
	writer_text(body, "type", STR("about:blank"));
	writer_text(body, "title", str_of(result_reason(row->status)));
	writer_integer(body, "status", row->status);
	writer_text(body, "detail", str_of(row->detail));
	writer_text(body, "code", str_of(row->code));
	writer_text(body, "request_id", str_of(log_request_id()));
	if (result == RESULT_SCOPE_MISSING && reply->scope.n > 0)
		writer_text(body, "scope", reply->scope);
	if (row->status == 401) {
		writer_text(body, "login_url", login_url);
		/* A scheme for which browsers show no password dialogue. */
		reply_header(reply, "WWW-Authenticate", STR("Session"));
	}
	writer_object_end(body);
	buf_putc(body, '\n');
}

/* Bytes of the body, or the first failure of anything that is to be sent. */
static enum result
measure(const struct reply *reply, size_t *n)
{
	const struct buf *const parts[] = { &reply->policy, &reply->cookies,
		&reply->headers, &reply->body, &reply->rest[0],
		&reply->rest[1] };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (buf_result(parts[i]) != OK)
			return buf_result(parts[i]);
	*n = reply->content_type == NULL ?
	    0 :
	    reply->body.n + reply->rest[0].n + reply->rest[1].n;
	return OK;
}

static void
write_head(const struct reply *reply, size_t length, struct buf *head)
{
	/* Once, instead of growing and wiping; a failure sticks. */
	(void)buf_room(head,
	    HEAD_ROOM + reply->policy.n + reply->cookies.n + reply->headers.n);
	buf_printf(head, "Status: %d %s\r\n", reply->status,
	    result_reason(reply->status));
	if (reply->content_type != NULL)
		buf_printf(head, "Content-Type: %s; charset=utf-8\r\n",
		    reply->content_type);
	/* A 204 has no Content-Length (RFC 9110, section 8.6), and that of a
	 * 304 would be the length of the 200. */
	if (reply->status != 204 && reply->status != 304)
		buf_printf(head, "Content-Length: %zu\r\n", length);
	if (reply->retry_after_s > 0)
		buf_printf(head, "Retry-After: %lld\r\n",
		    (long long)reply->retry_after_s);
	add_header(head, "Cache-Control", str_of(reply->cache));
	buf_puts(head,
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Cross-Origin-Resource-Policy: same-origin\r\n"
	    "Cross-Origin-Opener-Policy: same-origin\r\n"
	    "Content-Security-Policy: default-src 'none'; ");
	buf_add_str(head, buf_str(&reply->policy));
	buf_puts(head,
	    "base-uri 'none'; form-action 'none'; "
	    "frame-ancestors 'none'\r\n");
	buf_add_str(head, buf_str(&reply->cookies));
	buf_add_str(head, buf_str(&reply->headers));
	buf_puts(head, "\r\n");
}

enum result
reply_write(struct reply *reply, bool head_only, struct buf *head,
    struct buf body[static REPLY_PARTS])
{
	size_t length = 0, i;
	enum result result = measure(reply, &length);

	if (result != OK)
		return result;
	write_head(reply, length, head);
	if ((result = buf_result(head)) != OK)
		return result;
	if (!head_only && reply->content_type != NULL) {
		buf_move(&body[0], &reply->body);
		for (i = 0; i < REPLY_PARTS - 1; i++)
			buf_move(&body[i + 1], &reply->rest[i]);
	}
	return OK;
}
