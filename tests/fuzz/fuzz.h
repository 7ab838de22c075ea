/* SPDX-License-Identifier: ISC */
/*
 * The fuzz targets. Each gives any bytes to one parser, and aborts when the
 * parser breaks a promise: crashing is not the only way to be wrong. A target
 * has no state, so an input does the same whenever it comes.
 *
 * tests/fuzz/replay runs the targets with their seeds, corpus/TARGET.txt, in
 * make check; tests/fuzz/explore lets libFuzzer look for others.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>

#include "conf/conf.h"
#include "base/str.h"

struct fuzz_target {
	const char *name;
	/* The input is a block of exactly its size. */
	void (*run)(struct str input);
};

/* The table ends with a row of NULL. */
extern const struct fuzz_target fuzz_targets[];
const struct fuzz_target *fuzz_find(const char *name);

/* Once per process. */
void fuzz_init(void);

/* What holds whatever the input is. */
#define MUST(condition) \
	((condition) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #condition))
void fuzz_broken(const char *file, int line, const char *promise)
    __attribute__((noreturn));

/* Whether part is a slice of whole; whether a byte is in a slice; whether a
 * slice is printable ASCII. */
bool fuzz_within(struct str part, struct str whole);
bool fuzz_has(struct str text, char byte);
bool fuzz_printable(struct str text);

/* The time it always is: the seeds hold sealed texts with a time inside. */
#define FUZZ_NOW_S 1800000000

/* A configuration with the key of the seeds. Nothing in it is released. */
struct conf fuzz_conf(void);

/* A store that has no facts and keeps none. */
struct store *fuzz_store(void);

/*
 * What Spotify answers, for units that call http: a first line of status,
 * "json" or another word, and the seconds of Retry-After, then the body. Cast
 * to struct http: http_start() and the others are wrapped.
 */
struct fuzz_upstream {
	struct str input;
	size_t body_max;
};

void fuzz_artists(struct str input);
void fuzz_codec(struct str input);
void fuzz_conf_file(struct str input);
void fuzz_cookie(struct str input);
void fuzz_http(struct str input);
void fuzz_incoming(struct str input);
void fuzz_janssondoc(struct str input);
void fuzz_me(struct str input);
void fuzz_pending(struct str input);
void fuzz_pending_plain(struct str input);
void fuzz_query(struct str input);
void fuzz_reader(struct str input);
void fuzz_request(struct str input);
void fuzz_resp(struct str input);
void fuzz_return_to(struct str input);
void fuzz_rowbody(struct str input);
void fuzz_rowurl(struct str input);
void fuzz_session(struct str input);
void fuzz_session_plain(struct str input);
void fuzz_tag(struct str input);
void fuzz_token(struct str input);
void fuzz_url(struct str input);
void fuzz_valid(struct str input);

#endif
