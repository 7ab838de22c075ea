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

/* The same for a request that reads: it spends quota, and its answer is
 * personal. OK or RESULT_CROSS_SITE. */
enum result origin_check_read(const struct conf *conf,
    const struct request *request) __attribute__((warn_unused_result));

/* Whether a login may start: not by an image, a frame, a script or a
 * prefetch. OK or RESULT_CROSS_SITE. */
enum result origin_check_navigation(const struct request *request)
    __attribute__((warn_unused_result));

/* Let an allowed origin read the answer, with credentials (Fetch standard);
 * add Vary. No origins configured: nothing. */
void origin_allow(const struct conf *conf, const struct request *request,
    struct reply *reply);

/*
 * Answer a preflight; allow lists the methods of the endpoint.
 * OK or RESULT_CROSS_SITE.
 */
enum result origin_preflight(const struct conf *conf,
    const struct request *request, const char *allow, struct reply *reply)
    __attribute__((warn_unused_result));

#endif
