#!/usr/bin/env bash
# Packs the comparison of CUDA with the CPU for a machine with a GPU: all of it, .NET and ONNX Runtime's CUDA build included, in parts of at most 60 MB.
#   bash tests/gpu/pack.sh FOLDER       the folder is made; copy it to the machine, and there: bash FOLDER/compare.sh
# NRSER_CUDA_LIBRARIES names a folder whose *.so* travel along, for a machine that has the driver alone: cuBLAS, cuRAND, cuFFT and the runtime of CUDA 13,
# cuDNN 9.
set -euo pipefail
cd "$(dirname "$0")/../.."
[ $# = 1 ] || { sed -n '2,5s/^# *//p' "$0" >&2; exit 2; }
[ ! -e "$1" ] || { echo "$1 is there already: name a folder that is to be made." >&2; exit 2; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Outputs in a folder of their own: those of the checkout are of the other build of ONNX Runtime.
dotnet publish tests/NrSer.Benchmarks --configuration Release --runtime linux-x64 --self-contained --artifacts-path "$work/artifacts" \
    --output "$work/app" -p:Cuda=true -p:DebugType=none -p:SatelliteResourceLanguages=en -p:RunAnalyzers=false --nologo --verbosity quiet
rm -f "$work/app/libonnxruntime_providers_tensorrt.so"
if [ -n "${NRSER_CUDA_LIBRARIES:-}" ]; then
    mkdir "$work/app/cuda"
    find "$NRSER_CUDA_LIBRARIES" -name '*.so*' -exec cp --no-clobber --dereference {} "$work/app/cuda" \;
fi

mkdir -p "$1"
tar --create --gzip --directory "$work" app | split --bytes=60MB --numeric-suffixes --suffix-length=3 - "$1/part."
cp tests/gpu/compare.sh "$1"
(cd "$1" && sha256sum part.* > parts.sha256)
du --bytes --summarize "$1" | awk '{ printf "%.0f MB in ", $1 / 1e6 }'
echo "$(find "$1" -name 'part.*' | wc -l) parts. On the machine with the GPU: bash $(basename "$1")/compare.sh"
