"""Levels and spectra as both the paper's networks and ours take them."""

import torch

COMPRESSION = 0.3
LEAST_ENERGY = 1e-12  # silence has no level


def level(x):
    """c = √(N / Σx²) of [..., samples]: [..., 1]."""
    return (x.shape[-1] / (x.double() ** 2).sum(-1, keepdim=True).clamp_min(LEAST_ENERGY)).sqrt().float()


def normalised(waveform, floor=1e-10):
    """Mean 0 and variance 1 over the samples; `floor` is added to the variance."""
    centred = waveform - waveform.mean(-1, keepdim=True)
    return centred / ((centred ** 2).mean(-1, keepdim=True) + floor).sqrt()


def compressed(spectrum):
    """|X|^0.3 with the phase kept, of [batch, frames, bins]: [batch, 2, frames, bins], real and imaginary."""
    magnitude = spectrum.abs().clamp_min(1e-9)
    return torch.stack([spectrum.real, spectrum.imag], 1) * (magnitude ** (COMPRESSION - 1)).unsqueeze(1)
