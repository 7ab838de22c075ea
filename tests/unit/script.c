/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "run.h"
#include "script.h"

/* Wait for a descriptor; false: it is over. */
static bool
can_be_read(const struct script *script, int fd)
{
	struct pollfd watched[] = { { .fd = fd, .events = POLLIN },
		{ .fd = script->ends[0] } };

	poll(watched, 2, -1);
	return watched[1].revents == 0;
}

static void
hear(struct script *script, const char *got, ssize_t n)
{
	size_t have = strlen(script->heard);

	if (have + (size_t)n < sizeof(script->heard))
		memcpy(script->heard + have, got, (size_t)n);
}

static void *
act(void *data)
{
	struct script *script = data;
	int fd = -1;
	char got[2048];
	ssize_t n;

	while (can_be_read(script, fd < 0 ? script->listener : fd)) {
		if (fd < 0) {
			fd = accept(script->listener, NULL, NULL);
			script->connections++;
			continue;
		}
		n = recv(fd, got, sizeof(got), 0);
		hear(script, got, n > 0 ? n : 0);
		if (n > 0 && *script->answers != NULL &&
		    strcmp(*script->answers, SCRIPT_HANG_UP) != 0) {
			n = (ssize_t)strlen(*script->answers);
			send(fd, *script->answers++, (size_t)n, MSG_NOSIGNAL);
			continue;
		}
		if (n > 0 && *script->answers != NULL)
			script->answers++;
		close(fd);
		fd = -1;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

void
script_start(struct script *script, const char *const *answers)
{
	static const struct sockaddr_un place = { .sun_family = AF_UNIX,
		.sun_path = "socket" };

	run_in_scratch();
	*script = (struct script){ .answers = answers };
	script->config = (struct engine_config){ .socket = STR("socket"),
		.password = &script->password,
		.reply_max = 4096 };
	script->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(script->listener, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	assert_int_equal(listen(script->listener, 8), 0);
	assert_int_equal(pipe(script->ends), 0);
	pthread_create(&script->thread, NULL, act, script);
}

void
script_stop(struct script *script)
{
	engine_close(script->engine);
	close(script->ends[1]);
	pthread_join(script->thread, NULL);
	close(script->ends[0]);
	close(script->listener);
	secret_free(&script->password);
}

enum result
script_call(struct script *script, struct engine_reply *reply)
{
	const struct str words[] = { STR("GET"), STR("key") };
	const struct engine_command command = { .words = words,
		.n = 2,
		.deadline_ms = clock_mono_ms() + 10000,
		.replicated = true };

	return engine_call(script->engine, &command, reply);
}

enum result
script_calls(struct script *script, unsigned n)
{
	enum result result = engine_open(&script->config, &script->engine);
	struct engine_reply reply;

	for (; n > 0 && (result == OK || result == RESULT_STORE) &&
	     script->engine != NULL;
	     n--) {
		result = script_call(script, &reply);
		if (result != OK)
			assert_int_equal(reply.value.type, RESP_NIL);
		engine_reply_free(&reply);
	}
	return result;
}
