/* SPDX-License-Identifier: ISC */
/*
 * Hides the service manager's socket. Its protocol is one datagram, so small
 * that libsystemd, which has it too, would be the larger part.
 */
#include "config.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "process/notify.h"

#define MESSAGE_MAX 200

/* A path, or with "@" in front a name in the abstract namespace; the length of
 * the address, 0 if it is neither. */
static socklen_t
read_address(const char *name, struct sockaddr_un *address)
{
	size_t n = strlen(name);

	if ((name[0] != '/' && name[0] != '@') ||
	    n >= sizeof(address->sun_path))
		return 0;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, name, n);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

void
notify(const char *format, ...)
{
	const char *name = getenv("NOTIFY_SOCKET");
	char message[MESSAGE_MAX + 1];
	struct sockaddr_un address;
	socklen_t n;
	va_list args;
	int fd;

	if (name == NULL || (n = read_address(name, &address)) == 0)
		return;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	/* It must not wait for a service manager that does not read. */
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    sendto(fd, message, strlen(message), MSG_NOSIGNAL,
		(const struct sockaddr *)&address, n) < 0)
		log_errno(LOG_LEVEL_WARN, "notify_failed", NULL);
	if (fd >= 0)
		close(fd);
}
