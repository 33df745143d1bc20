"""Teaches the encoder of the HuBERT-style network without labels, on all speech of the training speakers.

The recipe of HuBERT's first round (Hsu et al. 2021): frames get the number of the k-means cluster that their cepstra fall into, spans of them are
hidden, and the network says which clusters were there. Half of the excerpts have noise added that the clusters do not know of, as in WavLM
(Chen et al. 2022). Leaves `<work>/pretrained.pt`; resumes from it.
"""

import argparse
import pathlib
import time

import numpy as np
import torch
from scipy.fft import dct
from sklearn.cluster import MiniBatchKMeans
from torch import nn
from torch.nn import functional

from ..shared import SAMPLE_RATE_HZ
from ..shared.signals import normalised
from .descent import descend, learning_rate, store
from .emotion_network import FLOOR, MEL_TAPS, FrontEnd
from .waveform_network import FIELD_SAMPLES, FRAME_SAMPLES, WIDTH, WaveformEncoder, spans
from .mixing import Sources, mix
from .precision import reduced_precision

CLUSTERS, CEPSTRA = 100, 13
BATCH, LEARNING_RATE = 32, 1e-3
HIDDEN_STARTS, HIDDEN_FRAMES = 0.08, 10  # as HuBERT: about half of all frames
EXCERPT_SECONDS = (1.5, 3.0)
FRONT_END = FrontEnd()


def cepstra(waves):
    """[batch, samples] → [batch, frames, 39]: cepstra and their first two slopes, each frame in the middle of what the encoder's hears."""
    x = normalised(waves)
    frames = (x.shape[1] - FIELD_SAMPLES) // FRAME_SAMPLES + 1
    real, imaginary = functional.conv1d(x[:, None, (FIELD_SAMPLES - MEL_TAPS) // 2:], FRONT_END.mel_kernel, stride=FRAME_SAMPLES).chunk(2, 1)
    power = functional.conv1d(real ** 2 + imaginary ** 2, FRONT_END.mel_filters)[..., :frames]
    values = dct((power + FLOOR).log().numpy(), axis=1, norm="ortho")[:, :CEPSTRA]
    slopes = np.gradient(values, axis=2)
    return np.concatenate([values, slopes, np.gradient(slopes, axis=2)], 1).transpose(0, 2, 1)


def excerpts(random, sources, size):
    """(heard, clean) [size, samples]."""
    count = int(random.uniform(*EXCERPT_SECONDS) * SAMPLE_RATE_HZ)
    clean = [sources.draw_speech(random, count) for _ in range(size)]
    heard = [mix(c, sources.draw_noise(random, count), random.uniform(0, 25)) if random.random() < 0.5 else c for c in clean]
    return torch.from_numpy(np.stack(heard)).float(), torch.from_numpy(np.stack(clean)).float()


def clusters(sources, seed):
    """Standardisation and centres, as one thing with `predict`."""
    values = np.concatenate([cepstra(excerpts(np.random.default_rng((seed, 0, i)), sources, BATCH)[1]).reshape(-1, 3 * CEPSTRA) for i in range(12)])
    scale = values.std(0)
    found = MiniBatchKMeans(CLUSTERS, batch_size=4096, n_init=3, random_state=seed % 2 ** 31).fit(values / scale)
    return found.cluster_centers_ * scale, scale


def nearest(values, centres, scale):
    a, b = values / scale, centres / scale
    return torch.from_numpy(((b ** 2).sum(1) - 2 * a @ b.T).argmin(-1))


def train(work, minutes, seed):
    torch.manual_seed(seed)
    path = pathlib.Path(work) / "pretrained.pt"
    sources = Sources(work, "train")
    network = nn.ModuleDict({"encoder": WaveformEncoder(), "head": nn.Linear(WIDTH, CLUSTERS)})
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    step, spent = 0, 0.0
    if path.exists():
        stored = torch.load(path)
        network["encoder"].load_state_dict(stored["encoder"])
        network["head"].load_state_dict(stored["head"])
        optimiser.load_state_dict(stored["optimiser"])
        centres, scale, step, spent = (stored[k] for k in ("centres", "scale", "step", "seconds"))
        torch.manual_seed(seed + step)
    else:
        centres, scale = clusters(sources, seed)
    begun, recent = time.monotonic() - spent, []
    done = spent / (minutes * 60)
    while done < 1:
        heard, clean = excerpts(np.random.default_rng((seed, 1, step)), sources, BATCH)
        wanted = nearest(cepstra(clean), centres, scale)
        hidden = spans(*wanted.shape, HIDDEN_STARTS, HIDDEN_FRAMES)
        with reduced_precision():
            guesses = network["head"](network["encoder"](heard, lambda *_: hidden)).float()[hidden]
        loss = functional.cross_entropy(guesses, wanted[hidden])
        descend(network, optimiser, loss, learning_rate(LEARNING_RATE, step, done))
        recent.append((loss.item(), (guesses.argmax(1) == wanted[hidden]).float().mean().item()))
        step, elapsed = step + 1, time.monotonic() - begun
        done = elapsed / (minutes * 60)
        if step % 100 == 0 or done >= 1:
            store(path, **{name: part.state_dict() for name, part in network.items()}, optimiser=optimiser.state_dict(), centres=centres,
                  scale=scale, step=step, seconds=elapsed)
            print(f"step {step} {elapsed / 60:.1f} min loss {np.mean([r[0] for r in recent]):.3f} hidden frames named right "
                  f"{np.mean([r[1] for r in recent]):.3f}", flush=True)
            recent = []


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--minutes", type=float, default=10, help="training time in all, over every run")
    parser.add_argument("--seed", type=int, default=20230901)
    arguments = parser.parse_args()
    train(arguments.work, arguments.minutes, arguments.seed)


if __name__ == "__main__":
    main()
