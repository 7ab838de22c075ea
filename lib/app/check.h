/* SPDX-License-Identifier: ISC */
/* What can be checked before a start (-n, -o). */
#ifndef CHECK_H
#define CHECK_H

#include "app/app.h"
#include "process/options.h"

/*
 * Check everything that can be checked before the first visitor, for all
 * programs, online whether Spotify knows the client, too; print all mistakes,
 * or the effective configuration of that file and what is to do with it. Of a
 * program without upstream the CA certificates are not looked at and nobody is
 * asked, and it says so. Returns the exit status: 0; 2, there are mistakes; 3,
 * there are none, but an engine cannot be used now.
 */
int check_everything(const struct options *options, const struct app *app);

#endif
