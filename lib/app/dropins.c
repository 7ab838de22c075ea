/* SPDX-License-Identifier: ISC */
/*
 * Hides in which order systemd takes drop-ins: that of their names, whichever
 * directory they are in. Of two with one name the first counts: that of the
 * instance, of its template, of all that begins with spotify-fcgi-, and of all
 * such instances of the site (systemd.unit(5), where it speaks of dashes).
 */
#include "config.h"

#include <stddef.h>
#include <string.h>

#include "app/dropins.h"
#include "base/buf.h"

void
dropins_find(struct dropins *dropins, struct str dirs,
    const struct instance *instance)
{
	static const char *const of[] = { "%p@%i", "%p@", "spotify-fcgi-",
		"spotify-fcgi-@%i" };
	struct buf pattern = BUF(4096);
	struct str dir;
	size_t i;

	*dropins = (struct dropins){ 0 };
	while (dirs.p != NULL) {
		dir = str_cut(&dirs, ':');
		for (i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
			buf_clear(&pattern);
			buf_add_str(&pattern, dir);
			buf_putc(&pattern, '/');
			instance_expand(instance, str_of(of[i]), &pattern);
			buf_puts(&pattern, ".service.d/*.conf");
			if (buf_result(&pattern) == OK)
				glob(pattern.p, GLOB_APPEND, NULL,
				    &dropins->found);
		}
	}
	buf_free(&pattern);
}

static const char *
name_of(const char *path)
{
	return path == NULL ? "" : strrchr(path, '/') + 1;
}

const char *
dropins_next(struct dropins *dropins)
{
	const char *const last = name_of(dropins->last);
	const char *next = NULL, *path;
	size_t i;

	for (i = 0; i < dropins->found.gl_pathc; i++) {
		path = dropins->found.gl_pathv[i];
		if (strcmp(name_of(path), last) > 0 &&
		    (next == NULL || strcmp(name_of(path), name_of(next)) < 0))
			next = path;
	}
	dropins->last = next;
	return next;
}

void
dropins_free(struct dropins *dropins)
{
	globfree(&dropins->found);
}
