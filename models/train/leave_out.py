"""What networks make of a corpus that their training never heard, and how far such an answer can be trusted.

Reads `<work>/emotion-<variant>-without-<corpus>.pt`, which device.py left, and hears every one's own corpus: clean utterances of its training and
validation speakers, all of them strangers. Two ways to give it the scale of that archive need utterances of it, but no labels: statistics and
batch normalisation that take their means and deviations from them (AdaBN, Li et al. 2016), and logits less their mean over the archive.

Trust is the chance that a label is right, by a straight line of log-odds: log(p / (1 - p)) of the likeliest label → slope, offset. It is fitted on
strangers and, as much, on what the classifier to be published says of validation speakers, since nobody knows which of the two a user's voices are.
Prints and writes `<work>/leave-one-out.json`; its figures of a corpus use a line that was fitted without it.
"""

import argparse
import copy
import json
import pathlib

import numpy as np
import torch
from torch import nn

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import rounded
from . import emotion, emotion_measures
from .corpora import EMOTION_CORPORA, LABELS
from .device_variants import VARIANTS
from .emotion_network import EmotionNetwork

CONDITIONS = {"clean": (True, "original", None), "telephone": (True, "original", "telephone"), "noisy": (False, "nrser", None)}
ADAPTING_SECONDS, ADAPTING_ROWS = 2, 8
SUREST = 0.9999  # beyond, log-odds would be all rounding


def network_without(work, variant, corpus):
    """Its logits divided by the temperature of the classifier to be published, which `<work>/emotion.json` has."""
    network = EmotionNetwork()
    network.load_state_dict(torch.load(pathlib.Path(work) / f"emotion-{variant}-without-{corpus}.pt", map_location="cpu", weights_only=True))
    emotion_measures.cool(network, json.loads((pathlib.Path(work) / "emotion.json").read_text())["temperature"])
    return network.eval()


@torch.no_grad()
def adapted(network, waves):
    """A copy that has its scale from these utterances."""
    network = copy.deepcopy(network)
    measured = torch.cat([network.statistics.measure(*network.front_end(torch.from_numpy(wave)[None])) for wave in waves])
    network.statistics.mean.copy_(measured.mean(0))
    network.statistics.deviation.copy_(measured.std(0) + 1e-3)
    for layer in network.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.reset_running_stats()
            layer.momentum = None  # a plain mean over all batches
            layer.train()
    for at in range(0, len(waves) - ADAPTING_ROWS + 1, ADAPTING_ROWS):
        network.judges(torch.from_numpy(np.stack([np.resize(wave, ADAPTING_SECONDS * SAMPLE_RATE_HZ) for wave in waves[at:at + ADAPTING_ROWS]])))
    return network.eval()


@torch.no_grad()
def logits_of(network, waves):
    return torch.cat([network(torch.from_numpy(wave)[None])[0] for wave in waves])


def labelled(examples, corpus, condition, count, seed=0):
    """(waves, labels) of at most `count` utterances."""
    clean, arm, band = CONDITIONS[condition]
    rows = np.flatnonzero((examples.corpora == corpus) & (examples.clean == clean) & (examples.labels >= 0) & (examples.labels < len(LABELS)))
    rows = np.random.default_rng(seed).permutation(rows)[:count]
    return [examples.heard(row, arm, band) for row in rows], examples.labels[rows]


def answers(network, examples, corpus, count):
    """{condition: (logits, labels)} of one corpus."""
    heard = {condition: labelled(examples, corpus, condition, count) for condition in CONDITIONS}
    return {condition: (logits_of(network, waves), labels) for condition, (waves, labels) in heard.items()}


def recalls(network, waves, plain, labels):
    """Of an archive of clean utterances: as it is, which gave the logits `plain`, and on its own scale, two ways."""
    recall = lambda logits: emotion_measures.average_recall(logits.argmax(1).numpy(), labels)
    return {"asItIs": recall(plain), "scaleOfTheArchive": recall(logits_of(adapted(network, waves), waves)),
            "centredLogits": recall(plain - plain.mean(0))}


def log_odds(logits):
    likeliest = logits.softmax(1).amax(1).clamp_max(SUREST)
    return (likeliest / (1 - likeliest)).log().double().numpy()


def trust(logits, line):
    slope, offset = line
    return 1 / (1 + np.exp(-(slope * log_odds(logits) + offset)))


def right(logits, labels):
    return (logits.argmax(1).numpy() == labels).astype(float)


def fitted_line(heard):
    """(slope, offset) of most likelihood over these corpora, which count alike."""
    from sklearn.linear_model import LogisticRegression
    parts = [(log_odds(logits), right(logits, labels)) for conditions in heard for logits, labels in conditions.values()]
    weights = [np.full(len(labels), 1000 / sum(len(l) for _, l in conditions.values())) for conditions in heard for _, labels in conditions.values()]
    odds, hits = (np.concatenate(column) for column in zip(*parts))
    model = LogisticRegression(C=1e6).fit(odds[:, None], hits, sample_weight=np.concatenate(weights))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def judged(logits, labels, line):
    """Share right, in all and of the half that is trusted most; calibration errors of confidence and of trust."""
    hits, chance = right(logits, labels), trust(logits, line)
    half = np.argsort(-chance, kind="stable")[:len(chance) // 2]
    return {"right": hits.mean(), "rightOfTheTrustedHalf": hits[half].mean(),
            "calibrationErrorOfTrust": emotion_measures.error_of_chances(chance, hits),
            "calibrationErrorOfConfidence": emotion_measures.calibration_error(logits, labels)}


def measure(data, work, variant, count):
    examples, validation = (emotion.Examples(work, data, splits, "nrser") for splits in (["train", "validation"], ["validation"]))
    strange, known, recall, published = {}, {}, {}, emotion.load(work)
    for corpus in EMOTION_CORPORA:
        network = network_without(work, variant, corpus)
        strange[corpus] = answers(network, examples, corpus, count)
        recall[corpus] = recalls(network, labelled(examples, corpus, "clean", count)[0], *strange[corpus]["clean"])
        known[corpus] = answers(published, validation, corpus, count)
        print(corpus, rounded(recall[corpus]), flush=True)
    without = lambda corpus: fitted_line([heard[other] for heard in (strange, known) for other in heard if other != corpus])
    trusted = {kind: {corpus: judged(*answer["clean"], without(corpus)) for corpus, answer in heard.items()}
               for kind, heard in (("strangers", strange), ("validationSpeakers", known))}
    mean = lambda table: {key: float(np.mean([row[key] for row in table.values()])) for key in next(iter(table.values()))}
    return {"line": fitted_line([*strange.values(), *known.values()]), "recall": recall | {"mean": mean(recall)},
            "trust": {kind: table | {"mean": mean(table)} for kind, table in trusted.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the folder that corpora.py read")
    parser.add_argument("--work", required=True)
    parser.add_argument("--variant", default="plain", choices=VARIANTS)
    parser.add_argument("--count", type=int, default=400, help="utterances of each corpus, at most")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    result = rounded(measure(arguments.data, arguments.work, arguments.variant, arguments.count))
    (pathlib.Path(arguments.work) / "leave-one-out.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


if __name__ == "__main__":
    main()
