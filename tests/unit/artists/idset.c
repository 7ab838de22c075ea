/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>

#include "artists/idset.h"
#include "../run.h"

static void
name(char id[static IDSET_ID_BYTES + 1], unsigned n)
{
	snprintf(id, IDSET_ID_BYTES + 1, "%022u", n);
}

static void
an_id_is_new_once(void)
{
	SCOPED(idset_free) struct idset set;
	char id[IDSET_ID_BYTES + 1];

	idset_init(&set);
	name(id, 1);
	if (!idset_add(&set, id)) {
		CHECK(idset_result(&set), RESULT_NO_MEMORY);
		return;
	}
	assert_false(idset_add(&set, id));
	name(id, 2);
	assert_true(idset_add(&set, id));
	CHECK_OK(idset_result(&set));
}

static void
ten_thousand_ids_are_told_apart(void)
{
	SCOPED(idset_free) struct idset set;
	char id[IDSET_ID_BYTES + 1];
	unsigned n;

	idset_init(&set);
	for (n = 0; n < 10000; n++) {
		name(id, n);
		if (idset_add(&set, id))
			continue;
		CHECK(idset_result(&set), RESULT_NO_MEMORY);
		return;
	}
	for (n = 0; n < 10000; n++) {
		name(id, n);
		assert_false(idset_add(&set, id));
	}
	CHECK_OK(idset_result(&set));
}

static void
a_set_that_has_no_memory_takes_no_more(void)
{
	SCOPED(idset_free) struct idset set;
	char id[IDSET_ID_BYTES + 1];

	idset_init(&set);
	set.slots.max = 100;
	name(id, 1);
	assert_false(idset_add(&set, id));
	CHECK(idset_result(&set), RESULT_TOO_LARGE);
	assert_false(idset_add(&set, id));
}

UNIT_TESTS(idset) = {
	TEST(an_id_is_new_once),
	TEST(ten_thousand_ids_are_told_apart),
	TEST(a_set_that_has_no_memory_takes_no_more),
	END_OF_TESTS,
};
