// SPDX-License-Identifier: GPL-2.0-only
#include "kind.h"

#include <stddef.h>

static const struct kind *const kinds[] = {
	&kind_sysctl,
	&kind_network,
	&kind_file,
	&kind_kernel,
	&kind_capability,
	&kind_device,
	&kind_guard,
};

const struct kind *kind_of(uint32_t kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i]->kind == kind)
			return kinds[i];
	return NULL;
}
