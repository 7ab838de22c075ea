/* SPDX-License-Identifier: ISC */
/* Whether a directory may hold the files of a store. */
#ifndef DIRECTORY_H
#define DIRECTORY_H

#include <stdbool.h>

/*
 * What is wrong with the directory: NULL, or a sentence that says what to
 * do. It must be owned by this user with mode 0700, on a local file system,
 * below directories that nobody else can write to; the same holds for links on
 * the way to it, and for directories that the path leaves again by "..". This
 * user's own group can, if the directory is root's and has the set-group-ID bit
 * (a volume).
 */
const char *directory_complaint(const char *path);

/* Whether somebody else could exchange a directory, or a link, on the way to
 * it. */
bool directory_is_exposed(const char *path);

#endif
