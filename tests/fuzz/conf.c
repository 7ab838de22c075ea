/* SPDX-License-Identifier: ISC */
/* The configuration file. */
#include "config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

/* A file in memory with this content. */
static int
make_file(struct str content)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);

	MUST(fd >= 0);
	MUST(write(fd, content.p, content.n) == (ssize_t)content.n);
	return fd;
}

static unsigned
load(int fd, unsigned opens, struct conf *conf)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return conf_load(path, opens, conf);
}

/* What is printed. */
static void
print(const struct conf *conf, struct buf *text)
{
	char *p = buf_room(text, text->max);
	FILE *out = fmemopen(p, text->max, "w");

	MUST(p != NULL && out != NULL);
	conf_print(conf, out);
	MUST(fflush(out) == 0);
	buf_grown(text, (size_t)ftell(out));
	fclose(out);
}

/* A configuration that is accepted is whole, and prints as itself. */
static void
check(const struct conf *conf)
{
	struct buf text = BUF(300000), again = BUF(300000);
	struct conf other;
	int fd;

	MUST(conf->client_id != NULL && conf->client_secret_file != NULL &&
	    conf->server_key_file != NULL && conf->session_dir != NULL);
	MUST(conf->redirect.https != conf->dev);
	MUST(conf->redirect.https || conf->redirect.loopback);
	MUST(conf->base.n > 0 && str_ends(conf->base, STR("/")));
	MUST(conf->base.n + conf->callback.n == str_of(conf->redirect_uri).n);
	MUST(conf->idle_limit_s >= 60 && conf->absolute_limit_s >= 300);
	MUST(conf->workers >= 0 && conf->workers <= 512);
	MUST(conf->client_secret.n == 0 && conf->ring.n == 0);
	print(conf, &text);
	fd = make_file(buf_str(&text));
	MUST(load(fd, 0, &other) == 0);
	print(&other, &again);
	MUST(str_equal(buf_str(&text), buf_str(&again)));
	conf_free(&other);
	close(fd);
	buf_free(&text);
	buf_free(&again);
}

void
fuzz_conf_file(struct str input)
{
	int fd = make_file(input);
	struct conf conf;

	if (load(fd, 0, &conf) == 0)
		check(&conf);
	conf_free(&conf);
	(void)load(fd, CONF_ALL, &conf);
	conf_free(&conf);
	close(fd);
}
