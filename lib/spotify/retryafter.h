/* SPDX-License-Identifier: ISC */
/* How long a server asks its client to wait. */
#ifndef RETRYAFTER_H
#define RETRYAFTER_H

#include <stdint.h>

#include "base/str.h"

#define RETRY_AFTER_MAX_S 86400

/*
 * The seconds that the value of a Retry-After header asks for: a delay in
 * seconds or an HTTP date (RFC 9110, section 10.2.3). A date that has passed
 * is 0, and what is longer than a day is a day. -1: it cannot be read.
 */
int64_t retry_after_read(struct str value);

#endif
