/* SPDX-License-Identifier: ISC */
/*
 * The least that a FastCGI program can do: libfcgi, and the header that login
 * would send, the same each time. What login takes more is its own.
 *
 *	hello [-e] [-k] [-b BYTES] [-t THREADS]
 *
 * With -b a list of so many bytes instead, with the head that artists would
 * send; with -e an answer without content, as that of auth.
 *
 * serves the listening socket that is its standard input. With -k threads wait
 * as those of login, and connections are kept or closed as login does it; else
 * libfcgi accepts and closes them, and waits until the web server has closed
 * them, too.
 */
#include "config.h"

#include <fcgiapp.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/connections.h"
#include "process/params.h"

#define THREADS_MAX 64
#define BYTES_MAX (1L << 20)
#define ANSWER_MAX (BYTES_MAX + 4096)

static const char redirect[] =
    "Status: 303 See Other\r\n"
    "Content-Length: 0\r\n"
    "Cache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Set-Cookie: spotify-login-AAAAAAAA=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AAAAAAAAAAAAAAAAAAAAAAA; Max-Age=600; Path=/; HttpOnly; SameSite=Lax\r\n"
    "Location: https://accounts.spotify.com/authorize?response_type=code&"
    "client_id=0123456789abcdef0123456789abcdef&scope=user-read-email%20"
    "user-follow-read&redirect_uri=http%3A%2F%2F127.0.0.1%3A36199%2Fcallback&"
    "state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA&code_challenge_method="
    "S256&code_challenge=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n\r\n";
static const char list_head[] =
    "Status: 200 OK\r\n"
    "Content-Type: application/json; charset=utf-8\r\n"
    "Content-Length: %ld\r\n"
    "Cache-Control: private, no-cache\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'\r\n"
    "Vary: Cookie\r\n"
    "ETag: W/\"AAAAAAAAAAAAAAAAAAAAAA\"\r\n\r\n";
static const char empty[] =
    "Status: 204 No Content\r\n"
    "Cache-Control: no-store\r\n"
    "X-Spotify-Account-Id: AAAAAAAAAA\r\n"
    "X-Spotify-Scope: user-read-email user-follow-read\r\n\r\n";
static const char *answer = redirect;
static int answer_n = sizeof(redirect) - 1;
static struct connections *connections;

/* Answer with so many bytes, which are spaces. */
static bool
answer_list(long bytes)
{
	size_t room = sizeof(list_head) + (size_t)bytes + 32;
	char *list;
	int n;

	if (bytes < 1 || bytes > BYTES_MAX || (list = malloc(room)) == NULL)
		return false;
	n = snprintf(list, room, list_head, bytes);
	memset(list + n, ' ', (size_t)bytes);
	answer = list;
	answer_n = n + (int)bytes;
	return true;
}

static void *
serve(void *data)
{
	FCGX_Request request;

	(void)data;
	FCGX_InitRequest(&request, STDIN_FILENO, 0);
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutStr(answer, answer_n, request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

/* As lib/process/server.c, with nothing but what it takes. */
static void *
serve_kept(void *data)
{
	struct params *params = params_open();
	struct connection *connection;
	struct server_answer kept;

	(void)data;
	while (params != NULL &&
	    (connection = connections_wait(connections)) != NULL) {
		kept = (struct server_answer){ .head = BUF(ANSWER_MAX) };
		buf_add(&kept.head, answer, (size_t)answer_n);
		if (params_read(params, &connection->in.params) != NULL)
			connections_answer(connections, connection, &kept);
		else
			connections_drop(connections, connection);
		params_clear(params);
		server_answer_free(&kept);
	}
	params_close(params);
	return NULL;
}

int
main(int argc, char **argv)
{
	void *(*run)(void *) = serve;
	long threads = 1, bytes = -1;
	pthread_t thread;
	int option;

	while ((option = getopt(argc, argv, "ekb:t:")) != -1)
		if (option == 'k') {
			run = serve_kept;
		} else if (option == 'e') {
			answer = empty;
			answer_n = sizeof(empty) - 1;
		} else if (option == 'b') {
			bytes = strtol(optarg, NULL, 10);
		} else if (option == 't') {
			threads = strtol(optarg, NULL, 10);
		} else {
			return 2;
		}
	if (threads < 1 || threads > THREADS_MAX || FCGX_Init() != 0 ||
	    (bytes != -1 && !answer_list(bytes)))
		return 2;
	if (run == serve_kept &&
	    (fcntl(STDIN_FILENO, F_SETFL, O_RDWR | O_NONBLOCK) != 0 ||
		(connections = connections_open(STDIN_FILENO, (int)threads,
		     false)) == NULL ||
		!params_start()))
		return 1;
	/* One more than serve at a time, see connections.h. */
	threads += run == serve_kept;
	while (--threads > 0)
		if (pthread_create(&thread, NULL, run, NULL) != 0)
			return 1;
	run(NULL);
	return 0;
}
