"""Proves the converters on seeded random checkpoints of the public layouts, and on files that are wrong."""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest

from . import torch
from ..export import checkpoints, cmgan, cmgan_graph, cmgan_network, conversion, hubert_ser, snr_level
from ..export.checkpoints import CheckpointError
from ..export.hubert_network import Configuration, Hubert
from ..shared.similarity import BINS, DenseSnrLevel

try:
    from torchaudio.models import wav2vec2_model
    from torchaudio.models.wav2vec2.utils import import_fairseq
except ImportError:
    wav2vec2_model = None

EXPORT = pathlib.Path(conversion.__file__).resolve().parent
FULL_CMGAN = (64, 4)
CMGAN_PARAMETERS = 1_834_833  # the published 1.83 M


class Malicious:
    """What an attacker pickles: loading it creates a file."""

    def __init__(self, trace):
        self.trace = str(trace)

    def __reduce__(self):
        return open, (self.trace, "w")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        torch.manual_seed(0)

    def saved(self, tensors, name="checkpoint"):
        torch.save(tensors, self.folder / name)
        return self.folder / name

    def near(self, found, expected, tolerance=1e-5):
        self.assertEqual(found.shape, expected.shape)
        self.assertLessEqual(float((found - expected).abs().max()), tolerance * max(1.0, float(expected.abs().max())))

    def refused(self, load, *words):
        with self.assertRaises(CheckpointError) as caught:
            load()
        message = str(caught.exception)
        self.assertNotIn("\n", message)
        for word in words:
            self.assertIn(word, message)


class CmganCase(Case):
    def test_load_full_size_is_strict_and_has_the_published_number_of_parameters(self):
        made = checkpoints.randomise(lambda: cmgan_network.Cmgan(*FULL_CMGAN), 1)
        network = cmgan.load(self.saved(made.state_dict()))
        self.assertEqual(sum(p.numel() for p in network.parameters()), CMGAN_PARAMETERS)
        self.same(network, cmgan.example(4000))

    def test_graph_narrow_equals_published_form_however_many_positions_at_a_time(self):
        network, x = checkpoints.randomise(lambda: cmgan_network.Cmgan(8, 2), 2), cmgan.example(8000)
        for positions in (1, 330, 100_000):
            self.same(network, x, positions)

    def test_graph_with_slopes_above_one_equals_published_form(self):
        network = checkpoints.randomise(lambda: cmgan_network.Cmgan(8, 1), 3)
        for name, parameter in network.named_parameters():
            if "prelu1" in name:
                parameter.data += 1
        self.same(network, cmgan.example(4000))

    def test_attention_of_any_length_equals_published_form(self):
        made = checkpoints.randomise(lambda: cmgan_network.Attention(16), 3)
        for n in (2, 3, 101, 600):  # at 600 the furthest share one embedding
            x = torch.randn(2, n, 16)
            with torch.no_grad():
                self.near(cmgan_graph.Attention(made, n)(x[None])[0], made(x))

    def same(self, network, x, positions=330):
        seen = cmgan.spectrogram(x)
        with torch.no_grad():
            self.near(cmgan_graph.CmganGraph(network, seen.shape[2], positions).eval()(seen), network(seen))

    def test_load_of_wrapped_names_as_in_nrser_fits(self):
        made = checkpoints.randomise(lambda: cmgan_network.Cmgan(8, 1), 4)
        network = cmgan.load(self.saved({f"se_model.{name}": tensor for name, tensor in made.state_dict().items()}))
        x = cmgan.spectrogram(cmgan.example(800))
        with torch.no_grad():
            self.near(network(x), made(x), 0)

    def test_waveform_undoes_spectrogram(self):
        x = cmgan.example(4000)
        self.near(cmgan.waveform(cmgan.spectrogram(x), x, 4000), x)


