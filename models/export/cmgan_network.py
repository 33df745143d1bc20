"""CMGAN's generator as published (Cao, Abdulatif and Yang 2022, arXiv 2203.15149), with the public checkpoint's names. cmgan_graph.py exports it."""

import torch
from torch import nn
from torch.nn import functional

HEADS = 4
CONV_TAPS = 31
FURTHEST_FRAMES = 512  # distances beyond share one embedding
DENSE_LAYERS = 4


class Attention(nn.Module):
    """Attention with relative positions (Shaw et al. 2018): softmax(s·(q·k + q·E[distance]))·v, s = 1/√d."""

    def __init__(self, channels):
        super().__init__()
        self.width = channels // HEADS
        self.to_q, self.to_kv = nn.Linear(channels, channels, bias=False), nn.Linear(channels, 2 * channels, bias=False)
        self.to_out = nn.Linear(channels, channels)
        self.rel_pos_emb = nn.Embedding(2 * FURTHEST_FRAMES + 1, self.width)

    def positions(self, n):
        """E[i − j], [n, n, d]."""
        frames = torch.arange(n)
        return self.rel_pos_emb((frames[:, None] - frames).clamp(-FURTHEST_FRAMES, FURTHEST_FRAMES) + FURTHEST_FRAMES)

    def forward(self, x):
        """[sequences, n, channels] → the same."""
        n = x.shape[1]
        split = lambda t: t.reshape(-1, n, HEADS, self.width).permute(0, 2, 1, 3)
        query = split(functional.linear(x, self.to_q.weight * self.width ** -0.5))
        key, value = map(split, self.to_kv(x).chunk(2, -1))
        scores = query @ key.transpose(-1, -2) + torch.einsum("shid,ijd->shij", query, self.positions(n))
        return self.to_out((scores.softmax(-1) @ value).permute(0, 2, 1, 3).reshape(-1, n, HEADS * self.width))


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(channels, 4 * channels), nn.SiLU(), nn.Identity(), nn.Linear(4 * channels, channels))

    def forward(self, x):
        return self.net(x)


class Normed(nn.Module):
    def __init__(self, channels, fn):
        super().__init__()
        self.fn, self.norm = fn, nn.LayerNorm(channels)

    def forward(self, x):
        return self.fn(self.norm(x))


class Halved(nn.Module):
    def __init__(self, fn):
        super().__init__()
        self.fn = fn

    def forward(self, x):
        return 0.5 * self.fn(x)


