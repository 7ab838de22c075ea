/* SPDX-License-Identifier: ISC */
/*
 * Hides systemd's unit files, as far as they say what a program can reach. The
 * grammar of which we read a part (systemd.syntax(7)):
 *
 *	line = KEY "=" value
 *
 * An empty value forgets those before it, lists add up, of others the last one
 * counts. Sections, comments and keys that say nothing about this are skipped.
 * Specifiers that name the instance are replaced before, wherever they stand.
 * A mistake made in reading is a wrong complaint of -n, and nothing else.
 */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/units.h"
#include "app/addresses.h"
#include "app/dropins.h"
#include "app/instance.h"
#include "base/str.h"
#include "process/options.h"

#define FILE_MAX 65536
#define LIST_MAX 16384

static const char usual_path[] =
    "/etc/systemd/system:/run/systemd/system:/usr/local/lib/systemd/system:"
    "/usr/lib/systemd/system:/lib/systemd/system";

/* ---- one line ---- */

static bool
is_yes(struct str value)
{
	return str_equal(value, STR("yes")) || str_equal(value, STR("true")) ||
	    str_equal(value, STR("on")) || str_equal(value, STR("1"));
}

/* Append the words of a list, each behind a prefix, without the signs in front
 * of it and up to a colon; or for a bound path, what is behind that. */
static void
add_list(struct buf *list, const char *prefix, struct str value, bool behind)
{
	struct str word, first;

	if (value.n == 0)
		buf_clear(list);
	while (value.p != NULL) {
		word = str_cut(&value, ' ');
		while (word.n > 0 && (word.p[0] == '-' || word.p[0] == '+'))
			word.p++, word.n--;
		first = str_cut(&word, ':');
		if (behind && word.p != NULL)
			first = str_cut(&word, ':');
		if (first.n == 0)
			continue;
		buf_puts(list, prefix);
		buf_add_str(list, first);
		buf_putc(list, ' ');
	}
}

/* The same for words of which all counts. */
static void
add_words(struct buf *list, struct str value)
{
	if (value.n == 0)
		buf_clear(list);
	else
		buf_printf(list, "%.*s ", (int)value.n, value.p);
}

/* The same for lines that begin with a name and a colon. */
static void
add_name(struct buf *list, struct str value)
{
	add_list(list, "", value.n == 0 ? value : str_cut(&value, ':'), false);
}

/* What a program may reach over a network. */
static void
read_network(struct units *units, struct str key, struct str value)
{
	if (str_equal(key, STR("PrivateNetwork")))
		units->no_network = is_yes(value);
	else if (str_equal(key, STR("RestrictAddressFamilies")))
		add_words(&units->families, value);
	else if (str_equal(key, STR("IPAddressDeny")))
		add_words(&units->denied, value);
	else if (str_equal(key, STR("IPAddressAllow")))
		add_words(&units->allowed, value);
}

static void
read_line(struct units *units, struct str key, struct str value)
{
	if (str_equal(key, STR("ProtectSystem")))
		units->strict = str_equal(value, STR("strict"));
	else if (str_equal(key, STR("ProtectHome")))
		units->hide_home =
		    is_yes(value) || str_equal(value, STR("tmpfs"));
	else if (str_equal(key, STR("PrivateTmp")))
		units->hide_tmp =
		    is_yes(value) || str_equal(value, STR("disconnected"));
	else if (str_equal(key, STR("ReadWritePaths")))
		add_list(&units->writable, "", value, false);
	else if (str_equal(key, STR("StateDirectory")))
		add_list(&units->writable, "/var/lib/", value, false);
	else if (str_equal(key, STR("BindPaths")))
		add_list(&units->bound, "", value, true);
	else if (str_equal(key, STR("LoadCredential")))
		add_name(&units->credentials, value);
	else if (str_equal(key, STR("SupplementaryGroups")))
		add_words(&units->groups, value);
	else if (str_equal(key, STR("User"))) {
		buf_clear(&units->user);
		buf_add_str(&units->user, value);
	} else
		read_network(units, key, value);
}

/* ---- the files ---- */

/* Whether a text is a word of the value: behind a blank or an "=", and up to
 * another blank. */
static bool
names(struct str value, const char *text)
{
	size_t n = strlen(text), i;

	for (i = 1; i + n <= value.n; i++)
		if (memcmp(value.p + i, text, n) == 0 &&
		    strchr(" =\"", value.p[i - 1]) != NULL &&
		    (i + n == value.n || strchr(" \"", value.p[i + n]) != NULL))
			return true;
	return false;
}

/* The beginning of a file, as much as the buffer takes; false: it is not there,
 * or empty, as a masked unit is. */
static bool
take_file(const char *path, struct buf *content)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char *room = fd < 0 ? NULL : buf_room(content, content->max);
	ssize_t n = room == NULL ? -1 : read(fd, room, content->max);

	if (n > 0)
		buf_grown(content, (size_t)n);
	if (fd >= 0)
		close(fd);
	return n > 0;
}

/* False: there is no such file, or it is masked. */
static bool
read_file(struct units *units, const char *path, const struct instance *of)
{
	struct buf content = BUF(FILE_MAX), expanded = BUF(2 * FILE_MAX);
	bool there = take_file(path, &content);
	struct str rest, value, key;

	instance_expand(of, buf_str(&content), &expanded);
	rest = buf_str(&expanded);
	while (there && rest.p != NULL) {
		value = str_trim(str_cut(&rest, '\n'));
		if (names(value, of->conf_file))
			units->known = true;
		key = str_trim(str_cut(&value, '='));
		if (value.p != NULL)
			read_line(units, key, str_trim(value));
	}
	buf_free(&expanded);
	buf_free(&content);
	return there;
}

