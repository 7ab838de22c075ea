/* SPDX-License-Identifier: ISC */
/*
 * The least that a FastCGI program can do: libfcgi, and the header that login
 * would send, the same each time. What login takes more is its own.
 *
 *	hello [-k] [-b BYTES] [-t THREADS]
 *
 * With -b a body of so many bytes instead, as artists would send it.
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

#include "intake.h"

#define THREADS_MAX 64

static const char answer[] =
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
static struct intake *intake;
static char body[1 << 20]; /* spaces */
static long body_n;

/* The same for every request. */
static void
write_answer(FCGX_Stream *out)
{
	if (body_n == 0) {
		FCGX_PutStr(answer, sizeof(answer) - 1, out);
		return;
	}
	FCGX_FPrintF(out,
	    "Status: 200 OK\r\n"
	    "Content-Type: application/json\r\n"
	    "Content-Length: %ld\r\n\r\n",
	    body_n);
	FCGX_PutStr(body, (int)body_n, out);
}

static void *
serve(void *data)
{
	FCGX_Request request;

	(void)data;
	FCGX_InitRequest(&request, STDIN_FILENO, 0);
	while (FCGX_Accept_r(&request) == 0) {
		write_answer(request.out);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

/* As lib/server.c, with nothing but what it takes. */
static void *
serve_kept(void *data)
{
	FCGX_Request request;
	bool keep;
	int fd;

	(void)data;
	FCGX_InitRequest(&request, -1, 0);
	while ((fd = intake_wait(intake)) >= 0) {
		request.ipcFd = fd;
		request.keepConnection = 1;
		if (FCGX_Accept_r(&request) == 0) {
			write_answer(request.out);
			keep = request.keepConnection;
			request.keepConnection = 1;
			FCGX_Detach(&request);
			FCGX_Finish_r(&request);
			fd = request.ipcFd;
			request.ipcFd = -1;
			if (fd >= 0 && keep && intake_keep(intake, fd))
				continue;
			if (fd >= 0)
				close(fd);
		}
		intake_gone(intake);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	void *(*run)(void *) = serve;
	long threads = 1;
	pthread_t thread;
	int option;

	while ((option = getopt(argc, argv, "kb:t:")) != -1)
		if (option == 'k')
			run = serve_kept;
		else if (option == 'b')
			body_n = strtol(optarg, NULL, 10);
		else if (option == 't')
			threads = strtol(optarg, NULL, 10);
		else
			return 2;
	memset(body, ' ', sizeof(body));
	if (threads < 1 || threads > THREADS_MAX || body_n < 0 ||
	    body_n > (long)sizeof(body) || FCGX_Init() != 0)
		return 2;
	if (run == serve_kept &&
	    (fcntl(STDIN_FILENO, F_SETFL, O_RDWR | O_NONBLOCK) != 0 ||
		(intake = intake_open(STDIN_FILENO, false)) == NULL))
		return 1;
	while (--threads > 0)
		if (pthread_create(&thread, NULL, run, NULL) != 0)
			return 1;
	run(NULL);
	return 0;
}
