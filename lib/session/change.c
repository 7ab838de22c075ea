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

static enum store_place
place_of(enum change_part part)
{
	return part == CHANGE_PLAYER ? STORE_COMMAND : STORE_CHANGE;
}

void
change_read(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], enum change_part part,
    struct change *change)
{
	const struct store_piece piece = { place_of(part), 0, STORE_REST };
	struct buf bytes = BUF(sizeof(change->bytes));
	enum result result;

	*change = (struct change){ .part = part };
	if (part == CHANGE_NONE)
		return;
	result = store_load_kept(context->store, id, piece, &bytes);
	if (result == OK && bytes.n == sizeof(change->bytes))
		memcpy(change->bytes, bytes.p, bytes.n);
	else if (result != RESULT_ABSENT)
		secret_random(change->bytes, sizeof(change->bytes));
	buf_free(&bytes);
}

bool
change_is(const struct change *one, const struct change *other)
{
	return one->part == other->part &&
	    memcmp(one->bytes, other->bytes, sizeof(one->bytes)) == 0;
}

bool
change_is_last(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], const struct change *change)
{
	struct change last;

	change_read(context, id, change->part, &last);
	return change_is(&last, change);
}

enum result
change_note(const struct context *context,
    const unsigned char id[static STORE_ID_BYTES], enum change_part part)
{
	unsigned char bytes[sizeof(((struct change *)NULL)->bytes)];

	secret_random(bytes, sizeof(bytes));
	return store_keep(context->store, id, place_of(part),
	    (struct str){ (const char *)bytes, sizeof(bytes) });
}
