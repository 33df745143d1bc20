"""CMGAN's public checkpoint (ruizhecao96/CMGAN, src/best_ckpt/ckpt; NRSER's SE/best too) → an ONNX enhancer.

    python3 -m models.export.cmgan --checkpoint ckpt --target converted
    nrser models add converted/cmgan.onnx --entry converted/cmgan.json
"""

import pathlib

import torch

from ..shared import SAMPLE_RATE_HZ
from ..shared.delivery import Graph
from ..shared.signals import COMPRESSION, compressed, level
from . import checkpoints, conversion
from .cmgan_graph import POSITIONS_AT_A_TIME, CmganGraph, frozen
from .cmgan_network import HEADS, Cmgan

FFT, HOP, BINS = 400, 100, 201  # 25 ms and 6.25 ms at 16 kHz, as the model was trained
BLOCK_SAMPLES = 32000  # 2 s, the reference's
TOLERANCE = 1e-4 * COMPRESSION  # |Y|^(1/0.3) makes of it 1e-4 of the waveform's peak
DATA = [{"name": "VoiceBank+DEMAND (Valentini-Botinhao 2017)", "licence": "CC-BY-4.0"}]


def spectrogram(x):
    """[samples] → levelled, transformed and compressed: [1, 2, frames, bins]."""
    x = x * level(x)
    return compressed(torch.stft(x, FFT, HOP, window=torch.hamming_window(FFT), center=True, pad_mode="reflect", return_complex=True).T[None])


def waveform(answer, x, samples):
    """The network's answer [1, 2, frames, bins] to the levelled x → [samples]: all of `spectrogram` undone."""
    spectrum = torch.complex(answer[0, 0], answer[0, 1]).T
    spectrum = spectrum * spectrum.abs().clamp_min(1e-9) ** (1 / COMPRESSION - 1)
    return torch.istft(spectrum, FFT, HOP, window=torch.hamming_window(FFT), center=True, length=samples) / level(x)


def enhance(network, x, block_samples=BLOCK_SAMPLES):
    """[samples] → [samples]: block by block, the last one filled up with zeros, as the public code has it; silent blocks stay as they are."""
    blocks = torch.nn.functional.pad(x, (0, -x.numel() % block_samples)).reshape(-1, block_samples)
    with torch.no_grad():
        return torch.cat([waveform(network(spectrogram(b)), b, block_samples) if b.any() else b for b in blocks])[:x.numel()]


def example(samples, seed=0):
    """Chirps that swell and fade, in noise: [samples]."""
    seconds = torch.arange(samples) / SAMPLE_RATE_HZ
    tones = sum(torch.sin(2 * torch.pi * hz * seconds * (1 + 0.05 * seconds)) / k for k, hz in enumerate((140, 281, 420, 1130, 2290), 1))
    swell = 0.5 - 0.5 * torch.cos(2 * torch.pi * 1.5 * seconds)
    return 0.1 * swell * tones + 0.02 * torch.randn(samples, generator=torch.Generator().manual_seed(seed))


def load(path):
    """A checkpoint; blocks and channels are as many as it has."""
    tensors = checkpoints.without_prefix(checkpoints.read(path), "se_model.")
    blocks = len({name.split(".")[0] for name in tensors if name.startswith("TSCB_")})
    first = tensors.get("dense_encoder.conv_1.0.weight")
    if first is None or first.dim() != 4 or not 1 <= blocks <= 16 or not HEADS <= first.shape[0] <= 512 or first.shape[0] % HEADS:
        raise checkpoints.CheckpointError(f"{path} is no CMGAN generator: there is no fitting dense_encoder.conv_1.0.weight, or no TSCB_1.")
    return checkpoints.fit(Cmgan(first.shape[0], blocks), tensors, path)


def main(options=None):
    parser = conversion.parser(__doc__.splitlines()[0], "cmgan", "MIT", "https://github.com/ruizhecao96/CMGAN, src/best_ckpt/ckpt")
    parser.add_argument("--checkpoint", type=pathlib.Path, help="the public ckpt")
    parser.add_argument("--channels", type=int, default=64, help="of a random checkpoint")
    parser.add_argument("--blocks", type=int, default=4, help="of a random checkpoint")
    parser.add_argument("--block-samples", type=int, default=BLOCK_SAMPLES, help="samples per run, whole hops; the graph is made for this length")
    parser.add_argument("--overlap-samples", type=int, default=0, help="over which blocks cross-fade; 0, the reference's plain concatenation, is "
                        "the parity mode")
    parser.add_argument("--positions", type=int, default=POSITIONS_AT_A_TIME, help="frames × bins that go through a conformer at a time: as many as "
                        "a processor's cache holds; a GPU wants all of them, 100000")
    arguments = parser.parse_args(options)
    if (arguments.random is None) == (arguments.checkpoint is None):
        parser.error("give --checkpoint or --random")
    if arguments.block_samples % HOP or arguments.block_samples <= FFT or not 0 <= arguments.overlap_samples <= arguments.block_samples // 2:
        parser.error(f"blocks are whole hops of {HOP} samples and longer than {FFT}; they overlap by half at most")
    if arguments.random is not None:
        arguments.target.mkdir(parents=True, exist_ok=True)
        arguments.checkpoint = arguments.target / f"{arguments.name}.ckpt"
        torch.save(checkpoints.randomise(lambda: Cmgan(arguments.channels, arguments.blocks), arguments.random).state_dict(), arguments.checkpoint)
    network = load(arguments.checkpoint)
    shape = (1, 2, 1 + arguments.block_samples // HOP, BINS)
    graph = Graph("enhancer", frozen(CmganGraph(network, shape[2], arguments.positions)).eval(), spectrogram(example(arguments.block_samples)),
                  {"spectrogram": shape}, {"enhanced": shape}, network)
    conversion.convert(graph, conversion.origin_of(arguments, DATA), arguments.target, {
        "stft": {"fftSamples": FFT, "hopSamples": HOP, "window": "hamming"},
        "enhancer": {"compression": COMPRESSION, "blockSamples": arguments.block_samples, "overlapSamples": arguments.overlap_samples},
    }, lambda peak: TOLERANCE * peak, {"parameters": sum(p.numel() for p in network.parameters())})


if __name__ == "__main__":
    conversion.run(main)