static void
read_drop_ins(struct units *units, struct str dirs, const struct instance *of)
{
	struct dropins dropins;
	const char *path;

	dropins_find(&dropins, dirs, of);
	while ((path = dropins_next(&dropins)) != NULL)
		read_file(units, path, of);
	dropins_free(&dropins);
}

/* The unit: that of the instance alone, or else the template; false: there is
 * none, or it is masked. */
static bool
read_unit(struct units *units, struct str dirs, const struct instance *of)
{
	static const char *const names[] = { "/%p@%i.service", "/%p@.service" };
	struct buf path = BUF(4096);
	bool there = false, found = false;
	struct str rest;
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !found; i++)
		for (rest = dirs; rest.p != NULL && !found;) {
			buf_clear(&path);
			buf_add_str(&path, str_cut(&rest, ':'));
			instance_expand(of, str_of(names[i]), &path);
			found =
			    buf_result(&path) == OK && stat(path.p, &st) == 0;
			there = found && read_file(units, path.p, of);
		}
	buf_free(&path);
	return there;
}

void
units_read(const char *conf_file, const char *program, struct units *units)
{
	const char *path = getenv("SYSTEMD_UNIT_PATH");
	struct str dirs = str_of(path == NULL ? usual_path : path);
	const struct instance instance = { program, options_site(conf_file),
		conf_file };
	bool there;

	*units = (struct units){ .user = BUF(256),
		.writable = BUF(LIST_MAX),
		.bound = BUF(LIST_MAX),
		.credentials = BUF(LIST_MAX),
		.groups = BUF(LIST_MAX),
		.families = BUF(LIST_MAX),
		.denied = BUF(LIST_MAX),
		.allowed = BUF(LIST_MAX) };
	/* As sd_booted(3). */
	there = (path != NULL || access("/run/systemd/system", F_OK) == 0) &&
	    read_unit(units, dirs, &instance);
	if (there)
		read_drop_ins(units, dirs, &instance);
	if (!there)
		units->known = false;
}

void
units_free(struct units *units)
{
	buf_free(&units->user);
	buf_free(&units->writable);
	buf_free(&units->bound);
	buf_free(&units->credentials);
	buf_free(&units->groups);
	buf_free(&units->families);
	buf_free(&units->denied);
	buf_free(&units->allowed);
}

/* ---- what follows ---- */

/* A user of the machine's own, as sysusers.d makes them: getpwnam(3) would load
 * libraries into the program. */
static bool
find_uid(struct str name, uint64_t *uid)
{
	struct buf content = BUF(1u << 20);
	bool found = false;
	struct str rest, line;

	take_file("/etc/passwd", &content);
	rest = buf_str(&content);
	while (rest.p != NULL && !found) {
		line = str_cut(&rest, '\n');
		if (!str_equal(str_cut(&line, ':'), name))
			continue;
		str_cut(&line, ':');
		found = str_number(str_cut(&line, ':'), UINT32_MAX, uid);
	}
	buf_free(&content);
	return found;
}

static bool
is_below(struct str path, struct str dir)
{
	if (str_ends(dir, STR("/")))
		dir.n--;
	return str_starts(path, dir) &&
	    (path.n == dir.n || path.p[dir.n] == '/');
}

static bool
is_below_one(struct str path, const struct buf *list)
{
	struct str rest = buf_str(list), dir;

	while (rest.p != NULL) {
		dir = str_cut(&rest, ' ');
		if (dir.n > 0 && is_below(path, dir))
			return true;
	}
	return false;
}

const char *
units_complaint_file(const struct units *units, const char *path)
{
	struct str place = str_of(path);

	if (!units->known || is_below_one(place, &units->bound))
		return NULL;
	if (units->hide_home &&
	    (is_below(place, STR("/home")) || is_below(place, STR("/root")) ||
		is_below(place, STR("/run/user"))))
		return "the units hide /home, /root and /run/user; use another "
		       "place, below /srv or /etc/spotify-fcgi, say";
	if (units->hide_tmp &&
	    (is_below(place, STR("/tmp")) || is_below(place, STR("/var/tmp"))))
		return "the units have a /tmp and a /var/tmp of their own; use "
		       "another place, below /srv or /etc/spotify-fcgi, say";
	return NULL;
}

const char *
units_complaint_store(const struct units *units, const char *path)
{
	const char *complaint = units_complaint_file(units, path);
	struct stat st;
	uint64_t uid;

	if (complaint != NULL || !units->known)
		return complaint;
	if (units->strict && !is_below_one(str_of(path), &units->writable) &&
	    !is_below_one(str_of(path), &units->bound))
		return "the units may not write there; name it in a drop-in "
		       "with ReadWritePaths= for spotify-fcgi-.service, see "
		       "spotify-fcgi(8)";
	if (find_uid(buf_str(&units->user), &uid) && stat(path, &st) == 0 &&
	    st.st_uid != uid)
		return "does not belong to the user of the units (User=); "
		       "chown it";
	return NULL;
}

bool
units_load(const struct units *units, const char *name)
{
	struct str rest = buf_str(&units->credentials);

	while (rest.p != NULL)
		if (str_equal(str_cut(&rest, ' '), str_of(name)))
			return true;
	return false;
}

const char *
units_hinder_call(const struct units *units, const struct sockaddr *to)
{
	struct str family =
	    to->sa_family == AF_INET ? STR("AF_INET") : STR("AF_INET6");

	if (!units->known)
		return NULL;
	if (units->no_network)
		return "PrivateNetwork=";
	if (units->families.n > 0 &&
	    !str_has_word(buf_str(&units->families), family))
		return "RestrictAddressFamilies=";
	if (addresses_have(buf_str(&units->denied), to) &&
	    !addresses_have(buf_str(&units->allowed), to))
		return "IPAddressAllow=";
	return NULL;
}
