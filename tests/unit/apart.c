/* SPDX-License-Identifier: ISC */
/*
 * Hides how many run at a time: there are more than processors, because some
 * wait. A process for each also keeps small what fork() copies in the tests
 * that use it: a sanitizer holds on to what all before it have freed.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apart.h"

#define WAITING 2
#define AT_A_TIME_MAX 16

struct place {
	pid_t pid; /* 0: free */
	int said;
};

static void
start(struct place *place, const struct unit *unit,
    int (*run)(const struct unit *unit))
{
	fflush(NULL);
	place->said = memfd_create("unit", MFD_CLOEXEC);
	assert_true(place->said >= 0);
	place->pid = fork();
	assert_true(place->pid >= 0);
	if (place->pid > 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(place->said, STDOUT_FILENO);
	dup2(place->said, STDERR_FILENO);
	exit(run(unit) == 0 ? 0 : 1);
}

static void
tell(int said)
{
	char text[4096];
	ssize_t n;

	lseek(said, 0, SEEK_SET);
	while ((n = read(said, text, sizeof(text))) > 0)
		fwrite(text, 1, (size_t)n, stdout);
	fflush(stdout);
	close(said);
}

/* Wait for one of them; 1 if it failed. */
static size_t
finish(struct place *places, size_t n)
{
	int status;
	pid_t pid = wait(&status);
	size_t i;

	assert_true(pid > 0);
	for (i = 0; i < n; i++)
		if (places[i].pid == pid) {
			tell(places[i].said);
			places[i].pid = 0;
		}
	if (WIFSIGNALED(status))
		printf("ended by signal %d\n", WTERMSIG(status));
	return status != 0;
}

static struct place *
find_free(struct place *places, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (places[i].pid == 0)
			return &places[i];
	return NULL;
}

size_t
apart_run(const struct unit *const *units, size_t n,
    int (*run)(const struct unit *unit))
{
	struct place places[AT_A_TIME_MAX] = { 0 };
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = processors > 0 ? (size_t)processors + WAITING : WAITING;
	size_t started, failed = 0, running = 0;

	if (most > AT_A_TIME_MAX)
		most = AT_A_TIME_MAX;
	for (started = 0; started < n || running > 0;) {
		if (started < n && running < most) {
			start(find_free(places, most), units[started++], run);
			running++;
		} else {
			failed += finish(places, most);
			running--;
		}
	}
	return failed;
}
