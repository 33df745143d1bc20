"""Makes clean.wav, noisy.wav and noise-only.wav beside this file, 16 kHz mono, from prompts of a Debian package and seeded noise."""

import argparse
import json
import pathlib

import numpy as np
import soundfile

from ..shared import SAMPLE_RATE_HZ
from ..train.corpora import read_g722
from ..train.mixing import mix

HERE = pathlib.Path(__file__).resolve().parent
SNR_DB = 3.0
PAUSE_SECONDS = 0.2
SPEECH_PEAK = 0.5
PROMPTS = pathlib.Path("/usr/share/asterisk/sounds")
VOICE = "it_IT_m_Carlo"  # a speaker whom no model was trained on
SENTENCES = ("vm-nobodyavail", "conf-onlyperson", "queue-thankyou")


def speech():
    """Whole prompts with pauses around them."""
    pause, parts = np.zeros(int(PAUSE_SECONDS * SAMPLE_RATE_HZ), np.float32), []
    for clip in read_g722([PROMPTS / VOICE / f"{name}.g722" for name in SENTENCES]):
        parts += [clip.astype(np.float32) / 32768, pause]
    whole = np.concatenate([pause, *parts])
    return whole * np.float32(SPEECH_PEAK / np.abs(whole).max())


def filtered(random, count, shape):
    """Gaussian noise with the magnitude response shape(hertz), of power 1."""
    spectrum = np.fft.rfft(random.standard_normal(count))
    samples = np.fft.irfft(spectrum * shape(np.fft.rfftfreq(count, 1 / SAMPLE_RATE_HZ)), count)
    return samples / np.std(samples)


def engine(seed, count):
    """An engine that hunts around 1500 revolutions per minute, four strokes, in the wind: harmonics of 12.5 Hz with the
    firing order strongest, a rush that pulses with them, and gusts."""
    random = np.random.default_rng(seed)
    drift = filtered(random, count, lambda hertz: hertz < 1.0)
    phase = 2 * np.pi * np.cumsum(12.5 * (1 + 0.03 * drift)) / SAMPLE_RATE_HZ
    hum = sum((1.6 if order % 4 == 0 else 0.6) / order ** 0.8 * np.sin(order * phase + random.uniform(0, 2 * np.pi)) for order in range(2, 60))
    rush = filtered(random, count, lambda hertz: 1 / (1 + (hertz / 900) ** 2)) * (1 + 0.4 * np.sin(4 * phase))
    gusts = np.exp(0.5 * filtered(random, count, lambda hertz: hertz < 0.6))
    wind = filtered(random, count, lambda hertz: 1 / (1 + (hertz / 180) ** 1.5)) * gusts
    noise = hum / np.std(hum) + rush + 0.8 * wind / np.std(wind) + 0.15 * random.standard_normal(count)
    return (0.1 * noise / np.std(noise)).astype(np.float32)


def check(work):
    """Scores the three files with the trained enhancer and SNR-level block, and insists on what the samples are to show."""
    from ..train import enhancer, snr_level, speech  # PyTorch is needed for this alone
    network, detector, (block, gate, _) = enhancer.load(work), speech.load(work), snr_level.load(work)
    found, scores, passes = {}, {}, {}
    for name in ("clean", "noisy", "noise-only"):
        samples, _ = soundfile.read(HERE / f"{name}.wav", dtype="float32")
        seen = snr_level.observed(snr_level.features(network, detector, samples)[None], *snr_level.parameters(block))
        found[name] = {kind: round(float(values[0]), 3) for kind, values in seen.items()}
        scores[name], passes[name] = found[name]["score"], gate.passes(seen)[0]
    print(json.dumps({"gate": gate._asdict(), **found}))
    if passes["noise-only"] or not passes["noisy"] or not scores["noise-only"] < scores["noisy"] < scores["clean"]:
        raise SystemExit("The samples do not show what they should.")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", help="folder of the trained models; if given, the samples are checked with them")
    arguments = parser.parse_args()
    clean = speech()
    files = {"clean": clean, "noisy": mix(clean, engine(11, len(clean)), SNR_DB), "noise-only": engine(12, len(clean))}
    for name, samples in files.items():
        samples = samples * np.float32(min(1.0, 0.95 / np.abs(samples).max()))
        soundfile.write(HERE / f"{name}.wav", samples, SAMPLE_RATE_HZ, "PCM_16")
        print(f"{name}.wav: {len(samples) / SAMPLE_RATE_HZ:.2f} s, {(HERE / f'{name}.wav').stat().st_size / 1e3:.0f} kB")
    if arguments.work:
        check(arguments.work)


if __name__ == "__main__":
    main()
