/* SPDX-License-Identifier: ISC */
/* What -n has to say of an engine. */
#ifndef ENGINECHECK_H
#define ENGINECHECK_H

#include "base/buf.h"
#include "engine/dial.h"

/*
 * Look at the engine, as the user that this process has, and at the units that
 * have to let the programs call it. The keys have this prefix. As check() of
 * storage.h.
 */
unsigned enginecheck(const char *file, const struct engine_config *at,
    const char *prefix, struct buf *doubts);

#endif
