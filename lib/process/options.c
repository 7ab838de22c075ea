/* SPDX-License-Identifier: ISC */
/* Hides how a program is told what to do: by its command line, or as CGI. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/listener.h"
#include "process/options.h"

#define THREADS_MAX 512

void
options_usage(const char *program)
{
	fprintf(stderr,
	    "usage: %s [-f file] [-s socket] [-w threads]\n"
	    "       %s -c [-f file]\n"
	    "       %s -m [-f file]\n"
	    "       %s -n [-o] [-f file]\n"
	    "       %s -p [-f file] [-s socket]\n"
	    "       %s -v\n"
	    "Without -s a listening socket is expected on standard input, as "
	    "systemd,\nspawn-fcgi and mod_fcgid hand it over. See "
	    "spotify-fcgi(8).\n",
	    program, program, program, program, program, program);
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
read_line(int argc, char **argv, struct options *options)
{
	int option;

	while ((option = getopt(argc, argv, "cf:mnops:vw:")) != -1)
		switch (option) {
		case 'c': options->only_cleanup = true; break;
		case 'f': options->file = optarg; break;
		case 'm': options->only_move = true; break;
		case 'n': options->only_check = true; break;
		case 'o': options->online = true; break;
		case 'p': options->only_probe = true; break;
		case 's': options->socket = optarg; break;
		case 'v': options->version = true; break;
		case 'w':
			if (!set_threads(optarg, &options->threads))
				return false;
			break;
		default: return false;
		}
	return optind == argc && (options->only_check || !options->online) &&
	    options->only_check + options->only_cleanup + options->only_move +
		options->only_probe <=
	    1;
}

struct str
options_site(const char *file)
{
	static const char usual[] = CONF_FILE;
	struct str site = str_of(file), end = STR(".conf");
	const char *slash = strrchr(usual, '/');
	struct str dir = { usual, (size_t)(slash - usual) + 1 };

	if (!str_starts(site, dir) || !str_ends(site, end))
		return STR("main");
	site.p += dir.n;
	site.n -= dir.n + end.n;
	return site;
}

bool
options_read(int argc, char **argv, const char *program,
    struct options *options)
{
	const char *file = getenv("SPOTIFY_FCGI_CONF");

	*options = (struct options){ .file = file != NULL ? file : CONF_FILE };
	options->cgi =
	    getenv("GATEWAY_INTERFACE") != NULL && listener_open(NULL) < 0;
	if (options->cgi || read_line(argc, argv, options))
		return true;
	options_usage(program);
	return false;
}
