/* SPDX-License-Identifier: ISC */
/*
 * Load for a web server on a port of 127.0.0.1: one thread, epoll, kept
 * connections. Prints one JSON object.
 *
 *	load [-c N] [-d SECONDS] [-n COUNT] [-r RATE] [-H HEADER]... PORT PATH
 *
 * GETs PATH over N connections, each as soon as it has its answer, or RATE
 * times a second; then latencies count from the moment when a request was to
 * be sent. Ends after SECONDS, or after COUNT requests.
 *
 *	load -l [-w] [-f FOLLOWS] [-c N] [-d SECONDS] [-n COUNT]
 *	    PORT LOGIN PATH...
 *
 * N users at once log in, again and again with new cookies, and get the PATHs
 * (COUNT users in all). Spotify's part is played here: a code as upstream.c
 * wants it, for who follows so many artists, goes to the redirect_uri. With -w
 * whoever has logged in waits until all N have: no login is under way while
 * the first PATHs are got.
 *
 * With -H 'Accept: text/html' and the like in both forms.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "client.h"
#include "samples.h"
#include "visit.h"

#define EVENTS 256
#define HEADERS_MAX 16384
#define SECOND_NS 1000000000
#define STUCK_NS (60L * SECOND_NS) /* without any answer: give up */
#define STATUS_MAX 1000

struct user {
	struct client client;
	struct visit visit;
	int64_t began_ns; /* the request, or when it was due */
	bool busy;
	bool waits; /* for the others to have logged in */
};

struct load {
	struct visit_plan plan;
	size_t users_n, count; /* count 0: no limit */
	int64_t duration_ns, interval_ns;
	in_port_t port;
	int poll;
	bool together; /* -w */
	struct user *users;
	struct samples samples[VISIT_STEPS_MAX];
	size_t statuses[STATUS_MAX];
	size_t begun, done, errors, busy;
	int64_t start_ns, end_ns; /* end: of the last answer */
};

/* ---- requests ---- */

static void
request(struct load *load, struct user *user, int64_t began_ns)
{
	visit_request(&user->visit, &user->client.out);
	user->began_ns = began_ns;
	if (!user->busy)
		load->busy++;
	user->busy = true;
	if (client_send(&user->client) == CLIENT_FAILED) {
		load->errors++;
		load->busy--;
		user->busy = false;
	}
}

/* Whether another visit may begin; a visit is one request without -l. */
static bool
may_begin(const struct load *load)
{
	return (load->count == 0 || load->begun < load->count) &&
	    samples_now_ns() - load->start_ns < load->duration_ns;
}

static void
begin(struct load *load, struct user *user, int64_t began_ns)
{
	load->begun++;
	visit_begin(&user->visit);
	request(load, user, began_ns);
}

/* In an open loop, when the next request is due. */
static int64_t
next_due_ns(const struct load *load)
{
	return load->start_ns + (int64_t)load->begun * load->interval_ns;
}

/* Send what is due over connections that are free. */
static void
begin_due(struct load *load)
{
	size_t i;

	for (i = 0; i < load->users_n && may_begin(load) &&
	     next_due_ns(load) <= samples_now_ns();
	     i++)
		if (!load->users[i].busy)
			begin(load, &load->users[i], next_due_ns(load));
}

/* Nobody logs in any more: what they wait for may begin. */
static void
end_wait(struct load *load)
{
	size_t i;

	for (i = 0; i < load->users_n; i++) {
		if (!load->users[i].waits)
			continue;
		load->users[i].waits = false;
		request(load, &load->users[i], samples_now_ns());
	}
}

static void
take_answer(struct load *load, struct user *user, enum client_state state)
{
	size_t step = user->visit.step;
	enum visit_state next = VISIT_FAILED;

	load->end_ns = samples_now_ns();
	load->busy--;
	user->busy = false;
	if (state == CLIENT_DONE) {
		samples_add(&load->samples[step],
		    load->end_ns - user->began_ns);
		load->statuses[user->client.status % STATUS_MAX]++;
		next = visit_answer(&user->visit, user->client.status,
		    buf_str(&user->client.head));
	} else {
		client_close(&user->client);
	}
	if (next == VISIT_GOES_ON) {
		user->waits =
		    load->together && user->visit.step == VISIT_LOGIN_STEPS;
		if (!user->waits)
			request(load, user, samples_now_ns());
		return;
	}
	if (next == VISIT_FAILED)
		load->errors++;
	else
		load->done++;
	if (load->interval_ns == 0 && may_begin(load))
		begin(load, user, samples_now_ns());
}

static const struct timespec *
time_left(const struct load *load, struct timespec *left)
{
	int64_t ns = SECOND_NS;

	if (load->interval_ns > 0 && load->busy < load->users_n)
		ns = next_due_ns(load) - samples_now_ns();
	if (ns < 0)
		ns = 0;
	if (ns > SECOND_NS)
		ns = SECOND_NS;
	*left = (struct timespec){ .tv_sec = ns / SECOND_NS,
		.tv_nsec = ns % SECOND_NS };
	return left;
}

