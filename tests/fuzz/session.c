/* SPDX-License-Identifier: ISC */
/* A session's file: its bytes, and with the cipher out of the way the record
 * that is sealed in it. */
#include "config.h"

#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "session/session.h"

#define COOKIE "__Host-sid=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"

/* A store that holds one file. */
struct site {
	struct conf conf;
	struct store store;
	struct context context;
	struct fuzz_room room;
	struct session session;
	char file[80];
};

static void
write_file(const struct site *site, struct str content)
{
	const struct timespec times[2] = { { .tv_sec = FUZZ_NOW_S },
		{ .tv_sec = FUZZ_NOW_S - 100 } };
	int fd = openat(site->room.dir, site->file,
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0);
	MUST(write(fd, content.p, content.n) == (ssize_t)content.n);
	MUST(futimens(fd, times) == 0);
	close(fd);
}

static void
begin(struct site *site)
{
	static const char prefix[] = "session-";

	*site = (struct site){ .conf = fuzz_conf() };
	site->context =
	    (struct context){ .conf = &site->conf, .store = &site->store };
	MUST(session_find(&site->conf, STR(COOKIE), &site->session) == OK);
	memcpy(site->file, prefix, sizeof(prefix));
	sodium_bin2hex(site->file + sizeof(prefix) - 1,
	    sizeof(site->file) - sizeof(prefix) + 1, site->session.id,
	    sizeof(site->session.id));
	fuzz_enter(&site->room);
	site->store.dir = site->room.dir;
}

static void
end(struct site *site)
{
	session_free(&site->session);
	fuzz_leave(&site->room, site->file);
	seal_ring_wipe(&site->conf.ring);
}

void
fuzz_session(struct str input)
{
	struct site site;
	enum result result;

	begin(&site);
	write_file(&site, input);
	result = session_load(&site.context, &site.session);
	MUST(result == OK || result == RESULT_NOT_LOGGED_IN);
	/* Only what the key has sealed: the seeds have one token. */
	if (result == OK)
		MUST(
		    str_equal(secret_str(&site.session.access), STR("access")));
	end(&site);
}

/* A session that was read can be written, and is the same then. */
static void
check_again(struct site *site)
{
	struct session again = { .used_s = 0 };
	struct store_file file;
	enum result result;

	memcpy(again.secret, site->session.secret, sizeof(again.secret));
	memcpy(again.id, site->session.id, sizeof(again.id));
	MUST(store_prepare(&site->store, SESSION_FILE_MAX, &file) == OK);
	result = session_save(&site->context, &site->session, &file);
	MUST(result == OK || result == RESULT_STORE);
	if (result == OK) {
		MUST(session_load(&site->context, &again) == OK);
		MUST(str_equal(secret_str(&again.access),
		    secret_str(&site->session.access)));
		MUST(str_equal(secret_str(&again.refresh),
		    secret_str(&site->session.refresh)));
		MUST(str_equal(str_of(again.account.display_name),
		    str_of(site->session.account.display_name)));
		MUST(again.created_s == site->session.created_s);
	}
	session_free(&again);
}

void
fuzz_session_plain(struct str input)
{
	struct buf sealed = BUF(4u << 20);
	struct site site;
	enum result result;
	int64_t left_s;

	begin(&site);
	MUST(session_seal(&site.conf, &site.session, SEAL_SESSION, input,
		 &sealed) == OK);
	write_file(&site, buf_str(&sealed));
	result = session_load(&site.context, &site.session);
	MUST(result == OK || result == RESULT_NOT_LOGGED_IN);
	if (result == OK) {
		MUST(sealed.n <= SESSION_FILE_MAX);
		/* It goes into a header line. */
		MUST(str_graphic(secret_str(&site.session.access)));
		left_s = session_access_left_s(&site.session);
		MUST(left_s >= 0 && left_s <= 86400);
		MUST(session_ends_s(&site.conf, &site.session) > FUZZ_NOW_S);
		check_again(&site);
	}
	buf_free(&sealed);
	end(&site);
}