class SnrLevelCase(Case):
    def test_transformer_equals_published_form_at_batch_one(self):
        made = checkpoints.randomise(snr_level.Transformer, 1)
        network, x = snr_level.load(self.saved(made.state_dict())), torch.rand(3, 200, 2)
        with torch.no_grad():
            self.near(network(x), torch.cat([network.reference(each[None]) for each in x]))

    def test_dense_of_any_name_and_of_alternating_parts(self):
        made = checkpoints.randomise(DenseSnrLevel, 2)
        x = torch.rand(2, BINS, 2)
        tensors = {"linear.weight": made.dense.weight.detach(), "linear.bias": made.dense.bias.detach()}
        with torch.no_grad():
            self.near(snr_level.load(self.saved(tensors), interleaved=True)(x.transpose(1, 2).flatten(1)), made(x.flatten(1)))


class HubertCase(Case):
    def folder_of(self, size, seed=1):
        hubert_ser.make_folder(self.folder / size, hubert_ser.SIZES[size], seed)
        return self.folder / size

    @unittest.skipIf(wav2vec2_model is None, "python3-torchaudio has an independent HuBERT to compare with")
    def test_states_equal_torchaudio(self):
        for size in ("narrow-base", "narrow-large"):
            network, c, _ = hubert_ser.load_folder(self.folder_of(size))
            other = self.torchaudio_of(c)
            names = {name.removeprefix("hubert."): tensor for name, tensor in network.hubert.state_dict().items() if name != "masked_spec_embed"}
            other.load_state_dict({name if name.startswith("feature_extractor") else
                                   f"encoder.{name}" if name.startswith("feature_projection") else
                                   name.replace("encoder.", "encoder.transformer.", 1): tensor for name, tensor in names.items()}, strict=True)
            x = torch.randn(2, 4000)
            with torch.no_grad():
                states, (layers, _) = network.hubert(x), other.extract_features(x)
                self.assertEqual(len(states), len(layers) + 1)
                self.near(states[-1], other(x)[0])
                for found, expected in zip(states[1:-1], layers):
                    self.near(found, expected)

    @unittest.skipIf(wav2vec2_model is None, "python3-torchaudio knows fairseq's names")
    def test_nrser_names_are_those_torchaudio_knows(self):
        for size in ("narrow-base", "narrow-large"):
            config = {name: value for name, value in hubert_ser.SIZES[size].items() if name != "use_weighted_layer_sum"}
            path = self.folder / size / "best"
            hubert_ser.make_nrser(path, hubert_ser.configuration({**config, "num_attention_heads": 1}, path), 2)
            network, c = hubert_ser.load_nrser(path)
            tensors = {name.removeprefix("ssl_model."): t for name, t in checkpoints.read(path).items()
                       if name.startswith("ssl_model.") and "final_proj" not in name and "label_embs" not in name}
            other = self.torchaudio_of(c)
            other.load_state_dict(import_fairseq._convert_state_dict(tensors), strict=True)
            x = torch.randn(1, 4000)
            with torch.no_grad():
                mean = other(x)[0].mean(1)
                self.near(network(x)[0], network.output_layer_C(mean))
                self.near(network(x)[1][:, 1], network.output_layer_V(mean)[:, 0])

    def torchaudio_of(self, c):
        return wav2vec2_model(
            "group_norm" if c.feat_extract_norm == "group" else "layer_norm", list(zip(c.conv_dim, c.conv_kernel, c.conv_stride)), c.conv_bias,
            c.hidden_size, 0.0, c.num_conv_pos_embeddings, c.num_conv_pos_embedding_groups, c.num_hidden_layers, c.num_attention_heads, 0.0,
            c.intermediate_size, 0.0, 0.0, c.do_stable_layer_norm, 0.0, None).eval()

    def test_full_sizes_have_the_published_numbers_of_parameters(self):
        for size, published in (("base", 94_371_712), ("large", 315_438_720)):  # HubertModel's, as published
            network = Hubert(hubert_ser.configuration(hubert_ser.SIZES[size], self.folder))
            self.assertEqual(sum(p.numel() for p in network.parameters()), published)

    def test_safetensors_and_bin_give_the_same_also_with_newer_names(self):
        folder = self.folder_of("narrow-base")
        x = torch.randn(1, 2000)
        with torch.no_grad():
            expected = hubert_ser.load_folder(folder)[0](x)
            tensors = checkpoints.read(folder / "model.safetensors")
            (folder / "model.safetensors").unlink()
            torch.save({name.replace(".weight_g", ".parametrizations.weight.original0").replace(".weight_v", ".parametrizations.weight.original1"): t
                        for name, t in tensors.items()}, folder / "pytorch_model.bin")
            network, _, labels = hubert_ser.load_folder(folder)
            self.near(network(x), expected, 0)
        self.assertEqual(labels, ["neutral", "happy", "angry", "sad"])

    def test_input_is_normalised_where_the_preprocessor_says_so(self):
        folder = self.folder_of("narrow-large")
        x = torch.randn(1, 4000)
        with torch.no_grad():
            network = hubert_ser.load_folder(folder)[0]
            self.near(network(0.3 * x + 0.1), network(x))
            (folder / "preprocessor_config.json").write_text('{"do_normalize": false}')
            network = hubert_ser.load_folder(folder)[0]
            self.assertGreater(float((network(0.3 * x + 0.1) - network(x)).abs().max()), 1e-3)

    def test_shortest_input_is_one_frame(self):
        self.assertEqual(Configuration().field_samples, 400)
        network = hubert_ser.load_folder(self.folder_of("narrow-base"))[0]
        with torch.no_grad():
            self.assertEqual(network.hubert(torch.randn(1, 400))[-1].shape[1], 1)
            self.assertRaises(RuntimeError, network.hubert, torch.randn(1, 399))

    def test_wrong_folders_are_refused(self):
        folder = self.folder_of("narrow-base")
        config = json.loads((folder / "config.json").read_text())
        for change, word in (({"hidden_act": "relu"}, "hidden_act"), ({"hidden_size": "768"}, "hidden_size"), ({"num_attention_heads": 7}, "sizes"),
                             ({"id2label": {}}, "id2label"), ({"id2label": {"0": "neu", "1": "neutral"}}, "alike"),
                             ({"hidden_size": 128}, "shape"), ({"num_hidden_layers": 3}, "lacks")):
            (folder / "config.json").write_text(json.dumps({**config, **change}))
            self.refused(lambda: hubert_ser.load_folder(folder), word)
        (folder / "config.json").write_text("{")
        self.refused(lambda: hubert_ser.load_folder(folder), "config.json")


