// SPDX-License-Identifier: GPL-2.0-only
#include "jsonl.h"

#include <string.h>
#include "strbuf.h"

json_t *jsonl_read(const char *line, size_t length)
{
	json_t *read = json_loadb(line, length, JSON_ALLOW_NUL, NULL);

	if (json_is_object(read))
		return read;
	json_decref(read);
	return NULL;
}

const char *jsonl_text(const json_t *line, const char *name)
{
	const json_t *member = json_object_get(line, name);
	const char *text = json_string_value(member);

	return text && strlen(text) == json_string_length(member) ? text : NULL;
}

bool jsonl_number(const json_t *line, const char *name, uint64_t *number)
{
	const json_t *member = json_object_get(line, name);

	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return false;
	*number = json_integer_value(member);
	return true;
}

char *jsonl_bytes(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	struct strbuf bytes = STRBUF_INIT;

	for (; *text; text++) {
		const char *high = NULL, *low = NULL;

		if (*text == '\\' && text[1] == 'x' && text[2] && text[3]) {
			high = strchr(digits, text[2]);
			low = strchr(digits, text[3]);
		}
		if (high && low) {
			strbuf_putc(&bytes, (high - digits) << 4 | (low - digits));
			text += 3;
			continue;
		}
		text += *text == '\\' && text[1] == '\\';
		strbuf_putc(&bytes, *text);
	}
	return strbuf_take(&bytes);
}
