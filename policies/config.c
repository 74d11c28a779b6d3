// SPDX-License-Identifier: GPL-2.0-only
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "parse.h"

#define NSEC_PER_SEC 1000000000ULL

enum config_key {
	KEY_PROTECT = 1,
	KEY_PER_SECOND,
	KEY_BURST,
	KEY_COUNT,
};

static const struct cgw_name sections[] = {{1, "cgward", NULL}, {0, NULL, NULL}};

static const struct cgw_name keys[] = {
	{KEY_PROTECT, "protect", NULL},
	{KEY_PER_SECOND, "events-per-second", NULL},
	{KEY_BURST, "events-burst", NULL},
	{0, NULL, NULL},
};

static const struct cgw_name protect_values[] = {
	{CGW_PROTECT_OFF, "off", NULL},
	{CGW_PROTECT_GUARD, "guard", NULL},
	{0, NULL, NULL},
};

const char *const config_keys[] = {"protect", "events-per-second", "events-burst", NULL};
_Static_assert(sizeof(config_keys) / sizeof(*config_keys) == KEY_COUNT, "a key lacks a name");

#define UNLIMITED "unlimited"

struct config {
	struct cgw_settings settings;
	struct parse parse; /* for the functions that read words and report */
	uint32_t seen[KEY_COUNT];
	uint32_t burst_column;
};

/* What follows from the others. */
static void derive(struct cgw_settings *settings)
{
	uint64_t rate = settings->events_per_second;

	settings->event_interval = rate ? NSEC_PER_SEC / rate : 0;
	settings->event_window = settings->event_interval * settings->events_burst;
}

struct cgw_settings config_default(void)
{
	struct cgw_settings settings = {
		.protect = CGW_PROTECT_GUARD,
		.events_per_second = 100,
		.events_burst = 1000,
	};

	derive(&settings);
	return settings;
}

/* ---- the file ---- */

static void take_protect(struct config *config, const struct token *word)
{
	uint32_t value = cgw_name_value(protect_values, word->text, word->length);

	if (value)
		config->settings.protect = value;
	else
		parse_unknown(&config->parse, "value", word, protect_values);
}

static void take_number(
	struct config *config, const struct token *word, uint32_t most, uint32_t *field)
{
	bool may_be_unlimited = field == &config->settings.events_per_second;
	uint32_t number;

	if (may_be_unlimited && word->length == strlen(UNLIMITED) &&
		!memcmp(word->text, UNLIMITED, word->length))
		*field = 0;
	else if (parse_number(word->text, word->length, most, &number) && number)
		*field = number;
	else
		parse_error(&config->parse, word->column, "%s: expected a number from 1 to %u%s",
			quote(word->text, word->length), most,
			may_be_unlimited ? ", or " UNLIMITED : "");
}

static void take_value(struct config *config, enum config_key key, const struct ini_entry *entry)
{
	struct token word;

	config->seen[key] = entry->line;
	parse_word(&config->parse, &word);
	switch (key) {
	case KEY_PROTECT:
		take_protect(config, &word);
		break;
	case KEY_PER_SECOND:
		take_number(config, &word, CGW_EVENTS_PER_SECOND_MAX,
			&config->settings.events_per_second);
		break;
	case KEY_BURST:
		config->burst_column = word.column;
		take_number(config, &word, CGW_EVENTS_BURST_MAX, &config->settings.events_burst);
		break;
	case KEY_COUNT:
		break;
	}
	parse_end(&config->parse, "one word");
}

