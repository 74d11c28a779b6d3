/* SPDX-License-Identifier: GPL-2.0-only */
/* strbuf.h - a growable string. Running out of memory ends the program with a message: no caller
 * could go on. */
#ifndef CGW_STRBUF_H
#define CGW_STRBUF_H

#include <stdarg.h>
#include <stddef.h>

struct strbuf {
	char *data; /* NUL-terminated once anything was added; NULL before */
	size_t length;
	size_t room;
};

#define STRBUF_INIT                                                                                \
	{                                                                                          \
		NULL, 0, 0                                                                         \
	}

void strbuf_free(struct strbuf *buf); /* and makes it empty; for the cleanup attribute */
void strbuf_add(struct strbuf *buf, const void *bytes, size_t length);
void strbuf_puts(struct strbuf *buf, const char *text);
void strbuf_putc(struct strbuf *buf, char byte);
void strbuf_printf(struct strbuf *buf, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void strbuf_vprintf(struct strbuf *buf, const char *format, va_list args);
const char *strbuf_text(const struct strbuf *buf); /* never NULL */
char *strbuf_take(struct strbuf *buf);		   /* the caller frees; never NULL */
/* Adds what can be read from `fd`, and stops once there are more than `most` bytes: /dev/zero ends,
 * too. 0 or -errno. */
int strbuf_read(struct strbuf *buf, int fd, size_t most);

/* Allocation that does not return on failure: prints "out of memory" and exits with 1. */
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *memory, size_t count, size_t size);
char *xstrdup(const char *text);
char *xstrndup(const char *text, size_t length);

/* Makes room for one more element in an array that grows by doubling. */
#define ARRAY_GROW(array, count, room)                                                             \
	do {                                                                                       \
		if ((count) == (room)) {                                                           \
			(room) = (room) ? 2 * (room) : 8;                                          \
			(array) = xrealloc((array), (room), sizeof(*(array)));                     \
		}                                                                                  \
	} while (0)

#endif
