/* SPDX-License-Identifier: ISC */
/*
 * Spotify's accounts service and Web API as far as a login and a list of
 * artists need them, and OpenID Connect's id_token for those peers that want
 * one. Nothing is kept: a code, and a token, tell what belongs to them.
 */
#include "config.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "answers.h"
#include "base/codec.h"
#include "pages.h"

#define BODY_MAX 131072
#define SMALL_MAX 8192
#define REQUEST_MAX 16384
#define FOLLOWS 50 /* of who does not say */
#define LIFE_S 3600

static const char profile[] =
    "{\n  \"country\": \"SE\",\n  \"display_name\": \"A Listener\",\n"
    "  \"email\": \"listener@example.com\",\n"
    "  \"explicit_content\": {\n    \"filter_enabled\": false,\n"
    "    \"filter_locked\": false\n  },\n  \"external_urls\": {\n"
    "    \"spotify\": \"https://open.spotify.com/user/listener\"\n  },\n"
    "  \"followers\": {\n    \"href\": null,\n    \"total\": 12\n  },\n"
    "  \"href\": \"https://api.spotify.com/v1/users/listener\",\n"
    "  \"id\": \"listener\",\n  \"images\": [\n    {\n"
    "      \"url\": \"https://i.scdn.co/image/"
    "ab6775700000ee85a1b2c3d4e5f60718293a4b5c\",\n"
    "      \"height\": 300,\n      \"width\": 300\n    }\n  ],\n"
    "  \"product\": \"premium\",\n  \"sub\": \"listener\",\n"
    "  \"type\": \"user\",\n  \"uri\": \"spotify:user:listener\"\n}\n";

/* The value of a header line of a request, trimmed. */
static struct str
header(struct str head, struct str wanted)
{
	struct str line, name;

	while (head.n > 0) {
		line = str_cut(&head, '\n');
		name = str_cut(&line, ':');
		if (line.p != NULL && str_equal_nocase(name, wanted)) {
			if (str_ends(line, STR("\r")))
				line.n--;
			return str_trim(line);
		}
	}
	return (struct str){ NULL, 0 };
}

size_t
answers_read(const struct buf *in, struct asked *asked)
{
	const char *end =
	    in->n == 0 ? NULL : memmem(in->p, in->n, "\r\n\r\n", 4);
	struct str head, line, target;
	uint64_t body_n = 0;
	size_t head_n;

	if (end == NULL)
		return 0;
	head_n = (size_t)(end - in->p) + 4;
	head = (struct str){ in->p, head_n };
	(void)str_number(header(head, STR("content-length")), REQUEST_MAX,
	    &body_n);
	if (in->n - head_n < body_n)
		return 0;
	line = str_cut(&head, '\r');
	asked->method = str_cut(&line, ' ');
	target = str_cut(&line, ' ');
	asked->path = str_cut(&target, '?');
	asked->query = target;
	asked->authorization = header(head, STR("authorization"));
	asked->body = (struct str){ in->p + head_n, (size_t)body_n };
	return head_n + (size_t)body_n;
}

void
answers_json(struct buf *out, int status, struct str body)
{
	buf_printf(out,
	    "HTTP/1.1 %d %s\r\n"
	    "Content-Type: application/json; charset=utf-8\r\n"
	    "Cache-Control: no-store\r\nContent-Length: %zu\r\n\r\n",
	    status, status == 200 ? "OK" : "Not Found", body.n);
	buf_add_str(out, body);
}

/* The value of one argument of a query or form, as it stands there. */
static struct str
argument(struct str form, const char *wanted)
{
	struct str value, name;

	while (form.n > 0) {
		value = str_cut(&form, '&');
		name = str_cut(&value, '=');
		if (str_equal(name, str_of(wanted)))
			return value;
	}
	return (struct str){ NULL, 0 };
}

/* The number at the head of a code or token, and what comes after its dot. */
static size_t
split_follows(struct str *text)
{
	uint64_t number = FOLLOWS;
	struct str rest = *text;

	if (str_number(str_cut(&rest, '.'), PAGES_ARTISTS_MAX, &number))
		*text = rest;
	return (size_t)number;
}

/* ---- tokens ---- */

static void
add_token(struct buf *body, const char *member, const char *prefix,
    size_t follows)
{
	unsigned char random[120];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		memset(random, 'x', sizeof(random));
	buf_printf(body, "\"%s\":\"%s%zu.", member, prefix, follows);
	codec_base64url(body, random, sizeof(random));
	buf_puts(body, "\",");
}

