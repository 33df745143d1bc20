"""Trains the enhancer, then emotion classifiers, with mixing and features on one device: a GPU does in ten minutes what two cores do in a day.

Reads what pack.py wrote and weights in half precision; leaves `<job>.pt` of every job in --target every half minute, again in half precision. The
emotion classifiers, one of all corpora and one without each of them, learn side by side, a process each; they hear what the enhancer trained just
before makes of fresh mixtures, or with --beside what it began with. Choosing and measuring are done where the corpora are.
"""

import argparse
import functools
import multiprocessing
import pathlib
import tempfile
import time

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from . import emotion, enhancer, pack
from .corpora import EMOTION_CORPORA
from .descent import averaged, copied, descend, halved, learning_rate, store
from .device_mixing import Mixer, Utterances
from .emotion_network import EmotionNetwork
from .precision import reduced_precision

KEEP_SECONDS = 30
EXCERPT_STEP = 3 * SAMPLE_RATE_HZ // 10  # excerpts have few lengths, so that kernels chosen for one serve again
AVERAGING = 0.997
CLEAN, NOISE_ALONE = 0.12, 0.16  # of the enhancer's excerpts; the rest are mixtures
LEFT_OUT = {f"emotion-without-{corpus}": corpus for corpus in EMOTION_CORPORA}
JOBS = ("enhancer", "emotion", *LEFT_OUT)


def half(state, path):
    store(path, **{name: value.cpu() for name, value in halved(state).items()})


def enhancer_batch(mixer, rows):
    """As enhancer.pair_of, with twice as much noise alone: what it silences of that, the gate rejects."""
    speech, noise = mixer.speech(rows, enhancer.BLOCK), mixer.noise(rows, enhancer.BLOCK)
    kind = mixer.uniform(0, 1, rows)
    snr_db = torch.from_numpy(mixer.host.triangular(-10, 4, 25, (rows, 1))).float().to(mixer.device)
    alone = (kind >= CLEAN) & (kind < CLEAN + NOISE_ALONE)
    mixture = torch.where(kind < CLEAN, speech, torch.where(alone, noise, mixer.mixed(speech, noise, snr_db)))
    clean = torch.where(alone, torch.zeros_like(speech), speech)
    return mixer.channel(mixture, clean, enhancer.CHANNELS)


def train(network, rates, seconds, target, loss_of):
    """The average of a network's weights after `seconds`; `loss_of(network, step)` draws a batch and judges it.

    `rates` are the peak of learning, and that of decay.
    """
    network.train()
    peak, decay = rates
    optimiser = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=decay)
    mean, begun, kept, step, recent = copied(network.state_dict()), time.monotonic(), time.monotonic(), 0, []
    while (elapsed := time.monotonic() - begun) < seconds:
        loss = loss_of(network, step)
        descend(network, optimiser, loss, learning_rate(peak, step, elapsed / seconds))
        step += 1
        averaged(mean, network.state_dict(), min(AVERAGING, step / (step + 10)))
        recent.append(loss.detach())
        if time.monotonic() - kept > KEEP_SECONDS or step == 1:
            print(f"{target.stem} step {step} {elapsed:.0f} s loss {torch.stack(recent).mean().item():.3f}", flush=True)
            half(mean, target)
            kept, recent = time.monotonic(), []
    half(mean, target)
    print(f"{target.stem}: {step} steps", flush=True)
    network.load_state_dict(mean)
    return network.eval()


def train_enhancer(mixer, arguments):
    start = arguments.enhancer_start
    torch.backends.cudnn.benchmark = True  # not for the classifier, whose pictures have many sizes
    return train(enhancer.started(start).to(mixer.device), (enhancer.PEAK_RATE / (2 if start else 1), 1e-4), arguments.enhancer_seconds,
                 arguments.target / "enhancer.pt", lambda net, _: enhancer.loss_of(net, *enhancer_batch(mixer, arguments.rows)))


def denoiser(arguments, device):
    """The enhancer trained just before, or what it would have begun with."""
    made = arguments.target / "enhancer.pt"
    return enhancer.started(made if made.exists() and not arguments.beside else arguments.enhancer_start).to(device).eval()


@torch.no_grad()
def heard(network, x, snr_db):
    """y as the embedded mix makes it, in effect a switch: x̂ up to about 25 dB, x above."""
    noisy = torch.nonzero(snr_db[:, 0] < 25)[:, 0]
    y = x.clone()
    if len(noisy):
        with reduced_precision(x.device.type):
            y[noisy] = enhancer.enhance(network, x[noisy])
    return y


