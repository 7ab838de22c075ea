/* SPDX-License-Identifier: ISC */
/* The drop-ins of a unit of systemd's, in the order in which they count. */
#ifndef DROPINS_H
#define DROPINS_H

#include <glob.h>

#include "app/instance.h"
#include "base/str.h"

struct dropins {
	glob_t found;
	const char *last; /* that was given; NULL: none */
};

/* Find those of an instance in directories, which colons separate. The caller
 * calls dropins_free(). */
void dropins_find(struct dropins *dropins, struct str dirs,
    const struct instance *instance);

/* The path of the next one, borrowed until dropins_free(); NULL: that was all.
 * Where memory ends while they are looked for, some are missing. */
const char *dropins_next(struct dropins *dropins);

void dropins_free(struct dropins *dropins);

#endif
