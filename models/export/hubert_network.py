"""HuBERT (Hsu et al. 2021, arXiv 2106.07447) for classification, with the names of Hugging Face's HubertForSequenceClassification.

Base and Large differ in two switches: group norm on the first convolution or layer norm on all of them, and layer norms after or before the
parts of a layer (and one more at the end). Names of fairseq's checkpoints are translated by hubert_ser.py.
"""

import dataclasses

import torch
from torch import nn
from torch.nn import functional

from ..shared.signals import normalised

VARIANCE_FLOOR = 1e-7  # of input normalisation, as Hugging Face's feature extractor has it
CONV_EPSILON = 1e-5
IDLE = 16  # units that do nothing: rows a multiple of 4096 bytes apart fall on one another in a first-level cache


@dataclasses.dataclass(frozen=True)
class Configuration:
    """Sizes and switches under the names of config.json; the defaults are HuBERT Base."""

    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    conv_dim: tuple = (512,) * 7
    conv_kernel: tuple = (10, 3, 3, 3, 3, 2, 2)
    conv_stride: tuple = (5, 2, 2, 2, 2, 2, 2)
    conv_bias: bool = False
    feat_extract_norm: str = "group"
    feat_proj_layer_norm: bool = True
    num_conv_pos_embeddings: int = 128
    num_conv_pos_embedding_groups: int = 16
    do_stable_layer_norm: bool = False
    layer_norm_eps: float = 1e-5
    use_weighted_layer_sum: bool = False
    classifier_proj_size: int = 256

    @property
    def field_samples(self):
        """What one frame sees, and thus the shortest input."""
        field = 1
        for taps, stride in zip(reversed(self.conv_kernel), reversed(self.conv_stride)):
            field = (field - 1) * stride + taps
        return field


class ConvLayer(nn.Module):
    """The first hears samples; those behind it are two-dimensional, for which ONNX Runtime has its blocked layout."""

    def __init__(self, c, index):
        super().__init__()
        self.conv = nn.Conv1d(c.conv_dim[index - 1] if index else 1, c.conv_dim[index], c.conv_kernel[index], c.conv_stride[index], bias=c.conv_bias)
        self.by_time, self.by_channel = c.feat_extract_norm == "group" and index == 0, c.feat_extract_norm == "layer"
        if self.by_time:
            self.layer_norm = nn.GroupNorm(c.conv_dim[0], c.conv_dim[0], CONV_EPSILON)
        elif self.by_channel:
            self.layer_norm = nn.LayerNorm(c.conv_dim[index], CONV_EPSILON)

    def forward(self, x):
        """[batch, 1, samples] or [batch, channels, 1, samples] → [batch, channels, 1, fewer]."""
        conv = self.conv
        x = conv(x)[:, :, None] if x.dim() == 3 else functional.conv2d(x, conv.weight[:, :, None], conv.bias, (1, *conv.stride))
        if self.by_time:  # one channel a group: the same as instance norm, which is one ONNX operator
            x = functional.instance_norm(x, weight=self.layer_norm.weight, bias=self.layer_norm.bias, eps=CONV_EPSILON)
        elif self.by_channel:
            x = self.layer_norm(x.transpose(1, 3)).transpose(1, 3)
        return functional.gelu(x)


