/* SPDX-License-Identifier: ISC */
/*
 * Hides what an operator meets first. A set-up that cannot work is refused
 * here, with everything that is wrong with it at once, and not by the first
 * visitor's login.
 */
#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/check.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "store/directory.h"

#define RELEASED_S 1767225600 /* 2026-01-01: no clock is behind that */

/* Complain about something that has no line in the configuration file. */
static unsigned
complain(const char *file, const char *key, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", file, key, why);
	return 1;
}

/*
 * Root checks for the user who will run the programs, and that is who has the
 * directory of the sessions. Secrets have been read by then, as the service
 * manager reads them for that user.
 */
static void
become_owner(const char *directory)
{
	struct stat st;

	if (geteuid() != 0 || stat(directory, &st) != 0 || st.st_uid == 0)
		return;
	if (setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 &&
	    setuid(st.st_uid) == 0)
		printf("# Checked for user %ld, who has %s\n", (long)st.st_uid,
		    directory);
}

static unsigned
check_surroundings(const char *file, const struct conf *conf,
    const struct upstream *upstream)
{
	const char *complaint = NULL;
	unsigned mistakes = 0;

	if (conf->session_dir != NULL) {
		become_owner(conf->session_dir);
		complaint = directory_complaint(conf->session_dir);
	}
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
check_everything(const char *file, const struct upstream *upstream)
{
	struct conf conf;
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	unsigned mistakes = conf_load(file, CONF_ALL | as_root, &conf);

	mistakes += check_surroundings(file, &conf, upstream);
	if (mistakes > 0) {
		fprintf(stderr, "%s: %u mistake%s; nothing was started\n", file,
		    mistakes, mistakes == 1 ? "" : "s");
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