class WrongFileCase(Case):
    def tensors(self):
        return dict(checkpoints.randomise(lambda: cmgan_network.Cmgan(8, 1), 1).state_dict())

    def test_missing_extra_or_misshapen_tensors(self):
        name = "TSCB_1.freq_conformer.attn.fn.to_q.weight"
        tensors = self.tensors()
        del tensors[name]
        self.refused(lambda: cmgan.load(self.saved(tensors)), "lacks 1", name)
        self.refused(lambda: cmgan.load(self.saved({**self.tensors(), "more": torch.ones(1)})), "besides", "more")
        self.refused(lambda: cmgan.load(self.saved({**self.tensors(), name: torch.ones(8, 9)})), name, "[8, 9]", "[8, 8]")
        self.refused(lambda: cmgan.load(self.saved({**self.tensors(), name: torch.full((8, 8), float("nan"))})), name, "finite")
        self.refused(lambda: cmgan.load(self.saved({"a": torch.ones(1)})), "no CMGAN")
        self.refused(lambda: snr_level.load(self.saved({"a.weight": torch.ones(1, 3), "a.bias": torch.ones(1)})), "shape")
        self.refused(lambda: hubert_ser.load_nrser(self.saved({"a": torch.ones(1)})), "no NRSER")
        self.refused(lambda: cmgan.load(self.folder / "nothing"), "no file")

    def test_pickles_are_never_run(self):
        trace = self.folder / "trace"
        for legacy in (False, True):
            path = self.folder / "malicious"
            torch.save({**self.tensors(), "x": Malicious(trace)}, path, _use_new_zipfile_serialization=not legacy)
            self.refused(lambda: cmgan.load(path))
            self.assertFalse(trace.exists())
        torch.jit.script(torch.nn.Linear(1, 1)).save(str(self.folder / "script"))
        self.refused(lambda: cmgan.load(self.folder / "script"), "TorchScript")
        self.refused(lambda: cmgan.load(self.saved([torch.ones(1)])), "state dict")

    def test_cut_or_noisy_pytorch_files(self):
        content = self.saved(self.tensors()).read_bytes()
        damaged = [content[:length] for length in (0, 1, 100, len(content) // 2, len(content) - 1)]
        random = torch.Generator().manual_seed(0)
        for path in map(lambda i: self.folder / f"damaged{i}", range(len(damaged))):
            path.write_bytes(damaged.pop())
            self.refused(lambda: cmgan.load(path))
        for _ in range(30):  # a changed weight is no error, anything else must be one of ours
            noisy = bytearray(content)
            for place in torch.randint(len(content), (20,), generator=random):
                noisy[place] ^= 255
            path.write_bytes(noisy)
            try:
                cmgan.load(path)
            except CheckpointError as error:
                self.assertNotIn("\n", str(error))

    def test_cut_or_lying_safetensors(self):
        path = self.folder / "model.safetensors"
        checkpoints.write_safetensors({"a": torch.ones(2, 3), "b": torch.ones(4)}, path)
        content = path.read_bytes()
        for length in range(len(content)):
            path.write_bytes(content[:length])
            self.refused(lambda: checkpoints.read(path))
        entry = lambda **change: json.dumps({"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 12], **change}})
        for header in (entry(shape=[2]), entry(shape=[-3]), entry(shape=[3.0]), entry(shape=3),
                       entry(shape=[10 ** 11], data_offsets=[0, 4 * 10 ** 11]), entry(data_offsets=[-4, 8]), entry(data_offsets=[12, 0]),
                       entry(data_offsets=[0]), entry(dtype="X"), entry(dtype=["F32"]), '{"a": 1}', "[]", "[" * 100_000):
            path.write_bytes(struct.pack("<Q", len(header)) + header.encode() + bytes(12))
            self.refused(lambda: checkpoints.read(path))
        path.write_bytes(struct.pack("<Q", 1 << 62) + bytes(100))
        self.refused(lambda: checkpoints.read(path), "header")

    def test_halves_are_read_as_floats(self):
        path = self.folder / "model.safetensors"
        header = json.dumps({"__metadata__": {"format": "pt"}, "h": {"dtype": "F16", "shape": [2], "data_offsets": [0, 4]},
                             "b": {"dtype": "BF16", "shape": [1], "data_offsets": [4, 6]}}).encode()
        path.write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<2e", 1.5, -2) + struct.pack("<H", 0x3F80))
        found = checkpoints.read(path)
        self.assertEqual((found["h"].tolist(), found["b"].tolist(), found["b"].dtype), ([1.5, -2.0], [1.0], torch.float32))

    def test_command_line_says_one_line(self):
        path = str(self.saved({"a": torch.ones(1)}))
        ran = subprocess.run([sys.executable, "-m", "models.export.cmgan", "--checkpoint", path, "--target", str(self.folder / "out")],
                             cwd=EXPORT.parent.parent, capture_output=True, text=True)
        self.assertEqual(ran.returncode, 1)
        self.assertRegex(ran.stderr, r"\Aerror: [^\n]+\n\Z")
        block = (snr_level, "--enhancer", "cmgan@1", "--checkpoint")
        for converter, *arguments in (block, (hubert_ser, "--nrser"), (hubert_ser, "--folder")):
            with self.assertRaisesRegex(SystemExit, r"\Aerror: [^\n]+\Z"):
                conversion.run(lambda: converter.main([*arguments, path, "--target", str(self.folder / "out")]))
