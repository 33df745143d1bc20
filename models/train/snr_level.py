"""The SNR-level block of arXiv 2309.01164: how alike x and x̂ are per frequency bin, and one dense layer that makes S of it.

Trained on the two extremes alone, clean speech = 1 and noise only = 0. Mean squared error with an L2 penalty is ridge
regression, which is solved in closed form instead of by descent.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import rounded
from ..shared.similarity import DenseSnrLevel, similarity_by_bin
from . import enhancer
from .blocks import enhance_blocks
from .channels import Channel, above_rumble
from .mixing import Sources, mix

PENALTIES = np.logspace(-4, 3, 15)
SNRS_DB = (-10, -5, 0, 5, 10, 15, 20, 25, 30)
UNTOUCHED, LEAST_MIX_RANGE = 0.95, 0.05  # share of clean speech that the mix leaves alone; so that S' still slides
MIX_EXCERPTS = 100  # per SNR, of validation
KEPT_AT_0_DB = 0.975  # half way between the 95 % asked for and all: 166 excerpts tell the share within about 3 points
QUARTER_SECOND = SAMPLE_RATE_HZ // 4
CHANNELS = 0.5  # share of the training excerpts that come through one


def heard(x, enhanced):
    """x and x̂ [samples] as they are scored: [1, samples] each, without what lies below voices."""
    return tuple(torch.from_numpy(above_rumble(signal.numpy()))[None] for signal in (x, enhanced))


def features(network, x):
    """[403]: the similarities, and how many dB of x the enhancer kept, which only the gate looks at."""
    x = torch.from_numpy(np.ascontiguousarray(x)).float()
    x, enhanced = heard(x, enhance_blocks(network, x))
    kept_db = 10 * torch.log10((enhanced.double() ** 2).sum() / (x.double() ** 2).sum().clamp_min(1e-12) + 1e-12)
    return np.append(similarity_by_bin(x, enhanced)[0].numpy(), kept_db.numpy())


def excerpt_of(sources, random, snr_db):
    """2-10 s in steps of 0.25 s: clean speech for None, noise alone for -inf, otherwise a mixture; of the training split, half behind a channel."""
    count = int(random.integers(8, 41)) * QUARTER_SECOND
    noise = None if snr_db is None else sources.draw_noise(random, count)
    x = noise if snr_db == -np.inf else sources.draw_speech(random, count)
    x = x if snr_db in (None, -np.inf) else mix(x, noise, snr_db)
    return Channel(random, x).recorded(x) if sources.augment and random.random() < CHANNELS else x


def excerpts(network, sources, seed, wanted):
    """{kind: [count, 403]} for `wanted` = {kind: count}; a kind is an SNR in dB, None or -inf. Every SNR mixes the same pairs."""
    return {kind: np.stack([features(network, excerpt_of(sources, np.random.default_rng((*seed, min(number, 2), i)), kind)) for i in range(count)])
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


def gate(scores, kept):
    """(least S, least dB kept) that together keep 95 % of the speech at 0 dB and reject the most noise; (least S, None) for S alone."""
    alone = float(np.quantile(scores[0], 1 - KEPT_AT_0_DB, method="lower"))
    tried = [(alone, None, rejected(scores, kept, alone, None))]
    for lost in np.linspace(0, 1 - KEPT_AT_0_DB, 26):
        least_db = float(np.floor(np.quantile(kept[0], lost, method="lower") * 100) / 100)
        left = np.sort(scores[0][kept[0] >= least_db])
        spare = len(left) - int(np.ceil(KEPT_AT_0_DB * len(scores[0])))
        if spare >= 0:
            least = float(np.floor(left[spare] * 1000) / 1000)
            tried.append((least, least_db, rejected(scores, kept, least, least_db)))
    best = max(tried, key=lambda t: t[2])
    return (alone, None), best[:2]


def passes(scores, kept, kind, least, least_db):
    return (scores[kind] >= least) & ((kept[kind] >= least_db) if least_db is not None else True)


def rejected(scores, kept, least, least_db):
    return float(1 - passes(scores, kept, -np.inf, least, least_db).mean())


def best_extremes(scores):
    """The threshold that best tells clean speech from noise alone."""
    candidates = np.sort(np.concatenate([scores[None], scores[-np.inf]]))
    middles = (candidates[1:] + candidates[:-1]) / 2
    return float(max(middles, key=lambda t: accuracy(scores, t)))


def accuracy(scores, threshold):
    return float(((scores[None] >= threshold).mean() + (scores[-np.inf] < threshold).mean()) / 2)


def report(scores, kept, alone, both, extremes):
    def shares(least, least_db):
        return {"noiseRejectedFraction": rejected(scores, kept, least, least_db),
                "speechKeptFraction": {"clean": float(passes(scores, kept, None, least, least_db).mean()),
                                       **{f"{snr}dB": float(passes(scores, kept, snr, least, least_db).mean()) for snr in SNRS_DB if snr in scores}}}
    return {
        "accuracyCleanVersusNoise": {"atBestValidationThreshold": accuracy(scores, extremes), "bestValidationThreshold": extremes,
                                     "at0.6": accuracy(scores, 0.6)},
        "gate": shares(*both), "gateByScoreAlone": shares(*alone),
        "meanScore": {"noise": float(scores[-np.inf].mean()), **{f"{snr}dB": float(scores[snr].mean()) for snr in SNRS_DB if snr in scores},
                      "clean": float(scores[None].mean())},
        "excerpts": {"extremesEach": len(scores[None]), "perSnr": len(scores[0])},
    }


def train(work, seed, extremes, mixtures):
    begun = time.monotonic()
    network = enhancer.load(work)
    third = extremes // 3
    wanted = {"train": {None: extremes, -np.inf: extremes}, "validation": {None: third, -np.inf: third, 0: third},
              "test": {None: third, -np.inf: third, **{snr: mixtures for snr in SNRS_DB}}}
    sets = {split: excerpts(network, Sources(work, split), (seed, i), wanted[split]) for i, split in enumerate(wanted)}
    kept = {split: {kind: rows[:, -1] for kind, rows in excerpts.items()} for split, excerpts in sets.items()}
    sets = {split: {kind: rows[:, :-1] for kind, rows in excerpts.items()} for split, excerpts in sets.items()}
    inputs = np.concatenate([sets["train"][None], sets["train"][-np.inf]]).astype(np.float64)
    targets = np.concatenate([np.ones(extremes), np.zeros(extremes)])

    def scores_of(split, weights, bias):
        return {kind: rows @ weights + bias for kind, rows in sets[split].items()}

    def loss(penalty):
        scores = scores_of("validation", *ridge(inputs, targets, penalty))
        return ((scores[None] - 1) ** 2).mean() + (scores[-np.inf] ** 2).mean()

    penalty = float(min(PENALTIES, key=loss))
    weights, bias = ridge(inputs, targets, penalty)
    validation, test = scores_of("validation", weights, bias), scores_of("test", weights, bias)
    alone, both = gate(validation, kept["validation"])
    best = best_extremes(validation)
    block = DenseSnrLevel()
    block.dense.weight.data = torch.from_numpy(weights).float()[None]
    block.dense.bias.data = torch.tensor([bias]).float()
    mix_range = fit_mix_range(scores_and_oracles(network, block, Sources(work, "validation"), (seed, 7), MIX_EXCERPTS))
    torch.save({"network": block.state_dict(), "threshold": both[0], "keptEnergyDb": both[1], "mixRange": mix_range},
               pathlib.Path(work) / "snr-level.pt")
    result = rounded({"noiseThreshold": both[0], "keptEnergyThresholdDb": both[1], "mixRange": list(mix_range),
                      "noiseThresholdByScoreAlone": alone[0], "penalty": penalty, "trainingExcerpts": 2 * extremes,
                      "seconds": round(time.monotonic() - begun),
                      "validation": report(validation, kept["validation"], alone, both, best),
                      "test": report(test, kept["test"], alone, both, best)})
    (pathlib.Path(work) / "snr-level.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def load(work):
    """(block, what its gate needs: the least S and the least energy kept in dB, or None; the range of `mix_weight`)."""
    stored = torch.load(pathlib.Path(work) / "snr-level.pt", map_location="cpu")
    block = DenseSnrLevel()
    block.load_state_dict(stored["network"])
    return block.eval(), (stored["threshold"], stored["keptEnergyDb"]), stored["mixRange"]


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
