#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# other-build.sh BUILD - the other build for tests of upgrades, in BUILD-upgrade: nothing but the
# version of the ABI differs.
set -e
source=$(cd "$(dirname "$0")/../.." && pwd)
cmake -S "$source" -B "$1-upgrade" -G "Unix Makefiles" -DCGWARD_ABI_BUMP=1
cmake --build "$1-upgrade" --target cgward -j "$(nproc)"
