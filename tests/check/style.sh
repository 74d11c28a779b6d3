#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Formatting, sizes, licence lines and lint of everything that is text.
. "$(dirname "$0")/../lib.sh"
cd "$SOURCE_DIR" || exit 1

# Files that git knows or would take up, by pattern.
files()
{
	git ls-files --cached --others --exclude-standard -- "$@" | while read -r file; do
		[ -f "$file" ] && echo "$file"
	done
}

# none NAME TEXT: passes if the text is empty; else the text says what is wrong
none()
{
	if [ -z "$2" ]; then
		pass "$1"
	else
		fail "$1" "$(tr '\n' ';' <<<"$2")"
	fi
}

# Functions in kernel style begin with { and end with } in column 1.
long_functions()
{
	awk -v most=80 '
		FNR == 1 { start = 0 }
		/^[a-zA-Z_].*\(/ { name = $0 }
		/^\{/ { start = FNR }
		/^\}/ && start {
			if (FNR - start - 1 > most)
				printf "%s:%d: %d lines: %s\n", FILENAME, start, FNR - start - 1, name
			start = 0
		}' "$@"
}

mapfile -t c_files < <(files '*.c' '*.h')
mapfile -t shell_files < <(files '*.sh' .ci/run)
mapfile -t manuals < <(files '*.[1-9]')

if clang-format --version | grep -q 'version 14'; then
	none "clang-format agrees with every C file" \
		"$(clang-format --dry-run -Werror "${c_files[@]}" 2>&1 | grep -o '^[^ ]*: error')"
else
	skip "clang-format agrees with every C file" "clang-format is not version 14"
fi
holds "shellcheck agrees with every script" shellcheck -x "${shell_files[@]}"
none "mandoc -T lint agrees with every manual page" \
	"$([ ${#manuals[@]} -eq 0 ] || mandoc -T lint -W warning "${manuals[@]}" 2>&1)"
none "every function has at most 80 lines" "$(long_functions "${c_files[@]}")"
none "every .c file has at most 600 lines" \
	"$(wc -l "${c_files[@]}" | awk '$2 ~ /\.c$/ && $1 > 600 { print $2 ": " $1 }')"
none "every .bpf.c file has at most 300 lines" \
	"$(wc -l "${c_files[@]}" | awk '$2 ~ /\.bpf\.c$/ && $1 > 300 { print $2 ": " $1 }')"
none "every source file has an SPDX line" \
	"$(grep -L -m 1 'SPDX-License-Identifier: GPL-2.0-only' "${c_files[@]}" "${shell_files[@]}")"
none "nothing is left to do" \
	"$(files | grep -v '^tests/check/' | xargs grep -nE '\b(TO''DO|FIX''ME|XX''X)\b' /dev/null)"
none "every script is executable or a library" "$(for file in "${shell_files[@]}"; do
	[ -x "$file" ] || head -n 1 "$file" | grep -qv '^#!' || echo "$file"
done)"