class FeatureExtractor(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_layers = nn.ModuleList(ConvLayer(c, i) for i in range(len(c.conv_dim)))

    def forward(self, waveform):
        x = waveform[:, None]
        for layer in self.conv_layers:
            x = layer(x)
        return x.squeeze(2).transpose(1, 2)


class FeatureProjection(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.layer_norm = nn.LayerNorm(c.conv_dim[-1], c.layer_norm_eps) if c.feat_proj_layer_norm else None
        self.projection = nn.Linear(c.conv_dim[-1], c.hidden_size)

    def forward(self, x):
        return self.projection(self.layer_norm(x) if self.layer_norm else x)


class Positions(nn.Module):
    """A wide grouped convolution whose weight is g·v/‖v‖ per tap (Salimans and Kingma 2016)."""

    def __init__(self, c):
        super().__init__()
        self.taps = c.num_conv_pos_embeddings
        self.conv = nn.utils.weight_norm(nn.Conv1d(c.hidden_size, c.hidden_size, self.taps, padding=self.taps // 2,
                                                   groups=c.num_conv_pos_embedding_groups), dim=2)

    def forward(self, x):
        """[batch, frames, width] → the same; an even width gives one frame too many."""
        found = self.conv(x.transpose(1, 2))
        return functional.gelu(found[..., :-1] if self.taps % 2 == 0 else found).transpose(1, 2)


class Reshaped(torch.autograd.Function):
    """As ONNX reshapes: 0 keeps an axis, so that no length has to be computed."""

    @staticmethod
    def forward(_, x, shape):
        return x.reshape([x.shape[axis] if size == 0 else size for axis, size in enumerate(shape.tolist())])

    @staticmethod
    def symbolic(graph, x, shape):
        return graph.op("Reshape", x, shape)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(c.hidden_size, c.hidden_size) for _ in range(4))
        self.register_buffer("heads", torch.tensor([0, 0, c.num_attention_heads, -1]), persistent=False)
        self.register_buffer("scale", torch.tensor((c.hidden_size // c.num_attention_heads) ** -0.5), persistent=False)

    def forward(self, x):
        """[batch, frames, width] → the same; every frame looks at all."""
        split = lambda t: Reshaped.apply(t, self.heads).transpose(1, 2)
        query = split(functional.linear(x, self.scale * self.q_proj.weight, self.scale * self.q_proj.bias))
        weights = (query @ split(self.k_proj(x)).transpose(-1, -2)).softmax(-1)
        return self.out_proj(Reshaped.apply((weights @ split(self.v_proj(x))).transpose(1, 2), torch.tensor([0, 0, -1])))


class FeedForward(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.intermediate_dense, self.output_dense = nn.Linear(c.hidden_size, c.intermediate_size), nn.Linear(c.intermediate_size, c.hidden_size)

    def forward(self, x):
        wide, narrow = self.intermediate_dense, self.output_dense
        more = lambda t: torch.cat([t, 0 * t[:IDLE]])
        inner = functional.gelu(functional.linear(x, more(wide.weight), more(wide.bias)))
        return functional.linear(inner, more(narrow.weight.T).T, narrow.bias)


class Layer(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm_first = c.do_stable_layer_norm
        self.attention, self.feed_forward = Attention(c), FeedForward(c)
        self.layer_norm, self.final_layer_norm = (nn.LayerNorm(c.hidden_size, c.layer_norm_eps) for _ in range(2))

    def forward(self, x):
        if self.norm_first:
            x = x + self.attention(self.layer_norm(x))
            return x + self.feed_forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attention(x))
        return self.final_layer_norm(x + self.feed_forward(x))


class Encoder(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm_first = c.do_stable_layer_norm
        self.pos_conv_embed, self.layer_norm = Positions(c), nn.LayerNorm(c.hidden_size, c.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(c) for _ in range(c.num_hidden_layers))

    def forward(self, x):
        """[batch, frames, width] → what went into every layer, and what comes out of the last: layers + 1 tensors."""
        x = x + self.pos_conv_embed(x)
        states = [x if self.norm_first else self.layer_norm(x)]
        for layer in self.layers:
            states.append(layer(states[-1]))
        if self.norm_first:
            states[-1] = self.layer_norm(states[-1])
        return states


class Hubert(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.masked_spec_embed = nn.Parameter(torch.rand(c.hidden_size))  # used in training only, but part of every checkpoint
        self.feature_extractor, self.feature_projection, self.encoder = FeatureExtractor(c), FeatureProjection(c), Encoder(c)

    def forward(self, waveform):
        return self.encoder(self.feature_projection(self.feature_extractor(waveform)))


class HubertForSequenceClassification(nn.Module):
    def __init__(self, c, labels, normalise):
        super().__init__()
        self.normalise, self.hubert = normalise, Hubert(c)
        if c.use_weighted_layer_sum:
            self.layer_weights = nn.Parameter(torch.ones(c.num_hidden_layers + 1) / (c.num_hidden_layers + 1))
        self.projector, self.classifier = nn.Linear(c.hidden_size, c.classifier_proj_size), nn.Linear(c.classifier_proj_size, labels)

    def forward(self, waveform):
        """[batch, samples] → logits [batch, labels]."""
        states = self.hubert(normalised(waveform, VARIANCE_FLOOR) if self.normalise else waveform)
        state = states[-1]
        if hasattr(self, "layer_weights"):
            shares = self.layer_weights.softmax(0)
            state = sum(shares[i] * each for i, each in enumerate(states))
        return self.classifier(self.projector(state.mean(1)))  # projecting the mean is the mean of the projected


class HubertForSpeechClassification(nn.Module):
    """The head that many public models for categories have, and those for arousal, dominance and valence: two layers on the mean of the last one."""

    def __init__(self, c, labels, normalise):
        super().__init__()
        self.normalise, self.hubert = normalise, Hubert(c)
        self.classifier = nn.ModuleDict({"dense": nn.Linear(c.hidden_size, c.hidden_size), "out_proj": nn.Linear(c.hidden_size, labels)})

    def forward(self, waveform):
        """[batch, samples] → [batch, labels]."""
        state = self.hubert(normalised(waveform, VARIANCE_FLOOR) if self.normalise else waveform)[-1]
        return self.classifier["out_proj"](self.classifier["dense"](state.mean(1)).tanh())


class HubertWithHeads(nn.Module):
    """NRSER's emotion block: four linear heads on the mean of the last layer."""

    def __init__(self, c, labels, normalise):
        super().__init__()
        self.normalise, self.hubert = normalise, Hubert(c)
        self.output_layer_A, self.output_layer_V, self.output_layer_D = (nn.Linear(c.hidden_size, 1) for _ in range(3))
        self.output_layer_C = nn.Linear(c.hidden_size, labels)

    def forward(self, waveform):
        """[batch, samples] → logits [batch, labels] and arousal, valence, dominance [batch, 3]."""
        mean = self.hubert(normalised(waveform, VARIANCE_FLOOR) if self.normalise else waveform)[-1].mean(1)
        return self.output_layer_C(mean), torch.cat([head(mean) for head in (self.output_layer_A, self.output_layer_V, self.output_layer_D)], 1)
