// SPDX-License-Identifier: GPL-2.0-only
/* The bounds check of images: what it refuses, and that what it accepts can be asked anything. */
#include "ruleset.h"

#include <errno.h>
#include <stdlib.h>
#include "match.h"
#include "probe.h"

static struct image probe_ruleset(void)
{
	const char *const texts[] = {probe_policy_a, probe_policy_b, NULL};
	struct image image;

	ruleset_compile(&image, texts, NULL, probe_attachments, ROWS(probe_attachments));
	return image;
}

static int verify(struct image *image, const char **why)
{
	image_seal(image, 1);
	*why = NULL;
	return image_verify(image->data, image->size, why);
}

static uint32_t *word(const struct image *image, uint32_t offset)
{
	return (uint32_t *)(image->data + offset);
}

/* ---- single faults ---- */

static uint32_t at_header(const struct image *image)
{
	(void)image;
	return 0;
}

static uint32_t at_policy(const struct image *image)
{
	return image_header(image)->policies;
}

static uint32_t at_rule(const struct image *image)
{
	return image_header(image)->rules;
}

static uint32_t at_attachment(const struct image *image)
{
	return image_header(image)->attachments;
}

static uint32_t at_selectors(const struct image *image)
{
	return image_header(image)->selectors;
}

static uint32_t at_selector_rows(const struct image *image)
{
	return *word(image, at_selectors(image) + (uint32_t)offsetof(struct cgw_automaton, rows));
}

static uint32_t at_all(const struct image *image)
{
	return image_header(image)->all;
}

static uint32_t at_settings(const struct image *image)
{
	return image_header(image)->settings;
}

static uint32_t at_sysctl(const struct image *image)
{
	return image_policy(image, 0)->sysctl;
}

static uint32_t at_files(const struct image *image)
{
	return image_policy(image, 0)->files[CGW_FILE_PATH];
}

static uint32_t at_files_below(const struct image *image)
{
	return ((const struct cgw_automaton *)(image->data + at_files(image)))->below;
}

/* The class of the first state that accepts. */
static uint32_t at_class(const struct image *image)
{
	const struct cgw_automaton *automaton =
		(const struct cgw_automaton *)(image->data + at_sysctl(image));

	for (uint32_t i = 0;; i++)
		if (*word(image, automaton->rows + (i << automaton->shift)))
			return *word(image, automaton->rows + (i << automaton->shift));
}

static uint32_t at_connect4(const struct image *image)
{
	return image_policy(image, 0)->peers[0][0];
}

static uint32_t at_connect4_keys(const struct image *image)
{
	return *word(image, at_connect4(image) + (uint32_t)offsetof(struct cgw_table, keys));
}

static uint32_t at_connect6_keys(const struct image *image)
{
	return *word(image,
		image_policy(image, 0)->peers[0][1] + (uint32_t)offsetof(struct cgw_table, keys));
}

static uint32_t at_peer_class(const struct image *image)
{
	const struct cgw_table *table =
		(const struct cgw_table *)(image->data + at_connect4(image));

	for (uint32_t i = 0;; i++)
		if (*word(image, table->values + 4 * i))
			return *word(image, table->values + 4 * i);
}

static uint32_t at_sockets(const struct image *image)
{
	return image_policy(image, 0)->sockets;
}

static uint32_t at_socket_values(const struct image *image)
{
	return *word(image, at_sockets(image) + (uint32_t)offsetof(struct cgw_table, values));
}

static uint32_t at_powers(const struct image *image)
{
	return image_policy(image, 0)->powers;
}

static uint32_t at_capability_values(const struct image *image)
{
	return *word(image, image_policy(image, 0)->capabilities +
				    (uint32_t)offsetof(struct cgw_table, values));
}

static uint32_t at_devices(const struct image *image)
{
	return image_policy(image, 0)->devices;
}

#define FIELD(struct_name, field) (uint32_t) offsetof(struct struct_name, field)
#define SAME 0xabcdef01 /* stands for: add `add` to what is there */

