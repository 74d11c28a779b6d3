// SPDX-License-Identifier: GPL-2.0-only
#include "filter.h"

#include <errno.h>
#include <string.h>
#include "glob.h"
#include "kind.h"

int filter_set_cgroup(struct filter *filter, const char *glob, size_t *where, const char **why)
{
	const struct automaton_options by_component = {.separator = '/'};
	struct automaton_glob one = {.text = glob, .length = strlen(glob), .mark = 1};
	int result;

	if (*glob != '/') {
		*where = 0;
		*why = "expected an absolute cgroup path such as /system.slice/*";
		return -EINVAL;
	}
	if (glob_check(glob, one.length, '/', where, why))
		return -EINVAL;
	while (one.length && glob[one.length - 1] == '/')
		one.length--;
	result = automaton_compile(&filter->cgroup, &one, 1, &by_component, AUTOMATON_STATES_MAX);
	if (result) {
		*where = 0;
		*why = "too complex";
		return -EINVAL;
	}
	filter->has_cgroup = true;
	return 0;
}

void filter_free(struct filter *filter)
{
	if (filter->has_cgroup)
		automaton_free(&filter->cgroup);
	*filter = (struct filter){0};
}

/* The path or that of an ancestor. */
static bool cgroup_matches(const struct automaton *automaton, struct bytes path)
{
	for (size_t length = 0; length <= path.length; length++)
		if ((length == path.length || path.data[length] == '/') &&
			automaton_match(automaton, path.data, length))
			return true;
	return false;
}

bool filter_wants(const struct filter *filter, const struct record *record)
{
	if (filter->since && record->time < filter->since)
		return false;
	if (filter->verdict && record->event.head->verdict != filter->verdict)
		return false;
	if (filter->kinds && !(filter->kinds >> kind_of(record->event.head->kind)->section & 1))
		return false;
	if (filter->policy && record->rule.policy && strcmp(filter->policy, record->rule.policy))
		return false;
	return !filter->has_cgroup || cgroup_matches(&filter->cgroup, record->event.cgroup);
}
