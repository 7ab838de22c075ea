/* SPDX-License-Identifier: ISC */
/*
 * What a server may send: the input is all that comes over the connection.
 * Nothing stands in for http.c or libcurl here. The connection waits in the
 * queue of our socket until it is accepted, so one thread is enough.
 */
#include "config.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "fuzz.h"
#include "spotify/http.h"

#define BODY_MAX 4096
#define CALL_MS 100000 /* no machine is so slow */

enum result __real_http_start(struct http *http,
    const struct http_request *request);
enum result __real_http_finish(struct http *http, struct http_answer *answer);
enum result __wrap_ca_load(const char *ca_file);
CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);

/* Not every machine for tests has certificates; none are needed here. */
enum result
__wrap_ca_load(const char *ca_file)
{
	(void)ca_file;
	return OK;
}

/* A name for our socket that no other process has, and no file. */
static void
name_socket(char *name, size_t size)
{
	snprintf(name, size, "fuzz-%ld", (long)getpid());
}

/* Leads libcurl there: 100,000 TCP connections would use up all ports. */
CURL *
__wrap_curl_easy_init(void)
{
	CURL *easy = __real_curl_easy_init();
	char name[32];

	name_socket(name, sizeof(name));
	MUST(easy != NULL &&
	    curl_easy_setopt(easy, CURLOPT_ABSTRACT_UNIX_SOCKET, name) ==
		CURLE_OK);
	return easy;
}

static int
listen_there(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	name_socket(address.sun_path + 1, sizeof(address.sun_path) - 1);
	MUST(fd >= 0);
	MUST(bind(fd, (struct sockaddr *)&address,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
		     strlen(address.sun_path + 1))) == 0);
	MUST(listen(fd, 8) == 0);
	return fd;
}

/* Answer the one connection that waits. What does not fit into the socket's
 * buffer is cut off, as it could be anywhere. */
static int
answer_it(int listener, struct str input)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	MUST(fd >= 0);
	(void)!send(fd, input.p, input.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	MUST(shutdown(fd, SHUT_WR) == 0);
	return fd;
}

static void
check(enum result result, const struct http_answer *answer)
{
	/* libcurl calls headers that are too many or too long no memory. */
	MUST(result == OK || result == RESULT_UPSTREAM_FAILED ||
	    result == RESULT_NO_MEMORY);
	MUST(answer->body.n <= BODY_MAX);
	/* Whole, or nothing. */
	MUST(result != OK || buf_result(&answer->body) == OK);
	MUST(answer->retry_after_s >= -1 && answer->retry_after_s <= 86400);
	MUST(result != OK || (answer->status >= 100 && answer->status <= 999));
}

void
fuzz_http(struct str input)
{
	const struct conf conf = { .workers = 0 };
	struct http_request request = { .what = "fuzz",
		.url = "http://e.org/",
		.authorization = "Bearer x",
		.body_max = BODY_MAX,
		.deadline_ms = clock_mono_ms() + CALL_MS,
		.limit_ms = CALL_MS };
	struct http *http = http_new(&conf);
	struct http_answer answer;
	enum result result;
	int listener = listen_there(), fd;

	MUST(http != NULL);
	MUST(__real_http_start(http, &request) == OK);
	fd = answer_it(listener, input);
	result = __real_http_finish(http, &answer);
	check(result, &answer);
	buf_free(&answer.body);
	http_free(http);
	close(fd);
	close(listener);
}