static void read_entry(void *context, const struct ini_entry *entry)
{
	struct config *config = context;
	struct token key = {
		.text = entry->key, .length = entry->key_length, .column = entry->key_column};
	uint32_t value = cgw_name_value(keys, key.text, key.length);

	config->parse.entry = entry;
	config->parse.at = 0;
	if (!config->parse.section)
		parse_error(&config->parse, key.column, "%s stands before the section [cgward]",
			quote(key.text, key.length));
	else if (!value && !entry->continued)
		parse_unknown(&config->parse, "key", &key, keys);
	else if (entry->continued)
		parse_error(&config->parse, key.column,
			"a line that begins with blanks continues the line above, and %s has one "
			"value only: take the blanks away",
			quote(key.text, key.length));
	else if (config->seen[value])
		parse_error(&config->parse, key.column,
			"%s stands on line %u already: keep one of them",
			quote(key.text, key.length), config->seen[value]);
	else if (!entry->value_length)
		parse_error(&config->parse, entry->value_column, "%s has no value",
			quote(key.text, key.length));
	else
		take_value(config, value, entry);
}

static bool read_section(
	void *context, const char *name, size_t length, uint32_t line, uint32_t column)
{
	struct config *config = context;
	const struct ini_entry place = {.line = line};
	struct token token = {.text = name, .length = length, .column = column + 1};

	config->parse.section = cgw_name_value(sections, name, length);
	if (!config->parse.section) {
		config->parse.entry = &place;
		parse_unknown(&config->parse, "section", &token, sections);
		config->parse.entry = NULL;
	}
	return config->parse.section;
}

int config_read_text(struct cgw_settings *settings, const char *file, const char *text,
	size_t length, struct diagnostics *diags)
{
	static const struct ini_reader_calls calls = {.section = read_section, .entry = read_entry};
	struct config config = {.settings = *settings, .parse = {.file = file, .diags = diags}};
	size_t errors = diags->errors;

	if (length > CONFIG_FILE_MAX)
		diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0,
			"the file has more than %u bytes: that is no configuration",
			CONFIG_FILE_MAX);
	else
		ini_read(file, text, length, &calls, &config, diags);
	if (diags->errors == errors && !config.settings.events_per_second && config.seen[KEY_BURST])
		diagnostics_add(diags, SEVERITY_ERROR, file, config.seen[KEY_BURST],
			config.burst_column,
			"there is no burst where events-per-second is " UNLIMITED
			": leave events-burst out");
	if (diags->errors > errors)
		return -1;
	derive(&config.settings);
	*settings = config.settings;
	return 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int config_read(struct cgw_settings *settings, const char *path, struct diagnostics *diags)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	const char *file = path ? path : CONFIG_DEFAULT;
	int fd __attribute__((cleanup(close_fd))) = open(file, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : strbuf_read(&text, fd, CONFIG_FILE_MAX);

	if (!path && error == -ENOENT)
		return 0;
	if (!error)
		return config_read_text(settings, file, strbuf_text(&text), text.length, diags);
	diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0, "cannot be read: %s", strerror(-error));
	return -1;
}

/* ---- images ---- */

void image_configure(struct image *image, const struct cgw_settings *settings)
{
	struct cgw_image_header *header = (struct cgw_image_header *)image->data;

	memcpy(image->data + header->settings, settings, sizeof(*settings));
	header->checksum = image_checksum(image->data, image->size);
}

struct cgw_settings image_settings(const struct image *image)
{
	uint32_t at = image_header(image)->settings;

	return at ? *(const struct cgw_settings *)(image->data + at) : config_default();
}

const char *config_value(const struct cgw_settings *settings, const char *key)
{
	static char buffers[4][16];
	static unsigned int turn;
	char *buffer = buffers[turn++ % 4];
	uint32_t number = 0;

	switch (cgw_name_value(keys, key, strlen(key))) {
	case KEY_PROTECT:
		return cgw_name_of(protect_values, settings->protect);
	case KEY_PER_SECOND:
		if (!settings->events_per_second)
			return UNLIMITED;
		number = settings->events_per_second;
		break;
	case KEY_BURST:
		number = settings->events_burst;
		break;
	}
	snprintf(buffer, sizeof(buffers[0]), "%u", number);
	return buffer;
}
