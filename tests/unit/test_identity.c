// SPDX-License-Identifier: GPL-2.0-only
/* identity_of_cgroup(): a row for every shape of path, with near-misses beside them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "identity.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define SHORT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define UPPER "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
#define UID "8a1b2c3d-0011-2233-4455-66778899aabb"
#define UID_ "8a1b2c3d_0011_2233_4455_66778899aabb"
#define STATIC "0123456789abcdef0123456789abcdef"

static const struct row {
	const char *path;
	const char *container, *runtime; /* NULL: none */
	const char *unit;
	const char *pod, *qos;
} rows[] = {
	{"", NULL, NULL, NULL, NULL, NULL},
	{"/", NULL, NULL, NULL, NULL, NULL},
	{"/web", NULL, NULL, NULL, NULL, NULL},

	/* docker */
	{"/system.slice/docker-" ID ".scope", ID, "docker", "docker-" ID ".scope", NULL, NULL},
	{"/docker/" ID, ID, "docker", NULL, NULL, NULL},
	{"/docker/" ID "/init", ID, "docker", NULL, NULL, NULL},
	{"/custom/docker/" ID, ID, "docker", NULL, NULL, NULL},
	{"/system.slice/docker-" SHORT ".scope", NULL, NULL, "docker-" SHORT ".scope", NULL, NULL},
	{"/system.slice/docker-" ID "0.scope", NULL, NULL, "docker-" ID "0.scope", NULL, NULL},
	{"/system.slice/docker-" UPPER ".scope", NULL, NULL, "docker-" UPPER ".scope", NULL, NULL},
	{"/system.slice/docker-" ID ".service", NULL, NULL, "docker-" ID ".service", NULL, NULL},
	{"/system.slice/docker-" ID, NULL, NULL, NULL, NULL, NULL},
	{"/system.slice/docker.service", NULL, NULL, "docker.service", NULL, NULL},
	{"/docker/" SHORT, NULL, NULL, NULL, NULL, NULL},
	{"/dockers/" ID, NULL, NULL, NULL, NULL, NULL},
	{"/docker/x/" ID, NULL, NULL, NULL, NULL, NULL},
	{"/" ID, NULL, NULL, NULL, NULL, NULL},

	/* podman */
	{"/machine.slice/libpod-" ID ".scope", ID, "podman", "libpod-" ID ".scope", NULL, NULL},
	{"/machine.slice/libpod-" ID ".scope/container", ID, "podman", "libpod-" ID ".scope", NULL,
		NULL},
	{"/libpod_parent/libpod-" ID, ID, "podman", NULL, NULL, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
		ID, "podman", "user@1000.service", NULL, NULL},
	{"/system.slice/web.service/libpod-payload-" ID, ID, "podman", "web.service", NULL, NULL},
	{"/machine.slice/libpod-conmon-" ID ".scope", NULL, NULL, "libpod-conmon-" ID ".scope",
		NULL, NULL},
	{"/machine.slice/libpod-" SHORT ".scope/container", NULL, NULL, "libpod-" SHORT ".scope",
		NULL, NULL},
	{"/machine.slice/libpod_" ID ".scope", NULL, NULL, "libpod_" ID ".scope", NULL, NULL},

	/* Kubernetes, systemd driver */
	{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
	 ".slice/cri-containerd-" ID ".scope",
		ID, "containerd", "cri-containerd-" ID ".scope", UID, "besteffort"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" ID
	 ".scope",
		ID, "cri-o", "crio-" ID ".scope", UID, "burstable"},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", ID, "containerd",
		"cri-containerd-" ID ".scope", UID, "guaranteed"},
	{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" STATIC
	 ".slice/docker-" ID ".scope",
		ID, "docker", "docker-" ID ".scope", STATIC, "burstable"},
	{"/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod" UID_
	 ".slice/cri-containerd-" ID ".scope",
		ID, "containerd", "cri-containerd-" ID ".scope", UID, "guaranteed"},
	{"/system.slice/containerd.service/kubepods-besteffort-pod" UID_
	 ".slice:cri-containerd:" ID,
		ID, "containerd", "containerd.service", UID, "besteffort"},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice", NULL, NULL, NULL, UID, "guaranteed"},
	{"/kubepods.slice/kubepods-burstable.slice", NULL, NULL, NULL, NULL, NULL},
	{"/kubepods.slice/kubepods-pod" UID ".slice", NULL, NULL, NULL, NULL, NULL},
	{"/kubepods.slice/kubepods-best-pod" UID_ ".slice", NULL, NULL, NULL, NULL, NULL},
	{"/kubepods.slice/kubepods-pod" UID_, NULL, NULL, NULL, NULL, NULL},
	{"/kubepods.slice/kubepods-pod8a1b2c3d.slice", NULL, NULL, NULL, NULL, NULL},
	{"/x/kubepods-pod" UID_ ".slice:cri-containerd:" SHORT, NULL, NULL, NULL, UID,
		"guaranteed"},
	{"/x/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope", NULL, NULL, NULL, UID,
		"guaranteed"},

	/* Kubernetes, cgroupfs driver */
	{"/kubepods/besteffort/pod" UID "/" ID, ID, "containerd", NULL, UID, "besteffort"},
	{"/kubepods/burstable/pod" UID "/" ID, ID, "containerd", NULL, UID, "burstable"},
	{"/kubepods/pod" UID "/" ID, ID, "containerd", NULL, UID, "guaranteed"},
	{"/kubepods/pod" STATIC "/crio-" ID, ID, "cri-o", NULL, STATIC, "guaranteed"},
	{"/kubepods/besteffort/pod" UID, NULL, NULL, NULL, UID, "besteffort"},
	{"/kubepods/besteffort/pod" UID_ "/" ID, NULL, NULL, NULL, NULL, NULL},
	{"/kubepods/best/pod" UID "/" ID, NULL, NULL, NULL, NULL, NULL},
	{"/besteffort/pod" UID "/" ID, NULL, NULL, NULL, NULL, NULL},
	{"/kubepods/pod" UID "/" SHORT, NULL, NULL, NULL, UID, "guaranteed"},

	/* containerd, cri-o outside of Kubernetes */
	{"/system.slice/nerdctl-" ID ".scope", ID, "containerd", "nerdctl-" ID ".scope", NULL,
		NULL},
	{"/cri-containerd-" ID ".scope", ID, "containerd", "cri-containerd-" ID ".scope", NULL,
		NULL},
	{"/default/" ID, ID, "containerd", NULL, NULL, NULL},
	{"/k8s.io/" ID, ID, "containerd", NULL, NULL, NULL},
	{"/default/" SHORT, NULL, NULL, NULL, NULL, NULL},
	{"/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" ID ".scope/container", ID,
		"podman", "libpod-" ID ".scope", NULL, NULL},
	{"/kubelet/kubepods/burstable/pod" UID "/" ID, ID, "containerd", NULL, UID, "burstable"},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" ID ".scope", ID, "docker",
		"docker-" ID ".scope", UID, "guaranteed"},
	{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope/container", ID, "cri-o",
		"crio-" ID ".scope", UID, "guaranteed"},
	{"/x/cri-containerd-" ID, NULL, NULL, NULL, NULL, NULL},
	{"/x/crio-" SHORT, NULL, NULL, NULL, NULL, NULL},

	/* crun, runc, lxc */
	{"/crun-web", "web", "crun", NULL, NULL, NULL},
	{"/test/crun-web.scope", "web", "crun", NULL, NULL, NULL},
	{"/system.slice/runc-web_1.2.scope", "web_1.2", "runc", "runc-web_1.2.scope", NULL, NULL},
	{"/test/runc-web/child", "web", "runc", NULL, NULL, NULL},
	{"/lxc.payload.web", "web", "lxc", NULL, NULL, NULL},
	{"/crun-", NULL, NULL, NULL, NULL, NULL},
	{"/crun-.scope", NULL, NULL, "crun-.scope", NULL, NULL},
	{"/crun", NULL, NULL, NULL, NULL, NULL},
	{"/crun-a b", NULL, NULL, NULL, NULL, NULL},
	{"/acrun-web", NULL, NULL, NULL, NULL, NULL},
	{"/lxc.monitor.web", NULL, NULL, NULL, NULL, NULL},

	/* machines */
	{"/machine.slice/machine-web.scope", "web", "machine", "machine-web.scope", NULL, NULL},
	{"/machine.slice/machine-my\\x2dweb.scope/payload", "my-web", "machine",
		"machine-my\\x2dweb.scope", NULL, NULL},
	{"/machine.slice/systemd-nspawn@web.service/payload", "web", "systemd-nspawn",
		"systemd-nspawn@web.service", NULL, NULL},
	{"/machine.slice/machine-web\\x2.scope", "web\\x2", "machine", "machine-web\\x2.scope",
		NULL, NULL},
	{"/machine.slice/machine-web.slice", NULL, NULL, NULL, NULL, NULL},
	{"/machine.slice/machine-.scope", NULL, NULL, "machine-.scope", NULL, NULL},

	/* units */
	{"/init.scope", NULL, NULL, "init.scope", NULL, NULL},
	{"/system.slice/nginx.service", NULL, NULL, "nginx.service", NULL, NULL},
	{"/system.slice/system-getty.slice/getty@tty1.service", NULL, NULL, "getty@tty1.service",
		NULL, NULL},
	{"/user.slice/user-1000.slice/session-2.scope", NULL, NULL, "session-2.scope", NULL, NULL},
	{"/user.slice/user-1000.slice/user@1000.service/app.slice/x.service", NULL, NULL,
		"user@1000.service", NULL, NULL},
	{"/system.slice/srv.mount", NULL, NULL, "srv.mount", NULL, NULL},
	{"/system.slice/x/nginx.service", NULL, NULL, NULL, NULL, NULL},
	{"/system.slice/nginx.services", NULL, NULL, NULL, NULL, NULL},
	{"/.slice/x.service", NULL, NULL, NULL, NULL, NULL},

	/* A container cannot take another one's name by making a cgroup in its own. */
	{"/docker/" ID "/docker-" OTHER ".scope", ID, "docker", NULL, NULL, NULL},
	{"/kubepods/pod" UID "/" ID "/crun-other", ID, "containerd", NULL, UID, "guaranteed"},
	{"/docker/" ID "/kubepods/pod" UID, ID, "docker", NULL, NULL, NULL},
};

