"""Recall on a corpus that training never heard: as it is, and with a network that was told the corpus's scale.

The second needs utterances of that corpus, but no labels: batch normalisation and the standardised statistics take their means and
deviations from them (AdaBN, Li et al. 2016). Training prepares for it: each batch is of one corpus and normalised by that corpus alone.
Prints and writes `<work>/leave-one-out.json`: unweighted average recall over all labelled clean utterances of each corpus.
"""

import argparse
import copy
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import rounded
from . import emotion, emotion_measures
from .corpora import EMOTION_CORPORA, LABELS
from .descent import averaged, copied, descend, learning_rate
from .emotion_network import EmotionNetwork

AVERAGING = 0.99
ADAPTING_BATCHES, ADAPTING_SECONDS = 24, 2.2


def scale_of(network, powers):
    """Means and deviations of the statistics of many utterances."""
    network.statistics.fit(*powers)
    return copied(network.statistics.state_dict())


def train(examples, heard, steps, seed):
    """The averaged network; its statistics have the mean of the heard corpora's scales."""
    torch.manual_seed(seed)
    network, begun, recent = EmotionNetwork(), time.monotonic(), []
    network.other_voices = True
    optimiser = torch.optim.AdamW(network.parameters(), lr=emotion.LEARNING_RATE["mel"], weight_decay=0.02)
    with torch.no_grad():
        scales = {corpus: scale_of(network, network.front_end(examples.batch(np.random.default_rng(seed), 20 * emotion.BATCH, corpus)[0]))
                  for corpus in heard}
    mean = copied(network.state_dict())
    for step in range(steps):
        random = np.random.default_rng((seed, step))
        corpus = heard[random.integers(len(heard))]
        network.statistics.load_state_dict(scales[corpus])
        network.train()
        loss = emotion.loss_of(network, random, examples.batch(random, emotion.BATCH, corpus))
        descend(network, optimiser, loss, learning_rate(emotion.LEARNING_RATE["mel"], step, step / steps))
        averaged(mean, network.state_dict(), min(AVERAGING, step / (step + 10)))
        recent.append(loss.item())
        if step % 100 == 99:
            print(f"step {step} {(time.monotonic() - begun) / 60:.1f} min loss {np.mean(recent[-100:]):.3f}", flush=True)
    network.load_state_dict(mean)
    network.statistics.load_state_dict({name: sum(scale[name] for scale in scales.values()) / len(scales) for name in ("mean", "deviation")})
    return network.eval()


@torch.no_grad()
def adapted(network, examples, rows, seed):
    """A copy that is normalised by these rows, whatever their labels."""
    random, network = np.random.default_rng(seed), copy.deepcopy(network)
    count = int(ADAPTING_SECONDS * SAMPLE_RATE_HZ)
    batches = [torch.from_numpy(np.stack([emotion.excerpt(random, examples.heard(row), count) for row in random.choice(rows, emotion.BATCH)]))
               for _ in range(ADAPTING_BATCHES)]
    network.statistics.fit(*(torch.cat(powers) for powers in zip(*(network.front_end(waves) for waves in batches))))
    for layer in network.modules():
        if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
            layer.reset_running_stats()
            layer.momentum = None  # the plain mean of all batches
            layer.train()
    for waves in batches:
        network(waves)
    return network.eval()


def recall(network, examples, rows):
    logits, _ = emotion_measures.predict(network, examples, rows, examples.arm)
    return emotion_measures.average_recall(logits.argmax(1).numpy(), examples.labels[rows])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="the folder that corpora.py read; for EmoTale's ratings")
    parser.add_argument("--work", required=True)
    parser.add_argument("--corpus", choices=EMOTION_CORPORA, action="append", help="leave out this one alone; may be given more than once")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=7)
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.work) / "leave-one-out.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    examples = emotion.Examples(arguments.work, arguments.data, ["train", "validation", "test"], "nrser")
    for corpus in arguments.corpus or EMOTION_CORPORA:
        network = train(examples, [other for other in EMOTION_CORPORA if other != corpus], arguments.steps, arguments.seed)
        rows = np.flatnonzero((examples.corpora == corpus) & examples.clean)
        labelled = rows[examples.labels[rows] < len(LABELS)]
        result[corpus] = {"unweightedAverageRecall": recall(network, examples, labelled),
                          "adapted": recall(adapted(network, examples, rows, arguments.seed), examples, labelled),
                          "utterances": len(labelled), "steps": arguments.steps}
        path.write_text(json.dumps(rounded(result), indent=2) + "\n")
        print(json.dumps(rounded({corpus: result[corpus]})), flush=True)


if __name__ == "__main__":
    main()