static const struct fault {
	uint32_t (*where)(const struct image *image);
	uint32_t field;
	uint32_t value;
	uint32_t add;
	const char *why;
} faults[] = {
	{at_header, FIELD(cgw_image_header, magic), 0, 0, "not an image"},
	{at_header, FIELD(cgw_image_header, abi_version), CGW_ABI_VERSION + 1, 0,
		"another version"},
	{at_header, FIELD(cgw_image_header, size), 0, 0, "has been cut"},
	{at_header, FIELD(cgw_image_header, policies), 0, 0, "outside"},
	{at_header, FIELD(cgw_image_header, policies), SAME, 4, "not aligned"},
	{at_header, FIELD(cgw_image_header, policies), 0xfffffff8, 0, "outside"},
	{at_header, FIELD(cgw_image_header, policy_count), 1025, 0, "too many"},
	{at_header, FIELD(cgw_image_header, rule_count), 262145, 0, "too many"},
	{at_header, FIELD(cgw_image_header, rules), 0xfff8, 0, "outside"},
	{at_header, FIELD(cgw_image_header, all), SAME, 8, "not aligned"},
	{at_header, FIELD(cgw_image_header, ops), 1, 0, "operations"},
	{at_header, FIELD(cgw_image_header, deny_ops), 0, 0, "operations"},
	{at_header, FIELD(cgw_image_header, settings), 0, 0, "no settings"},
	{at_header, FIELD(cgw_image_header, settings), SAME, 4, "not aligned"},
	{at_header, FIELD(cgw_image_header, settings), 0x10000, 0, "outside"},
	{at_settings, FIELD(cgw_settings, protect), 0, 0, "settings"},
	{at_settings, FIELD(cgw_settings, protect), 3, 0, "settings"},
	{at_settings, FIELD(cgw_settings, events_per_second), 1000001, 0, "settings"},
	{at_settings, FIELD(cgw_settings, events_per_second), 99, 0, "settings"},
	{at_settings, FIELD(cgw_settings, events_burst), 0, 0, "settings"},
	{at_settings, FIELD(cgw_settings, reserved), 1, 0, "settings"},
	{at_settings, FIELD(cgw_settings, event_interval), 0, 0, "settings"},
	{at_settings, FIELD(cgw_settings, event_window), 0, 0, "settings"},
	{at_header, FIELD(cgw_image_header, text), 0x10001, 0, "outside"},
	{at_header, FIELD(cgw_image_header, selectors), SAME, 256, "not aligned"},
	{at_header, FIELD(cgw_image_header, selectors), 0x10000, 0, "outside"},
	{at_header, FIELD(cgw_image_header, attachments), 0x10000, 0, "outside"},
	{at_header, FIELD(cgw_image_header, attachment_count), 1U << 20, 0, "too many"},
	{at_header, FIELD(cgw_image_header, attachment_count), 0, 0, "none"},
	{at_policy, FIELD(cgw_policy, flags), 9, 0, "flags"},
	{at_policy, FIELD(cgw_policy, flags), 2, 0, "flags"},
	{at_policy, FIELD(cgw_policy, order), 1, 0, "rank"},
	{at_policy, FIELD(cgw_policy, order), 2, 0, "rank"},
	{at_policy, FIELD(cgw_policy, reserved), 1, 0, "flags"},
	{at_policy, FIELD(cgw_policy, name), 4, 0, "outside of the texts"},
	{at_policy, FIELD(cgw_policy, file), 0x10000, 0, "outside of the texts"},
	{at_policy, FIELD(cgw_policy, selectors), 0, 0, "outside of the texts"},
	{at_policy, FIELD(cgw_policy, deny_ops), SAME, 1, "operations"},
	{at_policy, FIELD(cgw_policy, sockets), 2, 0, "outside"},
	{at_policy, FIELD(cgw_policy, sockets), SAME, 2, "not aligned"},
	{at_policy, FIELD(cgw_policy, unix_could), 1U << 28, 0, "does not exist"},
	{at_policy, FIELD(cgw_policy, unix_could), CGW_REF(CGW_ACTION_ALLOW, 1), 0,
		"not what its rule says"},
	{at_policy, FIELD(cgw_policy, unix_could), CGW_REF(CGW_ACTION_AUDIT, 0), 0,
		"not what its rule says"},
	{at_rule, FIELD(cgw_rule, action), 0, 0, "action"},
	{at_rule, FIELD(cgw_rule, action), 4, 0, "action"},
	{at_rule, FIELD(cgw_rule, flags), 4, 0, "flag"},
	{at_rule, FIELD(cgw_rule, policy), 2, 0, "no policy"},
	{at_rule, FIELD(cgw_rule, policy), 1, 0, "key"},
	{at_rule, FIELD(cgw_rule, text), 64, 0, "outside of the texts"},
	{at_rule, FIELD(cgw_rule, text), SAME, 1, "key"},
	{at_rule, FIELD(cgw_rule, key), SAME, 1, "key"},
	{at_attachment, FIELD(cgw_attachment, cgroup_id), 70, 0, "not sorted"},
	{at_attachment, FIELD(cgw_attachment, set), 0x10000, 0, "outside"},
	{at_attachment, FIELD(cgw_attachment, set), SAME, 64, "not aligned"},
	{at_attachment, FIELD(cgw_attachment, path), 0, 0, "outside of the texts"},
	{at_selectors, FIELD(cgw_automaton, next), SAME, 512, "backward"},
	{at_selectors, FIELD(cgw_automaton, rows), SAME, 4, "not aligned"},
	{at_selectors, FIELD(cgw_automaton, rows), 0, 0, "outside"},
	{at_selectors, FIELD(cgw_automaton, shift), 2, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, shift), 12, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, shift), 0x10003, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, row_count), 0, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, row_count), 0x10000000, 0, "outside"},
	{at_selectors, FIELD(cgw_automaton, row_count), 1, 0, "starts at no row"},
	{at_selectors, FIELD(cgw_automaton, start), SAME, 4, "starts at no row"},
	{at_selectors, FIELD(cgw_automaton, start), 0xffffffe0, 0, "starts at no row"},
	{at_selectors, FIELD(cgw_automaton, classes), 0, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, classes), 257, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, classes), 1, 0, "lacks a byte class"},
	{at_selectors, FIELD(cgw_automaton, reserved), 1, 0, "bad header"},
	{at_selectors, FIELD(cgw_automaton, class_of), 0xff, 0, "lacks a byte class"},
	{at_selectors, FIELD(cgw_automaton, below), 512, 0, "bad header"},
	{at_files, FIELD(cgw_automaton, below), 0, 0, "outside"},
	{at_files, FIELD(cgw_automaton, below), SAME, 2, "not aligned"},
	{at_files_below, 0, CGW_REF(CGW_ACTION_ALLOW, 0), 0, "not what its rule says"},
	{at_files_below, 0, 1U << 28, 0, "does not exist"},
	{at_policy, FIELD(cgw_policy, files) + 4, SAME, 4, "not aligned"},
	{at_selector_rows, 0, 4, 0, "outside"},
	{at_selector_rows, 4, 32, 0, "dead state"},
	{at_selector_rows, 36, SAME, 4, "leads to no row"},
	{at_selector_rows, 36, 0xffffffe0, 0, "leads to no row"},
	{at_all, 0, 1, 0, "the set of all policies"},
	{at_all, 4, 1, 0, "the set of all policies"},
	{at_sysctl, FIELD(cgw_automaton, next), 0x10000, 0, "outside"},
	{at_class, FIELD(cgw_sysctl_class, read), 1U << 28, 0, "does not exist"},
	{at_class, FIELD(cgw_sysctl_class, write), CGW_REF(CGW_ACTION_ALLOW, 0), 0,
		"not what its rule says"},
	{at_class, FIELD(cgw_sysctl_class, could), CGW_REF(CGW_ACTION_ALLOW, 1), 0,
		"not what its rule says"},
	{at_class, FIELD(cgw_sysctl_class, values), 512, 0, ""},
	{at_connect4, FIELD(cgw_table, count), 0, 0, "bad header"},
	{at_connect4, FIELD(cgw_table, count), 1U << 21, 0, "bad header"},
	{at_connect4, FIELD(cgw_table, count), 1U << 15, 0, "outside"},
	{at_connect4, FIELD(cgw_table, reserved), 1, 0, "bad header"},
	{at_connect4, FIELD(cgw_table, values), 0, 0, "outside"},
	{at_connect4_keys, 0, 1, 0, "does not begin at 0"},
	{at_connect4_keys, 4, 0, 0, "do not ascend"},
	{at_connect6_keys, 12, 1, 0, "does not begin at 0"},
	{at_connect6_keys, 16, 0xffffffff, 0, "do not ascend"},
	{at_peer_class, FIELD(cgw_peer_class, ports), 4, 0, "without ports"},
	{at_peer_class, 4 * CGW_PROTO_UNIX, 4, 0, "without ports"},
	{at_peer_class, 4, 4, 0, "outside"},
	{at_sockets, FIELD(cgw_table, keys), 0xfffe, 0, "outside"},
	{at_socket_values, 4, 1U << 28, 0, "does not exist"},
	{at_policy, FIELD(cgw_policy, powers), 2, 0, "outside"},
	{at_policy, FIELD(cgw_policy, capabilities), SAME, 2, "not aligned"},
	{at_policy, FIELD(cgw_policy, devices), SAME, 4, "not aligned"},
	{at_policy, FIELD(cgw_policy, devices), 0x10000, 0, "outside"},
	{at_powers, FIELD(cgw_table, count), 0, 0, "bad header"},
	{at_powers, FIELD(cgw_table, values), 0xfffe, 0, "outside"},
	{at_capability_values, 0, 1U << 28, 0, "does not exist"},
	{at_devices, FIELD(cgw_devices, tables), 4, 0, "outside"},
	{at_devices, FIELD(cgw_devices, reserved), 1, 0, "bad end"},
};

