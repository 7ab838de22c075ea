/* SPDX-License-Identifier: ISC */
/*
 * Hides the grammar of systemd's lists of addresses, as far as they are used
 * here (IPAddressAllow= in systemd.resource-control(5)):
 *
 *	list = *( word " " )
 *	word = "any" / "localhost" / ADDRESS [ "/" BITS ]
 *
 * Other words have no address in them.
 */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "app/addresses.h"

/* Whether the first bits of two addresses are the same. */
static bool
begin_alike(const void *one, const void *two, size_t bits)
{
	const unsigned char *a = one, *b = two;

	return memcmp(a, b, bits / 8) == 0 &&
	    (bits % 8 == 0 ||
		(a[bits / 8] ^ b[bits / 8]) >> (8 - bits % 8) == 0);
}

/* Whether "ADDRESS/BITS", or an address alone, has one of a family in it. */
static bool
covers(struct str word, int family, const void *address)
{
	const size_t all = family == AF_INET ? 32 : 128;
	char text[INET6_ADDRSTRLEN] = "";
	unsigned char net[16];
	struct str name = str_cut(&word, '/');
	uint64_t bits = all;

	if (name.n >= sizeof(text))
		return false;
	memcpy(text, name.p, name.n);
	return (word.p == NULL || str_number(word, all, &bits)) &&
	    inet_pton(family, text, net) == 1 &&
	    begin_alike(net, address, (size_t)bits);
}

bool
addresses_have(struct str list, const struct sockaddr *place)
{
	const bool four = place->sa_family == AF_INET;
	const struct str loopback = four ? STR("127.0.0.0/8") : STR("::1");
	const void *address = four ?
	    (const void *)&((const struct sockaddr_in *)(const void *)place)
		->sin_addr :
	    (const void *)&((const struct sockaddr_in6 *)(const void *)place)
		->sin6_addr;
	struct str word;

	while (list.p != NULL) {
		word = str_cut(&list, ' ');
		if (str_equal(word, STR("localhost")))
			word = loopback;
		if (str_equal(word, STR("any")) ||
		    covers(word, place->sa_family, address))
			return true;
	}
	return false;
}
