/* SPDX-License-Identifier: ISC */
/*
 * Hides the rules of each key. One table names them all: it drives the
 * reader, the printout of -n and the test that compares it with the manual
 * page. Part of conf.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "conf/confkeys.h"
#include "conf/values.h"

#define AT(member) offsetof(struct conf, member)
#define DAY 86400

const struct confkeys_key confkeys[] = {
	{ "client_id", NULL, AT(client_id), 0, 0, TYPE_CLIENT_ID, true, NULL },
	{ "client_secret_file", NULL, AT(client_secret_file), 0, 0, TYPE_FILE,
	    true, NULL },
	{ "server_key_file", NULL, AT(server_key_file), 0, 0, TYPE_FILE, true,
	    NULL },
	{ "redirect_uri", NULL, AT(redirect_uri), 0, 0, TYPE_REDIRECT, true,
	    NULL },
	{ "scope", "user-read-email user-follow-read", AT(scope), 0, 0,
	    TYPE_SCOPE, false, NULL },
	{ "after_login", NULL, AT(after_login), 0, 0, TYPE_TEXT, false, NULL },
	{ "session_dir", NULL, AT(session_dir), 0, 0, TYPE_PATH, true, NULL },
	{ "workers", "0", AT(workers), 0, 512, TYPE_NUMBER, false,
	    "must be from 0 to 512" },
	{ "proxy", NULL, AT(proxy), 0, 0, TYPE_PROXY, false, NULL },
	{ "idle_limit", "7d", AT(idle_limit_s), 60, 180 * DAY, TYPE_DURATION,
	    false, "must be from 60 s to 180 d" },
	{ "absolute_limit", "30d", AT(absolute_limit_s), 300, 180 * DAY,
	    TYPE_DURATION, false, "must be from 300 s to 180 d" },
	{ "artists_max_age", "10m", AT(artists_max_age_s), 0, DAY,
	    TYPE_DURATION, false, "must be from 0 to 1 d" },
	{ "quota_per_day", "0", AT(quota_per_day), 0, 10000000, TYPE_NUMBER,
	    false, "must be from 0 to 10000000" },
	{ "auth_pass", "id", AT(auth_pass), 0, 0, TYPE_PASS, false, NULL },
	{ "allowed_origins", NULL, AT(allowed_origins), 0, 0, TYPE_TEXT, false,
	    NULL },
	{ "api_allow", NULL, AT(api_allow), 0, 0, TYPE_TEXT, false, NULL },
	{ "api_max_age", "0", AT(api_max_age_s), 0, DAY, TYPE_DURATION, false,
	    "must be from 0 to 1 d" },
	{ "events_dir", NULL, AT(events_dir), 0, 0, TYPE_PATH, false, NULL },
	{ "events_email", "no", AT(events_email), 0, 0, TYPE_YES, false, NULL },
	{ "authorize_url", "https://accounts.spotify.com/authorize",
	    AT(authorize_url), 0, 0, TYPE_ENDPOINT, false, NULL },
	{ "token_url", "https://accounts.spotify.com/api/token", AT(token_url),
	    0, 0, TYPE_ENDPOINT, false, NULL },
	{ "api_url", "https://api.spotify.com/v1", AT(api_url), 0, 0, TYPE_API,
	    false, NULL },
	{ "issuer", NULL, AT(issuer), 0, 0, TYPE_ISSUER, false, NULL },
	{ "ca_file", NULL, AT(ca_file), 0, 0, TYPE_PATH, false, NULL },
	{ "store", "files", AT(store), 0, 0, TYPE_STORE, false, NULL },
	{ "store_from", NULL, AT(store_from), 0, 0, TYPE_STORE, false, NULL },
	{ "store_user", NULL, AT(store_user), 0, 0, TYPE_TEXT, false, NULL },
	{ "store_password_file", NULL, AT(store_password_file), 0, 0, TYPE_FILE,
	    false, NULL },
	{ "store_ca_file", NULL, AT(store_ca_file), 0, 0, TYPE_PATH, false,
	    NULL },
	{ "store_cert_file", NULL, AT(store_cert_file), 0, 0, TYPE_PATH, false,
	    NULL },
	{ "store_key_file", NULL, AT(store_key_file), 0, 0, TYPE_PATH, false,
	    NULL },
	{ "store_replicas", "0", AT(store_replicas), 0, 8, TYPE_NUMBER, false,
	    "must be from 0 to 8" },
	{ "log_level", "info", AT(log_level), 0, 0, TYPE_LEVEL, false, NULL },
};
_Static_assert(sizeof(confkeys) / sizeof(confkeys[0]) == CONFKEYS_N,
    "CONFKEYS_N is their number");

static bool
is_number(enum confkeys_type type)
{
	return type == TYPE_NUMBER || type == TYPE_DURATION ||
	    type == TYPE_YES || type == TYPE_PASS || type == TYPE_LEVEL;
}

static char **
text_at(struct conf *conf, const struct confkeys_key *key)
{
	return (char **)(void *)((char *)conf + key->offset);
}

static int64_t *
number_at(struct conf *conf, const struct confkeys_key *key)
{
	return (int64_t *)(void *)((char *)conf + key->offset);
}

size_t
confkeys_find(struct str name)
{
	size_t i;

	for (i = 0; i < CONFKEYS_N; i++)
		if (str_equal(name, str_of(confkeys[i].name)))
			break;
	return i;
}

/* Whether a name is a key's beginning, or nearly the key. */
static bool
is_like(struct str name, struct str key)
{
	size_t i = 0;

	while (
	    i < name.n && i < key.n && str_letter_is_near(name.p[i], key.p[i]))
		i++;
	return (i == name.n && i >= 3) || str_is_near(name, key);
}

