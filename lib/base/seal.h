/* SPDX-License-Identifier: ISC */
/* Sealing what is kept in files and cookies. */
#ifndef SEAL_H
#define SEAL_H

#include <stdbool.h>

#include "base/buf.h"

#define SEAL_KEY_BYTES 32  /* a server key; a cookie's secret */
#define SEAL_NAME_BYTES 32 /* a name made of a cookie's secret */
#define SEAL_RING_MAX 8	   /* server keys at a time */
#define SEAL_OVERHEAD 52   /* header, nonce and tag */
#define SEAL_TAG_BYTES 16  /* the end of a sealed text; no two share one */

/* What a sealed text is for; one never opens as another. */
enum seal_purpose {
	SEAL_PENDING = 1,
	SEAL_SESSION,
	SEAL_COPY,
	SEAL_LIST,
	SEAL_PART,
	SEAL_PART_LIST,
	SEAL_ANSWERS
};

/* Keys derived from one server key; id tells them apart in a sealed text. */
struct seal_key {
	unsigned char id[4];
	unsigned char cookie[SEAL_KEY_BYTES];
	unsigned char file[SEAL_KEY_BYTES];
};

/* The first key seals, all open: so a key can be rolled over. */
struct seal_ring {
	size_t n;
	struct seal_key keys[SEAL_RING_MAX];
};

/* What a text is sealed for and bound to. */
struct seal_box {
	enum seal_purpose purpose;
	struct str bound_to; /* authenticated: a file or cookie name */
	/* SEAL_KEY_BYTES of the cookie, for files; NULL for a cookie. */
	const unsigned char *secret;
};

/*
 * Add a server key. RESULT_EXISTS: it is in the ring already;
 * RESULT_TOO_LARGE: the ring is full.
 */
enum result seal_ring_add(struct seal_ring *ring,
    const unsigned char master[static SEAL_KEY_BYTES])
    __attribute__((warn_unused_result));

/* Wipe all keys. */
void seal_ring_wipe(struct seal_ring *ring);

/* The file name of a cookie's secret: a hash, from which nobody can find it. */
void seal_name(const unsigned char secret[static SEAL_KEY_BYTES],
    unsigned char name[static SEAL_NAME_BYTES]);

/*
 * A secret for a cookie made of another one: the same whenever text is, and
 * for who lacks text or the first key of the ring as good as random.
 */
void seal_secret(const struct seal_ring *ring, struct str text,
    unsigned char secret[static SEAL_KEY_BYTES]);

/* What seal_hide() makes a name for. */
enum seal_use {
	SEAL_DATE,  /* since when an account is logged out everywhere */
	SEAL_KNOWN, /* that an account was here */
	SEAL_FIRST, /* the file that tells of its first login */
	SEAL_EVENT  /* the file of another event */
};

/*
 * A name for text, by a key of the ring: the same whenever text and its use
 * are, and nobody who lacks that key finds out of which text, though he may
 * guess it, or which names of two uses are of one text.
 */
void seal_hide(const struct seal_ring *ring, size_t key, enum seal_use use,
    struct str text, unsigned char name[static SEAL_NAME_BYTES]);

/* A hash of text for marking it as seen, for a cookie's name, for an ETag;
 * n is 16 to 64 bytes. */
void seal_digest(struct str text, unsigned char *digest, size_t n);

/*
 * Append plain, encrypted and authenticated (XChaCha20-Poly1305), with the
 * first key of the ring. With pad_to > 0 the length is padded to a multiple,
 * so that it tells nothing. OK or the buffer's failure.
 */
enum result seal_close(const struct seal_ring *ring, const struct seal_box *box,
    struct str plain, size_t pad_to, struct buf *sealed)
    __attribute__((warn_unused_result));

/*
 * Append what was sealed. pad_to must be as it was then.
 * OK, the buffer's failure, or RESULT_ABSENT for everything that is not
 * exactly such a text: other purpose, name, secret or key, any change.
 */
enum result seal_open(const struct seal_ring *ring, const struct seal_box *box,
    struct str sealed, size_t pad_to, struct buf *plain)
    __attribute__((warn_unused_result));

/*
 * The same for all that is in a buffer, which is put in the place of it: so a
 * long text is in memory once. Unless OK, which it is or RESULT_ABSENT, the
 * buffer is empty.
 */
enum result seal_open_here(const struct seal_ring *ring,
    const struct seal_box *box, size_t pad_to, struct buf *text)
    __attribute__((warn_unused_result));

#endif
