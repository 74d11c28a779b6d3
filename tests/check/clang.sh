#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Everything compiles with clang, too, without a warning.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE_DIR" || exit 1
build()
{
	CC=clang cmake -S . -B build-clang -G "Unix Makefiles" && cmake --build build-clang -j "$(nproc)"
}
holds "clang compiles everything without a warning" build
