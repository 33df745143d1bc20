"""The enhancer over recordings of any length, as production runs it: levelled blocks with a linear cross-fade."""

import math

import torch

from enhancer import enhance

BLOCK_SAMPLES = 65536  # 4.096 s
OVERLAP_SAMPLES = 4096  # 0.256 s shared by neighbours
STEP_SAMPLES = BLOCK_SAMPLES - OVERLAP_SAMPLES


def block_count(samples):
    return max(1, math.ceil((samples - OVERLAP_SAMPLES) / STEP_SAMPLES))


@torch.no_grad()
def enhance_blocks(network, x, at_once=4):
    """x̂ of x [samples] in the same shape: the last block is zero-padded, every block has its own level, computed over
    all BLOCK_SAMPLES of it; two neighbours share OVERLAP_SAMPLES, over which the later one fades in linearly."""
    count = block_count(len(x))
    padded = torch.zeros((count - 1) * STEP_SAMPLES + BLOCK_SAMPLES)
    padded[:len(x)] = x
    blocks = padded.unfold(0, BLOCK_SAMPLES, STEP_SAMPLES)
    enhanced = torch.cat([enhance(network, blocks[i:i + at_once]) for i in range(0, count, at_once)])
    rising = (torch.arange(OVERLAP_SAMPLES) + 0.5) / OVERLAP_SAMPLES
    whole = torch.zeros_like(padded)
    for i, block in enumerate(enhanced):
        block = block.clone()
        if i > 0:
            block[:OVERLAP_SAMPLES] *= rising
        if i < count - 1:
            block[-OVERLAP_SAMPLES:] *= 1 - rising
        whole[i * STEP_SAMPLES:i * STEP_SAMPLES + BLOCK_SAMPLES] += block
    return whole[:len(x)]
