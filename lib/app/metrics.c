/* SPDX-License-Identifier: ISC */
/*
 * Hides the names. A label's value is a word of one of our tables and never
 * one of a request, an account or an answer: so there are as many lines as
 * there are words, whatever anybody does.
 */
#include "config.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "app/metrics.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/meter.h"
#include "spotify/pause.h"
#include "store/meters.h"

#define LABELS_BYTES 96
#define NAME_BYTES (LABELS_BYTES + 64)

/* Those that have a store. The order is no promise: a count is found by its
 * name. */
static const char *const programs[] = { "callback", "artists", "refresh",
	"session", "logout", "api", "auth" };
#define PROGRAMS (sizeof(programs) / sizeof(programs[0]))
_Static_assert(PROGRAMS <= METER_PROGRAMS, "every program has its counts");
_Static_assert(RESULT__MAX <= METER_RESULTS, "every result, too");

/* ---- labels: false if there is no such count ---- */

static bool
label_answer(unsigned i, char *text, size_t size)
{
	unsigned program = i / METER_CLASSES, class = i % METER_CLASSES;

	if (program >= PROGRAMS || class == 0)
		return false;
	snprintf(text, size, "program=\"%s\",status=\"%s\"", programs[program],
	    meter_class_word(class));
	return true;
}

static bool
label_result(unsigned i, char *text, size_t size)
{
	if (i >= RESULT__MAX)
		return false;
	snprintf(text, size, "outcome=\"%s\"",
	    result_row((enum result)i)->code);
	return true;
}

static bool
label_call(unsigned i, char *text, size_t size)
{
	char group[PAUSE_NAME_BYTES];

	if (i / METER_CLASSES >= PAUSE__MAX)
		return false;
	pause_name((enum pause_group)(i / METER_CLASSES), group);
	snprintf(text, size, "group=\"%s\",status=\"%s\"", group,
	    meter_class_word(i % METER_CLASSES));
	return true;
}

static bool
label_pause(unsigned i, char *text, size_t size)
{
	char group[PAUSE_NAME_BYTES];

	if (i / METER_LIMITS >= PAUSE__MAX)
		return false;
	pause_name((enum pause_group)(i / METER_LIMITS), group);
	snprintf(text, size, "group=\"%s\",kind=\"%s\"", group,
	    i % METER_LIMITS == METER_QUOTA ? "quota" : "rate");
	return true;
}

static bool
label_wait(unsigned i, char *text, size_t size)
{
	snprintf(text, size, "among=\"%s\"",
	    i == METER_FOR_THREADS ? "threads" : "processes");
	return true;
}

static bool
label_program(unsigned i, char *text, size_t size)
{
	if (i >= PROGRAMS)
		return false;
	snprintf(text, size, "program=\"%s\"", programs[i]);
	return true;
}

static bool
label_none(unsigned i, char *text, size_t size)
{
	(void)i, (void)size;
	text[0] = '\0';
	return true;
}

/* ---- families ---- */

/* In the order of enum meter; each ends where the next begins. */
static const struct family {
	unsigned first;
	const char *name, *type, *help;
	bool (*label)(unsigned i, char *text, size_t size);
} families[] = {
	{ METER_ANSWERS, "answers_total", "counter",
	    "Requests answered, by program and class of status.",
	    label_answer },
	{ METER_LOGINS, "logins_total", "counter",
	    "Browsers that came back from Spotify, by what came of it.",
	    label_result },
	{ METER_REFRESHES, "refreshes_total", "counter",
	    "Refresh tokens that were to be spent, by what came of it.",
	    label_result },
	{ METER_CALLS, "calls_total", "counter",
	    "Calls of Spotify, by group and class of the answer's status.",
	    label_call },
	{ METER_PAUSES, "pauses_total", "counter",
	    "Answers of Spotify that asked for a pause, by group and kind.",
	    label_pause },
	{ METER_STALE, "stale_answers_total", "counter",
	    "Lists of artists answered with an old copy.", label_none },
	{ METER_LOCK_WAITS, "lock_waits_total", "counter",
	    "Waits for a lock that another thread or process had.",
	    label_wait },
	{ METER_STORE_ERRORS, "store_errors_total", "counter",
	    "Calls of the store that have failed.", label_none },
	{ METER_CLIENT_REFUSED, "client_refused_timestamp_seconds", "gauge",
	    "When Spotify refused this client's secret; 0 once it accepts it.",
	    label_none },
	{ METER_CA_UNREADABLE, "ca_unreadable_timestamp_seconds", "gauge",
	    "When a program had no CA certificates; 0 once they are read.",
	    label_none },
	{ METER_MISCONFIGURED, "misconfigured_timestamp_seconds", "gauge",
	    "When a program began with a mistake; 0 once it begins well.",
	    label_program },
};
#define FAMILIES (sizeof(families) / sizeof(families[0]))

