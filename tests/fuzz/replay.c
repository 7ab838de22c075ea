/* SPDX-License-Identifier: ISC */
/*
 * Gives the targets their seeds, each as it is, cut off, and with one byte
 * changed: a small fuzzer that does the same each time. A target runs in a
 * process of its own, so one that breaks does not hide the others.
 *
 *	replay [TARGET ...]		run these, or all
 *	replay -u TARGET DIRECTORY	unpack the seeds for libFuzzer
 *	replay -s FILE			print the file as a seed
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"
#include "seeds.h"

#define VARIANTS 96	 /* of each kind for one seed, */
#define VARIANTS_LARGE 8 /* or for one above LARGE bytes */
#define LARGE 4096
#define TARGET_S 300 /* the longest that one may take */
#define SHOWN 6000   /* bytes of its last words */

/* How far a target has come; shared with its process. */
struct progress {
	unsigned line;
	unsigned seeds;
	unsigned long inputs;
	char how[40];
};

/* The file of a target's seeds; the name is borrowed until the next call. */
static const char *
path_of(const char *target)
{
	static char path[4096];
	const char *source = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/%s.txt",
	    source == NULL ? "." : source, target);
	return path;
}

/* Run the input in a block of its size, so that a byte too far is noticed. */
static void
run_one(const struct fuzz_target *target, struct str input,
    struct progress *progress)
{
	char *copy = malloc(input.n);

	MUST(copy != NULL || input.n == 0);
	if (input.n > 0)
		memcpy(copy, input.p, input.n);
	target->run((struct str){ copy, input.n });
	free(copy);
	progress->inputs++;
}

static void
run_seed(const struct fuzz_target *target, struct buf *seed,
    struct progress *progress)
{
	size_t step =
		   seed->n / (seed->n > LARGE ? VARIANTS_LARGE : VARIANTS) + 1,
	       i;

	snprintf(progress->how, sizeof(progress->how), "as it is");
	run_one(target, buf_str(seed), progress);
	for (i = 0; i < seed->n; i += step) {
		snprintf(progress->how, sizeof(progress->how),
		    "cut to %zu bytes", i);
		run_one(target, (struct str){ seed->p, i }, progress);
		snprintf(progress->how, sizeof(progress->how),
		    "byte %zu changed", i);
		seed->p[i] ^= 1;
		run_one(target, buf_str(seed), progress);
		seed->p[i] ^= 1;
	}
	progress->seeds++;
}

/* Never returns. */
static void
run_target(const struct fuzz_target *target, struct progress *progress)
{
	struct buf seed = BUF(SEEDS_MAX);
	struct seeds seeds;
	int got;

	alarm(TARGET_S);
	fuzz_init();
	if (!seeds_open(&seeds, path_of(target->name)))
		exit(2);
	while ((got = seeds_next(&seeds, &seed)) > 0) {
		progress->line = seeds.line;
		run_seed(target, &seed, progress);
		buf_clear(&seed);
	}
	if (got < 0)
		fprintf(stderr, "line %u is not readable\n", seeds.line);
	seeds_close(&seeds);
	buf_free(&seed);
	exit(got < 0 || progress->seeds == 0 ? 2 : 0);
}

/* What a target said last. */
static void
show_words(int fd)
{
	off_t n = lseek(fd, 0, SEEK_END);
	char words[SHOWN];
	ssize_t got;

	got = pread(fd, words, sizeof(words), n > SHOWN ? n - SHOWN : 0);
	printf("%.*s\n", got > 0 ? (int)got : 0, words);
}

static bool
replay(const struct fuzz_target *target)
{
	struct progress *progress = mmap(NULL, sizeof(*progress),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int words = memfd_create("stderr", MFD_CLOEXEC), status = -1;
	pid_t child;

	MUST(progress != MAP_FAILED && words >= 0);
	fflush(stdout);
	if ((child = fork()) == 0) {
		dup2(words, STDERR_FILENO);
		run_target(target, progress);
	}
	MUST(child > 0 && waitpid(child, &status, 0) == child);
	printf("%s: %u seeds, %lu inputs\n", target->name, progress->seeds,
	    progress->inputs);
	if (status != 0) {
		printf("%s:%u: %s: %s %d\n", path_of(target->name),
		    progress->line, progress->how,
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
					  WEXITSTATUS(status));
		show_words(words);
	}
	close(words);
	munmap(progress, sizeof(*progress));
	return status == 0;
}

static int
unpack(const char *target, const char *directory)
{
	struct buf seed = BUF(SEEDS_MAX);
	struct seeds seeds;
	char path[4096];
	FILE *file;

	if (!seeds_open(&seeds, path_of(target)))
		return 2;
	while (seeds_next(&seeds, &seed) > 0) {
		snprintf(path, sizeof(path), "%s/seed-%u", directory,
		    seeds.line);
		if ((file = fopen(path, "we")) == NULL ||
		    (seed.n > 0 && fwrite(seed.p, 1, seed.n, file) != seed.n) ||
		    fclose(file) != 0)
			return 2;
		buf_clear(&seed);
	}
	seeds_close(&seeds);
	buf_free(&seed);
	return 0;
}

static int
show(const char *path)
{
	struct buf seed = BUF(SEEDS_MAX), line = BUF(4 * SEEDS_MAX + 2);

	if (!seeds_read_file(path, &seed))
		return 2;
	seeds_write(buf_str(&seed), &line);
	printf("%s\n", line.p);
	buf_free(&seed);
	buf_free(&line);
	return 0;
}

int
main(int argc, char **argv)
{
	const struct fuzz_target *target;
	int passed = 0, failed = 0, arg;

	if (argc == 4 && strcmp(argv[1], "-u") == 0)
		return unpack(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "-s") == 0)
		return show(argv[2]);
	for (target = fuzz_targets; target->name != NULL; target++) {
		for (arg = 1; arg < argc; arg++)
			if (strcmp(argv[arg], target->name) == 0)
				break;
		if (argc > 1 && arg == argc)
			continue;
		if (replay(target))
			passed++;
		else
			failed++;
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed == 0 && passed > 0 ? 0 : 1;
}
