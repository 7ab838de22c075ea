/* SPDX-License-Identifier: ISC */
/* What -n finds out about events_dir. */
#ifndef EVENTSCHECK_H
#define EVENTSCHECK_H

#include "conf/conf.h"

/* Complain by conf_complain() of what cannot work; how many. Nothing is looked
 * at if events are off. */
unsigned eventscheck(const struct conf *conf);

/* Print who can read events. */
void eventscheck_print(const struct conf *conf);

#endif
