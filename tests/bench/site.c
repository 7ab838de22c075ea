/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site.h"

#define TOKEN_BYTES 200
#define DAY 86400

void
site_give_up(const char *what)
{
	perror(what);
	exit(1);
}

void
site_load(struct site *site)
{
	site->content.n = 0;
	if (store_load(site->store, site->session.id, &site->content,
		&site->session.seen) != OK)
		site_give_up("store_load");
}

void
site_load_session(struct site *site)
{
	struct session session = { 0 };

	memcpy(session.secret, site->session.secret, sizeof(session.secret));
	memcpy(session.id, site->session.id, sizeof(session.id));
	if (session_load(&site->context, &session) != OK)
		site_give_up("session_load");
	session_free(&session);
}

void
site_open(struct site *site, struct store *store)
{
	static const unsigned char master[SEAL_KEY_BYTES] = "any";
	char token[TOKEN_BYTES];
	struct oauth_tokens tokens = { .expires_in_s = 3600 };
	struct account account = { strdup("listener"), NULL,
		strdup("A Listener"), NULL, strdup("listener@example.com") };
	struct reply reply;

	*site = (struct site){ .content = BUF(SESSION_FILE_MAX),
		.conf = { .session_cookie = "sid",
		    .cookie_tail = "",
		    .idle_limit_s = 7 * DAY,
		    .absolute_limit_s = 30 * DAY },
		.store = store };
	site->context = (struct context){ .conf = &site->conf, .store = store };
	reply_init(&reply);
	memset(token, 'x', sizeof(token));
	secret_random(site->session.secret, sizeof(site->session.secret));
	site->session.account = account;
	if (seal_ring_add(&site->conf.ring, master) != OK ||
	    secret_set(&tokens.access, token, sizeof(token)) != OK ||
	    secret_set(&tokens.refresh, token, sizeof(token)) != OK ||
	    session_create(&site->context, STR(""), &tokens, &reply,
		&site->session) != OK)
		site_give_up("session_create");
	site_load(site);
	oauth_tokens_free(&tokens);
	reply_free(&reply);
}

void
site_close(struct site *site)
{
	session_free(&site->session);
	buf_free(&site->content);
	store_close(site->store);
}
