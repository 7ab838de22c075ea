/* SPDX-License-Identifier: ISC */
/* Whose login it is. */
#ifndef ACCOUNT_H
#define ACCOUNT_H

#include "base/buf.h"

/* Strings are owned; NULL where Spotify sent nothing that can be used. Of a
 * known account id or account_id is there. */
struct account {
	char *id;
	char *account_id;
	char *display_name;
	char *image;
	char *email;
};

/* Where an account comes from: the text of that name, borrowed, or an empty
 * slice for none. */
typedef struct str account_source(const void *from, const char *name);

/* Copy all that is there. OK, or RESULT_NO_MEMORY: *account is as it was. */
enum result account_copy(struct account *account, account_source *source,
    const void *from) __attribute__((warn_unused_result));

/* Append as a JSON object; email is left out where there is none, the others
 * are null then. */
void account_write(const struct account *account, struct buf *out);

/* Append what is there, as members of a JSON object that is open. */
void account_write_members(const struct account *account, struct buf *out);

/*
 * Append what an application may store as the key of a person: account_id,
 * percent-encoded, or while Spotify sends none "user:" and the id. Nothing is
 * appended for an unknown account.
 */
void account_write_key(const struct account *account, struct buf *out);

/* Whether Spotify has told whose account it is. */
bool account_is_known(const struct account *account);

void account_free(struct account *account);

#endif
