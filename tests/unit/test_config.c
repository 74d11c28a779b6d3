/* SPDX-License-Identifier: GPL-2.0-only */
/* config.h: what the host configuration may say, and where it is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "config.h"
#include "ruleset.h"
#include "strbuf.h"

static const struct good {
	const char *text;
	uint32_t protect, per_second, burst;
} goods[] = {
	{"", CGW_PROTECT_GUARD, 100, 1000},
	{"# nothing\n[cgward]\n", CGW_PROTECT_GUARD, 100, 1000},
	{"[cgward]\nprotect = off\n", CGW_PROTECT_OFF, 100, 1000},
	{"[cgward]\nprotect=guard ; as it is\n", CGW_PROTECT_GUARD, 100, 1000},
	{"[cgward]\nevents-per-second = 1\nevents-burst = 1\n", CGW_PROTECT_GUARD, 1, 1},
	{"[cgward]\nevents-burst = 1000000\nevents-per-second = 1000000", CGW_PROTECT_GUARD,
		1000000, 1000000},
	{"[cgward]\nevents-per-second = unlimited\n", CGW_PROTECT_GUARD, 0, 1000},
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(goods) / sizeof(goods[0]); i++) {
		const struct good *good = &goods[i];
		struct cgw_settings settings = config_default();
		struct diagnostics diags = {0};

		assert_int_equal(
			config_read_text(&settings, "f", good->text, strlen(good->text), &diags),
			0);
		assert_int_equal(diags.count, 0);
		assert_int_equal(settings.protect, good->protect);
		assert_int_equal(settings.events_per_second, good->per_second);
		assert_int_equal(settings.events_burst, good->burst);
		assert_int_equal(settings.event_interval,
			good->per_second ? 1000000000 / good->per_second : 0);
		assert_int_equal(settings.event_window, settings.event_interval * good->burst);
	}
}

static const struct bad {
	const char *text;
	const char *message; /* all of them */
} bads[] = {
	{"protect = off\n", "f:1:1: error: \"protect\" stands before the section [cgward]\n"},
	{"[cgward]\nprotect = on\n", "f:2:11: error: unknown value \"on\"; known: off, guard\n"},
	{"[cgward]\nprotect = off guard\n",
		"f:2:15: error: unexpected \"guard\": expected one word\n"},
	{"[cgward]\nprotect =\n", "f:2:10: error: \"protect\" has no value\n"},
	{"[cgward]\nprotct = off\n",
		"f:2:1: error: unknown key \"protct\"; did you mean \"protect\"? known: protect, "
		"events-per-second, events-burst\n"},
	{"[cgwrd]\nprotect = off\n",
		"f:1:2: error: unknown section \"cgwrd\"; did you mean \"cgward\"? known: "
		"cgward\n"},
	{"[cgward]\nevents-burst = 0\nevents-per-second = 1000001\n",
		"f:2:16: error: \"0\": expected a number from 1 to 1000000\n"
		"f:3:21: error: \"1000001\": expected a number from 1 to 1000000, or "
		"unlimited\n"},
	{"[cgward]\nevents-burst = unlimited\n",
		"f:2:16: error: \"unlimited\": expected a number from 1 to 1000000\n"},
	{"[cgward]\nevents-burst = -1\nevents-burst = 2\n",
		"f:2:16: error: \"-1\": expected a number from 1 to 1000000\n"
		"f:3:1: error: \"events-burst\" stands on line 2 already: keep one of them\n"},
	{"[cgward]\nevents-burst = 10k\n",
		"f:2:16: error: \"10k\": expected a number from 1 to 1000000\n"},
	{"[cgward]\nprotect = off\n  guard\n",
		"f:3:3: error: a line that begins with blanks continues the line above, and "
		"\"protect\" has one value only: take the blanks away\n"},
	{"[cgward]\nevents-per-second = unlimited\nevents-burst = 5\n",
		"f:3:16: error: there is no burst where events-per-second is unlimited: leave "
		"events-burst out\n"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		struct cgw_settings settings = config_default(), before = settings;
		struct strbuf message = STRBUF_INIT;
		struct diagnostics diags = {0};

		assert_int_equal(config_read_text(&settings, "f", bads[i].text,
					 strlen(bads[i].text), &diags),
			-1);
		for (size_t j = 0; j < diags.count; j++)
			diagnostic_print(&diags.items[j], &message);
		assert_string_equal(strbuf_text(&message), bads[i].message);
		assert_memory_equal(&settings, &before, sizeof(settings));
		strbuf_free(&message);
		diagnostics_free(&diags);
	}
}

static void test_file(void **state)
{
	struct cgw_settings settings = config_default();
	struct diagnostics diags = {0};

	(void)state;
	assert_int_equal(config_read(&settings, "/nonexistent/cgward.conf", &diags), -1);
	assert_int_equal(diags.errors, 1);
	assert_string_equal(diags.items[0].message, "cannot be read: No such file or directory");
	assert_int_equal(config_read(&settings, "/", &diags), -1);
	diagnostics_free(&diags);
	diags = (struct diagnostics){0};
	assert_int_equal(config_read(&settings, "/dev/zero", &diags), -1);
	assert_int_equal(diags.errors, 1);
	diagnostics_free(&diags);
}

/* What was put into an image comes out of it, also after cgroups were attached. */
static void test_image(void **state)
{
	static const char text[] = "[policy]\nname = p\ncgroup = /a\n[sysctl]\ndeny = read **\n";
	static const char config[] = "[cgward]\nprotect = off\nevents-per-second = 7\n";
	const struct attachment attachment = {.cgroup_id = 5, .path = "/b", .policy = "p"};
	struct cgw_settings settings = config_default(), read;
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct image image, attached;
	const char *why;

	(void)state;
	assert_int_equal(policies_read_text(&policies, "p", text, strlen(text), &diags), 0);
	assert_int_equal(policies_compile(&image, &policies, NULL, NULL, 0, &diags), 0);
	read = image_settings(&image);
	assert_memory_equal(&read, &settings, sizeof(settings));
	assert_int_equal(config_read_text(&settings, "f", config, strlen(config), &diags), 0);
	image_configure(&image, &settings);
	assert_int_equal(image_verify(image.data, image.size, &why), 0);
	assert_int_equal(image_attach(&attached, &image, &attachment, 1), 0);
	assert_int_equal(image_verify(attached.data, attached.size, &why), 0);
	read = image_settings(&attached);
	assert_memory_equal(&read, &settings, sizeof(settings));
	assert_string_equal(config_value(&read, "protect"), "off");
	assert_string_equal(config_value(&read, "events-per-second"), "7");
	assert_string_equal(config_value(&read, "events-burst"), "1000");
	image_free(&attached);
	image_free(&image);
	policies_free(&policies);
	diagnostics_free(&diags);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_image),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
