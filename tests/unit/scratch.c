/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "run.h"
#include "scratch.h"

enum result
scratch_open(struct store **store)
{
	run_in_scratch();
	return files_open(".", store);
}

void
scratch_close(struct store **store)
{
	store_close(*store);
}

void
scratch_release(struct store_reservation **reservation)
{
	store_release(*reservation);
}
