/* SPDX-License-Identifier: ISC */
/* Hides the web server's side of FastCGI, as far as one answer needs it. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "process/probe.h"
#include "process/record.h"

#define WAIT_MS 20000 /* as long as web servers wait */

static void
add_record(struct buf *out, enum record_type type, const void *p, size_t n)
{
	unsigned char head[RECORD_HEADER];

	record_header(head, type, 1, n);
	buf_add(out, (const char *)head, sizeof(head));
	buf_add(out, p, n);
}

void
probe_write(const struct probe *probe, struct buf *out)
{
	const char begin[RECORD_HEADER] = { 0, RECORD_RESPONDER };
	struct buf pair = BUF(256);

	buf_putc(&pair, (char)strlen(probe->name));
	buf_putc(&pair, (char)strlen(probe->value));
	buf_puts(&pair, probe->name);
	buf_puts(&pair, probe->value);
	add_record(out, RECORD_BEGIN, begin, sizeof(begin));
	add_record(out, RECORD_PARAMS, pair.p, pair.n);
	add_record(out, RECORD_PARAMS, "", 0);
	add_record(out, RECORD_STDIN, "", 0);
	/* What could not be added to the pair must not be sent. */
	if (buf_result(&pair) != OK)
		buf_fail(out, buf_result(&pair));
	buf_free(&pair);
}

/* Let no call with the socket take longer than until then. */
static bool
set_limit(int fd, int64_t deadline_ms)
{
	/* Of a time of 0 the kernel thinks that it has no end. */
	const int64_t left_ms = 1 + clock_left_ms(deadline_ms, WAIT_MS);
	const struct timeval limit = { .tv_sec = left_ms / 1000,
		.tv_usec = left_ms % 1000 * 1000 };

	return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ==
	    0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0;
}

/* Where the queue is full, because nobody takes from it, this waits, too. */
static int
connect_to(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 &&
	    (!set_limit(fd, deadline_ms) ||
		connect(fd, (const struct sockaddr *)&address,
		    sizeof(address)) != 0)) {
		close(fd);
		return -1;
	}
	return fd;
}

static const char *
complaint_of(int error)
{
	return error == EAGAIN ? "no answer within 20 seconds" :
				 strerror(error);
}

/* Read all that comes, until the end. */
static const char *
read_all(int fd, int64_t deadline_ms, struct buf *records)
{
	char part[4096];
	ssize_t n = 1;

	while (n != 0 && buf_result(records) == OK) {
		if (clock_mono_ms() >= deadline_ms ||
		    !set_limit(fd, deadline_ms))
			return complaint_of(EAGAIN);
		n = recv(fd, part, sizeof(part), 0);
		if (n < 0 && errno != EINTR)
			return complaint_of(errno);
		if (n > 0)
			buf_add(records, part, (size_t)n);
	}
	return buf_result(records) == OK ? NULL : "the answer is too long";
}

/* Append what the records of type RECORD_STDOUT hold. */
static const char *
take_output(struct str records, struct buf *answer)
{
	size_t n, padding;

	while (records.n >= RECORD_HEADER) {
		n = (size_t)(unsigned char)records.p[4] << 8 |
		    (unsigned char)records.p[5];
		padding = (unsigned char)records.p[6];
		if (records.n - RECORD_HEADER < n + padding)
			break;
		if (records.p[1] == RECORD_STDOUT)
			buf_add(answer, records.p + RECORD_HEADER, n);
		records.p += RECORD_HEADER + n + padding;
		records.n -= RECORD_HEADER + n + padding;
	}
	return answer->n > 0 ? NULL : "closed without an answer";
}

const char *
probe_ask(const char *path, const struct probe *probe, struct buf *answer)
{
	struct buf request = BUF(512), records = BUF(65536);
	const char *complaint = NULL;
	const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
	int fd = connect_to(path, deadline_ms);
	int error = errno;

	probe_write(probe, &request);
	if (buf_result(&request) != OK)
		complaint = "out of memory";
	else if (fd < 0)
		complaint = complaint_of(error);
	else if (send(fd, request.p, request.n, MSG_NOSIGNAL) !=
	    (ssize_t)request.n)
		complaint = complaint_of(errno);
	if (complaint == NULL)
		complaint = read_all(fd, deadline_ms, &records);
	if (complaint == NULL)
		complaint = take_output(buf_str(&records), answer);
	if (fd >= 0)
		close(fd);
	buf_free(&request);
	buf_free(&records);
	return complaint;
}
