/* SPDX-License-Identifier: ISC */
/* Hides that the names of files are the list. What is under such a name is
 * looked at by who loads it. */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "store/backend.h"
#include "store/filelist.h"

const char *const filelist_kept[] = { [STORE_COPY] = "copy-",
	[STORE_PARTIAL] = "part-",
	[STORE_CHANGE] = "change-",
	[STORE_COMMAND] = "command-",
	[STORE_ANSWERS] = "answers-" };
_Static_assert(STORE_ANSWERS + 1 == STORE_PLACE__MAX,
    "every place has its name");

static bool
read_name(struct str name, struct str kind,
    unsigned char id[static STORE_ID_BYTES])
{
	size_t before = kind.n, n;
	const char *end;

	return str_starts(name, kind) &&
	    name.n == before + 2 * STORE_ID_BYTES &&
	    sodium_hex2bin(id, STORE_ID_BYTES, name.p + before, name.n - before,
		NULL, &n, &end) == 0 &&
	    n == STORE_ID_BYTES;
}

enum result
filelist_each(const char *path, const char *kind,
    bool (*visit)(void *data, const unsigned char *id), void *data)
{
	unsigned char id[STORE_ID_BYTES];
	const struct dirent *entry;
	enum result result = OK;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return store_failed("open_dir");
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (read_name(str_of(entry->d_name), str_of(kind), id) &&
		    !visit(data, id))
			break;
		errno = 0;
	}
	if (entry == NULL && errno != 0)
		result = store_failed("read_dir");
	closedir(dir);
	return result;
}
