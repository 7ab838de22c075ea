/* SPDX-License-Identifier: ISC */
/* Whether a directory, and the file system it is on, will do for a store. */
#ifndef TRIAL_H
#define TRIAL_H

#include <stdbool.h>

/*
 * See what directory_complaint() has to say; then do once all that will be
 * needed there, with files of names that nobody reads and the clean-up removes
 * should we die. Nothing of it is left: who tries may be another user than that
 * of the programs. Any number of processes may do so at once.
 * NULL, or what is wrong: a sentence about the directory; static. What says
 * nothing about the file system, such as a full disk, is *untried, an errno;
 * else that is 0.
 */
const char *trial_complaint(const char *path, int *untried);

/* The same, and into the log with it; false if there is a complaint. */
bool trial_passed(const char *path);

#endif
