/* SPDX-License-Identifier: ISC */
/*
 * Hides how allocations are refused. The linker sends every allocation that
 * our objects make through the functions below (--wrap); Jansson's come the
 * same way, because janssondoc_init() hands it our malloc.
 */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "alloc.h"

#define LIVE_MAX 65536

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static const void *live[LIVE_MAX];
static size_t live_n;
static unsigned long asked, refuse_at; /* 0: refuse none */

static bool
allowed(void)
{
	bool refuse;

	pthread_mutex_lock(&mutex);
	refuse = ++asked == refuse_at;
	pthread_mutex_unlock(&mutex);
	if (refuse)
		errno = ENOMEM;
	return !refuse;
}

static void *
note(void *p)
{
	pthread_mutex_lock(&mutex);
	if (p != NULL && live_n < LIVE_MAX)
		live[live_n++] = p;
	pthread_mutex_unlock(&mutex);
	return p;
}

/* Memory that libc allocated for us is not in the list. */
static void
forget(const void *p)
{
	size_t i;

	pthread_mutex_lock(&mutex);
	for (i = live_n; i-- > 0;)
		if (live[i] == p) {
			live[i] = live[--live_n];
			break;
		}
	pthread_mutex_unlock(&mutex);
}

void *
__wrap_malloc(size_t n)
{
	return allowed() ? note(__real_malloc(n)) : NULL;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return allowed() ? note(__real_calloc(n, size)) : NULL;
}

void *
__wrap_realloc(void *p, size_t n)
{
	if (!allowed())
		return NULL;
	forget(p);
	return note(__real_realloc(p, n));
}

char *
__wrap_strdup(const char *s)
{
	return allowed() ? note(__real_strdup(s)) : NULL;
}

char *
__wrap_strndup(const char *s, size_t n)
{
	return allowed() ? note(__real_strndup(s, n)) : NULL;
}

void
__wrap_free(void *p)
{
	if (p != NULL)
		forget(p);
	__real_free(p);
}

void
alloc_begin(unsigned long refuse)
{
	asked = 0;
	live_n = 0;
	refuse_at = refuse;
}

unsigned long
alloc_asked(void)
{
	return asked;
}

size_t
alloc_live(void)
{
	return live_n;
}

bool
alloc_refused(void)
{
	return refuse_at != 0 && asked >= refuse_at;
}
