"""The small default enhancer: a convolutional encoder and decoder over frequency, with blocks over time and over bands between.

Spectrogram in, spectrogram out, both power-compressed: [batch, 2 (re, im), frames, 257]. The network estimates a complex
mask M, so its output is M·X: zero delay, and nothing it has not been given.
"""

import argparse
import json
import pathlib
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from ..shared.signals import COMPRESSION, compressed, level
from .channels import BANDS, Channel, band_limited
from .descent import descend, learning_rate, store
from .mixing import Sources, mix
from .precision import reduced_precision

FFT, HOP = 512, 256
BLOCK = 32768  # samples trained on, 2.048 s
BATCH, CHANNELS = 12, 0.6  # excerpts; share of them that come through a channel
CEILING_DB = 32.0
PEAK_RATE = 1.5e-3
# What `evaluate` mixes: SNR in dB (None for clean speech), band, and the only noise, if there is but one.
CONDITIONS = {"-5": (-5.0, None, None), "0": (0.0, None, None), "5": (5.0, None, None), "10": (10.0, None, None),
              "music5": (5.0, None, "music"), "telephone5": (5.0, "telephone", None),
              "clean": (None, None, None), "telephone": (None, "telephone", None), "eleven": (None, "eleven", None)}
WINDOW = torch.hann_window(FFT).sqrt()


def stft(x):
    return torch.stft(x, FFT, HOP, window=WINDOW.to(x.device), center=True, pad_mode="reflect", return_complex=True).transpose(1, 2)


def istft(spectrum, length):
    return torch.istft(spectrum.transpose(1, 2), FFT, HOP, window=WINDOW.to(spectrum.device), center=True, length=length)


def expand(pair):
    power = (pair[:, 0] ** 2 + pair[:, 1] ** 2 + 1e-12) ** ((1 / COMPRESSION - 1) / 2)
    return torch.complex(pair[:, 0] * power, pair[:, 1] * power)


def convolution(inputs, outputs, kernel, stride=1):
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, (1, stride), (kernel[0] // 2, kernel[1] // 2), bias=False),
        nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1))


class Upsampling(nn.Module):
    """Doubles the bands by sub-pixel convolution (two channels become two neighbours), less the one too many."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.layers = convolution(inputs, 2 * outputs, (3, 3))
        self.outputs = outputs

    def forward(self, x):
        y = self.layers(x)
        batch, _, frames, bands = y.shape
        return y.reshape(batch, 2, self.outputs, frames, bands).permute(0, 2, 3, 4, 1).reshape(batch, self.outputs, frames, 2 * bands)[..., :-1]


class TimeBlock(nn.Module):
    """Looks `dilation` frames back and forth, and at the neighbouring bands."""

    def __init__(self, channels, dilation):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=(dilation, 1), dilation=(dilation, 1), bias=False), nn.BatchNorm2d(channels),
            nn.LeakyReLU(0.1), nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return functional.leaky_relu(x + self.layers(x), 0.1)


class BandBlock(nn.Module):
    """Lets every band of a frame hear every other: harmonics reach over all of them."""

    def __init__(self, channels, bands, width=12):
        super().__init__()
        self.inward = nn.Sequential(nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.1))
        self.across = nn.Sequential(nn.Conv2d(width * bands, width * bands, 1, bias=False), nn.BatchNorm2d(width * bands), nn.LeakyReLU(0.1))
        self.outward = nn.Conv2d(width, channels, 1)

    def forward(self, x):
        y = self.inward(x)
        batch, width, frames, bands = y.shape
        y = self.across(y.permute(0, 1, 3, 2).reshape(batch, width * bands, frames, 1))
        return x + self.outward(y.reshape(batch, width, bands, frames).permute(0, 1, 3, 2))


class Enhancer(nn.Module):
    """257 bins become 17 bands in four steps, pass through blocks over time and over bands, and come back the same way."""

    def __init__(self, widths=(16, 32, 48, 48), dilations=(1, 2, 4, 8, 16, 1, 2, 4)):
        super().__init__()
        a, b, c, d = widths
        self.encoder = nn.ModuleList([
            convolution(3, a, (3, 5), 2), convolution(a, b, (3, 3), 2), convolution(b, c, (3, 3), 2), convolution(c, d, (3, 3), 2)])
        self.blocks = nn.Sequential(*[nn.Sequential(TimeBlock(d, dilation), BandBlock(d, 17)) for dilation in dilations])
        self.decoder = nn.ModuleList([Upsampling(d, c), Upsampling(c, b), Upsampling(b, a), Upsampling(a, a)])
        self.mask = nn.Conv2d(a + 3, 2, (1, 3), padding=(0, 1))
        nn.init.zeros_(self.mask.weight)
        self.mask.bias.data = torch.tensor([1.0, 0.0])

    def forward(self, spectrogram):
        """[batch, 2, frames, 257], compressed → the same shape; frames is free."""
        x = torch.cat([spectrogram, (spectrogram ** 2).sum(1, keepdim=True).add(1e-12).sqrt()], 1)
        seen, skips = x, []
        for layer in self.encoder:
            seen = layer(seen)
            skips.append(seen)
        seen = self.blocks(seen)
        for layer, skip in zip(self.decoder, reversed(skips)):
            seen = layer(seen + skip)
        mask = self.mask(torch.cat([seen, x], 1)).float()  # bfloat16 in training would blur what it is multiplied with
        real = mask[:, :1] * spectrogram[:, :1] - mask[:, 1:] * spectrogram[:, 1:]
        imaginary = mask[:, :1] * spectrogram[:, 1:] + mask[:, 1:] * spectrogram[:, :1]
        return torch.cat([real, imaginary], 1)


def enhance(network, x):
    """x̂ of [batch, samples], block by block in one batch: a helper of training, not the production path."""
    c = level(x)
    return istft(expand(network(compressed(stft(x * c)))), x.shape[-1]) / c


def si_sdr(reference, estimate):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019), per row."""
    reference = reference - reference.mean(-1, keepdim=True)
    estimate = estimate - estimate.mean(-1, keepdim=True)
    target = (estimate * reference).sum(-1, keepdim=True) / (reference ** 2).sum(-1, keepdim=True).clamp_min(1e-9) * reference
    return 10 * torch.log10((target ** 2).sum(-1) / ((estimate - target) ** 2).sum(-1).clamp_min(1e-12) + 1e-12)


