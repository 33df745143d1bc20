"""What the emotion block hears: y = S'·x + (1 − S')·x̂ of arXiv 2309.01164, made once per utterance and kept.

Each corpus's share of a split becomes `<work>/reconstituted/<split>-<corpus>-{x,enhanced}.npy` (int16, 16 kHz, one row per version of an
utterance, all rows one after the other, each row scaled to the same peak) and `<split>-<corpus>.npz` with the rows' `ends`, `weight` (S'),
`oracle` (the weight that brings y closest to the clean speech), `snrDb` (inf for clean) and `names`.
"""

import argparse
import pathlib
import time

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from . import enhancer, snr_level
from .channels import Channel
from .corpora import EMOTION_CORPORA, Corpus, label_of, split_of_speaker
from .mixing import CODED, Sources, mix

PEAK = 30000
TRAINING_SNR_DB = (0.0, 25.0)
EVALUATION_SNR_DB = 5.0
CHANNELS = 0.4  # share of the noisy training versions that come through a channel before they are enhanced
MINIMUM_SAMPLES = 8000


def wanted(split, corpus, name):
    """Emotions that no model reports help it to learn, and EmoTale's are kept for their ratings."""
    return split == "train" or corpus == "emotale" or label_of(corpus, name) is not None


class Reconstituted:
    """The rows of one split or more; `reconstitute(row)` is float32, its level arbitrary."""

    def __init__(self, work, *splits):
        folder = pathlib.Path(work) / "reconstituted"
        parts = [(f"{split}-{corpus}", corpus) for split in splits for corpus in EMOTION_CORPORA if (folder / f"{split}-{corpus}.npz").exists()]
        stored = [np.load(folder / f"{part}.npz") for part, _ in parts]
        self.signals = [[np.load(folder / f"{part}-{kind}.npy", mmap_mode="r") for kind in ("x", "enhanced")] for part, _ in parts]
        column = lambda name: np.concatenate([s[name] for s in stored])
        self.weight, self.oracle, self.snr_db, self.ends = (column(n) for n in ("weight", "oracle", "snrDb", "ends"))
        self.starts = np.concatenate([np.concatenate([[0], s["ends"][:-1]]) for s in stored])
        self.part = np.concatenate([np.full(len(s["ends"]), number) for number, s in enumerate(stored)])
        self.corpora, self.names = [parts[number][1] for number in self.part], [str(n) for n in column("names")]

    def __len__(self):
        return len(self.names)

    def reconstitute(self, row, weight=None):
        """y of a row; `weight` takes the place of S' (1 is x itself, 0 is x̂)."""
        at = slice(self.starts[row], self.ends[row])
        x, enhanced = self.signals[self.part[row]]
        weight = np.float32(np.clip(self.weight[row] if weight is None else weight, 0, 1))
        return ((weight * x[at] + (1 - weight) * enhanced[at]) / 32768).astype(np.float32)


def version_of(sources, random, clean, snr_db):
    """(x, the speech in it): clean speech as it is; with noise, and in training, now and then, as a channel leaves it."""
    if np.isinf(snr_db):
        return clean, clean
    x = mix(clean, sources.draw_noise(random, len(clean)), snr_db)
    if not sources.augment or random.random() >= CHANNELS:
        return x, clean
    channel = Channel(random, x)
    return channel.recorded(x), channel(clean)


def prepare(work, split, name, seed, versions, most=None):
    """Of each utterance of a corpus, or of `most`, one clean row and `versions` noisy ones: anywhere in 0..25 dB for training, 5 dB elsewhere."""
    network, (block, _, mix_range) = enhancer.load(work), snr_level.load(work)
    sources, corpus, rows, begun = Sources(work, split), Corpus(work, name), [], time.monotonic()
    coded, number = Corpus(work, name, coded=True), EMOTION_CORPORA.index(name)
    taken = [index for index, clip in enumerate(corpus.names)
             if split_of_speaker(name, clip) == split and wanted(split, name, clip) and len(corpus[index]) >= MINIMUM_SAMPLES]
    for index in sorted(np.random.default_rng(seed).permutation(taken)[:most]):
        clip = corpus.names[index]
        random = np.random.default_rng((seed, number, index))
        for version in range(1 + versions):
            snr_db = np.inf if version == 0 else random.uniform(*TRAINING_SNR_DB) if split == "train" else EVALUATION_SNR_DB
            said = coded if version > 0 and split == "train" and random.random() < CODED else corpus
            x, clean = (torch.from_numpy(np.ascontiguousarray(s)).float() for s in version_of(sources, random, said[index], snr_db))
            enhanced, score, oracle = snr_level.judged(network, block, clean, x)
            scale = PEAK / max(x.abs().max().item(), enhanced.abs().max().item(), 1e-6)
            weight = float(snr_level.mix_weight(score, mix_range))
            rows.append((clip, snr_db, weight, oracle, (x * scale).short().numpy(), (enhanced * scale).short().numpy()))
    folder = pathlib.Path(work) / "reconstituted"
    folder.mkdir(parents=True, exist_ok=True)
    columns = list(zip(*rows))
    for kind, signals in zip(("x", "enhanced"), columns[4:]):
        np.save(folder / f"{split}-{name}-{kind}.npy", np.concatenate(signals))
    np.savez(folder / f"{split}-{name}.npz", names=np.array(columns[0]), snrDb=np.array(columns[1]), weight=np.array(columns[2]),
             oracle=np.array(columns[3]), ends=np.cumsum([len(x) for x in columns[4]]))
    minutes = sum(len(x) for x in columns[4]) / SAMPLE_RATE_HZ / 60
    print(f"{split} {name}: {len(rows)} rows, {minutes:.1f} min, made in {time.monotonic() - begun:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seed", type=int, default=20230901)
    parser.add_argument("--versions", type=int, default=2, help="noisy versions of each training utterance")
    parser.add_argument("--most", type=int, help="utterances of a corpus and a split, drawn; enough for leave_out.py")
    parser.add_argument("--splits", nargs="+", default=["train", "validation", "test"])
    parser.add_argument("--corpora", nargs="+", default=EMOTION_CORPORA)
    arguments = parser.parse_args()
    for split in arguments.splits:
        for corpus in arguments.corpora:
            prepare(arguments.work, split, corpus, arguments.seed, arguments.versions if split == "train" else 1, arguments.most)


if __name__ == "__main__":
    main()
