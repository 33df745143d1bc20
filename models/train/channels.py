"""What lies between a voice and its recording: bands, companding, gain control, clipping, hum. Drawn whatever the corpus, so that none is told by it.

Lossy codecs are applied once and kept (corpora.py); the rest is made on the fly.
"""

import functools

import numpy as np

from ..shared import SAMPLE_RATE_HZ

# (lowest Hz, highest Hz): telephone, 11.025 kHz recordings, 8 kHz recordings, wideband calls; with the odds of each.
BANDS = {"telephone": (300, 3400), "eleven": (0, 5400), "eight": (0, 3900), "wideband": (50, 7000)}
BAND_ODDS = {"telephone": 0.3, "eleven": 0.12, "eight": 0.08, "wideband": 0.08}
EDGE = 0.06  # of a band: it falls along a cosine, this share of its frequency wide
BELOW_VOICE_HZ = 70


def band_limited(samples, lowest_hz, highest_hz):
    """Only what lies between; both edges fall along a cosine."""
    spectrum = np.fft.rfft(samples)
    hertz = np.arange(len(spectrum)) * SAMPLE_RATE_HZ / len(samples)
    gain = 0.5 + 0.5 * np.cos(np.pi * np.clip((hertz / highest_hz - 1) / EDGE, 0, 1))
    if lowest_hz > 0:
        gain *= 0.5 + 0.5 * np.cos(np.pi * np.clip((1 - hertz / lowest_hz) / EDGE, 0, 1))
    return np.fft.irfft(spectrum * gain, len(samples)).astype(np.float32)


@functools.lru_cache
def high_pass():
    from scipy.signal import butter  # here, because a machine that only trains (device.py) need not have it
    return butter(4, BELOW_VOICE_HZ, "highpass", fs=SAMPLE_RATE_HZ, output="sos")


def above_rumble(samples):
    """Without DC and what lies below voices: a Butterworth high-pass of order 4 at 70 Hz, forwards only, from a state of 0.

    For scoring alone: x and x̂ go through it before their similarity and energies are taken. What is enhanced, mixed and heard keeps its lows.
    """
    from scipy.signal import sosfilt
    return sosfilt(high_pass(), samples).astype(np.float32)


def companded(samples, law, peak):
    """Eight bits by the µ-law or the A-law of ITU-T G.711, as their continuous curves; `peak` is full scale."""
    x = np.clip(samples / peak, -1, 1)
    size = np.abs(x)
    if law == "mu":
        level = np.round(np.log1p(255 * size) / np.log(256) * 127) / 127
        size = np.expm1(level * np.log(256)) / 255
    else:
        scale = 1 + np.log(87.6)
        level = np.round(np.where(size < 1 / 87.6, 87.6 * size, 1 + np.log(np.maximum(87.6 * size, 1))) / scale * 127) / 127
        size = np.where(level < 1 / scale, level * scale, np.exp(np.maximum(level * scale, 1) - 1)) / 87.6
    return (np.sign(x) * size * peak).astype(np.float32)


