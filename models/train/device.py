"""Trains the enhancer, then emotion classifiers and the speech detector, with mixing and features on one device: a GPU does in ten minutes what two
cores do in a day.

Reads what pack.py wrote and weights in half precision; leaves `<job>.pt` of every job in --target every half minute, again in half precision. All
but the enhancer learn side by side, a process each, from pools of excerpts that the enhancer trained just before has heard, or with --beside what it
began with (device_pools.py). There are an emotion classifier of all corpora and one without each of them, in variants of the recipe
(device_variants.py), and a detector for publishing and one without each fold of ESC-10. Classifiers that others teach begin when those have ended.
Choosing and measuring are done where the corpora are.
"""

import argparse
import os
import pathlib
import tempfile
import threading
import time

import numpy as np
import torch
from torch import multiprocessing, nn

from ..shared import SAMPLE_RATE_HZ
from . import emotion, enhancer, pack, speech
from .corpora import EMOTION_CORPORA, ESC_FOLDS
from .descent import averaged, copied, descend, halved, learning_rate, store
from .device_mixing import Mixer, Utterances
from .device_pools import EMOTION_SAMPLES, EmotionPool, SpeechPool, filled, renew
from .device_variants import VARIANTS, Adversary, lesson
from .emotion_network import EmotionNetwork

KEEP_SECONDS = 30
EXCERPT_STEP = 3 * SAMPLE_RATE_HZ // 10  # excerpts have few lengths, so that kernels chosen for one serve again
AVERAGING = 0.997
CLEAN, NOISE_ALONE = 0.12, 0.16  # of the enhancer's excerpts; the rest are mixtures
SPEECH_RATE, SHORTEST = 2e-3, 40  # of the detector; frames of its excerpts
ESC_ODDS = 2.0  # the detector hears more of what is most like voices
EMOTION = {f"emotion-{name}{'-without-' + corpus if corpus else ''}": (variant, corpus)
           for name, variant in VARIANTS.items() for corpus in (None, *EMOTION_CORPORA)}
SPEECH = {"speech": (3, 4), **{f"speech-without-{fold}": (fold,) for fold in ESC_FOLDS}}  # the folds that each never hears
JOBS = ("enhancer", *SPEECH, *EMOTION)


def half(state, path):
    store(path, **{name: value.cpu() for name, value in halved(state).items()})


def enhancer_batch(mixer, rows):
    """As enhancer.pair_of, with twice as much noise alone: what it silences of that, the gate rejects."""
    said, (noise, _) = mixer.speech(rows, enhancer.BLOCK), mixer.noise(rows, enhancer.BLOCK)
    kind = mixer.uniform(0, 1, rows)
    snr_db = torch.from_numpy(mixer.host.triangular(-10, 4, 25, (rows, 1))).float().to(mixer.device)
    alone = (kind >= CLEAN) & (kind < CLEAN + NOISE_ALONE)
    mixture = torch.where(kind < CLEAN, said, torch.where(alone, noise, mixer.mixed(said, noise, snr_db)))
    clean = torch.where(alone, torch.zeros_like(said), said)
    return mixer.channel(mixture, clean, enhancer.CHANNELS)


def train(network, rates, seconds, target, loss_of, beside=None):
    """The average of a network's weights after `seconds`; `loss_of(network, step)` draws a batch and judges it.

    `rates` are the peak of learning, and that of decay. What learns `beside` it is not kept.
    """
    network.train()
    peak, decay = rates
    learners = nn.ModuleList([network] if beside is None else [network, beside])
    optimiser = torch.optim.AdamW(learners.parameters(), lr=peak, weight_decay=decay)
    mean, begun, kept, step, recent = copied(network.state_dict()), time.monotonic(), time.monotonic(), 0, []
    while (elapsed := time.monotonic() - begun) < seconds:
        loss = loss_of(network, step)
        descend(learners, optimiser, loss, learning_rate(peak, step, elapsed / seconds))
        step += 1
        averaged(mean, network.state_dict(), min(AVERAGING, step / (step + 10)))
        recent.append(loss.detach())
        if time.monotonic() - kept > KEEP_SECONDS or step == 1:
            print(f"{target.stem} step {step} {elapsed:.0f} s loss {torch.stack(recent).mean().item():.3f}", flush=True)
            half(mean, target)
            kept, recent = time.monotonic(), []
    half(mean, target)
    print(f"{target.stem}: {step} steps", flush=True)


