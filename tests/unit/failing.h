/* SPDX-License-Identifier: ISC */
/*
 * A back end that wraps another one and fails when it is told to: what a
 * caller does about each result can be seen without a disk that fails.
 */
#ifndef FAILING_H
#define FAILING_H

#include "store/store.h"

/* What can fail. */
enum failing_call {
	FAILING_LOAD,
	FAILING_LOAD_KEPT,
	FAILING_CREATE,
	FAILING_RESERVE,
	FAILING_REPLACE,
	FAILING_KEEP,
	FAILING_REMOVE,
	FAILING_CLAIM,
	FAILING_COUNT,
	FAILING_DATE,
	FAILING_SET_DATE,
	FAILING_KNOWN,
	FAILING_FORGET,
	FAILING_LOCK
};

/* Wrap a store, which the wrapper closes with itself. OK, or
 * RESULT_NO_MEMORY: the store is closed. */
enum result failing_open(struct store *inner, struct store **store)
    __attribute__((warn_unused_result));

/* Let locks be doubtful from now on, or not. */
void failing_doubt(struct store *store, bool doubtful);

/* Let the next call of that kind have this result, after it was done all the
 * same, or without. */
void failing_next(struct store *store, enum failing_call call,
    enum result result, bool done);

/* Let n calls of that kind go well before. */
void failing_after(struct store *store, unsigned n);

/* Let act(data), which may ask the same store, be called once, before date or
 * set_date are called after n times more. NULL takes that back, and says
 * whether it was still to come. */
bool failing_meanwhile(struct store *store, unsigned n, void (*act)(void *data),
    void *data);
/* Let act(data) be called once, before the next reservation. */
void failing_before_reserve(struct store *store, void (*act)(void *data),
    void *data);

/* Until when the last date that was set has to be kept. */
int64_t failing_date_ends_s(struct store *store);

#endif
