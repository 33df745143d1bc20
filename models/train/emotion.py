"""Trains and measures the small emotion classifier on reconstituted speech of four acted corpora in four languages."""

import argparse
import dataclasses
import json
import pathlib
import time

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import rounded
from .channels import BANDS, Channel, band_limited
from .corpora import EMOTION_CORPORA, EMOTIONS, LABELS, counts, emotion_of, ratings, soft_targets, votes
from .descent import averaged, copied, descend, learning_rate, store
from .emotion_measures import CHOOSING, NO_LABEL, best_temperature, concordance, cool, evaluate, merit
from .emotion_network import EmotionNetwork, multiply_accumulates
from .mixing import equalised, resampled
from .precision import reduced_precision
from .reconstitution import Reconstituted
from .waveform_network import WaveformNetwork

ODDS = {"emodb": 0.22, "ased": 0.25, "emotale": 0.18, "crema-d": 0.35}
CHANNELS = 0.5  # share of the training rows that come through a channel
NETWORKS = {"mel": EmotionNetwork, "hubert": WaveformNetwork}
BATCH, LEARNING_RATE, AVERAGING = 32, {"mel": 2e-3, "hubert": 7e-4}, 0.995
EXCERPT_SECONDS = (1.2, 3.0)
ARMS = ("original", "enhanced", "nrser", "oracle")


class Examples:
    """Rows of some splits with their emotion (or NO_LABEL) and rating (or NaN)."""

    def __init__(self, work, data, splits, arm):
        self.rows, self.arm = Reconstituted(work, *splits), arm
        rated = ratings(data)
        self.labels = np.array([EMOTIONS.index(emotion_of(c, n)) for c, n in zip(self.rows.corpora, self.rows.names)])
        self.ratings = np.array([rated.get(n, (np.nan,) * 3) if c == "emotale" else (np.nan,) * 3
                                 for c, n in zip(self.rows.corpora, self.rows.names)], np.float32)
        self.votes, heard = np.zeros((len(self.rows), len(EMOTIONS)), np.float32), votes(data)
        self.targets = np.zeros_like(self.votes)
        for corpus in EMOTION_CORPORA:
            of = [row for row, c in enumerate(self.rows.corpora) if c == corpus]
            names = [self.rows.names[row] for row in of]
            if of:
                self.targets[of] = soft_targets(corpus, names, heard)
            if corpus == "crema-d" and of:
                self.votes[of] = counts(names, heard)
        self.clean = np.isinf(self.rows.snr_db)
        self.corpora = np.array(self.rows.corpora)
        self.present = [corpus for corpus in EMOTION_CORPORA if (self.corpora == corpus).any()]
        self.possible = {corpus: np.isin(np.arange(len(EMOTIONS)), self.labels[self.corpora == corpus]) for corpus in self.present}
        if "train" not in splits:
            self.labels[self.labels >= len(LABELS)] = NO_LABEL
        self.groups = {corpus: {label: [np.flatnonzero((self.corpora == corpus) & (self.labels == label) & (self.clean == clean))
                                        for clean in (True, False)]
                                for label in sorted(set(self.labels[self.corpora == corpus]))} for corpus in self.present}

    def draw(self, random, corpus):
        """A row: of this corpus, or of one by ODDS; then emotions alike (those that no model reports half as often), then clean and noisy alike."""
        groups = self.groups[corpus or random.choice(list(ODDS), p=list(ODDS.values()))]
        odds = np.array([1.0 if 0 <= label < len(LABELS) else 0.5 for label in groups])
        rows = groups[random.choice(list(groups), p=odds / odds.sum())][random.integers(2)]
        return int(rows[random.integers(len(rows))])

    def batch(self, random, size, corpus=None):
        """(waveforms [size, samples], targets, emotions that the row's corpus knows, ratings): one length for all, shorter clips repeated."""
        count = int(random.uniform(*EXCERPT_SECONDS) * SAMPLE_RATE_HZ)
        rows = [self.draw(random, corpus) for _ in range(size)]
        waves = np.stack([self.augmented(random, row, count) for row in rows])
        possible = np.stack([self.possible[self.corpora[row]] for row in rows])
        return tuple(torch.from_numpy(values) for values in (waves, self.targets[rows], possible, self.ratings[rows]))

    def weight(self, row, arm):
        """Share of the original that an arm of the comparison hears."""
        return {"original": 1.0, "enhanced": 0.0, "nrser": self.rows.weight[row], "oracle": self.rows.oracle[row]}[arm]

    def heard(self, row, arm=None, band=None):
        """A whole utterance as an arm hears it, by default the arm of these examples, whole or in one of BANDS."""
        y = self.rows.reconstitute(row, self.weight(row, arm or self.arm))
        return band_limited(y, *BANDS[band]) if band else y

    def augmented(self, random, row, count):
        """Level needs no augmentation: the network's first step removes it."""
        jitter = random.uniform(-0.15, 0.15)
        y = self.rows.reconstitute(row, self.weight(row, self.arm) + (jitter if self.arm in ("nrser", "oracle") else 0))
        y = resampled(y, random.uniform(0.88, 1.13))  # other voices, and a little slower or faster
        y = excerpt(random, y, count)
        y = equalised(random, y, 10.0) if random.random() < 0.7 else y
        return Channel(random, y).recorded(y) if random.random() < CHANNELS else y


