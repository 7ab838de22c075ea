/* SPDX-License-Identifier: ISC */
/*
 * What Spotify has answered to calls of a session, kept sealed beside its
 * record where api_max_age says so, for who asks the same again. All answers of
 * a session together have ANSWERS_ALL_MAX bytes, and the oldest leave first.
 */
#ifndef ANSWERS_H
#define ANSWERS_H

#include "relay/rowurl.h"
#include "session/change.h"

#define ANSWERS_ONE_MAX (256u << 10) /* a longer one is not kept */
#define ANSWERS_ALL_MAX (512u << 10)

/* When an answer was asked for. */
struct answers_since {
	int64_t asked_s;      /* seconds since 1970 */
	struct change change; /* the last one of the row's part then */
};

/* For how many seconds answers to a row are kept; 0: not at all. */
int64_t answers_age_s(const struct conf *conf, const struct row *row);

/*
 * Look for an answer to what was read that is young enough and was asked for
 * after the last change of its part, which is given, and append it to body.
 * OK with the time, RESULT_ABSENT, RESULT_NO_MEMORY.
 */
enum result answers_find(const struct context *context,
    const struct session *session, const struct rowurl *rowurl,
    struct answers_since *since, struct buf *body)
    __attribute__((warn_unused_result));

/*
 * Keep an answer, unless the session has changed something of its part since
 * it was asked for. It can be had again, so a failure is logged and otherwise
 * does not matter.
 */
void answers_save(const struct context *context, const struct session *session,
    const struct rowurl *rowurl, const struct answers_since *since,
    struct str body);

#endif
