"""Noisy speech made on the fly: seeded, with the SNR measured on active frames only."""

import numpy as np

from ..shared import SAMPLE_RATE_HZ
from .channels import tones
from .corpora import Corpus, NOISE, SPEECH, split_of_noise, split_of_speaker

NOISE_ODDS = {"esc10": 0.6, "speech_commands_noise": 0.12, "music": 0.35, "effects": 0.35, "ambience": 0.2}
COLOURED, BABBLE, TONES = 0.10, 0.12, 0.06  # shares of the noises that are made; the last two in training only
CODED = 0.3  # share of the training speech that has been through a codec
FRAME_SAMPLES = 320  # 20 ms, the frame that activity is judged on


def active_power(samples, range_db=40.0):
    """Mean power of the frames within `range_db` of the loudest one: clips hold digital silence, speech holds pauses."""
    frames = samples[:len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    power = np.mean(frames.astype(np.float64) ** 2, axis=1) if len(frames) else np.array([np.mean(samples.astype(np.float64) ** 2)])
    loudest = power.max(initial=0.0)
    return float(power[power >= loudest * 10 ** (-range_db / 10)].mean()) if loudest > 0 else 0.0


def mix(speech, noise, snr_db):
    """speech + g·noise with g such that the active powers are `snr_db` apart."""
    noise_power = active_power(noise)
    gain = np.sqrt(active_power(speech) / noise_power / 10 ** (snr_db / 10)) if noise_power > 0 else 0.0
    return speech + np.float32(gain) * noise


def coloured(random, count):
    """Noise with a random spectral slope from white (0) over pink (-3 dB per octave) to brown (-6)."""
    spectrum = np.fft.rfft(random.standard_normal(count))
    bins = np.maximum(np.arange(len(spectrum)), 1)
    shaped = np.fft.irfft(spectrum * bins ** (-random.uniform(0, 1)), count)
    return (0.1 * shaped / max(np.std(shaped), 1e-9)).astype(np.float32)


def resampled(samples, factor):
    """Speed and pitch together, by linear interpolation: an augmentation, not a resampler."""
    at = np.arange(0, len(samples) - 1, factor)
    return np.interp(at, np.arange(len(samples)), samples).astype(np.float32)


def equalised(random, samples, depth_db=6.0):
    """A smooth random magnitude response, as rooms, microphones and codecs have."""
    spectrum = np.fft.rfft(samples)
    knots = random.uniform(-depth_db, depth_db, 8)
    curve = np.interp(np.linspace(0, 7, len(spectrum)), np.arange(8), knots)
    return np.fft.irfft(spectrum * 10 ** (curve / 20), len(samples)).astype(np.float32)


def reverberant(random, samples, loudest_db=-3):
    """Heard in a room: behind the direct sound, noise that decays by 60 dB within 0.15 to 0.7 s, from `loudest_db` to -18 dB beside it in all."""
    from scipy.signal import fftconvolve  # here, because a machine that only trains (device.py) need not have it
    taps = int(random.uniform(0.15, 0.7) * SAMPLE_RATE_HZ)
    delay = int(random.integers(16, 160))  # 1 to 10 ms: the first wall is 0.3 to 3 m away
    tail = random.standard_normal(taps) * 10 ** (-3 * np.arange(taps) / taps)
    tail[:delay] = 0
    tail *= 10 ** (-random.uniform(-loudest_db, 18) / 20) / np.sqrt((tail ** 2).sum())
    tail[0] = 1
    return fftconvolve(samples, tail)[:len(samples)].astype(np.float32)


class Sources:
    """Speech and noise of one split, drawn as excerpts of a wanted length."""

    def __init__(self, work, split):
        self.augment = split == "train"
        self.speech = [(c, [i for i, n in enumerate(c.names) if split_of_speaker(c.name, n) == split])
                       for c in (Corpus(work, name) for name in SPEECH)]
        self.coded = {c.name: Corpus(work, c.name, coded=True) for c, _ in self.speech} if self.augment else {}
        self.noise = [(c, [i for i, n in enumerate(c.names) if split_of_noise(c.name, n) == split])
                      for c in (Corpus(work, name) for name in NOISE)]
        self.speech = [(c, i) for c, i in self.speech if i]
        self.noise = [(c, i) for c, i in self.noise if i]
        self.speech_odds = np.array([min(len(i), 1000) for _, i in self.speech], float)
        self.speech_odds /= self.speech_odds.sum()
        self.noise_odds = np.array([NOISE_ODDS[c.name] for c, _ in self.noise])
        self.noise_odds /= self.noise_odds.sum()

    def draw_speech(self, random, count):
        """Utterances one after the other with pauses, until `count` samples are full; levels stay as recorded, ±."""
        corpus, indices = self.speech[random.choice(len(self.speech), p=self.speech_odds)]
        if self.augment and random.random() < CODED:
            corpus = self.coded[corpus.name]
        parts, length = [], 0
        wanted = count + int(random.integers(0, SAMPLE_RATE_HZ // 2))
        factor = random.uniform(0.88, 1.14) if self.augment else 1.0
        while length < wanted:
            clip = corpus[indices[random.integers(len(indices))]]
            clip = resampled(clip, factor) if self.augment else clip
            parts += [clip, np.zeros(int(random.integers(0, SAMPLE_RATE_HZ // 3)), np.float32)]
            length += len(parts[-1]) + len(clip)
        whole = np.concatenate(parts)
        start = int(random.integers(0, length - count + 1))
        excerpt = whole[start:start + count]
        excerpt = equalised(random, excerpt) if self.augment and random.random() < 0.5 else excerpt
        excerpt = reverberant(random, excerpt, random.choice([-3, 6])) if self.augment and random.random() < 0.25 else excerpt
        power = active_power(excerpt)
        return excerpt * np.float32(0.05 / np.sqrt(power)) if power > 1e-10 else self.draw_speech(random, count)

    def draw_noise(self, random, count, depth=0, only=None):
        """Of every kind, or of one corpus `only`."""
        kind = 1.0 if only else random.random()
        if kind < COLOURED:
            return coloured(random, count)
        if self.augment and kind < COLOURED + BABBLE:
            return sum(self.draw_speech(random, count) for _ in range(int(random.integers(4, 9)))) / 3
        if self.augment and kind < COLOURED + BABBLE + TONES:
            return tones(random, count)
        odds = self.noise_odds if only is None else np.array([float(c.name == only) for c, _ in self.noise])
        corpus, indices = self.noise[random.choice(len(self.noise), p=odds)]
        clip = corpus[indices[random.integers(len(indices))]]
        if self.augment:
            long = len(clip) > 10 * SAMPLE_RATE_HZ
            clip = clip[(s := int(random.integers(0, len(clip) - 8 * SAMPLE_RATE_HZ))):s + 8 * SAMPLE_RATE_HZ] if long else clip
            clip = resampled(clip, random.uniform(0.75, 1.35))
            clip = equalised(random, clip, 8) if random.random() < 0.5 else clip
        clip = np.tile(clip, -(-count // len(clip)) + 1)
        for _ in range(8):
            start = int(random.integers(0, len(clip) - count + 1))
            excerpt = clip[start:start + count]
            if active_power(excerpt) > 1e-8:
                break
        else:
            return coloured(random, count)
        excerpt = excerpt * np.float32(0.05 / np.sqrt(active_power(excerpt)))
        if self.augment and depth == 0 and random.random() < 0.25:
            excerpt = excerpt + np.float32(random.uniform(0.2, 1.0)) * self.draw_noise(random, count, 1)
        return excerpt