def gain_control(random, mixture):
    """The gain of a recorder that rides on the loudness of the last moments: most of the difference is taken out."""
    span = int(random.uniform(0.2, 1.0) * SAMPLE_RATE_HZ)
    energy = np.concatenate([[0.0], np.cumsum(np.pad(mixture.astype(np.float64) ** 2, (span // 2, span - span // 2 - 1), mode="reflect"))])
    loudness = np.sqrt((energy[span:] - energy[:-span]) / span + 1e-7)
    gain = (loudness / loudness.mean()) ** -random.uniform(0.3, 0.8)
    return np.minimum(gain, 6).astype(np.float32)


def disturbance(random, count):
    """What the electronics add: DC, mains hum with harmonics, or rumble below the voice; relative to a power of 1."""
    kind, n = random.integers(3), np.arange(count) / SAMPLE_RATE_HZ
    if kind == 0:
        return np.full(count, random.choice([-1, 1]), np.float32)
    if kind == 1:
        mains = random.choice([50.0, 60.0])
        parts = [random.uniform(0, 1) / k * np.sin(2 * np.pi * (mains * k * n + random.random())) for k in range(1, int(random.integers(2, 9)))]
        hum = np.sum(parts, 0)
    else:
        spectrum = np.fft.rfft(random.standard_normal(count))
        hertz = np.arange(len(spectrum)) * SAMPLE_RATE_HZ / count
        hum = np.fft.irfft(spectrum * (hertz < random.uniform(20, BELOW_VOICE_HZ)), count)
    return (hum / (np.sqrt(np.mean(hum ** 2)) + 1e-9)).astype(np.float32)


class Channel:
    """One recording's way, drawn once and laid over a mixture and the speech in it alike, so that clean speech stays its own target."""

    def __init__(self, random, mixture):
        odds = np.array([1 - sum(BAND_ODDS.values()), *BAND_ODDS.values()])
        self.band = [None, *BANDS.values()][random.choice(len(odds), p=odds)]
        peak = float(np.abs(mixture).max(initial=0)) + 1e-6
        self.gain = gain_control(random, mixture) if random.random() < 0.1 else None
        self.ceiling = peak * random.uniform(0.25, 0.9) if random.random() < 0.1 else None
        self.law = random.choice(["mu", "a"]) if random.random() < (0.5 if self.band == BANDS["telephone"] else 0.05) else None
        self.full_scale = peak * 10 ** random.uniform(0.0, 1.0)
        level = np.sqrt(np.mean(mixture ** 2)) * 10 ** (random.uniform(-30, 10) / 20)
        self.disturbance = level * disturbance(random, len(mixture)) if random.random() < 0.15 else None

    def __call__(self, samples):
        """What a perfect enhancer would leave of these samples."""
        y = samples if self.gain is None else samples * self.gain
        y = y if self.ceiling is None else np.clip(y, -self.ceiling, self.ceiling)
        y = y if self.band is None else band_limited(y, *self.band)
        return y if self.law is None else companded(y, self.law, self.full_scale)

    def recorded(self, mixture):
        """The mixture as the recording holds it, hum and all."""
        y = self(mixture)
        return y if self.disturbance is None else y + self.disturbance.astype(np.float32)


def tones(random, count):
    """Noises that a machine makes and that have pitches as voices do: ringback, busy and dial tones in their cadences, sirens, beeps."""
    n = np.arange(count) / SAMPLE_RATE_HZ
    if random.random() < 0.6:
        pitches = [(440, 480), (425,), (480, 620), (400, 450), (350, 440), (400,), (450,), (1400,), (950, 1400)]
        hertz = pitches[random.integers(len(pitches))] if random.random() < 0.7 else random.uniform(300, 2000, random.integers(1, 3))
        on, off = [(2, 4), (1, 4), (0.4, 0.2), (0.5, 0.5), (0.25, 0.25), (0.4, 2), (60, 0)][random.integers(7)]
        sound = sum(np.sin(2 * np.pi * (f * random.uniform(0.98, 1.02) * n + random.random())) for f in hertz)
        sound = sound * ((n + random.uniform(0, on)) % (on + off) < on)
    else:
        centre, depth, rate = random.uniform(500, 1200), random.uniform(0.1, 0.5), random.uniform(0.1, 4)
        swing = np.sin(2 * np.pi * rate * n)
        swing = swing if random.random() < 0.5 else np.sign(swing)
        phase = np.cumsum(centre * (1 + depth * swing)) / SAMPLE_RATE_HZ
        sound = sum(random.uniform(0, 1) / k * np.sin(2 * np.pi * k * phase) for k in range(1, 6))
    return (0.07 * sound + 1e-4 * random.standard_normal(count)).astype(np.float32)
