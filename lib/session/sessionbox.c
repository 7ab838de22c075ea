/* SPDX-License-Identifier: ISC */
/* Hides what is sealed for a session is bound to: its name and its cookie. */
#include "config.h"

#include "session/session.h"

static struct seal_box
box_of(const struct session *session, enum seal_purpose purpose)
{
	return (struct seal_box){ .purpose = purpose,
		.bound_to = { (const char *)session->id, sizeof(session->id) },
		.secret = session->secret };
}

enum result
session_seal(const struct conf *conf, const struct session *session,
    enum seal_purpose purpose, struct str plain, struct buf *sealed)
{
	struct seal_box box = box_of(session, purpose);

	return seal_close(&conf->ring, &box, plain, SESSION_PAD_TO, sealed);
}

enum result
session_unseal(const struct conf *conf, const struct session *session,
    enum seal_purpose purpose, struct str sealed, struct buf *plain)
{
	struct seal_box box = box_of(session, purpose);

	return seal_open(&conf->ring, &box, sealed, SESSION_PAD_TO, plain);
}

enum result
session_unseal_here(const struct conf *conf, const struct session *session,
    enum seal_purpose purpose, struct buf *text)
{
	struct seal_box box = box_of(session, purpose);

	return seal_open_here(&conf->ring, &box, SESSION_PAD_TO, text);
}