static void test_faults(void **state)
{
	struct image image = probe_ruleset();
	const char *why;

	(void)state;
	assert_int_equal(verify(&image, &why), 0);
	for (size_t i = 0; i < ROWS(faults); i++) {
		const struct fault *fault = &faults[i];
		uint32_t *at = word(&image, fault->where(&image) + fault->field), good = *at;

		*at = fault->value == SAME ? good + fault->add : fault->value;
		if (verify(&image, &why) != -EINVAL)
			fail_msg("fault %zu is accepted", i);
		if (!strstr(why, fault->why))
			fail_msg("fault %zu: %s", i, why);
		*at = good;
	}
	assert_int_equal(verify(&image, &why), 0);
	image_free(&image);
}

/* ---- shapes ---- */

static void test_frame(void **state)
{
	struct image image = probe_ruleset();
	uint8_t *copy = malloc(image.size + 2 * CGW_PAGE_SIZE);
	const char *why;

	(void)state;
	memcpy(copy, image.data, image.size);
	memset(copy + image.size, 0, CGW_PAGE_SIZE);
	assert_int_equal(image_verify(copy, image.size, &why), 0);
	assert_int_equal(image_verify(copy, image.size + CGW_PAGE_SIZE, &why), -EINVAL);
	assert_int_equal(image_verify(copy, image.size - 1, &why), -EINVAL);
	assert_int_equal(image_verify(copy, 0, &why), -EINVAL);
	memmove(copy + 4, copy, image.size);
	assert_int_equal(image_verify(copy + 4, image.size, &why), -EINVAL);
	/* a last text that does not end */
	image.data[image.size - 1] = 'x';
	assert_int_equal(verify(&image, &why), -EINVAL);
	assert_string_equal(why, "the last text does not end");
	free(copy);
	image_free(&image);
}

