/* SPDX-License-Identifier: ISC */
/* What is passed on as JSON is JSON to Jansson, too. */
#include "config.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "json/valid.h"

#define DEPTH 32

static unsigned
depth_of(const json_t *value)
{
	const json_t *item;
	const char *name;
	unsigned deepest = 0, n;
	size_t i;

	json_array_foreach(value, i, item)
	{
		n = depth_of(item);
		deepest = n > deepest ? n : deepest;
	}
	json_object_foreach((json_t *)(uintptr_t)value, name, item)
	{
		n = depth_of(item);
		deepest = n > deepest ? n : deepest;
	}
	return json_is_array(value) || json_is_object(value) ? deepest + 1 : 0;
}

/* Jansson refuses halves of surrogates, and NUL in a name. */
static bool
may_be_refused(struct str text)
{
	size_t i;

	for (i = 0; i + 3 < text.n; i++)
		if (text.p[i] == '\\' && text.p[i + 1] == 'u' &&
		    (text.p[i + 2] == '0' || (text.p[i + 2] | 0x20) == 'd'))
			return true;
	return false;
}

void
fuzz_valid(struct str input)
{
	struct buf text = BUF(input.n);
	json_error_t error;
	json_t *value;
	bool good;

	buf_add_str(&text, input);
	MUST(buf_result(&text) == OK);
	good = text.p != NULL && valid_json(buf_str(&text), DEPTH);
	value = json_loadb(input.n == 0 ? "" : input.p, input.n,
	    JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (good && !may_be_refused(input))
		MUST(value != NULL && depth_of(value) <= DEPTH);
	/* To Jansson a NUL behind a value ends the text. */
	if (fuzz_has(input, '\0'))
		MUST(!good);
	else if (value != NULL && depth_of(value) <= DEPTH)
		MUST(good);
	if (good)
		MUST(valid_utf8(buf_str(&text)));
	json_decref(value);
	buf_free(&text);
}
