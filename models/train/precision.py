"""Whether training multiplies in bfloat16: at least twice as fast where the processor can, many times as slow where it cannot."""

import functools
import pathlib

import torch


@functools.lru_cache
def capable():
    """Whether this is an x86 processor with AVX512-BF16, as far as Linux tells."""
    found = pathlib.Path("/proc/cpuinfo")
    return found.is_file() and "avx512_bf16" in found.read_text().split()


def reduced_precision(device="cpu"):
    """A context that casts to bfloat16 what may be cast, or nothing."""
    return torch.autocast(device, torch.bfloat16, enabled=device != "cpu" or capable())
