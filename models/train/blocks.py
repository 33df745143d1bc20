"""The enhancer over recordings of any length, as production runs it: levelled blocks with a linear cross-fade."""

import math

import torch

from ..shared.signals import compressed
from .enhancer import expand, istft, stft

BLOCK_SAMPLES = 65536  # 4.096 s
OVERLAP_SAMPLES = 4096  # 0.256 s shared by neighbours
STEP_SAMPLES = BLOCK_SAMPLES - OVERLAP_SAMPLES
SILENCE = 1e-14  # mean power, -140 dBFS


def block_count(samples):
    return max(1, math.ceil((samples - OVERLAP_SAMPLES) / STEP_SAMPLES))


def enhance_block(network, x):
    """x̂ [BLOCK_SAMPLES] of up to as many samples: levelled over those, then padded with zeros. Silence stays as it is."""
    padded = torch.zeros(BLOCK_SAMPLES)
    padded[:len(x)] = x
    power = (x.double() ** 2).mean()
    if power <= SILENCE:
        return padded
    c = (1 / power.sqrt()).float()
    return istft(expand(network(compressed(stft(padded[None] * c)))), BLOCK_SAMPLES)[0] / c


@torch.no_grad()
def enhance_blocks(network, x):
    """x̂ of x [samples] in the same shape; neighbours share OVERLAP_SAMPLES, over which the later one fades in linearly."""
    count = block_count(len(x))
    rising = (torch.arange(OVERLAP_SAMPLES) + 0.5) / OVERLAP_SAMPLES
    whole = torch.zeros((count - 1) * STEP_SAMPLES + BLOCK_SAMPLES)
    for i in range(count):
        start = i * STEP_SAMPLES
        block = enhance_block(network, x[start:start + BLOCK_SAMPLES])
        if i > 0:
            block[:OVERLAP_SAMPLES] *= rising
        if i < count - 1:
            block[-OVERLAP_SAMPLES:] *= 1 - rising
        whole[start:start + BLOCK_SAMPLES] += block
    return whole[:len(x)]
