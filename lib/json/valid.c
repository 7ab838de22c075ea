/* SPDX-License-Identifier: ISC */
/*
 * Hides a walk over a text that is passed on as it is: nothing is decoded and
 * nothing kept but, for each container that is open, whether it is an object.
 */
#include "config.h"

#include <stdint.h>

#include "json/jsonscalar.h"
#include "json/jsonstring.h"
#include "json/valid.h"

#define DEPTH_MAX 64 /* bits */

/* Where the walk is. */
struct walk {
	const char *p, *end; /* a NUL stands at the end */
	uint64_t objects;    /* bit 0: the innermost container is one */
	unsigned depth;
};

static void
skip_blanks(struct walk *walk)
{
	while (*walk->p == ' ' || *walk->p == '\t' || *walk->p == '\n' ||
	    *walk->p == '\r')
		walk->p++;
}

/* Whether this byte is next; it is taken then. */
static bool
take(struct walk *walk, char c)
{
	if (*walk->p != c)
		return false;
	walk->p++;
	return true;
}

static bool
take_escape(struct walk *walk)
{
	switch (walk->p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't': walk->p += 2; return true;
	default: break;
	}
	if (jsonstring_unit(walk->p) < 0)
		return false;
	walk->p += 6;
	return true;
}

static bool
take_string(struct walk *walk)
{
	size_t n, begun;

	if (!take(walk, '"'))
		return false;
	for (;;) {
		walk->p += jsonstring_plain(walk->p, walk->end);
		if (take(walk, '"'))
			return true;
		if (*walk->p == '\\') {
			if (!take_escape(walk))
				return false;
			continue;
		}
		n = jsonstring_wide((const unsigned char *)walk->p, &begun);
		if (n == 0)
			return false;
		walk->p += n;
	}
}

static bool
take_scalar(struct walk *walk)
{
	bool real;
	uint32_t n;

	if (*walk->p == '"')
		return take_string(walk);
	if ((n = jsonscalar_word(walk->p)) == 0)
		n = jsonscalar_number(walk->p, &real);
	walk->p += n;
	return n > 0;
}

/* A member's name, where the container is an object. */
static bool
take_name(struct walk *walk)
{
	skip_blanks(walk);
	if (!(walk->objects & 1))
		return true;
	if (!take_string(walk))
		return false;
	skip_blanks(walk);
	if (!take(walk, ':'))
		return false;
	skip_blanks(walk);
	return true;
}

/* Begin a container; *empty: it has ended already. */
static bool
begin(struct walk *walk, unsigned depth_max, bool *empty)
{
	bool object = *walk->p++ == '{';

	*empty = false;
	if (walk->depth == depth_max || walk->depth == DEPTH_MAX)
		return false;
	skip_blanks(walk);
	if (take(walk, object ? '}' : ']')) {
		*empty = true;
		return true;
	}
	walk->depth++;
	walk->objects = walk->objects << 1 | object;
	return take_name(walk);
}

/* After a value: end the containers that end there. *more: another value
 * follows in the innermost one. */
static bool
end(struct walk *walk, bool *more)
{
	*more = false;
	for (skip_blanks(walk); walk->depth > 0; skip_blanks(walk)) {
		if (take(walk, ',')) {
			*more = true;
			return take_name(walk);
		}
		if (!take(walk, walk->objects & 1 ? '}' : ']'))
			return false;
		walk->depth--;
		walk->objects >>= 1;
	}
	return true;
}

bool
valid_json(struct str text, unsigned depth_max)
{
	struct walk walk = { .p = text.p };
	bool more = true, whole;

	if (text.n == 0)
		return false;
	walk.end = text.p + text.n;
	skip_blanks(&walk);
	while (more) {
		whole = true;
		if (*walk.p == '{' || *walk.p == '[') {
			if (!begin(&walk, depth_max, &whole))
				return false;
		} else if (!take_scalar(&walk)) {
			return false;
		}
		if (whole && !end(&walk, &more))
			return false;
	}
	/* A NUL within the text ends the walk as well, but not there. */
	return walk.p == walk.end;
}

bool
valid_utf8(struct str text)
{
	size_t i = 0, n, begun;

	while (i < text.n) {
		n = 1;
		if ((unsigned char)text.p[i] >= 0x80)
			n = jsonstring_wide((const unsigned char *)text.p + i,
			    &begun);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}
