/* SPDX-License-Identifier: ISC */
/*
 * Hides the text of INFO:
 *
 *	info    = *( [ comment / field ] CRLF )
 *	comment = "#" anything
 *	field   = name ":" value
 */
#include "config.h"

#include <string.h>

#include "engine/info.h"

static void
set_text(char *to, size_t size, struct str value)
{
	if (value.n >= size || !str_graphic(value))
		return;
	memcpy(to, value.p, value.n);
	to[value.n] = '\0';
}

static void
set_number(int64_t *to, struct str value)
{
	uint64_t number;

	if (str_number(value, INT64_MAX, &number))
		*to = (int64_t)number;
}

static void
set_field(struct engine_facts *facts, struct str name, struct str value)
{
	/* Valkey says 7.2.4 of Redis, for those who know no other. */
	if (str_equal(name, STR("valkey_version")) ||
	    (str_equal(name, STR("redis_version")) && !facts->valkey))
		set_text(facts->version, sizeof(facts->version), value);
	if (str_equal(name, STR("valkey_version")))
		facts->valkey = true;
	else if (str_equal(name, STR("cluster_enabled")))
		facts->cluster = str_equal(value, STR("1"));
	else if (str_equal(name, STR("maxmemory_policy")))
		set_text(facts->policy, sizeof(facts->policy), value);
	else if (str_equal(name, STR("aof_enabled")))
		facts->append_only = str_equal(value, STR("1"));
	else if (str_equal(name, STR("used_memory")))
		set_number(&facts->used_memory, value);
	else if (str_equal(name, STR("maxmemory")))
		set_number(&facts->max_memory, value);
	else if (str_equal(name, STR("connected_slaves")))
		set_number(&facts->replicas, value);
}

void
info_read(struct str text, struct engine_facts *facts)
{
	struct str rest = text, line, value;

	*facts = (struct engine_facts){ 0 };
	while (rest.p != NULL) {
		line = str_cut(&rest, '\n');
		if (str_ends(line, STR("\r")))
			line.n--;
		value = line;
		line = str_cut(&value, ':');
		if (value.p != NULL)
			set_field(facts, line, value);
	}
}
