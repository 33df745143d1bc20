"""Trains the enhancer, then the emotion classifier, with mixing and features on one device: a GPU does in ten minutes what two cores do in a day.

Reads what pack.py wrote and weights in half precision; leaves `enhancer.pt` and `emotion.pt` in --target every minute, again in half precision. The
emotion classifier hears what the enhancer trained just before makes of fresh mixtures. Choosing and measuring are done where the corpora are.
"""

import argparse
import dataclasses
import functools
import pathlib
import time

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from . import emotion, enhancer, pack
from .descent import averaged, copied, descend, halved, learning_rate
from .device_mixing import Mixer, Utterances
from .emotion_network import EmotionNetwork

KEEP_SECONDS = 60


@dataclasses.dataclass(frozen=True)
class Plan:
    """How long, how much at a time, and from where."""

    minutes: float
    rows: int
    start: pathlib.Path
    target: pathlib.Path
    seed: int


def half(network, path):
    fresh = path.with_suffix(".new")
    torch.save({name: value.cpu() for name, value in halved(network if isinstance(network, dict) else network.state_dict()).items()}, fresh)
    fresh.replace(path)


def enhancer_batch(mixer, rows):
    """As enhancer.pair_of: 12 % clean speech, 8 % noise only, the rest at -10..25 dB; most through a channel."""
    speech, noise = mixer.speech(rows, enhancer.BLOCK), mixer.noise(rows, enhancer.BLOCK)
    kind = mixer.uniform(0, 1, rows)
    snr_db = torch.from_numpy(mixer.host.triangular(-10, 4, 25, (rows, 1))).float().to(mixer.device)
    mixture = torch.where(kind < 0.12, speech, torch.where(kind < 0.20, noise, mixer.mixed(speech, noise, snr_db)))
    clean = torch.where((kind >= 0.12) & (kind < 0.20), torch.zeros_like(speech), speech)
    return mixer.channel(mixture, clean, enhancer.CHANNELS)


def train(network, plan, peak, loss_of):
    """The average of a network's weights after `plan.minutes`; `loss_of(network, step)` draws a batch and judges it."""
    network.train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=1e-3)
    mean, begun, kept, step, recent = copied(network.state_dict()), time.monotonic(), time.monotonic(), 0, []
    while (elapsed := time.monotonic() - begun) < plan.minutes * 60:
        loss = loss_of(network, step)
        descend(network, optimiser, loss, learning_rate(peak, step, elapsed / (plan.minutes * 60)))
        step += 1
        averaged(mean, network.state_dict(), min(0.999, step / (step + 10)))
        recent.append(loss.detach())
        if time.monotonic() - kept > KEEP_SECONDS or step == 1:
            print(f"{plan.target.name} step {step} {elapsed:.0f} s loss {torch.stack(recent).mean().item():.3f}", flush=True)
            half(mean, plan.target)
            kept, recent = time.monotonic(), []
    half(mean, plan.target)
    print(f"{plan.target.name}: {step} steps", flush=True)
    network.load_state_dict(mean)
    return network.eval()


def started(network, start, device):
    if start:
        network.load_state_dict(torch.load(start, map_location="cpu", weights_only=True))
    return network.to(device)


def train_enhancer(mixer, plan):
    network = started(enhancer.Enhancer(), plan.start, mixer.device)
    peak = enhancer.PEAK_RATE / (2 if plan.start else 1)
    return train(network, plan, peak, lambda net, _: enhancer.loss_of(net, *enhancer_batch(mixer, plan.rows)))


@torch.no_grad()
def heard(mixer, network, x, snr_db):
    """y as the embedded mix makes it, in effect a switch: x̂ up to about 25 dB, x above."""
    return torch.where(snr_db < 25, enhancer.enhance(network, x), x)


def train_emotion(mixer, utterances, denoiser, plan):
    network = EmotionNetwork()
    network.other_voices = True
    network = started(network, plan.start, mixer.device)
    host = np.random.default_rng(plan.seed)

    def loss_of(net, step):
        count = int(host.uniform(*emotion.EXCERPT_SECONDS) * SAMPLE_RATE_HZ)
        rows = utterances.draw(host, emotion.ODDS, plan.rows)
        speech = utterances.read(mixer, rows, count, (0.88, 1.13))
        speech = speech * (1e-4 + speech.pow(2).mean(1, keepdim=True)).rsqrt() * 0.05
        snr_db = torch.where(mixer.chance(0.5, plan.rows), mixer.uniform(0, 25, plan.rows), torch.full((plan.rows, 1), 99.0, device=mixer.device))
        x, _ = mixer.channel(mixer.mixed(speech, mixer.noise(plan.rows, count), snr_db), speech, emotion.CHANNELS)
        y = heard(mixer, denoiser, x, snr_db)
        y = torch.where(mixer.chance(0.7, plan.rows), mixer.equalised(y, 10.0), y)
        of = torch.from_numpy(rows).to(mixer.device)
        batch = y, utterances.targets[of], utterances.possible[of], utterances.ratings[of]
        return emotion.loss_of(net, np.random.default_rng((plan.seed, step)), batch, mixing=0.5)

    return train(network, plan, emotion.LEARNING_RATE["mel"] / (2 if plan.start else 1), loss_of)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", required=True, help="folder of the parts")
    parser.add_argument("--target", required=True, type=pathlib.Path, help="folder for the checkpoints")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--enhancer-minutes", type=float, default=5)
    parser.add_argument("--emotion-minutes", type=float, default=3)
    parser.add_argument("--enhancer-start", type=pathlib.Path, help="weights in half precision to go on from")
    parser.add_argument("--emotion-start", type=pathlib.Path)
    parser.add_argument("--rows", type=int, default=96, help="of a batch")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    arguments.target.mkdir(parents=True, exist_ok=True)
    corpora = pack.load(arguments.pack)
    mixer = Mixer(corpora, torch.device(arguments.device), arguments.seed)
    print(f"{sum(len(a) for a in mixer.audio.values()) / SAMPLE_RATE_HZ / 60:.0f} min of audio on {arguments.device}", flush=True)
    plan = functools.partial(Plan, rows=arguments.rows, seed=arguments.seed)
    denoiser = train_enhancer(mixer, plan(arguments.enhancer_minutes, start=arguments.enhancer_start, target=arguments.target / "enhancer.pt"))
    train_emotion(mixer, Utterances(corpora, mixer.device), denoiser,
                  plan(arguments.emotion_minutes, start=arguments.emotion_start, target=arguments.target / "emotion.pt"))


if __name__ == "__main__":
    main()
