/* SPDX-License-Identifier: ISC */
/* Replies of Valkey and Redis: what is measured is what hiredis reads. */
#include "config.h"

#include "fuzz.h"

#ifdef HAVE_VALKEY
#include "engine/resp.h"

#define MAX 4096

/* All that it shows can be looked at. */
static void
look(const struct resp *reply, unsigned depth)
{
	struct resp item;
	size_t i, sum = 0;

	MUST(depth <= RESP_DEPTH_MAX);
	for (i = 0; i < reply->text.n; i++)
		sum += (unsigned char)reply->text.p[i];
	MUST(sum <= reply->text.n * 255);
	MUST(reply->n <= RESP_ITEMS_MAX);
	for (i = 0; i < reply->n; i++) {
		item = resp_item(reply, i);
		look(&item, depth + 1);
	}
}

/* A reply is no longer when there is less of it, and only whole when its last
 * byte has come. */
static void
check_cuts(struct str text, size_t n)
{
	size_t cut, got;

	for (cut = 0; cut < n; cut++) {
		MUST(resp_length((struct str){ text.p, cut }, MAX, &got) == OK);
		MUST(got == 0);
	}
	MUST(resp_length((struct str){ text.p, n }, n, &got) == OK && got == n);
	MUST(resp_length(text, n - 1, &got) == RESULT_BAD_TEXT);
}

void
fuzz_resp(struct str input)
{
	struct resp reply;
	size_t n;

	if (resp_length(input, MAX, &n) != OK || n == 0)
		return;
	MUST(n <= input.n && n <= MAX);
	check_cuts(input, n);
	if (resp_read((struct str){ input.p, n }, &reply) == OK)
		look(&reply, 0);
	else
		MUST(reply.type == RESP_NIL);
	resp_free(&reply);
}
#else
void
fuzz_resp(struct str input)
{
	(void)input;
}
#endif
