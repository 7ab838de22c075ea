/* SPDX-License-Identifier: ISC */
/*
 * Hides what is asked of a program to see whether it is well: nothing that
 * Spotify, a visitor or the log would notice.
 */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>

#include "app/health.h"
#include "base/clock.h"
#include "base/meter.h"
#include "web/request.h"

const struct probe health_of_threads = { REQUEST_REQUIRE, REQUEST_LIFE };

#define TRY_EVERY_MS 1000
#define NOTED_S 600

/* Whether a time was noted that is in the last ten minutes. */
static bool
is_noted(unsigned at)
{
	const uint64_t noted_s = meter_value(at);
	const int64_t now_s = clock_now_s();

	/* Any program may have put any number there. */
	return now_s >= 0 && noted_s <= (uint64_t)now_s &&
	    (uint64_t)now_s - noted_s < NOTED_S;
}

/*
 * Whether visitors are told that something is misconfigured, whichever program
 * has found it, and it is not known to be right again. A note ages: who would
 * take it back may be switched off, or wait for visitors, whom a load balancer
 * sends elsewhere.
 */
static bool
is_misconfigured(void)
{
	unsigned i = 0;

	while (i < METER_PROGRAMS && !is_noted(METER_MISCONFIGURED + i))
		i++;
	return i < METER_PROGRAMS || is_noted(METER_CLIENT_REFUSED) ||
	    is_noted(METER_CA_UNREADABLE);
}

/* Who asks often costs the others no file each time. */
static enum result
try_store(struct store *store)
{
	static _Atomic int64_t tried_ms = INT64_MIN / 2;
	static _Atomic int found;
	int64_t now_ms = clock_mono_ms(), last_ms = tried_ms;

	if (now_ms - last_ms >= TRY_EVERY_MS &&
	    atomic_compare_exchange_strong(&tried_ms, &last_ms, now_ms))
		found = (int)store_try(store);
	return (enum result)found;
}

enum result
health_check(struct store *store)
{
	enum result result = store == NULL ? OK : try_store(store);

	return result == OK && is_misconfigured() ? RESULT_MISCONFIGURED :
						    result;
}

void
health_answer(enum result result, struct reply *reply)
{
	reply->status = result == OK ? 200 : 503;
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
	else if (status == 200)
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
