/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: what REFUSE_OPEN names is not opened (EACCES).
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
open(const char *path, int flags, ...)
{
	const char *refused = getenv("REFUSE_OPEN");
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (refused != NULL && strcmp(path, refused) == 0) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* What large files have made of it. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
