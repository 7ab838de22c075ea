/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "../run.h"
#include "engine/info.h"

static void
the_facts_are_read(void)
{
	struct engine_facts facts;

	info_read(STR("# Server\r\nredis_version:7.0.15\r\nuptime:1\r\n"
		      "# Memory\r\nused_memory:1015992\r\nmaxmemory:2000000\r\n"
		      "maxmemory_policy:noeviction\r\n\r\naof_enabled:1\r\n"
		      "connected_slaves:2\r\ncluster_enabled:1\r\n"),
	    &facts);
	assert_string_equal(facts.version, "7.0.15");
	assert_false(facts.valkey);
	assert_true(facts.cluster);
	assert_true(facts.append_only);
	assert_string_equal(facts.policy, "noeviction");
	assert_int_equal(facts.used_memory, 1015992);
	assert_int_equal(facts.max_memory, 2000000);
	assert_int_equal(facts.replicas, 2);
}

static void
valkey_has_a_version_of_its_own(void)
{
	struct engine_facts facts;

	info_read(STR("redis_version:7.2.4\r\nvalkey_version:8.1.1\r\n"),
	    &facts);
	assert_true(facts.valkey);
	assert_string_equal(facts.version, "8.1.1");
	info_read(STR("valkey_version:8.1.1\nredis_version:7.2.4"), &facts);
	assert_string_equal(facts.version, "8.1.1");
}

static void
what_cannot_be_right_is_left_out(void)
{
	static const struct engine_facts none;
	struct engine_facts facts;

	info_read(STR("redis_version:012345678901234567890123\r\n"
		      "used_memory:-1\r\nmaxmemory:9223372036854775808\r\n"
		      "maxmemory_policy:a b\r\naof_enabled:10\r\n"
		      "xmaxmemory:1\r\nconnected_slaves\r\n:5\r\n"),
	    &facts);
	assert_memory_equal(&facts, &none, sizeof(facts));
	info_read((struct str){ 0 }, &facts);
	assert_memory_equal(&facts, &none, sizeof(facts));
}

UNIT_TESTS(info) = {
	TEST(the_facts_are_read),
	TEST(valkey_has_a_version_of_its_own),
	TEST(what_cannot_be_right_is_left_out),
	END_OF_TESTS,
};
