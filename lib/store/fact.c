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

int64_t
fact_read(int dir, const char *name)
{
	char text[24];
	uint64_t number;
	ssize_t n;
	int fd;

	if ((fd = openat(dir, name, FILE_OPEN_FLAGS)) < 0)
		return 0;
	while ((n = read(fd, text, sizeof(text))) < 0 && errno == EINTR)
		continue;
	close(fd);
	if (n <= 0 ||
	    !str_number((struct str){ text, (size_t)n }, INT64_MAX, &number))
		return 0;
	return (int64_t)number;
}

void
fact_write(int dir, const char *name, int64_t number)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%lld", (long long)number);

	/* A failure has been logged. */
	(void)!file_overwrite(dir, name, (struct str){ text, (size_t)n });
}

/* One that is gone already may be gone only until a crash. */
enum result
fact_forget(struct store *store, const unsigned char *id)
{
	int dir = files_dir(store);
	char name[FILE_NAME_BYTES];

	file_name(name, STORE_KNOWN, id, STORE_ID_BYTES);
	if (unlinkat(dir, name, 0) != 0 && errno != ENOENT)
		return store_failed("unlink");
	return file_sync_directory(dir);
}
