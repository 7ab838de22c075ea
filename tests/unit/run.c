/* SPDX-License-Identifier: ISC */
/*
 * Hides how a test is replayed, and what it may leave behind: nothing. Its
 * stderr goes to a file in memory, its files to a directory of its own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef SANITIZERS
#include <sanitizer/common_interface_defs.h>
#endif

#include "alloc.h"
#include "apart.h"
#include "json/janssondoc.h"
#include "base/log.h"
#include "run.h"

#define UNITS_MAX 256
#define TESTS_MAX 64
#define FILES_MAX 64

/* The linker gathers what UNIT_TESTS() lists, in the order of Makefile.am. */
extern const struct unit *const __start_units[], *const __stop_units[];

/* ---- what a test finds and leaves behind ---- */

static int terminal = -1, said = -1;
static unsigned long refusing; /* 0: none */
static char scratch[32];
static int64_t later_s;

int64_t __real_clock_now_s(void);
int64_t __wrap_clock_now_s(void);

int64_t
__wrap_clock_now_s(void)
{
	return __real_clock_now_s() + later_s;
}

void
run_later(int64_t seconds)
{
	later_s = seconds;
}

/* Other threads ask, too. */
static _Atomic int64_t mono_later_ms;

int64_t __real_clock_mono_ms(void);
int64_t __wrap_clock_mono_ms(void);

int64_t
__wrap_clock_mono_ms(void)
{
	return __real_clock_mono_ms() + mono_later_ms;
}

void
run_mono_later(int64_t ms)
{
	mono_later_ms += ms;
}

/* fsync() is counted; the one of this number fails, and none for 0. */
static unsigned fsyncs, failing_fsync;
static void (*during_fsync)(void);

int __real_fsync(int fd);
int __wrap_fsync(int fd);

int
__wrap_fsync(int fd)
{
	void (*act)(void) = during_fsync;

	during_fsync = NULL;
	if (act != NULL)
		act();
	if (++fsyncs != failing_fsync)
		return __real_fsync(fd);
	errno = EIO;
	return -1;
}

void
run_fail_fsync(unsigned after)
{
	fsyncs = 0;
	failing_fsync = after + 1;
}

void
run_during_fsync(void (*act)(void))
{
	during_fsync = act;
}

unsigned
run_fsyncs(void)
{
	return fsyncs;
}

#ifdef COVERAGE
void __gcov_dump(void);
#endif

void
run_exit(int status)
{
#ifdef COVERAGE
	if (refusing == 0) /* once is enough: it takes its time */
		__gcov_dump();
#endif
	_exit(status);
}

bool
run_refused(void)
{
	return alloc_refused();
}

