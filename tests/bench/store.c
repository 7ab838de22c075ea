/* SPDX-License-Identifier: ISC */
/*
 * The store against the system calls below it, taken in turns.
 *
 *	store measure DIR COUNT
 *
 * makes a session in DIR, which must be as the store wants it, and prints a
 * JSON object of times: "replace" and "raw_replace" (create, write, fsync,
 * rename, fsync of the directory), "load", "raw_load" (open, read, close) and
 * "session", which unseals and parses as well.
 *
 *	store fill DIR COUNT
 *
 * adds COUNT files that look like sessions.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "samples.h"
#include "site.h"
#include "store/files.h"

#define FILE_BYTES 1024
#define READS 20 /* for each write */

/* With its directory. */
struct files_site {
	struct site site;
	int dir;
	char name[80];
};

enum what { REPLACE, RAW_REPLACE, LOAD, RAW_LOAD, SESSION, WHATS };

/* ---- the session ---- */

static void
write_name(char name[static 80], const unsigned char id[static STORE_ID_BYTES])
{
	size_t i;

	snprintf(name, 80, "session-");
	for (i = 0; i < STORE_ID_BYTES; i++)
		snprintf(name + 8 + 2 * i, 3, "%02x", id[i]);
}

static void
open_files(struct files_site *own, const char *path)
{
	struct store *store;

	own->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (own->dir < 0 || files_open(path, &store) != OK)
		site_give_up(path);
	site_open(&own->site, store);
	write_name(own->name, own->site.session.id);
}

static void
close_files(struct files_site *own)
{
	site_close(&own->site);
	close(own->dir);
}

/* ---- what is measured ---- */

static void
replace(struct files_site *own)
{
	struct site *site = &own->site;
	const struct store_wish wish = { .id = site->session.id,
		.n = site->content.n };
	struct store_reservation *reservation;

	if (store_reserve(site->store, &wish, &reservation) != OK ||
	    store_replace(reservation, &site->session.seen.version,
		buf_str(&site->content), INT64_MAX) != OK)
		site_give_up("store_replace");
	store_release(reservation);
}

static void
raw_replace(struct files_site *own)
{
	int dir = own->dir,
	    fd = openat(dir, "raw", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		0600);

	if (fd < 0 ||
	    write(fd, own->site.content.p, own->site.content.n) !=
		(ssize_t)own->site.content.n ||
	    fsync(fd) != 0 || close(fd) != 0 ||
	    renameat(dir, "raw", dir, own->name) != 0 || fsync(dir) != 0)
		site_give_up("raw replace");
}

static void
raw_load(struct files_site *own)
{
	char content[SESSION_FILE_MAX];
	int fd = openat(own->dir, own->name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, content, sizeof(content)) <= 0 || close(fd) != 0)
		site_give_up("raw load");
}

static void
load(struct files_site *own)
{
	site_load(&own->site);
}

static void
load_session(struct files_site *own)
{
	site_load_session(&own->site);
}

static const struct {
	const char *name;
	void (*run)(struct files_site *own);
} steps[WHATS] = { [REPLACE] = { "replace", replace },
	[RAW_REPLACE] = { "raw_replace", raw_replace },
	[LOAD] = { "load", load },
	[RAW_LOAD] = { "raw_load", raw_load },
	[SESSION] = { "session", load_session } };

/* Some steps in turns. Reading has turns of its own: after an fsync the
 * processor's caches are cold. */
static void
take_turns(struct files_site *own, size_t from, size_t to, unsigned long count,
    struct samples *samples)
{
	int64_t begin_ns;
	size_t i;

	for (; count > 0; count--)
		for (i = from; i < to; i++) {
			begin_ns = samples_now_ns();
			steps[i].run(own);
			samples_add(&samples[i], samples_now_ns() - begin_ns);
		}
}

static void
measure(struct files_site *own, unsigned long count)
{
	struct samples samples[WHATS] = { { .n = 0 } };
	size_t i;

	take_turns(own, REPLACE, LOAD, count, samples);
	take_turns(own, LOAD, WHATS, READS * count, samples);
	for (i = 0; i < WHATS; i++) {
		printf("%s\"%s\":", i == 0 ? "{" : ",", steps[i].name);
		samples_print(&samples[i], stdout);
		samples_free(&samples[i]);
	}
	puts("}");
}

static void
fill(int dir, unsigned long count)
{
	unsigned char id[STORE_ID_BYTES];
	char name[80], content[FILE_BYTES] = "";
	int fd;

	for (; count > 0; count--) {
		secret_random(id, sizeof(id));
		write_name(name, id);
		fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0600);
		if (fd < 0 ||
		    write(fd, content, sizeof(content)) !=
			(ssize_t)sizeof(content) ||
		    close(fd) != 0)
			site_give_up("fill");
	}
}

int
main(int argc, char **argv)
{
	struct files_site own;
	unsigned long count;
	int dir;

	count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	if (count > 0 && strcmp(argv[1], "measure") == 0) {
		open_files(&own, argv[2]);
		measure(&own, count);
		close_files(&own);
	} else if (count > 0 && strcmp(argv[1], "fill") == 0 &&
	    (dir = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0) {
		fill(dir, count);
		close(dir);
	} else {
		fprintf(stderr, "usage: store measure|fill dir count\n");
		return 2;
	}
	return 0;
}
