/* SPDX-License-Identifier: ISC */
/*
 * Hides how an event becomes a line. Filtering happens here, once for every
 * byte that reaches the log, so a hostile value can neither start a line of
 * its own nor reach a terminal as an escape sequence.
 */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sink.h"

#define ID_MAX 40

static const char *const level_words[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};
_Static_assert(sizeof(level_words) / sizeof(level_words[0]) == LOG_LEVEL__MAX,
    "every level has its word");

/* By which a line tells the journal its priority: sd-daemon(3). */
static const char *const priorities[LOG_LEVEL__MAX] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARN] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>",
};

static const char *program_name = "spotify-fcgi";
static bool to_journal;
static enum log_level least = LOG_LEVEL_INFO;
static _Thread_local char request_id[ID_MAX + 1];
static atomic_uint lost; /* lines, since the last one that was written */

const char *
log_level_word(enum log_level level)
{
	return level_words[level];
}

/* Whether stderr is what the service manager says it has connected to the
 * journal; who has redirected it since then gets plain lines. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char here[64];
	struct stat st;

	if (stream == NULL || fstat(STDERR_FILENO, &st) != 0)
		return false;
	snprintf(here, sizeof(here), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino);
	return strcmp(stream, here) == 0;
}

const char *
log_priority(enum log_level level)
{
	return to_journal ? priorities[level] : "";
}

void
log_init(const char *program, enum log_level level)
{
	program_name = program;
	least = level;
	to_journal = is_journal();
	sink_open();
}

void
log_request(const char *id)
{
	static const char allowed[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.";
	size_t i;

	for (i = 0; id != NULL && id[i] != '\0' && i < ID_MAX; i++)
		request_id[i] = strchr(allowed, id[i]) ? id[i] : '?';
	request_id[i] = '\0';
}

const char *
log_request_id(void)
{
	return request_id;
}

/* The part of the line that does not depend on the event; its length. */
static size_t
write_head(char *line, size_t size, enum log_level level, const char *id,
    const char *event)
{
	struct timespec now;
	struct tm tm;
	char stamp[32] = "-";
	int n;

	clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &tm) != NULL)
		strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	n = snprintf(line, size, "%stime=%s level=%s program=%s%s%s event=%s ",
	    log_priority(level), stamp, level_words[level], program_name,
	    id[0] != '\0' ? " request=" : "", id, event);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}

/* Where lines are missing another one says so, whatever the level: it stands
 * for some that may have been of any. */
static void
tell_lost(void)
{
	unsigned n = atomic_exchange(&lost, 0);
	char line[SINK_LINE_MAX];
	size_t at;

	if (n == 0)
		return;
	at = write_head(line, sizeof(line), LOG_LEVEL_ERROR, "", "log_lost");
	at += (size_t)snprintf(line + at, sizeof(line) - at, "lines=%u\n", n);
	if (!sink_put(line, at))
		atomic_fetch_add(&lost, n);
}

void
log_event(enum log_level level, const char *event, const char *format, ...)
{
	char line[SINK_LINE_MAX];
	int saved_errno = errno, more;
	va_list ap;
	size_t i, n;

	if (level > least)
		return;
	n = write_head(line, sizeof(line) - 1, level, request_id, event);
	va_start(ap, format);
	more = vsnprintf(line + n, sizeof(line) - 1 - n, format, ap);
	va_end(ap);
	if (more > 0)
		n += (size_t)more < sizeof(line) - 1 - n ? (size_t)more :
							   sizeof(line) - 2 - n;
	for (i = 0; i < n; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[n++] = '\n';
	tell_lost();
	if (!sink_put(line, n))
		atomic_fetch_add(&lost, 1);
	errno = saved_errno;
}

void
log_errno(enum log_level level, const char *event, const char *call)
{
	log_event(level, event, "%s%s%serrno=%d cause=\"%s\"",
	    call == NULL ? "" : "call=", call == NULL ? "" : call,
	    call == NULL ? "" : " ", errno, strerror(errno));
}
