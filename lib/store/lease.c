/* SPDX-License-Identifier: ISC */
/*
 * Hides how machines exclude each other. A process takes the kernel's lock
 * first, so that one of each machine asks the engine; then a lease there, which
 * outlives its holder by some seconds at most. Whoever has the kernel's lock
 * and finds a lease of his own machine knows that its holder is dead, and takes
 * it over.
 *
 * A lease is never renewed, and may end under a holder who was stopped. It may
 * even be taken from one who is well: an engine that hung may do last what was
 * asked for by somebody of the same machine who has given up since. What a
 * holder does without his lease is refused by its seal (scripts.h).
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/meter.h"
#include "base/log.h"
#include "base/seal.h"
#include "base/secret.h"
#include "store/filelock.h"
#include "store/lease.h"
#include "store/lock.h"

#define MACHINE_BYTES 16
#define POLL_MIN_MS 5
#define POLL_MAX_MS 80

/* Longer than the task can take; that of a refresh, until it reserves. */
static const struct {
	const char *thing;
	int64_t ms;
} leases[] = {
	[LOCK_REFRESH] = { "l", 3000 },
	[LOCK_ARTISTS] = { "la", LEASE_SPEND_MS },
	[LOCK_ACCOUNT] = { "lp", 5000 },
	[LOCK_LOGIN] = { "ll", 20000 },
};

void
lease_key(struct words *words, const struct valkey *valkey,
    const struct store_hold *hold)
{
	words_key(words, valkey->prefix, hold->id, leases[hold->task].thing);
}

int64_t
lease_ms(const struct store_hold *hold)
{
	return leases[hold->task].ms;
}

/* When this directory was made: at the start of the machine, to the
 * nanosecond, for it is in memory; 0 where that is not to be seen. */
static int64_t
run_made_ns(void)
{
#ifdef STATX_BTIME /* not in musl before 1.2.5 */
	struct statx stx;

	if (statx(AT_FDCWD, "/run", 0, STATX_BTIME, &stx) == 0 &&
	    (stx.stx_mask & STATX_BTIME) != 0)
		return stx.stx_btime.tv_sec * 1000000000 +
		    stx.stx_btime.tv_nsec;
#endif
	return 0;
}

/*
 * Name the machine: who has the same name has the same lock file, as far as
 * one can see. Machines that were copied with all their names have at least
 * been started at different times; what that costs is that a machine that is
 * started anew waits for the leases of before as others do. Of two with one
 * name both would take over the other's leases.
 */
