/* SPDX-License-Identifier: ISC */
/*
 * Hides what is asked of a program to see whether it is well: nothing that
 * Spotify, a visitor or the log would notice.
 */
#include "config.h"

#include <stdio.h>

#include "app/health.h"
#include "web/request.h"

const struct probe health_of_threads = { REQUEST_REQUIRE, REQUEST_LIFE };

enum result
health_check(struct store *store)
{
	return store == NULL ? OK : store_try(store);
}

/* The status of an answer, with which it begins; 0: it has none. */
static unsigned
status_of(const struct buf *answer)
{
	static const char name[] = "Status: ";
	struct str rest = buf_str(answer), word = str_cut(&rest, '\r');
	uint64_t status = 0;

	if (str_starts(word, STR(name))) {
		word.p += sizeof(name) - 1;
		word.n -= sizeof(name) - 1;
		str_number(str_cut(&word, ' '), 999, &status);
	}
	return (unsigned)status;
}

int
health_ask(const struct options *options, const char *program)
{
	const struct probe probe = { REQUEST_REQUIRE, REQUEST_HEALTH };
	struct buf answer = BUF(65536), path = BUF(256);
	const struct str site = options_site(options->file);
	const char *complaint;
	unsigned status;
	int exit_status = 1;

	buf_printf(&path, "/run/spotify-fcgi/%.*s/%s.sock", (int)site.n, site.p,
	    program);
	if (options->socket != NULL) {
		buf_clear(&path);
		buf_puts(&path, options->socket);
	}
	complaint = buf_result(&path) != OK ?
	    "the path is too long" :
	    probe_ask(path.p, &probe, &answer);
	status = status_of(&answer);
	if (complaint != NULL)
		fprintf(stderr, "%s: %s: %s\n", program, path.p, complaint);
	else if (status == 204)
		exit_status = 0;
	else
		fprintf(stderr, "%s: status %u; its log says why\n", program,
		    status);
	if (exit_status == 0)
		printf("%s: serves\n", program);
	buf_free(&answer);
	buf_free(&path);
	return exit_status;
}
