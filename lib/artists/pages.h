/* SPDX-License-Identifier: ISC */
/* The pages of a list, one after the other. */
#ifndef PAGES_H
#define PAGES_H

#include "artists/copy.h"

/* How many there may be of one list. */
#define PAGES_MAX 1000

/*
 * Append the artists of all pages behind those that facts say were read, or
 * of all if that are none, to a list: a JSON array that is not closed yet, so
 * "[" at first. An artist who is in it already is left out. facts follow:
 * after a failure they say, with the list, how far it came, unless that is
 * RESULT_NO_MEMORY or RESULT_TOO_LARGE (the list has no room). A page that
 * fails in a way that may pass is asked for again, and then with fewer artists,
 * while the deadline leaves time. *complete is false when Spotify's paging went
 * in circles or had more than PAGES_MAX pages; otherwise it stays.
 * OK, the errors of call.h, or these two.
 */
enum result pages_fetch(struct context *context, struct session *session,
    struct copy_facts *facts, struct buf *list, bool *complete)
    __attribute__((warn_unused_result));

/* Whether Spotify has just refused what a page was asked for with: its
 * cursor, most likely. result is what pages_fetch() gave. */
bool pages_refused(const struct context *context, enum result result);

#endif
