"""What an emotion classifier makes of utterances: recall, calibration, concordance, and votes; by which a checkpoint is chosen."""

import numpy as np
import torch
from torch.nn import functional

from .corpora import EMOTION_CORPORA, LABELS

NO_LABEL = -100
CALIBRATION_BINS = 10
# What is heard at evaluation: (clean rows?, weight of the original, band).
CONDITIONS = {"clean": (True, "original", None), "cleanReconstituted": (True, "nrser", None), "telephone": (True, "original", "telephone"),
              "noisy5dB": (False, "original", None), "enhanced5dB": (False, "enhanced", None), "reconstituted5dB": (False, "nrser", None)}
CHOOSING = ("cleanReconstituted", "telephone", "reconstituted5dB")  # by which a checkpoint is judged


def concordance(estimate, wanted):
    """Lin's concordance correlation coefficient per column of [rows, 3]."""
    a, b = estimate - estimate.mean(0), wanted - wanted.mean(0)
    return 2 * (a * b).mean(0) / ((a ** 2).mean(0) + (b ** 2).mean(0) + (estimate.mean(0) - wanted.mean(0)) ** 2 + 1e-8)


@torch.no_grad()
def predict(network, examples, rows, arm, band=None):
    """(logits, attributes) of these rows, whole utterances one by one."""
    network.eval()
    outputs = [network(torch.from_numpy(examples.heard(row, arm, band))[None]) for row in rows]
    return torch.cat([o[0] for o in outputs]), torch.cat([o[1] for o in outputs])


def average_recall(predicted, labels):
    return float(np.mean([(predicted[labels == label] == label).mean() for label in np.unique(labels)]))


def calibration_error(logits, labels):
    """Expected calibration error of confidence."""
    confidence, predicted = logits.softmax(1).max(1)
    return error_of_chances(confidence.numpy(), predicted.numpy() == labels)


def error_of_chances(chance, right):
    """Expected calibration error of chances of being right, over ten equal bins."""
    bins = np.minimum((chance * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return float(sum(abs(chance[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


def recalls(predicted, labels, corpora):
    """Per corpus, their mean, and pooled."""
    rows = {corpus: (labels != NO_LABEL) & (corpora == corpus) for corpus in EMOTION_CORPORA if (corpora == corpus).any()}
    found = {name: average_recall(predicted[at], labels[at]) for name, at in rows.items()}
    known = labels != NO_LABEL
    return found | {"mean": float(np.mean(list(found.values()))), "pooled": average_recall(predicted[known], labels[known])}


def against_votes(logits, counts):
    """Mean cross-entropy in nats against listeners who chose one of LABELS, and that of always saying how often they choose each."""
    chose = counts[:, :len(LABELS)]
    wanted = chose[chose.sum(1) > 0] / chose[chose.sum(1) > 0].sum(1, keepdims=True)
    guessed = logits.log_softmax(1).numpy()[chose.sum(1) > 0]
    prior = wanted.mean(0)[wanted.mean(0) > 0]
    return {"crossEntropy": float(-(wanted * guessed).sum(1).mean()), "ofPrior": float(-(prior * np.log(prior)).sum())}


def measure(network, examples, clean, arm, band=None):
    """What a network makes of every clean or every noisy row."""
    rows = np.flatnonzero(examples.clean == clean)
    logits, attributes = predict(network, examples, rows, arm, band)
    labels, known, rated = examples.labels[rows], examples.labels[rows] != NO_LABEL, ~np.isnan(examples.ratings[rows, 0])
    ccc = concordance(attributes[rated].double(), torch.from_numpy(examples.ratings[rows][rated]).double()).tolist() if rated.any() else [0.0] * 3
    voted = examples.corpora[rows] == "crema-d"
    return {
        "unweightedAverageRecall": recalls(logits.argmax(1).numpy(), labels, examples.corpora[rows]),
        "expectedCalibrationError": calibration_error(logits[known], labels[known]),
        "concordanceCorrelation": dict(zip(("arousal", "valence", "dominance"), ccc)),
        **({"votes": against_votes(logits[voted], examples.votes[rows][voted])} if voted.any() else {}),
        "utterances": int(known.sum()),
    }


def evaluate(network, examples, conditions=tuple(CONDITIONS), heard_as=None):
    """By condition, with what each of them hears, or what the arm `heard_as` does."""
    found = {}
    for name in conditions:
        clean, arm, band = CONDITIONS[name]
        found[name] = measure(network, examples, clean, heard_as or arm, band)
    return found


def merit(result):
    """What the checkpoint is chosen by: the mean of recalls over corpora in every condition, with a little weight on the attributes."""
    recall = np.mean([r["unweightedAverageRecall"]["mean"] for r in result.values()])
    return float(recall + 0.1 * np.mean([np.mean(list(r["concordanceCorrelation"].values())) for r in result.values()]))


def best_temperature(network, examples):
    """The one with the least cross-entropy on noisy validation rows.

    On noisy ones alone, because the checkpoint was chosen by these speakers: on clean ones it is surer of itself than it may be of strangers.
    """
    rows = np.flatnonzero(~examples.clean)
    logits, _ = predict(network, examples, rows, examples.arm)
    labels = torch.from_numpy(examples.labels[rows])
    return float(min(np.exp(np.linspace(np.log(0.2), np.log(5), 200)),
                     key=lambda t: functional.cross_entropy(logits / t, labels, ignore_index=NO_LABEL).item()))


def cool(network, temperature):
    """Divides the logits, inside the last layers."""
    for layer in network.emotion:
        layer.weight.data /= temperature
        layer.bias.data /= temperature
