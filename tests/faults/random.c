/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: there is no randomness while the file that NO_RANDOMNESS
 * names is there. A system call that is refused would not do: since version
 * 2.41 glibc makes random numbers without one.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

ssize_t
getrandom(void *p, size_t n, unsigned flags)
{
	const char *file = getenv("NO_RANDOMNESS");

	if (file != NULL && access(file, F_OK) == 0) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_getrandom, p, n, flags);
}
