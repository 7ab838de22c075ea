/* SPDX-License-Identifier: ISC */
/*
 * Hides systemd's specifiers, as far as they name an instance:
 *
 *	specifier = "%" letter
 *
 * Escapes of the names (systemd-escape(1)) are none of ours: programs and
 * sites have no characters that need them.
 */
#include "config.h"

#include "app/instance.h"

static void
add_specifier(const struct instance *instance, char letter,
    struct buf *expanded)
{
	switch (letter) {
	case 'i':
	case 'I': buf_add_str(expanded, instance->site); break;
	case 'j':
	case 'J': buf_puts(expanded, instance->program); break;
	case 'p':
	case 'P':
		buf_printf(expanded, "spotify-fcgi-%s", instance->program);
		break;
	case '%': buf_putc(expanded, '%'); break;
	default: buf_printf(expanded, "%%%c", letter); break;
	}
}

void
instance_expand(const struct instance *instance, struct str text,
    struct buf *expanded)
{
	size_t i;

	for (i = 0; i < text.n; i++)
		if (text.p[i] == '%' && i + 1 < text.n)
			add_specifier(instance, text.p[++i], expanded);
		else
			buf_putc(expanded, text.p[i]);
}
