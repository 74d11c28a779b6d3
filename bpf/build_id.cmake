# SPDX-License-Identifier: GPL-2.0-only
# Writes HEADER with CGW_BUILD_ID, the first 64 bits of the SHA-256 of OBJECT.
file(SHA256 ${OBJECT} hash)
string(SUBSTRING ${hash} 0 16 hash)
file(WRITE ${HEADER} "/* Made by build_id.cmake. */\n#define CGW_BUILD_ID 0x${hash}ULL\n")
