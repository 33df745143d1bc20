"""The SNR-level block of arXiv 2309.01164: how alike x and x̂ are per frequency bin, and one dense layer that makes S of it.

Trained on the two extremes alone, clean speech = 1 and noise only = 0. Mean squared error with an L2 penalty is ridge
regression, which is solved in closed form instead of by descent. The gate asks for S, and for what the detector of speech.py says, which was
trained before.
"""

import argparse
import collections
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import rounded
from ..shared.similarity import DenseSnrLevel, similarity_by_bin
from . import enhancer, speech
from .blocks import enhance_blocks
from .channels import BANDS, Channel, above_rumble, band_limited
from .corpora import ESC_FOLDS, Corpus, fold_of
from .mixing import Sources, mix

PENALTIES = np.logspace(-4, 3, 15)
SNRS_DB = (-10, -5, 0, 5, 10, 15, 20, 25, 30)
UNTOUCHED, LEAST_MIX_RANGE = 0.95, 0.05  # share of clean speech that the mix leaves alone; so that S' still slides
MIX_EXCERPTS = 100  # per SNR, of validation
KEPT_AT_0_DB = 0.975  # half way between the 95 % asked for and all: 166 excerpts tell the share within about 3 points
EVEN_ODDS = 0.0
TELEPHONE = "telephone"  # a kind of excerpt: speech at 0 dB in that band
QUARTER_SECOND = SAMPLE_RATE_HZ // 4
CHANNELS = 0.5  # share of the training excerpts that come through one


def heard(x, enhanced):
    """x and x̂ [samples] as they are scored: [1, samples] each, without what lies below voices."""
    return tuple(torch.from_numpy(above_rumble(signal.numpy()))[None] for signal in (x, enhanced))


class Gate(collections.namedtuple("Gate", "least leastDb leastOdds")):
    """Speech is what has this S, this share of its energy kept and these log-odds, at least; None asks nothing."""

    def passes(self, seen):
        """Of {"score", "kept", "odds"}, arrays of excerpts: which."""
        asked = ((seen["score"], self.least), (seen["kept"], self.leastDb), (seen["odds"], self.leastOdds))
        return np.logical_and.reduce([values >= (-np.inf if least is None else least) for values, least in asked])


@torch.no_grad()
def features(network, detector, x):
    """[404]: the similarities, and what only the gate looks at: how many dB of x the enhancer kept, and log-odds of speech."""
    x = torch.from_numpy(np.ascontiguousarray(x)).float()
    x, enhanced = heard(x, enhance_blocks(network, x))
    kept_db = 10 * torch.log10((enhanced.double() ** 2).sum() / (x.double() ** 2).sum().clamp_min(1e-12) + 1e-12)
    return np.concatenate([similarity_by_bin(x, enhanced)[0].numpy(), [kept_db.item(), detector(speech.power(x, enhanced)).item()]])


def excerpt_of(sources, random, kind):
    """2-10 s in steps of 0.25 s: clean speech for None, noise alone for -inf, otherwise a mixture; of the training split, half behind a channel."""
    count = int(random.integers(8, 41)) * QUARTER_SECOND
    noise = None if kind is None else sources.draw_noise(random, count)
    x = noise if kind == -np.inf else sources.draw_speech(random, count)
    x = x if kind in (None, -np.inf) else mix(x, noise, 0 if kind == TELEPHONE else kind)
    x = band_limited(x, *BANDS[TELEPHONE]) if kind == TELEPHONE else x
    return Channel(random, x).recorded(x) if sources.augment and random.random() < CHANNELS else x


def excerpts(network, detector, sources, seed, wanted):
    """{kind: [count, 404]} for `wanted` = {kind: count}; a kind is an SNR in dB, None, -inf or TELEPHONE. Every SNR mixes the same pairs."""
    drawn = lambda number, kind, i: excerpt_of(sources, np.random.default_rng((*seed, min(number, 2), i)), kind)
    return {kind: np.stack([features(network, detector, drawn(number, kind, i)) for i in range(count)])
            for number, (kind, count) in enumerate(wanted.items())}


def oracle_weight(clean, x, enhanced):
    """argmin over w of |s - (w·x + (1 - w)·x̂)|², in [0, 1]; 1 where nothing was changed."""
    change = (x - enhanced).double()
    square = (change ** 2).sum()
    return float((((clean - enhanced).double() * change).sum() / square).clamp(0, 1)) if square > 0 else 1.0


def mix_weight(score, mix_range):
    """S': 0 up to the lower end of the range, 1 from its upper end, straight between; arXiv 2309.01164 has the range (0, 1)."""
    low, high = mix_range
    return np.clip((np.asarray(score) - low) / (high - low), 0, 1)


@torch.no_grad()
def judged(network, block, clean, x):
    """(x̂, S, the best weight) of x [samples], which holds the speech `clean`."""
    enhanced = enhance_blocks(network, x)
    return enhanced, block(similarity_by_bin(*heard(x, enhanced))).item(), oracle_weight(clean, x, enhanced)


