/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../run.h"
#include "process/probe.h"

static const struct sockaddr_un place = { .sun_family = AF_UNIX,
	.sun_path = "socket" };
static const struct probe question = { "NAME", "value" };

/* Somebody who answers one call. */
struct peer {
	const char *piece;
	int64_t later_ms; /* goes by with each piece */
	int pieces;	  /* 0: without end */
	bool deaf;	  /* leaves what is asked unread */
	int listener;
};

static void *
answer(void *data)
{
	const struct peer *peer = data;
	int fd = accept(peer->listener, NULL, NULL), n;
	char got[1024];

	(void)!recv(fd, got, sizeof(got), peer->deaf ? MSG_PEEK : 0);
	for (n = 0; peer->pieces == 0 || n < peer->pieces; n++) {
		run_mono_later(peer->later_ms);
		if (send(fd, peer->piece, strlen(peer->piece), MSG_NOSIGNAL) <
		    0)
			break;
	}
	close(fd);
	return NULL;
}

/* What is said of such a peer, or NULL; no memory: also NULL. */
static const char *
ask(struct peer *peer)
{
	SCOPED(buf_free) struct buf head = BUF(1000);
	const char *complaint;
	pthread_t thread;

	run_in_scratch();
	peer->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(peer->listener, (const struct sockaddr *)&place,
			     sizeof(place)),
	    0);
	assert_int_equal(listen(peer->listener, 8), 0);
	pthread_create(&thread, NULL, answer, peer);
	complaint = probe_ask("socket", &question, &head);
	/* Should it not have come to that, the thread waits no longer. */
	shutdown(peer->listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(peer->listener);
	return run_refused() ? NULL : complaint;
}

static void
check(const struct peer *peer, const char *complaint)
{
	struct peer one = *peer;
	const char *said = ask(&one);

	if (!run_refused())
		assert_string_equal(said, complaint);
}

/* However much comes, or however slowly. */
static void
who_does_not_come_to_an_end_is_not_waited_for(void)
{
	check(&(const struct peer){ .piece = "0123456789" },
	    "the answer is too long");
	check(&(const struct peer){ .piece = "x", .later_ms = 1000 },
	    "no answer within 20 seconds");
}

static void
who_hangs_up_has_not_answered(void)
{
	check(&(const struct peer){ .piece = "", .pieces = 1 },
	    "closed without an answer");
	check(&(const struct peer){ .piece = "", .pieces = 1, .deaf = true },
	    strerror(ECONNRESET));
}

UNIT_TESTS(probe) = {
	TEST(who_does_not_come_to_an_end_is_not_waited_for),
	TEST(who_hangs_up_has_not_answered),
	END_OF_TESTS,
};
