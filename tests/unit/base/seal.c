/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sodium.h>
#include <string.h>

#include "../run.h"
#include "base/seal.h"

static const unsigned char secret[SEAL_KEY_BYTES] = "the secret of a cookie";
static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";
static const unsigned char other[SEAL_KEY_BYTES] = "another key";

#define PLAIN STR("{\"refresh\":\"AQC...\"}")
#define PAD 64

/* A ring of one key, a session's box, and PLAIN in it. */
struct sealed {
	struct seal_ring ring;
	struct seal_box box;
	struct buf text;
};

static enum result
seal(struct sealed *sealed)
{
	*sealed = (struct sealed){ .text = BUF(1000),
		.box = { SEAL_SESSION, STR("session-name"), secret } };
	assert_int_equal(seal_ring_add(&sealed->ring, master), OK);
	return seal_close(&sealed->ring, &sealed->box, PLAIN, PAD,
	    &sealed->text);
}

static void
unseal(struct sealed *sealed)
{
	buf_free(&sealed->text);
}

static void
what_was_sealed_opens_again(void)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	SCOPED(unseal) struct sealed s;

	CHECK_OK(seal(&s));
	assert_int_equal(s.text.n, SEAL_OVERHEAD + PAD);
	CHECK_OK(seal_open(&s.ring, &s.box, buf_str(&s.text), PAD, &plain));
	assert_true(str_equal(buf_str(&plain), PLAIN));
}

static void
it_opens_in_its_own_place_or_leaves_nothing(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000);
	SCOPED(unseal) struct sealed s;
	size_t i;

	CHECK_OK(seal(&s));
	for (i = 0; i <= s.text.n; i++) {
		buf_clear(&text);
		buf_add_str(&text, buf_str(&s.text));
		CHECK_OK(buf_result(&text));
		if (i < s.text.n)
			text.p[i] ^= 1;
		CHECK(seal_open_here(&s.ring, &s.box, PAD, &text),
		    i < s.text.n ? RESULT_ABSENT : OK);
		assert_true(
		    str_equal(buf_str(&text), i < s.text.n ? STR("") : PLAIN));
	}
	CHECK(seal_open_here(&s.ring, &s.box, PAD, &text), RESULT_ABSENT);
	buf_free(&text);
	CHECK(seal_open_here(&s.ring, &s.box, PAD, &text), RESULT_ABSENT);
}

/* Our padding is libsodium's. */
static void
check_padding(const struct sealed *s, struct str text, struct str content,
    size_t pad)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	unsigned char padded[200];
	size_t n;

	memcpy(padded, content.p, content.n);
	assert_int_equal(sodium_pad(&n, padded, content.n, pad, sizeof(padded)),
	    0);
	CHECK_OK(seal_open(&s->ring, &s->box, text, 0, &plain));
	assert_int_equal(plain.n, n);
	assert_int_equal(memcmp(plain.p, padded, n), 0);
}

static void
every_length_opens_and_shows_only_its_multiple(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000), plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	char content[100];
	size_t n, pad;

	CHECK_OK(seal(&s));
	memset(content, 'x', sizeof(content));
	for (n = 0; n <= sizeof(content); n++)
		for (pad = 0; pad <= 32; pad += 16) {
			buf_clear(&text);
			buf_clear(&plain);
			CHECK_OK(seal_close(&s.ring, &s.box,
			    (struct str){ content, n }, pad, &text));
			assert_int_equal(text.n,
			    SEAL_OVERHEAD +
				(pad == 0 ? n : (n / pad + 1) * pad));
			CHECK_OK(seal_open(&s.ring, &s.box, buf_str(&text), pad,
			    &plain));
			assert_int_equal(plain.n, n);
			assert_int_equal(memcmp(plain.p, content, n), 0);
			if (pad > 0)
				check_padding(&s, buf_str(&text),
				    (struct str){ content, n }, pad);
		}
}

static void
two_seals_of_one_text_differ(void)
{
	SCOPED(unseal) struct sealed a = { .text = BUF(0) };
	SCOPED(unseal) struct sealed b = { .text = BUF(0) };

	CHECK_OK(seal(&a));
	CHECK_OK(seal(&b));
	assert_memory_equal(a.text.p, b.text.p, 12);
	assert_memory_not_equal(a.text.p + 12, b.text.p + 12, 24);
	assert_memory_not_equal(a.text.p + 36, b.text.p + 36, PAD);
}

static void
no_truncation_opens_and_nothing_longer(void)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	size_t n;

	CHECK_OK(seal(&s));
	for (n = 0; n < s.text.n; n++)
		CHECK(seal_open(&s.ring, &s.box, (struct str){ s.text.p, n },
			  PAD, &plain),
		    RESULT_ABSENT);
	buf_putc(&s.text, '\0');
	CHECK_OK(buf_result(&s.text));
	CHECK(seal_open(&s.ring, &s.box, buf_str(&s.text), PAD, &plain),
	    RESULT_ABSENT);
	assert_int_equal(plain.n, 0);
}

