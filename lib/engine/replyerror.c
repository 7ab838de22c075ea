/* SPDX-License-Identifier: ISC */
/*
 * Hides the words of engines. Their texts are not logged: some repeat what was
 * sent.
 */
#include "config.h"

#include <string.h>

#include "engine/replyerror.h"

static const char *const words[] = {
	[REPLYERROR_FULL] = "full",
	[REPLYERROR_DOWN] = "down",
	[REPLYERROR_MOVED] = "moved",
	[REPLYERROR_REPLICAS] = "replicas",
	[REPLYERROR_MISCONFIGURED] = "misconfigured",
	[REPLYERROR_SLOW] = "slow",
};
_Static_assert(sizeof(words) / sizeof(words[0]) == REPLYERROR__MAX,
    "every class has its word");

#define CLUSTER "this is a cluster, which cannot be used; use one server"
#define RIGHTS \
	"the user has no right to a command; the engine's ACL LOG names it"

/* The first row whose code is in the text counts. */
static const struct {
	const char *code;
	struct replyerror error;
} rows[] = {
	{ "READONLY ", { REPLYERROR_MOVED, "it is a replica now" } },
	{ "NOREPLICAS ",
	    { REPLYERROR_REPLICAS, "it has too few replicas to write" } },
	{ "OOM ", { REPLYERROR_FULL, "its memory is full; see maxmemory" } },
	{ "MISCONF ", { REPLYERROR_FULL, "it cannot write to its disk" } },
	{ "max number of clients",
	    { REPLYERROR_FULL, "it has too many connections" } },
	{ "LOADING ", { REPLYERROR_DOWN, "it is still loading its data" } },
	{ "MASTERDOWN ", { REPLYERROR_DOWN, "its master is away" } },
	{ "CLUSTERDOWN ", { REPLYERROR_MISCONFIGURED, CLUSTER } },
	{ "MOVED ", { REPLYERROR_MISCONFIGURED, CLUSTER } },
	{ "CROSSSLOT ", { REPLYERROR_MISCONFIGURED, CLUSTER } },
	{ "TRYAGAIN ", { REPLYERROR_MISCONFIGURED, CLUSTER } },
	{ "ASK ", { REPLYERROR_MISCONFIGURED, CLUSTER } },
	{ "WRONGPASS ",
	    { REPLYERROR_MISCONFIGURED,
		"it does not know this user with this password; see "
		"store_user and store_password_file" } },
	{ "NOAUTH ",
	    { REPLYERROR_MISCONFIGURED,
		"it wants a password; see store_password_file" } },
	{ "NOPERM ", { REPLYERROR_MISCONFIGURED, RIGHTS } },
	{ "can't run this command", { REPLYERROR_MISCONFIGURED, RIGHTS } },
	{ "ACL failure", { REPLYERROR_MISCONFIGURED, RIGHTS } },
	{ "NOPROTO ", { REPLYERROR_MISCONFIGURED, "it does not speak RESP2" } },
	{ "DB index is out of range",
	    { REPLYERROR_MISCONFIGURED, "it has no such database" } },
	{ "unknown command",
	    { REPLYERROR_MISCONFIGURED,
		"it does not know a command; Redis 6 or newer is needed" } },
	{ "BUSY ", { REPLYERROR_SLOW, "a script runs for too long" } },
	{ "", { REPLYERROR_MISCONFIGURED, "it refuses a command" } },
};

struct replyerror
replyerror_of(struct str text)
{
	size_t i = 0;

	while (text.n > 0 && rows[i].code[0] != '\0' &&
	    memmem(text.p, text.n, rows[i].code, strlen(rows[i].code)) == NULL)
		i++;
	return text.n > 0 ? rows[i].error :
			    rows[sizeof(rows) / sizeof(rows[0]) - 1].error;
}

const char *replyerror_word(enum replyerror_class class)
{
	return words[class];
}
