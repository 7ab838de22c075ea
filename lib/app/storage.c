/* SPDX-License-Identifier: ISC */
/*
 * Hides which back end a configuration names, and how the keys in an engine
 * begin: with a hash of what makes a site, so that two on one engine do not
 * meet.
 */
#include "config.h"

#include <stdio.h>

#include "app/storage.h"
#include "store/files.h"
#ifdef HAVE_VALKEY
#include "app/enginecheck.h"
#include "store/moving.h"
#include "store/valkey.h"
#endif

#define KEPT_MIN_S 3600
#define REPLY_MAX (4096 + (1u << 20))

#ifdef HAVE_VALKEY
static enum result
write_prefix(const struct conf *conf, char prefix[static 16])
{
	unsigned char digest[16];
	struct buf text = BUF(8192);
	enum result result;

	buf_printf(&text, "%s\n%s", conf->client_id, conf->redirect_uri);
	if ((result = buf_result(&text)) == OK) {
		seal_digest(buf_str(&text), digest, sizeof(digest));
		snprintf(prefix, 16, "sf:%02x%02x%02x%02x:", digest[0],
		    digest[1], digest[2], digest[3]);
	}
	buf_free(&text);
	return result;
}

/* Where sessions are in an engine, or move to one or from it, if they do. */
static const struct storeurl *
engine_of(const struct conf *conf)
{
	return conf->store_at.engine ? &conf->store_at : &conf->from_at;
}

static void
set_engine(const struct conf *conf, const struct storeurl *url,
    struct engine_config *at)
{
	*at = (struct engine_config){ .socket = url->socket,
		.hosts = url->hosts,
		.master = url->master,
		.database = url->database,
		.tls = url->tls,
		.ca_file = conf->store_ca_file,
		.cert_file = conf->store_cert_file,
		.key_file = conf->store_key_file,
		.user = conf->store_user == NULL ? STR("") :
						   str_of(conf->store_user),
		.password = &conf->store_password,
		.replicas = (int)conf->store_replicas,
		.reply_max = REPLY_MAX };
}

/* For how long an engine keeps what is beside a record: nobody looks at it
 * later. */
static int64_t
kept_s(const struct conf *conf)
{
	int64_t longest_s = conf->artists_max_age_s > conf->api_max_age_s ?
	    conf->artists_max_age_s :
	    conf->api_max_age_s;

	return longest_s > KEPT_MIN_S ? longest_s : KEPT_MIN_S;
}

static enum result
open_engine(const struct conf *conf, const struct storeurl *url,
    struct store **store)
{
	static struct engine_config at;
	char prefix[16];
	const struct valkey_config config = { .prefix = prefix,
		.dir = conf->session_dir,
		.kept_s = kept_s(conf) };
	struct engine *engine;
	enum result result = write_prefix(conf, prefix);

	set_engine(conf, url, &at);
	*store = NULL;
	if (result == OK)
		result = engine_open(&at, &engine);
	return result == OK ? valkey_open(engine, &config, store) : result;
}

/* Sessions are on their way from one to the other. */
static enum result
open_both(const struct conf *conf, struct store **store)
{
	struct moving_config config = { .dir = conf->session_dir,
		.into_engine = conf->store_at.engine,
		.kept_s = conf->idle_limit_s < conf->absolute_limit_s ?
		    conf->idle_limit_s :
		    conf->absolute_limit_s,
		.dates_kept_s = conf->absolute_limit_s };
	enum result result = files_open(conf->session_dir, &config.files);

	*store = NULL;
	if (result == OK)
		result = open_engine(conf, engine_of(conf), &config.engine);
	if (result != OK) {
		store_close(config.files);
		return result;
	}
	return moving_open(&config, store);
}
#endif

/* A build without the back end refuses its configuration. */
static enum result
open_configured(const struct conf *conf, struct store **store)
{
#ifdef HAVE_VALKEY
	if (conf->store_from != NULL)
		return open_both(conf, store);
	if (conf->store_at.engine)
		return open_engine(conf, &conf->store_at, store);
#endif
	return files_open(conf->session_dir, store);
}

static unsigned
check_configured(const struct conf *conf, struct storage_findings *findings)
{
#ifdef HAVE_VALKEY
	const struct storeurl *url = engine_of(conf);
	struct engine_config at;
	char prefix[16];

	if (url->engine && write_prefix(conf, prefix) == OK) {
		set_engine(conf, url, &at);
		return enginecheck(conf, &at, prefix, &findings->doubts,
		    &findings->unusable);
	}
#else
	(void)conf, (void)findings;
#endif
	return 0;
}

static enum result
count_ages(const struct conf *conf, struct ages *ages)
{
	enum result result = OK;
#ifdef HAVE_VALKEY
	struct store *store;

	if (engine_of(conf)->engine &&
	    (result = open_engine(conf, engine_of(conf), &store)) == OK) {
		result = ages_of_engine(ages, store);
		store_close(store);
	}
#endif
	if (result == OK &&
	    (!conf->store_at.engine || conf->store_from != NULL))
		result = ages_of_files(ages, conf->session_dir);
	return result;
}

#ifndef HAVE_VALKEY
/* A configuration with two places is refused. */
static enum result
moving_run(struct store *store, struct moving_tally *tally)
{
	(void)store, (void)tally;
	return RESULT_STORE;
}
#endif

const struct storage storage_configured = { open_configured, check_configured,
	moving_run, count_ages };
