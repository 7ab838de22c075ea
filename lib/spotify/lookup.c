/* SPDX-License-Identifier: ISC */
/*
 * Hides who looks up a name. libcurl remembers for all threads what was found,
 * but begins a look-up in each of them that needs a name while it is not known
 * yet. While the first name server is dead that would be as many questions, and
 * threads of the resolver's, as there are logins in five seconds.
 *
 * libcurl asks before it begins one, and only then: not for a name that it
 * knows, nor for a connection that was kept. If another thread is at it, the
 * transfer gives up, of which nothing has been sent, and begins again when the
 * other has a socket, which is when libcurl knows the addresses, or has failed.
 * So nobody waits longer than for the time that the other has to be connected,
 * and nobody fails because of it: then the next one looks.
 */
#include "config.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "spotify/lookup.h"
#include "spotify/trouble.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ended;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct lookup *lookups; /* under way */

/* Deadlines are on the clock that does not jump. */
static void
init(void)
{
	clock_cond_init(&ended);
}

/* With the lock. */
static bool
is_under_way(struct str place)
{
	const struct lookup *one = lookups;

	while (one != NULL && !str_equal(one->place, place))
		one = one->next;
	return one != NULL;
}

/* libcurl is about to look up a name; anything but 0, and it gives up. */
static int
start(void *resolver, void *reserved, void *data)
{
	struct lookup *lookup = data;

	(void)resolver;
	(void)reserved;
	if (lookup->under_way)
		return 0;
	lookup->place = lookup->proxy != NULL ? str_of(lookup->proxy) :
						trouble_host(lookup->easy);
	pthread_once(&once, init);
	pthread_mutex_lock(&mutex);
	lookup->behind = is_under_way(lookup->place);
	if (!lookup->behind) {
		lookup->under_way = true;
		lookup->next = lookups;
		lookups = lookup;
	}
	pthread_mutex_unlock(&mutex);
	return lookup->behind;
}

void
lookup_end(struct lookup *lookup)
{
	struct lookup **at;

	if (!lookup->under_way)
		return;
	pthread_mutex_lock(&mutex);
	for (at = &lookups; *at != lookup; at = &(*at)->next)
		continue;
	*at = lookup->next;
	pthread_cond_broadcast(&ended);
	pthread_mutex_unlock(&mutex);
	lookup->under_way = false;
}

/* There is a socket. */
static int
found(void *data, curl_socket_t fd, curlsocktype purpose)
{
	(void)fd;
	(void)purpose;
	lookup_end(data);
	return CURL_SOCKOPT_OK;
}

CURLcode
lookup_begin(struct lookup *lookup, CURL *easy, const char *proxy)
{
	CURLcode bad = CURLE_OK;

	*lookup = (struct lookup){ .easy = easy, .proxy = proxy };
	bad |= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, start);
	bad |= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_DATA, lookup);
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, found);
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, lookup);
	return bad;
}

/* False: not over by then. */
static bool
wait_for_other(struct str place, int64_t until_ms)
{
	const struct timespec until = { .tv_sec = (time_t)(until_ms / 1000),
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };
	bool in_time = true, over;

	pthread_mutex_lock(&mutex);
	while (!(over = !is_under_way(place)) && in_time)
		in_time = pthread_cond_timedwait(&ended, &mutex, &until) == 0;
	pthread_mutex_unlock(&mutex);
	return over;
}

bool
lookup_again(struct lookup *lookup, CURLM *multi, int64_t deadline_ms)
{
	CURL *easy = lookup->easy;
	long left_ms;

	lookup->behind = false;
	if (!wait_for_other(lookup->place, deadline_ms))
		return false;
	left_ms = (long)clock_left_ms(deadline_ms, INT32_MAX);
	curl_multi_remove_handle(multi, easy);
	return left_ms > 0 &&
	    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, left_ms) == CURLE_OK &&
	    curl_multi_add_handle(multi, easy) == CURLM_OK;
}
