/* SPDX-License-Identifier: ISC */
/* Flat files in one directory, replaced whole or not at all. */
#ifndef STORE_H
#define STORE_H

#include <stdint.h>

#include "base/buf.h"

#define STORE_ID_BYTES 32

/* A directory that was checked. */
struct store {
	int dir;
};

/* The kind is the first part of a file's name, for the clean-up by find. */
enum store_kind { STORE_SESSION, STORE_COPY };

/* How a prepared file takes its place. */
enum store_way {
	STORE_REPLACE,	/* something must be there; durable */
	STORE_OVERWRITE /* whatever is there; not durable */
};

/* A file on its way: it exists under a name that nobody reads. */
struct store_file {
	int fd;	     /* -1: none */
	size_t room; /* bytes taken in advance */
	char name[32];
};

/* A file that is open for reading. */
struct store_reader {
	int fd;	     /* -1: none */
	size_t left; /* bytes not yet read */
	int64_t used_s;
};

/*
 * What is wrong with the directory: NULL, or a sentence that says what to
 * do. It must be owned by this user with mode 0700, on a local file system,
 * below directories that nobody else can write to.
 */
const char *store_complaint(const char *path);

/* Open a directory and its lock file. RESULT_STORE: logged why. */
enum result store_open(const char *path, struct store *store)
    __attribute__((warn_unused_result));

void store_close(struct store *store);

/*
 * Open a file; used_s is its mtime, the last use.
 * OK (store_reader_close() must follow), RESULT_ABSENT (also for whatever is
 * no plain file of ours with one name, or larger than max), RESULT_STORE.
 */
enum result store_reader_open(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], size_t max,
    struct store_reader *reader) __attribute__((warn_unused_result));

/* Append the next n bytes. OK, RESULT_ABSENT: there are not so many;
 * RESULT_STORE, RESULT_NO_MEMORY. */
enum result store_reader_read(struct store_reader *reader, size_t n,
    struct buf *content) __attribute__((warn_unused_result));

/* Idempotent. */
void store_reader_close(struct store_reader *reader);

/* These three at once: append a whole file. With their results. */
enum result store_load(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], size_t max,
    struct buf *content, int64_t *used_s) __attribute__((warn_unused_result));

/* Whether there is a file; true also when that cannot be told. */
bool store_has(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES]);

/*
 * Create a file under an id that nobody else knows yet: who did could read a
 * part of it, and a crash may leave one. Durable; on failure there is none.
 * OK, RESULT_EXISTS: there is one, untouched; RESULT_STORE.
 */
enum result store_create(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], struct str content)
    __attribute__((warn_unused_result));

/*
 * Create a file, with room for n bytes: so a full disk is met before something
 * that cannot be undone. n is 0 when the content follows at once.
 * OK (store_commit() or store_abandon() must follow) or RESULT_STORE.
 */
enum result store_prepare(const struct store *store, size_t n,
    struct store_file *file) __attribute__((warn_unused_result));

/*
 * Write content and put the file in its place.
 * The file is used up whatever comes; on failure what was there is untouched.
 * OK, RESULT_STORE, RESULT_ABSENT (REPLACE only: somebody has removed it
 * meanwhile, and it stays removed).
 */
enum result store_commit(const struct store *store, struct store_file *file,
    enum store_way way, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], struct str content)
    __attribute__((warn_unused_result));

/* Give a prepared file up; one that was committed already is left alone. */
void store_abandon(const struct store *store, struct store_file *file);

/* Remove durably. OK also when nothing was there; RESULT_STORE. */
enum result store_remove(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

/* Say that a file was used now. Failure is logged and does no harm. */
void store_touch(const struct store *store, enum store_kind kind,
    const unsigned char id[static STORE_ID_BYTES], int64_t now_s);

/*
 * Mark id as used, once for ever. began_s, the same at each try, names the
 * window of ten minutes in which the mark is kept; marks of windows older
 * than two before now_s are removed, some hundreds by one claim in 16.
 * OK, RESULT_EXISTS when it was marked already, RESULT_STORE.
 */
enum result store_claim(const struct store *store, int64_t began_s,
    int64_t now_s, const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

/*
 * A small fact that all processes share: a number under a name that is a
 * literal. store_fact() gives 0 when there is none; a failure to write is
 * logged and does no harm.
 */
int64_t store_fact(const struct store *store, const char *name);
void store_set_fact(const struct store *store, const char *name,
    int64_t number);

#endif
