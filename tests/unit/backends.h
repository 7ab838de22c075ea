/* SPDX-License-Identifier: ISC */
/* Every back end of the store, for the tests that all of them must pass. */
#ifndef BACKENDS_H
#define BACKENDS_H

#include "store/store.h"

/* Run a test with an empty store of each back end. */
void on_each(void (*body)(struct store *store));

/* A test by the name of NAME, of which NAME_on is the body. */
#define ON_EACH(name) \
	static void name(void) \
	{ \
		on_each(name##_on); \
	}

#endif