static void
name_machine(int lock, unsigned char machine[static MACHINE_BYTES])
{
	char text[sizeof(struct utsname) + 96], id[33] = "";
	struct utsname host;
	struct stat st;
	int fd = open("/etc/machine-id", O_RDONLY | O_CLOEXEC), n;

	if (fd >= 0) {
		(void)!read(fd, id, sizeof(id) - 1);
		close(fd);
	}
	if (uname(&host) != 0 || fstat(lock, &st) != 0) {
		secret_random(machine, MACHINE_BYTES);
		return;
	}
	n = snprintf(text, sizeof(text), "%s %s %llx %llx %lld", id,
	    host.nodename, (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino, (long long)run_made_ns());
	seal_digest((struct str){ text, (size_t)n }, machine, MACHINE_BYTES);
}

/* What an engine says to who asks for a lease. */
struct answer {
	int64_t left_ms;
	bool stolen;
	char mark; /* of the room; 0: there is none */
};

static enum result
ask(const struct valkey *valkey, const struct store_hold *hold,
    struct answer *answer)
{
	struct words words = { .n = 0 };
	struct engine_reply reply;
	struct str mark, seen = STR("");
	enum result result;

	if (hold->seen != NULL)
		seen = (struct str){ (const char *)hold->seen->bytes,
			sizeof(hold->seen->bytes) };
	script_words(&words, SCRIPT_TAKE, 3);
	lease_key(&words, valkey, hold);
	words_key(&words, valkey->prefix, hold->id, ROOM);
	words_key(&words, valkey->prefix, hold->id, RECORD);
	words_add(&words,
	    (struct str){ (const char *)hold->token, sizeof(hold->token) });
	words_number(&words, lease_ms(hold));
	words_add(&words, seen);
	if ((result = valkey_ask(valkey, &words, false, &reply)) != OK)
		return result;
	if (reply.value.type != RESP_ARRAY || reply.value.n != 3)
		result = RESULT_STORE;
	answer->left_ms = resp_item(&reply.value, 0).integer;
	answer->stolen = resp_item(&reply.value, 1).integer != 0;
	mark = resp_item(&reply.value, 2).text;
	answer->mark = mark.n > 0 ? mark.p[0] : '\0';
	engine_reply_free(&reply);
	return result;
}

/* Not all at the same time, and less and less often. */
static void
wait_a_moment(int64_t *pause_ms, int64_t most_ms)
{
	struct timespec pause = { .tv_sec = 0 };
	unsigned char chance;
	int64_t ms;

	secret_random(&chance, 1);
	ms = *pause_ms / 2 + *pause_ms * chance / 256;
	if (ms > most_ms)
		ms = most_ms;
	pause.tv_nsec = (long)(ms < 1 ? 1 : ms) * 1000000;
	nanosleep(&pause, NULL);
	*pause_ms = *pause_ms * 2 > POLL_MAX_MS ? POLL_MAX_MS : *pause_ms * 2;
}

void
lease_tell_stolen(const struct store_hold *hold)
{
	log_event(LOG_LEVEL_INFO, "lease_taken_over", "task=%u", hold->task);
}

/* A dead holder does not come back; but he may have found somebody else's room,
 * who does. */
static void
look_at_room(struct store_hold *hold, const struct answer *answer)
{
	if (answer->stolen)
		lease_tell_stolen(hold);
	if (hold->task != LOCK_REFRESH || answer->mark == '\0')
		return;
	hold->doubtful = !answer->stolen || answer->mark != MARK_OWN[0];
	hold->refused = hold->doubtful && answer->mark == MARK_REFUSED[0];
	if (hold->doubtful)
		log_event(LOG_LEVEL_WARN, "lease_over",
		    "cause=\"holder stopped or gone\"");
}

/* Who has waited to the end, for this lease or for his turn, is not to hear
 * that the store has failed. */
static enum result
ask_in_time(const struct valkey *valkey, const struct store_hold *hold,
    struct answer *answer)
{
	return valkey_has_time() ? ask(valkey, hold, answer) : RESULT_BUSY;
}

static enum result
take(const struct valkey *valkey, struct store_hold *hold, int64_t deadline_ms)
{
	int64_t pause_ms = POLL_MIN_MS, left_ms;
	struct answer answer;
	enum result result;
	bool waits = false;

	while ((result = ask_in_time(valkey, hold, &answer)) == OK &&
	    answer.left_ms > 0) {
		left_ms = clock_left_ms(deadline_ms, answer.left_ms);
		if (left_ms == 0)
			return RESULT_BUSY;
		if (!waits)
			meter_count(
			    METER_LOCK_WAITS + (unsigned)METER_FOR_PROCESSES);
		waits = true;
		wait_a_moment(&pause_ms, left_ms);
	}
	if (result == OK && answer.left_ms < 0)
		return RESULT_EXISTS;
	if (result == OK)
		look_at_room(hold, &answer);
	return result;
}

enum result
lease_begin(const struct valkey *valkey, struct store_hold *hold,
    int64_t deadline_ms)
{
	enum result result =
	    filelock_take(valkey->dir, hold->number, deadline_ms, &hold->fd);

	if (result != OK)
		return result;
	name_machine(hold->fd, hold->token);
	secret_random(hold->token + MACHINE_BYTES,
	    sizeof(hold->token) - MACHINE_BYTES);
	return OK;
}

void
lease_end(struct store_hold *hold)
{
	close(hold->fd);
	hold->fd = -1;
}

/* One that is not given back ends by itself, or is taken over. */
static void
give_back(const struct valkey *valkey, const struct store_hold *hold, bool lost)
{
	struct words words = { .n = 0 };

	script_words(&words, SCRIPT_FREE, 1);
	lease_key(&words, valkey, hold);
	words_add(&words,
	    (struct str){ (const char *)hold->token, sizeof(hold->token) });
	(lost ? valkey_give_back_lost : valkey_give_back)(valkey, &words);
}

enum result
lease_lock(struct store *store, struct store_hold *hold, int64_t deadline_ms)
{
	struct valkey *valkey = valkey_of(store);
	enum result result = lease_begin(valkey, hold, deadline_ms);

	if (result != OK)
		return result;
	result = take(valkey, hold, deadline_ms);
	/* The engine may have given it, and the answer was lost. */
	if (result == RESULT_STORE || result == RESULT_NO_MEMORY)
		give_back(valkey, hold, true);
	if (result != OK)
		lease_end(hold);
	return result;
}

void
lease_unlock(struct store *store, struct store_hold *hold)
{
	if (!hold->given_back)
		give_back(valkey_of(store), hold, false);
	lease_end(hold);
}
