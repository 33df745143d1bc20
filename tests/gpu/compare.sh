#!/usr/bin/env bash
# Puts together what pack.sh took apart, beside this script, and runs it: CMGAN and HuBERT Base at random weights, on the CPU and on CUDA. Needs a driver of
# 580 or newer, and CUDA 13 with cuDNN 9 where the loader finds them, unless they came along. Ends with 0 when outputs are the same within 1e-3, with 1 when
# not, and with 3 without CUDA.
set -euo pipefail
cd "$(dirname "$0")"
sha256sum --check --quiet parts.sha256
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat part.* | tar --extract --gzip --directory "$work"

if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || true
else
    echo "No nvidia-smi: there seems to be no driver." >&2
fi
LD_LIBRARY_PATH="$work/app/cuda${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$work/app/NrSer.Benchmarks" cuda
