/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: on plain files write() takes seven bytes at most and read()
 * gives a hundred, and every third call is interrupted. All of it is allowed
 * by POSIX and never happens on a test machine.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
is_plain(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

/* The shorter count, or 0 for an interruption. */
static size_t
less(size_t n, size_t most)
{
	static unsigned calls;

	if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) % 3 == 0)
		return 0;
	return n < most ? n : most;
}

static ssize_t
cut(long call, int fd, const void *p, size_t n, size_t most)
{
	if (n > 0 && is_plain(fd) && (n = less(n, most)) == 0) {
		errno = EINTR;
		return -1;
	}
	return syscall(call, fd, p, n);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	return cut(SYS_write, fd, p, n, 7);
}

ssize_t
read(int fd, void *p, size_t n)
{
	return cut(SYS_read, fd, p, n, 100);
}
