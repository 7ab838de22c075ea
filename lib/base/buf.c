/* SPDX-License-Identifier: ISC */
/*
 * Hides growth and its limit. Old copies are wiped when a buffer moves,
 * because most buffers here hold a token at some time.
 */
#include "config.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* The sizes of all large buffers; small ones cost nothing here. */
static atomic_size_t all;

size_t
buf_all(void)
{
	return atomic_load(&all);
}

/* Count bytes that are to be allocated, unless they are too many. */
static bool
count_in(size_t size)
{
	if (size <= BUF_LARGE)
		return true;
	if (atomic_fetch_add(&all, size) + size <= BUF_ALL_MAX)
		return true;
	atomic_fetch_sub(&all, size);
	return false;
}

static void
count_out(size_t size)
{
	if (size > BUF_LARGE)
		atomic_fetch_sub(&all, size);
}

/* Memory of a size, counted; NULL: there is none, or too much already. */
static char *
allocate(size_t size)
{
	char *p = NULL;

	if (count_in(size) && (p = malloc(size)) == NULL)
		count_out(size);
	return p;
}

/* Grow so that n more bytes and the NUL fit. */
static bool
reserve(struct buf *buf, size_t n)
{
	size_t size;
	char *p;

	if (buf->failed != OK)
		return false;
	if (n > buf->max - buf->n) {
		buf->failed = RESULT_TOO_LARGE;
		return false;
	}
	if (n < buf->size - buf->n && buf->p != NULL)
		return true;
	/* Who begins with much often adds no more. */
	size = buf->size < 64 ? 64 : buf->size;
	if (buf->p == NULL && n >= size)
		size = n + 1;
	while (size - buf->n <= n)
		size *= 2;
	if (size > buf->max)
		size = buf->max + 1;
	if ((p = allocate(size)) == NULL) {
		buf->failed = RESULT_NO_MEMORY;
		return false;
	}
	if (buf->p != NULL) {
		memcpy(p, buf->p, buf->n);
		explicit_bzero(buf->p, buf->size);
		free(buf->p);
		count_out(buf->size);
	}
	buf->p = p;
	buf->p[buf->n] = '\0';
	buf->size = size;
	return true;
}

void
buf_add(struct buf *buf, const void *p, size_t n)
{
	if (!reserve(buf, n))
		return;
	if (n > 0)
		memcpy(buf->p + buf->n, p, n);
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void
buf_add_str(struct buf *buf, struct str s)
{
	buf_add(buf, s.p, s.n);
}

void
buf_puts(struct buf *buf, const char *s)
{
	buf_add(buf, s, strlen(s));
}

void
buf_putc(struct buf *buf, char c)
{
	if (!reserve(buf, 1))
		return;
	buf->p[buf->n++] = c;
	buf->p[buf->n] = '\0';
}

void
buf_printf(struct buf *buf, const char *format, ...)
{
	size_t room = buf->failed == OK ? buf->size - buf->n : 0;
	va_list ap;
	int n;

	/* Mostly there is room enough. */
	va_start(ap, format);
	n = vsnprintf(room > 0 ? buf->p + buf->n : NULL, room, format, ap);
	va_end(ap);
	if (n < 0) {
		buf_fail(buf, RESULT_NO_MEMORY);
	} else if ((size_t)n >= room && reserve(buf, (size_t)n)) {
		va_start(ap, format);
		vsnprintf(buf->p + buf->n, (size_t)n + 1, format, ap);
		va_end(ap);
	}
	if (buf->failed == OK)
		buf->n += (size_t)n;
	else if (room > 0)
		explicit_bzero(buf->p + buf->n, room);
}

char *
buf_room(struct buf *buf, size_t n)
{
	return reserve(buf, n) ? buf->p + buf->n : NULL;
}

void
buf_grown(struct buf *buf, size_t n)
{
	buf->n += n;
	buf->p[buf->n] = '\0';
}

void
buf_fail(struct buf *buf, enum result why)
{
	if (buf->failed == OK)
		buf->failed = why;
}

enum result
buf_result(const struct buf *buf)
{
	return buf->failed;
}

struct str
buf_str(const struct buf *buf)
{
	return (struct str){ buf->p, buf->n };
}

enum result
buf_take(struct buf *buf, char **taken)
{
	*taken = NULL;
	if (buf->p == NULL)
		buf_add(buf, "", 0);
	if (buf->failed != OK)
		return buf->failed;
	*taken = buf->p;
	count_out(buf->size);
	*buf = BUF(buf->max);
	return OK;
}

void
buf_move(struct buf *to, struct buf *from)
{
	buf_free(to);
	*to = *from;
	*from = BUF(from->max);
}

void
buf_cut(struct buf *buf, size_t n)
{
	if (n >= buf->n)
		return;
	explicit_bzero(buf->p + n, buf->n - n);
	buf->n = n;
}

void
buf_clear(struct buf *buf)
{
	if (buf->p != NULL) {
		explicit_bzero(buf->p, buf->n);
		buf->p[0] = '\0';
	}
	buf->n = 0;
	buf->failed = OK;
}

void
buf_free(struct buf *buf)
{
	buf_clear(buf);
	free(buf->p);
	count_out(buf->size);
	*buf = BUF(buf->max);
}
