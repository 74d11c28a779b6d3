// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_verify.c - images with holes: either the bounds check refuses, or every question can be
 * asked without a read out of bounds.
 *
 * Input: changes of six bytes each to a good image: where (two bytes), what (one: replace, add,
 * copy a word from elsewhere), and the value (three bytes). The checksum is computed anew.
 */
#include <stdlib.h>
#include <string.h>
#include "../unit/probe.h"

static struct image make_image(void)
{
	struct policies policies = {0};
	struct diagnostics diags = {0};
	struct image image;

	if (policies_read_text(&policies, "a", probe_policy_a, strlen(probe_policy_a), &diags) ||
		policies_read_text(
			&policies, "b", probe_policy_b, strlen(probe_policy_b), &diags) ||
		policies_compile(&image, &policies, NULL, probe_attachments, 2, &diags))
		abort();
	policies_free(&policies);
	diagnostics_free(&diags);
	return image;
}

static void change(struct image *image, const uint8_t *data, uint32_t used)
{
	uint32_t *words = (uint32_t *)image->data;
	uint32_t at = (data[0] | data[1] << 8) % (used / 4);
	uint32_t value = data[3] | data[4] << 8 | data[5] << 16;

	switch (data[2] % 6) {
	case 0:
		words[at] = value;
		break;
	case 1:
		words[at] = value << 8;
		break;
	case 2:
		words[at] += value;
		break;
	case 3:
		words[at] -= value;
		break;
	case 4:
		words[at] ^= 1U << value % 32;
		break;
	default:
		words[at] = words[value % (used / 4)];
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct image good;
	struct image image;
	const char *why = NULL;
	uint32_t used;

	if (!good.data)
		good = make_image();
	used = image_header(&good)->text + 1024;
	image.size = good.size;
	image.data = malloc(image.size);
	memcpy(image.data, good.data, image.size);
	for (; size >= 6; data += 6, size -= 6)
		change(&image, data, used);
	image_seal(&image, 1);
	if (!image_verify(image.data, image.size, &why))
		probe_image(&image);
	else if (!why)
		abort();
	free(image.data);
	return 0;
}
