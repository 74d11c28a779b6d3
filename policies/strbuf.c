// SPDX-License-Identifier: GPL-2.0-only
#include "strbuf.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static __attribute__((noreturn)) void out_of_memory(void)
{
	fputs("out of memory\n", stderr);
	exit(1);
}

void *xcalloc(size_t count, size_t size)
{
	/* calloc(0, n) may be NULL, which no caller expects. */
	void *memory = calloc(count ? count : 1, size ? size : 1);

	if (!memory)
		out_of_memory();
	return memory;
}

void *xrealloc(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	memory = realloc(memory, bytes ? bytes : 1);
	if (!memory)
		out_of_memory();
	return memory;
}

char *xstrndup(const char *text, size_t length)
{
	char *copy;

	if (length == SIZE_MAX)
		out_of_memory();
	copy = xcalloc(length + 1, 1);
	if (length)
		memcpy(copy, text, length);
	return copy;
}

char *xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

void strbuf_free(struct strbuf *buf)
{
	free(buf->data);
	*buf = (struct strbuf)STRBUF_INIT;
}

/* Room for that many more bytes and the NUL. */
static void strbuf_reserve(struct strbuf *buf, size_t more)
{
	size_t need, room = buf->room ? buf->room : 64;

	if (__builtin_add_overflow(buf->length, more, &need) || need > SIZE_MAX / 2 - 1)
		out_of_memory();
	need++;
	if (need <= buf->room)
		return;
	while (room < need)
		room *= 2;
	buf->data = xrealloc(buf->data, room, 1);
	buf->room = room;
}

void strbuf_add(struct strbuf *buf, const void *bytes, size_t length)
{
	strbuf_reserve(buf, length);
	if (length)
		memcpy(buf->data + buf->length, bytes, length);
	buf->length += length;
	buf->data[buf->length] = 0;
}

void strbuf_puts(struct strbuf *buf, const char *text)
{
	strbuf_add(buf, text, strlen(text));
}

void strbuf_putc(struct strbuf *buf, char byte)
{
	strbuf_add(buf, &byte, 1);
}

void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args)
{
	va_list again;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (length < 0)
		out_of_memory();
	strbuf_reserve(buf, length);
	vsnprintf(buf->data + buf->length, (size_t)length + 1, format, args);
	buf->length += length;
}

void strbuf_printf(struct strbuf *buf, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strbuf_vprintf(buf, format, args);
	va_end(args);
}

const char *strbuf_text(const struct strbuf *buf)
{
	return buf->data ? buf->data : "";
}

char *strbuf_take(struct strbuf *buf)
{
	char *data = buf->data ? buf->data : xstrdup("");

	*buf = (struct strbuf)STRBUF_INIT;
	return data;
}

int strbuf_read(struct strbuf *buf, int fd, size_t most)
{
	char buffer[65536];
	ssize_t got;

	do {
		got = read(fd, buffer, sizeof(buffer));
		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0)
			strbuf_add(buf, buffer, got);
	} while (got && buf->length <= most);
	return 0;
}
