/* SPDX-License-Identifier: ISC */
/*
 * How many sessions there are, by how long ago they were last used. Whose they
 * are nobody can tell: a record can be opened with its visitor's cookie only.
 */
#ifndef AGES_H
#define AGES_H

#include "store/store.h"

enum age { AGE_HOUR, AGE_DAY, AGE_WEEK, AGE_MONTH, AGE_LONGER, AGE_OVER };
#define AGES (AGE_OVER + 1)

struct ages {
	int64_t now_s;
	int64_t kept_s;		    /* what was not used for so long is over */
	unsigned long long n[AGES]; /* each session in one */
};

/* The word for an age, as in a label; static. */
const char *age_word(enum age age);

/* Count one that was used then. */
void ages_add(struct ages *ages, int64_t used_s);

/*
 * Add the sessions in the files of a directory; those of which one is made or
 * removed meanwhile may be counted or not.
 * OK, or RESULT_STORE: not all could be read, and the cause was logged.
 */
enum result ages_of_files(struct ages *ages, const char *path)
    __attribute__((warn_unused_result));

/* Add those in an engine, by ten bytes of each; one that moves meanwhile may be
 * counted twice. OK, RESULT_STORE, RESULT_NO_MEMORY. */
enum result ages_of_engine(struct ages *ages, struct store *store)
    __attribute__((warn_unused_result));

#endif
