/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <errno.h>
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "../run.h"

static bool
matches(const char *pattern)
{
	regex_t regex;
	int found;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	found = regexec(&regex, run_said(), 0, NULL, 0);
	regfree(&regex);
	return found == 0;
}

static void
an_event_is_one_line_of_logfmt(void)
{
	log_event(LOG_LEVEL_WARN, "limited", "for_s=%d", 5);
	assert_true(matches(
	    "^time=[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]"
	    "{2}:[0-9]{2}Z level=warn program=unit event=limited for_s=5\n$"));
}

/* As the service manager does it, for what stderr is. */
static void
name_the_journal(unsigned by)
{
	char stream[64];
	struct stat st;

	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)st.st_dev,
	    (uintmax_t)st.st_ino + by);
	setenv("JOURNAL_STREAM", stream, 1);
	log_init("unit", LOG_LEVEL_DEBUG);
}

static void
end_the_journal(void)
{
	unsetenv("JOURNAL_STREAM");
	log_init("unit", LOG_LEVEL_INFO);
}

static void
to_the_journal_a_line_tells_its_priority(void)
{
	name_the_journal(0);
	log_event(LOG_LEVEL_ERROR, "x", "a=b");
	log_event(LOG_LEVEL_WARN, "x", "a=b");
	log_event(LOG_LEVEL_INFO, "x", "a=b");
	log_event(LOG_LEVEL_DEBUG, "x", "a=b");
	assert_string_equal(log_priority(LOG_LEVEL_ERROR), "<3>");
	end_the_journal();
	assert_true(matches(
	    "^<3>time=[^\n]*\n<4>time=[^\n]*\n<6>time=[^\n]*\n<7>time="));
}

static void
to_anything_else_it_does_not(void)
{
	name_the_journal(1);
	log_event(LOG_LEVEL_ERROR, "x", "a=b");
	assert_string_equal(log_priority(LOG_LEVEL_ERROR), "");
	end_the_journal();
	assert_true(matches("^time="));
}

static void
the_request_id_goes_with_the_line_until_it_ends(void)
{
	log_request("abc-1_2.Z");
	assert_string_equal(log_request_id(), "abc-1_2.Z");
	log_event(LOG_LEVEL_INFO, "x", "a=b");
	assert_true(matches("program=unit request=abc-1_2.Z event=x a=b\n"));
	log_request(NULL);
	assert_string_equal(log_request_id(), "");
}

static void
a_hostile_request_id_is_defused_and_cut(void)
{
	log_request("a\"b\n<é>=%s;");
	assert_string_equal(log_request_id(), "a?b???????s?");
	log_request("0123456789012345678901234567890123456789too long");
	assert_string_equal(log_request_id(),
	    "0123456789012345678901234567890123456789");
	log_request(NULL);
}

static void
bytes_that_could_start_a_line_come_out_as_question_marks(void)
{
	log_event(LOG_LEVEL_ERROR, "x", "a=%s", "1\nlevel=info\r\x1b[2J\xff");
	assert_true(matches("a=1\\?level=info\\?\\?\\[2J\\?\n$"));
	assert_true(strchr(run_said(), '\n')[1] == '\0');
}

static void
a_long_line_is_cut_at_1024_bytes_and_still_ends(void)
{
	char text[3000];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_event(LOG_LEVEL_ERROR, "x", "%s", text);
	assert_int_equal(strlen(run_said()), 1024 - 1);
	assert_true(matches("xx\n$"));
	log_event(LOG_LEVEL_ERROR, text, "%s", text);
	assert_true(strlen(run_said()) <= 2048);
	assert_true(matches("xx\n$"));
}

static void
what_is_less_important_is_not_written(void)
{
	log_init("unit", LOG_LEVEL_WARN);
	log_event(LOG_LEVEL_INFO, "x", "a=b");
	assert_string_equal(run_said(), "");
	log_event(LOG_LEVEL_WARN, "x", "a=b");
	assert_string_not_equal(run_said(), "");
	log_init("unit", LOG_LEVEL_DEBUG);
}

static void
errno_is_kept(void)
{
	errno = EXDEV;
	log_event(LOG_LEVEL_ERROR, "x", "errno=%d", errno);
	assert_int_equal(errno, EXDEV);
	log_errno(LOG_LEVEL_ERROR, "x", "open");
	assert_int_equal(errno, EXDEV);
}

static void
a_failed_call_is_told_with_its_cause(void)
{
	errno = ENOENT;
	log_errno(LOG_LEVEL_ERROR, "x", "open");
	assert_true(matches("event=x call=open errno=2 "
			    "cause=\"No such file or directory\"\n$"));
	log_errno(LOG_LEVEL_ERROR, "y", NULL);
	assert_true(matches("event=y errno=2 "
			    "cause=\"No such file or directory\"\n$"));
}

UNIT_TESTS(log) = {
	TEST(an_event_is_one_line_of_logfmt),
	TEST(to_the_journal_a_line_tells_its_priority),
	TEST(to_anything_else_it_does_not),
	TEST(the_request_id_goes_with_the_line_until_it_ends),
	TEST(a_hostile_request_id_is_defused_and_cut),
	TEST(bytes_that_could_start_a_line_come_out_as_question_marks),
	TEST(a_long_line_is_cut_at_1024_bytes_and_still_ends),
	TEST(what_is_less_important_is_not_written),
	TEST(errno_is_kept),
	TEST(a_failed_call_is_told_with_its_cause),
	END_OF_TESTS,
};
