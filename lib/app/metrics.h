/* SPDX-License-Identifier: ISC */
/* What the counts of meter.h are called, and where all programs of a site on
 * this machine count together. */
#ifndef METRICS_H
#define METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/result.h"
#include "base/str.h"

/* How long it may take until a process finds out that the file in which all
 * count was removed, and counts in the new one. */
#define METRICS_LOOK_MS 10000

/*
 * At the start of a program that has a store: count in the file of its
 * directory from now on, with the counts of others. If that fails, which is
 * logged, in its own memory, until metrics_look() finds better.
 */
void metrics_open(const char *session_dir);

/* Look from time to time, of which now_ms on clock_mono_ms() tells, whether the
 * file is still the one that is there. */
void metrics_look(const char *session_dir, int64_t now_ms);

/* The first of the counts of answers of a program; METER__MAX, where nothing
 * is counted, if it is none of those that have a store. */
unsigned metrics_answers(const char *program);

/*
 * Behind metrics_open(): note that a program begins, with a mistake in its
 * configuration or without one, for health_check() of all programs of the site.
 * It says of itself alone: another one may have found what it did not look at.
 */
void metrics_note_start(const char *program, bool good);

/* Where samples are printed, in Prometheus' text format (0.0.4), and of which
 * site each of them says that it is: without that, those of two sites of a
 * machine would be the same. Both are borrowed. */
struct metrics_page {
	FILE *out;
	struct str site;
};

/*
 * Print all counts of a directory, those of nothing, too, as nobody could see
 * the first of them otherwise.
 * OK, also if nothing was ever counted; RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result metrics_print(const struct metrics_page *page,
    const char *session_dir) __attribute__((warn_unused_result));

/* Print the lines with which a family begins. */
void metrics_print_family(const struct metrics_page *page, const char *name,
    const char *type, const char *help);

/* Print a sample of a family; labels, beside that of the site, as
 * group="me",kind="rate", or "". */
void metrics_print_number(const struct metrics_page *page, const char *name,
    const char *labels, unsigned long long number);

#endif
