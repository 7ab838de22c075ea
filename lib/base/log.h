/* SPDX-License-Identifier: ISC */
/* One line per event, to stderr. */
#ifndef LOG_H
#define LOG_H

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL__MAX
};

/* The word of a level, as in a line and in the configuration; static. */
const char *log_level_word(enum log_level level);

/*
 * Before threads start, and again when stderr has become another: the
 * program's name (borrowed for ever) and the least important level that is
 * written.
 */
void log_init(const char *program, enum log_level level);

/* What a line for the journal begins with, to have the priority of a level; ""
 * where stderr is not the journal. For what is printed without log_event(). */
const char *log_priority(enum log_level level);

/*
 * The request id that this thread's lines carry from now on; NULL ends it.
 * Copied and cut to 40 characters; anything but letters, digits and "-_."
 * becomes "?".
 */
void log_request(const char *request_id);

/* The request id of this thread, "" if it has none; borrowed until the next
 * log_request(). */
const char *log_request_id(void);

/*
 * Write one line in logfmt: time, level, program, request id, the event word,
 * then the formatted "key=value ..." text. At most 1,024 bytes, whole or not
 * at all, and without waiting for whoever reads them: what there was no room
 * for is counted, and a line "log_lost" says so before the next one. Bytes
 * that are not printable ASCII come out as "?". errno is kept. No
 * secret, cookie, header or body may be passed: struct secret has no printing
 * function to make sure of it.
 */
void log_event(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a call that has failed, by errno: with its name, unless that is
 * NULL, and the cause. */
void log_errno(enum log_level level, const char *event, const char *call);

#endif
