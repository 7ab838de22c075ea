/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/secret.h"
#include "engines.h"
#include "run.h"
#include "store/valkey.h"

#define START_MS 20000

static const char *const programs[] = { "valkey-server", "redis-server" };

static char folder[] = "/tmp/sf-unit-XXXXXX";
static char path[64];
static pid_t server;
static bool tried;

static void
end_server(void)
{
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
	rmdir(folder);
}

static void
run(const char *program)
{
	execlp(program, program, "--port", "0", "--unixsocket", path, "--dir",
	    folder, "--save", "", "--appendonly", "no", "--maxmemory-policy",
	    "noeviction", NULL);
}

/* In the child: the one that is wanted, or else the first that is installed. */
static void
run_server(void)
{
	const char *wanted = getenv("ENGINE");
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (freopen("/dev/null", "w", stdout) == NULL)
		_exit(1);
	if (wanted != NULL)
		run(wanted);
	for (i = 0; wanted == NULL && i < N(programs); i++)
		run(programs[i]);
	_exit(127);
}

/* A connection of its own; -1 if nobody listens. */
static int
connect_server(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path, path, sizeof(path));
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) ==
	    0)
		return fd;
	close(fd);
	return -1;
}

bool
engines_are_here(void)
{
	int64_t until_ms = clock_mono_ms() + START_MS;
	int fd;

	if (tried)
		return server > 0;
	tried = true;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/socket", folder);
	if ((server = fork()) == 0)
		run_server();
	while ((fd = connect_server()) < 0) {
		if (waitpid(server, NULL, WNOHANG) != 0) {
			rmdir(folder);
			server = 0;
			fputs("SKIPPED: stores in an engine; neither "
			      "valkey-server nor redis-server is here\n",
			    stderr);
			return false;
		}
		assert_true(clock_mono_ms() < until_ms);
		usleep(10000);
	}
	close(fd);
	atexit(end_server);
	return true;
}

enum result
engines_open(struct engine **engine)
{
	static struct engine_config config = { .reply_max = 2u << 20 };

	config.socket = str_of(path);
	return engine_open(&config, engine);
}

enum result
engines_store(const char *prefix, const char *dir, struct store **store)
{
	const struct valkey_config config = { .prefix = prefix,
		.dir = dir,
		.kept_s = 3600 };
	struct engine *engine;
	enum result result = engines_open(&engine);

	*store = NULL;
	return result == OK ? valkey_open(engine, &config, store) : result;
}

enum result
engines_scratch(struct store **store)
{
	unsigned char chance[4];
	char prefix[16];

	run_in_scratch();
	secret_random(chance, sizeof(chance));
	snprintf(prefix, sizeof(prefix), "sf:%02x%02x%02x%02x:", chance[0],
	    chance[1], chance[2], chance[3]);
	return engines_store(prefix, ".", store);
}

/* As by hand: no allocation of ours is needed for that. */
static void
ask(const char *text, char *reply, size_t size)
{
	int fd = connect_server();
	ssize_t n;

	assert_true(fd >= 0);
	assert_int_equal(dprintf(fd, "%s\r\n", text), strlen(text) + 2);
	n = read(fd, reply, size - 1);
	close(fd);
	assert_true(n > 0);
	reply[n] = '\0';
}

int64_t
engines_say(const char *text)
{
	char reply[64];

	ask(text, reply, sizeof(reply));
	assert_true(reply[0] == ':');
	return strtoll(reply + 1, NULL, 10);
}

void
engines_tell(const char *text)
{
	char reply[64];

	ask(text, reply, sizeof(reply));
	assert_string_equal(reply, "+OK\r\n");
}
