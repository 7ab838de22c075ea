/* SPDX-License-Identifier: ISC */
/*
 * Invents artists: 50 of them are 55 kB, indented by two, as from Spotify. An
 * id ends in the artist's number, so that a cursor needs no table, and the
 * text of a page is made once, so that serving one costs a copy.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "pages.h"

#define ID_BYTES 22
#define NUMBER_BYTES 5
#define TEXT_MAX 131072
#define API "https://api.spotify.com/v1"
#define OF(list) (sizeof(list) / sizeof((list)[0]))

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			       "abcdefghijklmnopqrstuvwxyz";
static const char *const names[] = { "The Paper Lanterns", "Mørk Vår",
	"Sœur Minuit", "\\\"Quoted\\\" & Sons", "青い灯台", "Йод и Соль",
	"Los Faros del Río", "Kilo", "Grünewald Quartett", "A/B/C",
	"Orchestra of the Eleventh Hour", "Ævintýri", "달빛 공장" };
static const char *const genres[] = { "chamber pop", "slow techno",
	"música de faro", "nordic noise", "harbour jazz", "tape folk",
	"post-choral", "chanson de minuit", "night drive", "low organ" };

/* The text of the artists of one page, and where each of them ends. */
static struct block {
	struct buf text;
	size_t ends[PAGES_LIMIT];
} blocks[PAGES_ARTISTS_MAX / PAGES_LIMIT];

/* The same number for the same artist and purpose (splitmix64). */
static uint64_t
mixed(size_t artist, unsigned purpose)
{
	uint64_t x = ((uint64_t)artist << 8 | purpose) + 0x9e3779b97f4a7c15u;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static void
write_id(char id[static ID_BYTES + 1], size_t artist)
{
	size_t i, number = artist;

	for (i = 0; i < ID_BYTES - NUMBER_BYTES; i++)
		id[i] = alphabet[mixed(artist, (unsigned)i) % 62];
	for (i = ID_BYTES; i-- > ID_BYTES - NUMBER_BYTES; number /= 62)
		id[i] = alphabet[number % 62];
	id[ID_BYTES] = '\0';
}

/* The number of the artist behind a cursor. */
static size_t
behind(struct str after)
{
	size_t i, number = 0;
	const char *digit;

	if (after.n != ID_BYTES)
		return 0;
	for (i = ID_BYTES - NUMBER_BYTES; i < ID_BYTES; i++) {
		digit = memchr(alphabet, after.p[i], 62);
		if (digit == NULL)
			return 0;
		number = number * 62 + (size_t)(digit - alphabet);
	}
	return number + 1;
}

static void
write_genres(struct buf *text, size_t artist)
{
	size_t i, n = mixed(artist, 100) % 6, first = mixed(artist, 101);

	buf_puts(text, "        \"genres\": [");
	for (i = 0; i < n; i++)
		buf_printf(text, "%s\n          \"%s\"", i > 0 ? "," : "",
		    genres[(first + i) % OF(genres)]);
	buf_puts(text, n > 0 ? "\n        ],\n" : "],\n");
}

static void
write_images(struct buf *text, size_t artist)
{
	static const struct {
		const char *kind;
		int side;
	} sizes[] = { { "e5eb", 640 }, { "5174", 320 }, { "f178", 160 } };
	size_t i;

	buf_puts(text, "        \"images\": [");
	for (i = 0; i < OF(sizes); i++)
		buf_printf(text,
		    "%s\n          {\n            \"url\": \"https://i.scdn.co/"
		    "image/ab6761610000%s%016" PRIx64 "%08" PRIx64 "\",\n"
		    "            \"height\": %d,\n"
		    "            \"width\": %d\n          }",
		    i > 0 ? "," : "", sizes[i].kind, mixed(artist, 102),
		    mixed(artist, 103) >> 32, sizes[i].side, sizes[i].side);
	buf_puts(text, "\n        ],\n");
}

static void
write_artist(struct buf *text, size_t artist)
{
	char id[ID_BYTES + 1];

	write_id(id, artist);
	buf_printf(text,
	    "      {\n        \"external_urls\": {\n"
	    "          \"spotify\": \"https://open.spotify.com/artist/%s\"\n"
	    "        },\n        \"followers\": {\n"
	    "          \"href\": null,\n"
	    "          \"total\": %" PRIu64 "\n        },\n",
	    id, mixed(artist, 104) % 90000000);
	write_genres(text, artist);
	buf_printf(text,
	    "        \"href\": \"" API "/artists/%s\",\n"
	    "        \"id\": \"%s\",\n",
	    id, id);
	write_images(text, artist);
	buf_printf(text,
	    "        \"name\": \"%s\",\n        \"popularity\": %" PRIu64 ",\n"
	    "        \"type\": \"artist\",\n"
	    "        \"uri\": \"spotify:artist:%s\"\n      }",
	    names[artist % OF(names)], mixed(artist, 105) % 101, id);
}

/* The artists of a page, made when they are first asked for. */
static const struct block *
block_of(size_t first)
{
	struct block *block = &blocks[first / PAGES_LIMIT];
	size_t i;

	if (block->text.p != NULL)
		return block;
	block->text = BUF(TEXT_MAX);
	for (i = 0; i < PAGES_LIMIT; i++) {
		if (i > 0)
			buf_puts(&block->text, ",\n");
		write_artist(&block->text, first + i);
		block->ends[i] = block->text.n;
	}
	return block;
}

/* What comes behind the artists. */
static void
write_rest(struct buf *out, size_t end, size_t total)
{
	char id[ID_BYTES + 1];

	buf_printf(out, "\n    ],\n    \"limit\": %d,\n", PAGES_LIMIT);
	if (end < total) {
		write_id(id, end - 1);
		buf_printf(out,
		    "    \"next\": \"" API "/me/following?type=artist"
		    "&after=%s&limit=%d\",\n"
		    "    \"cursors\": {\n      \"after\": \"%s\"\n    },\n",
		    id, PAGES_LIMIT, id);
	} else {
		buf_puts(out,
		    "    \"next\": null,\n"
		    "    \"cursors\": {\n      \"after\": null\n    },\n");
	}
	buf_printf(out, "    \"total\": %zu\n  }\n}\n", total);
}

void
pages_write(struct buf *out, struct str after, size_t total)
{
	size_t first = behind(after) / PAGES_LIMIT * PAGES_LIMIT, n;
	const struct block *block;

	if (total > PAGES_ARTISTS_MAX)
		total = PAGES_ARTISTS_MAX;
	if (first >= total)
		first = total;
	n = total - first < PAGES_LIMIT ? total - first : PAGES_LIMIT;
	buf_printf(out,
	    "{\n  \"artists\": {\n    \"href\": \"" API
	    "/me/following?type=artist%s%.*s&limit=%d\",\n    \"items\": [\n",
	    after.n > 0 ? "&after=" : "", (int)after.n, after.p, PAGES_LIMIT);
	if (n > 0) {
		block = block_of(first);
		buf_add(out, block->text.p, block->ends[n - 1]);
	}
	write_rest(out, first + n, total);
}
