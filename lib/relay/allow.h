/* SPDX-License-Identifier: ISC */
/* What api_allow opens, for whoever starts or checks a program. */
#ifndef ALLOW_H
#define ALLOW_H

#include <stdio.h>

#include "conf/conf.h"

/*
 * Complain on stderr, as conf_load() does, about words of api_allow that name
 * no row, and about rows whose scope nobody is asked for. The number of
 * mistakes.
 */
unsigned allow_check(const char *file, const struct conf *conf);

/* Print the rows that are allowed, each with its call, bucket and scope,
 * as comments
 * of the configuration. */
void allow_print(const struct conf *conf, FILE *out);

#endif
