/* SPDX-License-Identifier: ISC */
/*
 * Hides the file format and the rules of each key. The grammar:
 *
 *	file    = *( line LF )
 *	line    = blank / comment / key "=" value [ " #" anything ]
 *	comment = "#" anything
 *
 * Blanks around key and value do not count. One table names every key: it
 * drives the reader, the printout of -n and the test that compares it with
 * the manual page.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "keyfile.h"
#include "rules.h"

#define FILE_MAX 65536

enum type { TYPE_TEXT, TYPE_PATH, TYPE_CLIENT_ID, TYPE_REDIRECT,
	TYPE_SCOPE, TYPE_ENDPOINT, TYPE_NUMBER, TYPE_DURATION, TYPE_LEVEL };

struct key {
	const char *name;
	const char *fallback;	/* NULL: none */
	size_t offset;		/* of a char *, or of an int64_t */
	int64_t min, max;	/* of a number or duration */
	enum type type;
	bool required;
};

#define AT(member) offsetof(struct conf, member)
#define DAY 86400

static const struct key keys[] = {
	{ "client_id", NULL, AT(client_id), 0, 0, TYPE_CLIENT_ID, true },
	{ "client_secret_file", NULL, AT(client_secret_file), 0, 0, TYPE_TEXT,
	    true },
	{ "server_key_file", NULL, AT(server_key_file), 0, 0, TYPE_TEXT,
	    true },
	{ "redirect_uri", NULL, AT(redirect_uri), 0, 0, TYPE_REDIRECT, true },
	{ "scope", "user-read-email user-follow-read", AT(scope), 0, 0,
	    TYPE_SCOPE, false },
	{ "after_login", "/", AT(after_login), 0, 0, TYPE_TEXT, false },
	{ "session_dir", NULL, AT(session_dir), 0, 0, TYPE_PATH, true },
	{ "workers", "0", AT(workers), 0, 512, TYPE_NUMBER, false },
	{ "proxy", NULL, AT(proxy), 0, 0, TYPE_TEXT, false },
	{ "idle_limit", "7d", AT(idle_limit_s), 60, 180 * DAY, TYPE_DURATION,
	    false },
	{ "absolute_limit", "30d", AT(absolute_limit_s), 300, 180 * DAY,
	    TYPE_DURATION, false },
	{ "artists_max_age", "10m", AT(artists_max_age_s), 0, DAY,
	    TYPE_DURATION, false },
	{ "allowed_origins", NULL, AT(allowed_origins), 0, 0, TYPE_TEXT,
	    false },
	{ "authorize_url", "https://accounts.spotify.com/authorize",
	    AT(authorize_url), 0, 0, TYPE_ENDPOINT, false },
	{ "token_url", "https://accounts.spotify.com/api/token",
	    AT(token_url), 0, 0, TYPE_ENDPOINT, false },
	{ "api_url", "https://api.spotify.com/v1", AT(api_url), 0, 0,
	    TYPE_ENDPOINT, false },
	{ "ca_file", NULL, AT(ca_file), 0, 0, TYPE_PATH, false },
	{ "log_level", "info", AT(log_level), 0, 0, TYPE_LEVEL, false },
};
#define NKEYS (sizeof(keys) / sizeof(keys[0]))

static const char *const levels[LOG_LEVEL__MAX] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

/* A file on its way into a struct conf. */
struct reading {
	const char *file;
	struct conf *conf;
	unsigned line;
	unsigned lines[NKEYS];	/* where each key was set; 0: not yet */
	unsigned mistakes;
};

static bool
is_number(enum type type)
{
	return type == TYPE_NUMBER || type == TYPE_DURATION ||
	    type == TYPE_LEVEL;
}

static char **
text_at(struct conf *conf, const struct key *key)
{
	return (char **)(void *)((char *)conf + key->offset);
}

static int64_t *
number_at(struct conf *conf, const struct key *key)
{
	return (int64_t *)(void *)((char *)conf + key->offset);
}

static void
complain(struct reading *r, unsigned line, const char *key,
    const char *complaint)
{
	fprintf(stderr, "%s:%u: %s: %s\n", r->file, line, key, complaint);
	r->mistakes++;
}

/* A complaint about a key that was read, at the line where it stands. */
static void
complain_key(struct reading *r, const char *name, const char *complaint)
{
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (strcmp(keys[i].name, name) == 0)
			complain(r, r->lines[i], name, complaint);
}

