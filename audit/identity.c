// SPDX-License-Identifier: GPL-2.0-only
#include "identity.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A part of the path; not NUL-terminated. */
struct part {
	const char *text;
	size_t length;
};

static bool part_is(struct part part, const char *text)
{
	return part.length == strlen(text) && !memcmp(part.text, text, part.length);
}

static bool cut_prefix(struct part *part, const char *prefix)
{
	size_t length = strlen(prefix);

	if (part->length < length || memcmp(part->text, prefix, length))
		return false;
	part->text += length;
	part->length -= length;
	return true;
}

static bool cut_suffix(struct part *part, const char *suffix)
{
	size_t length = strlen(suffix);

	if (part->length < length || memcmp(part->text + part->length - length, suffix, length))
		return false;
	part->length -= length;
	return true;
}

static bool is_hex(struct part part, size_t digits)
{
	if (part.length != digits)
		return false;
	for (size_t i = 0; i < digits; i++)
		if (!strchr("0123456789abcdef", part.text[i]) || !part.text[i])
			return false;
	return true;
}

static bool is_hex64(struct part part)
{
	return is_hex(part, 64);
}

/* What runc, crun and containerd take as the id of a container. */
static bool is_name(struct part part)
{
	if (!part.length || !isalnum((unsigned char)part.text[0]))
		return false;
	for (size_t i = 0; i < part.length; i++)
		if (!isalnum((unsigned char)part.text[i]) && !strchr("_+-.", part.text[i]))
			return false;
	return !memchr(part.text, 0, part.length);
}

/* Names that systemd has escaped: - as \x2d. */
static bool is_escaped(struct part part)
{
	return part.length && !memchr(part.text, 0, part.length);
}

enum suffix {
	SUFFIX_NONE = 1,
	SUFFIX_SCOPE = 2,
	SUFFIX_OPTIONAL = 3,
	SUFFIX_SERVICE = 4,
};

/* Components that name a container, whatever stands above them. */
static const struct shape {
	const char *prefix;
	enum suffix suffix;
	bool (*fits)(struct part id);
	const char *runtime;
} shapes[] = {
	{"docker-", SUFFIX_SCOPE, is_hex64, "docker"},
	{"cri-containerd-", SUFFIX_SCOPE, is_hex64, "containerd"},
	{"nerdctl-", SUFFIX_SCOPE, is_hex64, "containerd"},
	{"crio-", SUFFIX_OPTIONAL, is_hex64, "cri-o"},
	{"libpod-payload-", SUFFIX_OPTIONAL, is_hex64, "podman"},
	{"libpod-", SUFFIX_OPTIONAL, is_hex64, "podman"},
	{"crun-", SUFFIX_OPTIONAL, is_name, "crun"},
	{"runc-", SUFFIX_OPTIONAL, is_name, "runc"},
	{"machine-", SUFFIX_SCOPE, is_escaped, "machine"},
	{"systemd-nspawn@", SUFFIX_SERVICE, is_escaped, "systemd-nspawn"},
	{"lxc.payload.", SUFFIX_NONE, is_name, "lxc"},
};

static bool shape_fits(const struct shape *shape, struct part component, struct part *id)
{
	if (!cut_prefix(&component, shape->prefix))
		return false;
	if (shape->suffix == SUFFIX_SCOPE && !cut_suffix(&component, ".scope"))
		return false;
	if (shape->suffix == SUFFIX_SERVICE && !cut_suffix(&component, ".service"))
		return false;
	if (shape->suffix == SUFFIX_OPTIONAL)
		cut_suffix(&component, ".scope");
	if (!shape->fits(component))
		return false;
	*id = component;
	return true;
}

static void copy(char *to, struct part part)
{
	memcpy(to, part.text, part.length);
	to[part.length] = 0;
}

/* Undoes systemd's \xHH. The result is shorter than part. */
static void copy_unescaped(char *to, struct part part)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < part.length; i++) {
		const char *high, *low;

		*to++ = part.text[i];
		if (part.text[i] != '\\' || i + 3 >= part.length || part.text[i + 1] != 'x')
			continue;
		high = memchr(digits, part.text[i + 2], 16);
		low = memchr(digits, part.text[i + 3], 16);
		if (!high || !low || (high == digits && low == digits))
			continue;
		to[-1] = (char)((high - digits) << 4 | (low - digits));
		i += 3;
	}
	*to = 0;
}

/* containerd with systemd's path but without its driver:
 * kubepods-...-podUID.slice:cri-containerd:ID */
