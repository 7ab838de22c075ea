/* SPDX-License-Identifier: ISC */
/* Hides that the last use of a record is the time of its file. */
#include "config.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/ages.h"
#include "store/backend.h"
#include "store/file.h"
#include "store/filelist.h"

#define HOUR_S 3600

static const struct {
	const char *word;
	int64_t most_s;
} rows[] = {
	[AGE_HOUR] = { "hour", HOUR_S },
	[AGE_DAY] = { "day", 24 * HOUR_S },
	[AGE_WEEK] = { "week", 7 * 24 * HOUR_S },
	[AGE_MONTH] = { "month", 30 * 24 * HOUR_S },
	[AGE_LONGER] = { "longer", INT64_MAX },
	[AGE_OVER] = { "over", INT64_MAX },
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == AGES,
    "every age has its word");

const char *
age_word(enum age age)
{
	return rows[age].word;
}

void
ages_add(struct ages *ages, int64_t used_s)
{
	int64_t ago_s = ages->now_s - used_s;
	enum age age = AGE_HOUR;

	while (age < AGE_LONGER && ago_s > rows[age].most_s)
		age++;
	if (ago_s >= ages->kept_s)
		age = AGE_OVER;
	ages->n[age]++;
}

struct listing {
	struct ages *ages;
	int dir;
};

static bool
look_at(void *data, const unsigned char *id)
{
	const struct listing *listing = data;
	char name[FILE_NAME_BYTES];
	struct stat st;

	file_name(name, FILELIST_RECORDS, id, STORE_ID_BYTES);
	if (fstatat(listing->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(st.st_mode))
		ages_add(listing->ages, file_time_s(&st));
	return true;
}

enum result
ages_of_files(struct ages *ages, const char *path)
{
	struct listing listing = { .ages = ages,
		.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
	enum result result;

	if (listing.dir < 0)
		return store_failed("open_dir");
	result = filelist_each(path, FILELIST_RECORDS, look_at, &listing);
	close(listing.dir);
	return result;
}
