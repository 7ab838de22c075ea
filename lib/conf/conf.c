/* SPDX-License-Identifier: ISC */
/*
 * Hides the file format, and what the values mean together. The grammar:
 *
 *	file    = *( line LF )
 *	line    = blank / comment / key "=" value [ " #" anything ]
 *	comment = "#" anything
 *
 * Blanks around key and value do not count; no value begins with "#". The
 * keys are in confkeys.c.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "conf/confkeys.h"
#include "conf/keyfile.h"
#include "conf/values.h"

#define FILE_MAX 65536

/* A file on its way into a struct conf. */
struct reading {
	struct conf *conf;
	unsigned line;
	unsigned mistakes;
};

/* A complaint about the line that is being read. */
static void
complain(struct reading *r, const char *key, const char *complaint)
{
	fprintf(stderr, "%s%s:%u: %s: %s\n", log_priority(LOG_LEVEL_ERROR),
	    r->conf->file, r->line, key, complaint);
	r->mistakes++;
}

/* One about a key, at the line where it stands. */
static void
complain_key(struct reading *r, const char *name, const char *complaint)
{
	r->mistakes += conf_complain(r->conf, name, "%s", complaint);
}

static void
complain_unknown(struct reading *r, struct str name)
{
	const char *like = confkeys_like(name);
	char shown[32], text[96] = "unknown key; see spotify-fcgi.conf(5)";

	snprintf(shown, sizeof(shown), "%.*s", (int)name.n, name.p);
	if (like != NULL)
		snprintf(text, sizeof(text), "unknown key; perhaps %s is meant",
		    like);
	complain(r, str_graphic(name) ? shown : "?", text);
}

static void
set_key(struct reading *r, struct str name, struct str value)
{
	const char *complaint;
	size_t i = confkeys_find(name);

	if (i == CONFKEYS_N) {
		complain_unknown(r, name);
	} else if (r->conf->lines[i] != 0) {
		complain(r, confkeys[i].name, "set twice; keep one");
	} else {
		r->conf->lines[i] = r->line;
		if ((complaint = values_form(value)) == NULL)
			complaint = confkeys_set(r->conf, &confkeys[i], value);
		if (complaint != NULL)
			complain(r, confkeys[i].name, complaint);
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
		complain(r, "NUL byte", "remove it");
	else if (value.p == NULL)
		complain(r, "no \"=\"",
		    "write key = value; comments begin with #");
	else
		set_key(r, name, str_trim(value));
}

/* Whoever can write the file can have the client secret sent elsewhere. */
static const char *
check_file(int fd, bool any_owner)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    st.st_size > FILE_MAX)
		return "not a readable file of at most 64 KiB";
	if ((st.st_mode & 022) != 0)
		return "can be written by others; chmod go-w it";
	if (st.st_uid != 0 && st.st_uid != geteuid() && !any_owner)
		return "belongs to another user, who could change it; chown "
		       "it to root";
	return NULL;
}

/* A file cut short would be another configuration. */
static const char *
read_all(int fd, struct buf *content)
{
	char *room = buf_room(content, FILE_MAX);
	ssize_t n = -1;
	size_t have = 0;

	while (room != NULL &&
	    ((n = read(fd, room + have, FILE_MAX - have)) > 0 ||
		(n < 0 && errno == EINTR)))
		have += n > 0 ? (size_t)n : 0;
	if (n < 0)
		return "not a readable file of at most 64 KiB";
	buf_grown(content, have);
	return NULL;
}

/* Read the whole file; NULL or what is wrong with it. */
static const char *
read_file(const char *file, bool any_owner, struct buf *content)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *complaint;

	if (fd < 0)
		return strerror(errno);
	if ((complaint = check_file(fd, any_owner)) == NULL)
		complaint = read_all(fd, content);
	close(fd);
	return complaint;
}

