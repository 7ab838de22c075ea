/* SPDX-License-Identifier: ISC */
/*
 * The body of what a page asks for, to each row that has one. The oracle is the
 * table, read by another reader of JSON: whatever comes in, what is printed is
 * one object with members of the row, each of its kind.
 */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "json/janssondoc.h"
#include "relay/rowbody.h"

#define ALNUM "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define ID "0OdUWJ0sBjDrqHygGUXeCF"

static void check_value(const struct row_param *param, const json_t *value);

static const struct row_param *
find(const struct row_param *members, const char *name)
{
	while (members->name != NULL && strcmp(members->name, name) != 0)
		members++;
	MUST(members->name != NULL);
	return members;
}

static void
check_members(const struct row_param *members, const json_t *object)
{
	const struct row_param *member;
	const char *name;
	json_t *value;

	MUST(json_is_object(object));
	/* The iterator's functions are not declared for const. */
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		member = find(members, name);
		MUST(member->not_beside == NULL ||
		    json_object_get(object, member->not_beside) == NULL);
		check_value(member, value);
	}
	for (; members->name != NULL; members++)
		MUST(!members->required ||
		    json_object_get(object, members->name) != NULL);
}

/* "spotify:", a word of the parameter, and an id. */
static bool
is_uri(const struct row_param *param, const char *text)
{
	const char *at = param->words;
	size_t kind_n;

	if (strncmp(text, "spotify:", 8) != 0)
		return false;
	text += 8;
	kind_n = strcspn(text, ":");
	for (; *at != '\0'; at += strcspn(at, " "), at += *at == ' ')
		if (strcspn(at, " ") == kind_n &&
		    strncmp(at, text, kind_n) == 0)
			return strlen(text + kind_n) == 23 &&
			    strspn(text + kind_n + 1, ALNUM) == 22;
	return false;
}

static void
check_text(const struct row_param *param, const char *text, size_t n)
{
	size_t i;

	MUST(strlen(text) == n && n >= (size_t)param->min);
	for (i = 0; i < n; i++)
		MUST((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	switch (param->kind) {
	case ROW_TEXT: MUST(n <= (size_t)param->max); break;
	case ROW_URI: MUST(is_uri(param, text)); break;
	case ROW_DEVICE:
		MUST(n > 0 && n <= ROWS_DEVICE_MAX && strspn(text, ALNUM) == n);
		break;
	case ROW_SNAPSHOT:
		MUST(n > 0 && n <= ROWS_TEXT_MAX &&
		    strspn(text, ALNUM "+/-_=,") == n);
		break;
	default: MUST(false);
	}
}

static void
check_value(const struct row_param *param, const json_t *value)
{
	const json_t *element;
	size_t i, n;

	switch (param->kind) {
	case ROW_BOOL: MUST(json_is_boolean(value)); break;
	case ROW_NUMBER:
		MUST(json_is_integer(value));
		MUST(json_integer_value(value) >= param->min &&
		    json_integer_value(value) <= param->max);
		break;
	case ROW_OBJECT:
		MUST(json_object_size(value) > 0);
		check_members(param->inside, value);
		break;
	case ROW_LIST:
		n = json_array_size(value);
		MUST(n >= (size_t)param->min && n <= (size_t)param->max);
		json_array_foreach(value, i, element)
		    check_value(param->inside, element);
		break;
	default:
		MUST(json_is_string(value));
		check_text(param, json_string_value(value),
		    json_string_length(value));
	}
}

/* What was printed reads as itself. */
static void
check_again(const struct rowurl *rowurl, enum method method, const char *path)
{
	struct rowurl again;

	MUST(rowurl_find(str_of(path), method, &again) == OK);
	MUST(rowbody_read(STR("application/json"), buf_str(&rowurl->body),
		 &again) == OK);
	MUST(str_equal(buf_str(&again.body), buf_str(&rowurl->body)));
	rowurl_free(&again);
}

static void
say(struct str input, enum method method, const char *path)
{
	struct rowurl rowurl;
	enum result result;
	json_t *said;

	MUST(rowurl_find(str_of(path), method, &rowurl) == OK);
	result = rowbody_read(STR("application/json"), input, &rowurl);
	MUST(result == OK || result == RESULT_BAD_REQUEST);
	if (result == OK && input.n > 0) {
		said = json_loadb(rowurl.body.p, rowurl.body.n,
		    JSON_REJECT_DUPLICATES, NULL);
		MUST(said != NULL && strpbrk(rowurl.body.p, "<>&") == NULL);
		check_members(rowurl.row->body->members, said);
		json_decref(said);
		check_again(&rowurl, method, path);
	}
	rowurl_free(&rowurl);
}

void
fuzz_rowbody(struct str input)
{
	static const struct {
		enum method method;
		const char *path;
	} rows[] = {
		{ METHOD_PUT, "/me/player/play" },
		{ METHOD_PUT, "/me/player" },
		{ METHOD_POST, "/me/playlists" },
		{ METHOD_POST, "/playlists/" ID "/items" },
		{ METHOD_PUT, "/playlists/" ID "/items" },
		{ METHOD_DELETE, "/playlists/" ID "/items" },
	};
	size_t i, n = 0;

	for (i = 0; i < ROWS_N; i++)
		n += rows_table[i].body != NULL;
	MUST(n == sizeof(rows) / sizeof(rows[0]));
	for (i = 0; i < n; i++)
		say(input, rows[i].method, rows[i].path);
}
