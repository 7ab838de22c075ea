/* SPDX-License-Identifier: ISC */
/* What -n finds out about the files that the configuration names. */
#ifndef REACH_H
#define REACH_H

#include <stdbool.h>

#include "app/units.h"
#include "conf/conf.h"

/*
 * Complain by conf_complain() of files that the programs will not reach, by
 * their units or, as_owner, as the user that this process has become; how many.
 * The names of both secrets are there.
 */
unsigned reach_check(const struct conf *conf, const struct units *units,
    bool as_owner);

#endif