static void check(const char *what, const char *path, const char *got, const char *wanted)
{
	if (!got || !*got)
		got = "none";
	if (!wanted)
		wanted = "none";
	if (strcmp(got, wanted))
		fail_msg("%s of %s: got %s, wanted %s", what, path, got, wanted);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct identity identity;

		identity_of_cgroup(&identity, row->path, strlen(row->path));
		check("container", row->path, identity.container, row->container);
		check("runtime", row->path, identity.runtime, row->runtime);
		check("unit", row->path, identity.unit, row->unit);
		check("pod", row->path, identity.pod[0] ? identity.pod : NULL, row->pod);
		check("qos", row->path, identity.qos, row->qos);
	}
}

/* A component longer than any can be, and bytes that no name has. */
static void test_any_bytes(void **state)
{
	char path[4096] = "/crun-", all[512] = "/crun-";
	struct identity identity;

	(void)state;
	memset(path + 6, 'a', sizeof(path) - 6);
	identity_of_cgroup(&identity, path, sizeof(path));
	assert_null(identity.runtime);
	identity_of_cgroup(&identity, path, 1 + 255);
	assert_int_equal(strlen(identity.container), 255 - 5);
	identity_of_cgroup(&identity, path, 1 + 256);
	assert_null(identity.runtime);
	for (int i = 0; i < 256; i++)
		all[6 + i] = i;
	identity_of_cgroup(&identity, all, 6 + 256);
	assert_null(identity.runtime);
	identity_of_cgroup(&identity, "/crun-a\0b", 9);
	assert_null(identity.runtime);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
