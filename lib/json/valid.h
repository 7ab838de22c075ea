/* SPDX-License-Identifier: ISC */
/* Whether a text is JSON, and whether it is UTF-8, without reading it. */
#ifndef VALID_H
#define VALID_H

#include <stdbool.h>

#include "base/str.h"

/*
 * Whether a text is exactly one JSON value (RFC 8259) with blanks around it at
 * most, no deeper than so many containers, in valid UTF-8. A NUL stands behind
 * its last byte. Nothing is allocated, and members that have the same name are
 * not looked for.
 */
bool valid_json(struct str text, unsigned depth_max);

/* Whether a text is valid UTF-8: shortest forms only, no surrogates, nothing
 * above U+10FFFF. A NUL stands behind its last byte. */
bool valid_utf8(struct str text);

#endif
