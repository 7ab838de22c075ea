/* SPDX-License-Identifier: ISC */
/* The keys of the configuration: a part of conf, which only conf.c uses. */
#ifndef CONFKEYS_H
#define CONFKEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

enum confkeys_type {
	TYPE_TEXT,
	TYPE_FILE,
	TYPE_PATH,
	TYPE_CLIENT_ID,
	TYPE_REDIRECT,
	TYPE_SCOPE,
	TYPE_ENDPOINT,
	TYPE_API,
	TYPE_ISSUER,
	TYPE_PROXY,
	TYPE_STORE,
	TYPE_NUMBER,
	TYPE_DURATION,
	TYPE_YES,
	TYPE_PASS,
	TYPE_LEVEL
};

struct confkeys_key {
	const char *name;
	const char *fallback; /* NULL: none */
	size_t offset;	      /* of a char *, or of an int64_t */
	int64_t min, max;     /* of a number or duration */
	enum confkeys_type type;
	bool required;
	const char *range; /* the complaint about one beyond min and max */
};

extern const struct confkeys_key confkeys[CONFKEYS_N];

/* The index of a key; CONFKEYS_N when there is none of that name. */
size_t confkeys_find(struct str name);

/* The key that somebody may have meant by an unknown name, or NULL. */
const char *confkeys_like(struct str name);

/*
 * Check a value and put it into conf, which owns the copy and must not have
 * one yet. NULL, or a static sentence that says what is wrong with it.
 */
const char *confkeys_set(struct conf *conf, const struct confkeys_key *key,
    struct str value);

/* Release the texts; conf has none afterwards. */
void confkeys_free(struct conf *conf);

#endif
