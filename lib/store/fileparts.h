/* SPDX-License-Identifier: ISC */
/* What the units of the back end files share; for them only. */
#ifndef FILEPARTS_H
#define FILEPARTS_H

#include "store/backend.h"
#include "store/counts.h"

struct files {
	struct store store;
	int dir;
	struct counts counts;
};

/* The directory that a store is. */
static inline int
files_dir(const struct store *store)
{
	return ((const struct files *)store)->dir;
}

#endif