static void
no_single_changed_bit_opens(void)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	size_t bit;

	CHECK_OK(seal(&s));
	for (bit = 0; bit < s.text.n * 8; bit++) {
		s.text.p[bit / 8] ^= (char)(1 << bit % 8);
		CHECK(seal_open(&s.ring, &s.box, buf_str(&s.text), PAD, &plain),
		    RESULT_ABSENT);
		s.text.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(plain.n, 0);
	CHECK_OK(seal_open(&s.ring, &s.box, buf_str(&s.text), PAD, &plain));
}

static void
no_changed_bit_of_a_cookie_opens_either(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000), plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	size_t bit;

	CHECK_OK(seal(&s));
	s.box = (struct seal_box){ SEAL_PENDING, STR("name"), NULL };
	CHECK_OK(seal_close(&s.ring, &s.box, PLAIN, 0, &text));
	for (bit = 0; bit < text.n * 8; bit++) {
		text.p[bit / 8] ^= (char)(1 << bit % 8);
		CHECK(seal_open(&s.ring, &s.box, buf_str(&text), 0, &plain),
		    RESULT_ABSENT);
		text.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	assert_int_equal(plain.n, 0);
	CHECK_OK(seal_open(&s.ring, &s.box, buf_str(&text), 0, &plain));
}

static void
it_opens_for_its_purpose_name_secret_and_key_only(void)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	struct seal_ring ring = { 0 };
	struct seal_box wrong[6];
	size_t i;

	CHECK_OK(seal(&s));
	for (i = 0; i < N(wrong); i++)
		wrong[i] = s.box;
	wrong[0].purpose = SEAL_COPY;
	wrong[1].bound_to = STR("session-nam");
	wrong[2].bound_to = STR("");
	wrong[3].secret = other;
	wrong[4].secret = NULL;
	wrong[5].bound_to = STR("session-nama");
	for (i = 0; i < N(wrong); i++)
		CHECK(seal_open(&s.ring, &wrong[i], buf_str(&s.text), PAD,
			  &plain),
		    RESULT_ABSENT);
	CHECK(seal_open(&ring, &s.box, buf_str(&s.text), PAD, &plain),
	    RESULT_ABSENT);
	assert_int_equal(seal_ring_add(&ring, other), OK);
	CHECK(seal_open(&ring, &s.box, buf_str(&s.text), PAD, &plain),
	    RESULT_ABSENT);
	assert_int_equal(plain.n, 0);
}

static void
padding_that_is_not_there_does_not_open(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000), plain = BUF(1000);
	SCOPED(unseal) struct sealed s;

	CHECK_OK(seal(&s));
	CHECK_OK(
	    seal_close(&s.ring, &s.box, STR("0123456789abcdef"), 0, &text));
	CHECK(seal_open(&s.ring, &s.box, buf_str(&text), 16, &plain),
	    RESULT_ABSENT);
	CHECK(seal_open_here(&s.ring, &s.box, 16, &text), RESULT_ABSENT);
	assert_int_equal(text.n, 0);
	CHECK_OK(seal_close(&s.ring, &s.box, STR(""), 0, &text));
	CHECK(seal_open(&s.ring, &s.box, buf_str(&text), 16, &plain),
	    RESULT_ABSENT);
}

static void
keys_roll_over_the_first_seals_and_all_open(void)
{
	SCOPED(buf_free) struct buf text = BUF(1000), plain = BUF(1000);
	SCOPED(unseal) struct sealed s;
	struct seal_ring ring = { 0 };

	CHECK_OK(seal(&s));
	assert_int_equal(seal_ring_add(&ring, other), OK);
	assert_int_equal(seal_ring_add(&ring, master), OK);
	CHECK_OK(seal_open(&ring, &s.box, buf_str(&s.text), PAD, &plain));
	CHECK_OK(seal_close(&ring, &s.box, PLAIN, PAD, &text));
	buf_clear(&plain);
	CHECK(seal_open(&s.ring, &s.box, buf_str(&text), PAD, &plain),
	    RESULT_ABSENT);
	CHECK_OK(seal_open(&ring, &s.box, buf_str(&text), PAD, &plain));
}

