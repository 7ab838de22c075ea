/* SPDX-License-Identifier: ISC */
/* A session's record: its bytes, and with the cipher out of the way what is
 * sealed in them. */
#include "config.h"

#include <string.h>

#include "fuzz.h"
#include "session/session.h"
#include "store/backend.h"

#define COOKIE "__Host-sid=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2U"

/* A store that has one record, in memory. */
struct memory {
	struct store store;
	struct store_reservation reservation;
	struct buf record;
};

struct site {
	struct conf conf;
	struct memory memory;
	struct context context;
	struct session session;
};

static enum result
load(struct store *store, const unsigned char *id, struct buf *content,
    struct store_seen *seen)
{
	struct memory *memory = (struct memory *)store;

	(void)id;
	if (memory->record.n < STORE_VERSION_BYTES ||
	    memory->record.n > content->max)
		return RESULT_ABSENT;
	buf_add_str(content, buf_str(&memory->record));
	seen->used_s = FUZZ_NOW_S - 100;
	seen->version = store_version_of(buf_str(content));
	return buf_result(content);
}

static enum result
reserve(struct store *store, const struct store_wish *wish,
    struct store_reservation **reservation)
{
	struct memory *memory = (struct memory *)store;

	(void)wish;
	memory->reservation.store = store;
	*reservation = &memory->reservation;
	return OK;
}

static enum result
replace(struct store_reservation *reservation,
    const struct store_version *version, struct str content, int64_t ends_s)
{
	struct memory *memory = (struct memory *)reservation->store;

	(void)ends_s;
	MUST(memcmp(version,
		 memory->record.p + memory->record.n - sizeof(*version),
		 sizeof(*version)) == 0);
	buf_clear(&memory->record);
	buf_add_str(&memory->record, content);
	return buf_result(&memory->record);
}

static void
release(struct store_reservation *reservation)
{
	(void)reservation;
}

static enum result
remove_record(struct store *store, const unsigned char *id,
    const struct store_version *version)
{
	(void)id;
	(void)version;
	buf_clear(&((struct memory *)store)->record);
	return OK;
}

/* Nobody has logged out everywhere. */
static enum result
date(struct store *store, const unsigned char *id, int64_t *date_s)
{
	(void)store;
	(void)id;
	*date_s = 0;
	return OK;
}

static const struct store_backend in_memory = {
	.date = date,
	.load = load,
	.reserve = reserve,
	.replace = replace,
	.release = release,
	.remove = remove_record,
};

static void
begin(struct site *site)
{
	*site = (struct site){ .conf = fuzz_conf(),
		.memory = { .store = { &in_memory },
		    .record = BUF(4u << 20) } };
	site->context = (struct context){ .conf = &site->conf,
		.store = &site->memory.store };
	MUST(session_find(&site->conf, STR(COOKIE), &site->session) == OK);
}

static void
end(struct site *site)
{
	session_free(&site->session);
	buf_free(&site->memory.record);
	seal_ring_wipe(&site->conf.ring);
}

void
fuzz_session(struct str input)
{
	struct site site;
	enum result result;

	begin(&site);
	buf_add_str(&site.memory.record, input);
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
	struct session again = { .created_s = 0 };
	const struct lock none = { .queue = NULL };
	struct store_reservation *reservation;
	enum result result;

	memcpy(again.secret, site->session.secret, sizeof(again.secret));
	memcpy(again.id, site->session.id, sizeof(again.id));
	MUST(session_reserve(&site->context, &site->session, &none,
		 &reservation) == OK);
	result = session_save(&site->context, &site->session, reservation);
	store_release(reservation);
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
	buf_add_str(&site.memory.record, buf_str(&sealed));
	result = session_load(&site.context, &site.session);
	MUST(result == OK || result == RESULT_NOT_LOGGED_IN);
	if (result == OK) {
		MUST(sealed.n <= SESSION_FILE_MAX);
		/* It goes into a header line. */
		MUST(str_graphic(secret_str(&site.session.access)));
		MUST(site.session.scope.n <= OAUTH_SCOPE_MAX);
		left_s = session_access_left_s(&site.session);
		MUST(left_s >= 0 && left_s <= 86400);
		MUST(session_ends_s(&site.conf, &site.session) > FUZZ_NOW_S);
		check_again(&site);
	}
	buf_free(&sealed);
	end(&site);
}
