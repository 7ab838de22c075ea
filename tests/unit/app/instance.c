/* SPDX-License-Identifier: ISC */
#include "config.h"

#include "../run.h"
#include "app/instance.h"

static void
specifiers_that_name_the_instance_are_replaced_and_no_others(void)
{
	static const struct {
		const char *text, *expanded;
	} rows[] = { { "", "" }, { "/etc/%i.conf", "/etc/my-site.conf" },
		{ "%I %j %J", "my-site login login" },
		{ "%p@%i %P", "spotify-fcgi-login@my-site spotify-fcgi-login" },
		{ "%%i 100%%", "%i 100%" }, { "%t/%n %H", "%t/%n %H" },
		{ "at the end %", "at the end %" } };
	const struct instance instance = { .program = "login",
		.site = STR("my-site"),
		.conf_file = "/etc/my-site.conf" };
	size_t i;

	for (i = 0; i < N(rows); i++) {
		SCOPED(buf_free) struct buf expanded = BUF(100);

		instance_expand(&instance, str_of(rows[i].text), &expanded);
		CHECK_OK(buf_result(&expanded));
		assert_true(
		    str_equal(buf_str(&expanded), str_of(rows[i].expanded)));
	}
}

UNIT_TESTS(instance) = {
	TEST(specifiers_that_name_the_instance_are_replaced_and_no_others),
	END_OF_TESTS,
};