class Depthwise(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(channels, channels, CONV_TAPS, groups=channels, padding=CONV_TAPS // 2)

    def forward(self, x):
        return self.conv(x)


class Convolution(nn.Module):
    """Normalise, widen to a gate, filter every channel along the sequence, normalise, narrow. The gaps in `net` hold no weights."""

    def __init__(self, channels):
        super().__init__()
        inner = 2 * channels
        self.net = nn.Sequential(nn.LayerNorm(channels), nn.Identity(), nn.Conv1d(channels, 2 * inner, 1), nn.GLU(1), Depthwise(inner),
                                 nn.BatchNorm1d(inner), nn.SiLU(), nn.Conv1d(inner, channels, 1))

    def forward(self, x):
        """[sequences, n, channels] → the same."""
        return self.net[2:](self.net[0](x).transpose(1, 2)).transpose(1, 2)


class Conformer(nn.Module):
    """Gulati et al. 2020."""

    def __init__(self, channels):
        super().__init__()
        self.ff1, self.attn = Halved(Normed(channels, FeedForward(channels))), Normed(channels, Attention(channels))
        self.conv, self.ff2 = Convolution(channels), Halved(Normed(channels, FeedForward(channels)))
        self.post_norm = nn.LayerNorm(channels)

    def forward(self, x):
        for part in (self.ff1, self.attn, self.conv, self.ff2):
            x = x + part(x)
        return self.post_norm(x)


class TwoStage(nn.Module):
    """A conformer along time in every bin, then one along the bins of every frame."""

    def __init__(self, channels):
        super().__init__()
        self.time_conformer, self.freq_conformer = Conformer(channels), Conformer(channels)

    def forward(self, x):
        """[batch, frames, bins, channels] → the same."""
        frames, bins, channels = x.shape[1:]
        x = x.permute(0, 2, 1, 3).reshape(-1, frames, channels)
        x = x + self.time_conformer(x)
        x = x.reshape(-1, bins, frames, channels).permute(0, 2, 1, 3).reshape(-1, bins, channels)
        x = x + self.freq_conformer(x)
        return x.reshape(-1, frames, bins, channels)


def settled(convolution, channels):
    return nn.Sequential(convolution, nn.InstanceNorm2d(channels, affine=True), nn.PReLU(channels))


class DenseNet(nn.Module):
    """Causal convolutions, dilated by 1, 2, 4, 8 frames; each sees all that came before."""

    def __init__(self, channels):
        super().__init__()
        for i in range(1, DENSE_LAYERS + 1):
            setattr(self, f"conv{i}", nn.Conv2d(i * channels, channels, (2, 3), dilation=(2 ** (i - 1), 1)))
            setattr(self, f"norm{i}", nn.InstanceNorm2d(channels, affine=True))
            setattr(self, f"prelu{i}", nn.PReLU(channels))

    def layers(self):
        """Convolution, norm and PReLU of each."""
        return [tuple(getattr(self, f"{part}{i}") for part in ("conv", "norm", "prelu")) for i in range(1, DENSE_LAYERS + 1)]

    def forward(self, x):
        """[batch, channels, frames, bins] → the same."""
        for conv, norm, prelu in self.layers():
            found = prelu(norm(conv(functional.pad(x, (1, 1, conv.dilation[0], 0)))))
            x = torch.cat([found, x], 1)
        return found


class Encoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv_1 = settled(nn.Conv2d(3, channels, 1), channels)
        self.dilated_dense = DenseNet(channels)
        self.conv_2 = settled(nn.Conv2d(channels, channels, (1, 3), (1, 2), (0, 1)), channels)

    def forward(self, x):
        """[batch, 3, frames, bins] → [batch, channels, frames, (bins + 1) / 2]."""
        return self.conv_2(self.dilated_dense(self.conv_1(x)))


class SubPixel(nn.Module):
    """Twice as many bins: each convolution output holds the channels of two neighbours."""

    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, (1, 3), padding=(0, 1))

    def forward(self, x):
        """[batch, channels, frames, bins] → [batch, channels, frames, 2 · bins]."""
        batch, channels, frames, bins = x.shape
        return self.conv(x).reshape(batch, 2, channels, frames, bins).permute(0, 2, 3, 4, 1).reshape(batch, channels, frames, 2 * bins)


class MaskDecoder(nn.Module):
    def __init__(self, channels, bins):
        super().__init__()
        self.dense_block, self.sub_pixel = DenseNet(channels), SubPixel(channels)
        self.conv_1, self.norm, self.prelu = nn.Conv2d(channels, 1, (1, 2)), nn.InstanceNorm2d(1, affine=True), nn.PReLU(1)
        self.final_conv, self.prelu_out = nn.Conv2d(1, 1, 1), nn.PReLU(bins, init=-0.25)

    def forward(self, x):
        """[batch, channels, frames, bins / 2] → [batch, 1, frames, bins]."""
        x = self.final_conv(self.prelu(self.norm(self.conv_1(self.sub_pixel(self.dense_block(x))))))
        return self.prelu_out(x.transpose(1, 3)).transpose(1, 3)


class ComplexDecoder(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.dense_block, self.sub_pixel = DenseNet(channels), SubPixel(channels)
        self.prelu, self.norm, self.conv = nn.PReLU(channels), nn.InstanceNorm2d(channels, affine=True), nn.Conv2d(channels, 2, (1, 2))

    def forward(self, x):
        """[batch, channels, frames, bins / 2] → [batch, 2, frames, bins]."""
        return self.conv(self.prelu(self.norm(self.sub_pixel(self.dense_block(x)))))


class Cmgan(nn.Module):
    def __init__(self, channels=64, blocks=4, bins=201):
        super().__init__()
        self.bins = bins
        self.dense_encoder = Encoder(channels)
        for i in range(1, blocks + 1):
            setattr(self, f"TSCB_{i}", TwoStage(channels))
        self.mask_decoder, self.complex_decoder = MaskDecoder(channels, bins), ComplexDecoder(channels)

    def stages(self):
        """The two-stage conformers in order."""
        return [part for name, part in self.named_children() if name.startswith("TSCB_")]

    def forward(self, x):
        """Compressed spectrogram [batch, 2, frames, bins], real and imaginary → the enhanced one."""
        re, im = x[:, :1], x[:, 1:]
        magnitude, phase = torch.sqrt(re ** 2 + im ** 2), torch.angle(torch.complex(re, im))
        hidden = self.dense_encoder(torch.cat([magnitude, x], 1)).permute(0, 2, 3, 1)
        for stage in self.stages():
            hidden = stage(hidden)
        hidden = hidden.permute(0, 3, 1, 2)
        magnitude = magnitude * self.mask_decoder(hidden)
        return torch.cat([magnitude * torch.cos(phase), magnitude * torch.sin(phase)], 1) + self.complex_decoder(hidden)
