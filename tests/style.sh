#!/usr/bin/env bash
# Checks what no compiler does: format, length of lines and files, Python, shell scripts, workflows, images, documents by their schemas. Ends with "N passed, N failed".
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tests/need.sh
source tests/need.sh

need dotnet dotnet-sdk-10.0 "the .NET 10 SDK, whose formatter this uses"
need pycodestyle pycodestyle "checks the Python sources"
need shellcheck shellcheck "checks the shell scripts"
need npm npm "installs what checks the workflows"

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

lines_fit() { # the compiler and `dotnet format` leave the length of lines alone; a character is a column, whatever its bytes
    local long
    long=$(files '*.cs' | LC_ALL=C.UTF-8 xargs grep --line-number --extended-regexp "^.{$1}.|$(printf '\t')" || true)
    [ -z "$long" ] || { echo "$long"; return 1; }
}

files_are_short() { # a longer one holds two things, and their border is where to cut
    local long
    long=$({ files '*.cs'; files '*.ts'; files '*.tsx'; files '*.py'; } | xargs wc -l | awk -v most="$1" '$1 > most && $2 != "total"')
    [ -z "$long" ] || { echo "$long"; return 1; }
}

python_is_clean() { # E731: a network's equation is named like one, f = lambda x: …
    files '*.py' | xargs pycodestyle --max-line-length="$1" --ignore=E121,E123,E126,E226,E24,E704,E731,W503,W504
}

scripts_are_clean() {
    { files '*.sh'; echo .ci/run; } | xargs shellcheck --external-sources
}

workflows_are_clean() {
    linters && node tests/lint/workflows.mjs .github/workflows/*.yml
}

documents_fit() { # by the schemas that azd and the Service Bus emulator are published with
    linters && node tests/lint/documents.mjs azure.yaml tests/lint/schemas/azure.yaml.json \
        infra/emulator/servicebus.json tests/lint/schemas/servicebus-emulator.json
}

images_are_clean() {
    local image
    linters || return
    for image in src/*/Dockerfile; do
        echo "$image"
        tests/lint/node_modules/.bin/dockerfile-utils lint "$image" || return
    done
}

linters() { # those that npm brings
    cmp -s tests/lint/package-lock.json tests/lint/node_modules/.installed \
        || { npm ci --prefix tests/lint --silent --no-audit --no-fund && cp tests/lint/package-lock.json tests/lint/node_modules/.installed; }
}

page_is_built() { # what is committed is what its source gives
    local web=src/NrSer.Dashboard/web built
    [ -d $web/node_modules ] || npm ci --prefix $web --silent --no-audit --no-fund || return
    (cd $web && npx tsc --noEmit) || return
    built=$(mktemp -d)
    node $web/build.mjs "$built" && diff --recursive "$built" src/NrSer.Dashboard/wwwroot
    local same=$?
    rm -rf "$built"
    return $same
}

# What `dotnet format` knows of style and analyzers is an error of the build already, but for white space, and that it checks without a build, in seconds.
check "format of C#" "'dotnet format whitespace . --folder' mends it." dotnet format whitespace . --folder --verify-no-changes
check "length of lines in C#" "wrap at column 150, and indent with spaces." lines_fit 150
check "length of files" "split by what they hold." files_are_short 300
check "Python" "see pycodestyle's list above." python_is_clean 150
check "shell scripts" "see shellcheck's list above." scripts_are_clean
check "workflows" "see actionlint's list above." workflows_are_clean
check "images" "see the list above." images_are_clean
check "documents of other programs" "see the list above; tests/lint/schemas has the schemas." documents_fit
check "built page" "npm ci && npm run build in src/NrSer.Dashboard/web." page_is_built

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
