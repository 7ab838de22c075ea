/* SPDX-License-Identifier: ISC */
/*
 * Hides where time comes from, so that tests can let six months pass in a
 * second. The test clock is compiled in only when configure is told so: a
 * program that is installed cannot be moved in time by its environment.
 */
#include "config.h"

#include <time.h>

#include "base/clock.h"

#ifdef TEST_CLOCK
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static const volatile int64_t *test_offset;

static void
open_test_clock(void)
{
	const char *path = getenv("SPOTIFY_FCGI_TEST_CLOCK");
	void *map;
	int fd;

	if (path == NULL || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		test_offset = map;
	close(fd);
}

static int64_t
offset_s(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, open_test_clock);
	return test_offset == NULL ? 0 : *test_offset;
}
#else
static int64_t
offset_s(void)
{
	return 0;
}
#endif

int64_t
clock_now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec + offset_s();
}

int64_t
clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ((int64_t)ts.tv_sec + offset_s()) * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_mono_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
clock_left_ms(int64_t deadline_ms, int64_t cap_ms)
{
	int64_t left = deadline_ms - clock_mono_ms();

	return left < 0 ? 0 : left < cap_ms ? left : cap_ms;
}

int64_t
clock_until_ms(int64_t deadline_ms, int64_t cap_ms)
{
	return clock_mono_ms() + clock_left_ms(deadline_ms, cap_ms);
}

void
clock_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}
