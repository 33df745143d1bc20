"""CMGAN's generator as it is exported, made of the published one: one recording at a time, the same numbers, less work.

PERFORMANCE.md has what each difference gains:
- The magnitude mask multiplies X itself: mask·|X|·e^{jφ} = mask·X, so there is no angle, sine or cosine.
- Sequences do not see each other, so only a few at a time go through a whole conformer, and what is between its layers stays in the cache.
- Relative positions: the published form looks up E for each pair of frames, [n, n, d], and multiplies q with it. Here a part of q's rows meets the
  n + rows − 1 rows of E that belong to it once, and each row of the product is moved to its place by cutting the flat result at a width one shorter
  ("skewing", Huang et al. 2018, Music Transformer). A part attends to all before the next one begins.
- Linear layers are 1×1 convolutions too, so that neighbouring ones share ONNX Runtime's blocked layout, in which its kernels come closest to the
  processor's limit.
- Convolutions pad by themselves and take what would be concatenated one by one, PReLU is max(x, a·x), and twice as many bins are twice as many
  channels until the last step.
"""

import torch
from torch import nn
from torch.nn import functional

from .cmgan_network import CONV_TAPS, FURTHEST_FRAMES, HEADS
from .piecewise import Piecewise

ROWS_AT_A_TIME = 110  # of a sequence that attend at once: their scores stay in that cache, too
POSITIONS_AT_A_TIME = 330  # frames × bins in a conformer: what is between its layers then fits a second-level cache


def channels_first(x):
    """[1, sequences, n, channels] → [1, channels, sequences, n]."""
    return x.permute(0, 3, 1, 2)


def channels_last(x):
    """[1, channels, sequences, n] → [1, sequences, n, channels]."""
    return x.permute(0, 2, 3, 1)


class Made(nn.Module):
    """Tensors made of a published module's: whenever they are asked for, so that a trace sees how, or once and for all."""

    def __init__(self, source, make):
        super().__init__()
        self.source, self.make = source, make

    def freeze(self):
        self.kept = nn.ParameterList(nn.Parameter(tensor.contiguous()) for tensor in self())
        self.source = self.make = None

    def forward(self):
        return list(self.kept) if self.make is None else self.make(self.source)


def frozen(network):
    """The same with weights of its own."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, Made):
                module.freeze()
    return network


class Convolved(nn.Module):
    """A convolution with weights [made, channels / groups, height, width] and a bias or none, made of a published module's."""

    def __init__(self, source, make, **options):
        super().__init__()
        self.weights, self.options = Made(source, make), options

    def forward(self, x):
        return functional.conv2d(x, *self.weights(), **self.options)


def pointwise(source, make=lambda layer: (layer.weight, layer.bias)):
    """A linear layer over the channels of [1, channels, sequences, n]."""
    def shaped(layer):
        weight, *bias = make(layer)
        return [weight.reshape(*map(int, weight.shape[:2]), 1, 1), *bias]
    return Convolved(source, shaped)


