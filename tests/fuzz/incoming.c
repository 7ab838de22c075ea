/* SPDX-License-Identifier: ISC */
/* FastCGI records: what is read must not depend on where they are cut. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "process/incoming.h"

/* Read in pieces of this size; what is left of the input. */
static enum incoming_step
read_in(struct incoming *incoming, struct str *input, size_t piece)
{
	enum incoming_step step = INCOMING_MORE;
	unsigned char answer[INCOMING_ANSWER_MAX];
	size_t used, n;

	while (input->n > 0 && step == INCOMING_MORE) {
		n = input->n < piece ? input->n : piece;
		step = incoming_read(incoming, input->p, n, &used);
		MUST(used > 0 && used <= n);
		MUST(used == n || step != INCOMING_MORE);
		input->p += used;
		input->n -= used;
		if (step == INCOMING_ASKED) {
			MUST(incoming_answer(incoming, answer) <=
			    sizeof(answer));
			step = INCOMING_MORE;
		}
	}
	return step;
}

static void
check_limits(const struct incoming *in, enum incoming_step step)
{
	MUST(in->params.n <= INCOMING_HEAD_MAX);
	MUST(in->body_n <= INCOMING_BODY_MAX || in->too_large);
	MUST(in->body.n == (in->too_large ? 0 : in->body_n));
	MUST(!in->ended || in->has_head);
	MUST(!incoming_lacks_end_only(in) || in->has_head);
	if (step == INCOMING_WHOLE)
		MUST(in->ended || in->broken || in->too_large);
	else
		MUST(!in->ended && !in->too_large);
}

void
fuzz_incoming(struct str input)
{
	static const size_t pieces[] = { 1, 3, 8, 100 };
	struct incoming once, again;
	struct str left = input, rest;
	enum incoming_step step;
	size_t i;

	incoming_init(&once);
	step = read_in(&once, &left, SIZE_MAX);
	check_limits(&once, step);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		incoming_init(&again);
		rest = input;
		MUST(read_in(&again, &rest, pieces[i]) == step);
		/* Who is too large may have been a little longer. */
		MUST(rest.n == left.n || again.too_large);
		MUST(again.has_head == once.has_head);
		MUST(again.ended == once.ended && again.keep == once.keep);
		MUST(again.broken == once.broken);
		MUST(again.too_large == once.too_large);
		MUST(again.too_large ||
		    (again.body_n == once.body_n &&
			str_equal(buf_str(&again.body), buf_str(&once.body)) &&
			str_equal(buf_str(&again.params),
			    buf_str(&once.params))));
		incoming_free(&again);
	}
	incoming_free(&once);
}
