"""Packs what a training on another machine needs: parts below 60 MB that NumPy alone can read, since nothing else may be installed there.

Of the training speakers' clips (three in ten behind their codec) and the training noises: audio, and of emotional speech targets and ratings.
"""

import argparse
import pathlib
import zlib

import numpy as np

from ..shared import SAMPLE_RATE_HZ
from .corpora import EMOTION_CORPORA, NOISE, SPEECH, Corpus, ratings, soft_targets, split_of_noise, split_of_speaker, votes
from .mixing import CODED

PART_BYTES = 55_000_000
SLICE_SAMPLES = 30 * 60 * SAMPLE_RATE_HZ  # what is packed at a time
CAP_MINUTES = {"prompts": 40, "festvox": 30, "crowd-commands": 30, "music": 40}  # the emotional corpora and the other noises go whole


def packed(audio):
    """int16 as differences, low bytes and high bytes apart, deflated: about two thirds of the size, and exact."""
    steps = np.diff(audio, prepend=np.int16(0))  # wraps around, and back again when it is summed
    return np.frombuffer(zlib.compress(steps.view(np.uint8).reshape(-1, 2).T.tobytes(), 6), np.uint8)


def unpacked(stored):
    planes = np.frombuffer(zlib.decompress(stored.tobytes()), np.uint8).reshape(2, -1)
    return np.cumsum(np.ascontiguousarray(planes.T).view(np.int16)[:, 0], dtype=np.int16)


def training_clips(work, name):
    """(audio, ends, names) of the training split, up to the cap."""
    corpus = Corpus(work, name)
    coded = Corpus(work, name, coded=True) if name in SPEECH else corpus
    split = split_of_speaker if name in SPEECH else split_of_noise
    clips, names, left = [], [], CAP_MINUTES.get(name, 1e9) * 60 * SAMPLE_RATE_HZ
    indices = [i for i, clip in enumerate(corpus.names) if split(name, clip) == "train"]
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

    def close():
        nonlocal part, number
        np.savez(target / f"part-{number:02}.npz", **part)
        print(f"part-{number:02}.npz: {(target / f'part-{number:02}.npz').stat().st_size / 1e6:.1f} MB", flush=True)
        part, number = {}, number + 1

    for name in (*SPEECH, *NOISE):
        audio, ends, names = training_clips(work, name)
        rows = {f"{name}/ends": ends}
        if name in EMOTION_CORPORA:
            rows |= {f"{name}/targets": soft_targets(name, names, heard),
                     f"{name}/ratings": np.array([rated.get(n, (np.nan,) * 3) if name == "emotale" else (np.nan,) * 3 for n in names], np.float32)}
        for at in range(0, len(audio), SLICE_SAMPLES):
            piece = {f"{name}/audio/{at // SLICE_SAMPLES:03}": packed(np.array(audio[at:at + SLICE_SAMPLES]))}
            if sizes(part) + sizes(piece) + sizes(rows) > PART_BYTES:
                close()
            part |= piece | rows
            rows = {}
    close()


def load(folder):
    """{corpus: {"audio", "ends", "targets", "ratings"}} of all parts."""
    found = {}
    for path in sorted(pathlib.Path(folder).glob("part-*.npz")):
        with np.load(path) as stored:
            for key in stored.files:
                name, kind, *place = key.split("/")
                corpus = found.setdefault(name, {"audio": []})
                if place:
                    corpus["audio"].append((place[0], unpacked(stored[key])))
                else:
                    corpus[kind] = stored[key]
    for corpus in found.values():
        corpus["audio"] = np.concatenate([audio for _, audio in sorted(corpus["audio"], key=lambda piece: piece[0])])
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
