"""Writes small networks with seeded random weights, converted, and what the whole method makes of one recording with them.

    python3 -m models.export.fixtures                          # fixtures/, as committed
    python3 -m models.export.fixtures --full --target FOLDER   # the same at full size: CMGAN with 64 channels and 4 blocks, HuBERT Base
"""

import argparse
import json
import pathlib
import shutil
import wave

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import PYTORCH, stored
from ..shared.similarity import similarity_by_bin, similarity_by_frame
from . import cmgan, hubert_ser, snr_level

HERE = pathlib.Path(__file__).resolve().parent
SNR_LEVELS = (  # with seed 2, the edge frames' imaginary parts, which are rounding errors, do not move S: see README.md
    (snr_level, "--random", "2", "--form", "dense", "--enhancer", "cmgan-narrow@1.0.0", "--name", "snr-dense"),
    (snr_level, "--random", "2", "--form", "transformer", "--enhancer", "cmgan-narrow@1.0.0", "--name", "snr-transformer"),
)
NARROW = (
    (cmgan, "--random", "1", "--channels", "8", "--blocks", "2", "--name", "cmgan-narrow"), *SNR_LEVELS,
    (hubert_ser, "--random", "4", "--size", "narrow-base", "--name", "hubert-base-style"),
    (hubert_ser, "--random", "5", "--size", "narrow-large", "--name", "hubert-large-style"),
    (hubert_ser, "--random", "6", "--size", "narrow-base", "--heads", "--name", "hubert-heads"),
)
FULL = (
    (cmgan, "--random", "1", "--name", "cmgan-full"), *SNR_LEVELS,
    (hubert_ser, "--random", "4", "--size", "base", "--name", "hubert-base"),
    (hubert_ser, "--random", "6", "--size", "base", "--heads", "--name", "hubert-base-heads"),
)
SAMPLES = 2 * cmgan.BLOCK_SAMPLES
CUT_SAMPLES = 50_000
KEPT_EVERY = 41  # waveforms are kept at every 41st sample: a prime, so that all places within a hop occur


def write_wav(x, path):
    """16 bit, 16 kHz, mono; returns what a reader gets."""
    values = np.clip(np.round(x.numpy() * 32768), -32768, 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE_HZ)
        file.writeframes(values.tobytes())
    return torch.from_numpy(values.astype(np.float32) / 32768)


def case(x, folder):
    """The method on one recording taken as one segment, by the published computations: every stage's results."""
    enhancer, = folder.glob("cmgan-*.ckpt")
    enhanced = cmgan.enhance(cmgan.load(enhancer), x)
    dense, transformer = (snr_level.load(folder / f"snr-{form}.ckpt") for form in ("dense", "transformer"))
    found = {"samples": x.numel(), "keptEvery": KEPT_EVERY, "enhancedPeak": float(enhanced.abs().max()),
             "enhanced": stored(enhanced[::KEPT_EVERY])}
    with torch.no_grad():
        by_bin, by_frame = similarity_by_bin(x[None], enhanced[None]), similarity_by_frame(x[None], enhanced[None])
        score = {"dense": float(dense(by_bin)), "transformer": float(transformer.reference(by_frame))}
        weight = min(max(score["dense"], 0.0), 1.0)
        y = weight * x + (1 - weight) * enhanced
        found |= {"similarityByBin": stored(by_bin), "score": score, "reconstituted": stored(y[::KEPT_EVERY])}
        for place in sorted(folder.glob("*-checkpoint")):
            if (place / "best").is_file():
                logits, attributes = hubert_ser.load_nrser(place / "best")[0](y[None])
                answer = {"logits": logits[0].tolist(), "attributes": attributes[0].tolist()}
            else:
                answer = {"logits": hubert_ser.load_folder(place)[0](y[None])[0].tolist()}
            found[place.name.removesuffix("-checkpoint")] = answer
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--target", type=pathlib.Path, default=HERE / "fixtures")
    arguments = parser.parse_args()
    target = arguments.target
    if target.exists() and any(target.glob("*.ckpt")) or arguments.full and target == HERE / "fixtures":
        parser.error("the full size needs a --target of its own; there may be no checkpoints in it")
    torch.set_num_threads(1)
    target.mkdir(parents=True, exist_ok=True)
    for converter, *options in FULL if arguments.full else NARROW:
        converter.main([*options, "--target", str(target)])
    x = write_wav(cmgan.example(SAMPLES, seed=1), target / "noisy.wav")
    (target / "end-to-end.json").write_text(json.dumps({
        "note": "Written by models/export/fixtures.py: the published computations, unbatched, in PyTorch, for noisy.wav as one segment. 'whole' is "
                "all of it, two blocks; 'cut' its beginning, whose last block is filled with zeros and then levelled over all 32000 samples. y is "
                "mixed with the dense form's score.",
        "source": PYTORCH, "file": "noisy.wav",
        "tolerance": {"enhancedShareOfPeak": 1e-4, "score": 1e-4, "logits": 1e-3},
        "whole": case(x, target), "cut": case(x[:CUT_SAMPLES], target)}, indent=1) + "\n")
    for checkpoint in target.glob("*.ckpt"):
        checkpoint.unlink()
    for folder in target.glob("*-checkpoint"):
        shutil.rmtree(folder)
    print(f"{sum(file.stat().st_size for file in target.iterdir()) / 1e6:.2f} MB in all")


if __name__ == "__main__":
    main()