const char *
confkeys_like(struct str name)
{
	size_t i;

	for (i = 0; i < CONFKEYS_N; i++)
		if (is_like(name, str_of(confkeys[i].name)))
			return confkeys[i].name;
	return NULL;
}

/* In the order of their bits. */
static const char *const pass_words[] = { "id", "name", "email", "token" };
#define PASS_N (sizeof(pass_words) / sizeof(pass_words[0]))
_Static_assert(1 << PASS_N == 2 * CONF_PASS_TOKEN, "every bit has its word");

static const char *
set_pass(struct str rest, int64_t *bits)
{
	struct str word;
	size_t i;

	*bits = 0;
	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		for (i = 0; i < PASS_N; i++)
			if (str_equal(word, str_of(pass_words[i])))
				break;
		if (i == PASS_N || (*bits & 1 << i) != 0)
			return "must be some of id, name, email and token, "
			       "each once, separated by one blank";
		*bits |= 1 << i;
	}
	return NULL;
}

static void
print_pass(int64_t bits, FILE *out)
{
	size_t i;

	fputs("auth_pass =", out);
	for (i = 0; i < PASS_N; i++)
		if (bits & 1 << i)
			fprintf(out, " %s", pass_words[i]);
	putc('\n', out);
}

static const char *
set_level(struct str value, int64_t *level)
{
	for (*level = 0; *level < LOG_LEVEL__MAX; ++*level)
		if (str_equal(value,
			str_of(log_level_word((enum log_level) * level))))
			return NULL;
	return "must be error, warn, info or debug";
}

static const char *
set_yes(struct str value, int64_t *yes)
{
	*yes = str_equal(value, STR("yes"));
	return *yes || str_equal(value, STR("no")) ? NULL : "must be yes or no";
}

static const char *
set_number(const struct confkeys_key *key, struct str value, int64_t *number)
{
	const char *complaint;
	int64_t found;
	uint64_t n;

	if (key->type == TYPE_LEVEL)
		return set_level(value, number);
	if (key->type == TYPE_YES)
		return set_yes(value, number);
	if (key->type == TYPE_PASS)
		return set_pass(value, number);
	if (key->type == TYPE_DURATION) {
		complaint = values_duration(value, &found);
		if (complaint != NULL)
			return complaint;
	} else {
		if (!str_number(value, INT32_MAX, &n))
			return "must be a number";
		found = (int64_t)n;
	}
	if (found < key->min || found > key->max)
		return key->range;
	*number = found;
	return NULL;
}

static const char *
check_text(const struct confkeys_key *key, struct str value)
{
	switch (key->type) {
	case TYPE_CLIENT_ID: return values_client_id(value);
	case TYPE_REDIRECT: return values_redirect_uri(value);
	case TYPE_SCOPE: return values_scope(value);
	case TYPE_API: return values_api_url(value);
	case TYPE_ENDPOINT: return values_endpoint(value);
	case TYPE_ISSUER: return values_issuer(value);
	case TYPE_PROXY: return values_proxy(value);
	case TYPE_STORE: return values_store(value);
	case TYPE_PATH: return values_path(value);
	case TYPE_FILE: return values_file(value);
	default: return NULL;
	}
}

const char *
confkeys_set(struct conf *conf, const struct confkeys_key *key,
    struct str value)
{
	const char *complaint;

	if (is_number(key->type))
		return set_number(key, value, number_at(conf, key));
	if ((complaint = check_text(key, value)) != NULL)
		return complaint;
	*text_at(conf, key) = strndup(value.p, value.n);
	return *text_at(conf, key) == NULL ? "out of memory" : NULL;
}

unsigned
conf_vcomplain(const struct conf *conf, const char *key, const char *format,
    va_list arguments)
{
	size_t i = confkeys_find(str_of(key));

	fprintf(stderr, "%s%s:", log_priority(LOG_LEVEL_ERROR), conf->file);
	if (i < CONFKEYS_N && conf->lines[i] > 0)
		fprintf(stderr, "%u:", conf->lines[i]);
	fprintf(stderr, " %s: ", key);
	vfprintf(stderr, format, arguments);
	putc('\n', stderr);
	return 1;
}

unsigned
conf_complain(const struct conf *conf, const char *key, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	conf_vcomplain(conf, key, format, arguments);
	va_end(arguments);
	return 1;
}

void
conf_print(const struct conf *conf, FILE *out)
{
	struct conf copy = *conf;
	const char *text;
	size_t i;

	for (i = 0; i < CONFKEYS_N; i++) {
		if (confkeys[i].type == TYPE_LEVEL) {
			fprintf(out, "%s = %s\n", confkeys[i].name,
			    log_level_word((enum log_level)conf->log_level));
		} else if (confkeys[i].type == TYPE_YES) {
			fprintf(out, "%s = %s\n", confkeys[i].name,
			    *number_at(&copy, &confkeys[i]) ? "yes" : "no");
		} else if (confkeys[i].type == TYPE_PASS) {
			print_pass(conf->auth_pass, out);
		} else if (is_number(confkeys[i].type)) {
			fprintf(out, "%s = %lld%s\n", confkeys[i].name,
			    (long long)*number_at(&copy, &confkeys[i]),
			    confkeys[i].type == TYPE_DURATION ? "s" : "");
		} else if ((text = *text_at(&copy, &confkeys[i])) != NULL) {
			fprintf(out, "%s = %s\n", confkeys[i].name, text);
		}
	}
}

void
confkeys_free(struct conf *conf)
{
	char **text;
	size_t i;

	for (i = 0; i < CONFKEYS_N; i++) {
		if (is_number(confkeys[i].type))
			continue;
		text = text_at(conf, &confkeys[i]);
		free(*text);
		*text = NULL;
	}
}
