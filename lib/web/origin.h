/* SPDX-License-Identifier: ISC */
/* Which other sites may make a browser call us, and read. */
#ifndef ORIGIN_H
#define ORIGIN_H

#include "conf/conf.h"
#include "web/reply.h"
#include "web/request.h"

/*
 * Whether a request that changes something comes from the site itself or an
 * allowed origin. Sec-Fetch-Site decides where a browser sends it, then
 * Origin; with neither, X-Requested-With is required, which another site can
 * send only after a preflight that it does not get. OK or RESULT_CROSS_SITE.
 */
enum result origin_check_write(const struct conf *conf,
    const struct request *request) __attribute__((warn_unused_result));

/*
 * The same for a request that reads: it spends quota, and its answer is
 * personal. A browser that says nothing of all this is refused if it asks for
 * a page, for then it may be a popup of another site, which would see whether
 * there is an answer. OK or RESULT_CROSS_SITE.
 */
enum result origin_check_read(const struct conf *conf,
    const struct request *request) __attribute__((warn_unused_result));

/*
 * Whether somebody goes there: it is not an image, a frame, a script or a
 * prefetch. What a service worker of the site passes on counts as well; a
 * frame behind one cannot be told from it, but it gets nothing either: no
 * answer of ours is shown in a frame. OK or RESULT_CROSS_SITE.
 */
enum result origin_check_navigation(const struct request *request)
    __attribute__((warn_unused_result));

/* Let an allowed origin read the answer, with credentials (Fetch standard);
 * add Vary. No origins configured: nothing. */
void origin_allow(const struct conf *conf, const struct request *request,
    struct reply *reply);

/*
 * Answer a preflight; allow lists the methods of the endpoint. Whatever
 * headers it asks for are allowed: the origin is trusted with the user's
 * session, and libraries that trace requests add some of their own.
 * OK or RESULT_CROSS_SITE.
 */
enum result origin_preflight(const struct conf *conf,
    const struct request *request, const char *allow, struct reply *reply)
    __attribute__((warn_unused_result));

#endif
