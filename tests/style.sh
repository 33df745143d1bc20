#!/usr/bin/env bash
# Checks what no compiler does. Ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/need.sh
source tests/need.sh

need shellcheck shellcheck "checks the shell scripts"

passed=0 failed=0
check() { # title, what to do about it, command
    local title=$1 cure=$2
    shift 2
    echo "== $title"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$title: $cure" >&2
    fi
}

files() { # of a name; what is built, downloaded or hidden is not ours
    find . \( -name bin -o -name obj -o -name node_modules -o -name BenchmarkDotNet.Artifacts -o -name '.?*' \) -prune -o -type f -name "$1" -print
}

scripts_are_clean() {
    { files '*.sh'; echo .ci/run; } | xargs shellcheck --external-sources
}

check "shell scripts" "see shellcheck's list above." scripts_are_clean

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
