/* SPDX-License-Identifier: ISC */
/* The links to an engine that this process has, as many as are in use at once,
 * and what is told about them. All but pool_open() and pool_close() are for
 * all threads. */
#ifndef POOL_H
#define POOL_H

#include "engine/dial.h"

struct pool; /* opaque */

/* As engine_open() and engine_close() of engine.h. */
enum result pool_open(const struct engine_config *config, struct pool **pool)
    __attribute__((warn_unused_result));
void pool_close(struct pool *pool);

/*
 * Take a link that has been used and is quiet, if there is one and none that
 * is fresh is wanted; else make one, until a deadline on clock_mono_ms().
 * After a failure nobody tries again for 100 ms, and each time for twice as
 * long, up to 600 ms, half of it more or less by chance.
 * OK: the caller calls pool_give() or pool_drop(). RESULT_STORE (told),
 * RESULT_NO_MEMORY: *link is NULL.
 */
enum result pool_take(struct pool *pool, bool fresh, int64_t deadline_ms,
    struct link **link) __attribute__((warn_unused_result));

/*
 * Take it back; it is closed when nobody has used it for a minute, by the next
 * pool_take(). A process that is not asked any more keeps those that it had, as
 * many as were in use at once: a thread or a timer to close them would wake
 * each process for nothing. An engine that wants them back closes them itself
 * (its "timeout"), which the next call does not notice.
 */
void pool_give(struct pool *pool, struct link *link);

/* Close it, and all others as soon as they are not in use: where one has died,
 * the others are not better. */
void pool_drop(struct pool *pool, struct link *link);

/* Log what is wrong, with an errno or 0, unless the same class was logged in
 * the last ten seconds; then it is counted. */
void pool_tell(struct pool *pool, struct replyerror error, int error_number);

/* The same for what came of a link; OK and RESULT_NO_MEMORY tell nothing. */
void pool_tell_link(struct pool *pool, const struct link *link,
    enum result result);

/* All is well: there is no trouble any more. */
void pool_tell_good(struct pool *pool);

/* The last words that were told; "" if all is well; static. */
const char *pool_trouble(const struct pool *pool);

#endif
