/* SPDX-License-Identifier: ISC */
/*
 * Hides the signal, whose handler is one for the whole process and so has to
 * know all that is mapped. It may run in any thread while others map and
 * unmap: so it reads two words of each place only, of which one never changes
 * again, and no thread maps or unmaps what another one uses.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "store/mapped.h"

static struct place {
	_Atomic(char *) start; /* NULL: free */
	_Atomic size_t n;      /* of whatever is mapped here; 0: never used */
	atomic_bool lost;
	dev_t device; /* of the file */
	ino_t inode;
} places[MAPPED_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* to change them */

/* The place in which an address lies, or NULL. */
static struct place *
place_of(const char *at)
{
	size_t i;

	for (i = 0; i < MAPPED_MAX; i++) {
		const char *start = places[i].start;

		if (start != NULL && at >= start && at < start + places[i].n)
			return &places[i];
	}
	return NULL;
}

static void
make_own(int number, siginfo_t *info, void *context)
{
	struct place *place = place_of(info->si_addr);
	int error = errno;

	(void)context;
	if (place != NULL &&
	    mmap(place->start, place->n, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED)
		place->lost = true;
	else
		/* What has failed is done again, and ends us. */
		signal(number, SIG_DFL);
	errno = error;
}

static void
watch_memory(void)
{
	struct sigaction action = { .sa_sigaction = make_own,
		.sa_flags = SA_SIGINFO };

	sigemptyset(&action.sa_mask);
	sigaction(SIGBUS, &action, NULL);
}

/* A free place for so many bytes, or NULL. */
static struct place *
find_free(size_t n)
{
	size_t i;

	for (i = 0; i < MAPPED_MAX; i++)
		if (places[i].start == NULL &&
		    (places[i].n == n || places[i].n == 0))
			return &places[i];
	errno = ENOMEM;
	return NULL;
}

void *
mapped_new(int fd, size_t n, void *at)
{
	void *map = MAP_FAILED;
	struct place *place;
	struct stat st;

	if (fstat(fd, &st) != 0)
		return NULL;
	pthread_mutex_lock(&mutex);
	/* Each time, for libraries have handlers of their own. */
	watch_memory();
	place = at == NULL ? find_free(n) : place_of(at);
	if (place != NULL) {
		place->lost = false;
		map = mmap(at, n, PROT_READ | PROT_WRITE,
		    MAP_SHARED | (at == NULL ? 0 : MAP_FIXED), fd, 0);
	}
	if (map != MAP_FAILED) {
		place->device = st.st_dev;
		place->inode = st.st_ino;
		place->n = n;
		place->start = map;
	}
	pthread_mutex_unlock(&mutex);
	return map == MAP_FAILED ? NULL : map;
}

bool
mapped_is_lost(const void *map)
{
	const struct place *place = place_of(map);

	return place == NULL || place->lost;
}

bool
mapped_is_file(const void *map, int dir, const char *name)
{
	const struct place *place = place_of(map);
	struct stat st;

	return place != NULL && !place->lost &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_dev == place->device && st.st_ino == place->inode &&
	    S_ISREG(st.st_mode) && (st.st_mode & 077) == 0 &&
	    st.st_nlink == 1 && st.st_size == (off_t)place->n;
}

void
mapped_free(void *map)
{
	struct place *place = place_of(map);

	if (place == NULL)
		return;
	pthread_mutex_lock(&mutex);
	place->start = NULL;
	munmap(map, place->n);
	pthread_mutex_unlock(&mutex);
}