/* Two chains that meet, and two uses of one thing. */
static void test_sharing(void **state)
{
	struct image image = probe_ruleset();
	struct cgw_policy *policy = (struct cgw_policy *)(image.data + at_policy(&image));
	struct cgw_policy good = *policy;
	const char *why;

	(void)state;
	policy->unix_names[0][0] = policy->sysctl;
	assert_int_equal(verify(&image, &why), -EINVAL);
	*policy = good;
	policy[1].sysctl = policy->sysctl; /* another policy's refs */
	assert_int_equal(verify(&image, &why), -EINVAL);
	policy[1].sysctl = 0;
	policy->peers[1][0] = policy->peers[0][1]; /* IPv6 for IPv4 */
	assert_int_equal(verify(&image, &why), -EINVAL);
	*policy = good;
	policy->capabilities = policy->powers; /* numbers of one kind for those of another */
	assert_int_equal(verify(&image, &why), -EINVAL);
	*policy = good;
	policy[1].devices = policy->devices;
	assert_int_equal(verify(&image, &why), -EINVAL);
	policy[1].devices = 0;
	policy->peers[2][0] = policy->peers[0][0]; /* shared by two operations: good */
	assert_int_equal(verify(&image, &why), 0);
	image_free(&image);
}

/* ---- corruption ---- */

/* Without a new checksum every byte but those of the generation counts. */
static void test_every_byte(void **state)
{
	struct image image = probe_ruleset();
	const char *why;

	(void)state;
	for (uint32_t i = 0; i < image.size; i += i < 4096 ? 1 : 61) {
		bool generation = i >= FIELD(cgw_image_header, generation) &&
				  i < FIELD(cgw_image_header, size);

		image.data[i] ^= 1 << i % 8;
		if (image_verify(image.data, image.size, &why) != (generation ? 0 : -EINVAL))
			fail_msg("byte %u", i);
		image.data[i] ^= 1 << i % 8;
	}
	image_free(&image);
}

/*
 * With a new checksum: what is accepted all the same can be asked everything. The sanitizers and
 * probe_image() itself look on.
 */
static void test_mutations(void **state)
{
	struct image image = probe_ruleset();
	uint32_t used = image_header(&image)->text + 1024;
	uint64_t seed = 1;
	size_t accepted = 0, refused = 0;

	(void)state;
	for (int round = 0; round < 6000; round++) {
		uint32_t offset = random_next(&seed) % used & ~3U;
		uint32_t *at = word(&image, offset), good = *at;
		const char *why;

		switch (random_next(&seed) % 4) {
		case 0:
			*at ^= 1U << random_next(&seed) % 32;
			break;
		case 1:
			*at = *word(&image, random_next(&seed) % used & ~3U);
			break;
		case 2:
			*at += 4 * (random_next(&seed) % 9) - 16;
			break;
		default:
			*at = random_next(&seed) % (2 * CGW_PAGE_SIZE);
		}
		if (verify(&image, &why)) {
			refused++;
		} else if (*at != good) {
			accepted++;
			probe_image(&image);
		}
		*word(&image, offset) = good;
	}
	assert_in_range(accepted, 300, 5700);
	assert_in_range(refused, 300, 5700);
	image_free(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_sharing),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_mutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