/* A JWS (RFC 7515) with HS256 under the client secret. */
static void
add_id_token(struct buf *body, const struct answers *answers, struct str nonce)
{
	struct buf token = BUF(SMALL_MAX), claims = BUF(SMALL_MAX);
	const struct str head = STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
	long long now = (long long)time(NULL);
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	buf_printf(&claims,
	    "{\"iss\":\"%s\",\"aud\":\"%s\",\"sub\":\"listener\","
	    "\"iat\":%lld,\"exp\":%lld,\"nonce\":\"%.*s\"}",
	    answers->issuer, answers->client_id, now, now + LIFE_S,
	    (int)nonce.n, nonce.p);
	codec_base64url(&token, head.p, head.n);
	buf_putc(&token, '.');
	codec_base64url(&token, claims.p, claims.n);
	HMAC(EVP_sha256(), answers->client_secret,
	    (int)strlen(answers->client_secret), (unsigned char *)token.p,
	    token.n, mac, &n);
	buf_putc(&token, '.');
	codec_base64url(&token, mac, n);
	buf_puts(body, "\"id_token\":\"");
	buf_add_str(body, buf_str(&token));
	buf_puts(body, "\",");
	buf_free(&claims);
	buf_free(&token);
}

/* For a code, or for a refresh token, which begins with AQ. */
static void
write_tokens(const struct answers *answers, struct str form, struct buf *body)
{
	struct str refresh = argument(form, "refresh_token");
	struct buf code = BUF(SMALL_MAX);
	struct str rest;
	size_t follows;

	if (codec_percent_decode(refresh.n > 2 ?
		    (struct str){ refresh.p + 2, refresh.n - 2 } :
		    argument(form, "code"),
		&code) != OK)
		buf_clear(&code);
	rest = buf_str(&code);
	follows = split_follows(&rest);
	buf_putc(body, '{');
	add_token(body, "access_token", "BQ", follows);
	add_token(body, "refresh_token", "AQ", follows);
	if (refresh.n == 0)
		add_id_token(body, answers, rest);
	buf_printf(body,
	    "\"token_type\":\"Bearer\",\"expires_in\":%d,"
	    "\"scope\":\"user-read-email user-follow-read\"}",
	    LIFE_S);
	buf_free(&code);
}

/* ---- requests ---- */

static void
write_page(const struct asked *asked, struct buf *body)
{
	struct str token = asked->authorization;

	(void)str_cut(&token, ' ');
	token = str_trim(token);
	if (str_starts(token, STR("BQ")))
		token = (struct str){ token.p + 2, token.n - 2 };
	pages_write(body, argument(asked->query, "after"),
	    split_follows(&token));
}

/* Agree at once, for a client that has no opinion of its own. */
static void
write_consent(const struct asked *asked, struct buf *out)
{
	struct str nonce = argument(asked->query, "nonce"),
		   state = argument(asked->query, "state");
	struct buf to = BUF(SMALL_MAX);

	if (codec_percent_decode(argument(asked->query, "redirect_uri"), &to) !=
	    OK)
		buf_clear(&to);
	buf_printf(out,
	    "HTTP/1.1 302 Found\r\nLocation: %s?code=%d.%.*s&state=%.*s\r\n"
	    "Content-Length: 0\r\n\r\n",
	    to.n > 0 ? to.p : "/", FOLLOWS, (int)nonce.n, nonce.p, (int)state.n,
	    state.p);
	buf_free(&to);
}

void
answers_write(const struct answers *answers, const struct asked *asked,
    struct buf *out)
{
	struct buf body = BUF(BODY_MAX);
	int status = 200;

	if (str_equal(asked->path, STR("/authorize"))) {
		write_consent(asked, out);
		return;
	}
	if (str_equal(asked->path, STR("/api/token")) &&
	    str_equal(asked->method, STR("POST")))
		write_tokens(answers, asked->body, &body);
	else if (str_equal(asked->path, STR("/v1/me/following")) ||
	    str_equal(asked->path, STR("/v1/search")))
		write_page(asked, &body);
	else if (str_equal(asked->path, STR("/v1/me")))
		buf_puts(&body, profile);
	else
		status = 404;
	answers_json(out, status, buf_str(&body));
	buf_free(&body);
}
