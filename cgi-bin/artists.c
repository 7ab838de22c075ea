/* SPDX-License-Identifier: ISC */
/*
 * Answers with all artists that the visitor follows. A browser that has the
 * list already is told so, at the cost of a few bytes.
 */
#include "config.h"

#include "app/app.h"
#include "artists/artists.h"
#include "json/writer.h"
#include "web/origin.h"
#include "web/query.h"

/* The list goes between what is in front of it and what is behind it, as it
 * is: a long one is not copied. */
static void
write_list(struct artists *artists, struct reply *reply)
{
	struct buf *behind = &reply->rest[1];

	reply_json(reply);
	writer_object(&reply->body, NULL);
	writer_name(&reply->body, "artists");
	buf_move(&reply->rest[0], &artists->list);
	/* The writer does not see that there is something in front. */
	buf_putc(behind, ',');
	writer_integer(behind, "total", artists->facts.total);
	writer_bool(behind, "complete", artists->complete);
	writer_bool(behind, "stale", artists->stale);
	writer_integer(behind, "fetched_at", artists->facts.fetched_s);
	writer_object_end(behind);
	buf_putc(behind, '\n');
}

/*
 * The tag covers the artists only. A stale list goes without: with the tag of
 * the same artists, a browser would keep its "stale" for the fresh ones.
 */
static void
answer(struct artists *artists, struct reply *reply)
{
	reply_cached(reply,
	    artists->complete && !artists->stale ? str_of(artists->facts.tag) :
						   STR(""));
	if (artists->known)
		reply->status = 304;
	else
		write_list(artists, reply);
}

static enum result
handle(struct context *context, const struct request *request,
    struct reply *reply)
{
	struct query_field fresh = { .name = "fresh", .value = BUF(8) };
	struct artists artists = { .known = false };
	struct session session = { 0 };
	enum result result = origin_check_read(context->conf, request);

	if (result == OK)
		result = query_read(request->query, &fresh, 1);
	if (result == OK)
		result =
		    session_open(context, buf_str(&request->cookies), &session);
	if (result == OK) {
		session_touch(context, &session);
		result = artists_get(context, &session,
		    str_equal(buf_str(&fresh.value), STR("1")),
		    request->if_none_match, &artists);
	}
	if (result == OK)
		answer(&artists, reply);
	artists_free(&artists);
	session_free(&session);
	query_free(&fresh, 1);
	return result;
}

int
main(int argc, char **argv)
{
	return app_run(argc, argv,
	    &(struct app){ .name = "artists",
		.methods = METHOD_GET | METHOD_HEAD,
		.opens = CONF_ALL,
		.storage = &storage_configured,
		.threads = 64,
		.upstream = &upstream_spotify,
		.shares = true,
		.handle = handle });
}
