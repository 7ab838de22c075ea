/* SPDX-License-Identifier: ISC */
/* Hides which of several addresses answers, and what is done with it before
 * it is of use. */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "engine/dial.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/names.h"
#include "engine/sentinel.h"
#include "engine/tls.h"

#define HOSTS_MAX 8
#define ADDRESS_MAX 300 /* a host's name has 253 bytes at most */

struct dial {
	const struct engine_config *config;
	struct sockaddr_un socket;
	struct names *hosts[HOSTS_MAX];
	size_t n; /* 0: there is a socket */
	/* The sentinel to ask first: who answered last, if that led on. */
	atomic_size_t first;
	SSL_CTX *tls; /* NULL: plain */
};

static enum result
misconfigured(const char *cause)
{
	log_event(LOG_LEVEL_ERROR, "engine_misconfigured", "cause=\"%s\"",
	    cause);
	return RESULT_MISCONFIGURED;
}

static enum result
set_socket(struct dial *dial, struct str path)
{
	if (path.n >= sizeof(dial->socket.sun_path))
		return misconfigured("the path of the socket is too long");
	dial->socket.sun_family = AF_UNIX;
	memcpy(dial->socket.sun_path, path.p, path.n);
	return OK;
}

/* One host, or several sentinels. */
static enum result
set_hosts(struct dial *dial, struct str hosts, bool several)
{
	enum result result = OK;

	while (result == OK && hosts.p != NULL) {
		if (dial->n == (several ? HOSTS_MAX : 1))
			return misconfigured("store has too many hosts");
		result =
		    names_open(str_cut(&hosts, ','), &dial->hosts[dial->n]);
		dial->n += result == OK;
	}
	if (result == OK && dial->n == 0)
		result = RESULT_MISCONFIGURED;
	return result == RESULT_MISCONFIGURED ?
	    misconfigured("store has no host with a port") :
	    result;
}

enum result
dial_open(const struct engine_config *config, struct dial **dial)
{
	const struct tls_files files = { config->ca_file, config->cert_file,
		config->key_file };
	struct dial *new = calloc(1, sizeof(*new));
	enum result result = new == NULL ? RESULT_NO_MEMORY : OK;

	*dial = NULL;
	if (result == OK) {
		new->config = config;
		result = config->socket.n > 0 ?
		    set_socket(new, config->socket) :
		    set_hosts(new, config->hosts, config->master.n > 0);
	}
	if (result == OK && config->tls)
		result = tls_open(&files, &new->tls);
	if (result == OK)
		*dial = new;
	else
		dial_close(new);
	return result;
}

void
dial_close(struct dial *dial)
{
	if (dial == NULL)
		return;
	while (dial->n > 0)
		names_close(dial->hosts[--dial->n]);
	SSL_CTX_free(dial->tls);
	free(dial);
}

/* What is left until a deadline, in so many equal parts: the end of the first
 * of them. */
static int64_t
share(int64_t deadline_ms, size_t parts)
{
	return clock_mono_ms() +
	    clock_left_ms(deadline_ms, INT32_MAX) / (int64_t)parts;
}

/* Each address of a host gets its share of the time. */
static enum result
connect_one_of(struct dial *dial, struct names *host, struct wire *wire,
    int64_t deadline_ms)
{
	struct names_address addresses[NAMES_MAX];
	enum result result;
	size_t i, n;

	result = names_get(host, deadline_ms, addresses, &n);
	if (result != OK)
		wire->trouble = "its name cannot be looked up";
	for (i = 0; i < n; i++) {
		result = wire_connect(wire,
		    (const struct sockaddr *)&addresses[i].place,
		    addresses[i].n, dial->config->reply_max,
		    share(deadline_ms, n - i));
		if (result == OK)
			return OK;
		if (i + 1 < n)
			wire_close(wire);
	}
	names_doubt(host);
	return result;
}

/* Connect to a host, and speak TLS if that is wanted. */
static enum result
reach(struct dial *dial, struct names *host, struct wire *wire,
    int64_t deadline_ms)
{
	enum result result = connect_one_of(dial, host, wire, deadline_ms);

	if (result == OK && dial->tls != NULL)
		result =
		    wire_secure(wire, dial->tls, names_host(host), deadline_ms);
	return result;
}

/* Ask one sentinel after the other for the master. The link has why there is
 * none. */
static enum result
find_master(struct dial *dial, struct link *link,
    const struct link_login *login, int64_t deadline_ms, struct names **master)
{
	const size_t first = atomic_load(&dial->first);
	struct buf address = BUF(ADDRESS_MAX);
	enum result result = RESULT_STORE;
	size_t i, at;

	for (i = 0; i < dial->n && result != OK; i++) {
		int64_t limit_ms = share(deadline_ms, dial->n - i);

		at = (first + i) % dial->n;
		wire_close(&link->wire);
		link->wire = WIRE_NONE;
		result = reach(dial, dial->hosts[at], &link->wire, limit_ms);
		if (result == OK)
			result = sentinel_ask(link, dial->config->master, login,
			    limit_ms, &address);
		if (result == OK)
			atomic_store(&dial->first, at);
		else
			buf_clear(&address);
	}
	wire_close(&link->wire);
	if (result == OK)
		result = names_open(buf_str(&address), master);
	if (result == RESULT_MISCONFIGURED && *link->wire.trouble == '\0')
		link->wire.trouble = "a sentinel has no address of the master";
	buf_free(&address);
	return result;
}

/* Some who miss something of TLS close the connection without a word. */
static const char *
hung_up(const struct dial *dial)
{
	if (dial->tls == NULL)
		return "the connection was closed; if TLS is wanted, the "
		       "scheme is valkeys, not valkey";
	return dial->config->cert_file == NULL ?
	    "the connection was closed; if a certificate is wanted, see "
	    "store_cert_file" :
	    "the connection was closed; perhaps it does not take our "
	    "certificate, see store_cert_file";
}

/* Connect to where the engine should be, and log in. */
static enum result
link_to(struct dial *dial, struct names *host, struct link *link,
    const struct link_login *login, int64_t deadline_ms)
{
	enum result result;

	result = host == NULL ?
	    wire_connect(&link->wire, (const struct sockaddr *)&dial->socket,
		sizeof(dial->socket), dial->config->reply_max, deadline_ms) :
	    reach(dial, host, &link->wire, deadline_ms);
	if (result != OK)
		return result;
	result = link_login(link, login, deadline_ms);
	if (result == RESULT_UPSTREAM_FAILED && host != NULL)
		link->wire.trouble = hung_up(dial);
	return result;
}

enum result
dial_link(struct dial *dial, struct link *link, int64_t deadline_ms)
{
	const struct link_login login = { dial->config->user,
		dial->config->password, dial->config->database };
	struct names *master = NULL;
	enum result result;

	*link = (struct link){ .wire = WIRE_NONE };
	if (dial->config->master.n == 0)
		return link_to(dial, dial->hosts[0], link, &login, deadline_ms);
	result =
	    find_master(dial, link, &login, share(deadline_ms, 2), &master);
	if (result != OK)
		return result;
	result = link_to(dial, master, link, &login, deadline_ms);
	names_close(master);
	/* Of one that is cut off from the others nothing new is to be had. */
	if (result != OK && result != RESULT_NO_MEMORY)
		atomic_fetch_add(&dial->first, 1);
	return result;
}