static void
run(struct load *load)
{
	struct epoll_event events[EVENTS];
	enum client_state state;
	struct timespec left;
	struct user *user;
	size_t i;
	int n;

	load->start_ns = load->end_ns = samples_now_ns();
	for (i = 0; i < load->users_n && load->interval_ns == 0; i++)
		if (may_begin(load))
			begin(load, &load->users[i], samples_now_ns());
	while (load->busy > 0 || (load->interval_ns > 0 && may_begin(load))) {
		if (load->interval_ns > 0)
			begin_due(load);
		n = epoll_pwait2(load->poll, events, EVENTS,
		    time_left(load, &left), NULL);
		if (n <= 0 && samples_now_ns() - load->end_ns > STUCK_NS)
			break;
		while (n-- > 0) {
			user = events[n].data.ptr;
			state = client_receive(&user->client);
			if (state != CLIENT_BUSY && user->busy)
				take_answer(load, user, state);
		}
		if (load->busy == 0)
			end_wait(load);
	}
	load->errors += load->busy;
}

/* ---- report ---- */

static void
print(struct load *load)
{
	double s = (double)(load->end_ns - load->start_ns) / SECOND_NS;
	struct buf cookie = BUF(HEADERS_MAX);
	const char *comma = "";
	size_t i;

	printf("{\"done\":%zu,\"errors\":%zu,\"seconds\":%.6f,"
	       "\"per_s\":%.2f,\"statuses\":{",
	    load->done, load->errors, s, s > 0 ? (double)load->done / s : 0);
	for (i = 0; i < STATUS_MAX; i++) {
		if (load->statuses[i] == 0)
			continue;
		printf("%s\"%zu\":%zu", comma, i, load->statuses[i]);
		comma = ",";
	}
	printf("},\"steps\":[");
	for (i = 0; i < visit_steps(&load->plan); i++) {
		printf("%s", i > 0 ? "," : "");
		samples_print(&load->samples[i], stdout);
	}
	jar_write(&load->users[0].visit.jar, &cookie);
	printf("],\"cookie\":\"%s\"}\n", cookie.n > 0 ? cookie.p : "");
	buf_free(&cookie);
}

/* ---- start ---- */

static double
positive(const char *text)
{
	char *end;
	double number = strtod(text, &end);

	if (end == text || *end != '\0' || !(number > 0 && number < 1e9)) {
		fprintf(stderr, "load: %s is not a number\n", text);
		exit(2);
	}
	return number;
}

static void
read_options(struct load *load, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:n:r:f:H:lw")) != -1)
		switch (option) {
		case 'c': load->users_n = (size_t)positive(optarg); break;
		case 'd':
			load->duration_ns =
			    (int64_t)(positive(optarg) * SECOND_NS);
			break;
		case 'n': load->count = (size_t)positive(optarg); break;
		case 'r':
			load->interval_ns =
			    (int64_t)(SECOND_NS / positive(optarg));
			break;
		case 'f': load->plan.follows = (size_t)positive(optarg); break;
		case 'H':
			buf_puts(&load->plan.headers, optarg);
			buf_puts(&load->plan.headers, "\r\n");
			break;
		case 'l': load->plan.login = true; break;
		case 'w': load->together = true; break;
		default: exit(2);
		}
}

static bool
read_arguments(struct load *load, int argc, char **argv)
{
	int n = argc - optind - 1;

	if (n < 1 || n > VISIT_STEPS_MAX - 1 || (n > 1 && !load->plan.login))
		return false;
	load->port = (in_port_t)positive(argv[optind]);
	buf_printf(&load->plan.headers, "Host: 127.0.0.1:%u\r\n",
	    (unsigned)load->port);
	load->plan.paths = argv + optind + 1;
	load->plan.paths_n = (size_t)n;
	return buf_result(&load->plan.headers) == OK;
}

static bool
open_users(struct load *load)
{
	size_t i;

	load->poll = epoll_create1(EPOLL_CLOEXEC);
	load->users = calloc(load->users_n, sizeof(*load->users));
	if (load->poll < 0 || load->users == NULL)
		return false;
	for (i = 0; i < load->users_n; i++) {
		client_init(&load->users[i].client, load->port, load->poll,
		    &load->users[i]);
		load->users[i].visit.plan = &load->plan;
	}
	return true;
}

static void
free_load(struct load *load)
{
	size_t i;

	for (i = 0; i < load->users_n; i++) {
		client_free(&load->users[i].client);
		visit_free(&load->users[i].visit);
	}
	for (i = 0; i < VISIT_STEPS_MAX; i++)
		samples_free(&load->samples[i]);
	buf_free(&load->plan.headers);
	free(load->users);
	close(load->poll);
}

int
main(int argc, char **argv)
{
	static struct load load = { .users_n = 1,
		.duration_ns = 3600L * SECOND_NS };

	load.plan.headers = BUF(HEADERS_MAX);
	load.plan.follows = 50;
	read_options(&load, argc, argv);
	if (!read_arguments(&load, argc, argv) || !open_users(&load)) {
		fprintf(stderr, "load: see the head of load.c\n");
		return 2;
	}
	run(&load);
	print(&load);
	free_load(&load);
	return 0;
}
