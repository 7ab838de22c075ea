/* SPDX-License-Identifier: ISC */
/* The scopes that an application can ask Spotify's users for. */
#ifndef SCOPES_H
#define SCOPES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/str.h"

/* Whether Spotify documents a scope of that name. */
bool scopes_know(struct str name);

/*
 * Print each word of scope, which is separated by blanks, that Spotify does not
 * document, with the one that may be meant, as a comment of the configuration.
 * Such a word may be newer than this; a wrong one ends every login on a page of
 * Spotify's.
 */
void scopes_print_unknown(struct str scope, FILE *out);

#endif
