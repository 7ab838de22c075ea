/* SPDX-License-Identifier: ISC */
/* JSON: what is read, and that what we write can be read. */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "fuzz.h"
#include "json/writer.h"

static unsigned
depth_of(const json_t *value)
{
	const json_t *child;
	const char *name;
	unsigned deepest = 0, depth;
	void *at;
	size_t i;

	if (json_is_array(value)) {
		json_array_foreach(value, i,
		    child) if ((depth = depth_of(child)) > deepest) deepest =
		    depth;
		return deepest + 1;
	}
	if (!json_is_object(value))
		return 0;
	/* The iterator's functions are not declared for const. */
	at = json_object_iter((json_t *)(uintptr_t)value);
	for (; at != NULL;
	     at = json_object_iter_next((json_t *)(uintptr_t)value, at)) {
		name = json_object_iter_key(at);
		MUST(janssondoc_text(value, name).n == 0 ||
		    janssondoc_text(value, name).p != NULL);
		MUST(janssondoc_integer(value, name, 1, 9, 5) >= 1);
		MUST(janssondoc_integer(value, name, 1, 9, 5) <= 9);
		depth = depth_of(json_object_iter_value(at));
		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

/* Any text that Jansson takes for UTF-8 comes back from what is written. */
static void
check_write(struct str text)
{
	struct buf out = BUF(text.n * 6 + 16);
	json_t *string, *object;

	if (fuzz_has(text, '\0') ||
	    (string = json_stringn(text.p, text.n)) == NULL)
		return;
	json_decref(string);
	writer_object(&out, NULL);
	writer_text(&out, "a", text);
	writer_object_end(&out);
	MUST(buf_result(&out) == OK);
	MUST(!fuzz_has(buf_str(&out), '<') && !fuzz_has(buf_str(&out), '&') &&
	    !fuzz_has(buf_str(&out), '>'));
	MUST(janssondoc_parse(buf_str(&out), &object) == OK);
	MUST(str_equal(janssondoc_text(object, "a"), text));
	json_decref(object);
	buf_free(&out);
}

void
fuzz_janssondoc(struct str input)
{
	json_t *object;
	enum result result = janssondoc_parse(input, &object);

	MUST(result == OK || result == RESULT_BAD_TEXT);
	if (result == OK) {
		MUST(json_is_object(object));
		MUST(depth_of(object) <= READER_DEPTH_MAX);
	} else {
		MUST(object == NULL);
	}
	json_decref(object);
	check_write(input);
}
