/* SPDX-License-Identifier: ISC */
/* Hides what an operator wants to know before the first event. */
#include "config.h"

#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>

#include "app/eventscheck.h"
#include "app/units.h"
#include "store/outbox.h"

unsigned
eventscheck(const struct conf *conf)
{
	const char *complaint;
	struct units units;

	if (conf->events_dir == NULL || conf->session_dir == NULL)
		return 0;
	complaint = outbox_complaint(conf->events_dir, conf->session_dir);
	if (complaint == NULL) {
		units_read(conf->file, "callback", &units);
		complaint = units_complaint_store(&units, conf->events_dir);
		units_free(&units);
	}
	return complaint == NULL ?
	    0 :
	    conf_complain(conf, "events_dir", "%s", complaint);
}

void
eventscheck_print(const struct conf *conf)
{
	const struct group *group;
	struct stat st;

	if (conf->events_dir == NULL || stat(conf->events_dir, &st) != 0)
		return;
	if ((st.st_mode & 070) == 070 && (group = getgrgid(st.st_gid)) != NULL)
		printf("# events_dir: group %s reads events and removes "
		       "them.\n",
		    group->gr_name);
	else
		printf("# events_dir: only the user of the programs can take "
		       "events.\n");
	if ((st.st_mode & 070) == 070 && (st.st_mode & S_ISGID) == 0)
		printf("# events_dir: without the set-group-ID bit its files "
		       "are not for that group; chmod g+s it.\n");
}
