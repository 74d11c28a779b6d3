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
/* In a callback of bpf_loop the verifier forgets a loop's counter: such loops must not be loops. */
#define CGW_UNROLL _Pragma("clang loop unroll(full)")
/* A value of which the compiler cannot know how it came about. */
#define CGW_OPAQUE(value)                                                                          \
	({                                                                                         \
		__typeof__(value) cgw_value = (value);                                             \
		asm volatile("" : "+r"(cgw_value));                                                \
		cgw_value;                                                                         \
	})
#else
#include <string.h>
#define CGW_INLINE static inline
#define CGW_UNROLL
#define CGW_OPAQUE(value) (value)
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

/*
 * The state of cgw_value_prepare(). It stands in the value, not on the stack: the verifier follows
 * each content of a stack slot, but not of a map's memory.
 */
struct cgw_fields {
	__u32 start;  /* where the present field begins in normal */
	__u32 digits; /* seen in the present field */
	__u32 base;   /* 0 until known */
	__u32 number; /* the present field is a number so far */
	__u32 negative;
	__u32 raw_begun;
	__u32 raw_ended; /* a newline was met */
	__u32 reserved;
	__u64 sum;
};

/* What a sysctl write carries, in the spellings under which it is judged; see cgw_value_prepare().
 */
struct cgw_value {
	__u8 written[CGW_TEXT_MAX]; /* as given to write(2) */
	__u8 normal[CGW_TEXT_MAX];  /* all fields, numbers in decimal, one blank between them */
	__u32 written_length;
	__u32 normal_length;
	__u32 first_length; /* of the first field of normal */
	__u32 raw_from;	    /* written up to the first newline or NUL, blanks trimmed */
	__u32 raw_to;
	__u32 more; /* something follows that newline: handlers of several numbers read it */
	struct cgw_fields fields;
};

/*
 * The kernel's number handlers skip any white space, newlines included, take 0x, 0 and
 * decimal, and read one field after the other; so a denial of the value 1 must also see
 * "0x1", "01", "\n1" and "1 junk". Each field that is a number in the C sense (base 0) is
 * rewritten in decimal, any other is kept.
 */
CGW_INLINE int cgw_is_space(__u8 byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r') || byte == 0xa0;
}

CGW_INLINE void cgw_normal_put(struct cgw_value *value, __u8 byte)
{
	__u32 length = value->normal_length;

	if (length >= CGW_TEXT_MAX)
		return;
	value->normal[length & (CGW_TEXT_MAX - 1)] = byte;
	value->normal_length = length + 1;
}

CGW_INLINE void cgw_fields_begin(struct cgw_value *value)
{
	value->fields.start = value->normal_length;
	value->fields.digits = 0;
	value->fields.base = 0;
	value->fields.number = 1;
	value->fields.negative = 0;
	value->fields.sum = 0;
}

/* One byte of a field, as far as numbers are concerned. */
CGW_INLINE void cgw_fields_number(struct cgw_value *value, __u8 byte)
{
	__u8 lower = byte | 32;
	__u32 digit = 255;

	if (byte == '-' && value->normal_length == value->fields.start) {
		value->fields.negative = 1;
		return;
	}
	if (lower == 'x' && value->fields.base == 8 && value->fields.digits == 1) {
		value->fields.base = 16;
		value->fields.digits = 0;
		return;
	}
	if (byte >= '0' && byte <= '9')
		digit = byte - '0';
	else if (lower >= 'a' && lower <= 'f')
		digit = lower - 'a' + 10;
	if (!value->fields.base)
		value->fields.base = digit == 0 ? 8 : 10;
	if (digit >= value->fields.base ||
		value->fields.sum > (~0ULL - digit) / value->fields.base) {
		value->fields.number = 0;
		return;
	}
	value->fields.sum = value->fields.sum * value->fields.base + digit;
	value->fields.digits++;
}

CGW_INLINE void cgw_normal_put_decimal(struct cgw_value *value, __u64 number)
{
	__u64 power = 10000000000000000000ULL;
	int begun = 0;

	CGW_UNROLL
	for (int i = 0; i < 20; i++, power /= 10) {
		__u8 digit = number / power % 10;

		if (!digit && !begun && i < 19)
			continue;
		begun = 1;
		cgw_normal_put(value, '0' + digit);
	}
}

/* The present field has ended: if it was a number, put its decimal form in its place. */
CGW_INLINE void cgw_fields_end(struct cgw_value *value)
{
	if (value->normal_length == value->fields.start)
		return;
	if (value->fields.number && value->fields.digits) {
		value->normal_length = value->fields.start;
		if (value->fields.negative && value->fields.sum)
			cgw_normal_put(value, '-');
		cgw_normal_put_decimal(value, value->fields.sum);
	}
	if (!value->first_length)
		value->first_length = value->normal_length;
}

/* Where the value begins and ends for handlers of strings. */
CGW_INLINE void cgw_fields_raw(struct cgw_value *value, __u32 index, __u8 byte)
{
	if (byte == '\n')
		value->fields.raw_ended = 1;
	if (value->fields.raw_ended && !cgw_is_space(byte))
		value->more = 1;
	if (value->fields.raw_ended || byte == ' ' || byte == '\t')
		return;
	if (!value->fields.raw_begun)
		value->raw_from = index;
	value->fields.raw_begun = 1;
	value->raw_to = index + 1;
}

static __attribute__((unused)) long cgw_fields_byte(__u32 index, void *context)
{
	struct cgw_value *value = *(struct cgw_value **)context;
	__u8 byte;

	if (index >= value->written_length)
		return 1;
	byte = value->written[index & (CGW_TEXT_MAX - 1)];
	if (!byte)
		return 1;
	cgw_fields_raw(value, index, byte);
	if (cgw_is_space(byte)) {
		cgw_fields_end(value);
		cgw_fields_begin(value);
		return 0;
	}
	if (value->first_length && value->normal_length == value->fields.start) {
		cgw_normal_put(value, ' ');
		value->fields.start = value->normal_length;
	}
	if (value->fields.number)
		cgw_fields_number(value, byte);
	cgw_normal_put(value, byte);
	return 0;
}

/* Fills in all but what was written. 0, or the enum cgw_reason why the value cannot be judged. */
CGW_INLINE __u32 cgw_value_prepare(struct cgw_value *value)
{
	value->normal_length = 0;
	value->first_length = 0;
	value->raw_from = 0;
	value->raw_to = 0;
	value->more = 0;
	value->fields.raw_begun = 0;
	value->fields.raw_ended = 0;
	cgw_fields_begin(value);
	cgw_loop(CGW_TEXT_MAX, cgw_fields_byte, &value);
	cgw_fields_end(value);
	return value->normal_length < CGW_TEXT_MAX ? 0 : CGW_REASON_VALUE_UNREADABLE;
}

#endif
