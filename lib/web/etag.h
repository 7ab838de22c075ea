/* SPDX-License-Identifier: ISC */
/* Entity tags (RFC 9110, section 8.8.3). */
#ifndef ETAG_H
#define ETAG_H

#include <stdbool.h>

#include "base/str.h"

/* Whether If-None-Match names the tag, which is without its quotes; by weak
 * comparison (RFC 9110, section 13.1.2). */
bool etag_has(struct str header, struct str tag);

#endif
