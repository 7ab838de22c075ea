/* SPDX-License-Identifier: ISC */
/*
 * Hides the cryptography. A file opens only with the cookie's secret and the
 * server key together, so neither a stolen disk nor a stolen key is enough. A
 * sealed text is
 *
 *	"SFC1" purpose(1) 0 0 0 key-id(4) nonce(24) ciphertext tag(16)
 *
 * and the first twelve bytes and the name it is bound to are authenticated
 * with it. The nonce is random: 192 bits need no counter.
 */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "base/seal.h"
#include "base/secret.h"

#define HEADER_BYTES 12
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TEXT_AT (HEADER_BYTES + NONCE_BYTES)
#define BOUND_MAX 128

_Static_assert(SEAL_TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES,
    "seal.h gives the cipher's");
_Static_assert(HEADER_BYTES + NONCE_BYTES + SEAL_TAG_BYTES == SEAL_OVERHEAD,
    "the overhead is what it says");

/* BLAKE2b of text under key, separated by a purpose of 16 bytes. */
static void
derive(unsigned char *out, size_t n, struct str text, const unsigned char *key,
    const char *purpose)
{
	unsigned char personal[crypto_generichash_blake2b_PERSONALBYTES] = {
		0
	};

	memcpy(personal, purpose, strlen(purpose));
	crypto_generichash_blake2b_salt_personal(out, n,
	    (const unsigned char *)text.p, text.n, key,
	    key == NULL ? 0 : SEAL_KEY_BYTES, NULL, personal);
}

enum result
seal_ring_add(struct seal_ring *ring,
    const unsigned char master[static SEAL_KEY_BYTES])
{
	struct seal_key *key = &ring->keys[ring->n];
	const struct str none = { NULL, 0 };
	unsigned char id[16];
	size_t i;

	if (ring->n == SEAL_RING_MAX)
		return RESULT_TOO_LARGE;
	derive(id, sizeof(id), none, master, "sfcgi-key-id-1");
	for (i = 0; i < ring->n; i++)
		if (memcmp(ring->keys[i].id, id, sizeof(key->id)) == 0)
			return RESULT_EXISTS;
	memcpy(key->id, id, sizeof(key->id));
	derive(key->cookie, SEAL_KEY_BYTES, none, master, "sfcgi-cookie-1");
	derive(key->file, SEAL_KEY_BYTES, none, master, "sfcgi-file-1");
	ring->n++;
	return OK;
}

void
seal_ring_wipe(struct seal_ring *ring)
{
	secret_wipe(ring, sizeof(*ring));
}

void
seal_name(const unsigned char secret[static SEAL_KEY_BYTES],
    unsigned char name[static SEAL_NAME_BYTES])
{
	derive(name, SEAL_NAME_BYTES,
	    (struct str){ (const char *)secret, SEAL_KEY_BYTES }, NULL,
	    "sfcgi-name-1");
}

void
seal_secret(const struct seal_ring *ring, struct str text,
    unsigned char secret[static SEAL_KEY_BYTES])
{
	derive(secret, SEAL_KEY_BYTES, text, ring->keys[0].cookie,
	    "sfcgi-secret-1");
}

void
seal_hide(const struct seal_ring *ring, size_t key, enum seal_use use,
    struct str text, unsigned char name[static SEAL_NAME_BYTES])
{
	static const char *const purposes[] = { [SEAL_DATE] = "sfcgi-date-1",
		[SEAL_KNOWN] = "sfcgi-known-1",
		[SEAL_FIRST] = "sfcgi-first-1",
		[SEAL_EVENT] = "sfcgi-event-1" };

	derive(name, SEAL_NAME_BYTES, text, ring->keys[key].cookie,
	    purposes[use]);
}

void
seal_digest(struct str text, unsigned char *digest, size_t n)
{
	derive(digest, n, text, NULL, "sfcgi-digest-1");
}

/* The key that encrypts this box. */
static void
box_key(const struct seal_key *key, const struct seal_box *box,
    unsigned char out[static SEAL_KEY_BYTES])
{
	if (box->secret == NULL)
		memcpy(out, key->cookie, SEAL_KEY_BYTES);
	else
		derive(out, SEAL_KEY_BYTES,
		    (struct str){ (const char *)box->secret, SEAL_KEY_BYTES },
		    key->file, "sfcgi-seal-1");
}

/* What is authenticated beside the text; its length, 0 if it is too long. */
static size_t
associated(const unsigned char *header, const struct seal_box *box,
    unsigned char out[static HEADER_BYTES + BOUND_MAX])
{
	if (box->bound_to.n > BOUND_MAX)
		return 0;
	memcpy(out, header, HEADER_BYTES);
	if (box->bound_to.n > 0)
		memcpy(out + HEADER_BYTES, box->bound_to.p, box->bound_to.n);
	return HEADER_BYTES + box->bound_to.n;
}

