/* SPDX-License-Identifier: ISC */
/* The only place that asks what time it is, but for the log. */
#ifndef CLOCK_H
#define CLOCK_H

#include <pthread.h>
#include <stdint.h>

/*
 * Seconds since 1970, for anything that is kept or compared with something
 * kept. May jump. In a build with --enable-test-clock the environment
 * variable SPOTIFY_FCGI_TEST_CLOCK names a file with an offset in seconds (8
 * bytes, native order) that is added at each call.
 */
int64_t clock_now_s(void);

/* The same in milliseconds. */
int64_t clock_now_ms(void);

/* Milliseconds on a clock that never jumps, for waiting and deadlines. */
int64_t clock_mono_ms(void);

/* What is left until a deadline on clock_mono_ms(), at least 0, at most
 * cap_ms. */
int64_t clock_left_ms(int64_t deadline_ms, int64_t cap_ms);

/* A deadline that is no later, and at most cap_ms away. */
int64_t clock_until_ms(int64_t deadline_ms, int64_t cap_ms);

/* Make a condition whose waiting ends by that clock. */
void clock_cond_init(pthread_cond_t *cond);

#endif
