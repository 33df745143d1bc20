"""Whether training multiplies in bfloat16: at least twice as fast where the processor can, twenty times as slow where it cannot."""

import pathlib

import torch

CAPABLE = any("avx512_bf16" in line.split() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags"))


def bfloat16():
    """A context that casts what may be cast, or nothing."""
    return torch.autocast("cpu", torch.bfloat16, enabled=CAPABLE)
