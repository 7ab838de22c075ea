/* SPDX-License-Identifier: ISC */
/*
 * The unit tests' harness. A test is a function without arguments. It runs
 * once as it is, and then again for each allocation that it made, with that
 * one refused: then it may end early, but not crash, leak memory or a file
 * descriptor, or get a wrong answer.
 *
 * So a test releases what it holds however it ends (SCOPED), and looks at
 * results with CHECK.
 */
#ifndef RUN_H
#define RUN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/result.h"
#include "base/str.h"

struct test {
	const char *name;
	void (*body)(void);
};

struct unit {
	const char *name;
	const struct test *tests;
};

/* The tests of a unit, as run.c finds them by itself:
 * UNIT_TESTS(buf) = { TEST(a), TEST(b), END_OF_TESTS }; */
#define UNIT_TESTS(of) \
	extern const struct test of##_tests[]; \
	static const struct unit of##_unit = { #of, of##_tests }; \
	static const struct unit *const of##_listed \
	    __attribute__((section("units"), used)) = &of##_unit; \
	const struct test of##_tests[]
#define TEST(function) \
	{ \
#function, function \
	}
#define END_OF_TESTS \
	{ \
		NULL, NULL \
	}
#define N(array) (sizeof(array) / sizeof((array)[0]))

/* The variable goes to this function when it goes out of scope. */
#define SCOPED(free_function) __attribute__((cleanup(free_function)))

/* The call gives this result; or the test ends here, because an allocation
 * was refused and the call said so. */
#define CHECK(call, expected) CHECK_OR(call, expected, RESULT_NO_MEMORY)
#define CHECK_OK(call) CHECK_OR(call, OK, RESULT_NO_MEMORY)

/* The same for a call that has another word for no memory. */
#define CHECK_OR(call, expected, no_memory) \
	do { \
		enum result result_ = (call); \
		if (run_refused() && result_ == (no_memory)) \
			return; \
		assert_int_equal(result_, expected); \
	} while (0)

/* The slice is this text, byte for byte. */
#define CHECK_TEXT(slice, text) run_text(slice, text, __FILE__, __LINE__)
void run_text(struct str got, const char *wanted, const char *file, int line);

/* Whether an allocation has been refused in this run. */
bool run_refused(void);

/* All that went to stderr in this run so far; borrowed until the next call. */
const char *run_said(void);

/* How many threads of this process sleep; for a test that waits until one of
 * them waits. */
unsigned run_sleepers(void);

/* Until so many do, at two looks in a row: who waits for a mutex sleeps for a
 * moment as well. */
void run_wait_for_sleepers(unsigned wanted);

/* Let clock_now_s() show so much more, or less, until the end of this run. */
void run_later(int64_t seconds);

/* The same for clock_mono_ms(), which never goes back: not less than before. */
void run_mono_later(int64_t ms);

/* Let the call of fsync() after so many others fail, until the end of this run;
 * how many calls there were since. */
void run_fail_fsync(unsigned after);
unsigned run_fsyncs(void);

/* End a process that a test has begun, by fork(), with the counts of
 * tests/coverage written. */
void run_exit(int status) __attribute__((noreturn));

/* Let something else happen during the next call of fsync(). */
void run_during_fsync(void (*act)(void));

/* Go to an empty directory, mode 0700, which is removed after the run. */
void run_in_scratch(void);

/* How many files there have a name that matches a pattern of glob(7). */
size_t run_count(const char *pattern);

/* Write a file there. */
void run_write(const char *name, unsigned mode, struct str content);

#endif
