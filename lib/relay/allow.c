/* SPDX-License-Identifier: ISC */
/*
 * Hides what can be wrong with api_allow. conf reads the key but knows no rows,
 * so this is looked at here, by all programs: what one of them refuses, none
 * takes.
 */
#include "config.h"

#include <string.h>

#include "json/writer.h"
#include "relay/allow.h"
#include "relay/rows.h"

static unsigned
check_words(const struct conf *conf)
{
	struct str word = rows_unknown(conf->api_allow);

	if (word.n == 0)
		return 0;
	if (word.n > 32 || !str_graphic(word))
		word = STR("?");
	return conf_complain(conf, "api_allow",
	    "write names of calls, separated by blanks, or \"reading\"; see "
	    "spotify-fcgi.conf(5); there is no %.*s",
	    (int)word.n, word.p);
}

/* The scope without which a row never works, and which is not asked for. */
static struct str
find_lack(const struct row *row, struct str scope)
{
	struct str rest = str_of(row->scope);

	if (row->scopes == ROW_ALL)
		return rows_lacks(row, ROWS_ALL_SCOPES, scope);
	while (rest.n > 0)
		if (str_has_word(scope, str_cut(&rest, ' ')))
			return (struct str){ NULL, 0 };
	return str_of(row->scope);
}

unsigned
allow_check(const struct conf *conf)
{
	unsigned mistakes = check_words(conf);
	struct str lack, last = { NULL, 0 };
	const char *of = "";
	const struct row *row;

	for (row = rows_table; row < rows_table + ROWS_N; row++) {
		if (!rows_allow(conf->api_allow, row))
			continue;
		lack = find_lack(row, str_of(conf->scope));
		/* Rows of one name lie beside each other: once is enough. */
		if (lack.n == 0 ||
		    (strcmp(of, row->name) == 0 && str_equal(lack, last)))
			continue;
		of = row->name;
		last = lack;
		mistakes += conf_complain(conf, "api_allow",
		    "allows %s; for that, scope needs %s%.*s", row->name,
		    row->scopes == ROW_ALL ? "" : "one of ", (int)lack.n,
		    lack.p);
	}
	return mistakes;
}

static const char *
scope_word(const struct row *row)
{
	if (row->scope[0] == '\0')
		return "no scope";
	if (row->scopes == ROW_ONE)
		return "by the playlist, scope ";
	if (row->scopes == ROW_BY_BODY)
		return "by the body, scope ";
	return row->scopes == ROW_BY_URI ? "by the URIs, scope " : "scope ";
}

void
allow_print(const struct conf *conf, FILE *out)
{
	const struct row *row;
	bool any = false;

	for (row = rows_table; row < rows_table + ROWS_N; row++) {
		if (!rows_allow(conf->api_allow, row))
			continue;
		if (!any)
			fputs("# Pages may call, through api:\n", out);
		any = true;
		fprintf(out, "#\t%s: %s %s; counts as %s; %s%s\n", row->name,
		    row_method(row), row->path, quota_name(row->bucket),
		    scope_word(row), row->scope);
		if (row->in_development != NULL)
			fprintf(out, "#\t\t%s\n", row->in_development);
	}
	if (!any)
		fputs("# Pages may call nothing through api.\n", out);
}

/* Whether a name stands for calls that all may be made: rows of one name lie
 * beside each other. */
static bool
is_open(const struct row *row, struct str scope)
{
	const char *name = row->name;

	for (; row < rows_table + ROWS_N && strcmp(row->name, name) == 0; row++)
		if (scope.n > 0 && find_lack(row, scope).n > 0)
			return false;
	return true;
}

void
allow_write(const struct conf *conf, struct str scope, struct buf *out)
{
	const struct row *row;

	if (conf->api_allow == NULL)
		return;
	writer_array(out, "api");
	for (row = rows_table; row < rows_table + ROWS_N; row++)
		if ((row == rows_table ||
			strcmp(row[-1].name, row->name) != 0) &&
		    rows_allow(conf->api_allow, row) && is_open(row, scope))
			writer_text(out, NULL, str_of(row->name));
	writer_array_end(out);
	if (scope.n > 0)
		writer_text(out, "scope", scope);
}
