"""How alike x and x̂ are, and the dense form of the SNR-level block of arXiv 2309.01164, which makes S of it."""

import torch
from torch import nn

from .signals import level

FFT, HOP, BINS = 400, 100, 201  # 25 ms and 6.25 ms
FEATURES = 2 * BINS
WINDOW = torch.hamming_window(FFT)
EPSILON = 1e-8


def stft(signal):
    """[batch, samples] → [batch, bins, frames], complex."""
    return torch.stft(signal, FFT, HOP, window=WINDOW.to(signal.device), center=True, pad_mode="reflect", return_complex=True)


def spectra(x, enhanced):
    """[batch, samples] twice → both levelled and transformed: two of [batch, 2 (re, im), bins, frames]. Scales of x and x̂ cancel."""
    parts = []
    for signal in (x, enhanced):
        spectrum = stft(signal * level(signal))
        parts.append(torch.stack([spectrum.real, spectrum.imag], 1))
    return parts


def similarity_by_bin(x, enhanced):
    """Cosines along time: [batch, 402], all real parts, then all imaginary.

    A signal without energy has similarity 0 everywhere; whether that is speech is decided elsewhere, by rule.
    """
    a, b = spectra(x, enhanced)
    return ((a * b).sum(-1) / (a.norm(dim=-1) * b.norm(dim=-1) + EPSILON)).flatten(1)


def similarity_by_frame(x, enhanced):
    """Cosines along frequency: [batch, frames, 2], real part and imaginary part."""
    a, b = spectra(x, enhanced)
    return torch.cosine_similarity(a, b, dim=2, eps=EPSILON).transpose(1, 2)


class DenseSnrLevel(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(FEATURES, 1)

    def forward(self, similarity):
        """[batch, 402], all real parts, then all imaginary → S [batch], unbounded."""
        return self.dense(similarity).squeeze(-1)
