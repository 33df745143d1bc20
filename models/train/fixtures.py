"""Writes what PyTorch and SciPy compute for given signals, so that the C# side can be held against it.

Signals are random numbers rounded to six decimals, or sums of sines that both sides compute in double precision and round
to float32: x[n] = Σ amplitude · sin(2π · frequencyHz · n / 16000 + phaseRadians).
"""

import argparse
import json
import pathlib

import numpy as np
import scipy
import torch

from ..shared import SAMPLE_RATE_HZ, similarity
from ..shared.delivery import PYTORCH
from . import emotion, enhancer
from .blocks import enhance_blocks
from .channels import BELOW_VOICE_HZ, above_rumble

ORIGIN = f"Written by models/train/fixtures.py with {PYTORCH}"
# Neighbouring frequencies beat, so that the signal swells and fades as speech does.
COMPONENTS = [{"amplitude": a, "frequencyHz": f, "phaseRadians": p} for a, f, p in (
    (0.20, 142.0, 0.1), (0.12, 146.5, 1.3), (0.10, 284.0, 2.1), (0.08, 291.0, 0.7), (0.07, 568.0, 4.0), (0.05, 577.3, 5.2),
    (0.04, 1136.0, 0.4), (0.03, 1150.7, 3.3), (0.02, 2310.0, 2.5), (0.015, 2333.1, 1.1), (0.01, 3920.0, 0.9), (0.008, 6100.5, 2.2))]


def random_signal(random, count, scale=0.1):
    return torch.from_numpy(np.round(scale * random.standard_normal(count), 6)).float()


def sines(count):
    n = np.arange(count)
    return torch.from_numpy(sum(c["amplitude"] * np.sin(2 * np.pi * c["frequencyHz"] * n / SAMPLE_RATE_HZ + c["phaseRadians"])
                                for c in COMPONENTS)).float()


def numbers(tensor, digits=7):
    """Nested lists with `digits` significant digits."""
    if tensor.dim() > 1:
        return [numbers(row, digits) for row in tensor]
    return [float(f"{value:.{digits}g}") for value in tensor.tolist()]


def stft_fixture():
    x = random_signal(np.random.default_rng(1), 1300)
    cases = []
    for fft, hop, name, window in ((similarity.FFT, similarity.HOP, "hamming", similarity.WINDOW),
                                   (enhancer.FFT, enhancer.HOP, "sqrtHann", enhancer.WINDOW)):
        spectrum = torch.stft(x, fft, hop, window=window, center=True, pad_mode="reflect", return_complex=True).T
        cases.append({"fftSamples": fft, "hopSamples": hop, "window": name, "re": numbers(spectrum.real), "im": numbers(spectrum.imag)})
    return {"note": f"{ORIGIN}: torch.stft, centred, reflect padding, periodic windows; re and im are [frame][bin].",
            "input": numbers(x), "cases": cases}


def similarity_fixture():
    random = np.random.default_rng(2)
    x = random_signal(random, 2400)
    enhanced = torch.from_numpy(np.round((0.6 * x + random_signal(random, 2400, 0.05)).numpy().astype(np.float64), 6)).float()
    found = similarity.similarity_by_bin(x[None], enhanced[None])[0]
    return {"note": f"{ORIGIN}: similarity_by_bin, 201 real parts, then 201 imaginary.", "x": numbers(x), "enhanced": numbers(enhanced),
            "similarity": numbers(found)}


def high_pass_fixture():
    n = np.arange(3000)
    rumble = torch.from_numpy(np.round(0.05 + 0.3 * np.sin(2 * np.pi * 25 * n / SAMPLE_RATE_HZ), 6)).float()
    x = random_signal(np.random.default_rng(4), len(n)) + rumble
    return {"note": f"{ORIGIN} and SciPy {scipy.__version__}: channels.above_rumble of noise, a tone of 25 Hz and DC.", "cutoffHz": BELOW_VOICE_HZ,
            "input": numbers(x, 9), "output": numbers(torch.from_numpy(above_rumble(x.numpy())), 9)}


def enhancer_fixture(work):
    noise = random_signal(np.random.default_rng(3), 8192, 0.02)
    x = sines(8192) + noise
    indices = torch.arange(0, 8192, 27)
    network = enhancer.load(work)
    with torch.no_grad():
        plain = enhancer.enhance(network, x[None])[0]
    return {"note": f"{ORIGIN}: the published enhancer on components + noise. `plain`: the 8192 samples levelled, transformed and enhanced as they "
                    "are; `block`: levelled over these 8192 samples, then zero-padded to one block of 65536. Both at `indices`.",
            "samples": 8192, "components": COMPONENTS, "noise": numbers(noise), "indices": indices.tolist(),
            "plain": numbers(plain[indices]), "block": numbers(enhance_blocks(network, x)[indices])}


def emotion_fixture(work, name):
    with torch.no_grad():
        logits, attributes = emotion.load(work, name)(sines(16000)[None])
    return {"note": f"{ORIGIN}: the published emotion model on the sum of the components.", "samples": 16000, "components": COMPONENTS,
            "logits": numbers(logits[0]), "attributes": numbers(attributes[0])}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--emotion", default="emotion", help="name of the published variant")
    parser.add_argument("--target", required=True, type=pathlib.Path, help="folder for the JSON files")
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    fixtures = {"stft": stft_fixture(), "similarity": similarity_fixture(), "high-pass": high_pass_fixture(),
                "enhancer": enhancer_fixture(arguments.work), "emotion": emotion_fixture(arguments.work, arguments.emotion)}
    for name, content in fixtures.items():
        path = arguments.target / f"{name}.json"
        path.write_text(json.dumps(content, allow_nan=False) + "\n")
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
