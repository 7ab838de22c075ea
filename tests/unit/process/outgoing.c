/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/outgoing.h"
#include "process/record.h"
#include "../run.h"

#define PIECE 65528
#define ID 0x102

/* An answer on its way through a pair of sockets. */
struct setting {
	int fds[2];
	struct server_answer answer;
	struct outgoing outgoing;
};

static void
end(struct setting *setting)
{
	close(setting->fds[0]);
	if (setting->fds[1] >= 0)
		close(setting->fds[1]);
	server_answer_free(&setting->answer);
	outgoing_free(&setting->outgoing);
}

/* Parts of these sizes, of bytes that are all different from their
 * neighbours. */
static bool
begin(struct setting *setting, const size_t sizes[static 1 + SERVER_PARTS])
{
	struct buf *parts[] = { &setting->answer.head, &setting->answer.body[0],
		&setting->answer.body[1], &setting->answer.body[2] };
	size_t i, j, n = 0;
	char *p;

	*setting = (struct setting){ .outgoing = { .id = 0 } };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, setting->fds), 0);
	for (i = 0; i < N(parts); i++) {
		*parts[i] = BUF(1 << 20);
		if ((p = buf_room(parts[i], sizes[i])) == NULL)
			return false;
		for (j = 0; j < sizes[i]; j++)
			p[j] = (char)(n++ % 251);
		buf_grown(parts[i], sizes[i]);
	}
	outgoing_begin(&setting->outgoing, &setting->answer, ID);
	return true;
}

/* Read all that has come, and that it is right, wherever it is cut. */
static void
expect(const struct setting *setting, size_t *at)
{
	static const unsigned char last[] = { 1, 6, 1, 2, 0, 0, 0, 0, 1, 3, 1,
		2, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	const size_t all = setting->outgoing.n;
	const size_t stream = setting->outgoing.length - sizeof(last);
	unsigned char got[50000], header[RECORD_HEADER];
	size_t piece, off, n;
	ssize_t i, come;

	come = recv(setting->fds[1], got, sizeof(got), MSG_DONTWAIT);
	for (i = 0; i < come; i++, ++*at) {
		piece = *at / (PIECE + RECORD_HEADER);
		off = *at % (PIECE + RECORD_HEADER);
		n = all - piece * PIECE < PIECE ? all - piece * PIECE : PIECE;
		record_header(header, RECORD_STDOUT, ID, n);
		if (*at >= stream)
			assert_int_equal(got[i], last[*at - stream]);
		else if (off < RECORD_HEADER)
			assert_int_equal(got[i], header[off]);
		else
			assert_int_equal(got[i],
			    (piece * PIECE + off - RECORD_HEADER) % 251);
	}
}

static void
all_of_it_arrives_whatever_its_size(void)
{
	static const size_t sizes[][1 + SERVER_PARTS] = { { 0 }, { 1 },
		{ 100, 50, 20, 3 }, { 0, 0, 0, 1 }, { PIECE - 1 }, { PIECE },
		{ PIECE + 1 }, { 100, PIECE - 100 }, { 300, 0, 2 * PIECE, 7 },
		{ 300, PIECE, PIECE, PIECE }, { 1, 600000, 100000, 1 } };
	enum outgoing_step step;
	size_t i, at;

	for (i = 0; i < N(sizes); i++) {
		SCOPED(end) struct setting setting;

		if (!begin(&setting, sizes[i]))
			return;
		at = 0;
		do {
			step = outgoing_send(&setting.outgoing, setting.fds[0]);
			assert_int_not_equal(step, OUTGOING_FAILED);
			expect(&setting, &at);
		} while (step == OUTGOING_MORE || at < setting.outgoing.length);
		assert_int_equal(at, setting.outgoing.length);
		assert_int_equal(setting.outgoing.sent, at);
	}
}

static void
a_peer_that_has_gone_is_noticed(void)
{
	static const size_t sizes[1 + SERVER_PARTS] = { 100, 600000 };
	SCOPED(end) struct setting setting;

	if (!begin(&setting, sizes))
		return;
	assert_int_equal(outgoing_send(&setting.outgoing, setting.fds[0]),
	    OUTGOING_MORE);
	close(setting.fds[1]);
	setting.fds[1] = -1;
	assert_int_equal(outgoing_send(&setting.outgoing, setting.fds[0]),
	    OUTGOING_FAILED);
}

UNIT_TESTS(outgoing) = {
	TEST(all_of_it_arrives_whatever_its_size),
	TEST(a_peer_that_has_gone_is_noticed),
	END_OF_TESTS,
};