static void
a_ring_holds_eight_different_keys(void)
{
	struct seal_ring ring = { 0 };
	unsigned char key[SEAL_KEY_BYTES] = { 0 };
	const struct seal_ring empty = { 0 };
	size_t i;

	for (i = 0; i < SEAL_RING_MAX; i++) {
		key[0] = (unsigned char)i;
		assert_int_equal(seal_ring_add(&ring, key), OK);
		if (i + 1 < SEAL_RING_MAX)
			assert_int_equal(seal_ring_add(&ring, key),
			    RESULT_EXISTS);
	}
	key[0] = 99;
	assert_int_equal(seal_ring_add(&ring, key), RESULT_TOO_LARGE);
	seal_ring_wipe(&ring);
	assert_memory_equal(&ring, &empty, sizeof(ring));
}

static void
a_text_that_does_not_fit_is_not_sealed(void)
{
	SCOPED(buf_free) struct buf small = BUF(SEAL_OVERHEAD + PAD);
	SCOPED(buf_free) struct buf large = BUF(1000);
	SCOPED(unseal) struct sealed s;
	char name[129];

	CHECK_OK(seal(&s));
	CHECK(seal_close(&s.ring, &s.box, PLAIN, PAD, &small),
	    RESULT_TOO_LARGE);
	assert_int_equal(small.n, 0);
	memset(name, 'x', sizeof(name));
	s.box.bound_to = (struct str){ name, sizeof(name) - 1 };
	CHECK_OK(seal_close(&s.ring, &s.box, PLAIN, PAD, &large));
	buf_clear(&large);
	s.box.bound_to.n++;
	CHECK(seal_close(&s.ring, &s.box, PLAIN, PAD, &large),
	    RESULT_TOO_LARGE);
	assert_int_equal(large.n, 0);
	CHECK(seal_open(&s.ring, &s.box, buf_str(&s.text), PAD, &large),
	    RESULT_ABSENT);
}

static void
names_and_digests_are_stable_and_differ(void)
{
	unsigned char a[SEAL_NAME_BYTES], b[SEAL_NAME_BYTES], digest[16];

	seal_name(secret, a);
	seal_name(secret, b);
	assert_memory_equal(a, b, sizeof(a));
	seal_name(other, b);
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, secret, sizeof(a));
	seal_digest((struct str){ (const char *)secret, SEAL_KEY_BYTES }, b,
	    sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	seal_digest(STR(""), digest, sizeof(digest));
	seal_digest(STR("x"), a, sizeof(digest));
	assert_memory_not_equal(a, digest, sizeof(digest));
}

static void
a_hidden_name_is_that_of_its_text_and_key(void)
{
	struct seal_ring ring = { 0 };
	unsigned char a[SEAL_NAME_BYTES], b[SEAL_NAME_BYTES];
	enum seal_use use;

	assert_int_equal(seal_ring_add(&ring, secret), OK);
	assert_int_equal(seal_ring_add(&ring, other), OK);
	seal_hide(&ring, 0, SEAL_DATE, STR("x"), a);
	seal_hide(&ring, 0, SEAL_DATE, STR("x"), b);
	assert_memory_equal(a, b, sizeof(a));
	seal_hide(&ring, 0, SEAL_DATE, STR("y"), b);
	assert_memory_not_equal(a, b, sizeof(a));
	seal_hide(&ring, 1, SEAL_DATE, STR("x"), b);
	assert_memory_not_equal(a, b, sizeof(a));
	/* Whoever sees one of two uses does not find the other. */
	for (use = SEAL_KNOWN; use <= SEAL_EVENT; use++) {
		seal_hide(&ring, 0, use, STR("x"), b);
		assert_memory_not_equal(a, b, sizeof(a));
		memcpy(a, b, sizeof(a));
	}
	seal_hide(&ring, 0, SEAL_DATE, STR("x"), b);
	assert_memory_not_equal(a, b, sizeof(a));
	/* It is no secret of a cookie. */
	seal_secret(&ring, STR("x"), b);
	assert_memory_not_equal(a, b, sizeof(a));
}

UNIT_TESTS(seal) = {
	TEST(what_was_sealed_opens_again),
	TEST(it_opens_in_its_own_place_or_leaves_nothing),
	TEST(every_length_opens_and_shows_only_its_multiple),
	TEST(two_seals_of_one_text_differ),
	TEST(no_truncation_opens_and_nothing_longer),
	TEST(no_single_changed_bit_opens),
	TEST(no_changed_bit_of_a_cookie_opens_either),
	TEST(it_opens_for_its_purpose_name_secret_and_key_only),
	TEST(padding_that_is_not_there_does_not_open),
	TEST(keys_roll_over_the_first_seals_and_all_open),
	TEST(a_ring_holds_eight_different_keys),
	TEST(a_text_that_does_not_fit_is_not_sealed),
	TEST(names_and_digests_are_stable_and_differ),
	TEST(a_hidden_name_is_that_of_its_text_and_key),
	END_OF_TESTS,
};
