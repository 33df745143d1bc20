#!/usr/bin/env bash
# Builds everything and runs every test. Installs ffmpeg and its sandbox where it may and they are missing; the tests install the storage emulator themselves.
set -euo pipefail
cd "$(dirname "$0")/.."

# shellcheck source=tests/need.sh
source tests/need.sh

need dotnet dotnet-sdk-10.0 "the .NET 10 SDK"
need ffmpeg ffmpeg "decodes everything but WAV"
need setsid util-linux "keeps the storage emulator out of Ctrl-C's way"
need prlimit util-linux "limits the memory of ffmpeg"
[ "$(id -u)" != 0 ] || [ "$(uname)" != Linux ] || need bwrap bubblewrap "is the sandbox of ffmpeg, which two tests look at" # elsewhere they are skipped
need node nodejs "runs the storage emulator"
need npm npm "installs the storage emulator"
# A minute's work where it is missing, which the build need not wait for.
{ command -v google-chrome > /dev/null || need chromium chromium "shows the dashboard's page in its tests"; } &
browser=$!

# One compiler for all projects, instead of one each, is a fifth of the work; where the environment wants none to stay, it ends here.
dotnet build NrSer.Local.slnf --configuration Release --nologo --verbosity quiet -p:UseSharedCompilation=true
[ "${UseSharedCompilation:-true}" = true ] || dotnet build-server shutdown --vbcscompiler > /dev/null

wait "$browser"

# Counting which branches are hot, to compile them once more, pays in hosts that live for hours; tests end before, and it was a tenth of their work.
export DOTNET_TieredPGO=0

# A shell in the background ignores Ctrl-C, and what it starts inherits that; some tests send it.
hearing=(env --default-signal=INT)
"${hearing[@]}" true 2> /dev/null || hearing=()
framework=$(sed -n 's|.*<TargetFramework>\(.*\)</TargetFramework>.*|\1|p' Directory.Build.props)
report=$(mktemp -d)
coverage=
if [ "${1:-}" = --coverage ]; then
    coverage=1
    shift
fi

run() { # project, what follows it on the command line
    if [ -z "$coverage" ]; then
        exec "${hearing[@]}" dotnet "tests/$1/bin/Release/$framework/$1.dll" -result-xml "$report/$1.xml" "${@:2}"
    else
        exec "${hearing[@]}" dotnet test --project "tests/$1" --configuration Release --no-build --output Detailed --results-directory "$report/lines/$1" \
            --coverlet --coverlet-single-hit --coverlet-output-format lcov --coverlet-include '[NrSer.*]*' --coverlet-include '[nrser]*' "${@:2}"
    fi
}

projects=(tests/*.Cli.Tests tests/*.CloudEdge.Tests tests/*.Pipeline.Tests)
for project in tests/*.Tests; do
    [[ " ${projects[*]} " = *" $project "* ]] || projects+=("$project")
done
pids=() shown=0 status=0
trap 'rm -rf "$report"' EXIT
set -m # each project is a process group of its own, and Ctrl-C reaches it once: from here
trap 'trap - INT TERM; kill -INT -- "${pids[@]/#/-}" 2> /dev/null || true; wait; exit 130' INT TERM

# Two at a time: while tests of the one wait for a process or a queue, those of the other work. What takes longest comes first.
echo "Running $(basename --multiple "${projects[@]}" | paste -sd ' '), two at a time…"
while [ "$shown" -lt "${#projects[@]}" ]; do
    started=${#pids[@]}
    if [ "$started" -lt "${#projects[@]}" ] && [ "$(jobs -pr | wc -l)" -lt 2 ]; then
        name=$(basename "${projects[started]}")
        run "$name" "$@" > "$report/$name.said" 2>&1 < /dev/null &
        pids+=($!)
    elif [ "$shown" -lt "$started" ] && ! kill -0 "${pids[shown]}" 2> /dev/null; then
        name=$(basename "${projects[shown]}")
        wait "${pids[shown]}" || status=1
        echo "== $name"
        cat "$report/$name.said"
        shown=$((shown + 1))
    else
        sleep 0.2
    fi
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

if [ -z "$coverage" ]; then
    echo "== slowest, in seconds"
    grep -oh '<test [^>]*' "$report"/*.xml | sed -n 's/.* name="\([^"]*\)".* time="\([0-9.]*\)".*/\2 \1/p' | sort -rn | awk 'NR <= 25' || true
fi

# What failed stands once more where whoever reads only the end finds it.
failed=$(sed 's/\x1b\[[0-9;]*m//g' "$report"/*.said | awk '
    /^    [^ ].*\[FAIL\]/ || /^failed .*[0-9]s\)?$/ { isShown = 1; lines = 0 }
    /^    [^ ].*\[(OUTPUT|SKIP|WARN|LONG)\]/ || /^ ? ?[^ ]/ && !/^failed / { isShown = 0 }
    isShown && lines++ < 40')
[ -z "$failed" ] || printf '== failed\n%s\n' "$failed"

# One line for people and machines; the runners' own summaries stand above it, in one form or, when coverage is counted, in another.
sed 's/\x1b\[[0-9;]*m//g' "$report"/*.said | awk '
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
