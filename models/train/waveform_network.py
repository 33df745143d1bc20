"""The rival: a small network of HuBERT's kind (Hsu et al. 2021) that hears the waveform itself, with the interface of EmotionNetwork.

Strided convolutions turn 16 kHz into 50 frames per second; a transformer with convolutional positions sees them all; their mean over
time goes into the heads. `pretrain.py` teaches the encoder without labels.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..shared import SAMPLE_RATE_HZ
from ..shared.signals import normalised
from .corpora import EMOTIONS, LABELS

CONVOLUTIONS = ((48, 10, 5), (64, 8, 4), (96, 4, 2), (128, 4, 2), (192, 4, 2), (192, 4, 2))  # channels, taps, stride: 320 samples in all
FRAME_SAMPLES = int(np.prod([stride for _, _, stride in CONVOLUTIONS]))
FIELD_SAMPLES = 1 + sum((taps - 1) * int(np.prod([s for _, _, s in CONVOLUTIONS[:i]])) for i, (_, taps, _) in enumerate(CONVOLUTIONS))
WIDTH, HEADS, LAYERS, POSITION_TAPS = 192, 4, 4, 31


class Norm(nn.LayerNorm):
    def forward(self, x):
        return super().forward(x.float())  # PyTorch 1.13 has none in bfloat16


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.inward, self.outward = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        """[batch, frames, width], every frame looks at all."""
        batch, frames, width = x.shape
        query, key, value = self.inward(x).reshape(batch, frames, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5).softmax(-1)
        return self.outward((weights @ value).transpose(1, 2).reshape(batch, frames, width))


class Block(nn.Module):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.attend = nn.Sequential(Norm(width), Attention(width, heads), nn.Dropout(dropout))
        self.think = nn.Sequential(Norm(width), nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width), nn.Dropout(dropout))

    def forward(self, x):
        x = x + self.attend(x)
        return x + self.think(x)


def spans(batch, frames, share, length):
    """[batch, frames] true within spans of `length` frames that begin at about `share` of the frames."""
    starts = (torch.rand(batch, 1, frames) < share).float()
    return functional.max_pool1d(functional.pad(starts, (length - 1, 0)), length, 1).squeeze(1) > 0


class WaveformEncoder(nn.Module):
    def __init__(self, dropout=0.1):
        super().__init__()
        inputs = [1] + [channels for channels, _, _ in CONVOLUTIONS[:-1]]
        self.convolutions = nn.Sequential(*(nn.Sequential(nn.Conv1d(i, o, taps, stride, bias=False), nn.BatchNorm1d(o), nn.ReLU())
                                            for i, (o, taps, stride) in zip(inputs, CONVOLUTIONS)))
        self.project = nn.Sequential(Norm(CONVOLUTIONS[-1][0]), nn.Linear(CONVOLUTIONS[-1][0], WIDTH), nn.Dropout(dropout))
        self.hidden = nn.Parameter(0.1 * torch.randn(WIDTH))
        self.positions = nn.Sequential(nn.Conv1d(WIDTH, WIDTH, POSITION_TAPS, padding=POSITION_TAPS // 2, groups=16), nn.ReLU())
        self.blocks = nn.Sequential(*(Block(WIDTH, HEADS, dropout) for _ in range(LAYERS)))
        self.norm = Norm(WIDTH)

    def forward(self, waveform, hide=None):
        """[batch, samples] at any level → [batch, frames, WIDTH]; frames where `hide(batch, frames)` is true are not shown to the transformer."""
        x = self.project(self.convolutions(normalised(waveform).unsqueeze(1)).transpose(1, 2)).float()
        if hide is not None:
            x = torch.where(hide(*x.shape[:2])[..., None], self.hidden, x)
        x = x + self.positions(x.transpose(1, 2)).transpose(1, 2)
        return self.norm(self.blocks(x))


class WaveformNetwork(nn.Module):
    def __init__(self, dropout=0.2):
        super().__init__()
        self.encoder, self.dropout = WaveformEncoder(), nn.Dropout(dropout)
        self.emotion, self.attributes = nn.ModuleList([nn.Linear(WIDTH, len(EMOTIONS))]), nn.ModuleList([nn.Linear(WIDTH, 3)])

    def judges(self, waveform):
        """As EmotionNetwork.judges; here there is one."""
        hide = (lambda batch, frames: spans(batch, frames, 0.02, 8)) if self.training else None
        pooled = self.dropout(self.encoder(waveform, hide).float().mean(1))
        return [(self.emotion[0](pooled), 3 + 2 * torch.tanh(self.attributes[0](pooled)))]

    def forward(self, waveform):
        """[batch, samples] at any level → logits [batch, 4] and arousal, valence, dominance [batch, 3], each in 1..5."""
        logits, attributes = self.judges(waveform)[0]
        return logits[:, :len(LABELS)], attributes

    def hidden_multiply_accumulates(self):
        """Per second of audio, what no layer's weights show: the two products of attention, over 4 s."""
        frames = 4 * SAMPLE_RATE_HZ / FRAME_SAMPLES
        return LAYERS * 2 * WIDTH * frames * SAMPLE_RATE_HZ / FRAME_SAMPLES