static const char *
set_level(struct str value, int64_t *level)
{
	for (*level = 0; *level < LOG_LEVEL__MAX; ++*level)
		if (str_equal(value, str_of(levels[*level])))
			return NULL;
	return "must be error, warn, info or debug";
}

static const char *
set_number(const struct key *key, struct str value, int64_t *number)
{
	const char *complaint;
	uint64_t n;

	if (key->type == TYPE_LEVEL)
		return set_level(value, number);
	if (key->type == TYPE_DURATION) {
		complaint = rules_duration(value, number);
		if (complaint != NULL)
			return complaint;
	} else {
		if (!str_number(value, INT32_MAX, &n))
			return "must be a number";
		*number = (int64_t)n;
	}
	return *number < key->min || *number > key->max ?
	    "is out of range; see spotify-fcgi.conf(5)" : NULL;
}

static const char *
check_text(const struct key *key, struct str value)
{
	switch (key->type) {
	case TYPE_CLIENT_ID: return rules_client_id(value);
	case TYPE_REDIRECT: return rules_redirect_uri(value);
	case TYPE_SCOPE: return rules_scope(value);
	case TYPE_ENDPOINT: return rules_endpoint(value);
	case TYPE_PATH: return rules_path(value);
	default: return NULL;
	}
}

static const char *
set_value(struct conf *conf, const struct key *key, struct str value)
{
	const char *complaint;

	if (is_number(key->type))
		return set_number(key, value, number_at(conf, key));
	if ((complaint = check_text(key, value)) != NULL)
		return complaint;
	*text_at(conf, key) = strndup(value.p, value.n);
	return *text_at(conf, key) == NULL ? "out of memory" : NULL;
}

static void
set_key(struct reading *r, struct str name, struct str value)
{
	char shown[32];
	const char *complaint;
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (str_equal(name, str_of(keys[i].name)))
			break;
	if (i == NKEYS) {
		snprintf(shown, sizeof(shown), "%.*s", (int)name.n, name.p);
		complain(r, r->line, str_graphic(name) ? shown : "?",
		    "unknown key; see spotify-fcgi.conf(5)");
	} else if (r->lines[i] != 0) {
		complain(r, r->line, keys[i].name, "set twice; keep one");
	} else {
		r->lines[i] = r->line;
		complaint = value.n == 0 ? "has no value" :
		    memchr(value.p, '"', value.n) != NULL ?
		    "quotes are not needed; leave them out" :
		    set_value(r->conf, &keys[i], value);
		if (complaint != NULL)
			complain(r, r->line, keys[i].name, complaint);
	}
}

