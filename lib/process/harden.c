/* SPDX-License-Identifier: ISC */
/* Hides what a process has by default and we have no use for. */
#include "config.h"

#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/harden.h"

/* A descriptor of the first three that nobody has handed over would become
 * that of a file, and the log be written into the store. */
static void
fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_NOCTTY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

void
harden(void)
{
	fill_descriptors();
	umask(077);
	signal(SIGPIPE, SIG_IGN);
	/* Configuration is read once: there is nothing to load again. */
	signal(SIGHUP, SIG_IGN);
	/* A file over its limit is an error to handle, not a death. */
	signal(SIGXFSZ, SIG_IGN);
#ifndef SANITIZERS
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	prctl(PR_SET_DUMPABLE, 0);
#endif
#ifdef M_MMAP_THRESHOLD
	/* What was large goes back to the system as soon as it is freed; by
	 * itself glibc begins to keep it, for each thread. */
	mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
#ifdef M_PERTURB
	/*
	 * The libraries free their buffers with a visitor's cookie in them: let
	 * malloc() overwrite what is freed (and clear what it hands out). Not
	 * blocks below a kilobyte, which it keeps by for the thread: those
	 * we wipe ourselves.
	 */
	mallopt(M_PERTURB, 0xff);
#endif
	if (sodium_init() < 0)
		abort();
}
