/* SPDX-License-Identifier: ISC */
/*
 * Hides what an operator meets first. A set-up that cannot work is refused
 * here, with everything that is wrong with it at once, and not by the first
 * visitor's login.
 */
#include "config.h"

#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/check.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "process/listener.h"
#include "store/directory.h"
#include "base/str.h"

#define THREADS_MAX 512
#define RELEASED_S 1767225600 /* 2026-01-01: no clock is behind that */

void
check_usage(const char *program)
{
	fprintf(stderr,
	    "usage: %s [-f file] [-s socket] [-w threads]\n"
	    "       %s -n [-f file]\n"
	    "       %s -v\n"
	    "Without -s a listening socket is expected on standard input, as "
	    "systemd,\nspawn-fcgi and mod_fcgid hand it over. See "
	    "spotify-fcgi(8).\n",
	    program, program, program);
}

void
check_harden(void)
{
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	/* Configuration is read once: there is nothing to load again. */
	signal(SIGHUP, SIG_IGN);
	/* A file over its limit is an error to handle, not a death. */
	signal(SIGXFSZ, SIG_IGN);
#ifndef SANITIZERS
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0);
#endif
#ifdef M_PERTURB
	/*
	 * The libraries free their buffers with a visitor's cookie in them: let
	 * malloc() overwrite what is freed (and clear what it hands out). Not
	 * blocks below a kilobyte, which it keeps by for the thread: those
	 * we wipe ourselves.
	 */
	mallopt(M_PERTURB, 0xff);
#endif
	if (sodium_init() < 0)
		abort();
}

static bool
set_threads(const char *text, int *threads)
{
	uint64_t n;

	if (!str_number(str_of(text), THREADS_MAX, &n) || n == 0) {
		fprintf(stderr, "-w: write a number from 1 to %d\n",
		    THREADS_MAX);
		return false;
	}
	*threads = (int)n;
	return true;
}

static bool
read_options(int argc, char **argv, struct check_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "f:ns:vw:")) != -1)
		switch (option) {
		case 'f': options->file = optarg; break;
		case 'n': options->only_check = true; break;
		case 's': options->socket = optarg; break;
		case 'v': options->version = true; break;
		case 'w':
			if (!set_threads(optarg, &options->threads))
				return false;
			break;
		default: return false;
		}
	return optind == argc;
}

bool
check_arguments(int argc, char **argv, const char *program,
    struct check_options *options)
{
	const char *file = getenv("SPOTIFY_FCGI_CONF");

	*options =
	    (struct check_options){ .file = file != NULL ? file : CONF_FILE };
	options->cgi =
	    getenv("GATEWAY_INTERFACE") != NULL && listener_open(NULL) < 0;
	if (options->cgi || read_options(argc, argv, options))
		return true;
	check_usage(program);
	return false;
}

/* Complain about something that has no line in the configuration file. */
static unsigned
complain(const char *file, const char *key, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", file, key, why);
	return 1;
}

static unsigned
check_surroundings(const char *file, const struct conf *conf,
    const struct upstream *upstream)
{
	const char *complaint = NULL;
	unsigned mistakes = 0;

	if (conf->session_dir != NULL)
		complaint = directory_complaint(conf->session_dir);
	if (complaint != NULL)
		mistakes += complain(file, "session_dir", complaint);
	if (upstream != NULL &&
	    (upstream->start() != OK || !upstream->trusts(conf->ca_file)))
		mistakes += complain(file, "ca_file",
		    "no CA certificates "
		    "there; apt-get install ca-certificates, or name another "
		    "file");
	if (clock_now_s() < RELEASED_S)
		mistakes += complain(file, "clock",
		    "this machine's clock is "
		    "wrong; set it");
	return mistakes;
}

int
check_everything(const struct check_options *options,
    const struct upstream *upstream)
{
	struct conf conf;
	unsigned mistakes = conf_load(options->file, CONF_ALL, &conf);

	mistakes += check_surroundings(options->file, &conf, upstream);
	if (mistakes > 0) {
		fprintf(stderr, "%s: %u mistake%s; nothing was started\n",
		    options->file, mistakes, mistakes == 1 ? "" : "s");
	} else {
		conf_print(&conf, stdout);
		printf(
		    "# Redirect URI to register at Spotify, exactly:\n"
		    "#\t%s\n# Clean-up, to be run once a day:\n"
		    "#\tfind %s -maxdepth 1 -type f \\( -name 'session-*' -o "
		    "-name 'copy-*' -o -name 'temp-*' \\) -mmin +%lld "
		    "-delete\n",
		    conf.redirect_uri, conf.session_dir,
		    (long long)(conf.idle_limit_s + 86400) / 60);
		if (upstream == NULL)
			printf("# CA certificates: callback -n looks at "
			       "them, too.\n");
	}
	conf_free(&conf);
	return mistakes > 0 ? 2 : 0;
}
