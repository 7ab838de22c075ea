/* SPDX-License-Identifier: ISC */
/*
 * Hides what settings of an engine mean for sessions. What makes a promise of
 * the manual false at once is a complaint; what does so when something else
 * breaks is a doubt. What may pass by itself is said as loudly as a complaint,
 * but hinders nothing: programs start without an engine.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/enginecheck.h"
#include "app/units.h"
#include "base/clock.h"
#include "engine/names.h"
#include "engine/rehearsal.h"

#define LOOKUP_MS 2000
#define AHEAD_DOUBT_S 5
#define AHEAD_MAX_S 60 /* spotify-fcgi(8), Several machines */

struct look {
	const struct conf *conf;
	const struct engine_config *at;
	struct rehearsal found;
	struct buf *doubts;
	unsigned mistakes;
	bool unusable;
};

static void __attribute__((format(printf, 2, 0)))
say(const struct look *look, const char *format, va_list arguments)
{
	conf_vcomplain(look->conf,
	    look->conf->store_at.engine ? "store" : "store_from", format,
	    arguments);
}

static void __attribute__((format(printf, 2, 3)))
complain(struct look *look, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(look, format, arguments);
	va_end(arguments);
	look->mistakes++;
}

/* The same for what is no mistake of anybody's, if it passes. */
static void __attribute__((format(printf, 3, 4)))
complain_if(struct look *look, bool lasts, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(look, format, arguments);
	va_end(arguments);
	look->mistakes += lasts;
	look->unusable = look->unusable || !lasts;
}

static void
doubt(struct look *look, const char *text)
{
	buf_puts(look->doubts, text);
	buf_putc(look->doubts, '\n');
}

/* ---- the way there ---- */

/* What to do about an errno of connect(2); NULL: nobody knows. */
static const char *
advice(int error, bool is_socket)
{
	switch (error) {
	case ENOENT:
		return "is the engine running, and is this its unixsocket?";
	case ECONNREFUSED:
		return is_socket ?
		    "the engine does not run any more; start it" :
		    "is the engine running, and is this its address and port?";
	case EACCES:
	case EPERM:
		return is_socket ?
		    "set unixsocketperm 770, and in a drop-in for "
		    "spotify-fcgi-.service SupplementaryGroups= with the "
		    "group of the socket" :
		    "a firewall or a unit forbids this address";
	case ENETUNREACH:
	case EHOSTUNREACH: return "there is no way to this address from here";
	default: return NULL;
	}
}

/* Nobody could log in. */
static void
judge_trouble(struct look *look, const struct units *units)
{
	const struct rehearsal *found = &look->found;
	const bool is_socket = look->at->socket.n > 0;
	const char *what = advice(found->trouble_errno, is_socket);
	const struct str at = is_socket ? look->at->socket : look->at->hosts;
	const bool lasts = found->trouble_class == REPLYERROR_MISCONFIGURED ||
	    found->trouble_errno == EACCES || found->trouble_errno == EPERM;

	/* Root has become the user, but not the groups. */
	if (found->trouble_errno == EACCES && is_socket && units->known &&
	    units->groups.n > 0) {
		doubt(look,
		    "it could not be looked at: its socket is open to "
		    "a group, perhaps one of SupplementaryGroups= of "
		    "the units.");
		return;
	}
	if (found->trouble_errno == 0)
		complain_if(look, lasts, "%s (%.*s)", found->trouble, (int)at.n,
		    at.p);
	else
		complain_if(look, lasts, "as user %ld: %s (%s)%s%s",
		    (long)geteuid(), found->trouble,
		    strerror(found->trouble_errno), what == NULL ? "" : "; ",
		    what == NULL ? "" : what);
}

/* ---- what its user may do ---- */

