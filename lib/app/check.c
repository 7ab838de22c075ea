/* SPDX-License-Identifier: ISC */
/*
 * Hides what an operator meets first. A set-up that cannot work is refused
 * here, with everything that is wrong with it at once, and not by the first
 * visitor's login.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "app/check.h"
#include "app/cleanup.h"
#include "app/eventscheck.h"
#include "app/reach.h"
#include "app/units.h"
#include "base/clock.h"
#include "conf/conf.h"
#include "process/descriptors.h"
#include "relay/allow.h"
#include "spotify/quota.h"
#include "spotify/scopes.h"
#include "store/trial.h"

#define SPOTIFY_CLIENT_BYTES 32
#define SPOTIFY_SECRET_BYTES 32
#define RELEASED_S 1767225600 /* 2026-01-01: no clock is behind that */

/* What was found out, and is no mistake. */
struct findings {
	bool online; /* Spotify was to be asked */
	bool asked;  /* Spotify knows the client */
	int untried; /* of the store's file system; an errno */
	struct storage_findings store; /* about an engine */
	struct buf doubts;	       /* about certificates, a line each */
};

/*
 * Root checks for the user who will run the programs, and that is who has the
 * directory of the sessions. Secrets have been read by then, as the service
 * manager reads them for that user.
 */
static bool
become_owner(const char *directory)
{
	if (!cleanup_become_owner(directory))
		return false;
	printf("# Checked for user %ld, who has %s\n", (long)geteuid(),
	    directory);
	return true;
}

/* This program can be called for it, where it lies. */
static void
print_cleanup(const char *file)
{
	char path[PATH_MAX] = "callback"; /* without a /proc */
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	printf("# Clean-up, once a day; the units do it. No find line of "
	       "earlier times\n# should go on beside it: it may remove what "
	       "idle_limit still allows.\n#\t%.*s -c -f %s\n",
	    n > 0 ? (int)n : (int)strlen(path), path, file);
}

static unsigned
check_store(const struct conf *conf, int *untried)
{
	const char *complaint;
	struct units units;
	unsigned mistakes = 0;
	bool as_owner;

	units_read(conf->file, "callback", &units);
	as_owner = become_owner(conf->session_dir);
	complaint = trial_complaint(conf->session_dir, untried);
	if (complaint == NULL)
		complaint = units_complaint_store(&units, conf->session_dir);
	if (complaint != NULL)
		mistakes += conf_complain(conf, "session_dir", "%s", complaint);
	if (conf->client_secret_file != NULL && conf->server_key_file != NULL)
		mistakes += reach_check(conf, &units, as_owner);
	units_free(&units);
	return mistakes;
}

/* Why a file with certificates has none. */
static const char *
ca_complaint(const char *ca_file)
{
	struct stat st;

	if (ca_file == NULL)
		return "no CA certificates there; apt-get install "
		       "ca-certificates, or name another file";
	if (stat(ca_file, &st) != 0)
		return errno == ENOENT ? "does not exist" :
					 "cannot be read by this user";
	if (S_ISDIR(st.st_mode))
		return "is a directory; name a file with certificates in PEM "
		       "form";
	return access(ca_file, R_OK) == 0 ? "has no certificate in PEM form" :
					    "cannot be read by this user";
}

static unsigned
check_certificates(const struct conf *conf, const struct upstream *upstream,
    struct buf *doubts)
{
	if (upstream->start() != OK || !upstream->trusts(conf->ca_file))
		return conf_complain(conf, "ca_file", "%s",
		    ca_complaint(conf->ca_file));
	if (!upstream->doubts(doubts))
		return conf_complain(conf, "ca_file",
		    "all its certificates have expired, or begin later");
	return 0;
}

static unsigned
check_surroundings(const struct conf *conf, const struct upstream *upstream,
    struct findings *findings)
{
	unsigned mistakes = 0;