static void
read_line(struct reading *r, struct str line)
{
	struct str name, value;
	size_t i;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	line = str_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return;
	for (i = 1; i < line.n; i++)
		if (line.p[i] == '#' &&
		    (line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.n = i;
	value = line;
	name = str_trim(str_cut(&value, '='));
	if (memchr(line.p, '\0', line.n) != NULL)
		complain(r, r->line, "NUL byte", "remove it");
	else if (value.p == NULL)
		complain(r, r->line, "no \"=\"", "write key = value");
	else
		set_key(r, name, str_trim(value));
}

/* Read the whole file; NULL or what is wrong with it. */
static const char *
read_file(const char *file, struct buf *content)
{
	struct stat st;
	char *room = NULL;
	ssize_t n = -1;
	int fd;

	if ((fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)
		return strerror(errno);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= FILE_MAX &&
	    (room = buf_room(content, FILE_MAX)) != NULL)
		n = read(fd, room, FILE_MAX);
	close(fd);
	if (room == NULL || n < 0)
		return "not a readable file of at most 64 KiB";
	buf_grown(content, (size_t)n);
	return NULL;
}

static void
set_defaults(struct reading *r)
{
	const char *complaint;
	size_t i;

	for (i = 0; i < NKEYS; i++) {
		if (r->lines[i] != 0)
			continue;
		if (keys[i].required)
			complain(r, r->line, keys[i].name,
			    "is required and missing");
		else if (keys[i].fallback != NULL && (complaint = set_value(
		    r->conf, &keys[i], str_of(keys[i].fallback))) != NULL)
			complain(r, r->line, keys[i].name, complaint);
	}
}

/* What the redirect URI decides: where we live, and how cookies are named. */
static void
derive(struct conf *conf)
{
	struct str text = str_of(conf->redirect_uri);
	struct url api;
	size_t n = text.n;

	url_split(text, &conf->redirect);
	while (text.p[n - 1] != '/')
		n--;
	conf->base = (struct str){ text.p, n };
	conf->callback = (struct str){ text.p + n, text.n - n };
	conf->dev = !conf->redirect.https;
	/* Browsers take __Host- names only with Secure, hence not here. */
	conf->session_cookie = conf->dev ? "spotify-session" :
	    "__Host-spotify-session";
	conf->pending_prefix = conf->dev ? "spotify-login-" :
	    "__Host-spotify-login-";
	conf->cookie_tail = conf->dev ? "; Path=/; HttpOnly; SameSite=Lax" :
	    "; Path=/; Secure; HttpOnly; SameSite=Lax";
	if (url_split(str_of(conf->api_url), &api) && api.loopback)
		conf->image_origin = api.origin;
}

static void
check_origins(struct reading *r)
{
	struct str rest = str_of(r->conf->allowed_origins), word;
	struct str home = str_of(r->conf->after_login);
	const char *complaint;
	struct url url;

	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		complaint = rules_origin(word, r->conf->dev);
		if (word.n > 0 && complaint != NULL)
			complain_key(r, "allowed_origins", complaint);
	}
	if (!url_is_local(home) && !(url_split(home, &url) &&
	    conf_allows_origin(r->conf, url.origin)))
		complain_key(r, "after_login", "must be a path on this site "
		    "(one slash in front), or a URL on one of "
		    "allowed_origins");
}

/* Open the secrets that a program needs; complaints name the file only. */
static void
load_secrets(struct reading *r, unsigned opens)
{
	struct conf *conf = r->conf;
	const char *complaint;

	if (conf->client_secret_file != NULL && (opens & CONF_CLIENT_SECRET) &&
	    (complaint = keyfile_client_secret(conf->client_secret_file,
	    r->file, &conf->client_secret)) != NULL)
		complain_key(r, "client_secret_file", complaint);
	if (conf->server_key_file != NULL && (opens & CONF_SERVER_KEY) &&
	    (complaint = keyfile_server_key(conf->server_key_file, r->file,
	    &conf->ring)) != NULL)
		complain_key(r, "server_key_file", complaint);
}

unsigned
conf_load(const char *file, unsigned opens, struct conf *conf)
{
	struct reading r = { .file = file, .conf = conf };
	struct buf content = BUF(FILE_MAX);
	const char *complaint;
	struct str rest;

	*conf = (struct conf){ 0 };
	if ((complaint = read_file(file, &content)) != NULL) {
		fprintf(stderr, "%s: %s\n", file, complaint);
		buf_free(&content);
		return 1;
	}
	rest = buf_str(&content);
	while (rest.p != NULL) {
		r.line++;
		read_line(&r, str_cut(&rest, '\n'));
	}
	buf_free(&content);
	set_defaults(&r);
	if (conf->redirect_uri != NULL && conf->api_url != NULL)
		derive(conf);
	if (conf->after_login != NULL)
		check_origins(&r);
	load_secrets(&r, opens);
	return r.mistakes;
}

void
conf_print(const struct conf *conf, FILE *out)
{
	struct conf copy = *conf;
	const char *text;
	size_t i;

	for (i = 0; i < NKEYS; i++) {
		if (keys[i].type == TYPE_LEVEL) {
			fprintf(out, "%s = %s\n", keys[i].name,
			    levels[conf->log_level]);
		} else if (is_number(keys[i].type)) {
			fprintf(out, "%s = %lld%s\n", keys[i].name,
			    (long long)*number_at(&copy, &keys[i]),
			    keys[i].type == TYPE_DURATION ? "s" : "");
		} else if ((text = *text_at(&copy, &keys[i])) != NULL) {
			fprintf(out, "%s = %s\n", keys[i].name, text);
		}
	}
}

bool
conf_allows_origin(const struct conf *conf, struct str origin)
{
	struct str rest = str_of(conf->allowed_origins);

	while (rest.p != NULL)
		if (origin.n > 0 && str_equal(str_cut(&rest, ' '), origin))
			return true;
	return false;
}

void
conf_free(struct conf *conf)
{
	size_t i;

	for (i = 0; i < NKEYS; i++)
		if (!is_number(keys[i].type))
			free(*text_at(conf, &keys[i]));
	secret_free(&conf->client_secret);
	seal_ring_wipe(&conf->ring);
	*conf = (struct conf){ 0 };
}
