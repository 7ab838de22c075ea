/* SPDX-License-Identifier: ISC */
/* The way to an engine: from a configuration to a connection of its master. */
#ifndef DIAL_H
#define DIAL_H

#include "engine/link.h"

/* Where the engine is, and as whom we come; borrowed until engine_close(). */
struct engine_config {
	struct str socket; /* a path; or empty, and then the hosts count */
	struct str hosts;  /* "host:port", separated by commas */
	/* The name that sentinels know the master by: the hosts are theirs.
	 * Empty: there is one host, and it is the engine. */
	struct str master;
	int database;
	bool tls;			  /* host name and CA are checked */
	const char *ca_file;		  /* NULL: the system's */
	const char *cert_file, *key_file; /* of this client; NULL: none */
	struct str user;		  /* empty: "default" */
	const struct secret *password;	  /* NULL or empty: none */
	int replicas;	  /* how many have to confirm a replicated command */
	size_t reply_max; /* a longer reply is an error of the engine */
};

struct dial; /* opaque; for all threads */

/* As engine_open() and engine_close() of engine.h. */
enum result dial_open(const struct engine_config *config, struct dial **dial)
    __attribute__((warn_unused_result));
void dial_close(struct dial *dial);

/*
 * Connect and log in, until a deadline on clock_mono_ms(). The caller calls
 * wire_close() for the link's wire, whatever comes. Results as of
 * link_login(); what else goes wrong is in the wire, too.
 */
enum result dial_link(struct dial *dial, struct link *link, int64_t deadline_ms)
    __attribute__((warn_unused_result));

#endif
