/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/secret.h"
#include "run.h"
#include "site.h"

#define HEX "0100000000000000000000000000000000000000000000000000000000000000"

const unsigned char site_id[STORE_ID_BYTES] = { 1 };

void
site_leave(struct site *s)
{
	store_release(s->room_one);
	store_release(s->room_two);
	lock_release(&s->lock_one);
	lock_release(&s->lock_two);
	store_close(s->one);
	store_close(s->two);
}

enum result
site_begin(struct site *s)
{
	unsigned char chance[4];
	enum result result;

	*s = (struct site){ .one = NULL };
	if (!engines_are_here())
		skip();
	run_in_scratch();
	assert_int_equal(mkdir("one", 0700), 0);
	assert_int_equal(mkdir("two", 0700), 0);
	secret_random(chance, sizeof(chance));
	snprintf(s->prefix, sizeof(s->prefix),
	    "sf:%02x%02x%02x%02x:", chance[0], chance[1], chance[2], chance[3]);
	result = engines_store(s->prefix, "one", &s->one);
	if (result == OK)
		result = engines_store(s->prefix, "two", &s->two);
	return result != OK ? result :
			      store_create(s->one, site_id, SITE_RECORD,
				  clock_now_s() + 3600, &s->version);
}

int64_t
site_say(const struct site *s, const char *command, const char *thing,
    const char *rest)
{
	char text[256];

	snprintf(text, sizeof(text), "%s %s{" HEX "}:%s%s", command, s->prefix,
	    thing, rest);
	return engines_say(text);
}

enum result
site_reserve(struct store *store, const struct lock *lock,
    const struct store_version *version, struct store_reservation **room)
{
	const struct store_wish wish = { .id = site_id,
		.version = version,
		.n = SITE_MAX,
		.hold = lock_hold(lock) };

	return store_reserve(store, &wish, room);
}
