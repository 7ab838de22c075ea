/* SPDX-License-Identifier: ISC */
/*
 * Hides who may look: whoever has the directory of the sessions, or root, who
 * becomes him. Nothing here knows a visitor, a token or a key.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/admin.h"
#include "app/check.h"
#include "app/cleanup.h"
#include "app/gauges.h"
#include "app/metrics.h"
#include "base/log.h"
#include "process/harden.h"
#include "process/sandbox.h"
#include "store/directory.h"

/* ---- the commands; false: it could not be done ---- */

static bool
print_metrics(const struct app *app, const struct conf *conf)
{
	if (metrics_print(conf->session_dir, stdout) != OK)
		return false;
	gauges_print(conf, app->storage, stdout);
	return true;
}

static bool
print_quota(const struct app *app, const struct conf *conf)
{
	struct store *store = NULL;
	bool works =
	    app->storage->open(conf, &store) == OK && store_try(store) == OK;

	if (works)
		gauges_print_quota(conf, store, stdout);
	store_close(store);
	return works;
}

static bool
print_sessions(const struct app *app, const struct conf *conf)
{
	static const char *const texts[] = {
		[AGE_HOUR] = "in the last hour",
		[AGE_DAY] = "in the last day",
		[AGE_WEEK] = "in the last week",
		[AGE_MONTH] = "in the last 30 days",
		[AGE_LONGER] = "before that",
		[AGE_OVER] = "so long ago that they are over",
	};
	unsigned long long all = 0;
	struct ages ages;
	size_t i;

	_Static_assert(sizeof(texts) / sizeof(texts[0]) == AGES,
	    "every age has its words");
	if (gauges_ages(conf, app->storage, &ages) != OK)
		return false;
	for (i = 0; i < AGES; i++) {
		printf("%8llu last used %s\n", ages.n[i], texts[i]);
		all += ages.n[i];
	}
	printf("%8llu in all\n"
	       "Whose they are cannot be told: each can be opened with its "
	       "visitor's\ncookie only.\n",
	    all);
	return true;
}

static const struct command {
	const char *name;
	bool (*run)(const struct app *app, const struct conf *conf);
} commands[] = {
	{ "sessions", print_sessions },
	{ "quota", print_quota },
	{ "metrics", print_metrics },
};

/* ---- the command line ---- */

static int
usage(const char *name)
{
	fprintf(stderr,
	    "usage: %s [-f file] sessions | quota | metrics | check\n"
	    "       %s -v\n"
	    "See spotify-fcgi-admin(8).\n",
	    name, name);
	return 2;
}

static const struct command *
find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Become who has the directory, and nobody else who would leave files there
 * that the programs cannot use. */
static bool
become_owner(const char *file, const char *directory)
{
	const char *complaint;

	cleanup_become_owner(directory);
	complaint = directory_complaint(directory);
	if (complaint != NULL)
		fprintf(stderr, "%s: session_dir: %s\n", file, complaint);
	return complaint == NULL;
}

static int
run(const struct command *command, const char *file, const struct app *app)
{
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	struct conf conf;
	int status = 2;

	if (conf_load(file, CONF_STORE | as_root, &conf) == 0 &&
	    become_owner(file, conf.session_dir)) {
		log_init(app->name, (enum log_level)conf.log_level);
#ifndef COVERAGE /* as in app.c */
		sandbox(conf.session_dir);
#endif
		status = command->run(app, &conf) ? 0 : 1;
	}
	conf_free(&conf);
	return status;
}

/* A full disk must not look like a number that is missing. */
static int
end_output(const char *name, int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: cannot be written\n", name);
	return status == 0 ? 1 : status;
}

int
admin_run(int argc, char **argv, const struct app *app)
{
	struct options options = { .file = getenv("SPOTIFY_FCGI_CONF") };
	const struct command *command;
	int option, status;

	harden();
	log_init(app->name, LOG_LEVEL_INFO);
	if (options.file == NULL)
		options.file = CONF_FILE;
	while ((option = getopt(argc, argv, "f:v")) != -1)
		switch (option) {
		case 'f': options.file = optarg; break;
		case 'v':
			puts(PACKAGE_NAME " " PACKAGE_VERSION);
			return end_output(app->name, 0);
		default: return usage(app->name);
		}
	if (optind + 1 != argc)
		return usage(app->name);
	command = find(argv[optind]);
	if (command == NULL && strcmp(argv[optind], "check") != 0)
		return usage(app->name);
	status = command == NULL ? check_everything(&options, app) :
				   run(command, options.file, app);
	return end_output(app->name, status);
}
