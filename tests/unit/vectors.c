/* SPDX-License-Identifier: ISC */
/*
 * What an earlier version has sealed and hidden, computed outside of this
 * program from what base/seal.c says of the format, by libsodium's cipher and
 * Python's hashlib.blake2b(). Whoever changes one of these logs out everybody,
 * or forgets who was logged out everywhere.
 */
#include "config.h"

#include <string.h>

#include "base/codec.h"
#include "base/seal.h"
#include "run.h"

#define PLAIN STR("{\"refresh\":\"AQC...\"}")

static const unsigned char secret[SEAL_KEY_BYTES] = "the secret of a cookie";
static const unsigned char master[SEAL_KEY_BYTES] = "a key of the server";

static const struct {
	struct seal_box box;
	size_t pad;
	const char *sealed;
} rows[] = {
	{ { SEAL_SESSION, { "session-name", 12 }, secret }, 64,
	    "534643310200000063a89a1c000102030405060708090a0b0c0d0e0f1011121314"
	    "1516175916ed2df48f976c84bba99dd142ec284a075601bfdb800c147b9943ac62"
	    "1149b83aad053cc726d80b04180398af74321d27fe94d0105f2d64d6b81ad86a61"
	    "01b07b031d7cb99c9e33b1ed5652eee7a5" },
	{ { SEAL_PENDING, { "name", 4 }, NULL }, 0,
	    "534643310100000063a89a1c000102030405060708090a0b0c0d0e0f1011121314"
	    "1516173c80d4ae9556ff5685b5a23b62a60d2ee070367882e1fccca6a3e68e46e9"
	    "6e3d833f40a3" },
};

static void
what_was_sealed_then_opens(void)
{
	SCOPED(buf_free) struct buf plain = BUF(1000);
	struct seal_ring ring = { .n = 0 };
	unsigned char bytes[200];
	size_t i, n;

	assert_int_equal(seal_ring_add(&ring, master), OK);
	for (i = 0; i < N(rows); i++) {
		n = strlen(rows[i].sealed) / 2;
		assert_true(codec_unhex(str_of(rows[i].sealed), bytes, n));
		buf_clear(&plain);
		CHECK_OK(seal_open(&ring, &rows[i].box,
		    (struct str){ (const char *)bytes, n }, rows[i].pad,
		    &plain));
		assert_true(str_equal(buf_str(&plain), PLAIN));
	}
}

static void
check_bytes(const unsigned char *bytes, const char *hex)
{
	unsigned char expected[SEAL_KEY_BYTES];
	size_t n = strlen(hex) / 2;

	assert_true(codec_unhex(str_of(hex), expected, n));
	assert_memory_equal(bytes, expected, n);
}

static void
names_are_those_of_then(void)
{
	static const char *const hidden[] = {
		[SEAL_DATE] = "7a383baed2c704ab3bc427577b03c83d"
			      "2f2a8e6785f0f7556990d706c44027f1",
		[SEAL_KNOWN] = "b66e9908bba453f566a132a68ec0b21d"
			       "4dcbaba4c405992dae344997aacc9ba0",
		[SEAL_FIRST] = "0cdc309655bb87394a1bcb14c48ace1e"
			       "ed49b233c0aa15aada68b7f9b9bcd1eb",
		[SEAL_EVENT] = "6dcacd2f1ef72ba943ad319851733305"
			       "ab67e57061da450dea3c6bc6b0ee461a",
	};
	struct seal_ring ring = { .n = 0 };
	unsigned char bytes[SEAL_KEY_BYTES];
	size_t use;

	assert_int_equal(seal_ring_add(&ring, master), OK);
	for (use = 0; use < N(hidden); use++) {
		seal_hide(&ring, 0, (enum seal_use)use, STR("x"), bytes);
		check_bytes(bytes, hidden[use]);
	}
	seal_name(secret, bytes);
	check_bytes(bytes,
	    "8278ed4fe400ae8ef5fb80085482524a"
	    "0086299f503dadb42e8ed54359e656a0");
	seal_secret(&ring, STR("x"), bytes);
	check_bytes(bytes,
	    "ea3f515860d85f2d4b11a03d83c444da"
	    "a93c9e85194c04fa883d2ef6b0f32aad");
	seal_digest(STR("x"), bytes, 16);
	check_bytes(bytes, "60de32690ed008a748efb7413b271440");
}

UNIT_TESTS(vectors) = {
	TEST(what_was_sealed_then_opens),
	TEST(names_are_those_of_then),
	END_OF_TESTS,
};
