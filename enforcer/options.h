/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * options.h - command lines: each command has a table of options with typed fields.
 *
 * A command keeps its options in a struct that *begins* with struct common_options, describes the
 * others in a table of struct option_row, and calls options_parse():
 *
 *	struct check_options {
 *		struct common_options common;
 *		bool print;
 *	};
 *	static const struct option_row check_rows[] = {
 *		OPTION_FLAG("print", 0, struct check_options, print, "print the canonical text"),
 *		OPTION_END,
 *	};
 *	static const struct command_line check_line = {
 *		.synopsis = "check [OPTION]... PATH...",
 *		.about = "Parses, lints, compiles and verifies policies.",
 *		.common = COMMON_JSON | COMMON_QUIET,
 *		.rows = check_rows,
 *		.fewest = 1,
 *		.most = OPERANDS_ANY,
 *	};
 *	...
 *	struct check_options options = {.common = COMMON_OPTIONS};
 *	struct operands operands;
 *	int status = options_parse(&check_line, argc, argv, &options, &operands);
 *
 *	if (status != OPTIONS_GO)
 *		return status;
 *
 * Long options are never abbreviated. "--name=value", "--name value", "-nvalue" and "-n value" are
 * the same. Options and operands may be mixed; "--" ends the options. An option that holds one
 * value may be given once.
 */
#ifndef CGW_OPTIONS_H
#define CGW_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BPFFS_DEFAULT "/sys/fs/bpf/cgward"

/* Of the commands that read the host configuration. */
#define OPTION_CONFIG(options)                                                                     \
	OPTION_TEXT("config", 0, options, config, "FILE",                                          \
		"the host configuration (/etc/cgward/cgward.conf, if it is there)")

/* Which of the common options a command takes; --help is always there. */
#define COMMON_BPFFS 1U
#define COMMON_CGROUP_ROOT 2U
#define COMMON_JSON 4U
#define COMMON_QUIET 8U
#define COMMON_VERBOSE 16U
#define COMMON_ALL 31U

struct common_options {
	const char *bpffs;
	const char *cgroup_root; /* NULL if not given: see options_cgroup_root() */
	bool json;
	bool quiet;
	bool verbose;
	bool help;
};

#define COMMON_OPTIONS                                                                             \
	{                                                                                          \
		.bpffs = BPFFS_DEFAULT                                                             \
	}

enum option_type {
	OPTION_TYPE_FLAG = 1, /* bool */
	OPTION_TYPE_TEXT,     /* const char *, never empty */
	OPTION_TYPE_LIST,     /* struct option_list; may be repeated */
	OPTION_TYPE_NUMBER,   /* uint64_t, decimal, from least to greatest */
	OPTION_TYPE_CHOICE,   /* int: index into choices */
};

/* The texts are those of argv. Zero-initialised; to be freed. */
struct option_list {
	char **items;
	size_t count, room;
};

void option_list_free(struct option_list *list); /* for the cleanup attribute */

struct option_row {
	const char *name; /* without the dashes; NULL ends the table */
	char letter;	  /* 0: none */
	enum option_type type;
	size_t offset;	      /* of the field in the command's struct */
	const char *argument; /* its name in the help text; NULL for a flag */
	const char *help;     /* one line */
	uint64_t least, greatest;
	const char *const *choices; /* ends with NULL */
};

/* offsetof() that compiles only if the field has the type that the row says. */
#define OPTION_OFFSET(options, field, wanted)                                                      \
	(offsetof(options, field) +                                                                \
		0 * sizeof(char[__builtin_types_compatible_p(                                      \
					__typeof__(((options *)0)->field), wanted)                 \
					? 1                                                        \
					: -1]))

#define OPTION_FLAG(name_, letter_, options, field, help_)                                         \
	{                                                                                          \
		.name = name_, .letter = letter_, .type = OPTION_TYPE_FLAG,                        \
		.offset = OPTION_OFFSET(options, field, bool), .help = help_,                      \
	}
#define OPTION_TEXT(name_, letter_, options, field, argument_, help_)                              \
	{                                                                                          \
		.name = name_, .letter = letter_, .type = OPTION_TYPE_TEXT,                        \
		.offset = OPTION_OFFSET(options, field, const char *), .argument = argument_,      \
		.help = help_,                                                                     \
	}
#define OPTION_LIST(name_, letter_, options, field, argument_, help_)                              \
	{                                                                                          \
		.name = name_, .letter = letter_, .type = OPTION_TYPE_LIST,                        \
		.offset = OPTION_OFFSET(options, field, struct option_list),                       \
		.argument = argument_, .help = help_,                                              \
	}
#define OPTION_NUMBER(name_, letter_, options, field, argument_, least_, greatest_, help_)         \
	{                                                                                          \
		.name = name_, .letter = letter_, .type = OPTION_TYPE_NUMBER,                      \
		.offset = OPTION_OFFSET(options, field, uint64_t), .argument = argument_,          \
		.help = help_, .least = least_, .greatest = greatest_,                             \
	}
#define OPTION_CHOICE(name_, letter_, options, field, argument_, choices_, help_)                  \
	{                                                                                          \
		.name = name_, .letter = letter_, .type = OPTION_TYPE_CHOICE,                      \
		.offset = OPTION_OFFSET(options, field, int), .argument = argument_,               \
		.help = help_, .choices = choices_,                                                \
	}
#define OPTION_END                                                                                 \
	{                                                                                          \
		.name = NULL                                                                       \
	}

#define OPERANDS_ANY ((size_t)-1)

struct command_line {
	const char *synopsis; /* without "cgward": "check [OPTION]... PATH..." */
	const char *about;    /* what the command does; wrapped when printed, as notes are, but for
				 lines that begin with a blank */
	unsigned int common;  /* COMMON_* */
	const struct option_row *rows; /* the command's own; NULL: none */
	size_t fewest, most;	       /* operands before "--" */
	bool rest;		       /* takes words after "--" apart from the operands, see struct
					  operands */
	bool stop_at_operand;	       /* the first operand ends the options: `run CMD -x` */
	const char *notes;	       /* more lines at the end of the help text, or NULL */
};

/*
 * What remains of argv, reordered in place. `rest` are the words after "--" if the command line
 * says `rest`; of any other command they count as operands.
 */
struct operands {
	char **items;
	size_t count;
	char **rest;
	size_t rest_count;
	bool rest_given; /* there was a "--" */
};

#define OPTIONS_GO (-1)

/*
 * Fills in `options` (which starts with struct common_options and holds the defaults) and
 * *operands, and sets up output.h. Returns OPTIONS_GO, or the exit status: STATUS_DONE after
 * --help, STATUS_USAGE after a message that quotes the bad argument.
 */
int options_parse(const struct command_line *line, int argc, char **argv, void *options,
	struct operands *operands);

/* "cgward COMMAND: <message>", and where to read on. Returns STATUS_USAGE. */
int options_usage(const struct command_line *line, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Sets common->cgroup_root to the mount point of cgroup v2, if --cgroup-root was not given. 0, or
 * -ENOENT after a message that says how to mount it.
 */
int options_cgroup_root(struct common_options *common);

#endif
