"""Trains and measures the small emotion classifier on reconstituted speech of three acted corpora in three languages."""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from corpora import EMOTION_CORPORA, LABELS, SAMPLE_RATE_HZ, label_of, ratings
from emotion_network import EmotionNetwork, multiply_accumulates
from mixing import equalised, resampled
from reconstitution import Reconstituted
from snr_level import rounded

ODDS = {"emodb": 0.3, "ased": 0.4, "emotale": 0.3}
BATCH, LEARNING_RATE, AVERAGING = 32, 2e-3, 0.995
NO_LABEL = -100
CALIBRATION_BINS = 10
# What is heard at evaluation: (clean rows?, weight of the original).
CONDITIONS = {"clean": (True, "original"), "cleanReconstituted": (True, "nrser"), "noisy5dB": (False, "original"), "enhanced5dB": (False, "enhanced"),
              "reconstituted5dB": (False, "nrser")}
ARMS = ("original", "enhanced", "nrser", "oracle")


class Examples:
    """Rows of a split with their label (or NO_LABEL) and rating (or NaN)."""

    def __init__(self, work, data, split, arm):
        self.rows, self.arm = Reconstituted(work, split), arm
        rated = ratings(data)
        labels = [label_of(c, n) for c, n in zip(self.rows.corpora, self.rows.names)]
        self.labels = np.array([NO_LABEL if label is None else LABELS.index(label) for label in labels])
        self.ratings = np.array([rated.get(n, (np.nan,) * 3) if c == "emotale" else (np.nan,) * 3
                                 for c, n in zip(self.rows.corpora, self.rows.names)], np.float32)
        self.clean = np.isinf(self.rows.snr_db)
        self.corpora = np.array(self.rows.corpora)
        self.groups = {corpus: [[np.flatnonzero((self.corpora == corpus) & (self.labels == label) & (self.clean == clean)) for clean in (True, False)]
                                for label in sorted(set(self.labels[self.corpora == corpus]))] for corpus in EMOTION_CORPORA}

    def draw(self, random):
        """A row: corpus by ODDS, then emotions alike, then clean and noisy alike."""
        groups = self.groups[random.choice(EMOTION_CORPORA, p=[ODDS[c] for c in EMOTION_CORPORA])]
        rows = groups[random.integers(len(groups))][random.integers(2)]
        return int(rows[random.integers(len(rows))])

    def batch(self, random, size):
        """(waveforms [size, samples], labels, ratings): one length of 1-3 s for all, shorter clips repeated."""
        count = int(random.integers(SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ + 1))
        rows = [self.draw(random) for _ in range(size)]
        waves = np.stack([self.augmented(random, row, count) for row in rows])
        return torch.from_numpy(waves), torch.from_numpy(self.labels[rows]), torch.from_numpy(self.ratings[rows])

    def weight(self, row, arm):
        """Share of the original that an arm of the comparison hears."""
        return {"original": 1.0, "enhanced": 0.0, "nrser": self.rows.score[row], "oracle": self.rows.oracle[row]}[arm]

    def augmented(self, random, row, count):
        """Level needs no augmentation: the network's first step removes it."""
        jitter = random.uniform(-0.15, 0.15)
        y = self.rows.reconstitute(row, self.weight(row, self.arm) + (jitter if self.arm in ("nrser", "oracle") else 0))
        y = resampled(y, random.uniform(0.92, 1.09))
        y = np.tile(y, -(-count // len(y)))
        start = int(random.integers(0, len(y) - count + 1))
        y = y[start:start + count]
        return equalised(random, y, 8.0) if random.random() < 0.6 else y


def concordance(estimate, wanted):
    """Lin's concordance correlation coefficient per column of [rows, 3]."""
    a, b = estimate - estimate.mean(0), wanted - wanted.mean(0)
    return 2 * (a * b).mean(0) / ((a ** 2).mean(0) + (b ** 2).mean(0) + (estimate.mean(0) - wanted.mean(0)) ** 2 + 1e-8)


def loss_of(network, waves, labels, wanted):
    with torch.autocast("cpu", torch.bfloat16):  # twice as fast or more where the processor has it
        logits, attributes = (output.float() for output in network(waves))
    loss = functional.cross_entropy(logits, labels, ignore_index=NO_LABEL, label_smoothing=0.1)
    rated = ~wanted[:, 0].isnan()
    return loss + 1 - concordance(attributes[rated], wanted[rated]).mean() if rated.sum() > 3 else loss


@torch.no_grad()
def predict(network, examples, clean, arm):
    """(logits, attributes) of every clean or every noisy row, whole utterances one by one."""
    network.eval()
    outputs = [network(torch.from_numpy(examples.rows.reconstitute(row, examples.weight(row, arm)))[None]) for row in np.flatnonzero(examples.clean == clean)]
    return torch.cat([o[0] for o in outputs]), torch.cat([o[1] for o in outputs])


def average_recall(predicted, labels):
    return float(np.mean([(predicted[labels == label] == label).mean() for label in np.unique(labels)]))


def calibration_error(logits, labels):
    """Expected calibration error over ten equal bins of confidence."""
    confidence, predicted = logits.softmax(1).max(1)
    confidence, right = confidence.numpy(), (predicted.numpy() == labels)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return float(sum(abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean() for b in set(bins)))


def measure(examples, clean, logits, attributes):
    rows = np.flatnonzero(examples.clean == clean)
    labels, corpora, predicted = examples.labels[rows], examples.corpora[rows], logits.argmax(1).numpy()
    known, rated = labels != NO_LABEL, ~np.isnan(examples.ratings[rows, 0])
    ccc = concordance(attributes[rated].double(), torch.from_numpy(examples.ratings[rows][rated]).double())
    return {
        "unweightedAverageRecall": {**{c: average_recall(predicted[known & (corpora == c)], labels[known & (corpora == c)]) for c in EMOTION_CORPORA},
                                    "pooled": average_recall(predicted[known], labels[known])},
        "expectedCalibrationError": calibration_error(logits[known], labels[known]),
        "concordanceCorrelation": dict(zip(("arousal", "valence", "dominance"), ccc.tolist())),
        "utterances": int(known.sum()),
    }


def evaluate(network, examples, conditions=tuple(CONDITIONS)):
    return {name: measure(examples, CONDITIONS[name][0], *predict(network, examples, *CONDITIONS[name])) for name in conditions}


def merit(result):
    """What the checkpoint is chosen by: recall over corpora, clean and noisy, with a little weight on the attributes."""
    recall = np.mean([np.mean(list(r["unweightedAverageRecall"].values())) for r in result.values()])
    return float(recall + 0.1 * np.mean([np.mean(list(r["concordanceCorrelation"].values())) for r in result.values()]))


def calibrate(network, examples):
    """Divides the last layer by the temperature with the least cross-entropy on validation rows, clean and noisy."""
    logits, labels = [], []
    for clean in (True, False):
        logits.append(predict(network, examples, clean, examples.arm)[0])
        labels.append(torch.from_numpy(examples.labels[examples.clean == clean]))
    logits, labels = torch.cat(logits), torch.cat(labels)
    temperatures = np.exp(np.linspace(np.log(0.2), np.log(5), 200))
    best = min(temperatures, key=lambda t: functional.cross_entropy(logits / t, labels, ignore_index=NO_LABEL).item())
    network.emotion.weight.data /= best
    network.emotion.bias.data /= best
    return float(best)


def averaged(mean, state, keep):
    for key, value in state.items():
        mean[key] = keep * mean[key] + (1 - keep) * value if value.is_floating_point() else value.clone()


def store(path, **content):
    fresh = path.with_suffix(".new")
    torch.save(content, fresh)
    fresh.replace(path)


def train(work, data, name, arm, pitch, steps, minutes, seed, start):
    """Ends after `steps`, or after `minutes` if that comes first; the learning rate follows whichever is nearer its end."""
    torch.manual_seed(seed)
    checkpoint = pathlib.Path(work) / f"{name}.pt"
    network, step, spent = EmotionNetwork(pitch), 0, 0.0
    if start:
        network.load_state_dict(torch.load(start, map_location="cpu", weights_only=True))
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.02)
    mean, best, best_merit = {k: v.clone() for k, v in network.state_dict().items()}, None, -1.0
    if checkpoint.exists():
        stored = torch.load(checkpoint, map_location="cpu")
        network.load_state_dict(stored["network"])
        optimiser.load_state_dict(stored["optimiser"])
        mean, best, best_merit, step, spent = (stored[k] for k in ("mean", "best", "merit", "step", "seconds"))
        torch.manual_seed(seed + step)
        print(f"resumed at step {step}", flush=True)
    examples, validation = Examples(work, data, "train", arm), Examples(work, data, "validation", arm)
    judge = EmotionNetwork(pitch)
    begun, recent, resumed = time.monotonic() - spent, [], step
    while True:
        elapsed = time.monotonic() - begun
        done = max(step / steps, elapsed / (minutes * 60))
        if done >= 1 or (step % 300 == 299 and step != resumed):
            judge.load_state_dict(mean)
            result = {clean: measure(validation, clean, *predict(judge, validation, clean, arm)) for clean in (True, False)}
            if merit(result) > best_merit:
                best, best_merit = {k: v.clone() for k, v in mean.items()}, merit(result)
            store(checkpoint, network=network.state_dict(), optimiser=optimiser.state_dict(), mean=mean, best=best, merit=best_merit,
                  step=step, seconds=elapsed, pitch=pitch)
            recalls = {"clean" if k else "noisy": round(r["unweightedAverageRecall"]["pooled"], 3) for k, r in result.items()}
            print(f"step {step} {elapsed / 60:.1f} min loss {np.mean(recent or [0]):.3f} merit {merit(result):.3f} recall {recalls}", flush=True)
            recent = []
            if done >= 1:
                break
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1.0, step / 100 + 0.05) * (0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * done)))
        network.train()
        loss = loss_of(network, *examples.batch(np.random.default_rng((seed, step)), BATCH))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 3.0)
        optimiser.step()
        step += 1
        averaged(mean, network.state_dict(), min(AVERAGING, step / (step + 10)))
        recent.append(loss.item())
    finish(work, data, name, validation)


