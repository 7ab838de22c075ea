/* SPDX-License-Identifier: ISC */
/*
 * What a back end of the store is made of; for back ends, store.c and lock.c
 * only. Each function keeps the promise of the function of its name in
 * store.h; what all back ends have in common, those see to.
 */
#ifndef BACKEND_H
#define BACKEND_H

#include <stdbool.h>

#include "store/store.h"

#define STORE_TOKEN_BYTES 32

/* A lock that is asked for, and what a back end holds for it. */
struct store_hold {
	unsigned char id[STORE_ID_BYTES];
	unsigned task;	 /* an enum lock_task */
	uint64_t number; /* of both: what processes exclude each other from */
	const struct store_version *seen; /* of lock_wish; or NULL */
	/* As of struct lock; false unless a back end knows. */
	bool doubtful;
	bool refused; /* and somebody has found out since: see store_refuse() */
	int fd;
	unsigned char token[STORE_TOKEN_BYTES]; /* the holder's own */
	bool given_back; /* to the other machines, before unlock */
};

struct lock_claim;

struct store_backend {
	/* It stands on other back ends, whose failures have been counted. */
	bool stands_on_others;
	void (*close)(struct store *store);
	enum result (*load)(struct store *store, const unsigned char *id,
	    struct buf *content, struct store_seen *seen);
	enum result (*load_kept)(struct store *store, const unsigned char *id,
	    struct store_piece piece, struct buf *content);
	/* hold: as of lock_create(), or NULL. */
	enum result (*create)(struct store *store,
	    const struct store_record *record, struct store_hold *hold);
	enum result (*reserve)(struct store *store,
	    const struct store_wish *wish,
	    struct store_reservation **reservation);
	enum result (*replace)(struct store_reservation *reservation,
	    const struct store_version *version, struct str content,
	    int64_t ends_s);
	void (*release)(struct store_reservation *reservation);
	/* NULL: no lock is ever doubtful. */
	void (*refuse)(struct store_reservation *reservation);
	enum result (*keep)(struct store *store, const unsigned char *id,
	    enum store_place place, struct str content);
	enum result (*try_write)(struct store *store);
	/* Of any version, if that is NULL. */
	enum result (*remove)(struct store *store, const unsigned char *id,
	    const struct store_version *version);
	void (*touch)(struct store *store, const unsigned char *id,
	    int64_t now_s, int64_t ends_s);
	enum result (*claim)(struct store *store, int64_t began_s,
	    int64_t now_s, const unsigned char *id);
	int64_t (*fact)(struct store *store, const char *name);
	/* NULL: one after the other. */
	void (*facts)(struct store *store, const char *const *names,
	    int64_t *numbers);
	void (*set_fact)(struct store *store, const char *name, int64_t number);
	void (*know)(struct store *store, const unsigned char *id,
	    int64_t number);
	enum result (*known)(struct store *store, const unsigned char *id,
	    int64_t *number);
	enum result (*forget)(struct store *store, const unsigned char *id);
	enum result (*date)(struct store *store, const unsigned char *id,
	    int64_t *date_s);
	/* NULL: one after the other. */
	enum result (*dates)(struct store *store,
	    const unsigned char *const *ids, int64_t *dates_s);
	enum result (*set_date)(struct store *store, const unsigned char *id,
	    int64_t date_s, int64_t ends_s);
	enum result (*count)(struct store *store, const char *name,
	    int64_t limit, struct store_tally *tally);
	void (*tally)(struct store *store, const char *name,
	    struct store_tally *tally);
	void (*remark)(struct store *store, const char *name, int64_t number);
	/*
	 * Exclude all other processes, waiting until deadline_ms on
	 * clock_mono_ms(), if that is not 0. No other thread of this process
	 * asks for the same number meanwhile.
	 * OK (unlock must follow), RESULT_BUSY, RESULT_STORE; RESULT_EXISTS:
	 * the record is not the one that was seen, and nothing is held.
	 */
	enum result (*lock)(struct store *store, struct store_hold *hold,
	    int64_t deadline_ms);
	void (*unlock)(struct store *store, struct store_hold *hold);
	/*
	 * As lock without waiting, and claim, facts, and the date that all have
	 * in common. unlock must follow after OK and RESULT_EXISTS only.
	 * NULL: one after the other.
	 */
	enum result (*lock_claim)(struct store *store, struct store_hold *hold,
	    const struct lock_claim *claim);
};

/* The first member of every back end's own structures. */
struct store {
	const struct store_backend *backend;
};

struct store_reservation {
	struct store *store;
};

/* Until when a call may take, on clock_mono_ms(): at most so long, and no
 * longer than store_set_deadline() has left. */
int64_t store_until_ms(int64_t cap_ms);

/* Log which call has failed, by errno. RESULT_STORE. */
enum result store_failed(const char *call) __attribute__((warn_unused_result));

/* Count a result of a back end if it is a failure of the store's, and return
 * it. */
enum result store_counted(const struct store *store, enum result result)
    __attribute__((warn_unused_result));

/* The version of content, which has as many bytes at least. */
struct store_version store_version_of(struct str content);

#endif