static bool colon_form(struct part component, struct part *id)
{
	const char *colon = memchr(component.text, ':', component.length);

	if (!colon)
		return false;
	component.length -= colon - component.text;
	component.text = colon;
	if (!cut_prefix(&component, ":cri-containerd:") || !is_hex64(component))
		return false;
	*id = component;
	return true;
}

/* The runtime whose containers have bare ids as names, or NULL. */
static const char *bare_runtime(const struct identity *identity, struct part parent)
{
	if (part_is(parent, "docker"))
		return "docker";
	/* containerd's own default: its namespace, of Kubernetes or of ctr and nerdctl */
	if (part_is(parent, "k8s.io") || part_is(parent, "default"))
		return "containerd";
	return identity->pod[0] ? "containerd" : NULL; /* the cgroupfs driver of Kubernetes */
}

static void find_container(struct identity *identity, struct part parent, struct part component)
{
	struct part id = component;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!shape_fits(&shapes[i], component, &id))
			continue;
		identity->runtime = shapes[i].runtime;
		if (shapes[i].fits == is_escaped)
			copy_unescaped(identity->container, id);
		else
			copy(identity->container, id);
		return;
	}
	if (colon_form(component, &id))
		identity->runtime = "containerd";
	else if (is_hex64(component))
		identity->runtime = bare_runtime(identity, parent);
	if (identity->runtime)
		copy(identity->container, id);
}

/* A pod's UID: 8-4-4-4-12 hex digits, joined by `dash`; or 32 hex digits (static pods). */
static bool copy_uid(char *to, struct part uid, char dash)
{
	if (is_hex(uid, 32)) {
		copy(to, uid);
		return true;
	}
	if (uid.length != 36)
		return false;
	for (size_t i = 0; i < uid.length; i++) {
		bool at_dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (at_dash ? uid.text[i] != dash : !is_hex((struct part){uid.text + i, 1}, 1))
			return false;
	}
	copy(to, uid);
	to[8] = to[13] = to[18] = to[23] = '-';
	return true;
}

static const char *const qos_names[] = {"besteffort", "burstable"};

/* kubepods[-QOS]-podUID.slice */
static bool pod_systemd(struct identity *identity, struct part component)
{
	const char *colon = memchr(component.text, ':', component.length);

	if (colon)
		component.length = colon - component.text;
	cut_prefix(&component, "kubelet-");
	if (!cut_prefix(&component, "kubepods-") || !cut_suffix(&component, ".slice"))
		return false;
	identity->qos = "guaranteed";
	for (size_t i = 0; i < 2; i++) {
		if (cut_prefix(&component, qos_names[i])) {
			identity->qos = qos_names[i];
			if (!cut_prefix(&component, "-"))
				return false;
			break;
		}
	}
	return cut_prefix(&component, "pod") && copy_uid(identity->pod, component, '_');
}

/* kubepods/[QOS/]podUID */
static bool pod_cgroupfs(
	struct identity *identity, struct part above, struct part parent, struct part component)
{
	identity->qos = NULL;
	if (part_is(parent, "kubepods"))
		identity->qos = "guaranteed";
	for (size_t i = 0; i < 2; i++)
		if (part_is(above, "kubepods") && part_is(parent, qos_names[i]))
			identity->qos = qos_names[i];
	return identity->qos && cut_prefix(&component, "pod") &&
	       copy_uid(identity->pod, component, '-');
}

static void find_pod(
	struct identity *identity, struct part above, struct part parent, struct part component)
{
	if (!pod_systemd(identity, component) && !pod_cgroupfs(identity, above, parent, component))
		identity->qos = NULL;
}

static bool is_unit(struct part component)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		struct part rest = component;

		if (cut_suffix(&rest, suffixes[i]))
			return rest.length > 0;
	}
	return false;
}

void identity_of_cgroup(struct identity *identity, const char *path, size_t length)
{
	struct part above = {"", 0}, parent = {"", 0}, component;
	const char *end = path + length;
	bool in_slices = true;

	*identity = (struct identity){0};
	while (path < end) {
		const char *slash = memchr(path, '/', end - path);

		component = (struct part){path, (slash ? slash : end) - path};
		path = slash ? slash + 1 : end;
		if (!component.length || component.length > IDENTITY_ID_MAX)
			continue;
		/* As systemd does: below slices, the first other component is the unit. */
		if (in_slices && is_unit(component))
			copy(identity->unit, component);
		in_slices = in_slices && component.length > 6 &&
			    !memcmp(component.text + component.length - 6, ".slice", 6);
		if (!identity->pod[0] && !identity->runtime)
			find_pod(identity, above, parent, component);
		if (!identity->runtime)
			find_container(identity, parent, component);
		above = parent;
		parent = component;
	}
}
