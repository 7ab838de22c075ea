/* SPDX-License-Identifier: ISC */
/* Base64, hex and percent coding. */
#ifndef CODEC_H
#define CODEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/str.h"

/* Append n bytes as base64url without padding (RFC 4648, section 5). */
void codec_base64url(struct buf *buf, const void *p, size_t n);

/* Append n bytes as base64 with padding (RFC 4648, section 4). */
void codec_base64(struct buf *buf, const void *p, size_t n);

/*
 * Decode base64url that must be exactly n bytes, in the one canonical
 * spelling. False: anything else; out is wiped then.
 */
bool codec_base64url_exact(struct str in, void *out, size_t n);

/*
 * Append decoded base64url of any length.
 * OK, RESULT_BAD_REQUEST (not canonical base64url), or the buffer's failure.
 */
enum result codec_base64url_decode(struct str in, struct buf *out)
    __attribute__((warn_unused_result));

/* Decode exactly n bytes of hex, either case. False: anything else. */
bool codec_unhex(struct str in, void *out, size_t n);

/*
 * Append percent-encoded, all but letters, digits and "-._~" (RFC 3986,
 * section 2.3): right in a query, in a form body and in a path segment.
 */
void codec_percent(struct buf *buf, struct str s);

/*
 * Append a path or a query as a Location can hold it (RFC 3986): percent-encode
 * blanks and what is not ASCII, as browsers do. Control bytes, which nobody
 * means, stay as they are, for the caller to refuse.
 */
void codec_location(struct buf *buf, struct str s);

/* Append name=value, the value percent-encoded; separators are part of the
 * name ("&code"). */
void codec_arg(struct buf *out, const char *name, struct str value);

/*
 * Append a query or form component, decoded once; "+" is a space.
 * OK, RESULT_BAD_REQUEST (broken escape), or the buffer's failure.
 */
enum result codec_percent_decode(struct str in, struct buf *out)
    __attribute__((warn_unused_result));

/* Append with & < > " ' as HTML entities: right in text and in attributes. */
void codec_html(struct buf *buf, struct str s);

#endif
