/* SPDX-License-Identifier: ISC */
/* What can be checked before a start (-n). */
#ifndef CHECK_H
#define CHECK_H

#include "spotify/upstream.h"

/*
 * Check everything that can be checked before the first visitor, for all
 * programs; print all mistakes, or the effective configuration of that file
 * and what is to do with it. Without upstream the CA certificates are not
 * looked at, and it says so. Returns the exit status, 0 or 2.
 */
int check_everything(const char *file, const struct upstream *upstream);

#endif