def excerpt(random, y, count):
    """`count` samples of y from anywhere; a shorter y is repeated."""
    y = np.tile(y, -(-count // len(y)))
    start = int(random.integers(0, len(y) - count + 1))
    return y[start:start + count]


def cross_entropy(logits, targets, possible, smoothing=0.1):
    """Of each row, over the emotions that its corpus knows; the others might be there unnamed."""
    logits = logits.masked_fill(~possible, -torch.inf).log_softmax(1).masked_fill(~possible, 0)
    wanted = targets * (1 - smoothing) + possible * smoothing / possible.sum(1, keepdim=True)
    return -(wanted * logits).sum(1)


def mixed(random, waves, wanted, odds):
    """Mixup (Zhang et al. 2018) of a batch by these odds, two voices at once: waves, ratings, each row's partner, and the row's own share."""
    share = random.beta(0.4, 0.4, (len(waves), 1)) if random.random() < odds else np.ones((len(waves), 1))
    share, partner = (torch.from_numpy(values).to(waves.device) for values in (np.maximum(share, 1 - share), random.permutation(len(waves))))
    share = share.float()
    waves = waves / ((waves ** 2).mean(1, keepdim=True) + 1e-10).sqrt()
    wanted = torch.where(share == 1, wanted, share * wanted + (1 - share) * wanted[partner])
    return share.sqrt() * waves + (1 - share).sqrt() * waves[partner], wanted, partner, share[:, 0]


def loss_of(network, random, batch, mixing=0.0, beside=None):
    """The judges' sum: each learns by itself. `beside(waves, seen, judged, partner, share)` is added to it."""
    waves, targets, possible, wanted = batch
    waves, wanted, partner, share = mixed(random, waves, wanted, mixing)
    with reduced_precision(waves.device.type):
        seen = network.seen(waves)
        judged = network.judged(seen)
    loss, rated = 0, ~wanted[:, 0].isnan()
    for logits, attributes in judged:
        own, other = (cross_entropy(logits.float(), targets[of], possible[of]) for of in (slice(None), partner))
        loss = loss + (share * own + (1 - share) * other).mean()
        if rated.sum() > 3:
            loss = loss + 1 - concordance(attributes.float()[rated], wanted[rated]).mean()
    return loss if beside is None else loss + beside(waves, seen, judged, partner, share)


@dataclasses.dataclass(frozen=True)
class Run:
    """What a training is told; the command line has these names."""

    data: str
    work: str
    name: str = "emotion"
    arm: str = "nrser"
    recipe: str = None
    start: str = None
    network: str = "mel"
    augment: bool = False
    pretrained: str = None
    steps: int = 3000
    minutes: float = 30.0
    seed: int = 20230901

    @property
    def checkpoint(self):
        return pathlib.Path(self.work) / f"{self.name}.pt"

    @property
    def peak(self):
        return LEARNING_RATE[self.network] / (2 if self.start else 1)


class Training:
    """A network, the average of its weights over the last steps, and the best average so far."""

    def __init__(self, run, examples, validation):
        torch.manual_seed(run.seed)
        self.run, self.examples, self.validation = run, examples, validation
        self.network, self.judge = NETWORKS[run.network](), NETWORKS[run.network]()
        self.network.other_voices = run.augment
        self.fit_or_start()
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=run.peak, weight_decay=0.02)
        self.mean, self.best, self.merit, self.step, self.seconds = copied(self.network.state_dict()), None, -1.0, 0, 0.0
        if run.checkpoint.exists():
            self.resume()

    def fit_or_start(self):
        run = self.run
        if run.start:
            self.network.load_state_dict(torch.load(run.start, map_location="cpu", weights_only=True))
        elif run.network == "mel":
            with torch.no_grad():
                waves = self.examples.batch(np.random.default_rng(run.seed), 20 * BATCH)[0]
                self.network.statistics.fit(*self.network.front_end(waves))
        if run.pretrained:
            self.network.encoder.load_state_dict(torch.load(run.pretrained, map_location="cpu")["encoder"])

    def resume(self):
        stored = torch.load(self.run.checkpoint, map_location="cpu")
        self.network.load_state_dict(stored["network"])
        self.optimiser.load_state_dict(stored["optimiser"])
        self.mean, self.best, self.merit, self.step, self.seconds = (stored[k] for k in ("mean", "best", "merit", "step", "seconds"))
        torch.manual_seed(self.run.seed + self.step)
        print(f"resumed at step {self.step}", flush=True)

    def go(self):
        """Ends after `steps`, or after `minutes` if that comes first; the learning rate follows whichever is nearer its end."""
        begun, recent, resumed = time.monotonic() - self.seconds, [], self.step
        while True:
            self.seconds = time.monotonic() - begun
            done = max(self.step / self.run.steps, self.seconds / (self.run.minutes * 60))
            if done >= 1 or (self.step % 300 == 299 and self.step != resumed):
                self.weigh(np.mean(recent or [0]))
                recent = []
                if done >= 1:
                    break
            recent.append(self.descend(done))

    def descend(self, done):
        """One step; its loss."""
        self.network.train()
        random = np.random.default_rng((self.run.seed, self.step))
        loss = loss_of(self.network, random, self.examples.batch(random, BATCH), mixing=0.5 if self.run.augment else 0.0)
        descend(self.network, self.optimiser, loss, learning_rate(self.run.peak, self.step, done))
        self.step += 1
        averaged(self.mean, self.network.state_dict(), min(AVERAGING, self.step / (self.step + 10)))
        return loss.item()

    def weigh(self, loss):
        """Validation speakers judge the average; where they were trained on (`recipe`) they cannot choose, and the last one is taken."""
        self.judge.load_state_dict(self.mean)
        result = evaluate(self.judge, self.validation, CHOOSING, self.run.arm)
        if merit(result) > self.merit or self.run.recipe:
            self.best, self.merit = copied(self.mean), merit(result)
        store(self.run.checkpoint, network=self.network.state_dict(), optimiser=self.optimiser.state_dict(), mean=self.mean, best=self.best,
              merit=self.merit, step=self.step, seconds=self.seconds, kind=self.run.network)
        found = {name: {corpus: round(recall, 3) for corpus, recall in r["unweightedAverageRecall"].items()} | rounded(r.get("votes", {}))
                 for name, r in result.items()}
        print(f"step {self.step} {self.seconds / 60:.1f} min loss {loss:.3f} merit {merit(result):.3f} recall {found}", flush=True)


def train(run):
    """The examples that judged it, of validation speakers."""
    validation = Examples(run.work, run.data, ["validation"], run.arm)
    Training(run, Examples(run.work, run.data, ["train", "validation"] if run.recipe else ["train"], run.arm), validation).go()
    return validation


def best_of(work, name):
    stored = torch.load(pathlib.Path(work) / f"{name}.pt", map_location="cpu")
    network = NETWORKS[stored["kind"]]()
    network.load_state_dict(stored["best"])
    return network, stored


def finish(run, validation):
    """Calibrates the best checkpoint, stores it beside its measurements on validation and test speakers."""
    work = pathlib.Path(run.work)
    network, stored = best_of(work, run.name)
    temperature = json.loads((work / f"{run.recipe}.json").read_text())["temperature"] if run.recipe else best_temperature(network, validation)
    cool(network, temperature)
    store(work / f"{run.name}-final.pt", network=network.state_dict(), kind=stored["kind"])
    judged = {} if run.recipe else {"merit": stored["merit"], "validation": evaluate(network, validation, ("clean", *CHOOSING))}
    result = {"steps": stored["step"], "minutes": stored["seconds"] / 60, "temperature": temperature,
              "parameters": sum(p.numel() for p in network.parameters()), "megaMacPerSecond": multiply_accumulates(network.eval()),
              **judged, "test": evaluate(network, Examples(work, run.data, ["test"], run.arm))}
    (work / f"{run.name}.json").write_text(json.dumps(rounded(result), indent=2) + "\n")
    print(json.dumps(rounded(result)), flush=True)


def load(work, name="emotion"):
    stored = torch.load(pathlib.Path(work) / f"{name}-final.pt", map_location="cpu")
    network = NETWORKS[stored["kind"]]()
    network.load_state_dict(stored["network"])
    return network.eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the folder that corpora.py read; for EmoTale's ratings")
    parser.add_argument("--work", required=True)
    parser.add_argument("--name", default="emotion", help="of the checkpoint, to train variants side by side")
    parser.add_argument("--arm", default="nrser", choices=ARMS, help="what it is trained on: the mix of the method, or another arm of the ablation")
    parser.add_argument("--recipe", help="a finished run's name, to train alike on the validation speakers too, with its temperature")
    parser.add_argument("--start", help="published weights (checkpoints/emotion.pt) to train on from, when --work has no checkpoint yet")
    parser.add_argument("--network", default="mel", choices=tuple(NETWORKS), help="pictures and convolutions, or waveform and transformer")
    parser.add_argument("--augment", action="store_true", help="with other voices (vocal tract, pitch, tempo) and mixup besides")
    parser.add_argument("--pretrained", help="what pretrain.py left, for the encoder of --network hubert")
    parser.add_argument("--steps", type=int, default=Run.steps, help="training steps in all, over every run")
    parser.add_argument("--minutes", type=float, default=Run.minutes, help="training time in all, if that ends first")
    parser.add_argument("--seed", type=int, default=Run.seed)
    run = Run(**vars(parser.parse_args()))
    finish(run, train(run))


if __name__ == "__main__":
    main()
