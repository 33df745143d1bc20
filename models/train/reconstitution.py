"""What the emotion block hears: y = S'·x + (1 − S')·x̂ of arXiv 2309.01164, made once per utterance and kept.

Each split becomes `<work>/reconstituted/<split>.npz` with one row per version of an utterance: `x` and `enhanced` (int16,
16 kHz, all rows one after the other, each row scaled to the same peak), `ends`, `weight` (S'), `oracle` (the weight that brings y
closest to the clean speech), `snrDb` (inf for clean), `corpora` and `names`.
"""

import argparse
import pathlib
import time

import numpy as np
import torch

import enhancer
import snr_level
from corpora import EMOTION_CORPORA, Corpus, label_of, split_of_speaker
from mixing import Sources, mix

PEAK = 30000
TRAINING_SNR_DB = (0.0, 25.0)
EVALUATION_SNR_DB = 5.0
MINIMUM_SAMPLES = 8000


def wanted(split, corpus, name):
    """Emotions that no model reports help it to learn, and EmoTale's are kept for their ratings."""
    return split == "train" or corpus == "emotale" or label_of(corpus, name) is not None


class Reconstituted:
    """The rows of one split or more; `reconstitute(row)` is float32, its level arbitrary."""

    def __init__(self, work, *splits):
        stored = [np.load(pathlib.Path(work) / "reconstituted" / f"{split}.npz") for split in splits]
        column = lambda name: np.concatenate([s[name] for s in stored])
        self.x, self.enhanced, self.weight, self.oracle, self.snr_db = (column(n) for n in ("x", "enhanced", "weight", "oracle", "snrDb"))
        self.corpora, self.names = [str(c) for c in column("corpora")], [str(n) for n in column("names")]
        self.ends = np.cumsum(np.concatenate([np.diff(s["ends"], prepend=0) for s in stored]))
        self.starts = np.concatenate([[0], self.ends[:-1]])

    def __len__(self):
        return len(self.names)

    def reconstitute(self, row, weight=None):
        """y of a row; `weight` takes the place of S' (1 is x itself, 0 is x̂)."""
        at = slice(self.starts[row], self.ends[row])
        weight = np.float32(np.clip(self.weight[row] if weight is None else weight, 0, 1))
        return ((weight * self.x[at] + (1 - weight) * self.enhanced[at]) / 32768).astype(np.float32)


def prepare(work, split, seed, versions):
    """One clean row per utterance, and `versions` noisy ones: anywhere in 0..25 dB for training, 5 dB elsewhere."""
    network, (block, _, mix_range) = enhancer.load(work), snr_level.load(work)
    sources, rows, begun = Sources(work, split), [], time.monotonic()
    for number, corpus in enumerate(Corpus(work, name) for name in EMOTION_CORPORA):
        for index, name in enumerate(corpus.names):
            if split_of_speaker(corpus.name, name) != split or not wanted(split, corpus.name, name) or len(corpus[index]) < MINIMUM_SAMPLES:
                continue
            random = np.random.default_rng((seed, number, index))
            for version in range(1 + versions):
                snr_db = np.inf if version == 0 else random.uniform(*TRAINING_SNR_DB) if split == "train" else EVALUATION_SNR_DB
                clean = torch.from_numpy(corpus[index])
                x = clean if version == 0 else torch.from_numpy(mix(corpus[index], sources.draw_noise(random, len(clean)), snr_db)).float()
                enhanced, score, oracle = snr_level.judged(network, block, clean, x)
                scale = PEAK / max(x.abs().max().item(), enhanced.abs().max().item(), 1e-6)
                weight = float(snr_level.mix_weight(score, mix_range))
                rows.append((corpus.name, name, snr_db, weight, oracle, (x * scale).short().numpy(), (enhanced * scale).short().numpy()))
    target = pathlib.Path(work) / "reconstituted" / f"{split}.npz"
    target.parent.mkdir(parents=True, exist_ok=True)
    columns = list(zip(*rows))
    np.savez(target, corpora=np.array(columns[0]), names=np.array(columns[1]), snrDb=np.array(columns[2]), weight=np.array(columns[3]),
             oracle=np.array(columns[4]), x=np.concatenate(columns[5]), enhanced=np.concatenate(columns[6]), ends=np.cumsum([len(x) for x in columns[5]]))
    print(f"{split}: {len(rows)} rows, {sum(len(x) for x in columns[5]) / 16000 / 60:.1f} min, made in {time.monotonic() - begun:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seed", type=int, default=20230901)
    parser.add_argument("--versions", type=int, default=2, help="noisy versions of each training utterance")
    parser.add_argument("--splits", nargs="+", default=["train", "validation", "test"])
    arguments = parser.parse_args()
    for split in arguments.splits:
        prepare(arguments.work, split, arguments.seed, arguments.versions if split == "train" else 1)


if __name__ == "__main__":
    main()
