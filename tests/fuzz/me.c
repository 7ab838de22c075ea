/* SPDX-License-Identifier: ISC */
/* What /v1/me answers, and what of it reaches a browser. */
#include "config.h"

#include <string.h>

#include "json/janssondoc.h"
#include "fuzz.h"
#include "spotify/spotify.h"

static void
check_text(const char *text)
{
	MUST(text == NULL ||
	    (text[0] != '\0' && strlen(text) <= SPOTIFY_ACCOUNT_TEXT_MAX));
}

/* Two that differ in what is no character must not become one. */
static void
check_known_by(const char *text)
{
	check_text(text);
	MUST(text == NULL || strstr(text, "\xef\xbf\xbd") == NULL);
}

/* What is written is one object, with the same texts. */
static void
check_written(const struct account *account)
{
	struct buf out = BUF(65536), key = BUF(4096);
	json_t *object;

	account_write(account, &out);
	MUST(buf_result(&out) == OK);
	MUST(!fuzz_has(buf_str(&out), '<') && !fuzz_has(buf_str(&out), '&'));
	MUST(janssondoc_parse(buf_str(&out), &object) == OK);
	MUST(str_equal(janssondoc_text(object, "id"), str_of(account->id)));
	MUST(str_equal(janssondoc_text(object, "display_name"),
	    str_of(account->display_name)));
	json_decref(object);
	account_write_key(account, &key);
	MUST(buf_result(&key) == OK && str_graphic(buf_str(&key)));
	buf_free(&out);
	buf_free(&key);
}

void
fuzz_me(struct str input)
{
	struct fuzz_upstream upstream = { .input = input };
	const struct conf conf = fuzz_conf();
	struct context context = { .conf = &conf,
		.store = fuzz_store(),
		.http = (struct http *)(void *)&upstream };
	char text[] = "access";
	const struct secret access = { text, sizeof(text) - 1 };
	struct account account;

	if (spotify_me(&context, &api_me, &access, &account) == OK) {
		MUST(account.id != NULL || account.account_id != NULL);
		check_known_by(account.id);
		check_known_by(account.account_id);
		check_text(account.display_name);
		check_known_by(account.email);
		MUST(account.image == NULL ||
		    url_is_spotify(str_of(account.image), conf.image_origin));
		check_written(&account);
	} else {
		MUST(account.id == NULL && account.account_id == NULL);
		MUST(account.image == NULL);
	}
	MUST(context.wait.s >= 0 && context.wait.s <= 86400);
	account_free(&account);
}