def scores_and_oracles(network, block, sources, seed, count):
    """{kind: ([count] S, [count] best weights)} of clean speech (None) and of the same speech at every SNR."""
    found = {}
    for kind in (None, *SNRS_DB):
        pairs = []
        for i in range(count):
            random = np.random.default_rng((*seed, i))
            samples = int(random.integers(8, 41)) * QUARTER_SECOND
            clean, noise = sources.draw_speech(random, samples), sources.draw_noise(random, samples)
            x, clean = (torch.from_numpy(np.ascontiguousarray(a)).float() for a in (clean if kind is None else mix(clean, noise, kind), clean))
            pairs.append(judged(network, block, clean, x)[1:])
        found[kind] = np.array(pairs).T
    return found


def fit_mix_range(found):
    """(low, high) of `mix_weight`: from `high` on clean speech passes untouched; `low` is the nearest to the best weights, in least squares.

    Clean speech counts as much as all mixtures together.
    """
    high = float(np.floor(np.quantile(found[None][0], 1 - UNTOUCHED) * 100) / 100)
    share = {kind: 0.5 if kind is None else 0.5 / (len(found) - 1) for kind in found}
    error = lambda low: sum(share[kind] * ((mix_weight(scores, (low, high)) - best) ** 2).mean() for kind, (scores, best) in found.items())
    return min(np.round(np.arange(0, high - LEAST_MIX_RANGE + 1e-9, 0.01), 2).tolist(), key=error), high


def ridge(inputs, targets, penalty):
    """Weights and bias that minimise |Xw + b - t|² + penalty·|w|²; the bias is free."""
    centre, mean = inputs.mean(0), targets.mean()
    centred = inputs - centre
    weights = np.linalg.solve(centred.T @ centred + penalty * np.eye(inputs.shape[1]), centred.T @ (targets - mean))
    return weights, mean - centre @ weights


def gate(seen):
    """(the gate; S and energy alone; S alone), of {kind: {...}} of validation.

    The first asks the detector for even odds, whose training had as much speech as noise, and of S no more than all speech at 0 dB has, in full band
    and in that of a telephone. The others keep 97.5 % of both and reject the most noise: what the detector is held against.
    """
    kinds = (seen[0], seen[TELEPHONE])
    lowest = lambda name, share: min(floored(np.quantile(kind[name], share, method="lower")) for kind in kinds)

    def with_energy(least_db):
        """With the highest S that still keeps enough of both; None if the energy alone refuses too much."""
        found = []
        for kind in kinds:
            left = np.sort(kind["score"][kind["kept"] >= least_db])
            spare = len(left) - int(np.ceil(KEPT_AT_0_DB * len(kind["score"])))
            if spare < 0:
                return None
            found.append(floored(left[spare]))
        return Gate(min(found), least_db, None)

    tried = [with_energy(lowest("kept", share)) for share in np.linspace(0, 1 - KEPT_AT_0_DB, 26)]
    without = max((made for made in tried if made is not None), key=lambda made: rejected(seen, made))
    return Gate(lowest("score", 0), None, EVEN_ODDS), without, Gate(lowest("score", 1 - KEPT_AT_0_DB), None, None)


def floored(value):
    return float(np.floor(value * 1000) / 1000)


def rejected(seen, made):
    return float(1 - made.passes(seen[-np.inf]).mean())


def best_extremes(scores):
    """The threshold that best tells clean speech from noise alone."""
    candidates = np.sort(np.concatenate([scores[None], scores[-np.inf]]))
    middles = (candidates[1:] + candidates[:-1]) / 2
    return float(max(middles, key=lambda t: accuracy(scores, t)))


def accuracy(scores, threshold):
    return float(((scores[None] >= threshold).mean() + (scores[-np.inf] < threshold).mean()) / 2)


def report(seen, gates, extremes):
    """`gates` by name."""
    scores = {kind: values["score"] for kind, values in seen.items()}
    names = {None: "clean", TELEPHONE: "0dBTelephone", **{snr: f"{snr}dB" for snr in SNRS_DB}}
    shares = {name: {"noiseRejectedFraction": rejected(seen, made),
                     "speechKeptFraction": {label: float(made.passes(seen[kind]).mean()) for kind, label in names.items() if kind in seen}}
              for name, made in gates.items()}
    return {
        "accuracyCleanVersusNoise": {"atBestValidationThreshold": accuracy(scores, extremes), "bestValidationThreshold": extremes,
                                     "at0.6": accuracy(scores, 0.6)},
        **shares,
        "meanScore": {"noise": float(scores[-np.inf].mean()), **{f"{snr}dB": float(scores[snr].mean()) for snr in SNRS_DB if snr in scores},
                      "clean": float(scores[None].mean())},
        "excerpts": {"extremesEach": len(scores[None]), "perSnr": len(scores[0])},
    }


