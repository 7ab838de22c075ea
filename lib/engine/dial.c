/* SPDX-License-Identifier: ISC */
/* Hides which of several addresses answers, and what is done with it before
 * it is of use. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "engine/dial.h"
#include "base/clock.h"
#include "base/log.h"
#include "engine/names.h"
#include "engine/tls.h"

struct dial {
	const struct engine_config *config;
	struct sockaddr_un socket;
	struct names *names; /* NULL: there is a socket */
	SSL_CTX *tls;	     /* NULL: plain */
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

static enum result
set_host(struct dial *dial, struct str host)
{
	enum result result = names_open(host, &dial->names);

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
		    set_host(new, config->hosts);
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
	names_close(dial->names);
	SSL_CTX_free(dial->tls);
	free(dial);
}

/* Each address gets its share of the time that is left. */
static enum result
connect_one_of(struct dial *dial, struct wire *wire, int64_t deadline_ms)
{
	struct names_address addresses[NAMES_MAX];
	enum result result;
	int64_t share_ms;
	size_t i, n;

	result = names_get(dial->names, deadline_ms, addresses, &n);
	if (result != OK)
		wire->trouble = "its name cannot be looked up";
	for (i = 0; i < n; i++) {
		share_ms =
		    clock_left_ms(deadline_ms, INT32_MAX) / (int64_t)(n - i);
		result = wire_connect(wire,
		    (const struct sockaddr *)&addresses[i].place,
		    addresses[i].n, dial->config->reply_max,
		    clock_mono_ms() + share_ms);
		if (result == OK)
			return OK;
		if (i + 1 < n)
			wire_close(wire);
	}
	names_doubt(dial->names);
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
	    "the connection was closed";
}

enum result
dial_link(struct dial *dial, struct link *link, int64_t deadline_ms)
{
	const struct link_login login = { dial->config->user,
		dial->config->password, dial->config->database };
	enum result result;

	*link = (struct link){ .wire = WIRE_NONE };
	if (dial->names == NULL)
		result = wire_connect(&link->wire,
		    (const struct sockaddr *)&dial->socket,
		    sizeof(dial->socket), dial->config->reply_max, deadline_ms);
	else
		result = connect_one_of(dial, &link->wire, deadline_ms);
	if (result == OK && dial->tls != NULL)
		result = wire_secure(&link->wire, dial->tls,
		    names_host(dial->names), deadline_ms);
	if (result != OK)
		return result;
	result = link_login(link, &login, deadline_ms);
	if (result == RESULT_UPSTREAM_FAILED && dial->names != NULL)
		link->wire.trouble = hung_up(dial);
	return result;
}
