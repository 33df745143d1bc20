"""What training and conversion share against plain NumPy, and against what the C# side is held against."""

import base64
import json
import pathlib
import unittest

import numpy as np

from . import torch
from ..export import cmgan, snr_level
from ..shared import delivery, signals, similarity
from ..train import enhancer, fixtures

MODELS = pathlib.Path(delivery.__file__).resolve().parent.parent
CSHARP = MODELS.parent / "tests" / "NrSer.Core.Tests" / "Fixtures"


def tensor_of(stored):
    return torch.from_numpy(np.frombuffer(base64.b64decode(stored["data"]), "<f4").copy()).reshape(stored["shape"])


class SignalsCase(unittest.TestCase):
    def test_level_brings_every_row_to_a_power_of_one(self):
        x = torch.randn(2, 4000) * torch.tensor([[0.01], [30.0]])
        self.assertTrue(torch.allclose((signals.level(x) * x).pow(2).mean(1), torch.ones(2), atol=1e-5))
        self.assertTrue(torch.isfinite(signals.level(torch.zeros(4000))).all())

    def test_expand_undoes_compressed(self):
        spectrum = torch.complex(torch.randn(2, 5, 257), torch.randn(2, 5, 257))
        self.assertLess(float((enhancer.expand(signals.compressed(spectrum)) - spectrum).abs().max()), 1e-4)

    def test_compressed_keeps_the_phase(self):
        spectrum = torch.complex(torch.randn(1, 5, 9), torch.randn(1, 5, 9))
        found = signals.compressed(spectrum)[:, 0] + 1j * signals.compressed(spectrum)[:, 1]
        self.assertTrue(torch.allclose(found, spectrum.abs() ** 0.3 * torch.exp(1j * spectrum.angle()), atol=1e-5))

    def test_cmgan_takes_the_same_spectrum(self):
        x = cmgan.example(4000)
        spectrum = torch.stft(x * signals.level(x), 400, 100, window=torch.hamming_window(400), return_complex=True).T[None]
        self.assertTrue(torch.equal(cmgan.spectrogram(x), signals.compressed(spectrum)))

    def test_normalised_takes_mean_and_deviation_off(self):
        found = signals.normalised(5 + 3 * torch.randn(2, 4000))
        self.assertTrue(torch.allclose(found.mean(1), torch.zeros(2), atol=1e-5) and torch.allclose(found.std(1), torch.ones(2), atol=1e-3))


class SimilarityCase(unittest.TestCase):
    def test_equal_signals_have_one_whatever_their_scale(self):
        x = torch.randn(1, 4000)
        by_bin, by_frame = similarity.similarity_by_bin(x, 0.3 * x), similarity.similarity_by_frame(0.1 * x, x)
        for found in (by_bin[:, :similarity.BINS], by_bin[:, similarity.BINS + 1:-1], by_frame[:, 1:-1]):  # reflected edges have no imaginary part
            self.assertLess(float((found - 1).abs().max()), 1e-5)

    def test_rows_of_a_batch_do_not_see_each_other(self):
        x, y = torch.randn(3, 4000), torch.randn(3, 4000)
        for found in (similarity.similarity_by_bin, similarity.similarity_by_frame):
            alone = torch.cat([found(a[None], b[None]) for a, b in zip(x, y)])
            self.assertTrue(torch.allclose(found(x, y), alone, atol=1e-5))

    def test_by_bin_equals_numpy(self):
        random = np.random.default_rng(0)
        x, y = random.standard_normal((2, 2400))
        frames = np.arange(0, 2401, similarity.HOP)[:, None] + np.arange(similarity.FFT)
        window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(similarity.FFT) / similarity.FFT)
        a, b = (np.fft.rfft(np.pad(s, similarity.FFT // 2, mode="reflect")[frames] * window) for s in (x, y))
        cosine = lambda a, b: (a * b).sum(0) / (np.linalg.norm(a, axis=0) * np.linalg.norm(b, axis=0) + 1e-8)
        expected = [cosine(part(a), part(b)) for part in (np.real, np.imag)]
        found = similarity.similarity_by_bin(*(torch.from_numpy(s).float()[None] for s in (x, y)))[0].numpy().reshape(2, -1)
        self.assertLess(np.abs(found - expected)[:, 1:-1].max(), 1e-5)

    def test_silence_is_alike_to_nothing(self):
        self.assertEqual(float(similarity.similarity_by_bin(torch.zeros(1, 2400), torch.randn(1, 2400)).abs().max()), 0)

    def test_both_parts_read_one_form_of_the_dense_block(self):
        block = similarity.DenseSnrLevel()
        self.assertEqual(list(block.state_dict()), ["dense.weight", "dense.bias"])
        self.assertIs(snr_level.DenseSnrLevel, similarity.DenseSnrLevel)


class DeliveryCase(unittest.TestCase):
    def test_written_keeps_lists_of_plain_values_on_a_line(self):
        document = {"a": [1, 2], "b": {"c": [{"d": []}]}}
        self.assertIn('"a": [1, 2]', delivery.written(document))
        self.assertEqual(json.loads(delivery.written(document)), document)

    def test_stored_tensor_is_read_back(self):
        x = torch.randn(2, 3)
        self.assertTrue(torch.equal(tensor_of(delivery.stored(x)), x))

    def test_free_axes_are_those_with_a_word(self):
        graph = delivery.Graph("emotion", torch.nn.Identity(), torch.zeros(1, 4), {"x": ("batch", 4)}, {"y": (1, "samples")})
        self.assertEqual(graph.free, {"x": {0: "batch"}, "y": {1: "samples"}})


class ParityCase(unittest.TestCase):
    """The delivered models and the numbers in the C# tests come from these layers."""

    def test_similarity_and_spectra_are_those_the_tests_of_the_program_hold(self):
        for name, found in (("similarity", fixtures.similarity_fixture()), ("stft", fixtures.stft_fixture())):
            expected = json.loads((CSHARP / f"{name}.json").read_text())
            for key in expected.keys() - {"note"}:
                self.near(found[key], expected[key])

    def test_kept_weights_of_the_enhancer_give_what_is_delivered(self):
        network = enhancer.Enhancer().eval()
        network.load_state_dict(torch.load(MODELS / "train" / "checkpoints" / "enhancer.pt", weights_only=True))
        fixture = json.loads((MODELS / "embedded" / "enhancer.fixture.json").read_text())
        with torch.no_grad():
            found = network(tensor_of(fixture["input"]))
        expected = tensor_of(fixture["outputs"][0])
        self.assertLess(float((found - expected).abs().max()), 1e-2 * float(expected.abs().max()))  # halves have three digits

    def near(self, found, expected):
        if isinstance(expected, dict):
            for key in expected:
                self.near(found[key], expected[key])
        elif isinstance(expected, list) and expected and isinstance(expected[0], (dict, list)):
            for a, b in zip(found, expected, strict=True):
                self.near(a, b)
        elif isinstance(expected, list):
            self.assertLess(np.abs(np.subtract(found, expected)).max(), 1e-5)
        else:
            self.assertEqual(found, expected)
