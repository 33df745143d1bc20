"""Packs what a training on another machine needs: parts that NumPy and libopus can read, since nothing else may be installed there.

Of the training speakers' clips (three in ten behind their codec) and the training noises: audio, and of emotional speech targets, ratings and
speakers. ESC-10 goes fold by fold, those held back too: only networks that are there to be cross-validated hear them.
The audio is coded by Opus at 24 kbit/s, an eleventh of its size; libopus itself is packed along.
"""

import argparse
import functools
import os
import pathlib
import shutil
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..shared import SAMPLE_RATE_HZ
from . import opus
from .corpora import (EMOTION_CORPORA, ESC_FOLDS, NOISE, SPEECH, Corpus, fold_of, ratings, soft_targets, speaker_of, split_of_noise,
                      split_of_speaker, votes)
from .mixing import CODED

PART_BYTES = 40_000_000
BITS_PER_SECOND = 24_000
SLICE_SAMPLES = 4 * 60 * SAMPLE_RATE_HZ  # what one thread codes at a time; libopus runs outside of the interpreter's lock
CAP_MINUTES = {"prompts": 40, "festvox": 20, "crowd-commands": 30, "music": 40}  # the emotional corpora and the other noises go whole
PARTS_OF_NOISE = (*(f"esc10-{fold}" for fold in ESC_FOLDS), *(name for name in NOISE if name != "esc10"))
ORDER = (*PARTS_OF_NOISE, *reversed(SPEECH))  # the largest corpus comes last, since a training can begin without it
LIBRARY = "libopus.so"


def packed(audio):
    """int16 audio as one array of bytes: samples, delay and packets (each uint32), their sizes (uint16), the packets."""
    packets, sizes, delay = opus.encoded(opus.library(), audio, BITS_PER_SECOND)
    return np.concatenate([np.array([len(audio), delay, len(sizes)], np.uint32).view(np.uint8), sizes.view(np.uint8), packets])


def unpacked(stored, library=None):
    count, delay, frames = stored[:12].view(np.uint32).tolist()
    return opus.decoded(opus.library(library), stored[12 + 2 * frames:], stored[12:12 + 2 * frames].view(np.uint16), delay, count)


def training_clips(work, name):
    """(audio, ends, names) of the training split, up to the cap, or of one fold."""
    name, _, fold = name.partition("-") if name.startswith("esc10-") else (name, "", "")
    corpus = Corpus(work, name)
    coded = Corpus(work, name, coded=True) if name in SPEECH else corpus
    split = split_of_speaker if name in SPEECH else split_of_noise
    clips, names, left = [], [], CAP_MINUTES.get(name, 1e9) * 60 * SAMPLE_RATE_HZ
    indices = [i for i, clip in enumerate(corpus.names) if (fold_of(clip) == int(fold) if fold else split(name, clip) == "train")]
    for index in np.random.default_rng(0).permutation(indices) if name in CAP_MINUTES else indices:
        through = coded if zlib.crc32(corpus.names[index].encode()) % 100 < 100 * CODED else corpus
        clip = through.audio[corpus.starts[index]:corpus.ends[index]][:int(left)]
        clips.append(clip)
        names.append(corpus.names[index])
        left -= len(clip)
        if left <= 0:
            break
    return np.concatenate(clips), np.cumsum([len(c) for c in clips]), names


def sizes(content):
    return sum(array.nbytes for array in content.values())


def pack(data, work, target):
    target.mkdir(parents=True, exist_ok=True)
    part, number, heard, rated = {}, 0, votes(data), ratings(data)
    shutil.copyfile(opus.path_of_library(), target / LIBRARY)

    def close():
        nonlocal part, number
        np.savez(target / f"part-{number:02}.npz", **part)
        print(f"part-{number:02}.npz: {(target / f'part-{number:02}.npz').stat().st_size / 1e6:.1f} MB", flush=True)
        part, number = {}, number + 1

    for name in ORDER:
        audio, ends, names = training_clips(work, name)
        rows = {f"{name}/ends": ends}
        if name in EMOTION_CORPORA:
            rows |= {f"{name}/targets": soft_targets(name, names, heard),
                     f"{name}/ratings": np.array([rated.get(n, (np.nan,) * 3) if name == "emotale" else (np.nan,) * 3 for n in names], np.float32),
                     f"{name}/speakers": np.unique([speaker_of(name, n) for n in names], return_inverse=True)[1].astype(np.int32)}
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            pieces = list(pool.map(packed, [audio[at:at + SLICE_SAMPLES] for at in range(0, len(audio), SLICE_SAMPLES)]))
        for place, coded in enumerate(pieces):
            piece = {f"{name}/audio/{place:03}": coded}
            if sizes(part) + sizes(piece) + sizes(rows) > PART_BYTES:
                close()
            part |= piece | rows
            rows = {}
    close()


def load(folder):
    """{corpus: {"audio", "ends", "targets", "ratings", "speakers"}} of all parts in a folder and those below it."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("part-*.npz")):
        with np.load(path) as stored:
            for key in stored.files:
                name, kind, *place = key.split("/")
                corpus = found.setdefault(name, {"audio": []})
                if place:
                    corpus["audio"].append((place[0], stored[key]))
                else:
                    corpus[kind] = stored[key]
    library = str(next(pathlib.Path(folder).rglob(LIBRARY)))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for corpus in found.values():
            pieces = [coded for _, coded in sorted(corpus["audio"], key=lambda piece: piece[0])]
            corpus["audio"] = np.concatenate(list(pool.map(functools.partial(unpacked, library=library), pieces)))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the folder that corpora.py read; for votes and ratings")
    parser.add_argument("--work", required=True)
    parser.add_argument("--target", required=True, type=pathlib.Path, help="folder for the parts")
    arguments = parser.parse_args()
    pack(arguments.data, arguments.work, arguments.target)


if __name__ == "__main__":
    main()
