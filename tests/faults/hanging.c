/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: threads that hang. Whoever opens a session's file does so for
 * as long as there is the file that HANG names; it begins only when it is
 * there.
 */
#define _GNU_SOURCE

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
openat(int dir, const char *path, int flags, ...)
{
	const char *while_there = getenv("HANG");
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	while (strncmp(path, "session-", 8) == 0 && while_there != NULL &&
	    access(while_there, F_OK) == 0)
		usleep(10000);
	return (int)syscall(SYS_openat, dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
    __attribute__((alias("openat")));
