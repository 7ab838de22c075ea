/* SPDX-License-Identifier: ISC */
/*
 * Hides what "over" means for a file of which nothing can be read. A session
 * is used when it begins, too, so whatever was not used for longer than its
 * limits is over for every program.
 */
#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/cleanup.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "process/sandbox.h"
#include "store/removal.h"

bool
cleanup_become_owner(const char *directory)
{
	struct stat st;

	return geteuid() == 0 && stat(directory, &st) == 0 && st.st_uid != 0 &&
	    setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 &&
	    setuid(st.st_uid) == 0;
}

/* Print and remove what is over in one directory; the exit status. */
static int
print_removed(const char *path, const struct removal *removal,
    enum result result)
{
	printf("%s: %llu files removed, %llu left\n", path, removal->removed,
	    removal->left);
	return result == OK ? 0 : 1;
}

int
cleanup(const struct options *options)
{
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	struct removal removal;
	enum result result;
	struct conf conf;
	int64_t age_s;
	int status = 2;

	if (conf_load(options->file, CONF_STORE | as_root, &conf) == 0) {
		cleanup_become_owner(conf.session_dir);
#ifndef COVERAGE /* as in app.c */
		sandbox(conf.session_dir);
#endif
		age_s = conf.idle_limit_s < conf.absolute_limit_s ?
		    conf.idle_limit_s :
		    conf.absolute_limit_s;
		result = removal_run(conf.session_dir, clock_now_s(),
		    age_s + CLEANUP_MARGIN_S,
		    conf.absolute_limit_s + CLEANUP_MARGIN_S, &removal);
		status = print_removed(conf.session_dir, &removal, result);
	}
	if (status != 2 && conf.events_dir != NULL) {
		result =
		    removal_outbox(conf.events_dir, clock_now_s(), &removal);
		status |= print_removed(conf.events_dir, &removal, result);
	}
	conf_free(&conf);
	return status;
}