def cross_validated(work, network, block, made):
    """Of every clip of ESC-10, heard by the detector that was trained without its fold: share rejected by class, and of all. None without those."""
    if not all((pathlib.Path(work) / f"speech-without-{fold}.pt").exists() for fold in ESC_FOLDS):
        return None
    corpus, found = Corpus(work, "esc10"), collections.defaultdict(list)
    detectors = {fold: speech.load(work, f"speech-without-{fold}") for fold in ESC_FOLDS}
    for index, name in enumerate(corpus.names):
        row = features(network, detectors[fold_of(name)], corpus[index])
        seen = observed(row[None], *parameters(block))
        found[name.split("/")[0]].append(not made.passes(seen)[0])
    return {"clips": len(corpus), "noiseRejectedFraction": float(np.mean(sum(found.values(), []))),
            "byClass": {name: float(np.mean(each)) for name, each in found.items()}}


class WithDetector(nn.Module):
    """Block and detector as one graph."""

    def __init__(self, block, detector):
        super().__init__()
        self.block, self.detector = block, detector

    def forward(self, similarities, power):
        """[batch, 402] and [batch, 2, frames, 201] → S and log-odds of speech, both [batch]."""
        return self.block(similarities), self.detector(power)


def parameters(block):
    """(weights, bias)."""
    return block.dense.weight.detach()[0].numpy().astype(np.float64), block.dense.bias.item()


def observed(rows, weights, bias):
    """{"score", "kept", "odds"} of [count, 404]."""
    return {"score": rows[:, :-2] @ weights + bias, "kept": rows[:, -2], "odds": rows[:, -1]}


def train(work, seed, extremes, mixtures):
    begun = time.monotonic()
    network, detector = enhancer.load(work), speech.load(work)
    third = extremes // 3
    wanted = {"train": {None: extremes, -np.inf: extremes}, "validation": {None: third, -np.inf: third, 0: third, TELEPHONE: third},
              "test": {None: third, -np.inf: third, **{snr: mixtures for snr in SNRS_DB}, TELEPHONE: mixtures}}
    sets = {split: excerpts(network, detector, Sources(work, split), (seed, i), wanted[split]) for i, split in enumerate(wanted)}
    inputs = np.concatenate([sets["train"][None], sets["train"][-np.inf]])[:, :-2].astype(np.float64)
    targets = np.concatenate([np.ones(extremes), np.zeros(extremes)])

    def seen_of(split, weights, bias):
        return {kind: observed(rows, weights, bias) for kind, rows in sets[split].items()}

    def loss(penalty):
        seen = seen_of("validation", *ridge(inputs, targets, penalty))
        return ((seen[None]["score"] - 1) ** 2).mean() + (seen[-np.inf]["score"] ** 2).mean()

    penalty = float(min(PENALTIES, key=loss))
    weights, bias = ridge(inputs, targets, penalty)
    validation, test = seen_of("validation", weights, bias), seen_of("test", weights, bias)
    gates = dict(zip(("gate", "gateWithoutDetector", "gateByScoreAlone"), gate(validation)))
    best = best_extremes({kind: values["score"] for kind, values in validation.items()})
    block = DenseSnrLevel()
    block.dense.weight.data = torch.from_numpy(weights).float()[None]
    block.dense.bias.data = torch.tensor([bias]).float()
    mix_range = fit_mix_range(scores_and_oracles(network, block, Sources(work, "validation"), (seed, 7), MIX_EXCERPTS))
    torch.save({"network": block.state_dict(), "gate": tuple(gates["gate"]), "mixRange": mix_range}, pathlib.Path(work) / "snr-level.pt")
    result = rounded({"gate": gates["gate"]._asdict(), "mixRange": list(mix_range), "gateWithoutDetector": gates["gateWithoutDetector"]._asdict(),
                      "noiseThresholdByScoreAlone": gates["gateByScoreAlone"].least, "penalty": penalty, "trainingExcerpts": 2 * extremes,
                      "seconds": round(time.monotonic() - begun),
                      "validation": report(validation, gates, best), "test": report(test, gates, best),
                      "crossValidatedOverFoldsOfEsc10": cross_validated(work, network, block, gates["gate"])})
    (pathlib.Path(work) / "snr-level.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def load(work):
    """(block, its gate, the range of `mix_weight`)."""
    stored = torch.load(pathlib.Path(work) / "snr-level.pt", map_location="cpu")
    block = DenseSnrLevel()
    block.load_state_dict(stored["network"])
    return block.eval(), Gate(*stored["gate"]), stored["mixRange"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--seed", type=int, default=20230901)
    parser.add_argument("--extremes", type=int, default=500, help="excerpts of clean speech to train on, and as many of noise")
    parser.add_argument("--mixtures", type=int, default=60, help="test excerpts per SNR")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    train(arguments.work, arguments.seed, arguments.extremes, arguments.mixtures)


if __name__ == "__main__":
    main()
