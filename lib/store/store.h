/* SPDX-License-Identifier: ISC */
/*
 * What outlives a request: promises, whoever keeps them. The records of
 * sessions, what is kept beside them, marks, and facts; files.h has the back
 * end that keeps them in a directory.
 *
 * A record and what is kept beside it are sealed: the store knows no key. All
 * of them are found by an id, of STORE_ID_BYTES.
 *
 * Of the results, RESULT_STORE says that nothing was done; what went wrong is
 * logged. RESULT_UNCERTAIN says that it may have been done, or may yet be
 * undone by a crash: the caller must not count on either.
 */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define STORE_ID_BYTES 32
#define STORE_VERSION_BYTES 16
/* What store_create() and store_replace() may take: who spends something whose
 * result must be kept leaves so much of his time. */
#define STORE_SAVE_MS 2000
#define STORE_REST SIZE_MAX /* "all that follows", in a piece */

/* Opaque; each back end has a function that opens one. */
struct store;

/* Room for a record that is to be replaced; opaque. */
struct store_reservation;

/* What a back end has for a lock that is held, see lock.h; opaque. */
struct store_hold;

/*
 * Which of the records that an id has had: the last bytes of its content,
 * which no two records may share. The tag that ends a seal is made for that.
 */
struct store_version {
	unsigned char bytes[STORE_VERSION_BYTES];
};

/* What a record tells beside its content. */
struct store_seen {
	int64_t used_s;	  /* the last use, seconds since 1970 */
	int64_t latest_s; /* the date that all ids have in common; 0: none */
	struct store_version version;
};

/* What is to be made: all of it is borrowed. */
struct store_record {
	const unsigned char *id; /* STORE_ID_BYTES */
	struct str content;
	int64_t ends_s; /* see store_create() */
};

/* What is to be replaced: all of it is borrowed until the reservation is
 * there. */
struct store_wish {
	const unsigned char *id; /* STORE_ID_BYTES */
	const struct store_version *version;
	size_t n;		       /* bytes that may come */
	const struct store_hold *hold; /* of a lock of the id */
};

/* Places beside a record, each for one content. */
enum store_place {
	STORE_COPY,
	STORE_PARTIAL,
	STORE_CHANGE,
	STORE_COMMAND,
	STORE_ANSWERS,
	STORE_PLACE__MAX
};

/* n bytes, or STORE_REST, from an offset of what is kept in a place. */
struct store_piece {
	enum store_place place;
	size_t from, n;
};

/* End the use of a store; NULL is left alone. */
void store_close(struct store *store);

/*
 * Until when, on clock_mono_ms(), what this thread asks of stores may take; 0,
 * as at first: each call as long as it does by itself. Who is late is not
 * asked for. What was paid for is saved all the same (STORE_SAVE_MS), and what
 * was taken is given back.
 */
void store_set_deadline(int64_t deadline_ms);

/*
 * Append the record of an id.
 * OK, RESULT_ABSENT (none; also one that has no place in content, or is
 * shorter than a version), RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result store_load(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], struct buf *content,
    struct store_seen *seen) __attribute__((warn_unused_result));

/*
 * Append a piece of what is kept for an id. Two such calls may meet two
 * different contents. The results of store_load(); RESULT_ABSENT also if there
 * are not so many bytes.
 */
enum result store_load_kept(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], struct store_piece piece,
    struct buf *content) __attribute__((warn_unused_result));

/*
 * Make a record, last used now, which nobody needs after ends_s, in seconds
 * since 1970: a back end may forget it an hour later. Durable. Nobody else may
 * know the id yet, for until this has returned a reader may find only a part of
 * the record.
 * OK with its version, RESULT_EXISTS: there is one, untouched; RESULT_STORE:
 * there is none; RESULT_UNCERTAIN: a crash may bring one back.
 */
enum result store_create(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], struct str content,
    int64_t ends_s, struct store_version *version)
    __attribute__((warn_unused_result));

/*
 * Take room for the next record of an id, so that a full store is met before
 * something is done that cannot be undone.
 * OK (store_release() must follow) with a reservation, else NULL:
 * RESULT_STORE, RESULT_NO_MEMORY; of a back end that looks already, those of
 * store_replace(), RESULT_ABSENT and RESULT_CHANGED, and RESULT_BUSY: the lock
 * is lost.
 */
enum result store_reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation) __attribute__((warn_unused_result));

/*
 * Put content in the place of the record that the reservation is for, if it is
 * of this version, which becomes that of content; used and needed as by
 * store_create(). Durable; no reader sees anything in between. A reservation is
 * good for one call. The caller holds a lock of lock.h that all who replace
 * this record take: without it, two who have the same version may both succeed,
 * if they come at the same moment.
 * OK, RESULT_ABSENT: the record was removed meanwhile, and stays so;
 * RESULT_CHANGED: it is of another version, and stays so; RESULT_STORE: it is
 * as it was; RESULT_UNCERTAIN.
 */
enum result store_replace(struct store_reservation *reservation,
    struct store_version *version, struct str content, int64_t ends_s)
    __attribute__((warn_unused_result));

/*
 * Say of a reservation under a doubtful lock that what was to be put there was
 * refused. Until the doubt is over, whoever takes the lock finds that others
 * have failed; see struct lock.
 */
void store_refuse(struct store_reservation *reservation);

/* Give a reservation back, used or not; NULL is left alone. */
void store_release(struct store_reservation *reservation);

