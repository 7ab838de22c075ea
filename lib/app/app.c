/* SPDX-License-Identifier: ISC */
/*
 * Hides the life of a process: what it opens and in which order, what it gives
 * up before it reads a byte from outside, and how it ends.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/check.h"
#include "app/cleanup.h"
#include "app/dispatch.h"
#include "app/health.h"
#include "app/metrics.h"
#include "app/move.h"
#include "base/log.h"
#include "base/meter.h"
#include "base/secret.h"
#include "process/descriptors.h"
#include "process/harden.h"
#include "process/listener.h"
#include "process/notify.h"
#include "process/options.h"
#include "process/sandbox.h"
#include "process/server.h"
#include "relay/allow.h"
#include "store/directory.h"

/* How long a program says that it is misconfigured before it ends: it is not
 * started more often, and "systemctl restart" fails after so long. */
#define MISCONFIGURED_S 5
#define MISCONFIGURED_THREADS 2

static void *
begin_thread(const void *data)
{
	const struct process *process = data;
	const struct upstream *upstream = process->app->upstream;
	struct thread *thread = calloc(1, sizeof(*thread));

	if (thread == NULL)
		return NULL;
	thread->process = process;
	if (upstream == NULL || process->misconfigured)
		return thread;
	if ((thread->http = upstream->open(&process->conf)) == NULL) {
		free(thread);
		return NULL;
	}
	return thread;
}

static void
end_thread(void *own)
{
	struct thread *thread = own;

	if (thread->http != NULL)
		thread->process->app->upstream->close(thread->http);
	free(thread);
}

/* The command line's word counts most, then the configuration's. */
static int
count_threads(const struct process *process, const struct options *options)
{
	if (options->threads > 0)
		return options->threads;
	if (process->conf.workers > 0)
		return (int)process->conf.workers;
	return process->app->threads;
}

/* Open what the program works with; the configuration is good. */
static bool
open_process(struct process *process, const struct options *options)
{
	const struct app *app = process->app;

	log_init(app->name, (enum log_level)process->conf.log_level);
	process->threads = count_threads(process, options);
	secret_random(process->who_key, sizeof(process->who_key));
	/* A handler with a store that is not there would crash. */
	assert((app->opens & CONF_STORE) == 0 || app->storage != NULL);
	if (app->storage != NULL &&
	    app->storage->open(&process->conf, &process->store) != OK)
		return false;
	if (process->store != NULL) {
		process->answers = metrics_answers(app->name);
		metrics_open(process->conf.session_dir);
	}
	if (!options->cgi && !descriptors_raise(process->threads))
		return false;
	if (app->upstream != NULL && app->upstream->start() != OK)
		return false;
	metrics_note_start(app->name, true);
	return true;
}

#ifndef COVERAGE /* gcov writes its counts when a program ends */
/* Who tells events writes in their directory, too. */
static void
confine(const struct process *process)
{
	const struct conf *conf = &process->conf;

	if (process->store == NULL)
		sandbox(NULL);
	else
		sandbox_two(conf->session_dir,
		    process->app->opens & CONF_EVENTS ? conf->events_dir :
							NULL);
}
#endif

/* From here on a signal would leave a socket behind, or end a refresh halfway
 * if a web server sends it to a CGI program. */
static int
run(struct process *process, const struct options *options)
{
	const struct app *app = process->app;
	struct server_work work = {
		.threads = process->threads,
		.for_s = process->misconfigured ? MISCONFIGURED_S : 0,
		.probe = &health_of_threads,
		.begin = begin_thread,
		.end = end_thread,
		.serve = dispatch,
		.data = process,
	};
	int listener = -1;
	bool good;

	server_hold_signals();
	if (!options->cgi && (listener = listener_open(options->socket)) < 0) {
		if (options->socket == NULL && !process->misconfigured)
			options_usage(app->name);
		return 2;
	}
#ifndef COVERAGE
	confine(process);
#endif
	if (options->cgi)
		good = server_run_cgi(&work);
	else
		good = server_run(listener, options->socket, &work);
	if (process->misconfigured)
		return 2;
	return good ? 0 : 1;
}

/* Tell the other programs of the site, which may not look at what is wrong, as
 * far as the configuration says where. */
static void
note_misconfigured(struct process *process)
{
	const char *dir = process->conf.session_dir;

	if (process->app->storage == NULL || dir == NULL ||
	    directory_complaint(dir) != NULL)
		return;
	metrics_open(dir);
	metrics_note_start(process->app->name, false);
	process->answers = metrics_answers(process->app->name);
}

/*
 * What is wrong has been said, and whoever starts a program by hand, with -s,
 * has read it. Behind a web server there are visitors: they are told at once,
 * and for a while, instead of waiting for a program that is started anew for
 * each of them.
 */
static int
run_misconfigured(struct process *process, const struct options *options)
{
	if (options->socket != NULL)
		return 2;
	/* Perhaps it was the last that could not be opened. */
	store_close(process->store);
	process->store = NULL;
	conf_free(&process->conf);
	/* For the link on the page that says it; the site may be elsewhere. */
	if ((process->conf.after_login = strdup("/")) == NULL)
		return 2;
	process->misconfigured = true;
	process->threads = MISCONFIGURED_THREADS;
	notify("STATUS=misconfigured: the journal says why");
	return run(process, options);
}

int
app_run(int argc, char **argv, const struct app *app)
{
	struct process process = { .app = app, .answers = METER__MAX };
	struct options options;
	int status;
	bool good;

	harden();
	log_init(app->name, LOG_LEVEL_INFO);
	if (!options_read(argc, argv, app->name, &options))
		return 2;
	if (options.version) {
		puts(PACKAGE_NAME " " PACKAGE_VERSION);
		return 0;
	}
	if (options.only_check)
		return check_everything(&options, app);
	if (options.only_probe)
		return health_ask(&options, app->name);
	if (options.only_cleanup)
		return cleanup(&options);
	if (options.only_move)
		return move_sessions(&options, app);
	good = conf_load(options.file, app->opens, &process.conf) == 0 &&
	    allow_check(&process.conf) == 0;
	if (good && open_process(&process, &options)) {
		status = run(&process, &options);
	} else {
		note_misconfigured(&process);
		status = run_misconfigured(&process, &options);
	}
	store_close(process.store);
	conf_free(&process.conf);
	return status;
}