static void
judge_rights(struct look *look)
{
	const struct rehearsal *found = &look->found;
	struct str missing = str_trim(buf_str(&found->missing));
	const struct str user =
	    look->at->user.n > 0 ? look->at->user : STR("default");

	if (found->no_keys)
		complain(look,
		    "the user may not use keys that begin with sf:; as an "
		    "administrator of the engine: ACL SETUSER %.*s ~sf:*",
		    (int)user.n, user.p);
	if (missing.n > 0)
		complain(look,
		    "the user has no right to commands that are needed; as an "
		    "administrator of the engine: ACL SETUSER %.*s %.*s "
		    "(spotify-fcgi(8), Several machines, has the whole line)",
		    (int)user.n, user.p, (int)missing.n, missing.p);
	if (!found->scans)
		buf_printf(look->doubts,
		    "the user has no right to SCAN, by which "
		    "spotify-fcgi-admin counts sessions and logout -m moves "
		    "them to files; for these: ACL SETUSER %.*s +scan\n",
		    (int)user.n, user.p);
	if (found->refusal != NULL)
		complain_if(look,
		    found->refusal_class == REPLYERROR_MISCONFIGURED,
		    "it refuses a command: %s", found->refusal);
}

/* ---- what it keeps ---- */

static void
judge_memory(struct look *look)
{
	const struct engine_facts *facts = &look->found.facts;
	bool evicts = strcmp(facts->policy, "noeviction") != 0;

	if (facts->policy[0] == '\0')
		doubt(look,
		    "it does not say its maxmemory-policy; it has to "
		    "be noeviction.");
	else if (evicts && facts->max_memory > 0)
		complain(look,
		    "maxmemory-policy is %s: when its memory is full, it "
		    "throws sessions away, and their users are logged out; set "
		    "noeviction, and nobody can log in then instead",
		    facts->policy);
	else if (evicts)
		buf_printf(look->doubts,
		    "maxmemory-policy is %s: with a maxmemory it would throw "
		    "sessions away; set noeviction.\n",
		    facts->policy);
	if (facts->max_memory == 0)
		doubt(look,
		    "maxmemory is 0: it grows until the system kills a "
		    "process for its memory; set a limit, and lists of "
		    "artists are left out when it is near.");
}

static void
judge_disk(struct look *look)
{
	const struct rehearsal *found = &look->found;

	if (!found->facts.append_only)
		doubt(look,
		    !found->configured ?
			"appendonly is no: when it is started anew, sessions "
			"are as they were at its last snapshot, if it makes "
			"any: new ones are gone, and ended ones are back; set "
			"appendonly yes." :
			found->snapshots ?
			"appendonly is no: when it is started anew, sessions "
			"are as they were at its last snapshot: new ones are "
			"gone, and ended ones are back; set appendonly yes." :
			"appendonly is no, and it makes no snapshots: when it "
			"is started anew, everybody is logged out; set "
			"appendonly yes.");
	else if (found->configured && strcmp(found->appendfsync, "no") == 0)
		doubt(look,
		    "appendfsync is no: with its machine half a minute of "
		    "logins, refreshed tokens and logouts is lost; set "
		    "everysec or always.");
	else if (found->configured &&
	    strcmp(found->appendfsync, "everysec") == 0)
		doubt(look,
		    "appendfsync is everysec: with its machine two seconds of "
		    "logins, refreshed tokens and logouts may be lost; with "
		    "always none, and each of them waits for the disk.");
}

static void
judge_replicas(struct look *look)
{
	const int64_t there = look->found.facts.replicas;
	const int wanted = look->at->replicas;

	if (wanted > there)
		complain_if(look, false,
		    "store_replicas is %d, and %" PRId64 " replicas are "
		    "connected: no login, refresh or logout would succeed; "
		    "start them, or lower it",
		    wanted, there);
	else if (wanted == 0 && there > 0)
		doubt(look,
		    "it has replicas, and store_replicas is 0: when one of "
		    "them takes over, the newest logins, tokens and logouts "
		    "may be lost; with two, set store_replicas = 1.");
	if (there > 0 && look->found.configured &&
	    look->found.min_replicas == 0)
		doubt(look,
		    "min-replicas-to-write is 0: cut off from its replicas, it "
		    "goes on, and what it was told then is lost when one of "
		    "them takes over; set 1.");
}

static void
judge_clock(struct look *look)
{
	const int64_t ahead_s = look->found.facts.ahead_s;
	const int64_t apart_s = ahead_s < 0 ? -ahead_s : ahead_s;
	const char *side = ahead_s < 0 ? "behind" : "ahead of";

	if (apart_s > AHEAD_MAX_S)
		complain(look,
		    "its clock is %" PRId64 " s %s this machine's; set both by "
		    "NTP",
		    apart_s, side);
	else if (apart_s > AHEAD_DOUBT_S)
		buf_printf(look->doubts,
		    "its clock is %" PRId64 " s %s this machine's; set both by "
		    "NTP.\n",
		    apart_s, side);
}