static void
write_header(unsigned char *header, enum seal_purpose purpose,
    const struct seal_key *key)
{
	memcpy(header, "SFC1", 4);
	header[4] = (unsigned char)purpose;
	memset(header + 5, 0, 3);
	memcpy(header + 8, key->id, sizeof(key->id));
}

/*
 * Padding is a byte 80 and zeros (ISO/IEC 7816-4). libsodium's functions for
 * it take the same time for every length, and more of it than decrypting; but
 * nobody can offer us another padding, the text is authentic.
 */
static size_t
pad(unsigned char *text, size_t n, size_t pad_to)
{
	size_t padded = (n / pad_to + 1) * pad_to;

	memset(text + n, 0, padded - n);
	text[n] = 0x80;
	return padded;
}

static bool
unpad(const unsigned char *text, size_t *n)
{
	while (*n > 0 && text[*n - 1] == 0)
		--*n;
	return *n > 0 && text[--*n] == 0x80;
}

enum result
seal_close(const struct seal_ring *ring, const struct seal_box *box,
    struct str plain, size_t pad_to, struct buf *sealed)
{
	unsigned char bound[HEADER_BYTES + BOUND_MAX], key[SEAL_KEY_BYTES];
	size_t n = plain.n, room_n, bound_n;
	unsigned char *out, *text;

	room_n = plain.n + pad_to + SEAL_OVERHEAD;
	if ((out = (unsigned char *)buf_room(sealed, room_n)) == NULL)
		return buf_result(sealed);
	write_header(out, box->purpose, &ring->keys[0]);
	bound_n = associated(out, box, bound);
	secret_random(out + HEADER_BYTES, NONCE_BYTES);
	text = out + TEXT_AT;
	if (plain.n > 0)
		memcpy(text, plain.p, plain.n);
	if (bound_n == 0)
		return RESULT_TOO_LARGE;
	if (pad_to > 0)
		n = pad(text, n, pad_to);
	box_key(&ring->keys[0], box, key);
	crypto_aead_xchacha20poly1305_ietf_encrypt(text, NULL, text, n, bound,
	    bound_n, NULL, out + HEADER_BYTES, key);
	secret_wipe(key, sizeof(key));
	buf_grown(sealed, n + SEAL_OVERHEAD);
	return OK;
}

/* The key that the header names, or NULL. */
static const struct seal_key *
find_key(const struct seal_ring *ring, const struct seal_box *box,
    struct str sealed)
{
	unsigned char header[HEADER_BYTES];
	size_t i;

	for (i = 0; i < ring->n && sealed.n >= SEAL_OVERHEAD; i++) {
		write_header(header, box->purpose, &ring->keys[i]);
		if (memcmp(header, sealed.p, sizeof(header)) == 0)
			return &ring->keys[i];
	}
	return NULL;
}

/* Decrypt to where there is room for all but SEAL_OVERHEAD, which may be the
 * ciphertext's own place. */
static bool
decrypt(const struct seal_ring *ring, const struct seal_box *box,
    struct str sealed, unsigned char *out)
{
	unsigned char bound[HEADER_BYTES + BOUND_MAX], key[SEAL_KEY_BYTES];
	const unsigned char *in = (const unsigned char *)sealed.p;
	const struct seal_key *found = find_key(ring, box, sealed);
	size_t bound_n;
	int bad;

	if (found == NULL || (bound_n = associated(in, box, bound)) == 0)
		return false;
	box_key(found, box, key);
	bad = crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL,
	    in + TEXT_AT, sealed.n - TEXT_AT, bound, bound_n, in + HEADER_BYTES,
	    key);
	secret_wipe(key, sizeof(key));
	return bad == 0;
}

enum result
seal_open(const struct seal_ring *ring, const struct seal_box *box,
    struct str sealed, size_t pad_to, struct buf *plain)
{
	unsigned char *out;
	size_t n;

	if (find_key(ring, box, sealed) == NULL)
		return RESULT_ABSENT;
	n = sealed.n - SEAL_OVERHEAD;
	if ((out = (unsigned char *)buf_room(plain, n)) == NULL)
		return buf_result(plain);
	if (!decrypt(ring, box, sealed, out) || (pad_to > 0 && !unpad(out, &n)))
		return RESULT_ABSENT;
	buf_grown(plain, n);
	return OK;
}

enum result
seal_open_here(const struct seal_ring *ring, const struct seal_box *box,
    size_t pad_to, struct buf *text)
{
	unsigned char *p = (unsigned char *)text->p;
	size_t n;

	if (find_key(ring, box, buf_str(text)) == NULL ||
	    !decrypt(ring, box, buf_str(text), p + TEXT_AT)) {
		buf_clear(text);
		return RESULT_ABSENT;
	}
	n = text->n - SEAL_OVERHEAD;
	if (pad_to > 0 && !unpad(p + TEXT_AT, &n)) {
		buf_clear(text);
		return RESULT_ABSENT;
	}
	memmove(p, p + TEXT_AT, n);
	buf_cut(text, n);
	return OK;
}
