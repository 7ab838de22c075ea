/* SPDX-License-Identifier: ISC */
/*
 * Hides nothing but words: what an operator is told who moves sessions. No
 * secret of theirs is read, for what is sealed moves as it is.
 */
#include "config.h"

#include <stdio.h>
#include <unistd.h>

#include "app/cleanup.h"
#include "app/move.h"
#include "conf/conf.h"
#include "process/sandbox.h"
#include "store/moving.h"

static int
move_all(const struct app *app, const struct conf *conf, struct store *store)
{
	struct moving_tally tally = { 0 };
	enum result result = app->storage->move(store, &tally);

	printf("%s: %llu sessions moved, %llu over, %llu left\n",
	    conf->store_from, tally.moved, tally.over, tally.left);
	if (result == OK) {
		puts("All have moved.");
		return 0;
	}
	fputs(result == RESULT_BUSY ?
		"Not all have moved; do it again.\n" :
		"It ended early, and more is left than that: the lines "
		"above say why; do it again.\n",
	    stderr);
	return 1;
}

int
move_sessions(const struct options *options, const struct app *app)
{
	unsigned as_root = geteuid() == 0 ? CONF_ANY_OWNER : 0;
	struct store *store = NULL;
	struct conf conf;
	int status = 2;

	if (app->storage == NULL) {
		fprintf(stderr, "%s has no sessions; call logout -m\n",
		    app->name);
		return status;
	}
	if (conf_load(options->file, CONF_STORE | as_root, &conf) != 0) {
		/* It has been said. */
	} else if (conf.store_from == NULL) {
		fprintf(stderr,
		    "%s: store_from: is not set, so nothing moves\n",
		    options->file);
	} else {
		cleanup_become_owner(conf.session_dir);
#ifndef COVERAGE /* as in app.c */
		sandbox(conf.session_dir);
#endif
		status = 1;
		if (app->storage->open(&conf, &store) == OK)
			status = move_all(app, &conf, store);
	}
	store_close(store);
	conf_free(&conf);
	return status;
}
