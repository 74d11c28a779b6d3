// SPDX-License-Identifier: GPL-2.0-only
/* policy.c - reads policies from files and folders, and frees them. */
#include "policy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "parse.h"

void rule_free(struct policy_rule *rule)
{
	switch (rule->section) {
	case SECTION_SYSCTL:
		free(rule->sysctl.name);
		free(rule->sysctl.value);
		break;
	case SECTION_NETWORK:
		if (rule->ops == 1U << CGW_OP_SOCKET)
			break;
		free(rule->peer.glob);
		free(rule->peer.ports);
		break;
	case SECTION_FILE:
		free(rule->file.glob);
		break;
	default:
		break;
	}
	free(rule->text);
}

static void policy_free(struct policy *policy)
{
	for (size_t i = 0; i < policy->selector_count; i++)
		free(policy->selectors[i].glob);
	for (size_t i = 0; i < policy->rule_count; i++)
		rule_free(&policy->rules[i]);
	free(policy->selectors);
	free(policy->rules);
	free(policy->name);
	free(policy->file);
	free(policy);
}

void policies_free(struct policies *policies)
{
	for (size_t i = 0; i < policies->count; i++)
		policy_free(policies->items[i]);
	free(policies->items);
	*policies = (struct policies){0};
}

static void close_fd(int *fd)
{
	if (*fd > STDIN_FILENO)
		close(*fd);
}

static void file_error(struct diagnostics *diags, const char *file, const char *what)
{
	diagnostics_add(diags, SEVERITY_ERROR, file, 0, 0, "cannot be read: %s", what);
}

static void read_fd(struct policies *policies, int fd, const char *file, struct diagnostics *diags)
{
	struct strbuf text __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;
	int error = strbuf_read(&text, fd, POLICY_FILE_MAX);

	if (error)
		file_error(diags, file, strerror(-error));
	else
		policies_read_text(policies, file, strbuf_text(&text), text.length, diags);
}

static int is_policy_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	/* As *.ini of a shell: hidden files are not meant. */
	return entry->d_name[0] != '.' && length > 4 && !strcmp(entry->d_name + length - 4, ".ini");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void read_path(
	struct policies *policies, const char *path, struct diagnostics *diags, bool within);

static void read_folder(struct policies *policies, const char *path, struct diagnostics *diags)
{
	size_t length = strlen(path);
	struct dirent **entries;
	int count = scandir(path, &entries, is_policy_file, by_bytes);

	if (count < 0) {
		file_error(diags, path, strerror(errno));
		return;
	}
	if (!count)
		diagnostics_add(
			diags, SEVERITY_ERROR, path, 0, 0, "the folder holds no file *.ini");
	for (int i = 0; i < count; i++) {
		struct strbuf file __attribute__((cleanup(strbuf_free))) = STRBUF_INIT;

		strbuf_printf(&file, "%s%s%s", path, path[length - 1] == '/' ? "" : "/",
			entries[i]->d_name);
		read_path(policies, file.data, diags, true);
		free(entries[i]);
	}
	free(entries);
}

/* `within` a folder there are files only: a folder named x.ini is an error. */
static void read_path(
	struct policies *policies, const char *path, struct diagnostics *diags, bool within)
{
	int fd __attribute__((cleanup(close_fd))) = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status))
		file_error(diags, path, strerror(errno));
	else if (!S_ISDIR(status.st_mode))
		read_fd(policies, fd, path, diags);
	else if (within)
		file_error(diags, path, strerror(EISDIR));
	else
		read_folder(policies, path, diags);
}

int policies_read(
	struct policies *policies, char *const *paths, size_t count, struct diagnostics *diags)
{
	size_t errors = diags->errors;

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(paths[i], "-"))
			read_fd(policies, STDIN_FILENO, "stdin", diags);
		else
			read_path(policies, paths[i], diags, false);
	}
	policies_lint(policies, diags);
	return diags->errors > errors ? -1 : 0;
}
