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

#define ACCOUNT_MAX 1024

/* ---- the commands; false: it could not be done ---- */

/* How the samples of a site are told from those of others: by the name of its
 * configuration file, wherever that lies. */
static struct str
label_of(const char *file)
{
	const char *slash = strrchr(file, '/');
	struct str name = str_of(slash == NULL ? file : slash + 1);

	if (str_ends(name, STR(".conf")))
		name.n -= STR(".conf").n;
	return name;
}

static bool
print_metrics(const struct admin *admin, const struct conf *conf,
    const char *account)
{
	const struct metrics_page page = { .out = stdout,
		.site = label_of(conf->file) };

	(void)account;
	if (metrics_print(&page, conf->session_dir) != OK)
		return false;
	gauges_print(&page, conf, admin->storage);
	return true;
}

static bool
print_quota(const struct admin *admin, const struct conf *conf,
    const char *account)
{
	struct store *store = NULL;
	bool works =
	    admin->storage->open(conf, &store) == OK && store_try(store) == OK;

	(void)account;
	if (works)
		gauges_print_quota(conf, store, stdout);
	store_close(store);
	return works;
}

static bool
print_sessions(const struct admin *admin, const struct conf *conf,
    const char *account)
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

	(void)account;
	_Static_assert(sizeof(texts) / sizeof(texts[0]) == AGES,
	    "every age has its words");
	if (gauges_ages(conf, admin->storage, &ages) != OK)
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

/* What has happened by then is said by the caller. */
static enum result
end_sessions(const struct admin *admin, struct context *context,
    const char *account)
{
	enum result result =
	    admin->storage->open(context->conf, &context->store);

	if (result == OK)
		result = admin->log_out(context, str_of(account));
	if (result != OK)
		fputs("Perhaps not all of its sessions are over; do it "
		      "again.\n",
		    stderr);
	return result;
}

static bool
log_out(const struct admin *admin, const struct conf *conf, const char *account)
{
	struct context context = { .conf = conf };
	enum result result = end_sessions(admin, &context, account);

	store_close(context.store);
	if (result == OK)
		printf("All sessions that %s has had until now are over. "
		       "Whether there were any\ncannot be told.\n",
		    account);
	return result == OK;
}

static bool
forget(const struct admin *admin, const struct conf *conf, const char *account)
{
	struct context context = { .conf = conf };
	bool done = end_sessions(admin, &context, account) == OK;

	if (done && admin->forget(&context, str_of(account)) != OK) {
		fputs("It is still known that it was here; do it again.\n",
		    stderr);
		done = false;
	}
	store_close(context.store);
	if (done)
		printf(
		    "All sessions that %s has had until now are over, and "
		    "its next login\ncounts as its first. What is left of it, "
		    "spotify-fcgi-admin(8) says.\n",
		    account);
	return done;
}

static const struct command {
	const char *name;
	bool takes_account;
	unsigned opens; /* CONF_ bits */
	bool (*run)(const struct admin *admin, const struct conf *conf,
	    const char *account);
} commands[] = {
	{ "sessions", false, CONF_STORE, print_sessions },
	{ "quota", false, CONF_STORE, print_quota },
	{ "metrics", false, CONF_STORE, print_metrics },
	{ "logout", true, CONF_STORE | CONF_SERVER_KEY, log_out },
	{ "forget", true, CONF_STORE | CONF_SERVER_KEY, forget },
};

/* ---- the command line ---- */

static int
usage(const char *name)
{
	fprintf(stderr,
	    "usage: %s [-f file] sessions | quota | metrics | check\n"
	    "       %s [-f file] logout | forget account\n"
	    "       %s -v\n"
	    "See spotify-fcgi-admin(8).\n",
	    name, name, name);
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
become_owner(const struct conf *conf)
{
	const char *complaint;

	cleanup_become_owner(conf->session_dir);
	complaint = directory_complaint(conf->session_dir);
	return complaint == NULL ||
	    conf_complain(conf, "session_dir", "%s", complaint) == 0;
}

static int
run(const struct command *command, const char *account, const char *file,
    const struct admin *admin)
{
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	struct conf conf;
	int status = 2;

	if (conf_load(file, command->opens | as_root, &conf) == 0 &&
	    become_owner(&conf)) {
		log_init(admin->name, (enum log_level)conf.log_level);
#ifndef COVERAGE /* as in app.c */
		sandbox(conf.session_dir);
#endif
		status = command->run(admin, &conf, account) ? 0 : 1;
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

/* As an application knows it: graphic characters, and not too many. */
static bool
is_account(const char *account)
{
	struct str text = str_of(account);

	return text.n > 0 && text.n <= ACCOUNT_MAX && str_graphic(text);
}

/* What follows the options: a command and what it takes. */
static int
run_command(int argc, char *const *argv, const struct options *options,
    const struct admin *admin)
{
	const struct app app = { .name = admin->name,
		.storage = admin->storage,
		.upstream = admin->upstream };
	const struct command *command = argc > 0 ? find(argv[0]) : NULL;

	if (argc == 1 && strcmp(argv[0], "check") == 0)
		return check_everything(options, &app);
	if (command == NULL || argc != 1 + command->takes_account ||
	    (command->takes_account && !is_account(argv[1])))
		return usage(admin->name);
	return run(command, argv[1], options->file, admin);
}

int
admin_run(int argc, char **argv, const struct admin *admin)
{
	struct options options = { .file = getenv("SPOTIFY_FCGI_CONF") };
	int option, status;

	harden();
	log_init(admin->name, LOG_LEVEL_INFO);
	if (options.file == NULL)
		options.file = CONF_FILE;
	while ((option = getopt(argc, argv, "f:v")) != -1)
		switch (option) {
		case 'f': options.file = optarg; break;
		case 'v':
			puts(PACKAGE_NAME " " PACKAGE_VERSION);
			return end_output(admin->name, 0);
		default: return usage(admin->name);
		}
	status = run_command(argc - optind, argv + optind, &options, admin);
	return end_output(admin->name, status);
}
