#!/usr/bin/env bash
# Runs the fast tests of training and conversion (Python). Ends with "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/need.sh
source tests/need.sh

python=/usr/bin/python3 # Debian's packages are for Debian's Python
[ -x "$python" ] || python=python3
needs() { "$python" -c "import torch, onnx, scipy, sklearn, soundfile" 2> /dev/null; }
if ! needs && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "Installing PyTorch and onnx (the tests of training and conversion)…"
    packages python3-torch libopenblas0-pthread python3-onnx python3-scipy python3-sklearn python3-soundfile
fi
need ffmpeg ffmpeg "decodes and codes audio"

report=$(mktemp)
trap 'rm -f "$report"' EXIT
OMP_NUM_THREADS=${OMP_NUM_THREADS:-1} "$python" -m unittest discover -s models/tests -t . 2>&1 | tee "$report"
awk '
    /^Ran [0-9]+ tests? / { total = $2 }
    /^(OK|FAILED)/ {
        if (match($0, /failures=[0-9]+/)) failed  += substr($0, RSTART + 9, RLENGTH - 9)
        if (match($0, /errors=[0-9]+/))   failed  += substr($0, RSTART + 7, RLENGTH - 7)
        if (match($0, /skipped=[0-9]+/))  skipped += substr($0, RSTART + 8, RLENGTH - 8)
    }
    END { printf "%d passed, %d failed, %d skipped\n", total - failed - skipped, failed, skipped; exit !(total > 0 && failed == 0) }' "$report"
