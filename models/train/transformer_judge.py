"""A small transformer with trained weights, to judge eight bits by: it hears what the published emotion network's convolutions see.

Those are not trained: what they see of every utterance is computed once, so that minutes on one core are enough. For `nrser models quantize`, not to
be published: it tells emotions no better than the network it is made of.

    python3 -m models.train.transformer_judge --data DATA --work WORK --target OUT   # OUT/transformer.onnx and its entry, for nrser models add
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn

from ..shared.delivery import Graph
from . import emotion, emotion_network
from .catalog import delivered
from .corpora import EMOTIONS, LABELS
from .emotion_measures import average_recall
from .waveform_network import Block, Norm

WIDTH, HEADS, LAYERS, CHANNELS = 192, 4, 3, 128
FRAMES = 120  # 2.4 s of training utterances
ROWS, BATCH, LEARNING_RATE = 1600, 32, 1e-3


class TransformerJudge(nn.Module):
    """[batch, samples] → logits [batch, 4] of LABELS."""

    def __init__(self, published, dropout=0.2):
        super().__init__()
        self.front_end, self.pictures = published.front_end, published.pictures
        self.inward, self.dropout = nn.Linear(CHANNELS, WIDTH), nn.Dropout(dropout)
        self.blocks, self.norm = nn.Sequential(*(Block(WIDTH, HEADS, dropout) for _ in range(LAYERS))), Norm(WIDTH)
        self.emotion = nn.Linear(WIDTH, len(EMOTIONS))

    def seen(self, waveform):
        """[batch, frames / 2, channels], before anything is done along time."""
        pictures = [emotion_network.picture(power) for power in self.front_end(waveform)]
        seen = torch.cat([layers(picture) for layers, picture in zip(self.pictures.branches, pictures)], 1)
        batch, width, frames, bands = seen.shape
        return self.pictures.inward(seen.permute(0, 1, 3, 2).reshape(batch, width * bands, frames)).transpose(1, 2)

    def judge(self, seen):
        return self.emotion(self.dropout(self.norm(self.blocks(self.inward(seen))).mean(1)))

    def forward(self, waveform):
        return self.judge(self.seen(waveform))[:, :len(LABELS)]


@torch.no_grad()
def seen_of(network, examples, rows, longest):
    """What the convolutions see of the first so many frames of utterances, in half precision."""
    network.eval()
    samples = emotion_network.HOP * 2 * longest + emotion_network.MEL_TAPS
    found = []
    for row in rows:
        heard = examples.heard(row)
        found.append(network.seen(torch.from_numpy(heard[:max(samples, emotion_network.MINIMUM_SAMPLES)])[None])[0].half())
    return found


def batch_of(seen, random):
    """One length for all: an excerpt of each, or all of it, again and again."""
    repeated = [s.repeat(-(-FRAMES // len(s)), 1) for s in seen]
    starts = [int(random.integers(0, len(s) - FRAMES + 1)) for s in repeated]
    return torch.stack([s[start:start + FRAMES] for s, start in zip(repeated, starts)]).float()


def recall(network, seen, labels):
    network.eval()
    with torch.no_grad():
        predicted = np.array([int(network.judge(s.float()[None])[0, :len(LABELS)].argmax()) for s in seen])
    return average_recall(predicted, labels)


def train(run):
    torch.manual_seed(run.seed)
    random, begun = np.random.default_rng(run.seed), time.monotonic()
    published = emotion_network.EmotionNetwork()
    published.load_state_dict(torch.load(pathlib.Path(__file__).parent / "checkpoints" / "emotion.pt", map_location="cpu"))
    network = TransformerJudge(published)
    examples, validation = (emotion.Examples(run.work, run.data, [split], "nrser") for split in ("train", "validation"))
    rows = [examples.draw(random, None) for _ in range(run.rows)]
    known = np.flatnonzero((validation.labels >= 0) & (validation.labels < len(LABELS)))
    judged = random.permutation(known)[:run.rows // 4]
    seen, heard = seen_of(network, examples, rows, 2 * FRAMES), seen_of(network, validation, judged, 2 * FRAMES)
    print(f"{len(rows)} utterances seen after {time.monotonic() - begun:.0f} s", flush=True)
    learning = [p for name, p in network.named_parameters() if not name.startswith(("front_end", "pictures"))]
    optimiser, done, step = torch.optim.AdamW(learning, lr=LEARNING_RATE, weight_decay=0.02), 0.0, 0
    while done < 1:
        done = min(1, (time.monotonic() - begun) / (60 * run.minutes))
        of = random.integers(0, len(rows), BATCH)
        network.train()
        targets = torch.from_numpy(examples.targets[[rows[i] for i in of]])
        possible = torch.from_numpy(np.stack([examples.possible[examples.corpora[rows[i]]] for i in of]))
        loss = emotion.cross_entropy(network.judge(batch_of([seen[i] for i in of], random)), targets, possible).mean()
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * min(1, (step + 1) / 30) * (1 - done) + 1e-6
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        step += 1
        if step % 50 == 0 or done >= 1:
            print(f"step {step} {time.monotonic() - begun:.0f} s loss {loss.item():.3f} validation "
                  f"{recall(network, heard, validation.labels[judged]):.3f}", flush=True)
    return network.eval(), {"steps": step, "validationRecall": round(recall(network, heard, validation.labels[judged]), 4)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True)
    parser.add_argument("--work", required=True, help="with the published recipe's reconstituted/")
    parser.add_argument("--target", type=pathlib.Path, required=True)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rows", type=int, default=ROWS, help="utterances to train on")
    parser.add_argument("--seed", type=int, default=20230901)
    run = parser.parse_args()
    network, measured = train(run)
    run.target.mkdir(parents=True, exist_ok=True)
    graph = Graph("emotion", network, torch.randn(2, emotion_network.MINIMUM_SAMPLES), {"input_values": ("batch", "samples")},
                  {"logits": ("batch", len(LABELS))})
    entry = delivered(graph, "nrser-transformer-judge", run.target / "transformer.onnx", {
        "emotion": {"labels": list(LABELS), "attributes": [], "attributeRange": [], "minimumSamples": emotion_network.MINIMUM_SAMPLES},
    }, 1e-3, measured)
    entry["file"], entry["fixture"] = "transformer.onnx", "transformer.fixture.json"
    (run.target / "transformer.json").write_text(json.dumps(entry, indent=2) + "\n")


if __name__ == "__main__":
    main()
