/* SPDX-License-Identifier: ISC */
/* What -n finds out about events_dir. */
#ifndef EVENTSCHECK_H
#define EVENTSCHECK_H

#include "conf/conf.h"

/* Complain of what cannot work, in lines that begin with this file's name; how
 * many. Nothing is looked at if events are off. */
unsigned eventscheck(const char *file, const struct conf *conf);

/* Print who can read events. */
void eventscheck_print(const struct conf *conf);

#endif
