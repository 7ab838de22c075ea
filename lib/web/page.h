/* SPDX-License-Identifier: ISC */
/* An error as a page that a person reads. */
#ifndef PAGE_H
#define PAGE_H

#include "conf/conf.h"
#include "web/reply.h"

/*
 * Replace everything but the cookies by a small HTML page: what happened,
 * what to do, a link that starts again, one to the site. It contains no text
 * of the request and loads nothing.
 */
void page_error(struct reply *reply, const struct conf *conf,
    enum result result);

#endif
