#!/usr/bin/env bash
# Builds everything and runs every test. Installs ffmpeg where it may and it is missing; the tests install the storage emulator themselves.
# --coverage, as the first argument, also counts the lines that the tests reach, child processes included. Other arguments go to every project: those of
# xunit.v3 or, with --coverage, of `dotnet test`.
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

report=$(mktemp --directory)
trap 'rm -rf "$report"' EXIT
coverage=
if [ "${1:-}" = --coverage ]; then
    coverage=1
    shift
fi

hearing() { # a shell in the background ignores Ctrl-C, and what it starts inherits that; some tests send it
    if env --default-signal=INT true 2> /dev/null; then
        env --default-signal=INT "$@"
    else
        "$@"
    fi
}

run() { # project
    if [ -z "$coverage" ]; then
        hearing dotnet run --project "$1" --configuration Release --no-build -- "${@:2}"
    else
        hearing dotnet test --project "$1" --configuration Release --no-build --output Detailed --results-directory "$report/$(basename "$1")" \
            --coverlet --coverlet-single-hit --coverlet-output-format lcov --coverlet-include '[NrSer.*]*' --coverlet-include '[nrser]*' "${@:2}"
    fi
}

dotnet build NrSer.Local.slnf --configuration Release --nologo --verbosity quiet
status=0
for project in tests/*.Tests; do
    echo "== $(basename "$project")"
    run "$project" "$@" | tee --append "$report/said" || status=1
done

if [ -n "$coverage" ]; then
    echo "== lines reached"
    find "$report" -name '*.info' -exec awk '
        /^SF:/ { file = substr($0, 4); project = match(file, /src\/NrSer[^\/]*\//) ? substr(file, RSTART + 4, RLENGTH - 5) : "" }
        /^DA:/ && project != "" {
            split(substr($0, 4), line, ",")
            key = file ":" line[1]
            if (!(key in reached)) { reached[key] = 0; all[project]++ }
            if (line[2] > 0 && !reached[key]) { reached[key] = 1; hit[project]++ }
        }
        END {
            for (project in all) {
                printf "%-20s %5.1f %% of %5d lines\n", project, 100 * hit[project] / all[project], all[project] | "sort"
                total += all[project]; totalHit += hit[project]
            }
            close("sort")
            printf "%-20s %5.1f %% of %5d lines\n", "all", total ? 100 * totalHit / total : 0, total
        }' {} +
fi

# One line for people and machines; the runners' own summaries stand above it, in one form or, when coverage is counted, in another.
sed 's/\x1b\[[0-9;]*m//g' "$report/said" | awk '
    /Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+/ {
        match($0, /Total: [0-9]+/);   total   += substr($0, RSTART + 7,  RLENGTH - 7)
        match($0, /Errors: [0-9]+/);  failed  += substr($0, RSTART + 8,  RLENGTH - 8)
        match($0, /Failed: [0-9]+/);  failed  += substr($0, RSTART + 8,  RLENGTH - 8)
        match($0, /Skipped: [0-9]+/); skipped += substr($0, RSTART + 9,  RLENGTH - 9)
    }
    /^ *total: [0-9]+$/ { total += $2 }
    /^ *failed: [0-9]+$/ { failed += $2 }
    /^ *skipped: [0-9]+$/ { skipped += $2 }
    END { printf "%d passed, %d failed, %d skipped\n", total - failed - skipped, failed, skipped; exit !(total > 0 && failed == 0) }' || status=1
exit "$status"
