/* SPDX-License-Identifier: ISC */
/*
 * Hides getaddrinfo(), which has no limit of time and cannot be interrupted.
 * The thread that waits for it has its share of what is looked up, which is
 * released by whoever ends last.
 */
#include "config.h"

#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "engine/names.h"
#include "base/clock.h"

#define FRESH_MS 30000
#define STACK_BYTES (256 << 10)

struct names {
	pthread_mutex_t mutex;
	pthread_cond_t done; /* on the monotonic clock */
	unsigned users;	     /* the owner, and a lookup under way */
	bool looking, numeric;
	int64_t due_ms; /* when to look up again */
	struct names_address addresses[NAMES_MAX];
	size_t n;
	const char *port;
	char host[]; /* and the port, each terminated */
};

/* Where the port begins; the host goes without brackets. False: not a host and
 * a port. */
static bool
split(struct str *host, struct str *port)
{
	size_t at = host->n;
	uint64_t number;

	while (at > 0 && host->p[at - 1] != ':')
		at--;
	if (at < 2)
		return false;
	*port = (struct str){ host->p + at, host->n - at };
	host->n = at - 1;
	if (host->n > 2 && host->p[0] == '[' && host->p[host->n - 1] == ']')
		*host = (struct str){ host->p + 1, host->n - 2 };
	else if (memchr(host->p, ':', host->n) != NULL)
		return false;
	return str_number(*port, 65535, &number) && number > 0;
}

static void
keep(struct names *names, const struct addrinfo *list)
{
	for (names->n = 0; list != NULL && names->n < NAMES_MAX;
	     list = list->ai_next) {
		memcpy(&names->addresses[names->n].place, list->ai_addr,
		    list->ai_addrlen);
		names->addresses[names->n++].n = list->ai_addrlen;
	}
}

/* Without the mutex, as it may take its time. */
static struct addrinfo *
ask(const struct names *names, int flags)
{
	const struct addrinfo hints = { .ai_flags = flags | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	return getaddrinfo(names->host, names->port, &hints, &list) == 0 ?
	    list :
	    NULL;
}

static void
init_sync(struct names *names)
{

	pthread_mutex_init(&names->mutex, NULL);
	clock_cond_init(&names->done);
}

enum result
names_open(struct str host, struct names **names)
{
	struct addrinfo *list;
	struct names *new;
	struct str port;

	*names = NULL;
	if (!split(&host, &port))
		return RESULT_MISCONFIGURED;
	if ((new = calloc(1, sizeof(*new) + host.n + port.n + 2)) == NULL)
		return RESULT_NO_MEMORY;
	memcpy(new->host, host.p, host.n);
	memcpy(new->host + host.n + 1, port.p, port.n);
	new->port = new->host + host.n + 1;
	new->users = 1;
	init_sync(new);
	if ((list = ask(new, AI_NUMERICHOST)) != NULL) {
		keep(new, list);
		freeaddrinfo(list);
		new->numeric = true;
	}
	*names = new;
	return OK;
}

/* With the mutex, which is let go. */
static void
leave(struct names *names)
{
	bool last = --names->users == 0;

	pthread_mutex_unlock(&names->mutex);
	if (!last)
		return;
	pthread_cond_destroy(&names->done);
	pthread_mutex_destroy(&names->mutex);
	free(names);
}

void
names_close(struct names *names)
{
	if (names == NULL)
		return;
	pthread_mutex_lock(&names->mutex);
	leave(names);
}

const char *
names_host(const struct names *names)
{
	return names->host;
}

static void *
look_up(void *data)
{
	struct names *names = data;
	struct addrinfo *list = ask(names, 0);

	pthread_mutex_lock(&names->mutex);
	names->looking = false;
	names->due_ms = clock_mono_ms() + (list == NULL ? 0 : FRESH_MS);
	if (list != NULL) {
		keep(names, list);
		freeaddrinfo(list);
	}
	pthread_cond_broadcast(&names->done);
	leave(names);
	return NULL;
}

/* With the mutex. */
static void
begin_lookup(struct names *names)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	names->looking = true;
	names->users++;
	if (pthread_create(&thread, &attr, look_up, names) != 0) {
		names->looking = false;
		names->users--;
	}
	pthread_attr_destroy(&attr);
}

enum result
names_get(struct names *names, int64_t deadline_ms,
    struct names_address addresses[static NAMES_MAX], size_t *n)
{
	const struct timespec limit = { .tv_sec = deadline_ms / 1000,
		.tv_nsec = deadline_ms % 1000 * 1000000 };
	enum result result = OK;

	pthread_mutex_lock(&names->mutex);
	if (!names->numeric && !names->looking &&
	    clock_mono_ms() >= names->due_ms)
		begin_lookup(names);
	while (names->n == 0 && names->looking && result == OK)
		if (pthread_cond_timedwait(&names->done, &names->mutex,
			&limit) != 0)
			result = RESULT_UPSTREAM_TIMEOUT;
	if (result == OK && names->n == 0)
		result = RESULT_UPSTREAM_FAILED;
	*n = result == OK ? names->n : 0;
	memcpy(addresses, names->addresses, *n * sizeof(addresses[0]));
	pthread_mutex_unlock(&names->mutex);
	return result;
}

void
names_doubt(struct names *names)
{
	pthread_mutex_lock(&names->mutex);
	names->due_ms = 0;
	pthread_mutex_unlock(&names->mutex);
}
