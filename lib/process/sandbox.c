/* SPDX-License-Identifier: ISC */
/*
 * Hides Landlock, which glibc does not know. If somebody gets to run code of
 * his own in a program, he finds neither a shell nor a place for one.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process/sandbox.h"
#include "base/log.h"

/* What the store does in its directory, and what nobody does. */
#define STORING \
	(LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	    LANDLOCK_ACCESS_FS_MAKE_DIR)
#define NEVER \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_MAKE_CHAR | \
	    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SOCK | \
	    LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SYM)

/* Since Linux 6.2; older headers do not know it. */
#define TRUNCATE (1ULL << 14)
#define TRUNCATE_SINCE 3

/* What the kernel can restrict of what the store does. */
static __u64
storing(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	return version < TRUNCATE_SINCE ? STORING : STORING | TRUNCATE;
}

static bool
add_directory(int rules, const char *dir)
{
	const struct landlock_path_beneath_attr beneath = {
		.allowed_access = storing(),
		.parent_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	bool added;

	if (beneath.parent_fd < 0)
		return false;
	added = syscall(SYS_landlock_add_rule, rules,
		    LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0;
	close(beneath.parent_fd);
	return added;
}

bool
sandbox_two(const char *dir, const char *other)
{
	const struct landlock_ruleset_attr attr = {
		.handled_access_fs = storing() | NEVER,
	};
	int rules;
	bool done;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	rules =
	    (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (rules >= 0 && other != NULL && !add_directory(rules, other))
		log_errno(LOG_LEVEL_WARN, "directory_missing", NULL);
	done = rules >= 0 && (dir == NULL || add_directory(rules, dir)) &&
	    syscall(SYS_landlock_restrict_self, rules, 0) == 0;
	if (!done)
		log_errno(LOG_LEVEL_INFO, "not_confined", NULL);
	if (rules >= 0)
		close(rules);
	return done;
}

bool
sandbox(const char *dir)
{
	return sandbox_two(dir, NULL);
}
