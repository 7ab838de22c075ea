/* SPDX-License-Identifier: ISC */
/*
 * Hides the limit of open files. At its default of 1,024 a few hundred threads
 * find none left for their files and for Spotify, and every request fails for
 * as long as the process lives.
 */
#include "config.h"

#include <stdio.h>
#include <sys/resource.h>

#include "process/descriptors.h"

#define MAX 65536 /* more than any of our units may open */
/* A thread's: libcurl's (a wake-up, connections that are kept, a name look-up),
 * four files of the store, a pair of sockets. */
#define PER_THREAD 13
#define OURS 32	   /* standard streams, listener, epoll, what libraries open */
#define SPARE 1024 /* for connections, where there may be more */

/* With a connection for each request that is served. */
static rlim_t
needed(int threads)
{
	return OURS + (rlim_t)threads * (PER_THREAD + 1);
}

bool
descriptors_raise(int threads)
{
	struct rlimit limit;
	rlim_t most = needed(threads), wanted = most + SPARE;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return true;
	if (limit.rlim_max < most) {
		fprintf(stderr,
		    "%d threads need %lu open files, and only %lu are allowed: "
		    "ask for fewer (workers, -w), or allow more "
		    "(LimitNOFILE= of the unit, ulimit -Hn)\n",
		    threads, (unsigned long)most,
		    (unsigned long)limit.rlim_max);
		return false;
	}
	if (limit.rlim_cur >= wanted || limit.rlim_cur == limit.rlim_max)
		return true;
	limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return true;
	perror("RLIMIT_NOFILE");
	return false;
}

int
descriptors_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > MAX)
		return MAX;
	return (int)limit.rlim_cur;
}

int
descriptors_for_connections(int threads)
{
	int left = descriptors_max() - OURS - threads * PER_THREAD;

	return left > 2 ? left : 2;
}