static unsigned
counts_of(size_t family)
{
	unsigned end =
	    family + 1 < FAMILIES ? families[family + 1].first : METER__MAX;

	return end - families[family].first;
}

/* The name of a count in the file, with its labels; false if there is none. */
static bool
write_name(const struct family *family, unsigned i, char name[NAME_BYTES])
{
	char labels[LABELS_BYTES];

	if (!family->label(i, labels, sizeof(labels)))
		return false;
	snprintf(name, NAME_BYTES,
	    labels[0] == '\0' ? "spotify_fcgi_%s" : "spotify_fcgi_%s{%s}",
	    family->name, labels);
	return true;
}

/* Several results are one word for who asks; this is the first of them. */
static bool
is_first(const struct family *family, unsigned i)
{
	unsigned j = 0;

	if (family->label != label_result)
		return true;
	while (strcmp(result_row((enum result)j)->code,
		   result_row((enum result)i)->code) != 0)
		j++;
	return j == i;
}

/* ---- counting ---- */

static void
place_all(void)
{
	_Atomic uint64_t *place;
	char name[NAME_BYTES];
	bool full = false;
	unsigned i;
	size_t f;

	for (f = 0; f < FAMILIES; f++)
		for (i = 0; i < counts_of(f); i++) {
			if (!write_name(&families[f], i, name))
				continue;
			if ((place = meters_place(name)) == NULL)
				full = true;
			meter_place(families[f].first + i, place);
		}
	/* There is room for the names of many versions. */
	if (full)
		log_event(LOG_LEVEL_WARN, "metrics_full", "file=%s",
		    METERS_NAME);
}

void
metrics_open(const char *session_dir)
{
	if (meters_open(session_dir) == OK)
		place_all();
}

void
metrics_look(const char *session_dir, int64_t now_ms)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static _Atomic int64_t looked_ms;
	int64_t last_ms = atomic_load(&looked_ms);

	if (now_ms - last_ms < METRICS_LOOK_MS ||
	    !atomic_compare_exchange_strong(&looked_ms, &last_ms, now_ms) ||
	    pthread_mutex_trylock(&mutex) != 0)
		return;
	if (!meters_is_open(session_dir))
		metrics_open(session_dir);
	pthread_mutex_unlock(&mutex);
}

/* PROGRAMS: it is none of them. */
static unsigned
find_program(const char *name)
{
	unsigned i = 0;

	while (i < PROGRAMS && strcmp(programs[i], name) != 0)
		i++;
	return i;
}

unsigned
metrics_answers(const char *program)
{
	unsigned i = find_program(program);

	return i < PROGRAMS ? METER_ANSWERS + i * METER_CLASSES : METER__MAX;
}

void
metrics_note_start(const char *program, bool good)
{
	unsigned i = find_program(program), at = METER_MISCONFIGURED + i;

	if (i < PROGRAMS && !good)
		meter_note(at, (uint64_t)clock_now_s());
	else if (i < PROGRAMS && meter_value(at) != 0)
		meter_note(at, 0);
}

/* ---- printing ---- */

/* Whatever the file is called, it is one value and ends no line. */
static void
print_site(const struct metrics_page *page)
{
	const char *c = page->site.p, *end = c + page->site.n;

	for (; c < end; c++)
		if (*c == '\n')
			fputs("\\n", page->out);
		else
			fprintf(page->out,
			    *c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
}

void
metrics_print_family(const struct metrics_page *page, const char *name,
    const char *type, const char *help)
{
	fprintf(page->out,
	    "# HELP spotify_fcgi_%s %s\n# TYPE spotify_fcgi_%s %s\n", name,
	    help, name, type);
}

void
metrics_print_number(const struct metrics_page *page, const char *name,
    const char *labels, unsigned long long number)
{
	fprintf(page->out, "spotify_fcgi_%s{site=\"", name);
	print_site(page);
	fprintf(page->out, "\"%s%s} %llu\n", labels[0] == '\0' ? "" : ",",
	    labels, number);
}

static void
print_family(const struct metrics_page *page, size_t f,
    const struct meters_copy *copy)
{
	const struct family *family = &families[f];
	char name[NAME_BYTES], labels[LABELS_BYTES];
	unsigned i;

	metrics_print_family(page, family->name, family->type, family->help);
	for (i = 0; i < counts_of(f); i++)
		if (family->label(i, labels, sizeof(labels)) &&
		    write_name(family, i, name) && is_first(family, i))
			metrics_print_number(page, family->name, labels,
			    copy == NULL ? 0 : meters_value(copy, name));
}

enum result
metrics_print(const struct metrics_page *page, const char *session_dir)
{
	struct meters_copy *copy;
	enum result result = meters_read(session_dir, &copy);
	size_t f;

	if (result != OK && result != RESULT_ABSENT)
		return result;
	for (f = 0; f < FAMILIES; f++)
		print_family(page, f, copy);
	free(copy);
	return OK;
}
