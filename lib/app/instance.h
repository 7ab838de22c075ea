/* SPDX-License-Identifier: ISC */
/* The names of systemd's units of a program, and what stands for them in these
 * units. */
#ifndef INSTANCE_H
#define INSTANCE_H

#include "base/buf.h"

/* spotify-fcgi-PROGRAM@SITE.service. All is borrowed. */
struct instance {
	const char *program;
	struct str site;
	const char *conf_file; /* which it should use */
};

/* Append a text of its unit with the specifiers of systemd.unit(5) replaced
 * that name the instance: %i %I %j %J %p %P, and %%. Others stay. */
void instance_expand(const struct instance *instance, struct str text,
    struct buf *expanded);

#endif