def emotion_waves(mixer, utterances, network, rows, count):
    """What the classifier hears of these utterances: [rows, count]."""
    speech = utterances.read(mixer, rows, count, (0.88, 1.13))
    speech = speech * (1e-4 + speech.pow(2).mean(1, keepdim=True)).rsqrt() * 0.05
    snr_db = mixer.uniform(0, 25, len(rows))
    snr_db[mixer.chance(0.5, len(rows))] = 99.0
    x, _ = mixer.channel(mixer.mixed(speech, mixer.noise(len(rows), count), snr_db), speech, emotion.CHANNELS)
    y = heard(network, x, snr_db)
    return torch.where(mixer.chance(0.7, len(rows)), mixer.equalised(y, 10.0), y)


def train_emotion(job, mixer, utterances, arguments):
    odds = {corpus: 0.0 if corpus == LEFT_OUT.get(job) else share for corpus, share in emotion.ODDS.items()}
    network, host = EmotionNetwork().to(mixer.device), np.random.default_rng(arguments.seed)
    network.other_voices, start = True, arguments.emotion_start
    waves_of = functools.partial(emotion_waves, mixer, utterances, denoiser(arguments, mixer.device))
    if start:
        network.load_state_dict(torch.load(start, map_location=mixer.device, weights_only=True))
    else:
        with torch.no_grad():
            powers = [network.front_end(waves_of(utterances.draw(host, odds, arguments.rows), 2 * SAMPLE_RATE_HZ)) for _ in range(arguments.fitted)]
            network.statistics.fit(*(torch.cat(kind) for kind in zip(*powers)))

    def loss_of(net, step):
        count = round(host.uniform(*emotion.EXCERPT_SECONDS) * SAMPLE_RATE_HZ / EXCERPT_STEP) * EXCERPT_STEP
        rows = utterances.draw(host, odds, arguments.rows)
        of = torch.from_numpy(rows).to(mixer.device)
        batch = waves_of(rows, count), utterances.targets[of], utterances.possible[of], utterances.ratings[of]
        return emotion.loss_of(net, np.random.default_rng((arguments.seed, step)), batch, mixing=0.5)

    peak = emotion.LEARNING_RATE["mel"] / (2 if start else 1)
    return train(network, (peak, 0.02), arguments.emotion_seconds, arguments.target / f"{job}.pt", loss_of)


def work(job, corpora, arguments, enhanced):
    """One job in a process of its own; an emotion classifier makes itself ready and waits until the enhancer is there."""
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = True
    corpora = {name: {kind: np.load(path, mmap_mode="r") for kind, path in kinds.items()} for name, kinds in corpora.items()}
    mixer = Mixer(corpora, torch.device(arguments.device), arguments.seed)
    if job == "enhancer":
        train_enhancer(mixer, arguments)
    else:
        utterances = Utterances(corpora, mixer)
        enhanced.wait()
        train_emotion(job, mixer, utterances, arguments)


def unpack(folder, scratch):
    """{corpus: {kind: path}} of arrays that every process maps."""
    found = {}
    for name, corpus in pack.load(folder).items():
        for kind, values in corpus.items():
            path = pathlib.Path(scratch) / f"{name}.{kind}.npy"
            np.save(path, values)
            found.setdefault(name, {})[kind] = path
    return found


def run(arguments, scratch):
    """Whether every job came to its end."""
    begun, corpora = time.monotonic(), unpack(arguments.pack, scratch)
    minutes = sum(np.load(kinds["audio"], mmap_mode="r").size for kinds in corpora.values()) / SAMPLE_RATE_HZ / 60
    print(f"{minutes:.0f} min of audio, unpacked in {time.monotonic() - begun:.0f} s", flush=True)
    context = multiprocessing.get_context("spawn")
    enhanced = context.Event()
    processes = {job: context.Process(target=work, args=(job, corpora, arguments, enhanced), daemon=True) for job in arguments.jobs}
    for process in processes.values():
        process.start()
    if "enhancer" in processes and not arguments.beside:
        processes["enhancer"].join()
    enhanced.set()
    for process in processes.values():
        process.join()
    failed = [job for job, process in processes.items() if process.exitcode]
    print(f"failed: {', '.join(failed)}" if failed else f"{len(processes)} jobs done in {time.monotonic() - begun:.0f} s", flush=True)
    return not failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pack", required=True, help="folder of the parts, or one above")
    parser.add_argument("--target", required=True, type=pathlib.Path, help="folder for the checkpoints")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=JOBS)
    parser.add_argument("--enhancer-seconds", type=float, default=270)
    parser.add_argument("--emotion-seconds", type=float, default=230)
    parser.add_argument("--enhancer-start", type=pathlib.Path, help="weights in half precision to go on from")
    parser.add_argument("--emotion-start", type=pathlib.Path, help="likewise, of the job emotion")
    parser.add_argument("--beside", action="store_true", help="classifiers begin at once, and hear what --enhancer-start makes of mixtures")
    parser.add_argument("--rows", type=int, default=96, help="of a batch")
    parser.add_argument("--fitted", type=int, default=12, help="batches that the scale of the statistics is taken from")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        raise SystemExit(0 if run(arguments, scratch) else 1)


if __name__ == "__main__":
    main()
