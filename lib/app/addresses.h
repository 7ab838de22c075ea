/* SPDX-License-Identifier: ISC */
/* Lists of addresses in unit files. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/str.h"

/* Whether a list has an address of IPv4 or IPv6. */
bool addresses_have(struct str list, const struct sockaddr *place);

#endif
