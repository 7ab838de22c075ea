/* SPDX-License-Identifier: ISC */
/*
 * The store in an engine against the bare round trip, taken in turns.
 *
 *	engine measure ADDRESS DIR COUNT
 *
 * makes a session in the engine, with DIR for its locks, and prints a JSON
 * object of times: "bare" (GET of the same key by who does nothing else,
 * written once and read as it comes), "load", and "session", which unseals and
 * parses as well. ADDRESS is the path of a socket, or a port of the loopback.
 *
 *	engine fill ADDRESS DIR COUNT
 *
 * adds COUNT copies of that session under other ids.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "samples.h"
#include "site.h"
#include "store/valkey.h"

#define PREFIX "sf:be4c4000:"
#define AT_A_TIME 500

/* A connection of who does nothing else, and what it asks for. */
struct bare {
	int fd;
	char command[256];
	size_t command_n, reply_n;
	char reply[SESSION_FILE_MAX];
};

enum what { BARE, LOAD, SESSION, WHATS };
static const char *const names[WHATS] = { "bare", "load", "session" };

static int
connect_to(const char *address)
{
	struct sockaddr_un path = { .sun_family = AF_UNIX };
	struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtoul(address, NULL, 10)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	bool is_path = address[0] == '/';
	int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0), one = 1;

	snprintf(path.sun_path, sizeof(path.sun_path), "%s", address);
	if (fd < 0 ||
	    (is_path ? connect(fd, (struct sockaddr *)&path, sizeof(path)) :
		       connect(fd, (struct sockaddr *)&loopback,
			   sizeof(loopback))) != 0)
		site_give_up(address);
	if (!is_path)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void
send_all(int fd, const char *p, size_t n)
{
	ssize_t sent;

	for (; n > 0; p += sent, n -= (size_t)sent)
		if ((sent = write(fd, p, n)) <= 0)
			site_give_up("write");
}

static void
read_all(int fd, char *p, size_t n)
{
	ssize_t got;

	for (; n > 0; p += got, n -= (size_t)got)
		if ((got = read(fd, p, n)) <= 0)
			site_give_up("read");
}

/* Ten digits and the record, as "$N" and two ends of a line around it. */
static void
open_bare(struct bare *bare, const char *address, const struct site *site)
{
	char hex[2 * STORE_ID_BYTES + 1];
	size_t n = 10 + site->content.n;

	sodium_bin2hex(hex, sizeof(hex), site->session.id, STORE_ID_BYTES);
	bare->fd = connect_to(address);
	bare->command_n = (size_t)snprintf(bare->command, sizeof(bare->command),
	    "*2\r\n$3\r\nGET\r\n$%zu\r\n" PREFIX "{%s}:s\r\n",
	    strlen(PREFIX) + 2 * STORE_ID_BYTES + 4, hex);
	bare->reply_n = n + 4 + (size_t)snprintf(NULL, 0, "$%zu", n);
}

static void
ask_bare(struct bare *bare)
{
	send_all(bare->fd, bare->command, bare->command_n);
	read_all(bare->fd, bare->reply, bare->reply_n);
	if (bare->reply[0] != '$' || bare->reply[1] == '-')
		site_give_up("bare");
}

static void
measure(struct site *site, const char *address, unsigned long count)
{
	struct samples samples[WHATS] = { { .n = 0 } };
	static struct bare bare;
	int64_t begin_ns;
	size_t i;

	open_bare(&bare, address, site);
	for (; count > 0; count--)
		for (i = 0; i < WHATS; i++) {
			begin_ns = samples_now_ns();
			if (i == BARE)
				ask_bare(&bare);
			else if (i == LOAD)
				site_load(site);
			else
				site_load_session(site);
			samples_add(&samples[i], samples_now_ns() - begin_ns);
		}
	for (i = 0; i < WHATS; i++) {
		printf("%s\"%s\":", i == 0 ? "{" : ",", names[i]);
		samples_print(&samples[i], stdout);
		samples_free(&samples[i]);
	}
	puts("}");
	close(bare.fd);
}

static void
write_one(struct buf *to, const struct site *site)
{
	unsigned char id[STORE_ID_BYTES];
	char hex[2 * STORE_ID_BYTES + 1];

	secret_random(id, sizeof(id));
	sodium_bin2hex(hex, sizeof(hex), id, sizeof(id));
	buf_printf(to,
	    "*5\r\n$3\r\nSET\r\n$%zu\r\n" PREFIX "{%s}:s\r\n$%zu\r\n%010lld",
	    strlen(PREFIX) + 2 * STORE_ID_BYTES + 4, hex, 10 + site->content.n,
	    (long long)site->session.seen.used_s);
	buf_add_str(to, buf_str(&site->content));
	buf_puts(to, "\r\n$2\r\nPX\r\n$9\r\n604800000\r\n");
}

static void
fill(const struct site *site, const char *address, unsigned long count)
{
	struct buf commands = BUF(AT_A_TIME * (SESSION_FILE_MAX + 256));
	static char replies[AT_A_TIME * 5]; /* "+OK" each */
	unsigned long i, n;
	int fd = connect_to(address);

	for (; count > 0; count -= n) {
		n = count < AT_A_TIME ? count : AT_A_TIME;
		buf_clear(&commands);
		for (i = 0; i < n; i++)
			write_one(&commands, site);
		if (buf_result(&commands) != OK)
			site_give_up("fill");
		send_all(fd, commands.p, commands.n);
		read_all(fd, replies, n * 5);
		if (memcmp(replies, "+OK", 3) != 0)
			site_give_up("fill");
	}
	buf_free(&commands);
	close(fd);
}

static struct store *
open_store(const char *address, const char *dir)
{
	static char hosts[64];
	static struct engine_config at = { .reply_max = 2u << 20 };
	const struct valkey_config config = { .prefix = PREFIX,
		.dir = dir,
		.kept_s = 3600 };
	struct engine *engine;
	struct store *store;

	snprintf(hosts, sizeof(hosts), "127.0.0.1:%s", address);
	if (address[0] == '/')
		at.socket = str_of(address);
	else
		at.hosts = str_of(hosts);
	if (engine_open(&at, &engine) != OK ||
	    valkey_open(engine, &config, &store) != OK)
		site_give_up(address);
	return store;
}

int
main(int argc, char **argv)
{
	unsigned long count = argc == 5 ? strtoul(argv[4], NULL, 10) : 0;
	struct site site;

	if (count == 0) {
		fprintf(stderr,
		    "usage: engine measure|fill address dir "
		    "count\n");
		return 2;
	}
	site_open(&site, open_store(argv[2], argv[3]));
	if (strcmp(argv[1], "measure") == 0) {
		measure(&site, argv[2], count);
	} else {
		fill(&site, argv[2], count);
		puts("{}");
	}
	site_close(&site);
	return 0;
}
