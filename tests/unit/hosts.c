/* SPDX-License-Identifier: ISC */
/* What engine/names.c reads without a name server; the rest of it is in
 * faults/test_names.py. */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/clock.h"
#include "engine/names.h"
#include "run.h"

static void
an_address_is_its_own_and_keeps_its_port(void)
{
	static const struct {
		const char *text, *host, *address;
		int family;
	} rows[] = { { "127.0.0.1:6379", "127.0.0.1", "127.0.0.1", AF_INET },
		{ "[::1]:6379", "::1", "::1", AF_INET6 },
		{ "[2001:db8::7]:6379", "2001:db8::7", "2001:db8::7",
		    AF_INET6 } };
	struct names_address addresses[NAMES_MAX];
	char text[INET6_ADDRSTRLEN];
	size_t i, n;

	for (i = 0; i < N(rows); i++) {
		struct names *names = NULL;
		const struct sockaddr_in6 *six = (const void *)addresses;
		const struct sockaddr_in *four = (const void *)addresses;
		enum result result;

		CHECK_OK(names_open(str_of(rows[i].text), &names));
		assert_string_equal(names_host(names), rows[i].host);
		result =
		    names_get(names, clock_mono_ms() + 60000, addresses, &n);
		names_close(names);
		assert_int_equal(result, OK);
		assert_int_equal(n, 1);
		assert_int_equal(addresses[0].place.ss_family, rows[i].family);
		assert_int_equal(rows[i].family == AF_INET ? four->sin_port :
							     six->sin6_port,
		    htons(6379));
		assert_non_null(inet_ntop(rows[i].family,
		    rows[i].family == AF_INET ? (const void *)&four->sin_addr :
						(const void *)&six->sin6_addr,
		    text, sizeof(text)));
		assert_string_equal(text, rows[i].address);
	}
}

static void
what_is_no_host_with_a_port_is_refused(void)
{
	static const char *const odd[] = { "", ":", "a", "a:", ":1", "a:0",
		"a:65536", "a:x", "a:-1", "::1:6379", "[::1]", "[::1]6379",
		"[::1:6379", "a:b:6379" };
	struct names *names;
	size_t i;

	for (i = 0; i < N(odd); i++) {
		CHECK(names_open(str_of(odd[i]), &names), RESULT_MISCONFIGURED);
		assert_null(names);
	}
	names_close(NULL);
}

UNIT_TESTS(hosts) = {
	TEST(an_address_is_its_own_and_keeps_its_port),
	TEST(what_is_no_host_with_a_port_is_refused),
	END_OF_TESTS,
};
