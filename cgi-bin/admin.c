/* SPDX-License-Identifier: ISC */
/* Lets the operator look at what runs, and log an account out or forget it:
 * spotify-fcgi-admin(8). It serves nobody. */
#include "config.h"

#include "app/admin.h"
#include "session/events.h"
#include "session/everywhere.h"

int
main(int argc, char **argv)
{
	return admin_run(argc, argv,
	    &(struct admin){ .name = "spotify-fcgi-admin",
		.storage = &storage_configured,
		.upstream = &upstream_spotify,
		.log_out = everywhere_set,
		.forget = events_forget });
}