def finish(work, data, name, validation):
    """Calibrates the best checkpoint, stores it beside its measurements on validation and test speakers."""
    stored = torch.load(pathlib.Path(work) / f"{name}.pt", map_location="cpu")
    network = EmotionNetwork(stored["pitch"])
    network.load_state_dict(stored["best"])
    temperature = calibrate(network, validation)
    store(pathlib.Path(work) / f"{name}-final.pt", network=network.state_dict(), pitch=stored["pitch"])
    result = {"merit": stored["merit"], "steps": stored["step"], "minutes": stored["seconds"] / 60, "temperature": temperature,
              "parameters": sum(p.numel() for p in network.parameters()), "megaMacPerSecond": multiply_accumulates(network.eval()),
              "validation": evaluate(network, validation, ("clean", "reconstituted5dB")),
              "test": evaluate(network, Examples(work, data, "test", validation.arm))}
    (pathlib.Path(work) / f"{name}.json").write_text(json.dumps(rounded(result), indent=2) + "\n")
    print(json.dumps(rounded(result)), flush=True)


def load(work, name="emotion"):
    stored = torch.load(pathlib.Path(work) / f"{name}-final.pt", map_location="cpu")
    network = EmotionNetwork(stored["pitch"])
    network.load_state_dict(stored["network"])
    return network.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the folder that corpora.py read; for EmoTale's ratings")
    parser.add_argument("--work", required=True)
    parser.add_argument("--name", default="emotion", help="of the checkpoint, to train variants side by side")
    parser.add_argument("--arm", default="nrser", choices=ARMS, help="what it is trained on: the mix of the method, or another arm of the ablation")
    parser.add_argument("--start", help="published weights (checkpoints/emotion.pt) to train on from, when --work has no checkpoint yet")
    parser.add_argument("--no-pitch", action="store_true", help="the mel picture alone")
    parser.add_argument("--steps", type=int, default=3000, help="training steps in all, over every run")
    parser.add_argument("--minutes", type=float, default=30, help="training time in all, if that ends first")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    train(arguments.work, arguments.data, arguments.name, arguments.arm, not arguments.no_pitch, arguments.steps, arguments.minutes, arguments.seed, arguments.start)


if __name__ == "__main__":
    main()