	if (conf->session_dir != NULL)
		mistakes += check_store(conf, &findings->untried);
	mistakes += eventscheck(conf);
	if (upstream != NULL)
		mistakes +=
		    check_certificates(conf, upstream, &findings->doubts);
	/* It says so itself, with the numbers. */
	if (conf->workers > 0 && !descriptors_raise((int)conf->workers))
		mistakes++;
	if (clock_now_s() < RELEASED_S)
		mistakes += conf_complain(conf, "clock",
		    "this machine's clock is "
		    "wrong; set it");
	return mistakes;
}

/* What the answer to upstream->ask() means for the operator; NULL: all is
 * well. The cause of what is not the client's has been logged. */
static const char *
online_complaint(enum result result)
{
	switch (result) {
	case OK: return NULL;
	case RESULT_MISCONFIGURED:
		return "Spotify does not know this client_id with this client "
		       "secret; compare both with the dashboard";
	case RESULT_RATE_LIMITED:
	case RESULT_QUOTA_EXCEEDED:
		return "Spotify asks to be left alone for a while; try later";
	default: return "Spotify could not be asked; the line above says why";
	}
}

/* Ask Spotify once; the configuration is good as far as one can see. */
static unsigned
check_online(const struct conf *conf, const struct app *app)
{
	struct store *store = NULL;
	const char *complaint = "the store cannot be opened";

	if (app->storage != NULL && app->storage->open(conf, &store) == OK)
		complaint = online_complaint(app->upstream->ask(conf, store));
	store_close(store);
	return complaint == NULL ?
	    0 :
	    conf_complain(conf, "online", "%s", complaint);
}

/* An address of Spotify's that it does not document. */
static void
print_odd_address(const char *key, const char *value, const char *known)
{
	if (strstr(value, "spotify.com") != NULL && strcmp(value, known) != 0)
		printf("# %s is not the address that Spotify documents.\n",
		    key);
}

/* What Spotify gives an application looks otherwise. */
static void
print_odd_client(const struct conf *conf)
{
	size_t n = strlen(conf->client_id);

	if (!str_ends(str_of(conf->token_url), STR("spotify.com/api/token")))
		return;
	if (n != SPOTIFY_CLIENT_BYTES)
		printf("# client_id has %zu characters; Spotify's have %d.\n",
		    n, SPOTIFY_CLIENT_BYTES);
	if (conf->client_secret.n != SPOTIFY_SECRET_BYTES)
		printf("# The client secret has %zu characters; Spotify's "
		       "have %d.\n",
		    conf->client_secret.n, SPOTIFY_SECRET_BYTES);
}

/* What was found out about an engine. */
static void
print_engine(const struct conf *conf, const struct app *app,
    const struct findings *findings)
{
	struct str rest = buf_str(&findings->store.doubts), line;

	if (conf->store_at.engine && app->storage == NULL)
		printf("# store: callback -n looks at it.\n");
	while (rest.p != NULL) {
		line = str_cut(&rest, '\n');
		if (line.n > 0)
			printf("# store: %.*s\n", (int)line.n, line.p);
	}
}

