/* SPDX-License-Identifier: ISC */
/*
 * Hides a hash table with open addressing, at most half full. A slot holds the
 * number of an id, counted from 1; 0 is a free one. The seed is random, so
 * that nobody can choose ids that meet in one slot.
 */
#include "config.h"

#include <string.h>

#include "artists/idset.h"
#include "base/secret.h"

#define IDS_MAX (1u << 20)
#define SLOTS_MIN 128

void
idset_init(struct idset *set)
{
	*set = (struct idset){ .ids = BUF(IDS_MAX * IDSET_ID_BYTES),
		.slots = BUF(4 * IDS_MAX * sizeof(uint32_t)) };
	secret_random(&set->seed, sizeof(set->seed));
}

/* FNV-1a, from another beginning than its own. */
static size_t
hash(const struct idset *set, const char *id)
{
	uint64_t value = set->seed;
	size_t i;

	for (i = 0; i < IDSET_ID_BYTES; i++)
		value = (value ^ (unsigned char)id[i]) * 0x100000001b3;
	return (size_t)(value ^ value >> 32);
}

static uint32_t *
slots_of(const struct buf *slots)
{
	return (uint32_t *)(void *)slots->p;
}

/* The slot of an id, or the free one where it belongs. */
static uint32_t *
find(const struct idset *set, const struct buf *slots, const char *id)
{
	size_t n = slots->n / sizeof(uint32_t), at = hash(set, id) & (n - 1);
	uint32_t *slot = slots_of(slots);

	while (slot[at] != 0 &&
	    memcmp(set->ids.p + (slot[at] - 1) * IDSET_ID_BYTES, id,
		IDSET_ID_BYTES) != 0)
		at = (at + 1) & (n - 1);
	return &slot[at];
}

/* Make a table of twice the size, with what the old one had. */
static void
grow(struct idset *set)
{
	struct buf slots = BUF(set->slots.max);
	size_t i, size = set->slots.n * 2, n = set->ids.n / IDSET_ID_BYTES;
	char *room;

	if (size == 0)
		size = SLOTS_MIN * sizeof(uint32_t);
	if ((room = buf_room(&slots, size)) == NULL) {
		buf_fail(&set->ids, buf_result(&slots));
		return;
	}
	memset(room, 0, size);
	buf_grown(&slots, size);
	for (i = 0; i < n; i++)
		*find(set, &slots, set->ids.p + i * IDSET_ID_BYTES) =
		    (uint32_t)(i + 1);
	buf_move(&set->slots, &slots);
}

bool
idset_add(struct idset *set, const char id[static IDSET_ID_BYTES])
{
	size_t n = set->ids.n / IDSET_ID_BYTES;
	uint32_t *slot;

	if (2 * (n + 1) > set->slots.n / sizeof(uint32_t))
		grow(set);
	if (buf_result(&set->ids) != OK)
		return false;
	slot = find(set, &set->slots, id);
	if (*slot != 0)
		return false;
	buf_add(&set->ids, id, IDSET_ID_BYTES);
	if (buf_result(&set->ids) != OK)
		return false;
	*slot = (uint32_t)(n + 1);
	return true;
}

enum result
idset_result(const struct idset *set)
{
	return buf_result(&set->ids);
}

void
idset_free(struct idset *set)
{
	buf_free(&set->ids);
	buf_free(&set->slots);
}
