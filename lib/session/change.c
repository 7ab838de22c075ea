/* SPDX-License-Identifier: ISC */
/*
 * Hides what tells one change from another: random bytes, kept beside the
 * record. A counter would have to be read first, and two that are counted at
 * once would be one.
 */
#include "config.h"

#include <string.h>

#include "base/secret.h"
#include "session/change.h"

void
change_read(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], struct change *change)
{
	const struct store_piece piece = { STORE_CHANGE, 0, STORE_REST };
	struct buf bytes = BUF(sizeof(change->bytes));
	enum result result;

	*change = (struct change){ { 0 } };
	result = store_load_kept(context->store, id, piece, &bytes);
	if (result == OK && bytes.n == sizeof(change->bytes))
		memcpy(change->bytes, bytes.p, bytes.n);
	else if (result != RESULT_ABSENT)
		secret_random(change->bytes, sizeof(change->bytes));
	buf_free(&bytes);
}

bool
change_is_last(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], const struct change *change)
{
	struct change last;

	change_read(context, id, &last);
	return memcmp(&last, change, sizeof(last)) == 0;
}

void
change_note(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES])
{
	unsigned char bytes[sizeof(((struct change *)NULL)->bytes)];

	secret_random(bytes, sizeof(bytes));
	/* A failure has been logged. */
	(void)!store_keep(context->store, id, STORE_CHANGE,
	    (struct str){ (const char *)bytes, sizeof(bytes) });
}
