/* SPDX-License-Identifier: ISC */
/*
 * Hides where the listening socket comes from. libfcgi could open one, too,
 * but it removes whatever is at the path, lets nobody else connect, and ends
 * the process when something is wrong.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/listener.h"

#define BACKLOG 1024

static bool
is_listening(int fd)
{
	int listening = 0;
	socklen_t n = sizeof(listening);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 &&
	    listening;
}

/* Whether somebody answers at the address already. */
static bool
is_taken(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool taken;

	taken = fd >= 0 &&
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		0;
	if (fd >= 0)
		close(fd);
	return taken;
}

static int
complain(const char *path, const char *why)
{
	fprintf(stderr, "%s: %s\n", path, why);
	return -1;
}

static int
open_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat st;
	mode_t mask;
	int fd, bad;

	if (strlen(path) >= sizeof(address.sun_path))
		return complain(path,
		    "too long for a socket; use a shorter "
		    "path");
	memcpy(address.sun_path, path, strlen(path));
	if (is_taken(&address))
		return complain(path, "another process listens there");
	/* Only a dead socket is in our way, never a file. */
	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		return complain(path, strerror(errno));
	mask = umask(0117);
	bad = bind(fd, (const struct sockaddr *)&address, sizeof(address));
	umask(mask);
	if (bad != 0 || listen(fd, BACKLOG) != 0) {
		complain(path, strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

int
listener_open(const char *path)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	/* A service manager that starts another process on the same socket
	 * makes it block again, for all; no accept() may wait for ever then. */
	const struct timeval wait = { .tv_sec = 1 };
	char self[16];
	int fd = 0;

	snprintf(self, sizeof(self), "%ld", (long)getpid());
	if (path != NULL)
		fd = open_socket(path);
	else if (pid != NULL && fds != NULL && strcmp(pid, self) == 0 &&
	    strcmp(fds, "1") == 0)
		fd = 3;
	if (fd < 0 || !is_listening(fd))
		return -1;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0)
		return complain("listening socket", strerror(errno));
	return fd;
}