static void
set_defaults(struct reading *r)
{
	const char *complaint;
	size_t i;

	for (i = 0; i < CONFKEYS_N; i++) {
		if (r->conf->lines[i] != 0)
			continue;
		if (confkeys[i].required)
			complain_key(r, confkeys[i].name,
			    "is required and missing");
		else if (confkeys[i].fallback != NULL &&
		    (complaint = confkeys_set(r->conf, &confkeys[i],
			 str_of(confkeys[i].fallback))) != NULL)
			complain_key(r, confkeys[i].name, complaint);
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
	conf->cookie_tail = conf->dev ?
	    "; Path=/; HttpOnly; SameSite=Lax" :
	    "; Path=/; Secure; HttpOnly; SameSite=Lax";
	if (url_split(str_of(conf->api_url), &api) && api.loopback)
		conf->image_origin = api.origin;
}

/* Where a login ends unless somebody says so: beside the programs, for there
 * the site is. */
static char *
home_of(const struct conf *conf)
{
	return strndup(conf->redirect.path.p,
	    conf->base.n - conf->redirect.origin.n);
}

static void
check_origins(struct reading *r)
{
	struct str rest = str_of(r->conf->allowed_origins), word;
	const char *complaint;

	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		complaint = values_origin(word, r->conf->dev);
		if (word.n > 0 && complaint != NULL)
			complain_key(r, "allowed_origins", complaint);
	}
}

static void
check_home(struct reading *r)
{
	struct str home = str_of(r->conf->after_login);
	struct url url;

	if (!url_is_local(home) &&
	    !(url_split(home, &url) && conf_allows_origin(r->conf, url.origin)))
		complain_key(r, "after_login",
		    "must be a path on this site "
		    "(one slash in front; write other characters as %XX), or "
		    "a URL on one of allowed_origins");
}

/* Whoever sets a limit means it; one that can never come is a mistake. */
static void
check_limits(struct reading *r)
{
	if (r->conf->lines[confkeys_find(STR("idle_limit"))] != 0 &&
	    r->conf->absolute_limit_s > 0 &&
	    r->conf->idle_limit_s > r->conf->absolute_limit_s)
		complain_key(r, "idle_limit",
		    "is longer than absolute_limit, and would never come");
}

/* A key that only counts with others is a mistake without them. */
static void
check_store(struct reading *r)
{
	const struct conf *conf = r->conf;
	bool into = conf->store_at.engine;
	const struct storeurl *at = into ? &conf->store_at : &conf->from_at;
	const struct {
		const char *key, *value;
		bool counts;
		const char *why;
	} rows[] = {
		{ "events_email", conf->events_email ? "" : NULL,
		    conf->events_dir != NULL &&
			str_has_word(str_of(conf->scope),
			    STR("user-read-email")),
		    "needs events_dir, and user-read-email in scope" },
		{ "store_from", conf->store_from, into != conf->from_at.engine,
		    "of store and store_from one has to be files, and the "
		    "other Valkey or Redis" },
		{ "store_user", conf->store_user,
		    at->engine && conf->store_password_file != NULL,
		    "needs a store in Valkey or Redis, and "
		    "store_password_file" },
		{ "store_password_file", conf->store_password_file, at->engine,
		    "needs a store in Valkey or Redis" },
		{ "store_ca_file", conf->store_ca_file, at->tls,
		    "needs a store with TLS, as valkeys://" },
		{ "store_cert_file", conf->store_cert_file,
		    at->tls && conf->store_key_file != NULL,
		    "needs a store with TLS, as valkeys://, and "
		    "store_key_file" },
		{ "store_key_file", conf->store_key_file,
		    at->tls && conf->store_cert_file != NULL,
		    "needs a store with TLS, as valkeys://, and "
		    "store_cert_file" },
		{ "store_replicas", conf->store_replicas > 0 ? "" : NULL,
		    at->engine, "needs a store in Valkey or Redis" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].value != NULL && !rows[i].counts)
			complain_key(r, rows[i].key, rows[i].why);
}

