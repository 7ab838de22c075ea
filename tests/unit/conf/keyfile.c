/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/keyfile.h"
#include "../run.h"

#define SECRET "0123456789abcdef"
#define TAIL \
	"0102030405060708090a0b0c0d0e0f" \
	"101112131415161718191A1B1C1D1E1F"
#define KEY_A "00" TAIL
#define KEY_B \
	"ff0102030405060708090a0b0c0d0e0f" \
	"101112131415161718191a1b1c1d1e1f"
#define SAME "abababababababababababababababababababababababababababababababab"
#define CONF "./spotify-fcgi.conf"

/* The complaint contains this word; or memory was refused. */
static struct keyfile *
beside(const char *name)
{
	static struct keyfile key = { .conf_file = CONF };

	key.name = name;
	return &key;
}

static void
check(const char *complaint, const char *word)
{
	if (run_refused() && complaint != NULL)
		return;
	if (complaint == NULL || word == NULL) {
		assert_ptr_equal(complaint, word);
		return;
	}
	if (strstr(complaint, word) == NULL)
		fail_msg("%s", complaint);
	assert_null(strstr(complaint, SECRET));
}

static const char *
read_secret(const char *content, unsigned mode)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };
	const char *complaint;

	run_write("secret", mode, str_of(content));
	complaint = keyfile_client_secret(beside("secret"), &secret);
	if (complaint == NULL)
		CHECK_TEXT(secret_str(&secret), SECRET);
	else
		assert_null(secret.p);
	return complaint;
}

static void
a_client_secret_is_one_line_of_graphic_bytes(void)
{
	run_in_scratch();
	check(read_secret(SECRET, 0600), NULL);
	check(read_secret(SECRET "\n", 0400), NULL);
	check(read_secret("0123456789abcde\n", 0600), "too few characters");
	check(read_secret("CHANGEME", 0600), "too few characters");
	check(read_secret(SECRET "\n\n", 0600), "client secret from");
	check(read_secret(SECRET "\r\n", 0600), NULL);
	check(read_secret(SECRET "\r\r\n", 0600), "client secret from");
	check(read_secret("\"" SECRET "\"\n", 0600), "quotes are not needed");
	check(read_secret("'" SECRET "'\n", 0600), "quotes are not needed");
	check(read_secret(SECRET "\n" SECRET, 0600), "client secret from");
	check(read_secret(" " SECRET, 0600), "client secret from");
	check(read_secret(SECRET "\xc3\xbc", 0600), "client secret from");
	check(read_secret("", 0600), "is empty, or missing");
}

static const char *
read_password(struct str content, unsigned mode)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };
	const char *complaint;

	run_write("password", mode, content);
	complaint = keyfile_password(beside("password"), &secret);
	if (complaint == NULL)
		CHECK_TEXT(secret_str(&secret), "a \"b\xc3\xbc");
	else
		assert_null(secret.p);
	return complaint;
}

static void
a_password_is_one_line_of_any_letters(void)
{
	static char large[514];

	run_in_scratch();
	memset(large, 'x', sizeof(large));
	check(read_password(STR("a \"b\xc3\xbc"), 0600), NULL);
	check(read_password(STR("a \"b\xc3\xbc\r\n"), 0600), NULL);
	check(read_password(STR("\n"), 0600), "is empty, or missing");
	check(read_password(STR("a\nb"), 0600), "one line");
	check(read_password(STR("a\tb"), 0600), "one line");
	check(read_password(STR("a\0b"), 0600), "one line");
	check(read_password((struct str){ large, 513 }, 0600), "one line");
	check(read_password(STR("a"), 0640), "group");
}

static void
a_secret_that_others_can_read_is_refused(void)
{
	run_in_scratch();
	check(read_secret(SECRET, 0640), "group");
	check(read_secret(SECRET, 0620), "group");
	check(read_secret(SECRET, 0604), "others");
	check(read_secret(SECRET, 0602), "others");
	check(read_secret(SECRET, 0644), "others");
}

static void
what_is_no_file_of_a_sensible_size_is_refused(void)
{
	struct seal_ring ring = { 0 };
	struct secret secret = { NULL, 0 };
	char large[5000];

	run_in_scratch();
	check(keyfile_client_secret(beside("absent"), &secret),
	    "does not exist");
	check(keyfile_client_secret(beside("./absent"), &secret),
	    "does not exist");
	assert_int_equal(mkdir("dir", 0700), 0);
	check(keyfile_client_secret(beside("dir"), &secret), "regular");
	assert_int_equal(mkfifo("fifo", 0600), 0);
	check(keyfile_server_key(beside("fifo"), &ring), "regular");
	memset(large, 'x', sizeof(large));
	run_write("large", 0600, (struct str){ large, sizeof(large) });
	check(keyfile_client_secret(beside("large"), &secret), "too large");
	assert_null(secret.p);
	assert_int_equal(ring.n, 0);
}

static void
another_users_file_is_refused_unless_it_is_roots(void)
{
	struct secret secret = { NULL, 0 };

	/* Only root can give a file away. */
	if (geteuid() != 0)
		skip();
	run_in_scratch();
	run_write("secret", 0600, STR(SECRET));
	assert_int_equal(chown("secret", 4711, 0), 0);
	check(keyfile_client_secret(beside("secret"), &secret),
	    "run it as the user");
	check(keyfile_client_secret(&(struct keyfile){ "secret", CONF,
					.any_owner = true },
		  &secret),
	    NULL);
	secret_free(&secret);
}

