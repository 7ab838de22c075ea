/* SPDX-License-Identifier: ISC */
/*
 * Hides the two forms that a Retry-After header has.
 */
#include "config.h"

#include <curl/curl.h>
#include <string.h>

#include "base/clock.h"
#include "spotify/retryafter.h"

int64_t
retry_after_read(struct str value)
{
	char date[64];
	uint64_t seconds;
	int64_t left;
	time_t at;
	size_t i;

	for (i = 0; i < value.n && value.p[i] >= '0' && value.p[i] <= '9'; i++)
		continue;
	if (i == value.n && i > 0)
		return str_number(value, RETRY_AFTER_MAX_S, &seconds) ?
		    (int64_t)seconds :
		    RETRY_AFTER_MAX_S;
	/* curl_getdate() also takes what is no HTTP date: "1 Jan 2030". */
	if (value.n < 20 || value.n >= sizeof(date))
		return -1;
	memcpy(date, value.p, value.n);
	date[value.n] = '\0';
	if ((at = curl_getdate(date, NULL)) == -1)
		return -1;
	left = (int64_t)at - clock_now_s();
	if (left < 0)
		return 0;
	return left < RETRY_AFTER_MAX_S ? left : RETRY_AFTER_MAX_S;
}
