/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "../failing.h"
#include "../run.h"
#include "../scratch.h"
#include "store/lock.h"

#define THREADS 50
#define PROCESSES 4

static const unsigned char id[STORE_ID_BYTES] = { 1 };
static const unsigned char other_id[STORE_ID_BYTES] = { 1, 2 };

/* What threads and processes see of each other. */
struct shared {
	struct store *store;
	atomic_int inside, most, taken, without_memory, ready;
};

static struct shared *shared;

static void
unmap(struct shared **at)
{
	if (*at == NULL)
		return;
	store_close((*at)->store);
	munmap(*at, sizeof(**at));
}

static enum result
share(struct shared **s)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(shared != MAP_FAILED);
	*s = shared;
	return scratch_open(&shared->store);
}

/* Be inside once, for a moment. Asserts nothing: it is no test's thread. */
static void *
enter(void *unused)
{
	struct lock lock;
	enum result result;

	(void)unused;
	result = lock_take(shared->store, LOCK_REFRESH, id,
	    clock_mono_ms() + 60000, &lock);
	if (result == RESULT_NO_MEMORY)
		atomic_fetch_add(&shared->without_memory, 1);
	if (result != OK)
		return NULL;
	if (atomic_fetch_add(&shared->inside, 1) > 0)
		atomic_store(&shared->most, 2);
	usleep(100);
	atomic_fetch_sub(&shared->inside, 1);
	atomic_fetch_add(&shared->taken, 1);
	lock_release(&lock);
	return NULL;
}

static void
run_threads(unsigned n)
{
	pthread_t threads[THREADS];
	unsigned i;

	for (i = 0; i < n; i++)
		if (pthread_create(&threads[i], NULL, enter, NULL) != 0)
			abort();
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
}

static void
of_fifty_threads_one_is_inside(void)
{
	SCOPED(unmap) struct shared *s = NULL;

	CHECK_OK(share(&s));
	run_threads(THREADS);
	assert_int_equal(s->most, 0);
	assert_int_equal(s->taken + s->without_memory, THREADS);
	assert_int_equal(s->without_memory > 0, run_refused());
}

static void
of_all_threads_of_all_processes_one_is_inside(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	pid_t children[PROCESSES];
	int i, status;

	CHECK_OK(share(&s));
	for (i = 0; i < PROCESSES; i++)
		if ((children[i] = fork()) == 0) {
			run_threads(5);
			run_exit(0);
		}
	for (i = 0; i < PROCESSES; i++) {
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(s->most, 0);
	assert_int_equal(s->taken, PROCESSES * 5);
}

static void
who_may_not_wait_is_told_at_once(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	struct lock second;
	int64_t began;

	CHECK_OK(share(&s));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	began = clock_mono_ms();
	CHECK(lock_take(s->store, LOCK_REFRESH, id, 0, &second), RESULT_BUSY);
	lock_release(&second);
	assert_true(clock_mono_ms() - began < 1000);
	began = clock_mono_ms();
	CHECK(lock_take(s->store, LOCK_REFRESH, id, began + 50, &second),
	    RESULT_BUSY);
	assert_true(clock_mono_ms() - began >= 50);
}

static void
sessions_and_tasks_do_not_get_into_each_others_way(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock a = { .queue = NULL };
	SCOPED(lock_release) struct lock b = { .queue = NULL };
	SCOPED(lock_release) struct lock c = { .queue = NULL };

	CHECK_OK(share(&s));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &a));
	CHECK_OK(lock_take(s->store, LOCK_ARTISTS, id, 0, &b));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, other_id, 0, &c));
	lock_release(&a);
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &a));
}

/* A child that takes the lock and keeps it until it is killed. */
static pid_t
start_holder(struct shared *s)
{
	struct lock lock;
	pid_t child = fork();

	if (child == 0) {
		if (lock_take(s->store, LOCK_REFRESH, id, 0, &lock) != OK)
			_exit(1);
		atomic_store(&s->ready, 1);
		for (;;)
			pause();
	}
	while (
	    atomic_load(&s->ready) == 0 && waitpid(child, NULL, WNOHANG) == 0)
		usleep(1000);
	return child;
}

static void
a_lock_dies_with_its_holder(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	struct lock second;
	enum result while_held;
	pid_t child;

	CHECK_OK(share(&s));
	child = start_holder(s);
	while_held = lock_take(s->store, LOCK_REFRESH, id, clock_mono_ms() + 30,
	    &second);
	lock_release(&second);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	CHECK(while_held, s->ready ? RESULT_BUSY : OK);
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, clock_mono_ms() + 10000,
	    &lock));
}

/* Take the lock and say whether the task has failed already. */
static void *
ask(void *unused)
{
	struct lock lock;
	enum result result = lock_take(shared->store, LOCK_REFRESH, id,
	    clock_mono_ms() + 60000, &lock);

	(void)unused;
	if (result == OK && lock.found == RESULT_UPSTREAM_FAILED)
		atomic_fetch_add(&shared->taken, 1);
	lock_release(&lock);
	return NULL;
}