/*
 * Keep content in a place beside the record of an id, instead of what was kept
 * there, for as long as there is that record; nothing, if content is empty. It
 * may be lost in a crash.
 * OK (also when there is no record, and so nothing is kept), RESULT_STORE,
 * RESULT_NO_MEMORY: what was there may still be.
 */
enum result store_keep(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], enum store_place place,
    struct str content) __attribute__((warn_unused_result));

/*
 * Remove the record of an id, durably, and what is kept beside it. OK also
 * when nothing was there; RESULT_STORE: the record still is; RESULT_UNCERTAIN:
 * something may be, or a crash may bring the record back.
 */
enum result store_remove(struct store *store,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

/*
 * The same for a record of this version only, under a lock as for
 * store_replace(); also RESULT_CHANGED: it is of another version, and stays.
 */
enum result store_remove_if(struct store *store,
    const unsigned char id[static STORE_ID_BYTES],
    const struct store_version *version) __attribute__((warn_unused_result));

/*
 * Whether something could be written now, which nobody will see.
 * OK, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result store_try(struct store *store) __attribute__((warn_unused_result));

/* Say that a record was used now, and is needed until ends_s. A failure is
 * logged and does no harm. */
void store_touch(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], int64_t now_s,
    int64_t ends_s);

/*
 * Mark id as used, once for ever. began_s, the same at each try, names the
 * window of ten minutes in which the mark is kept; marks of windows older
 * than two before now_s may be removed.
 * OK, RESULT_EXISTS when it was marked already, RESULT_STORE; RESULT_UNCERTAIN:
 * it may be marked now.
 */
enum result store_claim(struct store *store, int64_t began_s, int64_t now_s,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

/*
 * A fact that all processes share: a number under a name that is a literal.
 * store_fact() gives 0 when there is none; a failure to write is logged and
 * does no harm.
 */
int64_t store_fact(struct store *store, const char *name);

/* Two facts, for the time of one where that takes long. */
void store_facts(struct store *store, const char *const names[static 2],
    int64_t numbers[static 2]);
void store_set_fact(struct store *store, const char *name, int64_t number);

/*
 * Know an id from now on, for ever, with a number > 0 that goes with it instead
 * of the one that did; a failure is logged, and the id is as it was, as after a
 * crash of the machine.
 */
void store_know(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], int64_t number);

/* The number of an id. OK, with 0 if it is unknown; RESULT_STORE and
 * RESULT_NO_MEMORY, with 0 as well. */
enum result store_known(struct store *store,
    const unsigned char id[static STORE_ID_BYTES], int64_t *number)
    __attribute__((warn_unused_result));

/*
 * Know an id no longer, durably. OK also when it was unknown; RESULT_STORE,
 * RESULT_NO_MEMORY: it is as it was; RESULT_UNCERTAIN: it may still be known,
 * or a crash may bring that back.
 */
enum result store_forget(struct store *store,
    const unsigned char id[static STORE_ID_BYTES])
    __attribute__((warn_unused_result));

/*
 * A date, in seconds since 1970, under an id that need not have a record, or
 * with NULL under none: the one that all have in common, which store_load()
 * tells as well.
 * OK with 0 when there is none, RESULT_STORE, RESULT_NO_MEMORY.
 */
enum result store_date(struct store *store, const unsigned char *id,
    int64_t *date_s) __attribute__((warn_unused_result));

/* Two dates, of two ids or of one, for the time of one where that takes
 * long. */
enum result store_dates(struct store *store,
    const unsigned char *const ids[static 2], int64_t dates_s[static 2])
    __attribute__((warn_unused_result));

/*
 * Let a date be this one, unless it is a later one already: it never goes back.
 * Nobody needs it after ends_s, as of a record. Durable.
 * OK; RESULT_STORE, RESULT_NO_MEMORY: it is as it was; RESULT_UNCERTAIN: it is
 * either.
 */
enum result store_set_date(struct store *store, const unsigned char *id,
    int64_t date_s, int64_t ends_s) __attribute__((warn_unused_result));

#define STORE_COUNTS_MAX 32 /* names of counts */

/* What was counted under a name. */
struct store_tally {
	int64_t counted;    /* in the last day */
	int64_t room_s;	    /* when it was too much: until it is not, > 0 */
	int64_t counting_s; /* since so long nothing went uncounted */
	int64_t remark;	    /* what store_remark() was told; 0: nothing */
	int64_t remarked_s; /* and when, to the hour, since 1970 */
};

/*
 * Count one more under a name that is a literal, all processes together, unless
 * limit were counted in the last day: so what is counted is done after this,
 * and never more of it in a day. A clock that is set back makes an hour count
 * for longer, by as much, and at most for a day anew; one that is set forward
 * is taken at its word. A crash of the machine may lose the last minute.
 * OK with *tally, in which counted is one caller's alone;
 * RESULT_QUOTA_EXCEEDED with *tally: nothing was counted. RESULT_STORE: it
 * cannot be counted.
 */
enum result store_count(struct store *store, const char *name, int64_t limit,
    struct store_tally *tally) __attribute__((warn_unused_result));

/* Look without counting, but for room_s; all 0 if nothing is known. */
void store_tally(struct store *store, const char *name,
    struct store_tally *tally);

/* Keep a number, at most 16 million, beside the count; 0 forgets it. A failure
 * is logged and does no harm. */
void store_remark(struct store *store, const char *name, int64_t number);

#endif
