"""Whether somebody speaks: a tiny network beside the SNR-level block, which sees the same two spectrograms as the similarities do.

S and the energy kept look at what the enhancer changed; a baby, a sneeze or a song it leaves alone. This looks at the picture itself. Mean power of
x and x̂ over four STFT frames, 25 ms, goes into 40 mel bands; convolutions see both signals as two channels, and a weighted mean over time makes one
answer of them, log-odds.
"""

import pathlib

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..shared.similarity import BINS, FFT, HOP, stft
from .emotion_network import Residual, masked, temporal, to_mel, triangles

GROUP = 4  # STFT frames whose power is averaged: 25 ms
FRAME_SAMPLES = GROUP * HOP
BANDS, LOWEST_HZ, HIGHEST_HZ = 40, 70, 7600
FLOOR = 1e-5  # -50 dB of the mean power of x
SPOKEN = 0.15  # share of its frames from which an excerpt counts as speech
ACTIVE_DB = 30  # below its loudest frame a voice is thought silent


def mel_filters():
    """[201, 40]."""
    return triangles(np.linspace(to_mel(LOWEST_HZ), to_mel(HIGHEST_HZ), BANDS + 2), FFT).T.contiguous()


def power(x, enhanced):
    """[batch, samples] twice → [batch, 2, frames, 201]: mean |X|² over each four frames of the similarities' STFT, less up to three at the end."""
    parts = []
    for signal in (x, enhanced):
        spectrum = stft(signal)
        squares = (spectrum.real ** 2 + spectrum.imag ** 2).transpose(1, 2)
        frames = squares.shape[1] // GROUP
        parts.append(squares[:, :frames * GROUP].reshape(len(signal), frames, GROUP, BINS).mean(2))
    return torch.stack(parts, 1)


def active(speech):
    """[batch, samples] of clean speech → [batch, frames]: where a voice is heard; nowhere in silence."""
    frames = (speech.shape[1] // HOP + 1) // GROUP
    cut = functional.pad(speech, (0, max(0, frames * FRAME_SAMPLES - speech.shape[1])))[:, :frames * FRAME_SAMPLES]
    loud = cut.reshape(len(speech), frames, FRAME_SAMPLES).pow(2).mean(2)
    return loud > (loud.amax(1, keepdim=True) * 10 ** (-ACTIVE_DB / 10)).clamp_min(1e-10)


class SpeechDetector(nn.Module):
    def __init__(self, widths=(16, 24, 32), channels=48, dropout=0.2):
        super().__init__()
        a, b, c = widths
        self.register_buffer("filters", mel_filters(), persistent=False)
        layer = lambda inputs, outputs, kernel: nn.Sequential(
            nn.Conv2d(inputs, outputs, kernel, (1, 2), (kernel[0] // 2, kernel[1] // 2), bias=False), nn.BatchNorm2d(outputs), nn.ReLU())
        self.layers = nn.Sequential(layer(2, a, (5, 5)), layer(a, b, (3, 3)), layer(b, c, (3, 3)))
        self.inward = nn.Sequential(nn.Conv1d(c * BANDS // 8, channels, 1, bias=False), nn.BatchNorm1d(channels), nn.ReLU(), nn.Dropout(dropout))
        self.time = nn.Sequential(Residual(temporal(channels, 5)), Residual(temporal(channels, 5, 3)), nn.Dropout(dropout))
        self.answer = nn.Conv1d(channels, 2, 1)  # log-odds of a frame, and how much it counts

    def mel(self, squares):
        """[batch, 2, frames, 201] → [batch, 2, frames, 40]."""
        return torch.matmul(squares, self.filters)

    def judge(self, mel):
        """[batch, 2, frames, 40] at any level → log-odds that somebody speaks, of the excerpt [batch] and of its frames [batch, frames]."""
        picture = (mel / (mel[:, :1].mean((2, 3), keepdim=True) + 1e-20) + FLOOR).log() * 0.25 + 1.0
        if self.training:
            picture = masked([picture], times=1, longest_frames=8, bands=1, widest_bands=5)[0]
        seen = self.layers(picture)
        batch, width, frames, bands = seen.shape
        odds, weight = self.answer(self.time(self.inward(seen.permute(0, 1, 3, 2).reshape(batch, width * bands, frames)))).float().unbind(1)
        return (odds * weight.softmax(1)).sum(1), odds

    def forward(self, squares):
        return self.judge(self.mel(squares))[0]


def loss_of(network, mel, spoken, counts):
    """Of excerpts [rows, 2, frames, 40] whose frames are `spoken` or not [rows, frames]; `counts` [rows] is 0 for those to be passed over.

    An excerpt that holds a voice for a moment only is neither one nor the other.
    """
    excerpt, frames = network.judge(mel)
    share = spoken.float().mean(1)
    certain = counts * ((share == 0) | (share > SPOKEN))
    whole = functional.binary_cross_entropy_with_logits(excerpt, (share > SPOKEN).float(), reduction="none")
    single = functional.binary_cross_entropy_with_logits(frames, spoken.float(), reduction="none").mean(1)
    return (whole * certain).sum() / certain.sum().clamp_min(1) + 0.3 * (single * counts).sum() / counts.sum().clamp_min(1)


def load(work, name="speech"):
    """What device.py left in `work`, in half precision."""
    network = SpeechDetector()
    network.load_state_dict(torch.load(pathlib.Path(work) / f"{name}.pt", map_location="cpu"))
    return network.eval()
