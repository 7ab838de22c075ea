/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <arpa/inet.h>
#include <string.h>

#include "../run.h"
#include "app/addresses.h"

static bool
has(const char *list, const char *address)
{
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, address, &four.sin_addr) == 1)
		return addresses_have(str_of(list),
		    (const struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, address, &six.sin6_addr), 1);
	return addresses_have(str_of(list), (const struct sockaddr *)&six);
}

static void
a_list_has_what_systemd_lets_through(void)
{
	static const struct {
		const char *list, *address;
		bool has;
	} rows[] = { { "", "127.0.0.1", false }, { "any", "192.0.2.1", true },
		{ "any", "2001:db8::1", true },
		{ "localhost", "127.9.8.7", true },
		{ "localhost", "::1", true }, { "localhost", "::2", false },
		{ "localhost", "128.0.0.1", false },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.0/31", "192.0.2.1", true },
		{ "192.0.2.0/31", "192.0.2.2", false },
		{ "192.0.2.0/25", "192.0.2.127", true },
		{ "192.0.2.0/25", "192.0.2.128", false },
		{ "0.0.0.0/0", "203.0.113.5", true },
		{ "0.0.0.0/0", "2001:db8::1", false },
		{ "::/0", "2001:db8::1", true }, { "::/0", "192.0.2.1", false },
		{ "2001:db8::/33", "2001:db8:7fff::1", true },
		{ "2001:db8::/33", "2001:db8:8000::1", false },
		{ "10.0.0.0/8 192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1/33", "192.0.2.1", false },
		{ "192.0.2.1/", "192.0.2.1", false },
		{ "192.0.2.1/x", "192.0.2.1", false },
		{ "192.0.2", "192.0.2.0", false },
		{ "link-local", "169.254.0.1", false },
		{ "a-name-that-is-longer-than-any-address-could-be-printed",
		    "192.0.2.1", false } };
	size_t i;

	for (i = 0; i < N(rows); i++)
		assert_int_equal(has(rows[i].list, rows[i].address),
		    rows[i].has);
}

UNIT_TESTS(addresses) = {
	TEST(a_list_has_what_systemd_lets_through),
	END_OF_TESTS,
};
