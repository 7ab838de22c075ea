/* SPDX-License-Identifier: ISC */
/* Hides how a browser asks for what it may have already. */
#include "config.h"

#include "base/codec.h"
#include "base/seal.h"
#include "web/etag.h"

void
etag_of(struct str text, struct buf *tag)
{
	unsigned char digest[16];

	seal_digest(text, digest, sizeof(digest));
	codec_base64url(tag, digest, sizeof(digest));
}

bool
etag_has(struct str header, struct str tag)
{
	struct str word;

	while (header.p != NULL) {
		word = str_trim(str_cut(&header, ','));
		if (str_equal(word, STR("*")))
			return true;
		if (str_starts(word, STR("W/")))
			word = (struct str){ word.p + 2, word.n - 2 };
		if (word.n == tag.n + 2 && word.p[0] == '"' &&
		    word.p[word.n - 1] == '"' &&
		    str_equal((struct str){ word.p + 1, tag.n }, tag))
			return true;
	}
	return false;
}
