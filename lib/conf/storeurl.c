/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of where sessions are kept:
 *
 *	store    = "files" / engine
 *	engine   = name [ "s" ] "://" host [ "/" [ database ] ]
 *	         / name "+unix://" path
 *	         / name [ "s" ] "+sentinel://" host *( "," host )
 *	           "/" master [ "/" database ]
 *	name     = "valkey" / "redis"
 *	host     = ( 1*( ALPHA / DIGIT / "-" / "." ) / "[" address "]" )
 *	           ":" port
 *	master   = 1*( ALPHA / DIGIT / "-" / "." / "_" )
 *	database = 0 to 9999
 */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "conf/storeurl.h"

#ifdef HAVE_VALKEY
#define HAS_ENGINE true
#else
#define HAS_ENGINE false
#endif

#define DATABASE_MAX 9999
#define PATH_MAX_BYTES 107 /* unix(7) */

static bool
is_name(struct str s, const char *more)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!((s.p[i] >= 'a' && s.p[i] <= 'z') ||
			(s.p[i] >= 'A' && s.p[i] <= 'Z') ||
			(s.p[i] >= '0' && s.p[i] <= '9') ||
			strchr(more, s.p[i]) != NULL))
			return false;
	return s.n > 0;
}

static bool
is_ipv6(struct str s)
{
	char text[INET6_ADDRSTRLEN];
	struct in6_addr address;

	if (s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1;
}

static const char *
check_host(struct str host)
{
	struct str name = host, port;
	uint64_t number;

	while (name.n > 0 && name.p[name.n - 1] != ':' &&
	    name.p[name.n - 1] != ']')
		name.n--;
	if (name.n < 2 || name.p[name.n - 1] != ':')
		return "each host needs its port, for example "
		       "valkey://127.0.0.1:6379";
	port = (struct str){ name.p + name.n, host.n - name.n };
	name.n--;
	if (!str_number(port, 65535, &number) || number == 0)
		return "a port is a number from 1 to 65535";
	if (name.p[0] == '[' && name.p[name.n - 1] == ']') {
		name = (struct str){ name.p + 1, name.n - 2 };
		return is_ipv6(name) ? NULL : "not an IPv6 address";
	}
	return is_name(name, "-.") ?
	    NULL :
	    "not a host; write its name, or an IPv6 address in brackets";
}

static const char *
check_database(struct str text, struct storeurl *url)
{
	uint64_t number = 0;

	if (text.n > 0 && !str_number(text, DATABASE_MAX, &number))
		return "behind the last slash stands the number of a database";
	url->database = (int)number;
	return NULL;
}

static const char *
read_unix(struct str rest, struct storeurl *url)
{
	url->socket = rest;
	if (url->tls)
		return "a unix socket has no TLS; leave the s out";
	if (rest.n == 0 || rest.p[0] != '/')
		return "write the absolute path of the socket behind ://, for "
		       "example valkey+unix:///run/valkey/valkey.sock";
	return rest.n > PATH_MAX_BYTES ?
	    "the path of a socket has at most 107 bytes" :
	    NULL;
}

static const char *
read_host(struct str rest, struct storeurl *url)
{
	const char *complaint;

	url->hosts = str_cut(&rest, '/');
	if (memchr(url->hosts.p, ',', url->hosts.n) != NULL)
		return "several hosts are for valkey+sentinel";
	complaint = check_host(url->hosts);
	return complaint != NULL ? complaint : check_database(rest, url);
}

static const char *
read_sentinels(struct str rest, struct storeurl *url)
{
	const char *complaint = NULL;
	struct str hosts;

	url->hosts = hosts = str_cut(&rest, '/');
	url->master = str_cut(&rest, '/');
	while (hosts.p != NULL && complaint == NULL)
		complaint = check_host(str_cut(&hosts, ','));
	if (complaint != NULL)
		return complaint;
	if (!is_name(url->master, "-._"))
		return "behind the sentinels stands the name that they have "
		       "for the master, for example "
		       "valkey+sentinel://a:26379,b:26379,c:26379/mymaster";
	return check_database(rest, url);
}

/* What stands before "://"; the rest behind it. */
static const char *
read_engine(struct str scheme, struct str rest, struct storeurl *url)
{
	struct str kind = scheme, name = str_cut(&kind, '+');

	url->tls =
	    str_equal(name, STR("valkeys")) || str_equal(name, STR("rediss"));
	if (rest.p == NULL ||
	    (!url->tls && !str_equal(name, STR("valkey")) &&
		!str_equal(name, STR("redis"))))
		return "must be files, or begin with valkey:// or redis://, "
		       "or as spotify-fcgi.conf(5) says";
	url->engine = true;
	if (!HAS_ENGINE)
		return "this build can keep sessions in files only; build it "
		       "with hiredis for Valkey and Redis";
	if (rest.n > 0 && memchr(rest.p, '@', rest.n) != NULL)
		return "an address is printed and logged: user and password "
		       "belong into store_user and store_password_file";
	if (!str_graphic(rest) || memchr(rest.p, '?', rest.n) != NULL ||
	    memchr(rest.p, '#', rest.n) != NULL)
		return "has no blanks, no query and no fragment";
	if (kind.p == NULL)
		return read_host(rest, url);
	if (str_equal(kind, STR("unix")))
		return read_unix(rest, url);
	if (str_equal(kind, STR("sentinel")))
		return read_sentinels(rest, url);
	if (str_equal(kind, STR("cluster")))
		return "a cluster cannot be used; one server can, with "
		       "replicas and sentinels";
	return "behind the plus stands unix or sentinel";
}

const char *
storeurl_read(struct str value, struct storeurl *url)
{
	struct str scheme = value, rest = { 0 };
	const char *complaint, *end;

	*url = (struct storeurl){ 0 };
	if (str_equal(value, STR("files")))
		return NULL;
	end = value.n == 0 ? NULL : memmem(value.p, value.n, "://", 3);
	if (end != NULL) {
		scheme.n = (size_t)(end - value.p);
		rest = (struct str){ end + 3, value.n - scheme.n - 3 };
	}
	complaint = read_engine(scheme, rest, url);
	if (complaint != NULL)
		*url = (struct storeurl){ 0 };
	return complaint;
}
