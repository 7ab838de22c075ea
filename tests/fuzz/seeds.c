/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <stdio.h>

#include "base/codec.h"
#include "seeds.h"

bool
seeds_read_file(const char *path, struct buf *text)
{
	FILE *file = fopen(path, "re");
	char *room;
	size_t n;

	if (file == NULL)
		return false;
	while ((room = buf_room(text, 4096)) != NULL &&
	    (n = fread(room, 1, 4096, file)) > 0)
		buf_grown(text, n);
	fclose(file);
	return room != NULL;
}

/* Take n bytes off the front. */
static struct str
take(struct str *rest, size_t n)
{
	struct str taken = { rest->p, n };

	*rest = (struct str){ rest->p + n, rest->n - n };
	return taken;
}

/* The rest of \x. */
static bool
read_hex(struct str *rest, struct buf *seed)
{
	unsigned char byte;

	if (rest->n < 2 || !codec_unhex(take(rest, 2), &byte, 1))
		return false;
	buf_putc(seed, (char)byte);
	return true;
}

/* Everything but \{. */
static bool
read_simple(struct str *rest, struct buf *seed)
{
	char c = take(rest, 1).p[0];

	if (c != '\\') {
		buf_putc(seed, c);
		return true;
	}
	if (rest->n == 0)
		return false;
	switch (take(rest, 1).p[0]) {
	case 'n': buf_putc(seed, '\n'); return true;
	case 'r': buf_putc(seed, '\r'); return true;
	case 't': buf_putc(seed, '\t'); return true;
	case '0': buf_putc(seed, '\0'); return true;
	case '\\': buf_putc(seed, '\\'); return true;
	case '.': return true;
	case 'x': return read_hex(rest, seed);
	default: return false;
	}
}

/* The rest of \{. */
static bool
read_repeated(struct str *rest, struct buf *seed)
{
	struct buf text = BUF(SEEDS_MAX);
	struct str number = str_cut(rest, ' ');
	uint64_t times = 0;
	bool good = rest->p != NULL && str_number(number, SEEDS_MAX, &times);

	while (good && rest->n > 0 && rest->p[0] != '}')
		good = read_simple(rest, &text);
	good = good && rest->n > 0 && take(rest, 1).p[0] == '}';
	for (; good && times > 0; times--)
		buf_add_str(seed, buf_str(&text));
	buf_free(&text);
	return good;
}

/* The rest of \[. */
static bool
read_base64url(struct str *rest, struct buf *seed)
{
	struct str text = str_cut(rest, ']');

	return rest->p != NULL && codec_base64url_decode(text, seed) == OK;
}

bool
seeds_open(struct seeds *seeds, const char *path)
{
	*seeds =
	    (struct seeds){ BUF(SEEDS_MAX), BUF(SEEDS_MAX), { NULL, 0 }, 0 };
	if (!seeds_read_file(path, &seeds->text))
		return false;
	seeds->rest = buf_str(&seeds->text);
	return true;
}

static bool
read_line(struct str line, struct str first, struct buf *seed)
{
	bool good = true;

	while (good && line.n > 0) {
		if (str_starts(line, STR("\\{"))) {
			take(&line, 2);
			good = read_repeated(&line, seed);
		} else if (str_starts(line, STR("\\["))) {
			take(&line, 2);
			good = read_base64url(&line, seed);
		} else if (str_starts(line, STR("\\^"))) {
			take(&line, 2);
			buf_add_str(seed, first);
		} else {
			good = read_simple(&line, seed);
		}
	}
	return good && buf_result(seed) == OK;
}

int
seeds_next(struct seeds *seeds, struct buf *seed)
{
	struct str line;

	do {
		if (seeds->rest.p == NULL)
			return 0;
		line = str_cut(&seeds->rest, '\n');
		seeds->line++;
	} while (line.n == 0 || line.p[0] == '#');
	if (!read_line(line, buf_str(&seeds->first), seed))
		return -1;
	if (seeds->first.n == 0)
		buf_add_str(&seeds->first, buf_str(seed));
	return buf_result(&seeds->first) == OK ? 1 : -1;
}

void
seeds_close(struct seeds *seeds)
{
	buf_free(&seeds->text);
	buf_free(&seeds->first);
}

void
seeds_write(struct str seed, struct buf *line)
{
	unsigned char c;
	size_t i;

	if (seed.n == 0 || seed.p[0] == '#')
		buf_puts(line, "\\.");
	for (i = 0; i < seed.n; i++) {
		c = (unsigned char)seed.p[i];
		if (c == '\n')
			buf_puts(line, "\\n");
		else if (c == '\\')
			buf_puts(line, "\\\\");
		else if (c < ' ' || c > '~')
			buf_printf(line, "\\x%02x", c);
		else
			buf_putc(line, (char)c);
	}
}