/* What works, and is perhaps not meant. */
static void
print_doubts(const struct conf *conf, const struct findings *findings)
{
	struct str rest = buf_str(&findings->doubts), line;
	struct statfs fs;

	if (statfs(conf->session_dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		printf("# session_dir is in memory: a reboot logs all out.\n");
	if (!str_equal(conf->redirect.path, STR("/callback")))
		printf("# The web server has to send %s to callback; its "
		       "example knows /callback.\n",
		    conf->redirect.path.p);
	if (conf->absolute_limit_s < conf->idle_limit_s)
		printf("# absolute_limit is shorter than idle_limit, which "
		       "never comes then.\n");
	scopes_print_unknown(str_of(conf->scope), stdout);
	if ((conf->auth_pass & CONF_PASS_EMAIL) &&
	    !str_has_word(str_of(conf->scope), STR("user-read-email")))
		printf("# auth_pass has email; for that, scope needs "
		       "user-read-email.\n");
	print_odd_client(conf);
	print_odd_address("authorize_url", conf->authorize_url,
	    "https://accounts.spotify.com/authorize");
	print_odd_address("token_url", conf->token_url,
	    "https://accounts.spotify.com/api/token");
	print_odd_address("api_url", conf->api_url,
	    "https://api.spotify.com/v1");
	/* Those of the system are somebody else's business. */
	while (conf->ca_file != NULL && rest.p != NULL) {
		line = str_cut(&rest, '\n');
		if (line.n > 0)
			printf("# ca_file: %.*s\n", (int)line.n, line.p);
	}
}

/* Where the calls of the last day stand, if they are counted. */
static void
print_quota(const struct conf *conf, const struct app *app)
{
	struct store *store = NULL;

	if (conf->quota_per_day > 0 && app->storage != NULL &&
	    app->storage->open(conf, &store) == OK)
		quota_print(conf, store, stdout);
	store_close(store);
}

/* What is in force, and what is to do with it. */
static void
print_all(const char *file, const struct conf *conf, const struct app *app,
    const struct findings *findings)
{
	conf_print(conf, stdout);
	printf("# Redirect URI to register at Spotify, exactly:\n"
	       "#\t%s\n",
	    conf->redirect_uri);
	if (!conf->store_at.engine || conf->store_from != NULL ||
	    conf->events_dir != NULL)
		print_cleanup(file);
	if (findings->untried == 0)
		printf("# session_dir: what its file system has to do was "
		       "tried, and it does it.\n");
	else
		printf("# session_dir: what its file system does could not be "
		       "tried: %s\n",
		    strerror(findings->untried));
	eventscheck_print(conf);
	print_engine(conf, app, findings);
	allow_print(conf, stdout);
	print_doubts(conf, findings);
	/* For each bucket one would wait for an engine that is away. */
	if (!findings->store.unusable)
		print_quota(conf, app);
	printf("# CA certificates: %s\n",
	    app->upstream != NULL ? "are there." :
				    "callback -n looks at them, too.");
	if (findings->asked)
		printf("# Spotify knows this client_id and secret: it refused "
		       "the code, not the client.\n");
	else if (app->upstream != NULL)
		printf("# Whether Spotify knows the client: -n -o asks.\n");
	else if (findings->online)
		printf("# -o: callback asks; this program never calls "
		       "Spotify.\n");
}

int
check_everything(const struct options *options, const struct app *app)
{
	const struct upstream *upstream = app->upstream;
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	struct findings findings = { .store = { .doubts = BUF(8192) },
		.doubts = BUF(4096) };
	struct conf conf;
	unsigned mistakes = conf_load(options->file, CONF_ALL | as_root, &conf);

	mistakes += allow_check(&conf);
	mistakes += check_surroundings(&conf, upstream, &findings);
	if (mistakes == 0 && app->storage != NULL)
		mistakes += app->storage->check(&conf, &findings.store);
	findings.online = options->online;
	findings.asked = findings.online && upstream != NULL;
	if (mistakes == 0 && findings.asked)
		mistakes += check_online(&conf, app);
	if (mistakes > 0)
		fprintf(stderr, "%s: %u mistake%s; nothing was started\n",
		    options->file, mistakes, mistakes == 1 ? "" : "s");
	else
		print_all(options->file, &conf, app, &findings);
	if (mistakes == 0 && findings.store.unusable)
		fprintf(stderr,
		    "%s: no mistake was found, but the engine cannot be used "
		    "now; programs start, and answer store_unavailable until "
		    "it can\n",
		    options->file);
	buf_free(&findings.store.doubts);
	buf_free(&findings.doubts);
	conf_free(&conf);
	return mistakes > 0 ? 2 : findings.store.unusable ? 3 : 0;
}
