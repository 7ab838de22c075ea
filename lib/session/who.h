/* SPDX-License-Identifier: ISC */
/* Whose session it is, when Spotify could not tell at login. */
#ifndef WHO_H
#define WHO_H

#include "session/session.h"

/*
 * Fill in an account that is not known yet, by one request at a time and with
 * a token that was just used or renewed; a known one is left alone. It may
 * take three seconds, which is too short to replace a token that is refused
 * all the same. A failure is no harm: the next request tries again. Only if
 * Spotify says that this account may not use the site, the session is removed,
 * for with that answer its login would have ended.
 */
void who_fill(const struct context *context, struct session *session);

#endif