def pair_of(sources, random):
    """(noisy, clean): 12 % clean speech, 8 % noise only (clean is zero), the rest at -10..25 dB; most through a channel."""
    kind = random.random()
    speech = sources.draw_speech(random, BLOCK)
    if kind < 0.12:
        noisy, clean = speech, speech
    elif kind < 0.20:
        noisy = sources.draw_noise(random, BLOCK)
        clean = np.zeros_like(noisy)
    else:
        noisy, clean = mix(speech, sources.draw_noise(random, BLOCK), random.triangular(-10, 4, 25)), speech
    if random.random() >= CHANNELS:
        return noisy, clean
    channel = Channel(random, noisy)
    return channel.recorded(noisy), channel(clean)


def batch_of(sources, random, size):
    """`size` of them, as two tensors."""
    return tuple(torch.from_numpy(np.stack(side)).float() for side in zip(*(pair_of(sources, random) for _ in range(size))))


def loss_of(network, noisy, clean):
    c = level(noisy)
    noisy, clean = noisy * c, clean * c
    with reduced_precision(noisy.device.type):
        found = network(compressed(stft(noisy)))
    estimate = istft(expand(found), noisy.shape[-1])
    wanted = compressed(stft(clean))
    magnitude = lambda pair: ((pair ** 2).sum(1) + 1e-9).sqrt()
    spectral = functional.mse_loss(found, wanted) + functional.mse_loss(magnitude(found), magnitude(wanted))
    # A soft ceiling of 32 dB keeps clean input from outweighing the rest; noise only is judged against the input's power.
    error = ((estimate - clean) ** 2).sum(-1)
    reference = torch.where((clean ** 2).sum(-1) > 1e-6, (clean ** 2).sum(-1), (noisy ** 2).sum(-1))
    waveform = 10 * torch.log10(error / reference.clamp_min(1e-6) + 10 ** (-CEILING_DB / 10))
    return waveform.mean() / 10 + 8 * spectral


