"""The small emotion classifier: waveform in, four emotions and three attributes out, everything inside the graph.

Two pictures of the utterance, hop 10 ms: 64 mel bands of 25 ms frames (timbre), and 64 bands, 16 to the octave, from 70 to
1120 Hz of 64 ms frames (harmonics of the voice: intonation shifts this picture up and down). Convolutions judge the pictures, a dense layer
judges statistics of them; the answer is the mean of both.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..shared import SAMPLE_RATE_HZ
from ..shared.signals import normalised
from .corpora import EMOTIONS, LABELS

HOP = 160
MEL_TAPS, MEL_FFT, MEL_BANDS = 400, 512, 64
PITCH_TAPS, PITCH_BANDS, PITCH_LOWEST_HZ, PITCH_OCTAVES = 1024, 64, 70.0, 4
FLOOR = 1e-5  # -50 dB, in units of white noise of the utterance's own power
CEPSTRA, QUANTILES, STATISTICS_FLOOR = 20, (0.05, 0.25, 0.5, 0.75, 0.95), 1e-3
MINIMUM_SAMPLES = 8000


def to_mel(hertz):
    logarithm = torch.log10 if isinstance(hertz, torch.Tensor) else np.log10
    return 2595 * logarithm(1 + hertz / 700)


def to_hertz(mels):
    return 700 * (10 ** (mels / 2595) - 1)


MEL_LOWEST, MEL_STEP = to_mel(60), (to_mel(7600) - to_mel(60)) / (MEL_BANDS + 1)


def triangles(mels, fft):
    """[bands, bins] from two more edges in mel than there are bands, each triangle with a sum of 1."""
    edges = to_hertz(mels)
    bins = np.arange(fft // 2 + 1) * SAMPLE_RATE_HZ / fft
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    weights = np.maximum(np.minimum(rising, falling), 0) + 1e-9
    return torch.from_numpy(weights / weights.sum(1, keepdims=True)).float()


def sinusoids(taps, hertz):
    """[2·len(hertz), 1, taps]: Hann-windowed cosines, then sines, scaled so that white noise of power 1 gives a power of 1."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(taps) / taps)
    phase = 2 * np.pi * np.asarray(hertz)[:, None] / SAMPLE_RATE_HZ * np.arange(taps)
    kernel = np.concatenate([np.cos(phase), np.sin(phase)]) * window / np.sqrt((window ** 2).sum())
    return torch.from_numpy(kernel).float().unsqueeze(1)


