/* SPDX-License-Identifier: ISC */
/* One file in the directory of a store: a part of files. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <sys/stat.h>

#include "store/store.h"

#define FILE_NAME_BYTES 80
#define FILE_TIME_MAX (INT64_C(1) << 40)
#define FILE_OPEN_FLAGS \
	(O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Make a name: the hex digits of n bytes, 32 at most, behind a prefix. */
void file_name(char name[static FILE_NAME_BYTES], const char *prefix,
    const unsigned char *id, size_t n);

/* When a file was changed, whatever somebody has made of that: seconds since
 * 1970, from 0 to FILE_TIME_MAX. */
int64_t file_time_s(const struct stat *st);

/*
 * Open a file that we have made: plain, ours, private, with one name.
 * OK, RESULT_ABSENT (also for whatever else has that name), RESULT_STORE;
 * *fd is -1 then.
 */
enum result file_open(int dir, const char *name, int *fd, struct stat *st)
    __attribute__((warn_unused_result));

/* The same for a file that is to be mapped and changed. */
enum result file_open_to_change(int dir, const char *name, int *fd,
    struct stat *st) __attribute__((warn_unused_result));

/* Read n bytes from an offset. OK, RESULT_ABSENT: there are not so many;
 * RESULT_STORE. */
enum result file_read(int fd, size_t from, char *room, size_t n)
    __attribute__((warn_unused_result));

/* Append n bytes, or STORE_REST, of a file that is open. OK, RESULT_ABSENT:
 * there are not so many, or too many; RESULT_STORE, RESULT_NO_MEMORY. */
enum result file_append(int fd, const struct stat *st, size_t from, size_t n,
    struct buf *content) __attribute__((warn_unused_result));

/* Make a file. OK, RESULT_EXISTS, RESULT_STORE; *fd is -1 then. */
enum result file_make(int dir, const char *name, int *fd)
    __attribute__((warn_unused_result));

/* Make a file under a name that nobody reads. OK or RESULT_STORE. */
enum result file_make_temporary(int dir, char name[static FILE_NAME_BYTES],
    int *fd) __attribute__((warn_unused_result));

/* Whether the record in a file is of a version: OK, RESULT_CHANGED,
 * RESULT_ABSENT, RESULT_STORE. */
enum result file_check_version(int dir, const char *name,
    const struct store_version *version) __attribute__((warn_unused_result));

/* Write all of a text, however many calls that takes; false: errno says why
 * not. */
bool file_write(int fd, struct str content) __attribute__((warn_unused_result));

/*
 * Give a new file its content, and no more of the room that was taken for it
 * than that needs; it was last used now. The descriptor is closed whatever
 * comes. OK or RESULT_STORE.
 */
enum result file_fill(int fd, size_t room, struct str content, bool durable)
    __attribute__((warn_unused_result));

/* What has happened in the directory lasts from here on. OK, or
 * RESULT_UNCERTAIN. */
enum result file_sync_directory(int dir) __attribute__((warn_unused_result));

/* Let two files change places, both of which must be there: 0, or -1 and
 * errno. */
int file_exchange(int dir, const char *one, const char *other);

/* Put content in the place of whatever has that name; not durable.
 * OK, or RESULT_STORE: what was there still is. */
enum result file_overwrite(int dir, const char *name, struct str content)
    __attribute__((warn_unused_result));

#endif
