"""One table of one run: the embedded models, CMGAN with HuBERT Base at random weights, the same with a cascade and in eight bits, and PyTorch.

    python3 -m models.export.table prepare --nrser NRSER --work WORK   # checkpoints, installed models, a recording: once, minutes
    python3 -m models.export.table measure --nrser NRSER --work WORK   # the table: on a machine with nothing else to do, 5 to 8 min on two cores

NRSER is the built program. The recording is the three samples one after the other, so that a cascade has speech in noise, clean speech and noise
to tell apart; `bench` hears it again and again. Weights decide nothing of the time; of what a cascade leaves the embedded models decide alone.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

import soundfile
import torch

from . import checkpoints, cmgan, hubert_ser, seeded
from .cmgan_network import Cmgan
from .hubert_network import HubertForSequenceClassification

SAMPLES = pathlib.Path(__file__).resolve().parents[1] / "samples"
HUBERT_SECONDS, HUBERT_BATCH = 5, 2  # as `bench` hears it: batches of 10 s
RUNS = 3
FULL = {"Enhancer": "cmgan", "SnrLevel": "cmgan-snr-level", "Emotion": "hubert-base"}
ROWS = (  # name, settings, minutes of audio after as much to warm up
    ("embedded", {}, 2.0),
    ("full: CMGAN, HuBERT Base", FULL, 0.34),
    ("full, cascade", {**FULL, "Cascade": "true"}, 0.5),
    ("full, int8", {**FULL, "Emotion": "hubert-base-int8"}, 0.34),
    ("full, cascade, int8", {**FULL, "Cascade": "true", "Emotion": "hubert-base-int8"}, 0.5),
)


def nrser(run, *arguments, settings=()):
    environment = {**os.environ, "NrSer__Models__InstalledPath": str(run.work / "installed"),
                   **{f"NrSer__Models__{name}": value for name, value in dict(settings).items()}}
    done = subprocess.run([run.nrser, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def prepare(run):
    run.work.mkdir(parents=True, exist_ok=True)
    config, normalise, tensors, _, _ = seeded.hubert(seeded.FULL["hubert-base"])
    folder = run.work / "hubert-base"
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": normalise}))
    checkpoints.write_safetensors(tensors, folder / "model.safetensors")
    (run.work / "cmgan" / "SNR").mkdir(parents=True, exist_ok=True)
    torch.save(seeded.seeded(Cmgan()), run.work / "cmgan" / "ckpt")
    torch.save(seeded.nrser_snr()[0], run.work / "cmgan" / "SNR" / "best")
    for arguments in (["install", folder, "--yes"], ["install", "cmgan", "--from", run.work / "cmgan", "--yes"], ["quantize", "hubert-base"]):
        nrser(run, "models", *arguments)
    signals = [soundfile.read(SAMPLES / name)[0] for name in ("noisy.wav", "clean.wav", "noise-only.wav")]
    soundfile.write(run.work / "mixed.wav", [value for signal in signals for value in signal], 16000)


def reference(threads):
    """RTF of PyTorch for CMGAN and for HuBERT Base, and the peak memory in MiB; prints JSON."""
    torch.set_num_threads(threads)
    base = hubert_ser.configuration(seeded.FULL["hubert-base"], "seeded")
    networks = (
        (checkpoints.randomise(Cmgan, 1).eval(), cmgan.spectrogram(cmgan.example(cmgan.BLOCK_SAMPLES)), cmgan.BLOCK_SAMPLES / 16000),
        (checkpoints.randomise(lambda: HubertForSequenceClassification(base, 4, True), 1).eval(),
         0.1 * torch.randn(HUBERT_BATCH, HUBERT_SECONDS * 16000), HUBERT_BATCH * HUBERT_SECONDS))
    print(json.dumps([*(seconds_of(network, heard) / audio for network, heard, audio in networks),
                      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))


@torch.no_grad()
def seconds_of(network, heard):
    taken = []
    for _ in range(RUNS + 1):  # the first warms up
        begun = time.monotonic()
        network(heard)
        taken.append(time.monotonic() - begun)
    return statistics.median(taken[1:])


def measure(run):
    threads = [t for t in (1, 2) if t <= (os.cpu_count() or 1)]
    print("| | " + " | ".join(f"RTF, {t} thread{'s' * (t > 1)}" for t in threads)
          + " | hours per core-hour, one thread | peak memory, MiB | left to CMGAN |")
    print("|---|" + "---:|" * (len(threads) + 3), flush=True)
    for name, settings, minutes in ROWS:
        found = [json.loads(nrser(run, "bench", run.work / "mixed.wav", "--minutes", minutes, "--threads", t, "--json", settings=settings))
                 for t in threads]
        left = found[0].get("leftToEnhancer")
        print(f"| {name} | " + " | ".join(f"{f['totalRtf']:.4f}" for f in found) + f" | {found[0]['audioHoursPerCoreHour']:.2f} | "
              + " / ".join(f"{f['peakMemoryMiB']:.0f}" for f in found) + f" | {'' if left is None else f'{left:.0%}'} |")
        print("".join(f"<!-- {t}: {', '.join('{} {:.4f}'.format(m['model'], m['rtf']) for m in f['models'])} -->\n" for t, f in zip(threads, found)),
              end="", flush=True)
    rows = [json.loads(subprocess.run([sys.executable, "-m", "models.export.table", "reference", "--threads", str(t)], stdout=subprocess.PIPE,
                                      text=True, check=True).stdout) for t in threads]
    for name, at in (("PyTorch, CMGAN alone", 0), ("PyTorch, HuBERT Base alone", 1)):
        print(f"| {name} | " + " | ".join(f"{row[at]:.4f}" for row in rows) + f" | {1 / rows[0][at]:.2f} | "
              + " / ".join(f"{row[2]:.0f}" for row in rows) + " | |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("prepare", "measure", "reference"))
    parser.add_argument("--nrser", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path)
    parser.add_argument("--threads", type=int, default=1)
    run = parser.parse_args()
    if run.what == "reference":
        reference(run.threads)
        return
    if not run.nrser or not run.work:
        parser.error("give --nrser and --work")
    run.nrser, run.work = run.nrser.resolve(), run.work.resolve()
    {"prepare": prepare, "measure": measure}[run.what](run)


if __name__ == "__main__":
    main()
