/* SPDX-License-Identifier: ISC */
/*
 * For LD_PRELOAD: a system that cannot, or says that it can and does not. What
 * REFUSE_OPEN names is not opened. REFUSE is a word for what a file system
 * lacks, below; REFUSE_ERRNO what it says then.
 */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
lacks(const char *what)
{
	const char *word = getenv("REFUSE"), *error = getenv("REFUSE_ERRNO");

	if (word == NULL || strcmp(word, what) != 0)
		return 0;
	errno = error == NULL ? EINVAL : (int)strtol(error, NULL, 10);
	return 1;
}

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

/* modes: all files are everybody's. O_EXCL: it is as if it were not said. */
int
openat(int dir, const char *path, int flags, ...)
{
	va_list ap;
	int mode, fd;

	va_start(ap, flags);
	mode = va_arg(ap, int);
	va_end(ap);
	if (lacks("O_EXCL"))
		flags &= ~O_EXCL;
	fd = (int)syscall(SYS_openat, dir, path, flags, mode);
	if (fd >= 0 && (flags & O_CREAT) && lacks("modes"))
		fchmod(fd, 0777);
	return fd;
}

int
fsync(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 &&
	    lacks(S_ISDIR(st.st_mode) ? "fsync of a directory" : "fsync"))
		return -1;
	return (int)syscall(SYS_fsync, fd);
}

int
posix_fallocate(int fd, off_t from, off_t n)
{
	if (lacks("posix_fallocate"))
		return errno;
	return syscall(SYS_fallocate, fd, 0, from, n) == 0 ? 0 : errno;
}

/* times: they are not kept. */
int
utimensat(int dir, const char *path, const struct timespec *times, int flags)
{
	if (lacks("times"))
		return 0;
	if (lacks("utimensat"))
		return -1;
	return (int)syscall(SYS_utimensat, dir, path, times, flags);
}

/* curl: libcurl cannot begin to share. */
void *
curl_share_init(void)
{
	static void *(*real)(void);

	if (lacks("curl"))
		return NULL;
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "curl_share_init");
	return real();
}

/* exclusion: everybody gets the lock. */
int
fcntl(int fd, int command, ...)
{
	va_list ap;
	void *p;

	va_start(ap, command);
	p = va_arg(ap, void *);
	va_end(ap);
	if (command == F_OFD_SETLK && lacks("exclusion"))
		return 0;
	if (command == F_OFD_SETLK && lacks("locks"))
		return -1;
	return (int)syscall(SYS_fcntl, fd, command, p);
}

/* flags of rename: it is a rename as any other. */
long
syscall(long number, ...)
{
	static long (*real)(long, ...);
	long a[6];
	va_list ap;
	int i;

	va_start(ap, number);
	for (i = 0; i < 6; i++)
		a[i] = va_arg(ap, long);
	va_end(ap);
	if (real == NULL)
		*(void **)&real = dlsym(RTLD_NEXT, "syscall");
	if (number == SYS_renameat2 && lacks("exchange"))
		return -1;
	if (number == SYS_renameat2 && lacks("flags of rename"))
		a[4] = 0;
	return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* What large files have made of them. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int dir, const char *path, int flags, ...)
    __attribute__((alias("openat")));
int posix_fallocate64(int fd, off_t from, off_t n)
    __attribute__((alias("posix_fallocate")));
int fcntl64(int fd, int command, ...) __attribute__((alias("fcntl")));
