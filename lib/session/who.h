/* SPDX-License-Identifier: ISC */
/* Whose session it is, when Spotify could not tell at login. */
#ifndef WHO_H
#define WHO_H

#include "session/session.h"

/* Fill in an account that is not known yet, by one request at a time; a known
 * one is left alone. A failure is no harm: the next request tries again. */
void who_fill(const struct context *context, struct session *session);

#endif
