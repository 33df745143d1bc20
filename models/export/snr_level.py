"""Checkpoints of NRSER's SNR-level block (arXiv 2309.01164) → ONNX. Which form one has is read off its names.

- dense, the paper's: 402 similarities per bin → one dense layer → S.
- transformer, the public code's (yuwchen/NRSER, SNR/best): similarities per frame, [frames, 2] → one transformer encoder layer of width 2 → a 1×1
  convolution → mean over frames. The layer was built without batch_first, so that it takes the frames for the batch: at batch 1 each frame attends
  to itself alone, attention is v and a projection, and its query and key weights do nothing.

    python3 -m models.export.snr_level --checkpoint SNR/best --noise-threshold 0.6 --target converted
"""

import pathlib

import torch
from torch import nn
from torch.nn import functional

from ..shared.delivery import Graph
from ..shared.similarity import BINS, FEATURES, FFT, HOP, DenseSnrLevel
from . import checkpoints, conversion

DATA = [{"name": "MSP-Podcast 1.11 (Lotfian and Busso 2019)", "licence": "academic, by agreement"},
        {"name": "AudioSet (Gemmeke et al. 2017)", "licence": "CC-BY-4.0 for the list; the clips have their own"}]


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.fusion_layer = nn.TransformerEncoderLayer(2, 1, dim_feedforward=2048)
        self.cnn = nn.Conv1d(2, 1, 1)

    def forward(self, similarity):
        """[batch, frames, 2] → S [batch], unbounded; every recording as if it were alone."""
        layer, attention = self.fusion_layer, self.fusion_layer.self_attn
        value = functional.linear(similarity, attention.in_proj_weight[-2:], attention.in_proj_bias[-2:])
        x = layer.norm1(similarity + attention.out_proj(value))
        x = layer.norm2(x + layer.linear2(layer.linear1(x).relu()))
        return functional.linear(x.mean(1), self.cnn.weight.squeeze(-1), self.cnn.bias).squeeze(-1)

    def reference(self, similarity):
        """The same as published, for one recording: [1, frames, 2] → [1]."""
        if similarity.shape[0] != 1:
            raise ValueError("the public form mixes the recordings of a batch")
        return self.cnn(self.fusion_layer(similarity).transpose(1, 2)).mean(2).squeeze(1)


def load(path, interleaved=False):
    """A checkpoint of either form; of the dense one the layer may have any name, and its inputs may alternate real and imaginary part."""
    tensors = checkpoints.read(path)
    if any(name.startswith("fusion_layer.") for name in tensors):
        return checkpoints.fit(Transformer(), tensors, path)
    tensors = {f"dense.{name.rpartition('.')[2]}": tensor for name, tensor in tensors.items()} if len(tensors) == 2 else tensors
    network = checkpoints.fit(DenseSnrLevel(), tensors, path)
    if interleaved:  # [201, 2] row by row → [2, 201]
        network.dense.weight.data = network.dense.weight.data.reshape(1, BINS, 2).transpose(1, 2).reshape(1, FEATURES).clone()
    return network


def main(options=None):
    parser = conversion.parser(__doc__.splitlines()[0], "snr-level", "not stated", "https://github.com/yuwchen/NRSER, SNR/best")
    parser.add_argument("--checkpoint", type=pathlib.Path)
    parser.add_argument("--enhancer", required=True, metavar="NAME@VERSION",
                        help="the enhancer that the block was trained with, as its entry calls itself: NrSer refuses any other")
    parser.add_argument("--noise-threshold", type=float, default=0.6, help="below this S a segment holds no speech; 0.6 is the paper's and throws "
                        "away much speech at 0 dB: choose it on data of your own")
    parser.add_argument("--interleaved", action="store_true", help="the dense layer's inputs are re, im, re, im ... as the public code "
                        "flattened them, not all re, then all im")
    parser.add_argument("--mix-range", type=float, nargs=2, metavar=("LOW", "HIGH"),
                        help="S up to which the mix is the enhanced speech, and from which it is the original; 0 1 is the paper's")
    parser.add_argument("--form", choices=("dense", "transformer"), default="dense", help="of a random checkpoint")
    arguments = parser.parse_args(options)
    if (arguments.random is None) == (arguments.checkpoint is None):
        parser.error("give --checkpoint or --random")
    if arguments.random is not None:
        arguments.target.mkdir(parents=True, exist_ok=True)
        arguments.checkpoint = arguments.target / f"{arguments.name}.ckpt"
        made = DenseSnrLevel if arguments.form == "dense" else Transformer
        torch.save(checkpoints.randomise(made, arguments.random).state_dict(), arguments.checkpoint)
    network = load(arguments.checkpoint, arguments.interleaved)
    dense = isinstance(network, DenseSnrLevel)
    random = torch.Generator().manual_seed(0)
    similarity = 2 * torch.rand((2, FEATURES) if dense else (1, 200, 2), generator=random) - 1
    graph = Graph("snrLevel", network, similarity, {"similarity": ("batch", FEATURES) if dense else ("batch", "frames", 2)}, {"score": ("batch",)},
                  None if dense else network.reference)
    conversion.convert(graph, conversion.origin_of(arguments, DATA), arguments.target, {
        "stft": {"fftSamples": FFT, "hopSamples": HOP, "window": "hamming"},
        "snrLevel": {"noiseThreshold": arguments.noise_threshold, "similarity": "bins" if dense else "frames",
                     **({"mixRange": arguments.mix_range} if arguments.mix_range else {}), "enhancer": arguments.enhancer},
    }, lambda _: 1e-4)


if __name__ == "__main__":
    conversion.run(main)
