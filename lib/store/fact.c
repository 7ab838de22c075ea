/* SPDX-License-Identifier: ISC */
/* Hides that a fact is a file of digits. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/backend.h"
#include "store/fact.h"
#include "store/file.h"
#include "store/fileparts.h"

#define KNOWN "known-"

/* *number is 0 where no number is. Returns false, with errno, if what is there
 * cannot be read. */
static bool
read_number(int dir, const char *name, int64_t *number)
{
	char text[24];
	uint64_t found;
	ssize_t n;
	int fd, error;

	*number = 0;
	if ((fd = openat(dir, name, FILE_OPEN_FLAGS)) < 0)
		return errno == ENOENT;
	while ((n = read(fd, text, sizeof(text))) < 0 && errno == EINTR)
		continue;
	error = errno;
	close(fd);
	errno = error;
	if (n > 0 &&
	    str_number((struct str){ text, (size_t)n }, INT64_MAX, &found))
		*number = (int64_t)found;
	return n >= 0;
}

int64_t
fact_read(int dir, const char *name)
{
	int64_t number;

	return read_number(dir, name, &number) ? number : 0;
}

void
fact_write(int dir, const char *name, int64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)number);

	/* A failure has been logged. */
	(void)!file_overwrite(dir, name, (struct str){ text, (size_t)n });
}

/* ---- what is known ---- */

void
fact_know(struct store *store, const unsigned char *id, int64_t number)
{
	char name[FILE_NAME_BYTES];

	file_name(name, KNOWN, id, STORE_ID_BYTES);
	fact_write(files_dir(store), name, number);
}

enum result
fact_known(struct store *store, const unsigned char *id, int64_t *number)
{
	char name[FILE_NAME_BYTES];

	file_name(name, KNOWN, id, STORE_ID_BYTES);
	return read_number(files_dir(store), name, number) ?
	    OK :
	    store_failed("read");
}

/* One that is gone already may be gone only until a crash. */
enum result
fact_forget(struct store *store, const unsigned char *id)
{
	int dir = files_dir(store);
	char name[FILE_NAME_BYTES];

	file_name(name, KNOWN, id, STORE_ID_BYTES);
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return store_failed("unlink");
	return file_sync_directory(dir);
}