def train_enhancer(mixer, arguments):
    start = arguments.enhancer_start
    torch.backends.cudnn.benchmark = True  # not for the classifier, whose pictures have many sizes
    train(enhancer.started(start).to(mixer.device), (enhancer.PEAK_RATE / (2 if start else 1), 1e-4), arguments.enhancer_seconds,
          arguments.target / "enhancer.pt", lambda net, _: enhancer.loss_of(net, *enhancer_batch(mixer, arguments.rows)))


def denoiser(arguments, device):
    """The enhancer trained just before, or what it would have begun with."""
    made = arguments.target / "enhancer.pt"
    return enhancer.started(made if made.exists() and not arguments.beside else arguments.enhancer_start).to(device).eval()


def fresh_classifier(waves):
    """One that has the scale of its statistics from these excerpts."""
    network = EmotionNetwork().to(waves.device)
    with torch.no_grad():
        powers = [network.front_end(part.float()) for part in waves.split(96)]
        network.statistics.fit(*(torch.cat(kind) for kind in zip(*powers)))
    return network


def teachers_of(corpus, arguments, device):
    """All classifiers of this run that were trained without `corpus`, or with all."""
    found = []
    for job, (variant, without) in EMOTION.items():
        if without == corpus and not variant.taught and (path := arguments.target / f"{job}.pt").exists():
            found.append(EmotionNetwork().to(device).eval())
            found[-1].load_state_dict(torch.load(path, map_location=device, weights_only=True))
    return found


def train_emotion(job, pool, groups, arguments):
    """`groups` has the utterances of each corpus by emotion."""
    (variant, without), device, waves = EMOTION[job], pool["waves"].device, pool["waves"]
    utterances, host = len(pool["targets"]), np.random.default_rng(arguments.seed)
    versions = len(waves) // utterances
    groups = {corpus: labels for corpus, labels in groups.items() if corpus != without}
    share = np.array([variant.odds[name] for name in groups]) if variant.odds else np.array([sum(map(len, labels)) for labels in groups.values()])
    share, corpora = share / share.sum(), list(groups.values())
    start = arguments.emotion_start if variant.taught and not without else None
    network = fresh_classifier(waves[host.integers(0, len(waves), arguments.fitted)][:, :2 * SAMPLE_RATE_HZ])
    if start:
        network.load_state_dict(torch.load(start, map_location=device, weights_only=True))
    network.other_voices, network.other_rooms = True, variant.rooms
    teachers = teachers_of(without, arguments, device) if variant.taught else []
    adversary = Adversary(sum(layer.in_features for layer in network.emotion), int(pool["speakers"].max()) + 1, variant.adversary).to(device) \
        if variant.adversary else None

    def row():
        labels = corpora[host.choice(len(corpora), p=share)]
        return host.choice(labels[host.integers(len(labels))])

    def loss_of(net, step):
        count = round(host.uniform(*emotion.EXCERPT_SECONDS) * SAMPLE_RATE_HZ / EXCERPT_STEP) * EXCERPT_STEP
        rows, first = np.array([row() for _ in range(arguments.rows)]), int(host.integers(EMOTION_SAMPLES - count + 1))
        of, drawn = (torch.from_numpy(indices).to(device) for indices in (rows, rows + utterances * host.integers(0, versions, len(rows))))
        batch = waves[drawn][:, first:first + count].float(), *(pool[name][of] for name in ("targets", "possible", "ratings"))

        def beside(heard, seen, judged, partner, own):
            told = adversary(seen, pool["speakers"][of], partner, own) if adversary else 0
            return told + (lesson(teachers, heard, judged, batch[2], partner) if teachers else 0)

        return emotion.loss_of(net, np.random.default_rng((arguments.seed, step)), batch, mixing=variant.mixing, beside=beside)

    train(network, (emotion.LEARNING_RATE["mel"] / (2 if start else 1), 0.02),
          arguments.taught_seconds if variant.taught else arguments.seconds, arguments.target / f"{job}.pt", loss_of, adversary)


def train_speech(job, pool, arguments):
    unheard, host, device = SPEECH[job], np.random.default_rng(arguments.seed), pool["mel"].device
    frames, fold_of = pool["mel"].shape[2], pool["folds"]

    def loss_of(net, _):
        rows = torch.from_numpy(host.integers(0, len(fold_of), 2 * arguments.rows)).to(device)
        count = int(host.integers(SHORTEST, frames + 1))
        first = int(host.integers(0, frames - count + 1))
        counts = ~sum(fold_of[rows] == fold for fold in unheard).bool()
        return speech.loss_of(net, pool["mel"][rows][:, :, first:first + count], pool["spoken"][rows][:, first:first + count], counts.float())

    train(speech.SpeechDetector().to(device), (SPEECH_RATE, 0.01), arguments.seconds, arguments.target / f"{job}.pt", loss_of)


