// SPDX-License-Identifier: GPL-2.0-only
#include "privileges.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static int drop_bounding(void)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_drop_bound(cap) && errno != EPERM)
			return -errno;
	return 0;
}

static bool any_left(void)
{
	cap_t now __attribute__((cleanup(free_caps))) = cap_get_proc();
	cap_t none __attribute__((cleanup(free_caps))) = cap_init();

	return !now || !none || cap_compare(now, none);
}

int privileges_drop(const char **what)
{
	cap_t none __attribute__((cleanup(free_caps))) = cap_init();

	*what = "set no_new_privs";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	*what = "clear the ambient capabilities";
	if (cap_reset_ambient())
		return -errno;
	*what = "clear the capability bounding set"; /* while CAP_SETPCAP is still there */
	if (drop_bounding())
		return -errno;
	*what = "drop the capabilities";
	if (!none || cap_set_proc(none))
		return -errno;
	return any_left() ? -EPERM : 0;
}
