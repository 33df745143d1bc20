#!/usr/bin/env bash
# Builds everything and runs every test. Installs ffmpeg where it may and it is missing; the tests install the storage emulator themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=tests/need.sh
source tests/need.sh

need dotnet dotnet-sdk-10.0 "the .NET 10 SDK"
need ffmpeg ffmpeg "decodes everything but WAV"
need setsid util-linux "keeps the storage emulator out of Ctrl-C's way"
need prlimit util-linux "limits the memory of ffmpeg"
need node nodejs "runs the storage emulator"
need npm npm "installs the storage emulator"

dotnet build NrSer.Local.slnf --configuration Release --nologo --verbosity quiet
hearing() { # a shell in the background ignores Ctrl-C, and what it starts inherits that; some tests send it
    if env --default-signal=INT true 2> /dev/null; then
        env --default-signal=INT "$@"
    else
        "$@"
    fi
}

report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
for project in tests/*.Tests; do
    echo "== $(basename "$project")"
    hearing dotnet run --project "$project" --configuration Release --no-build -- "$@" | tee "$report.one" || status=1
    cat "$report.one" >> "$report"
    rm -f "$report.one"
done

# One line for people and machines; the runners' own summaries stand above it.
sed 's/\x1b\[[0-9;]*m//g' "$report" | awk '
    /Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+/ {
        match($0, /Total: [0-9]+/);   total   += substr($0, RSTART + 7,  RLENGTH - 7)
        match($0, /Errors: [0-9]+/);  failed  += substr($0, RSTART + 8,  RLENGTH - 8)
        match($0, /Failed: [0-9]+/);  failed  += substr($0, RSTART + 8,  RLENGTH - 8)
        match($0, /Skipped: [0-9]+/); skipped += substr($0, RSTART + 9,  RLENGTH - 9)
    }
    END { printf "%d passed, %d failed, %d skipped\n", total - failed - skipped, failed, skipped; exit !(total > 0 && failed == 0) }' || status=1
exit "$status"
