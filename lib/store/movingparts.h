/* SPDX-License-Identifier: ISC */
/* What the units of the back end moving share; for them only. */
#ifndef MOVINGPARTS_H
#define MOVINGPARTS_H

#include "store/backend.h"
#include "store/transfer.h"

struct moving {
	struct store store;
	struct store *engine;
	struct store *to, *from;
	const char *dir;
	struct transfer transfer; /* with the same stores */
};

/* The one that a store is. */
static inline struct moving *
moving_of(struct store *store)
{
	return (struct moving *)store;
}

#endif