static void
who_waits_while_the_task_fails_is_told(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock lock = { .queue = NULL };
	pthread_t threads[3], late;
	unsigned i, sleepers = run_sleepers();

	CHECK_OK(share(&s));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	for (i = 0; i < N(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, ask, NULL),
		    0);
	run_wait_for_sleepers(sleepers + N(threads));
	lock_fail(&lock, RESULT_UPSTREAM_FAILED);
	assert_int_equal(pthread_create(&late, NULL, ask, NULL), 0);
	run_wait_for_sleepers(sleepers + N(threads) + 1);
	lock_release(&lock);
	for (i = 0; i < N(threads); i++)
		pthread_join(threads[i], NULL);
	pthread_join(late, NULL);
	assert_int_equal(s->taken, N(threads));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	assert_int_equal(lock.found, OK);
}

/* Ask for the lock unless the task is done; count who need not have it. */
static void *
ask_unless_done(void *seen)
{
	const struct lock_wish wish = { LOCK_REFRESH, id, seen };
	struct lock lock;

	if (lock_take_unless_done(shared->store, &wish, clock_mono_ms() + 60000,
		&lock) == RESULT_EXISTS)
		atomic_fetch_add(&shared->taken, 1);
	lock_release(&lock);
	return NULL;
}

/* While the holder still has it, and though one of them needs its turn. */
static void
who_waits_while_the_task_is_done_goes_on_at_once(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	struct lock lock = { .queue = NULL };
	struct store_version seen = { .bytes = { 0 } };
	pthread_t threads[4], other, late;
	unsigned i, sleepers = run_sleepers();

	CHECK_OK(share(&s));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	assert_int_equal(pthread_create(&other, NULL, enter, NULL), 0);
	for (i = 0; i < N(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     ask_unless_done,
				     i % 2 == 0 ? &seen : NULL),
		    0);
	run_wait_for_sleepers(sleepers + N(threads) + 1);
	lock_pass(&lock);
	for (i = 0; i < N(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(s->taken, N(threads));
	/* Who comes later has to see for himself. */
	assert_int_equal(pthread_create(&late, NULL, ask_unless_done, NULL), 0);
	run_wait_for_sleepers(sleepers + 2);
	lock_release(&lock);
	pthread_join(late, NULL);
	pthread_join(other, NULL);
	assert_int_equal(s->taken + s->without_memory, N(threads) + 1);
}

/* By another process, or on another machine: the first of them who asks the
 * store hears of it, and none of the others asks as well. */
static void
what_the_first_of_those_who_wait_hears_goes_for_all(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	struct lock lock = { .queue = NULL };
	struct store_version seen = { .bytes = { 0 } };
	pthread_t threads[4];
	unsigned i, sleepers = run_sleepers();

	CHECK_OK(share(&s));
	CHECK_OK(failing_open(s->store, &s->store));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	for (i = 0; i < N(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL,
				     ask_unless_done, &seen),
		    0);
	while (run_sleepers() < sleepers + N(threads))
		usleep(1000);
	failing_next(s->store, FAILING_LOCK, RESULT_EXISTS, false);
	lock_release(&lock);
	for (i = 0; i < N(threads); i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(s->taken, N(threads));
	ask_unless_done(&seen); /* later: it is over */
	assert_int_equal(s->taken, N(threads));
}

/* Whether somebody holds a byte of the lock file. */
static bool
is_any_held(void)
{
	struct flock range = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open("lock", O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_GETLK, &range), 0);
	close(fd);
	return range.l_type != F_UNLCK;
}

static void
releasing_one_lock_keeps_the_others(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock a = { .queue = NULL };
	struct lock b;

	CHECK_OK(share(&s));
	assert_false(is_any_held());
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &a));
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, other_id, 0, &b));
	lock_release(&b);
	assert_true(is_any_held());
	lock_release(&a);
	assert_false(is_any_held());
}

static void
a_lock_file_that_is_gone_is_made_anew(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	SCOPED(lock_release) struct lock lock = { .queue = NULL };

	CHECK_OK(share(&s));
	assert_int_equal(unlink("lock"), 0);
	CHECK_OK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock));
	assert_int_equal(access("lock", F_OK), 0);
}

static void
with_a_strange_lock_file_nobody_gets_in(void)
{
	SCOPED(unmap) struct shared *s = NULL;
	struct lock lock;

	CHECK_OK(share(&s));
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(symlink("/dev/null", "lock"), 0);
	CHECK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock), RESULT_STORE);
	lock_release(&lock);
	assert_int_equal(unlink("lock"), 0);
	assert_int_equal(mkdir("lock", 0700), 0);
	CHECK(lock_take(s->store, LOCK_REFRESH, id, 0, &lock), RESULT_STORE);
	assert_non_null(strstr(run_said(), "event=store_failed"));
}

UNIT_TESTS(lock) = {
	TEST(of_fifty_threads_one_is_inside),
	TEST(of_all_threads_of_all_processes_one_is_inside),
	TEST(who_may_not_wait_is_told_at_once),
	TEST(sessions_and_tasks_do_not_get_into_each_others_way),
	TEST(a_lock_dies_with_its_holder),
	TEST(who_waits_while_the_task_fails_is_told),
	TEST(who_waits_while_the_task_is_done_goes_on_at_once),
	TEST(what_the_first_of_those_who_wait_hears_goes_for_all),
	TEST(releasing_one_lock_keeps_the_others),
	TEST(a_lock_file_that_is_gone_is_made_anew),
	TEST(with_a_strange_lock_file_nobody_gets_in),
	END_OF_TESTS,
};