def end_with_parent():
    """Ends this process when its parent does, however that ends: nobody would fill what it waits for, or read what it says."""
    multiprocessing.parent_process().join()
    os._exit(1)


def work(job, waiting, groups, corpora, arguments):
    """One job in a process of its own; all but the enhancer make themselves ready and wait for their pool."""
    threading.Thread(target=end_with_parent, daemon=True).start()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = True
    if job == "enhancer":
        train_enhancer(Mixer(mapped(corpora), torch.device(arguments.device), arguments.seed), arguments)
    elif job in SPEECH:
        train_speech(job, waiting.get(), arguments)
    else:
        train_emotion(job, waiting.get(), groups, arguments)


def mapped(corpora):
    return {name: {kind: np.load(path, mmap_mode="r") for kind, path in kinds.items()} for name, kinds in corpora.items()}


def unpack(folder, scratch):
    """{corpus: {kind: path}} of arrays that every process maps."""
    found = {}
    for name, corpus in pack.load(folder).items():
        for kind, values in corpus.items():
            path = pathlib.Path(scratch) / f"{name}.{kind}.npy"
            np.save(path, values)
            found.setdefault(name, {})[kind] = path
    return found


def pools(jobs, corpora, arguments):
    """{whether of speech: the pool} of those that some job needs."""
    device, begun = torch.device(arguments.device), time.monotonic()
    network, made = denoiser(arguments, device), {}
    if any(job in SPEECH for job in jobs):
        mixer = Mixer(corpora, device, arguments.seed, folds=ESC_FOLDS, esc_odds=ESC_ODDS)
        made[True] = filled(SpeechPool(mixer, network, arguments.speech_excerpts), arguments.rows)
    if any(job in EMOTION for job in jobs):
        mixer = Mixer(corpora, device, arguments.seed)
        made[False] = filled(EmotionPool(mixer, Utterances(corpora, mixer), network, arguments.versions), arguments.rows)
    print(f"pools made in {time.monotonic() - begun:.0f} s", flush=True)
    return made


def renew_until(ended, made, host, rows):
    """Keeps renewing the pools, a tenth of the time or so."""
    while not ended():
        begun = time.monotonic()
        for pool in made.values():
            renew(pool, host, rows)
        time.sleep(min(5.0, 9 * (time.monotonic() - begun)))


def run(arguments, scratch):
    """Whether every job came to its end."""
    begun, corpora = time.monotonic(), unpack(arguments.pack, scratch)
    minutes = sum(np.load(kinds["audio"], mmap_mode="r").size for kinds in corpora.values()) / SAMPLE_RATE_HZ / 60
    print(f"{minutes:.0f} min of audio, unpacked in {time.monotonic() - begun:.0f} s", flush=True)
    context, groups = multiprocessing.get_context("spawn"), Utterances.groups_of(mapped(corpora))
    waiting = {job: context.Queue() for job in arguments.jobs}
    processes = {job: context.Process(target=work, args=(job, waiting[job], groups, corpora, arguments), daemon=True) for job in arguments.jobs}
    for process in processes.values():
        process.start()
    if "enhancer" in processes and not arguments.beside:
        processes["enhancer"].join()
    made = pools(arguments.jobs, mapped(corpora), arguments)
    host = np.random.default_rng(arguments.seed)
    for taught in (False, True):
        chosen = [job for job in arguments.jobs if job != "enhancer" and (job in EMOTION and EMOTION[job][0].taught) == taught]
        for job in chosen:
            waiting[job].put(made[job in SPEECH].tensors)
        renew_until(lambda: not any(processes[job].is_alive() for job in chosen), made, host, arguments.rows)
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
    parser.add_argument("--seconds", type=float, default=230, help="of every other job that is not taught")
    parser.add_argument("--taught-seconds", type=float, default=100)
    parser.add_argument("--enhancer-start", type=pathlib.Path, help="weights in half precision to go on from")
    parser.add_argument("--emotion-start", type=pathlib.Path, help="likewise, of the classifier of all corpora that others teach")
    parser.add_argument("--beside", action="store_true", help="everything begins at once, and hears what --enhancer-start makes of mixtures")
    parser.add_argument("--rows", type=int, default=96, help="of a batch")
    parser.add_argument("--versions", type=int, default=4, help="of every utterance in the pool")
    parser.add_argument("--speech-excerpts", type=int, default=24000, help="in the detector's pool")
    parser.add_argument("--fitted", type=int, default=1152, help="excerpts that the scale of the statistics is taken from")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    arguments.target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        raise SystemExit(0 if run(arguments, scratch) else 1)


if __name__ == "__main__":
    main()
