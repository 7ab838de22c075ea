/* SPDX-License-Identifier: ISC */
/* An error as a page that a person reads. */
#ifndef ERRORPAGE_H
#define ERRORPAGE_H

#include "conf/conf.h"
#include "web/reply.h"

/*
 * Replace everything but the cookies by a small HTML page: what happened,
 * what to do, a link that starts again (where Spotify refuses the account, with
 * another one), one to the site. It contains no text of the request and loads
 * nothing.
 */
void errorpage_write(struct reply *reply, const struct conf *conf,
    enum result result);

#endif
