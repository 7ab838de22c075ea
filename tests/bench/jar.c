/* SPDX-License-Identifier: ISC */
/*
 * A browser's cookies as far as logging in needs them: one site, no dates but
 * the past.
 */
#include "config.h"

#include "client.h"
#include "jar.h"

#define COOKIE_MAX 4096

static bool
is_deleted(struct str value, struct str attributes)
{
	struct str piece;

	while (attributes.n > 0) {
		piece = str_trim(str_cut(&attributes, ';'));
		if (str_equal_nocase(piece, STR("max-age=0")))
			return true;
	}
	return value.n == 0;
}

static void
forget(struct jar *jar, size_t i)
{
	buf_free(&jar->cookies[i].name);
	buf_free(&jar->cookies[i].value);
	jar->cookies[i] = jar->cookies[--jar->n];
}

static void
keep(struct jar *jar, struct str line)
{
	struct str value = str_cut(&line, ';'), name = str_cut(&value, '=');
	size_t i;

	for (i = 0; i < jar->n; i++)
		if (str_equal(buf_str(&jar->cookies[i].name), name)) {
			forget(jar, i);
			break;
		}
	if (jar->n == JAR_MAX || is_deleted(value, line))
		return;
	jar->cookies[jar->n].name = BUF(COOKIE_MAX);
	jar->cookies[jar->n].value = BUF(COOKIE_MAX);
	buf_add_str(&jar->cookies[jar->n].name, name);
	buf_add_str(&jar->cookies[jar->n].value, value);
	jar->n++;
}

void
jar_take(struct jar *jar, struct str head)
{
	struct str line;

	while (client_header(&head, "set-cookie", &line))
		keep(jar, line);
}

void
jar_write(const struct jar *jar, struct buf *out)
{
	size_t i;

	for (i = 0; i < jar->n; i++)
		buf_printf(out, "%s%s=%s", i > 0 ? "; " : "",
		    jar->cookies[i].name.p, jar->cookies[i].value.p);
}

void
jar_free(struct jar *jar)
{
	while (jar->n > 0)
		forget(jar, 0);
}