static void
a_plain_name_is_looked_up_with_the_credentials_first(void)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };
	const char *complaint;

	run_in_scratch();
	assert_int_equal(mkdir("credentials", 0700), 0);
	run_write("name", 0600, STR("beside the configuration"));
	run_write("credentials/name", 0640, STR(SECRET));
	setenv("CREDENTIALS_DIRECTORY", "credentials", 1);
	complaint = keyfile_client_secret(beside("name"), &secret);
	check(complaint, NULL);
	if (complaint == NULL && !run_refused())
		CHECK_TEXT(secret_str(&secret), SECRET);
	run_write("only-beside", 0600, STR("beside-the-configuration"));
	check(keyfile_client_secret(beside("only-beside"), &secret), NULL);
	run_write("only-beside", 0640, STR("beside-the-configuration"));
	check(keyfile_client_secret(beside("only-beside"), &secret), "group");
	run_write("credentials/name", 0644, STR(SECRET));
	check(keyfile_client_secret(beside("name"), &secret), "others");
	/* A path is a path, whatever the service manager has. */
	check(keyfile_client_secret(beside("./name"), &secret), "one line");
	unsetenv("CREDENTIALS_DIRECTORY");
}

/* As containers are given secrets, with the mode of the file that is there. */
static void
check_mounted(unsigned mode, bool read_only, const char *word)
{
	SCOPED(secret_free) struct secret secret = { NULL, 0 };

	assert_int_equal(chmod("mounted/name", mode), 0);
	if (read_only)
		assert_int_equal(mount("", "mounted", NULL,
				     MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
		    0);
	check(keyfile_client_secret(beside("name"), &secret), word);
	if (read_only)
		assert_int_equal(mount("", "mounted", NULL,
				     MS_REMOUNT | MS_BIND, NULL),
		    0);
}

static void
a_credential_may_be_readable_where_root_has_mounted_it_read_only(void)
{
	/* In a name space of mounts of its own: that takes root. */
	if (unshare(CLONE_NEWNS) != 0 ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		skip();
	run_in_scratch();
	assert_int_equal(mkdir("mounted", 0755), 0);
	assert_int_equal(mount("tmpfs", "mounted", "tmpfs", 0, NULL), 0);
	run_write("mounted/name", 0600, STR(SECRET));
	setenv("CREDENTIALS_DIRECTORY", "mounted", 1);
	check_mounted(0444, true, NULL);
	check_mounted(0644, true, NULL);
	check_mounted(0440, true, NULL);
	check_mounted(0444, false, "others");
	check_mounted(0446, true, "others");
	check_mounted(0666, true, "others");
	check_mounted(0664, true, "others");
	check_mounted(0445, true, "others");
	assert_int_equal(chown("mounted/name", 4711, 0), 0);
	check_mounted(0444, true, "run it as the user");
	assert_int_equal(chown("mounted/name", 0, 0), 0);
	unsetenv("CREDENTIALS_DIRECTORY");
	assert_int_equal(umount("mounted"), 0);
}

static const char *
read_keys(const char *content, struct seal_ring *ring)
{
	*ring = (struct seal_ring){ 0 };
	run_write("key", 0600, str_of(content));
	return keyfile_server_key(beside("key"), ring);
}

static void
server_keys_are_64_hex_digits_a_line(void)
{
	struct seal_ring ring;

	run_in_scratch();
	check(read_keys(KEY_A, &ring), NULL);
	if (!run_refused())
		assert_int_equal(ring.n, 1);
	check(read_keys(KEY_A "\n" KEY_B "\n", &ring), NULL);
	if (!run_refused())
		assert_int_equal(ring.n, 2);
	check(read_keys(KEY_A "0\n", &ring), "64 random hex");
	check(read_keys("0" KEY_A "\n", &ring), "64 random hex");
	check(read_keys("0" TAIL, &ring), "64 random hex");
	check(read_keys("0g" TAIL, &ring), "64 random hex");
	check(read_keys(KEY_A "\r\n", &ring), NULL);
	check(read_keys(KEY_A "\r\r\n", &ring), "64 random hex");
	check(read_keys(" " KEY_A "\n", &ring), "64 random hex");
	check(read_keys(KEY_A "\ntrailing\n", &ring), "64 random hex");
	check(read_keys(SAME, &ring), "64 random hex");
	check(read_keys(KEY_A "\n" KEY_A "\n", &ring), "twice");
	check(read_keys("\n\n", &ring), "is empty, or missing");
	check(read_keys("", &ring), "is empty, or missing");
}

static void
a_ninth_server_key_is_refused(void)
{
	char text[9 * 65 + 1];
	struct seal_ring ring;
	int i;

	run_in_scratch();
	for (i = 0; i < 9; i++) {
		memcpy(text + i * 65, KEY_A "\n", 65);
		text[i * 65] = (char)('0' + i);
	}
	text[9 * 65] = '\0';
	check(read_keys(text, &ring), "too many");
}

UNIT_TESTS(keyfile) = {
	TEST(a_client_secret_is_one_line_of_graphic_bytes),
	TEST(a_password_is_one_line_of_any_letters),
	TEST(a_secret_that_others_can_read_is_refused),
	TEST(what_is_no_file_of_a_sensible_size_is_refused),
	TEST(another_users_file_is_refused_unless_it_is_roots),
	TEST(a_plain_name_is_looked_up_with_the_credentials_first),
	TEST(a_credential_may_be_readable_where_root_has_mounted_it_read_only),
	TEST(server_keys_are_64_hex_digits_a_line),
	TEST(a_ninth_server_key_is_refused),
	END_OF_TESTS,
};
