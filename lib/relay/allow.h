/* SPDX-License-Identifier: ISC */
/* What api_allow opens, for whoever starts or checks a program, and for pages
 * that ask what they may call. */
#ifndef ALLOW_H
#define ALLOW_H

#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"
#include "conf/conf.h"

/* Complain by conf_complain() about words of api_allow that name no row, and
 * about rows whose scope nobody is asked for. The number of mistakes. */
unsigned allow_check(const struct conf *conf);

/* Print the rows that are allowed, each with its call, bucket and scope, as
 * comments of the configuration. */
void allow_print(const struct conf *conf, FILE *out);

/*
 * Write the members "api" and "scope" of a JSON object, which tell a page what
 * it may call: the rows that are allowed and lack no scope for sure, and what
 * was granted, unless it is not known (empty). Nothing, if api_allow is not
 * set.
 */
void allow_write(const struct conf *conf, struct str scope, struct buf *out);

#endif
