/* SPDX-License-Identifier: ISC */
/* Hides what root can reach, and those will not for whom he checks. */
#include "config.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "app/reach.h"
#include "base/buf.h"

/* A secret's file as the programs will look for it: they can read it, or
 * systemd does that for them. */
static unsigned
check_secret(const struct conf *conf, const struct units *units, bool as_owner,
    const char *key, const char *name)
{
	const char *complaint = NULL, *slash = strrchr(conf->file, '/');
	struct buf path = BUF(PATH_MAX);

	if (strchr(name, '/') == NULL && slash != NULL)
		buf_add(&path, conf->file, (size_t)(slash - conf->file) + 1);
	buf_puts(&path, name);
	if (strchr(name, '/') != NULL)
		complaint = units_complaint_file(units, name);
	else if (!units->known || units_load(units, name))
		buf_clear(&path);
	if (as_owner && complaint == NULL && path.n > 0 &&
	    buf_result(&path) == OK && access(path.p, R_OK) != 0)
		complaint = "cannot be read by the user of the programs; name "
			    "one that the units load (LoadCredential=), "
			    "without a path, or chown it";
	buf_free(&path);
	return complaint == NULL ? 0 :
				   conf_complain(conf, key, "%s", complaint);
}

/* A file that the programs open themselves, where their units may hide it. */
static unsigned
check_hidden(const struct conf *conf, const struct units *units,
    const char *key, const char *path)
{
	const char *complaint =
	    path == NULL ? NULL : units_complaint_file(units, path);

	return complaint == NULL ? 0 :
				   conf_complain(conf, key, "%s", complaint);
}

unsigned
reach_check(const struct conf *conf, const struct units *units, bool as_owner)
{
	unsigned mistakes = 0;

	if (as_owner && access(conf->file, R_OK) != 0)
		mistakes += conf_complain(conf, "this file",
		    "cannot be read by the user of the programs; chmod 644 "
		    "it");
	mistakes += check_secret(conf, units, as_owner, "client_secret_file",
	    conf->client_secret_file);
	mistakes += check_secret(conf, units, as_owner, "server_key_file",
	    conf->server_key_file);
	if (conf->store_password_file != NULL)
		mistakes += check_secret(conf, units, as_owner,
		    "store_password_file", conf->store_password_file);
	return mistakes + check_hidden(conf, units, "ca_file", conf->ca_file) +
	    check_hidden(conf, units, "store_ca_file", conf->store_ca_file) +
	    check_hidden(conf, units, "store_cert_file",
		conf->store_cert_file) +
	    check_hidden(conf, units, "store_key_file", conf->store_key_file);
}