static void
judge_facts(struct look *look)
{
	const struct engine_facts *facts = &look->found.facts;

	buf_printf(look->doubts,
	    "%s %s, %" PRId64 " replicas; all that is needed was tried, as "
	    "user %ld.\n",
	    facts->valkey ? "Valkey" : "Redis", facts->version, facts->replicas,
	    (long)geteuid());
	judge_memory(look);
	judge_disk(look);
	judge_replicas(look);
	judge_clock(look);
	if (!look->found.configured)
		doubt(look,
		    "appendfsync, save and min-replicas-to-write could not be "
		    "looked at, for the user has no right to CONFIG GET; as an "
		    "administrator of the engine, compare them with "
		    "spotify-fcgi(8), Several machines.");
}

/* ---- the net between ---- */

/* A host, "name:port". */
static bool
is_here(struct str host)
{
	return str_starts(host, STR("127.")) ||
	    str_starts(host, STR("localhost:")) ||
	    str_starts(host, STR("[::1]:"));
}

/* One program may have to call one host. */
static void
judge_call(struct look *look, const struct units *units, const char *program,
    struct str host)
{
	struct names_address places[NAMES_MAX];
	struct names *names = NULL;
	const char *hinders = NULL;
	size_t n = 0, i;

	if (names_open(host, &names) == OK &&
	    names_get(names, clock_mono_ms() + LOOKUP_MS, places, &n) == OK)
		for (i = 0; i < n && hinders == NULL; i++)
			hinders = units_hinder_call(units,
			    (const struct sockaddr *)&places[i].place);
	names_close(names);
	if (hinders != NULL)
		complain(look,
		    "the unit of %s does not let it call %.*s (%s); give it "
		    "the drop-in store-network.conf, see spotify-fcgi(8), "
		    "Several machines",
		    program, (int)host.n, host.p, hinders);
}

static void
judge_units(struct look *look)
{
	static const char *const programs[] = { "callback", "artists",
		"refresh", "session", "logout", "api", "auth" };
	struct str hosts;
	struct units units;
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		units_read(look->conf->file, programs[i], &units);
		for (hosts = look->at->hosts; units.known && hosts.n > 0;)
			judge_call(look, &units, programs[i],
			    str_cut(&hosts, ','));
		units_free(&units);
	}
}

static void
judge_net(struct look *look)
{
	struct str hosts = look->at->hosts;
	bool here = true;

	while (hosts.n > 0)
		here = is_here(str_cut(&hosts, ',')) && here;
	if (look->at->socket.n == 0 && !here && !look->at->tls)
		doubt(look,
		    "without TLS whoever is in between reads the password and "
		    "can end sessions; valkeys:// has TLS.");
	if (look->at->socket.n == 0 && look->at->password->n == 0)
		doubt(look,
		    "it wants no password: whoever reaches its port "
		    "can end sessions; see store_password_file.");
}

unsigned
enginecheck(const struct conf *conf, const struct engine_config *at,
    const char *prefix, struct buf *doubts, bool *unusable)
{
	struct look look = { .conf = conf, .at = at, .doubts = doubts };
	struct units units;
	const char *hidden = NULL;
	char *path;

	units_read(conf->file, "callback", &units);
	path = strndup(at->socket.n > 0 ? at->socket.p : "", at->socket.n);
	if (path != NULL && at->socket.n > 0)
		hidden = units_complaint_file(&units, path);
	if (hidden != NULL)
		complain(&look, "%s", hidden);
	judge_units(&look);
	if (rehearsal_run(at, prefix, &look.found) != OK) {
		complain(&look, "it could not be tried");
	} else if (look.found.trouble != NULL) {
		judge_trouble(&look, &units);
	} else {
		judge_rights(&look);
		judge_net(&look);
		if (look.found.informed)
			judge_facts(&look);
		else
			doubt(&look,
			    "its memory, disk, replicas and clock "
			    "could not be looked at, for the user has "
			    "no right to INFO and TIME.");
	}
	free(path);
	rehearsal_free(&look.found);
	units_free(&units);
	*unusable = look.unusable;
	return look.mistakes;
}
