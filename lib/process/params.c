/* SPDX-License-Identifier: ISC */
/*
 * Hides libfcgi. It reads from a descriptor, and waits there, as long as a
 * client likes. So it never sees that of a client: it is given a request that
 * is whole, in records that are right, over a pair of sockets of the thread's
 * own, and asked for nothing but the strings. It sends nothing.
 */
#include "config.h"

#include <errno.h>
#include <fcgiapp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"
#include "process/params.h"
#include "process/record.h"
#include "base/secret.h"

#define OURS 0		      /* the end of the pair that we write to */
#define LIBRARY 1	      /* the other one */
#define ROOM (4 * RECORD_MAX) /* the system counts more than the bytes */

struct params {
	FCGX_Request request;
	int pair[2];
};

bool
params_start(void)
{
	return FCGX_Init() == 0;
}

static bool
open_pair(struct params *params)
{
	const int room = ROOM;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, params->pair) !=
	    0) {
		params->pair[OURS] = params->pair[LIBRARY] = -1;
		return false;
	}
	setsockopt(params->pair[OURS], SOL_SOCKET, SO_SNDBUF, &room,
	    sizeof(room));
	return true;
}

/* The library may have closed its end. */
static void
close_pair(struct params *params)
{
	if (params->pair[OURS] >= 0)
		close(params->pair[OURS]);
	if (params->pair[LIBRARY] >= 0 && params->request.ipcFd >= 0)
		close(params->pair[LIBRARY]);
}

struct params *
params_open(void)
{
	struct params *params = calloc(1, sizeof(*params));

	if (params == NULL)
		return NULL;
	if (!open_pair(params)) {
		free(params);
		return NULL;
	}
	/* No socket to accept on. */
	FCGX_InitRequest(&params->request, -1, 0);
	params->request.ipcFd = params->pair[LIBRARY];
	return params;
}

void
params_close(struct params *params)
{
	if (params == NULL)
		return;
	FCGX_Free(&params->request, 0);
	close_pair(params);
	free(params);
}

/* A request of one record of parameters, and no word of a body. */
static bool
feed(const struct params *params, const struct buf *pairs)
{
	unsigned char begin[2 * RECORD_HEADER] = { 0 }, head[RECORD_HEADER];
	unsigned char end[RECORD_HEADER];
	struct iovec slices[] = { { begin, sizeof(begin) },
		{ head, sizeof(head) }, { pairs->p, pairs->n },
		{ end, sizeof(end) } };
	const struct msghdr message = { .msg_iov = slices, .msg_iovlen = 4 };
	size_t n = sizeof(begin) + sizeof(head) + pairs->n + sizeof(end);

	record_header(begin, RECORD_BEGIN, 1, RECORD_HEADER);
	begin[RECORD_HEADER + 1] = RECORD_RESPONDER;
	begin[RECORD_HEADER + 2] = RECORD_KEEP;
	record_header(head, RECORD_PARAMS, 1, pairs->n);
	record_header(end, RECORD_PARAMS, 1, 0);
	if (pairs->n == 0) /* or there would be two ends */
		slices[1].iov_len = 0, n -= sizeof(head);
	return sendmsg(params->pair[OURS], &message,
		   MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)n;
}

char *const *
params_read(struct params *params, const struct buf *pairs)
{
	/* As if it were a kept connection, libfcgi reads from it at once. */
	params->request.ipcFd = params->pair[LIBRARY];
	params->request.keepConnection = 1;
	if (feed(params, pairs) && FCGX_Accept_r(&params->request) == 0)
		return params->request.envp;
	log_errno(LOG_LEVEL_ERROR, "params_failed", NULL);
	/* What is left in the pair must not be another's. */
	close_pair(params);
	open_pair(params);
	return NULL;
}

/* Cookies, codes and states; libfcgi would leave them in freed memory. What
 * stands behind a NUL nobody has read. */
static void
wipe(char **envp)
{
	for (; *envp != NULL; envp++)
		secret_wipe(*envp, strlen(*envp));
}

void
params_clear(struct params *params)
{
	wipe(params->request.envp);
	FCGX_Free(&params->request, 0);
}
