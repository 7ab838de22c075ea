/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "process/notify.h"
#include "../run.h"

static void
end_fd(const int *fd)
{
	close(*fd);
}

/* A service manager's socket of that name. */
static int
listen_as(const char *name, bool is_abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	run_in_scratch();
	memcpy(address.sun_path, name, n);
	if (is_abstract)
		address.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (const struct sockaddr *)&address,
			     (socklen_t)(offsetof(struct sockaddr_un,
					     sun_path) +
				 n)),
	    0);
	return fd;
}

static void
assert_told(int fd, const char *expected)
{
	char message[1024];
	ssize_t n = recv(fd, message, sizeof(message) - 1, 0);

	assert_true(n >= 0);
	message[n] = '\0';
	assert_string_equal(message, expected);
}

static void
a_path_gets_the_message(void)
{
	char dir[128], name[160];
	SCOPED(end_fd) int fd = listen_as("manager", false);

	assert_non_null(getcwd(dir, sizeof(dir)));
	snprintf(name, sizeof(name), "%s/manager", dir);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("READY=1\nSTATUS=%d threads", 3);
	unsetenv("NOTIFY_SOCKET");
	assert_told(fd, "READY=1\nSTATUS=3 threads");
}

static void
an_abstract_name_gets_the_message(void)
{
	char name[64];

	snprintf(name, sizeof(name), "@notify-%ld", (long)getpid());
	SCOPED(end_fd) int fd = listen_as(name, true);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("STOPPING=1");
	unsetenv("NOTIFY_SOCKET");
	assert_told(fd, "STOPPING=1");
}

static void
a_long_message_is_cut(void)
{
	char name[64], message[512], cut[201];

	memset(message, 'x', sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	memcpy(cut, message, 200);
	cut[200] = '\0';
	snprintf(name, sizeof(name), "@notify-%ld", (long)getpid());
	SCOPED(end_fd) int fd = listen_as(name, true);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("%s", message);
	unsetenv("NOTIFY_SOCKET");
	assert_told(fd, cut);
}

static void
nobody_there_is_no_harm(void)
{
	char too_long[256];

	memset(too_long, 'x', sizeof(too_long) - 1);
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	unsetenv("NOTIFY_SOCKET");
	notify("READY=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify("READY=1");
	setenv("NOTIFY_SOCKET", "relative", 1);
	notify("READY=1");
	setenv("NOTIFY_SOCKET", "/nowhere/at/all", 1);
	notify("READY=1");
	setenv("NOTIFY_SOCKET", too_long, 1);
	notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
}

UNIT_TESTS(notify) = {
	TEST(a_path_gets_the_message),
	TEST(an_abstract_name_gets_the_message),
	TEST(a_long_message_is_cut),
	TEST(nobody_there_is_no_harm),
	END_OF_TESTS,
};
