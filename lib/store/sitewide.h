/* SPDX-License-Identifier: ISC */
/* The facts and dates of the back end valkey: a part of it. */
#ifndef SITEWIDE_H
#define SITEWIDE_H

#include "store/valkeyparts.h"

/* fact, facts, try_write and set_fact of backend.h. */
int64_t sitewide_fact(struct store *store, const char *name);
void sitewide_facts(struct store *store, const char *const *names,
    int64_t *numbers);
/* know, known and forget; there is no end to what is known. */
void sitewide_know(struct store *store, const unsigned char *id,
    int64_t number);
enum result sitewide_known(struct store *store, const unsigned char *id,
    int64_t *number) __attribute__((warn_unused_result));
enum result sitewide_forget(struct store *store, const unsigned char *id)
    __attribute__((warn_unused_result));
enum result sitewide_try(struct store *store)
    __attribute__((warn_unused_result));
void sitewide_set_fact(struct store *store, const char *name, int64_t number);

/* Add the key of the date of an id, or with NULL of the one that all have in
 * common. */
void sitewide_date_key(struct words *words, const struct valkey *valkey,
    const unsigned char *id);

/* The number that an engine keeps as text; 0 for what is none. */
int64_t sitewide_number(struct str text);

/* date, dates and set_date of backend.h. */
enum result sitewide_date(struct store *store, const unsigned char *id,
    int64_t *date_s) __attribute__((warn_unused_result));
enum result sitewide_dates(struct store *store, const unsigned char *const *ids,
    int64_t *dates_s) __attribute__((warn_unused_result));
enum result sitewide_set_date(struct store *store, const unsigned char *id,
    int64_t date_s, int64_t ends_s) __attribute__((warn_unused_result));

#endif
