/* SPDX-License-Identifier: ISC */
/*
 * The least that a FastCGI program can do: libfcgi, and the header that login
 * would send, the same each time. What login takes more is its own.
 *
 *	hello [-d] [-t THREADS]
 *
 * serves the listening socket that is its standard input. With -d a
 * connection is closed as login does it, else by libfcgi, which waits until
 * the web server has closed it, too.
 */
#include "config.h"

#include <fcgiapp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
static bool detach;

static void *
serve(void *data)
{
	FCGX_Request request;

	(void)data;
	FCGX_InitRequest(&request, STDIN_FILENO, 0);
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		if (detach)
			FCGX_Detach(&request);
		FCGX_Finish_r(&request);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	long threads = 1;
	pthread_t thread;
	int option;

	while ((option = getopt(argc, argv, "dt:")) != -1)
		if (option == 'd')
			detach = true;
		else if (option == 't')
			threads = strtol(optarg, NULL, 10);
		else
			return 2;
	if (threads < 1 || threads > THREADS_MAX || FCGX_Init() != 0)
		return 2;
	while (--threads > 0)
		if (pthread_create(&thread, NULL, serve, NULL) != 0)
			return 1;
	serve(NULL);
	return 0;
}
