/* SPDX-License-Identifier: ISC */
/* Moving the sessions that nobody uses (-m), by what the configuration says. */
#ifndef MOVE_H
#define MOVE_H

#include "app/app.h"
#include "process/options.h"

/*
 * Move what is in store_from to store while the programs run; print how many.
 * Root does it as the user who has session_dir. Returns the exit status: 0
 * when nothing is left there but what is over, 1 when something is, 2 for a
 * wrong configuration, or a program without a store.
 */
int move_sessions(const struct options *options, const struct app *app);

#endif
