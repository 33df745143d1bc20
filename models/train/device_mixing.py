"""Noisy speech made in batches on the device that trains: what mixing.py and channels.py do one by one, as far as it fits into tensors.

Speed, equalisers, rooms, noises at an SNR of active frames, bands, companding, gain control, clipping. Codecs are in the packed clips already;
tones of machines and disturbances are drawn from a bank that channels.py fills at the start.
"""

import numpy as np
import torch
from torch.nn import functional

from ..shared import SAMPLE_RATE_HZ
from . import channels
from .corpora import EMOTION_CORPORA, NOISE, SPEECH
from .mixing import BABBLE, COLOURED, FRAME_SAMPLES, NOISE_ODDS, TONES

BANK_SAMPLES = 4 * SAMPLE_RATE_HZ
REVERB_TAPS = 11200  # 0.7 s
SPEECH_POWER = 0.05 ** 2
SHARES = {"equaliser": 0.5, "room": 0.25, "gain": 0.1, "clipped": 0.1, "companded": 0.15, "disturbed": 0.15}


def active_power(x, range_db=40.0):
    """[rows, samples] → [rows, 1]: mean power of the frames within `range_db` of the loudest."""
    power = x[:, :x.shape[1] // FRAME_SAMPLES * FRAME_SAMPLES].reshape(len(x), -1, FRAME_SAMPLES).pow(2).mean(-1)
    heard = power >= power.amax(1, keepdim=True) * 10 ** (-range_db / 10)
    return (power * heard).sum(1, keepdim=True) / heard.sum(1, keepdim=True) + 1e-12


def filtered(x, gain):
    """Each row with its own magnitude response, [rows, samples / 2 + 1]."""
    return torch.fft.irfft(torch.fft.rfft(x) * gain, x.shape[1])


def where(chosen, changed, x):
    """Row by row one or the other; `chosen` is [rows, 1]."""
    return torch.where(chosen, changed, x)


class Mixer:
    """Packed corpora on a device, and the random numbers to draw from them; of ESC-10 these `folds`, by default those to train on."""

    def __init__(self, corpora, device, seed, bank_rows=192, folds=(1, 2), esc_odds=NOISE_ODDS["esc10"]):
        self.device, self.host = device, np.random.default_rng(seed)
        self.random = torch.Generator(device).manual_seed(seed)
        sizes = {name: len(corpus["audio"]) for name, corpus in corpora.items()}
        begins = dict(zip(sizes, np.cumsum([0, *sizes.values()]).tolist()))
        self.audio = torch.cat([torch.from_numpy(corpus["audio"]).to(device) for corpus in corpora.values()])
        self.begins = begins
        odds = {"speech": {name: min(sizes[name], 60 * 60 * SAMPLE_RATE_HZ) for name in SPEECH if name in corpora},
                "noise": {name: NOISE_ODDS[name] for name in NOISE if name in corpora} | {f"esc10-{fold}": esc_odds / len(folds) for fold in folds}}
        # Of each kind: the odds of its corpora, where they begin, and their sizes.
        column = lambda values, of: np.array([values[name] for name in of])
        self.kinds = {kind: (column(of, of) / sum(of.values()), column(begins, of), column(sizes, of)) for kind, of in odds.items()}
        self.folds = torch.tensor([int(name[-1]) if name.startswith("esc10-") else 0 for name in odds["noise"]], dtype=torch.int8, device=device)
        bank = lambda made: torch.from_numpy(np.stack([made(self.host, BANK_SAMPLES) for _ in range(bank_rows)])).to(device)
        self.tones, self.disturbances = bank(channels.tones), bank(channels.disturbance)

    def uniform(self, low, high, rows):
        return low + (high - low) * torch.rand(rows, 1, generator=self.random, device=self.device)

    def chance(self, share, rows):
        return torch.rand(rows, 1, generator=self.random, device=self.device) < share

    def gathered(self, start, length, count, speed):
        """[rows, count] of the audio from `start` [rows, 1] at `speed`, read between samples; what is shorter than needed is repeated."""
        at = torch.arange(count, device=self.device) * speed
        whole, part = at.long(), at - at.floor()
        read = lambda place: self.audio[start + place % length].float() / 32768
        return (1 - part) * read(whole) + part * read(whole + 1)

    def excerpts(self, kind, rows, count, speeds):
        """Windows of a corpus each, anywhere: what follows a clip is the next one. With the number of the corpus of every row."""
        odds, begins, sizes = self.kinds[kind]
        dealt = self.host.choice(len(odds), (rows, 1), p=odds)
        skipped = (self.host.random((rows, 1)) * np.maximum(1, sizes[dealt] - 2 * count)).astype(np.int64)
        start, length = (torch.from_numpy(values).to(self.device) for values in (begins[dealt] + skipped, sizes[dealt] - skipped))
        return self.gathered(start, length, count, self.uniform(*speeds, rows)), torch.from_numpy(dealt[:, 0]).to(self.device)

    def equalised(self, x, depth_db):
        knots = self.uniform(-depth_db, depth_db, len(x) * 8).reshape(len(x), 1, 8)
        return filtered(x, 10 ** (functional.interpolate(knots, x.shape[1] // 2 + 1, mode="linear", align_corners=True)[:, 0] / 20))

    def in_a_room(self, x):
        """As mixing.reverberant: noise behind the direct sound that decays by 60 dB within 0.15 to 0.7 s."""
        rows, n = len(x), torch.arange(REVERB_TAPS, device=self.device)
        tail = torch.randn(rows, REVERB_TAPS, generator=self.random, device=self.device)
        tail = tail * 10 ** (-3 * n / self.uniform(0.15, 0.7, rows) / SAMPLE_RATE_HZ) * (n >= self.uniform(16, 160, rows))
        tail = tail / tail.norm(dim=1, keepdim=True) * 10 ** (-self.uniform(-6, 18, rows) / 20)
        tail[:, 0] = 1
        size = -(-(x.shape[1] + REVERB_TAPS) // 4096) * 4096
        return torch.fft.irfft(torch.fft.rfft(x, size) * torch.fft.rfft(tail, size), size)[:, :x.shape[1]]

    def speech(self, rows, count):
        x, _ = self.excerpts("speech", rows, count, (0.88, 1.14))
        x = where(self.chance(SHARES["equaliser"], rows), self.equalised(x, 6.0), x)
        x = where(self.chance(SHARES["room"], rows), self.in_a_room(x), x)
        return x * (SPEECH_POWER / active_power(x)).sqrt()

    def from_bank(self, bank, rows, count):
        picked = bank[torch.randint(len(bank), (rows,), generator=self.random, device=self.device)]
        return picked.repeat(1, -(-count // BANK_SAMPLES))[:, :count]

    def noise(self, rows, count):
        """[rows, count], and the fold of ESC-10 that each is of, or 0."""
        x, corpus = self.excerpts("noise", rows, count, (0.75, 1.35))
        x = where(self.chance(0.5, rows), self.equalised(x, 8.0), x)
        kind = self.uniform(0, 1, rows)
        bins = torch.arange(count // 2 + 1, device=self.device).clamp_min(1)
        white = torch.randn(rows, count, generator=self.random, device=self.device)
        x = where(kind < COLOURED, filtered(white, bins ** -self.uniform(0, 1, rows)), x)
        babble = (kind >= COLOURED) & (kind < COLOURED + BABBLE)
        crowds = max(1, rows // 4)
        voices = self.speech(crowds * int(self.host.integers(4, 9)), count).reshape(crowds, -1, count).sum(1)
        x = where(babble, voices.repeat(8, 1)[:rows], x)
        x = where((kind >= COLOURED + BABBLE) & (kind < COLOURED + BABBLE + TONES), self.from_bank(self.tones, rows, count), x)
        folds = torch.where((kind < COLOURED + BABBLE + TONES)[:, 0], torch.zeros_like(self.folds[corpus]), self.folds[corpus])
        return (x + 1e-5 * white) * (SPEECH_POWER / active_power(x + 1e-5 * white)).sqrt(), folds

    def mixed(self, speech, noise, snr_db):
        """Both have SPEECH_POWER where they are active."""
        return speech + 10 ** (-snr_db / 20) * noise

    def bands(self, rows, count):
        """Each row's magnitude response: one of channels.BANDS, or nothing taken away."""
        odds = np.array([1 - sum(channels.BAND_ODDS.values()), *channels.BAND_ODDS.values()])
        edges = np.array([(0, 1e6), *channels.BANDS.values()])[self.host.choice(len(odds), rows, p=odds)]
        lowest, highest = torch.from_numpy(edges).float().to(self.device).chunk(2, 1)
        hertz = torch.arange(count // 2 + 1, device=self.device) * SAMPLE_RATE_HZ / count
        falls = lambda beyond: 0.5 + 0.5 * torch.cos(torch.pi * (beyond / channels.EDGE).clamp(0, 1))
        return falls(hertz / highest - 1) * torch.where(lowest > 0, falls(1 - hertz / lowest.clamp_min(1)), torch.ones_like(lowest))

    def channel(self, mixture, speech, share):
        """(the mixture as recorded, what a perfect enhancer would leave of it), of a share of the rows behind a channel of its own."""
        rows, count = mixture.shape
        through = self.chance(share, rows)
        peak = mixture.abs().amax(1, keepdim=True) + 1e-6
        half = int(self.host.uniform(0.1, 0.5) * SAMPLE_RATE_HZ)
        energy = functional.pad(functional.pad(mixture[:, None].double() ** 2, (half, half), mode="reflect")[:, 0].cumsum(1), (1, 0))
        loudness = ((energy[:, 2 * half:] - energy[:, :-2 * half])[:, :count].float() / (2 * half) + 1e-7).sqrt()
        gain = ((loudness / loudness.mean(1, keepdim=True)) ** -self.uniform(0.3, 0.8, rows)).clamp_max(6)
        gain = where(self.chance(SHARES["gain"], rows), gain, torch.ones_like(gain))
        ceiling = where(self.chance(SHARES["clipped"], rows), peak * self.uniform(0.25, 0.9, rows), torch.full_like(peak, 1e6))
        band, companded = self.bands(rows, count), self.chance(SHARES["companded"], rows)
        full_scale = peak * 10 ** self.uniform(0, 1, rows)

        def left(x):
            y = filtered((x * gain).clamp(-ceiling, ceiling), band)
            size = (y / full_scale).clamp(-1, 1).abs()
            size = torch.expm1(torch.round(torch.log1p(255 * size) / np.log(256) * 127) / 127 * np.log(256)) / 255
            return where(companded, y.sign() * size * full_scale, y)

        level = mixture.pow(2).mean(1, keepdim=True).sqrt() * 10 ** (self.uniform(-30, 10, rows) / 20)
        added = level * self.from_bank(self.disturbances, rows, count) * self.chance(SHARES["disturbed"], rows)
        return where(through, left(mixture) + added, mixture), where(through, left(speech), speech)


class Utterances:
    """Packed emotional speech: rows of clips with soft targets, the emotions their corpus knows, ratings, and speakers, told from other corpora's."""

    def __init__(self, corpora, mixer):
        self.names = names = [name for name in EMOTION_CORPORA if name in corpora]
        column = lambda kind: np.concatenate([corpora[name][kind] for name in names])
        self.targets, self.ratings = (torch.from_numpy(column(kind)).to(mixer.device) for kind in ("targets", "ratings"))
        self.corpus = np.concatenate([np.full(len(corpora[name]["ends"]), number) for number, name in enumerate(names)])
        counts = np.cumsum([0, *(corpora[name]["speakers"].max() + 1 for name in names)])
        self.speakers = torch.from_numpy(column("speakers") + counts[self.corpus]).to(mixer.device)
        begins = np.array([mixer.begins[name] for name in names])[self.corpus]
        self.ends = begins + column("ends")
        self.starts = begins + np.concatenate([[0, *corpora[name]["ends"][:-1]] for name in names])
        known = torch.stack([self.targets[torch.from_numpy(self.corpus == number).to(mixer.device)].sum(0) > 0 for number in range(len(names))])
        self.possible = known[torch.from_numpy(self.corpus).to(mixer.device)]

    @staticmethod
    def groups_of(corpora):
        """{corpus: [the utterances of each emotion]}, counted through all corpora."""
        found, first = {}, 0
        for name in (name for name in EMOTION_CORPORA if name in corpora):
            meant = corpora[name]["targets"].argmax(1)
            found[name] = [first + np.flatnonzero(meant == label) for label in np.unique(meant)]
            first += len(meant)
        return found

    def read(self, mixer, rows, count, speeds):
        """[rows, count] from anywhere in each clip; shorter ones are repeated."""
        start, end = (torch.from_numpy(values[rows]).to(mixer.device)[:, None] for values in (self.starts, self.ends))
        speed = mixer.uniform(*speeds, len(rows))
        skipped = (mixer.uniform(0, 1, len(rows)) * (end - start - count * speed).clamp_min(0)).long()
        return mixer.gathered(start + skipped, end - start - skipped, count, speed)
