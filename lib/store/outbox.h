/* SPDX-License-Identifier: ISC */
/* A directory from which somebody else takes whole files and removes them. It
 * need not be there. */
#ifndef OUTBOX_H
#define OUTBOX_H

#include "base/str.h"

#define OUTBOX_NAME_BYTES 80

/*
 * Put a file into the directory at once: whoever sees its name can read all of
 * it, with the directory's group, for it is complete under another name, which
 * begins with a dot, before. The file and its name are durable. If there is one
 * of that name it stays as it is, and all is well.
 * NULL, or the call that has failed, by errno: then a crash may undo it, or
 * there is none.
 */
const char *outbox_put(const char *path, const char *name, struct str content)
    __attribute__((warn_unused_result));

/* Remove a file that nobody has taken yet. */
void outbox_take_back(const char *path, const char *name);

/*
 * What is wrong with the directory: NULL, or a sentence that says what to do.
 * It must be this user's and nobody else's but its group's, and not be in
 * session_dir, nor that in it, nor where web servers look for pages. Once a
 * file is put there and taken back; whoever empties the directory does not see
 * it.
 */
const char *outbox_complaint(const char *path, const char *session_dir);

#endif
