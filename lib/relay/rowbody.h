/* SPDX-License-Identifier: ISC */
/* From the body of what a page asks to the body that Spotify is asked with. */
#ifndef ROWBODY_H
#define ROWBODY_H

#include "relay/rowurl.h"

/*
 * Read the body of a call whose row was found, once, and print it in the order
 * of the row; of a row that has none it is not looked at. type is the value of
 * Content-Type. An empty body is one without members, and is sent as such.
 * Where the body decides which scopes it takes, rowurl->scopes has them then.
 * OK, RESULT_NO_MEMORY, or RESULT_BAD_REQUEST, of which the log says why: a
 * body that is not application/json, or not one JSON object; a member that the
 * row has not, or that comes twice, a value that is not of its kind, a required
 * one that is not there, two that exclude each other.
 */
enum result rowbody_read(struct str type, struct str body,
    struct rowurl *rowurl) __attribute__((warn_unused_result));

#endif
