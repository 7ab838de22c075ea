/* SPDX-License-Identifier: ISC */
/* What the process gives up before it reads a byte from outside. */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>

/*
 * For this thread and all that it starts, for ever (landlock(7)): no program
 * is executed, and no file written or made but beneath the directory dir;
 * nowhere if that is NULL. What is open already stays open. Reading, the
 * network, and removing files are not restricted, nor are their modes; before
 * Linux 6.2 also not truncating them. False, and logged: the kernel cannot, and
 * nothing but the no_new_privs bit has changed.
 */
bool sandbox(const char *dir);

/* The same with another directory, unless that is NULL. If it is missing, it is
 * logged, and stays out of reach. */
bool sandbox_two(const char *dir, const char *other);

#endif