class Attention(nn.Module):
    def __init__(self, made, n):
        super().__init__()
        self.width, channels = made.width, HEADS * made.width
        self.query = pointwise(made.to_q, lambda layer: [layer.weight * made.width ** -0.5])
        self.key = pointwise(made.to_kv, lambda layer: [layer.weight[:channels]])
        self.value = pointwise(made.to_kv, lambda layer: [layer.weight[channels:]])
        parts = -(-n // ROWS_AT_A_TIME)
        firsts = [n * part // parts for part in range(parts + 1)]
        spans = list(zip(firsts, firsts[1:]))
        self.rows = [end - first for first, end in spans]
        # i − j of a part's last row and the first column, down to that of its first row and the last column
        distances = [torch.arange(end - 1, first - n, -1).clamp(-FURTHEST_FRAMES, FURTHEST_FRAMES) + FURTHEST_FRAMES for first, end in spans]
        self.positions = Made(made.rel_pos_emb, lambda table: [table.weight[each].T for each in distances])
        self.out = pointwise(made.to_out)

    def forward(self, x):
        _, few, n, channels = map(int, x.shape)
        x, width = channels_first(x), self.width
        heads = lambda t: channels_last(t).reshape(few, n, HEADS, width).transpose(1, 2)
        query, value = heads(self.query(x)), heads(self.value(x))
        key = self.key(x).reshape(1, HEADS, width, n) if few == 1 else self.key(x).reshape(HEADS, width, few, n).permute(2, 0, 1, 3)
        parts = zip(query.split(self.rows, 2), self.positions())
        found = torch.cat([(part @ key + self.by_distance(part, positions)).softmax(-1) @ value for part, positions in parts], 2)
        return channels_last(self.out(channels_first(found.transpose(1, 2).reshape(1, few, n, channels))))

    @staticmethod
    def by_distance(query, positions):
        """q_i·E[i − j] of [sequences, heads, rows, width] → [sequences, heads, rows, n], from P[i, c] = q_i·E[last − c], c < n + rows − 1.

        Wanted is P[i, j + rows − 1 − i], which is at i·(n + rows − 2) + j + rows − 1 of the flat P.
        """
        few, heads, rows, width = map(int, query.shape)
        wide = int(positions.shape[1]) - 1
        product = (query.reshape(-1, width) @ positions).reshape(few, heads, rows * (wide + 1))
        return product[..., rows - 1:rows - 1 + rows * wide].reshape(few, heads, rows, wide)[..., :wide + 2 - rows]


class FeedForward(nn.Module):
    """With the half that the conformer takes of it."""

    def __init__(self, made):
        super().__init__()
        wide, _, _, narrow = made.net
        self.wide, self.narrow = pointwise(wide), pointwise(narrow, lambda layer: [0.5 * layer.weight, 0.5 * layer.bias])

    def forward(self, x):
        return channels_last(self.narrow(functional.silu(self.wide(channels_first(x)))))


class Convolution(nn.Module):
    def __init__(self, made):
        super().__init__()
        self.norm, widen, depthwise, batch, narrow = made.net[0], made.net[2], made.net[4].conv, made.net[5], made.net[7]
        channels = depthwise.groups
        self.value = pointwise(widen, lambda layer: [layer.weight[:channels], layer.bias[:channels]])
        self.gate = pointwise(widen, lambda layer: [layer.weight[channels:], layer.bias[channels:]])
        self.filter = Convolved(nn.ModuleList([depthwise, batch]), self.normed, padding=(0, CONV_TAPS // 2), groups=channels)
        self.narrow = pointwise(narrow)

    @staticmethod
    def normed(layers):
        depthwise, batch = layers
        scale = batch.weight / (batch.running_var + batch.eps).sqrt()
        return [scale[:, None, None, None] * depthwise.weight[:, :, None], scale * (depthwise.bias - batch.running_mean) + batch.bias]

    def forward(self, x):
        x = channels_first(self.norm(x))
        return channels_last(self.narrow(functional.silu(self.filter(self.value(x) * self.gate(x).sigmoid()))))


class Conformer(nn.Module):
    def __init__(self, made, n):
        super().__init__()
        before, attention, after = made.ff1.fn, made.attn, made.ff2.fn
        self.parts = nn.ModuleList([nn.Sequential(before.norm, FeedForward(before.fn)), nn.Sequential(attention.norm, Attention(attention.fn, n)),
                                    Convolution(made.conv), nn.Sequential(after.norm, FeedForward(after.fn))])
        self.norm = made.post_norm

    def forward(self, x):
        """[1, sequences, n, channels] → the same: x and what the conformer makes of it, added."""
        found = x
        for part in self.parts:
            found = found + part(found)
        return x + self.norm(found)


class Stage(nn.Module):
    """A conformer over all sequences, a few at a time."""

    def __init__(self, made, sequences, n, positions):
        super().__init__()
        self.few = max(few for few in range(1, sequences + 1) if sequences % few == 0 and (few == 1 or few * n <= positions))
        self.conformer = Piecewise(Conformer(made, n))

    def forward(self, x):
        """[1, sequences, n, channels] → the same."""
        _, _, n, channels = map(int, x.shape)
        return self.conformer(x.reshape(-1, 1, self.few, n, channels)).reshape(1, -1, n, channels)


class PaddedConvolution(torch.autograd.Function):
    """A convolution with zeros before the first frame and on either side of the bins: one operator in ONNX, two in PyTorch."""

    @staticmethod
    def forward(_, x, weight, bias, dilation):
        return functional.conv2d(functional.pad(x, (1, 1, dilation, 0)), weight, bias, dilation=(dilation, 1))

    @staticmethod
    def symbolic(graph, x, weight, bias, dilation):
        return graph.op("Conv", x, weight, bias, kernel_shape_i=[2, 3], dilations_i=[dilation, 1], pads_i=[dilation, 1, 0, 1])


class Settled(nn.Module):
    """Instance norm and PReLU; the latter as max(x, a·x), two vectorised operators, if no a exceeds 1."""

    def __init__(self, norm, prelu):
        super().__init__()
        self.norm, self.prelu = norm, prelu
        self.slope = Made(prelu, lambda layer: [layer.weight.reshape(-1, 1, 1)]) if float(prelu.weight.max()) <= 1 else None

    def forward(self, x):
        x = self.norm(x)
        return self.prelu(x) if self.slope is None else torch.maximum(x, self.slope()[0] * x)


class DenseNet(nn.Module):
    """A convolution over what is concatenated is the sum of one over each: ONNX Runtime adds as it goes, and nothing is copied together."""

    def __init__(self, made):
        super().__init__()
        self.layers = nn.ModuleList(nn.ModuleList(self.split(conv)) for conv, _, _ in made.layers())
        self.dilations = [conv.dilation[0] for conv, _, _ in made.layers()]
        self.settled = nn.ModuleList(Settled(norm, prelu) for _, norm, prelu in made.layers())

    @staticmethod
    def split(conv):
        channels = conv.out_channels
        for i in range(conv.in_channels // channels):  # the bias belongs to the first
            yield Made(conv, lambda layer, i=i: [layer.weight[:, i * channels:(i + 1) * channels], layer.bias if i == 0 else 0 * layer.bias])

    def forward(self, x):
        found = [x]
        for layer, settled, dilation in zip(self.layers, self.settled, self.dilations):
            added = None
            for weights, each in zip(layer, found):
                made = PaddedConvolution.apply(each, *weights(), dilation)
                added = made if added is None else added + made
            found.insert(0, settled(added))
        return found[0]


def widened(conv):
    """Of a SubPixel: [1, channels, frames, bins] → [1, 2 · channels, frames, bins], every channel's even and odd bins."""
    channels = conv.in_channels
    pairs = lambda t, *rest: t.reshape(2, channels, *rest).transpose(0, 1).reshape(2 * channels, *rest)
    return Convolved(conv, lambda layer: [pairs(layer.weight, channels, 1, 3), pairs(layer.bias)], padding=(0, 1))


class Narrowed(nn.Module):
    """A convolution over two neighbouring bins, even and odd ones as channels: [1, 2 · channels, frames, bins] → [1, made, frames, 2 · bins − 1]."""

    def __init__(self, conv):
        super().__init__()
        self.made, given = conv.out_channels, conv.in_channels
        self.conv = Convolved(conv, lambda layer: self.spread(layer, self.made, given), padding=(0, 1))

    @staticmethod
    def spread(layer, made, given):
        left, right = layer.weight[..., 0], layer.weight[..., 1]
        none = 0 * left
        here = torch.stack([torch.stack([left, right], 2), torch.stack([none, left], 2)], 1)  # [made, 2 results, channels, 2 given]
        next_ = torch.stack([torch.stack([none, none], 2), torch.stack([right, none], 2)], 1)
        bias = torch.stack([layer.bias, layer.bias], 1).reshape(2 * made)
        return [torch.stack([here, next_], -1).reshape(2 * made, 2 * given, 1, 2), bias]

    def forward(self, x):
        _, _, frames, bins = map(int, x.shape)
        found = self.conv(x)[..., 1:].reshape(1, self.made, 2, frames, bins)  # of the bin before the first nothing is wanted
        return found.permute(0, 1, 3, 4, 2).reshape(1, self.made, frames, 2 * bins)[..., :-1]


class MaskDecoder(nn.Module):
    def __init__(self, made):
        super().__init__()
        self.widen = nn.Sequential(DenseNet(made.dense_block), widened(made.sub_pixel.conv))
        self.narrow = nn.Sequential(Narrowed(made.conv_1), made.norm, made.prelu, made.final_conv)
        self.slope = made.prelu_out.weight  # of every bin

    def forward(self, x):
        x = self.narrow(self.widen(x))
        return x.clamp(min=0) + self.slope * x.clamp(max=0)


class ComplexDecoder(nn.Module):
    def __init__(self, made):
        super().__init__()
        self.widen = nn.Sequential(DenseNet(made.dense_block), widened(made.sub_pixel.conv))
        self.settled, self.narrow = Settled(made.norm, made.prelu), Narrowed(made.conv)

    def forward(self, x):
        x = self.widen(x)
        _, pairs, frames, bins = map(int, x.shape)
        return self.narrow(self.settled(x.reshape(1, pairs // 2, 2 * frames, bins)).reshape(1, pairs, frames, bins))


class CmganGraph(nn.Module):
    def __init__(self, made, frames, positions=POSITIONS_AT_A_TIME):
        super().__init__()
        first, last, bins = made.dense_encoder.conv_1, made.dense_encoder.conv_2, (made.bins + 1) // 2
        self.encoder = nn.Sequential(first[0], Settled(*first[1:]), DenseNet(made.dense_encoder.dilated_dense), last[0], Settled(*last[1:]))
        self.stages = nn.ModuleList(nn.ModuleList([Stage(stage.time_conformer, bins, frames, positions),
                                                   Stage(stage.freq_conformer, frames, bins, positions)]) for stage in made.stages())
        self.mask_decoder, self.complex_decoder = MaskDecoder(made.mask_decoder), ComplexDecoder(made.complex_decoder)

    def forward(self, x):
        """Compressed spectrogram [1, 2, frames, bins], real and imaginary → the enhanced one."""
        hidden = channels_last(self.encoder(torch.cat([(x ** 2).sum(1, keepdim=True).sqrt(), x], 1)))
        for along_time, along_bins in self.stages:
            hidden = along_bins(along_time(hidden.transpose(1, 2)).transpose(1, 2))
        hidden = channels_first(hidden)
        return self.mask_decoder(hidden) * x + self.complex_decoder(hidden)
