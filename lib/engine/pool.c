/* SPDX-License-Identifier: ISC */
/*
 * Hides connections: where they come from, which of them are dead, and how
 * often it is tried to make new ones. Those that nobody uses are in a list, the
 * one that was used last in front, so that the others grow old and are closed.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/pool.h"
#include "base/clock.h"
#include "base/log.h"

#define IDLE_MS 60000
#define PAUSE_MS 100	 /* after the first failure to connect */
#define PAUSE_MAX_MS 600 /* with chance, 900: it is found within a second */
#define SAY_MS 10000

struct pool {
	struct dial *dial;
	const char *_Atomic trouble;
	pthread_mutex_t mutex; /* of all that follows */
	struct link *idle;
	unsigned generation; /* links of an older one are not used again */
	int64_t again_ms;    /* no new link before */
	int64_t pause_ms;    /* 0: all is well */
	struct {
		int64_t due_ms;
		unsigned times;
	} said[REPLYERROR__MAX];
};

enum result
pool_open(const struct engine_config *config, struct pool **pool)
{
	struct pool *new = calloc(1, sizeof(*new));
	enum result result = RESULT_NO_MEMORY;

	*pool = NULL;
	if (new != NULL)
		result = dial_open(config, &new->dial);
	if (result != OK) {
		free(new);
		return result;
	}
	atomic_init(&new->trouble, "");
	pthread_mutex_init(&new->mutex, NULL);
	*pool = new;
	return OK;
}

/* ---- what is told ---- */

/* Log it, unless the same kind of trouble has been logged just now. */
void
pool_tell(struct pool *pool, struct replyerror error, int error_number)
{
	const int64_t now_ms = clock_mono_ms();
	unsigned times = 0;
	bool due;

	atomic_store(&pool->trouble, error.words);
	pthread_mutex_lock(&pool->mutex);
	due = now_ms >= pool->said[error.class].due_ms;
	if (due) {
		times = pool->said[error.class].times;
		pool->said[error.class].times = 0;
		pool->said[error.class].due_ms = now_ms + SAY_MS;
	} else {
		pool->said[error.class].times++;
	}
	pthread_mutex_unlock(&pool->mutex);
	if (due)
		log_event(LOG_LEVEL_ERROR, "engine_trouble",
		    "class=%s cause=\"%s\"%s%s%s more=%u",
		    replyerror_word(error.class), error.words,
		    error_number == 0 ? "" : " errno=\"",
		    error_number == 0 ? "" : strerror(error_number),
		    error_number == 0 ? "" : "\"", times);
}

void
pool_tell_link(struct pool *pool, const struct link *link, enum result result)
{
	if (result != OK && result != RESULT_NO_MEMORY)
		pool_tell(pool, link_error(link, result),
		    result == RESULT_STORE ? 0 : link->wire.trouble_errno);
}

void
pool_tell_good(struct pool *pool)
{
	atomic_store(&pool->trouble, "");
}

const char *
pool_trouble(const struct pool *pool)
{
	return atomic_load(&pool->trouble);
}

/* ---- links ---- */

/* A list of them, none of which is in the engine's any more. */
static void
close_links(struct link *links)
{
	struct link *next;

	for (; links != NULL; links = next) {
		next = links->next;
		wire_close(&links->wire);
		free(links);
	}
}

void
pool_drop(struct pool *pool, struct link *link)
{
	pthread_mutex_lock(&pool->mutex);
	pool->generation++;
	link->next = pool->idle;
	pool->idle = NULL;
	pthread_mutex_unlock(&pool->mutex);
	close_links(link);
}

/* Cut off those that have been idle for too long; with the mutex. */
static struct link *
take_old(struct pool *pool, int64_t now_ms)
{
	struct link **at = &pool->idle, *old;

	while (*at != NULL && (*at)->idle_ms > now_ms - IDLE_MS)
		at = &(*at)->next;
	old = *at;
	*at = NULL;
	return old;
}

static struct link *
take_idle(struct pool *pool)
{
	struct link *link, *old;

	pthread_mutex_lock(&pool->mutex);
	old = take_old(pool, clock_mono_ms());
	if ((link = pool->idle) != NULL) {
		pool->idle = link->next;
		link->next = NULL;
	}
	pthread_mutex_unlock(&pool->mutex);
	close_links(old);
	if (link != NULL && !wire_is_quiet(&link->wire)) {
		pool_drop(pool, link);
		link = NULL;
	}
	return link;
}

void
pool_give(struct pool *pool, struct link *link)
{
	link->idle_ms = clock_mono_ms();
	pthread_mutex_lock(&pool->mutex);
	if (link->generation == pool->generation) {
		link->next = pool->idle;
		pool->idle = link;
		link = NULL;
	}
	pthread_mutex_unlock(&pool->mutex);
	close_links(link);
}

/* Whether a link may be made now, and for which generation. */
static bool
may_connect(struct pool *pool, unsigned *generation)
{
	bool may;

	pthread_mutex_lock(&pool->mutex);
	may = clock_mono_ms() >= pool->again_ms;
	*generation = pool->generation;
	pthread_mutex_unlock(&pool->mutex);
	return may;
}

/* The next pause is twice as long, give or take half of it by chance, so that
 * not all processes come back at once. Of threads that fail together, the
 * first counts. */
static void
pause_after_failure(struct pool *pool)
{
	const int64_t now_ms = clock_mono_ms();
	unsigned chance;

	secret_random(&chance, sizeof(chance));
	pthread_mutex_lock(&pool->mutex);
	if (now_ms >= pool->again_ms) {
		pool->pause_ms =
		    pool->pause_ms == 0 ? PAUSE_MS : pool->pause_ms * 2;
		if (pool->pause_ms > PAUSE_MAX_MS)
			pool->pause_ms = PAUSE_MAX_MS;
		pool->again_ms =
		    now_ms + pool->pause_ms / 2 + chance % pool->pause_ms;
	}
	pthread_mutex_unlock(&pool->mutex);
}

static void
end_pause(struct pool *pool)
{
	bool again;

	pthread_mutex_lock(&pool->mutex);
	again = pool->pause_ms > 0;
	pool->pause_ms = 0;
	pool->again_ms = 0;
	pthread_mutex_unlock(&pool->mutex);
	if (again)
		log_event(LOG_LEVEL_INFO, "engine_up", "role=master");
}

/* RESULT_STORE, RESULT_NO_MEMORY: *link is NULL. */
static enum result
make_link(struct pool *pool, int64_t deadline_ms, struct link **link)
{
	struct link *new;
	unsigned generation;
	enum result result;

	*link = NULL;
	if (!may_connect(pool, &generation))
		return RESULT_STORE;
	if ((new = malloc(sizeof(*new))) == NULL)
		return RESULT_NO_MEMORY;
	result = dial_link(pool->dial, new, deadline_ms);
	if (result == OK) {
		end_pause(pool);
		new->generation = generation;
		*link = new;
		return OK;
	}
	pool_tell_link(pool, new, result);
	if (result != RESULT_NO_MEMORY) {
		pause_after_failure(pool);
		result = RESULT_STORE;
	}
	close_links(new);
	return result;
}

enum result
pool_take(struct pool *pool, bool fresh, int64_t deadline_ms,
    struct link **link)
{
	*link = fresh ? NULL : take_idle(pool);
	return *link != NULL ? OK : make_link(pool, deadline_ms, link);
}

void
pool_close(struct pool *pool)
{
	if (pool == NULL)
		return;
	close_links(pool->idle);
	dial_close(pool->dial);
	pthread_mutex_destroy(&pool->mutex);
	free(pool);
}
