/* SPDX-License-Identifier: ISC */
/* Lets the operator look at what runs: spotify-fcgi-admin(8). It serves
 * nobody. */
#include "config.h"

#include "app/admin.h"

int
main(int argc, char **argv)
{
	return admin_run(argc, argv,
	    &(struct app){ .name = "spotify-fcgi-admin",
		.storage = &storage_configured,
		.upstream = &upstream_spotify });
}
