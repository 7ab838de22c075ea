/* SPDX-License-Identifier: ISC */
/* What -n has to say of an engine. */
#ifndef ENGINECHECK_H
#define ENGINECHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "engine/dial.h"

/*
 * Look at the engine, as the user that this process has, and at the units that
 * have to let the programs call it. The keys have this prefix. As check() of
 * storage.h; *unusable: it is so just now, and may become usable by itself.
 */
unsigned enginecheck(const struct conf *conf, const struct engine_config *at,
    const char *prefix, struct buf *doubts, bool *unusable);

#endif
