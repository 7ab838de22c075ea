/* SPDX-License-Identifier: ISC */
/* Entity tags (RFC 9110, section 8.8.3). */
#ifndef ETAG_H
#define ETAG_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/* Append a tag for a text, without quotes: a hash of it, ETAG_BYTES long. */
#define ETAG_BYTES 22
void etag_of(struct str text, struct buf *tag);

/* Whether If-None-Match names the tag, which is without its quotes; by weak
 * comparison (RFC 9110, section 13.1.2). */
bool etag_has(struct str header, struct str tag);

#endif
