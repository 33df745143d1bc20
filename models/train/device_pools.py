"""What is learned from on a device: excerpts made once by the mixer and the enhancer, shared by all processes, and renewed meanwhile."""

import numpy as np
import torch

from ..shared import SAMPLE_RATE_HZ
from . import emotion, enhancer, speech
from .channels import BELOW_VOICE_HZ
from .device_mixing import filtered, where
from .precision import reduced_precision

PEAK = 30000
EMOTION_SAMPLES = round(3.3 * SAMPLE_RATE_HZ)
SPEECH_SAMPLES = 4 * SAMPLE_RATE_HZ
CLEAN, NOISE_ALONE = 0.1, 0.5  # of the excerpts with and without speech; the rest are mixtures
SPEECH_SNR_DB = (-3, 0, 20)  # least, likeliest, most


@torch.no_grad()
def heard(network, x, snr_db):
    """y as the embedded mix makes it, in effect a switch: x̂ up to about 25 dB, x above."""
    noisy = torch.nonzero(snr_db[:, 0] < 25)[:, 0]
    y = x.clone()
    if len(noisy):
        with reduced_precision(x.device.type):
            y[noisy] = enhancer.enhance(network, x[noisy])
    return y


def above_rumble(x):
    """As channels.above_rumble, without its phase, which no power has."""
    hertz = torch.arange(x.shape[1] // 2 + 1, device=x.device) * SAMPLE_RATE_HZ / x.shape[1]
    return filtered(x, (1 + (BELOW_VOICE_HZ / hertz.clamp_min(1e-3)) ** 8).rsqrt())


class EmotionPool:
    """Every utterance in some versions, as the classifier hears it: `waves` [versions * utterances, samples], int16, each at its own level."""

    def __init__(self, mixer, utterances, network, versions):
        self.mixer, self.utterances, self.network = mixer, utterances, network
        self.waves = torch.empty(versions * len(utterances.corpus), EMOTION_SAMPLES, dtype=torch.int16, device=mixer.device)

    def make(self, rows):
        y = self.excerpts(rows % len(self.utterances.corpus))
        self.waves[torch.from_numpy(rows).to(y.device)] = (y * (PEAK / y.abs().amax(1, keepdim=True).clamp_min(1e-6))).short()

    def excerpts(self, rows):
        """What the classifier hears of these utterances."""
        said = self.utterances.read(self.mixer, rows, EMOTION_SAMPLES, (0.88, 1.13))
        said = said * (1e-4 + said.pow(2).mean(1, keepdim=True)).rsqrt() * 0.05
        snr_db = self.mixer.uniform(0, 25, len(rows))
        snr_db[self.mixer.chance(0.5, len(rows))] = 99.0
        noise, _ = self.mixer.noise(len(rows), EMOTION_SAMPLES)
        x, _ = self.mixer.channel(self.mixer.mixed(said, noise, snr_db), said, emotion.CHANNELS)
        y = heard(self.network, x, snr_db)
        return where(self.mixer.chance(0.7, len(rows)), self.mixer.equalised(y, 10.0), y)

    @property
    def tensors(self):
        return {"waves": self.waves, **{name: getattr(self.utterances, name) for name in ("targets", "possible", "ratings", "speakers")}}


class SpeechPool:
    """Excerpts of 4 s with speech and without: `mel` [count, 2, frames, 40], `spoken` [count, frames], and the fold of their noise or 0, [count]."""

    def __init__(self, mixer, network, count):
        self.mixer, self.network = mixer, network
        frames = (SPEECH_SAMPLES // speech.HOP + 1) // speech.GROUP
        self.filters = speech.mel_filters().to(mixer.device)
        self.mel = torch.empty(count, 2, frames, speech.BANDS, device=mixer.device)
        self.spoken = torch.empty(count, frames, dtype=torch.bool, device=mixer.device)
        self.folds = torch.empty(count, dtype=torch.int8, device=mixer.device)

    @torch.no_grad()
    def make(self, rows):
        mixer, count, at = self.mixer, len(rows), torch.from_numpy(rows).to(self.mixer.device)
        said = mixer.speech(count, SPEECH_SAMPLES)
        noise, folds = mixer.noise(count, SPEECH_SAMPLES)
        other, others = noise.roll(1, 0), folds.roll(1, 0)
        both = mixer.chance(0.2, count) & ((folds == 0) | (others == 0))[:, None]
        noise = where(both, noise + other * mixer.uniform(0.2, 1.0, count), noise)
        folds = torch.where(both[:, 0], torch.maximum(folds, others), folds)
        kind = mixer.uniform(0, 1, count)
        clean, alone = kind < CLEAN, kind >= 1 - NOISE_ALONE
        snr_db = torch.from_numpy(mixer.host.triangular(*SPEECH_SNR_DB, (count, 1))).float().to(mixer.device)
        x = where(clean, said, where(alone, noise, mixer.mixed(said, noise, snr_db)))
        said = where(alone, torch.zeros_like(said), said)
        x, said = mixer.channel(x, said, enhancer.CHANNELS)
        with reduced_precision(x.device.type):
            enhanced = enhancer.enhance(self.network, x)
        squares = speech.power(above_rumble(x), above_rumble(enhanced))
        self.mel[at] = torch.matmul(squares, self.filters)
        self.spoken[at] = speech.active(said) & ~alone
        self.folds[at] = torch.where(clean[:, 0], torch.zeros_like(folds), folds)

    @property
    def tensors(self):
        return {"mel": self.mel, "spoken": self.spoken, "folds": self.folds}


def filled(pool, rows):
    """All of a pool made once."""
    size = len(next(iter(pool.tensors.values())))
    for at in range(0, size, rows):
        pool.make(np.arange(at, min(at + rows, size)))
    return pool


def renew(pool, random, rows):
    """Some rows of a pool made anew."""
    pool.make(random.integers(0, len(next(iter(pool.tensors.values()))), rows))