const char *
run_said(void)
{
	static char text[65536];
	ssize_t n = pread(said, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

unsigned
run_sleepers(void)
{
	unsigned n = 0;
	glob_t found;
	size_t i;
	FILE *stat;
	char state;

	assert_int_equal(glob("/proc/self/task/*/stat", 0, NULL, &found), 0);
	for (i = 0; i < found.gl_pathc; i++) {
		if ((stat = fopen(found.gl_pathv[i], "r")) == NULL)
			continue;
		if (fscanf(stat, "%*d %*s %c", &state) == 1)
			n += state == 'S';
		fclose(stat);
	}
	globfree(&found);
	return n;
}

void
run_wait_for_sleepers(unsigned wanted)
{
	unsigned looks = 0;

	while (looks < 2) {
		usleep(1000);
		looks = run_sleepers() >= wanted ? looks + 1 : 0;
	}
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void
leave_scratch(void)
{
	if (scratch[0] != '\0' && chdir("/") == 0)
		nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	scratch[0] = '\0';
}

/* In memory where there is such a directory: nobody waits for fsync then. */
void
run_in_scratch(void)
{
	leave_scratch();
	snprintf(scratch, sizeof(scratch), "%s/unit-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(scratch));
	assert_int_equal(chdir(scratch), 0);
}

size_t
run_count(const char *pattern)
{
	glob_t found;
	size_t n = 0;

	if (glob(pattern, 0, NULL, &found) == 0) {
		n = found.gl_pathc;
		globfree(&found);
	}
	return n;
}

void
run_write(const char *name, unsigned mode, struct str content)
{
	int fd;

	/* Only root could write to what a test has made read-only. */
	unlink(name);
	fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, content.p, content.n), content.n);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

void
run_text(struct str got, const char *wanted, const char *file, int line)
{
	static char text[65536];
	size_t n = got.n < sizeof(text) ? got.n : sizeof(text) - 1;

	if (n > 0)
		memcpy(text, got.p, n);
	text[n] = '\0';
	_assert_string_equal(text, wanted, file, line);
	_assert_int_equal(got.n, strlen(wanted), file, line);
}

static int
count_files(void)
{
	int fd, n = 0;

	for (fd = 0; fd < FILES_MAX; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- running ---- */

static void
begin(unsigned long refuse)
{
	fflush(stderr);
	said = memfd_create("stderr", MFD_CLOEXEC);
	terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	dup2(said, STDERR_FILENO);
	log_init("unit", LOG_LEVEL_DEBUG);
#ifdef SANITIZERS
	/* They end the process; nobody would see what they said. */
	__sanitizer_set_report_fd((void *)(intptr_t)terminal);
#endif
	refusing = refuse;
	later_s = 0;
	mono_later_ms = 0;
	failing_fsync = 0;
	during_fsync = NULL;
	alloc_begin(refuse);
}

/* Also called when an assertion has left the test in the middle. */
static int
end(void **state)
{
	(void)state;
	if (terminal < 0)
		return 0;
	fflush(stderr);
	dup2(terminal, STDERR_FILENO);
#ifdef SANITIZERS
	__sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
#endif
	close(terminal);
	close(said);
	terminal = said = -1;
	leave_scratch();
	return 0;
}

static int
end_failed(void **state)
{
	if (terminal >= 0 && refusing != 0)
		print_message("allocation %lu was refused\n", refusing);
	alloc_begin(0);
	return end(state);
}

static void
run_once(const struct test *test, unsigned long refuse)
{
	int files;

	begin(refuse);
	files = count_files();
	test->body();
	/* What is not 0 here is how many were not given back. */
	assert_int_equal(alloc_live(), 0);
	assert_int_equal(count_files() - files, 0);
	end(NULL);
}

static void
replay(void **state)
{
	const struct test *test = *state;
	unsigned long n, k;

	run_once(test, 0);
	for (n = alloc_asked(), k = 1; k <= n; k++)
		run_once(test, k);
}

static int
run_unit(const struct unit *unit)
{
	struct CMUnitTest list[TESTS_MAX];
	struct test copies[TESTS_MAX];
	size_t n;

	for (n = 0; n < TESTS_MAX && unit->tests[n].name != NULL; n++) {
		copies[n] = unit->tests[n];
		list[n] = (struct CMUnitTest){ copies[n].name, replay, NULL,
			end_failed, &copies[n] };
	}
	return _cmocka_run_group_tests(unit->name, list, n, NULL, NULL);
}

/* Whether a unit is among those that are named; all are if none is. */
static bool
is_wanted(const char *unit, int argc, char **argv)
{
	int arg;

	for (arg = 1; arg < argc; arg++)
		if (strcmp(argv[arg], unit) == 0)
			return true;
	return argc == 1;
}

/* A single one runs in this process, for a debugger. */
int
main(int argc, char **argv)
{
	const struct unit *wanted[UNITS_MAX];
	const struct unit *const *unit;
	size_t n = 0;

	if (sodium_init() < 0)
		return 2;
	janssondoc_init();
	for (unit = __start_units; unit < __stop_units; unit++)
		if (is_wanted((*unit)->name, argc, argv)) {
			assert_true(n < UNITS_MAX);
			wanted[n++] = *unit;
		}
	if (n == 1)
		return run_unit(wanted[0]) == 0 ? 0 : 1;
	return apart_run(wanted, n, run_unit) == 0 ? 0 : 1;
}
