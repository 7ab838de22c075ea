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
#include "session/session.h"
#include "store/files.h"

#define TOKEN_BYTES 200
#define DAY 86400
#define FILE_BYTES 1024
#define READS 20 /* for each write */

/* A store with one session. */
struct site {
	struct conf conf;
	struct store *store;
	int dir; /* of the store */
	struct context context;
	struct session session;
	char name[80];
	struct buf content; /* of the session's file */
};

enum what { REPLACE, RAW_REPLACE, LOAD, RAW_LOAD, SESSION, WHATS };

static void
give_up(const char *what)
{
	perror(what);
	exit(1);
}

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
load_content(struct site *site)
{
	site->content.n = 0;
	if (store_load(site->store, site->session.id, &site->content,
		&site->session.seen) != OK)
		give_up("store_load");
}

static void
open_site(struct site *site, const char *path)
{
	static const unsigned char master[SEAL_KEY_BYTES] = "any";
	char token[TOKEN_BYTES];
	struct oauth_tokens tokens = { .expires_in_s = 3600 };
	struct account account = { strdup("listener"), NULL,
		strdup("A Listener"), NULL, strdup("listener@example.com") };
	struct reply reply;

	*site = (struct site){ .content = BUF(SESSION_FILE_MAX),
		.conf = { .session_cookie = "sid",
		    .cookie_tail = "",
		    .idle_limit_s = 7 * DAY,
		    .absolute_limit_s = 30 * DAY } };
	site->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site->dir < 0 || files_open(path, &site->store) != OK)
		give_up(path);
	site->context =
	    (struct context){ .conf = &site->conf, .store = site->store };
	reply_init(&reply);
	memset(token, 'x', sizeof(token));
	secret_random(site->session.secret, sizeof(site->session.secret));
	site->session.account = account;
	if (seal_ring_add(&site->conf.ring, master) != OK ||
	    secret_set(&tokens.access, token, sizeof(token)) != OK ||
	    secret_set(&tokens.refresh, token, sizeof(token)) != OK ||
	    session_create(&site->context, STR(""), &tokens, &reply,
		&site->session) != OK)
		give_up(path);
	write_name(site->name, site->session.id);
	load_content(site);
	oauth_tokens_free(&tokens);
	reply_free(&reply);
}

static void
close_site(struct site *site)
{
	session_free(&site->session);
	buf_free(&site->content);
	store_close(site->store);
	close(site->dir);
}

/* ---- what is measured ---- */

static void
replace(struct site *site)
{
	const struct store_wish wish = { .id = site->session.id,
		.n = site->content.n };
	struct store_reservation *reservation;

	if (store_reserve(site->store, &wish, &reservation) != OK ||
	    store_replace(reservation, &site->session.seen.version,
		buf_str(&site->content), INT64_MAX) != OK)
		give_up("store_replace");
	store_release(reservation);
}

static void
raw_replace(struct site *site)
{
	int dir = site->dir,
	    fd = openat(dir, "raw", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		0600);

	if (fd < 0 ||
	    write(fd, site->content.p, site->content.n) !=
		(ssize_t)site->content.n ||
	    fsync(fd) != 0 || close(fd) != 0 ||
	    renameat(dir, "raw", dir, site->name) != 0 || fsync(dir) != 0)
		give_up("raw replace");
}

static void
raw_load(struct site *site)
{
	char content[SESSION_FILE_MAX];
	int fd = openat(site->dir, site->name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, content, sizeof(content)) <= 0 || close(fd) != 0)
		give_up("raw load");
}

static void
load_session(struct site *site)
{
	struct session session = { 0 };

	memcpy(session.secret, site->session.secret, sizeof(session.secret));
	memcpy(session.id, site->session.id, sizeof(session.id));
	if (session_load(&site->context, &session) != OK)
		give_up("session_load");
	session_free(&session);
}

static const struct {
	const char *name;
	void (*run)(struct site *site);
} steps[WHATS] = { [REPLACE] = { "replace", replace },
	[RAW_REPLACE] = { "raw_replace", raw_replace },
	[LOAD] = { "load", load_content },
	[RAW_LOAD] = { "raw_load", raw_load },
	[SESSION] = { "session", load_session } };

/* Some steps in turns. Reading has turns of its own: after an fsync the
 * processor's caches are cold. */
static void
take_turns(struct site *site, size_t from, size_t to, unsigned long count,
    struct samples *samples)
{
	int64_t begin_ns;
	size_t i;

	for (; count > 0; count--)
		for (i = from; i < to; i++) {
			begin_ns = samples_now_ns();
			steps[i].run(site);
			samples_add(&samples[i], samples_now_ns() - begin_ns);
		}
}

static void
measure(struct site *site, unsigned long count)
{
	struct samples samples[WHATS] = { { .n = 0 } };
	size_t i;

	take_turns(site, REPLACE, LOAD, count, samples);
	take_turns(site, LOAD, WHATS, READS * count, samples);
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
			give_up("fill");
	}
}

int
main(int argc, char **argv)
{
	struct site site;
	unsigned long count;
	int dir;

	count = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	if (count > 0 && strcmp(argv[1], "measure") == 0) {
		open_site(&site, argv[2]);
		measure(&site, count);
		close_site(&site);
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