class FrontEnd(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("mel_kernel", sinusoids(MEL_TAPS, np.arange(MEL_FFT // 2 + 1) * SAMPLE_RATE_HZ / MEL_FFT), persistent=False)
        filters = triangles(MEL_LOWEST + MEL_STEP * np.arange(MEL_BANDS + 2), MEL_FFT)  # between 60 Hz and 7.6 kHz
        self.register_buffer("mel_filters", filters.unsqueeze(-1), persistent=False)
        hertz = PITCH_LOWEST_HZ * 2 ** (np.arange(PITCH_BANDS) * PITCH_OCTAVES / PITCH_BANDS)
        self.register_buffer("pitch_kernel", sinusoids(PITCH_TAPS, hertz), persistent=False)

    def forward(self, waveform):
        """[batch, samples] → power [batch, 64, frames] in mel bands and in bands of pitch, whatever the level."""
        x = normalised(waveform).unsqueeze(1)
        real, imaginary = functional.conv1d(x, self.mel_kernel, stride=HOP).chunk(2, 1)
        mel = functional.conv1d(real ** 2 + imaginary ** 2, self.mel_filters)
        real, imaginary = functional.conv1d(x, self.pitch_kernel, stride=HOP, padding=(PITCH_TAPS - MEL_TAPS) // 2).chunk(2, 1)
        return mel, real ** 2 + imaginary ** 2


def picture(power):
    """[batch, 64, frames] → [batch, 2, frames, 64]: log power, and the same less its mean over time."""
    loudness = (power + FLOOR).log().transpose(1, 2) * 0.25 + 1.0  # about -2..2
    return torch.stack([loudness, loudness - loudness.mean(1, keepdim=True)], 1)


class Statistics(nn.Module):
    """What the floor knows of an utterance (floor.py): how mel, cepstral, loudness and intonation contours are spread, standardised."""

    def __init__(self):
        super().__init__()
        angles = np.pi * np.arange(CEPSTRA)[:, None] * (np.arange(MEL_BANDS) + 0.5) / MEL_BANDS
        self.register_buffer("cosines", torch.from_numpy(np.cos(angles) * np.sqrt(2 / MEL_BANDS)).float(), persistent=False)
        self.register_buffer("bands", torch.arange(float(MEL_BANDS))[:, None], persistent=False)
        self.register_buffer("fractions", torch.tensor(QUANTILES), persistent=False)
        size = (MEL_BANDS + CEPSTRA + 4) * (len(QUANTILES) + 3) + PITCH_BANDS + 6
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("deviation", torch.ones(size))

    def forward(self, mel, pitch):
        """Powers of the front end → [batch, size], each number about -3..3."""
        return ((self.measure(mel, pitch) - self.mean) / self.deviation).clamp(-5, 5)

    def fit(self, mel, pitch):
        """Takes the scale of every number from the powers of many utterances."""
        found = self.measure(mel, pitch)
        self.mean.copy_(found.mean(0))
        self.deviation.copy_(found.std(0) + 1e-3)

    def measure(self, mel, pitch):
        bands = (mel + STATISTICS_FLOOR).log()
        loudness = (mel.mean(1, keepdim=True) + STATISTICS_FLOOR).log()
        centre = (mel * self.bands).sum(1, keepdim=True) / (mel.sum(1, keepdim=True) + STATISTICS_FLOOR)
        tones = (pitch + STATISTICS_FLOOR).log()
        tone, strength = self.intonation(tones)
        spread = self.spread(torch.cat([bands, torch.matmul(self.cosines, bands), loudness, centre, strength, tone], 1))
        return torch.cat([spread, tones.mean(-1), self.melody(tone, torch.sigmoid(2 * (loudness + 1)) * torch.sigmoid(2 * (strength - 2)))], 1)

    @staticmethod
    def intonation(tones):
        """The most likely pitch in semitones above 70 Hz, and how much it stands out: both [batch, 1, frames].

        A pitch is likely where its first three harmonics are loud and what lies half an octave above it is not (Hermes 1988).
        """
        octave, candidates = PITCH_BANDS // PITCH_OCTAVES, 44  # up to 470 Hz
        tones = functional.pad(tones, (0, 0, 0, 2 * octave), value=float(np.log(STATISTICS_FLOOR)))
        above = lambda bands: tones[:, bands:bands + candidates]
        salience = above(0) + 0.8 * above(octave) + 0.6 * above(25) - 0.5 * above(octave // 2)
        salience = salience - salience.mean(1, keepdim=True)
        semitones = torch.arange(float(candidates), device=tones.device)[:, None] * 12 / octave
        return ((2 * salience).softmax(1) * semitones).sum(1, keepdim=True), salience.amax(1, keepdim=True)

    def spread(self, contours):
        """Of each row of [batch, rows, frames]: mean, deviation, quantiles, and mean step from frame to frame."""
        mean = contours.mean(-1)
        deviation = ((contours - mean.unsqueeze(-1)) ** 2).mean(-1).sqrt()
        last = torch._shape_as_tensor(contours)[2] - 1  # a tensor, so that the exported graph takes any length
        quantiles = contours.sort(-1).values.index_select(-1, (self.fractions * last).round().long())
        return torch.cat([mean, deviation, quantiles.flatten(1), (contours[..., 1:] - contours[..., :-1]).abs().mean(-1)], 1)

    @staticmethod
    def melody(tone, voiced):
        """[batch, 6]: of the voiced frames' pitch the mean, the deviation, both halves of it and the mean step; and the share of voiced frames."""
        weight = voiced / (voiced.sum(-1, keepdim=True) + 1e-3)
        mean = (weight * tone).sum(-1, keepdim=True)
        root = lambda difference: ((weight * difference ** 2).sum(-1) + 1e-3).sqrt()
        pairs = voiced[..., 1:] * voiced[..., :-1]
        step = ((tone[..., 1:] - tone[..., :-1]).abs() * pairs).sum(-1) / (pairs.sum(-1) + 1e-3)
        return torch.cat([mean.squeeze(-1), root(tone - mean), root((tone - mean).relu()), root((mean - tone).relu()), step, voiced.mean(-1)], 1)


def convolution(inputs, outputs, kernel, stride):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Residual(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = layers

    def forward(self, x):
        return x + self.layers(x)


def branch(widths):
    """[batch, 2, frames, 64] → [batch, c, frames / 2, 8]."""
    a, b, c = widths
    return nn.Sequential(
        convolution(2, a, 5, 2), Residual(convolution(a, a, 3, 1)), convolution(a, b, 3, (1, 2)), Residual(convolution(b, b, 3, 1)),
        convolution(b, c, 3, (1, 2)))


def temporal(channels, kernel, dilation=1):
    return nn.Sequential(nn.Conv1d(channels, channels, kernel, padding=kernel // 2 * dilation, dilation=dilation, bias=False),
                         nn.BatchNorm1d(channels), nn.ReLU())


class Pictures(nn.Module):
    """Convolutions over both pictures, then over time; [batch, 2·channels]: mean and deviation."""

    def __init__(self, widths, channels, dropout):
        super().__init__()
        self.branches = nn.ModuleList([branch(widths) for _ in range(2)]).to(memory_format=torch.channels_last)  # trains a tenth faster
        self.inward = nn.Sequential(nn.Conv1d(2 * widths[2] * 8, channels, 1, bias=False), nn.BatchNorm1d(channels), nn.ReLU())
        self.time = nn.Sequential(Residual(temporal(channels, 3)), Residual(temporal(channels, 3, 2)))
        self.dropout = nn.Dropout(dropout)

    def forward(self, mel, pitch):
        pictures = [picture(mel), picture(pitch)]
        if self.training:
            pictures = masked(pictures)
        seen = torch.cat([layers(seen) for layers, seen in zip(self.branches, pictures)], 1)
        batch, width, frames, bands = seen.shape
        seen = self.time(self.dropout(self.inward(seen.permute(0, 1, 3, 2).reshape(batch, width * bands, frames)))).float()
        mean = seen.mean(-1, keepdim=True)
        deviation = (((seen - mean) ** 2).mean(-1) + 1e-5).sqrt()
        return self.dropout(torch.cat([mean.squeeze(-1), deviation], 1))


class EmotionNetwork(nn.Module):
    """Two judges, each with its own heads, who learn apart: one sees pictures, the other statistics. Their outputs are averaged.

    With `other_voices`, training hears every utterance as from somebody else; with `other_rooms`, now and then as if another one's microphone
    had heard it.
    """

    def __init__(self, widths=(24, 40, 64), channels=128, dropout=0.3):
        super().__init__()
        self.other_voices = self.other_rooms = False
        self.front_end, self.statistics = FrontEnd(), Statistics()
        self.pictures = Pictures(widths, channels, dropout)
        self.summary = nn.Sequential(nn.Dropout(0.2), nn.Linear(len(self.statistics.mean), channels), nn.ReLU(), nn.Dropout(0.5))
        self.emotion = nn.ModuleList([nn.Linear(2 * channels, len(EMOTIONS)), nn.Linear(channels, len(EMOTIONS))])
        self.attributes = nn.ModuleList([nn.Linear(2 * channels, 3), nn.Linear(channels, 3)])

    def seen(self, waveform):
        """[batch, samples] at any level → what each judge makes its mind up by."""
        with torch.autocast(waveform.device.type, enabled=False):  # spectra need more digits than the training's bfloat16 has
            mel, pitch = self.front_end(waveform)
            if self.training and self.other_voices:
                mel, pitch = other_voice(mel, pitch)
            if self.training and self.other_rooms:
                mel, pitch = other_room(mel, pitch)
            statistics = self.statistics(mel, pitch)
        return [self.pictures(mel, pitch), self.summary(statistics)]

    def judges(self, waveform):
        """[batch, samples] at any level → of each judge: logits [batch, 7] of EMOTIONS, and attributes [batch, 3], each in 1..5."""
        return self.judged(self.seen(waveform))

    def judged(self, seen):
        """As `judges`, of what `seen` gave."""
        return [(emotion(s), 3 + 2 * torch.tanh(attributes(s))) for s, emotion, attributes in zip(seen, self.emotion, self.attributes)]

    def forward(self, waveform):
        """[batch, samples] at any level → logits [batch, 4] of LABELS and attributes [batch, 3], the judges' mean."""
        (a, b), (c, d) = self.judges(waveform)
        return (a + c)[:, :len(LABELS)] / 2, (b + d) / 2

    def hidden_multiply_accumulates(self):
        """Per second of audio, of the front end, which is no layer."""
        mel = 2 * (MEL_FFT // 2 + 1) * MEL_TAPS + (MEL_FFT // 2 + 1) * MEL_BANDS
        return SAMPLE_RATE_HZ / HOP * (mel + 2 * PITCH_BANDS * PITCH_TAPS)


def between(power, bands):
    """[batch, 64, frames] read at `bands` [batch, 64], which may lie between two."""
    at = bands.clamp(0, power.shape[1] - 1).unsqueeze(-1)
    return torch.matmul((1 - (at - torch.arange(float(power.shape[1]), device=power.device)).abs()).clamp(min=0), power)


def other_voice(mel_power, pitch_power, tract=0.12, semitones=1.5, tempo=0.15):
    """Each row as from another vocal tract (VTLP, Jaitly & Hinton 2013) and another larynx, and all of them slower or faster."""
    def uniform(*size):
        return 2 * torch.rand(size, device=mel_power.device) - 1

    rows, bands = len(mel_power), torch.arange(float(MEL_BANDS), device=mel_power.device)
    warped = to_mel(to_hertz(MEL_LOWEST + MEL_STEP * (bands + 1)) * (1 + tract * uniform(rows, 1)))
    shifted = bands + semitones * PITCH_BANDS / PITCH_OCTAVES / 12 * uniform(rows, 1)
    frames = round(mel_power.shape[2] * float(1 + tempo * uniform(1)))
    voices = between(mel_power, (warped - MEL_LOWEST) / MEL_STEP - 1), between(pitch_power, shifted)
    return [functional.interpolate(power, frames, mode="linear") for power in voices]


def other_room(*powers, share=0.5, concentration=0.3):
    """Log power of a share of the rows with the means and deviations over time of another row's bands, in part (MixStyle, Zhou et al. 2021)."""
    rows, device = len(powers[0]), powers[0].device
    own = torch.distributions.Beta(concentration, concentration).sample((rows, 1, 1)).to(device)
    own, partner = torch.where(torch.rand(rows, 1, 1, device=device) < share, own, torch.ones_like(own)), torch.randperm(rows, device=device)
    heard = []
    for power in powers:
        loudness = (power + FLOOR).log()
        mean, deviation = loudness.mean(2, keepdim=True), loudness.std(2, keepdim=True) + 1e-3
        styled = lambda values: own * values + (1 - own) * values[partner]
        # One loud frame of a silent band would, with another's deviation, go beyond all numbers.
        shape = ((loudness - mean) / deviation).clamp(-5, 5)
        heard.append(((shape * styled(deviation) + styled(mean)).exp() - FLOOR).clamp_min(0))
    return heard


def masked(pictures, times=2, longest_frames=20, bands=2, widest_bands=8):
    """SpecAugment (Park et al. 2019): spans of time and, per picture, of bands are set to 0, each row its own."""
    (batch, _, frames, height), device = pictures[0].shape, pictures[0].device

    def spans(count, longest, size):
        start = torch.rand(batch, count, 1, device=device) * size
        at = torch.arange(size, device=device)
        return ((at >= start) & (at < start + torch.rand(batch, count, 1, device=device) * longest)).any(1)

    silent = spans(times, longest_frames, frames)[:, None, :, None]
    return [p.masked_fill(silent | spans(bands, widest_bands, height)[:, None, None, :], 0.0) for p in pictures]


def multiply_accumulates(network, seconds=4):
    """MMAC per second of audio of every convolution and dense layer, front end included."""
    total = 0

    def count(module, inputs, output):
        nonlocal total
        per_value = module.weight[0].numel()
        total += per_value * (output.numel() if hasattr(output, "numel") else 0)

    handles = [m.register_forward_hook(count) for m in network.modules() if isinstance(m, (nn.Conv1d, nn.Conv2d, nn.Linear))]
    with torch.no_grad():
        network(torch.zeros(1, seconds * SAMPLE_RATE_HZ))
    for handle in handles:
        handle.remove()
    return (total / seconds + network.hidden_multiply_accumulates()) / 1e6