@torch.no_grad()
def evaluate(network, sources, seed=4242, count=96):
    """Mean SI-SDR gain in dB of every condition, or SI-SDR itself of clean speech, on 4 s excerpts of a split."""
    network.eval()
    result = {}
    for name, (snr, band, only) in CONDITIONS.items():
        random = np.random.default_rng(seed)
        gains = []
        for _ in range(count // 8):
            speech = [sources.draw_speech(random, 2 * BLOCK) for _ in range(8)]
            x = [s if snr is None else mix(s, sources.draw_noise(random, 2 * BLOCK, only=only), snr) for s in speech]
            if band:
                speech, x = ([band_limited(signal, *BANDS[band]) for signal in signals] for signals in (speech, x))
            s, x = torch.from_numpy(np.stack(speech)).float(), torch.from_numpy(np.stack(x)).float()
            after = si_sdr(s, enhance(network, x))
            gains += (after if snr is None else after - si_sdr(s, x)).tolist()
        result[name] = round(float(np.mean(gains)), 2)
    network.train()
    return result


def started(path=None):
    """A network with published weights, or a fresh one."""
    network = Enhancer()
    if path:
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network


class Training:
    """A network that learns until its `minutes` are over, all runs together; it resumes from its checkpoint in `work`."""

    def __init__(self, work, minutes, seed, start=None):
        torch.manual_seed(seed)
        self.checkpoint, self.minutes, self.seed = pathlib.Path(work) / "enhancer.pt", minutes, seed
        self.peak = PEAK_RATE / (2 if start else 1)
        self.network, self.step, self.seconds = started(start), 0, 0.0
        self.optimiser = torch.optim.AdamW(self.network.parameters(), lr=self.peak, weight_decay=1e-4)
        if self.checkpoint.exists():
            stored = torch.load(self.checkpoint, map_location="cpu")
            self.network.load_state_dict(stored["network"])
            self.optimiser.load_state_dict(stored["optimiser"])
            self.step, self.seconds = stored["step"], stored["seconds"]
            print(f"resumed at step {self.step}", flush=True)
        self.sources = Sources(work, "train")

    def descend(self):
        """One step; its loss."""
        loss = loss_of(self.network, *batch_of(self.sources, np.random.default_rng((self.seed, self.step)), BATCH))
        descend(self.network, self.optimiser, loss, learning_rate(self.peak, self.step, self.seconds / (self.minutes * 60)))
        self.step += 1
        return loss.item()

    def save(self):
        store(self.checkpoint, network=self.network.state_dict(), optimiser=self.optimiser.state_dict(), step=self.step, seconds=self.seconds)

    def go(self, validation):
        begun, recent = time.monotonic() - self.seconds, []
        while self.seconds < self.minutes * 60:
            recent.append(self.descend())
            self.seconds = time.monotonic() - begun
            if self.step % 100 == 0:
                print(f"step {self.step} {self.seconds / 60:.1f} min loss {np.mean(recent):.3f}", flush=True)
                self.save()
                recent = []
            if self.step % 1000 == 0:
                print(f"step {self.step} validation {evaluate(self.network, validation, count=32)}", flush=True)
        self.save()
        print("validation", evaluate(self.network, validation), flush=True)


def load(work):
    network = Enhancer()
    network.load_state_dict(torch.load(pathlib.Path(work) / "enhancer.pt", map_location="cpu")["network"])
    return network.eval()


def measure(work):
    """Writes `<work>/enhancer.json`: what `evaluate` finds on validation and test, and how long it was trained."""
    stored = torch.load(pathlib.Path(work) / "enhancer.pt", map_location="cpu")
    network = load(work)
    result = {"steps": stored["step"], "minutes": round(stored["seconds"] / 60, 1), "parameters": sum(p.numel() for p in network.parameters())}
    for split in ("validation", "test"):
        found = evaluate(network, Sources(work, split))
        clean = {name: found.pop(name) for name, (snr, *_) in CONDITIONS.items() if snr is None}
        result[split] = {"siSdrOfCleanSpeechDb": clean, "siSdrGainDb": {f"{name}dB": gain for name, gain in found.items()}}
    (pathlib.Path(work) / "enhancer.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("action", choices=["train", "validate", "measure"], help="validate prints what validation speakers say, of --start if it is "
                        "given; measure does so once more at the very end, and of the test speakers")
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=45, help="training time in all, over every run")
    parser.add_argument("--start", help="published weights (checkpoints/enhancer.pt) to train on from, when --work has no checkpoint yet")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    if arguments.action == "measure":
        measure(arguments.work)
    elif arguments.action == "validate":
        print(evaluate(started(arguments.start) if arguments.start else load(arguments.work), Sources(arguments.work, "validation")))
    else:
        Training(arguments.work, arguments.minutes, arguments.seed, arguments.start).go(Sources(arguments.work, "validation"))


if __name__ == "__main__":
    main()
