/* SPDX-License-Identifier: ISC */
/* Gives libFuzzer the target that FUZZ_TARGET names. */
#include "config.h"

#include <stdlib.h>

#include "fuzz.h"

static const struct fuzz_target *target;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("FUZZ_TARGET");

	(void)argc;
	(void)argv;
	MUST(name != NULL && (target = fuzz_find(name)) != NULL);
	fuzz_init();
	return 0;
}

/* libFuzzer's block is of exactly its size already. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	target->run((struct str){ (const char *)data, size });
	return 0;
}
