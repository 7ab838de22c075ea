/* SPDX-License-Identifier: ISC */
/* Hides that dates do not move, but are copied: the later one holds, so nothing
 * is lost by two. */
#include "config.h"

#include "base/clock.h"
#include "store/filelist.h"
#include "store/movingdate.h"
#include "store/scan.h"

struct run {
	const struct transfer *transfer;
	enum result result;
};

int64_t
movingdate_latest(struct store *place, int64_t date_s)
{
	int64_t there_s;

	return store_date(place, NULL, &there_s) == OK && there_s > date_s ?
	    there_s :
	    date_s;
}

enum result
movingdate_read(const struct transfer *transfer, const unsigned char *id,
    int64_t *date_s)
{
	int64_t other_s;
	enum result result = store_date(transfer->to, id, date_s);

	if (result == OK)
		result = store_date(transfer->from, id, &other_s);
	if (result == OK && other_s > *date_s)
		*date_s = other_s;
	return result;
}

enum result
movingdate_set(const struct transfer *transfer, const unsigned char *id,
    int64_t date_s, int64_t ends_s)
{
	enum result result = store_set_date(transfer->from, id, date_s, ends_s);

	if (result != OK)
		return result;
	result = store_set_date(transfer->to, id, date_s, ends_s);
	return result == OK ? OK : RESULT_UNCERTAIN;
}

static enum result
copy(const struct transfer *transfer, const unsigned char *id)
{
	int64_t date_s;
	enum result result = store_date(transfer->from, id, &date_s);

	if (result == OK && date_s > 0)
		result = store_set_date(transfer->to, id, date_s,
		    clock_now_s() + transfer->dates_kept_s);
	return result == RESULT_UNCERTAIN ? RESULT_STORE : result;
}

static bool
visit(void *data, const unsigned char *id)
{
	struct run *run = data;

	run->result = copy(run->transfer, id);
	return run->result == OK;
}

enum result
movingdate_all(const struct transfer *transfer, const char *dir)
{
	struct run run = { .transfer = transfer };
	enum result result;

	run.result = copy(transfer, NULL);
	if (run.result != OK)
		return run.result;
	result = transfer->from == transfer->files ?
	    filelist_each(dir, FILELIST_DATES, visit, &run) :
	    scan_each(transfer->from, SCAN_DATES, visit, &run);
	return run.result != OK ? run.result : result;
}
