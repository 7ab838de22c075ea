/* SPDX-License-Identifier: ISC */
/* Bytes under construction, with a hard maximum from birth. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/result.h"
#include "base/str.h"

/*
 * Always terminated with a NUL that does not count. The first failure
 * sticks: later additions do nothing, so one adds ten times and asks once.
 */
struct buf {
	char *p;
	size_t n;
	size_t size;	    /* allocated, the NUL included */
	size_t max;	    /* n never exceeds it */
	enum result failed; /* OK or the first failure */
};

/*
 * What all large buffers of a process, of more than BUF_LARGE bytes each, may
 * have together; the unit in conf/systemd allows a process 1 GiB in all. A
 * buffer that would go beyond fails with RESULT_NO_MEMORY, and nobody is
 * killed. What was taken by buf_take() is not counted any more.
 */
#define BUF_LARGE 65536
#define BUF_ALL_MAX ((size_t)384 << 20)

/* An empty buffer that may grow to max bytes; allocates nothing yet. */
#define BUF(limit) ((struct buf){ .max = (limit) })

/* What all large buffers have at this moment. */
size_t buf_all(void);

/* Append. On failure the buffer keeps what it had and remembers why. */
void buf_add(struct buf *buf, const void *p, size_t n);
void buf_add_str(struct buf *buf, struct str s);
void buf_puts(struct buf *buf, const char *s);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Make room for n more bytes and return where they go, NULL on failure; the
 * caller fills them and says with buf_grown() how many it used.
 */
char *buf_room(struct buf *buf, size_t n);
void buf_grown(struct buf *buf, size_t n);

/* Let it fail for a reason of the caller's, if it has not failed yet. */
void buf_fail(struct buf *buf, enum result why);

/* OK, or the first failure: RESULT_NO_MEMORY, RESULT_TOO_LARGE or what
 * buf_fail() said. */
enum result buf_result(const struct buf *buf)
    __attribute__((warn_unused_result));

/* The bytes so far; borrowed until the next change of the buffer. */
struct str buf_str(const struct buf *buf);

/*
 * Give the content away as a terminated string, which the caller frees, and
 * leave the buffer empty. A buffer that failed gives nothing: *taken is NULL
 * and the first failure is returned.
 */
enum result buf_take(struct buf *buf, char **taken)
    __attribute__((warn_unused_result));

/* Give content, limit and failure over to another buffer, whose own is wiped
 * and released; this one is empty then. */
void buf_move(struct buf *to, struct buf *from);

/* Shorten it to its first n bytes, wiping the others. */
void buf_cut(struct buf *buf, size_t n);

/* Empty it, wiping the content but keeping the memory and the maximum. */
void buf_clear(struct buf *buf);

/* Wipe and release. The buffer can be used again. */
void buf_free(struct buf *buf);

#endif
