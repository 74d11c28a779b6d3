/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * value.h - texts that the matcher reads, and the value of a sysctl write in every spelling that
 * counts.
 *
 * Compiled by both compilers; match.h includes it.
 */
#ifndef CGW_VALUE_H
#define CGW_VALUE_H

#include "abi.h"

#ifdef __bpf__
#include <bpf/bpf_helpers.h>
#define cgw_loop(count, callback, context) bpf_loop(count, callback, context, 0)
#define CGW_INLINE static __always_inline
#else
#include <string.h>
#define CGW_INLINE static inline
#define cgw_loop(count, callback, context)                                                         \
	do {                                                                                       \
		for (__u32 cgw_i = 0; cgw_i < (__u32)(count); cgw_i++)                             \
			if (callback(cgw_i, context))                                              \
				break;                                                             \
	} while (0)
#endif

/* A text that the matcher reads. Bytes beyond length are never looked at. */
struct cgw_text {
	__u32 length; /* at most CGW_TEXT_MAX */
	__u8 bytes[CGW_TEXT_MAX];
};

/* What a sysctl write carries, in the spellings under which it is judged; see cgw_value_prepare().
 */
struct cgw_value {
	struct cgw_text written; /* as given to write(2) */
	struct cgw_text normal;	 /* all fields, numbers in decimal, one blank between them */
	__u32 first;		 /* length of the first field of normal */
	__u32 raw_from;		 /* written up to the first newline or NUL, blanks trimmed */
	__u32 raw_to;
};

/*
 * The kernel's number handlers skip any white space, newlines included, take 0x, 0 and
 * decimal, and read one field after the other; so a denial of the value 1 must also see
 * "0x1", "01", "\n1" and "1 junk". Each field that is a number in the C sense (base 0) is
 * rewritten in decimal, any other is kept.
 */
struct cgw_fields {
	struct cgw_value *value;
	__u32 field;  /* where the present field begins in value->normal */
	__u32 digits; /* seen in the present field */
	__u32 base;   /* 0 until known */
	__u32 number; /* the present field is a number so far */
	__u32 negative;
	__u32 raw_begun;
	__u32 raw_ended; /* a newline was met */
	__u64 sum;
};

CGW_INLINE int cgw_is_space(__u8 byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r') || byte == 0xa0;
}

CGW_INLINE void cgw_text_put(struct cgw_text *text, __u8 byte)
{
	__u32 length = text->length;

	if (length >= CGW_TEXT_MAX)
		return;
	text->bytes[length & (CGW_TEXT_MAX - 1)] = byte;
	text->length = length + 1;
}

CGW_INLINE void cgw_fields_begin(struct cgw_fields *fields)
{
	fields->field = fields->value->normal.length;
	fields->digits = 0;
	fields->base = 0;
	fields->number = 1;
	fields->negative = 0;
	fields->sum = 0;
}

/* One byte of a field, as far as numbers are concerned. */
CGW_INLINE void cgw_fields_number(struct cgw_fields *fields, __u8 byte)
{
	__u8 lower = byte | 32;
	__u32 digit = 255;

	if (byte == '-' && fields->value->normal.length == fields->field) {
		fields->negative = 1;
		return;
	}
	if (lower == 'x' && fields->base == 8 && fields->digits == 1) {
		fields->base = 16;
		fields->digits = 0;
		return;
	}
	if (byte >= '0' && byte <= '9')
		digit = byte - '0';
	else if (lower >= 'a' && lower <= 'f')
		digit = lower - 'a' + 10;
	if (!fields->base)
		fields->base = digit == 0 ? 8 : 10;
	if (digit >= fields->base || fields->sum > (~0ULL - digit) / fields->base) {
		fields->number = 0;
		return;
	}
	fields->sum = fields->sum * fields->base + digit;
	fields->digits++;
}

CGW_INLINE void cgw_text_put_decimal(struct cgw_text *text, __u64 number)
{
	__u64 power = 10000000000000000000ULL;
	int begun = 0;

	for (int i = 0; i < 20; i++, power /= 10) {
		__u8 digit = number / power % 10;

		if (!digit && !begun && i < 19)
			continue;
		begun = 1;
		cgw_text_put(text, '0' + digit);
	}
}

/* The present field has ended: if it was a number, put its decimal form in its place. */
CGW_INLINE void cgw_fields_end(struct cgw_fields *fields)
{
	struct cgw_value *value = fields->value;

	if (value->normal.length == fields->field)
		return;
	if (fields->number && fields->digits) {
		value->normal.length = fields->field;
		if (fields->negative && fields->sum)
			cgw_text_put(&value->normal, '-');
		cgw_text_put_decimal(&value->normal, fields->sum);
	}
	if (!value->first)
		value->first = value->normal.length;
}

/* Where the value begins and ends for handlers of strings. */
CGW_INLINE void cgw_fields_raw(struct cgw_fields *fields, __u32 index, __u8 byte)
{
	if (byte == '\n')
		fields->raw_ended = 1;
	if (fields->raw_ended || byte == ' ' || byte == '\t')
		return;
	if (!fields->raw_begun)
		fields->value->raw_from = index;
	fields->raw_begun = 1;
	fields->value->raw_to = index + 1;
}

static __attribute__((unused)) long cgw_fields_byte(__u32 index, void *context)
{
	struct cgw_fields *fields = context;
	struct cgw_value *value = fields->value;
	__u8 byte;

	if (index >= value->written.length)
		return 1;
	byte = value->written.bytes[index & (CGW_TEXT_MAX - 1)];
	if (!byte)
		return 1;
	cgw_fields_raw(fields, index, byte);
	if (cgw_is_space(byte)) {
		cgw_fields_end(fields);
		cgw_fields_begin(fields);
		return 0;
	}
	if (value->first && value->normal.length == fields->field) {
		cgw_text_put(&value->normal, ' ');
		fields->field = value->normal.length;
	}
	if (fields->number)
		cgw_fields_number(fields, byte);
	cgw_text_put(&value->normal, byte);
	return 0;
}

/* Fills in all but value->written. 0, or the enum cgw_reason why the value cannot be judged. */
CGW_INLINE __u32 cgw_value_prepare(struct cgw_value *value)
{
	struct cgw_fields fields = {.value = value};

	value->normal.length = 0;
	value->first = 0;
	value->raw_from = 0;
	value->raw_to = 0;
	cgw_fields_begin(&fields);
	cgw_loop(CGW_TEXT_MAX, cgw_fields_byte, &fields);
	cgw_fields_end(&fields);
	return value->normal.length < CGW_TEXT_MAX ? 0 : CGW_REASON_VALUE_UNREADABLE;
}

#endif
