/* SPDX-License-Identifier: ISC */
/* The facts of the back end valkey: a part of it. */
#ifndef SITEWIDE_H
#define SITEWIDE_H

#include "store/valkeyparts.h"

/* fact, facts, try_write and set_fact of backend.h. */
int64_t sitewide_fact(struct store *store, const char *name);
void sitewide_facts(struct store *store, const char *const *names,
    int64_t *numbers);
/* know and knows; there is no end to them. */
void sitewide_know(struct store *store, const unsigned char *id, int64_t now_s);
bool sitewide_knows(struct store *store, const unsigned char *id);
enum result sitewide_try(struct store *store)
    __attribute__((warn_unused_result));
void sitewide_set_fact(struct store *store, const char *name, int64_t number);

/* The number in the value of a fact; 0: there is none. */
int64_t sitewide_number(struct str text);

#endif
