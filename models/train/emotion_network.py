"""The small emotion classifier: waveform in, four emotions and three attributes out, everything inside the graph.

Two pictures of the utterance, hop 10 ms: 64 mel bands of 25 ms frames (timbre), and 64 bands, 16 to the octave, from 70 to
1120 Hz of 64 ms frames (harmonics of the voice: intonation shifts this picture up and down).
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from corpora import SAMPLE_RATE_HZ

HOP = 160
MEL_TAPS, MEL_FFT, MEL_BANDS = 400, 512, 64
PITCH_TAPS, PITCH_BANDS, PITCH_LOWEST_HZ, PITCH_OCTAVES = 1024, 64, 70.0, 4
FLOOR = 1e-5  # -50 dB, in units of white noise of the utterance's own power
MINIMUM_SAMPLES = 8000


def mel_filters():
    """[64, 257] triangles between 60 Hz and 7.6 kHz, each with a sum of 1."""
    mel = lambda hertz: 2595 * np.log10(1 + hertz / 700)
    edges = 700 * (10 ** (np.linspace(mel(60), mel(7600), MEL_BANDS + 2) / 2595) - 1)
    bins = np.arange(MEL_FFT // 2 + 1) * SAMPLE_RATE_HZ / MEL_FFT
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
        self.register_buffer("mel_filters", mel_filters().unsqueeze(-1), persistent=False)
        hertz = PITCH_LOWEST_HZ * 2 ** (np.arange(PITCH_BANDS) * PITCH_OCTAVES / PITCH_BANDS)
        self.register_buffer("pitch_kernel", sinusoids(PITCH_TAPS, hertz), persistent=False)

    def forward(self, waveform):
        """[batch, samples] → two pictures [batch, 2, frames, 64]: log power, and the same less its mean over time."""
        x = waveform - waveform.mean(-1, keepdim=True)
        x = (x / ((x ** 2).mean(-1, keepdim=True) + 1e-10).sqrt()).unsqueeze(1)
        real, imaginary = functional.conv1d(x, self.mel_kernel, stride=HOP).chunk(2, 1)
        mel = functional.conv1d(real ** 2 + imaginary ** 2, self.mel_filters)
        real, imaginary = functional.conv1d(x, self.pitch_kernel, stride=HOP, padding=(PITCH_TAPS - MEL_TAPS) // 2).chunk(2, 1)
        return [self.picture(mel), self.picture(real ** 2 + imaginary ** 2)]

    @staticmethod
    def picture(power):
        loudness = (power + FLOOR).log().transpose(1, 2) * 0.25 + 1.0  # about -2..2
        return torch.stack([loudness, loudness - loudness.mean(1, keepdim=True)], 1)


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


class EmotionNetwork(nn.Module):
    def __init__(self, pitch=True, widths=(24, 40, 64), channels=128, dropout=0.3):
        super().__init__()
        self.settings = {"pitch": pitch, "widths": widths, "channels": channels}
        self.front_end = FrontEnd()
        self.branches = nn.ModuleList([branch(widths) for _ in range(2 if pitch else 1)])
        self.inward = nn.Sequential(nn.Conv1d(len(self.branches) * widths[2] * 8, channels, 1, bias=False), nn.BatchNorm1d(channels), nn.ReLU())
        self.time = nn.Sequential(Residual(temporal(channels, 3)), Residual(temporal(channels, 3, 2)))
        self.dropout = nn.Dropout(dropout)
        self.emotion = nn.Linear(2 * channels, 4)
        self.attributes = nn.Linear(2 * channels, 3)

    def forward(self, waveform):
        """[batch, samples] at any level → logits [batch, 4] and arousal, valence, dominance [batch, 3], each in 1..5."""
        with torch.autocast("cpu", enabled=False):  # spectra need more digits than the training's bfloat16 has
            pictures = self.front_end(waveform)
        if self.training:
            pictures = masked(pictures)
        seen = torch.cat([layers(picture) for layers, picture in zip(self.branches, pictures)], 1)
        batch, width, frames, bands = seen.shape
        seen = self.time(self.dropout(self.inward(seen.permute(0, 1, 3, 2).reshape(batch, width * bands, frames))))
        seen = seen.float()
        mean = seen.mean(-1, keepdim=True)
        deviation = (((seen - mean) ** 2).mean(-1) + 1e-5).sqrt()
        pooled = self.dropout(torch.cat([mean.squeeze(-1), deviation], 1))
        return self.emotion(pooled), 3 + 2 * torch.tanh(self.attributes(pooled))


def masked(pictures, times=2, longest_frames=20, bands=2, widest_bands=8):
    """SpecAugment (Park et al. 2019): spans of time and, per picture, of bands are set to 0, each row its own."""
    batch, _, frames, height = pictures[0].shape

    def spans(count, longest, size):
        start = torch.rand(batch, count, 1) * size
        at = torch.arange(size)
        return ((at >= start) & (at < start + torch.rand(batch, count, 1) * longest)).any(1)

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
    per_second = SAMPLE_RATE_HZ / HOP
    front = per_second * (2 * (MEL_FFT // 2 + 1) * MEL_TAPS + (MEL_FFT // 2 + 1) * MEL_BANDS)
    if len(network.branches) > 1:
        front += per_second * 2 * PITCH_BANDS * PITCH_TAPS
    return (total / seconds + front) / 1e6
