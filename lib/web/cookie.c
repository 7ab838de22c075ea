/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of a Cookie header:
 *
 *	cookie = [ name "=" value ] *( ";" *SP [ name "=" value ] )
 */
#include "config.h"

#include "web/cookie.h"

bool
cookie_next(struct str *rest, struct str *name, struct str *value)
{
	while (rest->p != NULL) {
		*value = str_trim(str_cut(rest, ';'));
		*name = str_cut(value, '=');
		if (value->p != NULL)
			return true;
	}
	return false;
}

enum result
cookie_find(struct str header, const char *wanted, struct str *value)
{
	struct str name, found, rest = header;
	bool seen = false;

	while (cookie_next(&rest, &name, &found)) {
		if (!str_equal(name, str_of(wanted)))
			continue;
		if (seen)
			return RESULT_BAD_REQUEST;
		seen = true;
		*value = found;
	}
	return seen ? OK : RESULT_ABSENT;
}
