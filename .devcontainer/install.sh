#!/usr/bin/env bash
# Debian's packages that the tests want: what tests/*.sh would install themselves as root, and what they only look for.
set -euo pipefail

packages=(
    bubblewrap chromium ffmpeg util-linux # decoding, and the page in a browser
    libopenblas0-pthread python3-onnx python3-scipy python3-sklearn python3-soundfile python3-torch # training and conversion
    pycodestyle shellcheck # style
)
sudo apt-get update
sudo DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${packages[@]}"
