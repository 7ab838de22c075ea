/* SPDX-License-Identifier: ISC */
/*
 * Hides that a body is JSON. It is read whole, and what is sent is written
 * anew: there is one spelling of each value then, no member comes twice, and
 * the servers behind us cannot see another one than we did.
 */
#include "config.h"

#include "base/log.h"
#include "json/reader.h"
#include "json/writer.h"
#include "relay/rowbody.h"
#include "relay/rowvalue.h"

#define TEXT_BYTES 2048 /* more than the longest text of a row */

static bool print_value(const struct row_param *param,
    const struct reader_value *value, const char *name, struct buf *out);

/* Whether all members of an object are the row's. */
static bool
are_known(const struct row_param *members, const struct reader_value *object)
{
	const struct reader_value *member = NULL;
	size_t i;

	while ((member = reader_next(object, member)) != NULL) {
		for (i = 0; members[i].name != NULL; i++)
			if (str_equal(str_of(members[i].name),
				(struct str){ member->name, member->name_n }))
				break;
		if (members[i].name == NULL)
			return false;
	}
	return true;
}

/* One in the other, as deep as the table is. */
/* NOLINTBEGIN(misc-no-recursion) */
static bool
print_members(const struct row_param *members,
    const struct reader_value *object, const char *name, struct buf *out)
{
	const struct reader_value *value;

	if (!are_known(members, object))
		return false;
	writer_object(out, name);
	for (; members->name != NULL; members++) {
		value = reader_member(object, members->name);
		if (value == NULL && members->required)
			return false;
		if (value == NULL)
			continue;
		if (members->not_beside != NULL &&
		    reader_member(object, members->not_beside) != NULL)
			return false;
		if (!print_value(members, value, members->name, out))
			return false;
	}
	writer_object_end(out);
	return true;
}

static bool
print_list(const struct row_param *param, const struct reader_value *list,
    const char *name, struct buf *out)
{
	const struct reader_value *element = NULL;

	if (!reader_is(list, READER_ARRAY) || list->n < param->min ||
	    list->n > param->max)
		return false;
	writer_array(out, name);
	while ((element = reader_next(list, element)) != NULL)
		if (!print_value(param->inside, element, NULL, out))
			return false;
	writer_array_end(out);
	return true;
}

static bool
print_number(const struct row_param *param, const struct reader_value *value,
    const char *name, struct buf *out)
{
	int64_t number = reader_integer(value, param->min, param->max, -1);

	if (number < 0)
		return false;
	writer_integer(out, name, number);
	return true;
}

static bool
print_text(const struct row_param *param, const struct reader_value *value,
    const char *name, struct buf *out)
{
	struct buf text = BUF(TEXT_BYTES);
	unsigned scopes = 0;
	bool good = reader_is(value, READER_STRING) &&
	    rowvalue_print(param, reader_text(value), &text, &scopes);

	if (good)
		writer_text(out, name, buf_str(&text));
	if (buf_result(&text) != OK)
		buf_fail(out, buf_result(&text));
	buf_free(&text);
	return good;
}

static bool
print_value(const struct row_param *param, const struct reader_value *value,
    const char *name, struct buf *out)
{
	switch (param->kind) {
	case ROW_BOOL:
		if (!reader_is(value, READER_TRUE) &&
		    !reader_is(value, READER_FALSE))
			return false;
		writer_bool(out, name, reader_is(value, READER_TRUE));
		return true;
	case ROW_NUMBER: return print_number(param, value, name, out);
	case ROW_LIST: return print_list(param, value, name, out);
	case ROW_OBJECT:
		return reader_is(value, READER_OBJECT) && value->n > 0 &&
		    print_members(param->inside, value, name, out);
	default: return print_text(param, value, name, out);
	}
}
/* NOLINTEND(misc-no-recursion) */

static bool
is_json(struct str type)
{
	return str_equal_nocase(str_trim(str_cut(&type, ';')),
	    STR("application/json"));
}

/* Nothing was sent: what would have had to be there? */
static enum result
read_nothing(const struct row_param *members)
{
	for (; members->name != NULL; members++)
		if (members->required)
			return RESULT_BAD_REQUEST;
	return OK;
}

static enum result
refuse(const struct row *row, const char *cause)
{
	log_event(LOG_LEVEL_INFO, "body_refused", "call=%s cause=%s", row->name,
	    cause);
	return RESULT_BAD_REQUEST;
}

static bool
is_true(const struct reader_value *object, const char *name, bool unless_said)
{
	const struct reader_value *value = reader_member(object, name);

	return value == NULL ? unless_said : reader_is(value, READER_TRUE);
}

/* Which scopes it takes to make the playlist; it is public unless it says
 * something else. */
static void
find_scopes(const struct reader_value *object, struct rowurl *rowurl)
{
	bool open = is_true(object, "public", true);
	bool shared = is_true(object, "collaborative", false);

	if (rowurl->row->scopes != ROW_BY_BODY)
		return;
	rowurl->scopes = (open || shared ? 1u : 0) | (!open || shared ? 2u : 0);
}

/* Read JSON, which goes over to the reader. */
static enum result
read_json(struct buf *text, struct rowurl *rowurl)
{
	const struct row_param *members = rowurl->row->body->members;
	struct reader reader = { .n = 0 };
	enum result result = reader_parse(text, &reader);

	if (result == RESULT_BAD_TEXT)
		return refuse(rowurl->row, "json");
	if (result == OK &&
	    !print_members(members, reader.values, NULL, &rowurl->body))
		result = RESULT_BAD_REQUEST;
	if (result == OK)
		find_scopes(reader.values, rowurl);
	reader_free(&reader);
	if (buf_result(&rowurl->body) == RESULT_NO_MEMORY)
		result = RESULT_NO_MEMORY;
	if (result == RESULT_BAD_REQUEST ||
	    buf_result(&rowurl->body) == RESULT_TOO_LARGE)
		return refuse(rowurl->row, "members");
	return result;
}

enum result
rowbody_read(struct str type, struct str body, struct rowurl *rowurl)
{
	struct buf text = BUF(REQUEST_BODY_MAX);
	enum result result;

	if (rowurl->row->body == NULL)
		return OK;
	if (body.n == 0) {
		result = read_nothing(rowurl->row->body->members);
		return result == OK ? OK : refuse(rowurl->row, "empty");
	}
	if (!is_json(type))
		return refuse(rowurl->row, "type");
	buf_add_str(&text, body);
	result = buf_result(&text);
	if (result == OK)
		result = read_json(&text, rowurl);
	buf_free(&text);
	return result == RESULT_TOO_LARGE ? RESULT_BAD_REQUEST : result;
}