/* Open the secrets that a program needs; complaints name the file only. */
static void
load_secrets(struct reading *r, unsigned opens)
{
	struct conf *conf = r->conf;
	struct keyfile key = { .conf_file = conf->file,
		.any_owner = opens & CONF_ANY_OWNER };
	const char *complaint;

	if ((opens & CONF_EVENTS) && conf->events_dir != NULL)
		opens |= CONF_SERVER_KEY;
	key.name = conf->client_secret_file;
	if (key.name != NULL && (opens & CONF_CLIENT_SECRET) &&
	    (complaint = keyfile_client_secret(&key, &conf->client_secret)) !=
		NULL)
		complain_key(r, "client_secret_file", complaint);
	key.name = conf->server_key_file;
	if (key.name != NULL && (opens & CONF_SERVER_KEY) &&
	    (complaint = keyfile_server_key(&key, &conf->ring)) != NULL)
		r->mistakes += key.line == 0 ?
		    conf_complain(conf, "server_key_file", "%s", complaint) :
		    conf_complain(conf, "server_key_file", "its line %u %s",
			key.line, complaint);
	key.name = conf->store_password_file;
	if (key.name != NULL && (opens & CONF_STORE) &&
	    (complaint = keyfile_password(&key, &conf->store_password)) != NULL)
		complain_key(r, "store_password_file", complaint);
}

unsigned
conf_load(const char *file, unsigned opens, struct conf *conf)
{
	struct reading r = { .conf = conf };
	struct buf content = BUF(FILE_MAX);
	const char *complaint;
	struct str rest;

	*conf = (struct conf){ .file = file };
	if ((complaint = read_file(file, opens & CONF_ANY_OWNER, &content)) !=
	    NULL) {
		fprintf(stderr, "%s%s: %s\n", log_priority(LOG_LEVEL_ERROR),
		    file, complaint);
		buf_free(&content);
		return 1;
	}
	rest = buf_str(&content);
	/* What some editors put in front of UTF-8. */
	if (str_starts(rest, STR("\xef\xbb\xbf")))
		str_cut(&rest, '\xbf');
	while (rest.p != NULL) {
		r.line++;
		read_line(&r, str_cut(&rest, '\n'));
	}
	buf_free(&content);
	set_defaults(&r);
	if (conf->redirect_uri != NULL && conf->api_url != NULL)
		derive(conf);
	if (conf->base.n > 0 &&
	    cookienames_write((struct str){ conf->redirect.path.p,
				  conf->base.n - conf->redirect.origin.n },
		!conf->dev, conf->session_cookie, conf->pending_prefix) != OK)
		complain_key(&r, "redirect_uri", "out of memory");
	if (conf->after_login == NULL && conf->base.n > 0 &&
	    (conf->after_login = home_of(conf)) == NULL)
		complain_key(&r, "after_login", "out of memory");
	check_origins(&r);
	if (conf->after_login != NULL)
		check_home(&r);
	check_limits(&r);
	/* What is wrong with it has been said. */
	if (conf->store != NULL &&
	    storeurl_read(str_of(conf->store), &conf->store_at) == NULL &&
	    (conf->store_from == NULL ||
		storeurl_read(str_of(conf->store_from), &conf->from_at) ==
		    NULL))
		check_store(&r);
	load_secrets(&r, opens);
	return r.mistakes;
}

bool
conf_allows_origin(const struct conf *conf, struct str origin)
{
	struct str rest = str_of(conf->allowed_origins);

	while (origin.n > 0 && rest.p != NULL)
		if (str_equal(str_cut(&rest, ' '), origin))
			return true;
	return false;
}

void
conf_free(struct conf *conf)
{
	confkeys_free(conf);
	secret_free(&conf->client_secret);
	secret_free(&conf->store_password);
	seal_ring_wipe(&conf->ring);
	*conf = (struct conf){ 0 };
}
