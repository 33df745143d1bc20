"""Checkpoints of the public layouts whose values a formula gives, and what PyTorch computes with them: whoever knows the formula needs no file.

Value i of a tensor is base + width · u, u = SplitMix64(FNV-1a(name) + i) / 2⁶⁴ − ½ to 24 bits. Matrices and filters have base 0 and the width that
keeps variances, √(12 / values that meet in one result); of lists, weights have 0.75 and 0.4, variances 1 and 1, everything else 0 and 0.4.

    python3 -m models.export.seeded                          # tests/NrSer.Core.Tests/Fixtures/seeded.json: narrow HuBERTs, CMGAN
    python3 -m models.export.seeded --full --target FOLDER   # checkpoints of HuBERT Base and Large and of CMGAN, each with a fixture.json
"""

import argparse
import json
import pathlib
import tempfile

import numpy as np
import torch

from ..shared.delivery import PYTORCH, stored
from . import checkpoints, cmgan, hubert_ser, snr_level
from .cmgan_network import Cmgan
from .hubert_network import HubertForSequenceClassification, HubertForSpeechClassification, HubertWithHeads

TARGET = pathlib.Path(__file__).resolve().parents[2] / "tests" / "NrSer.Core.Tests" / "Fixtures" / "seeded.json"
CLASSES = {"hubert": "HubertForSequenceClassification", "wav2vec2": "Wav2Vec2ForSequenceClassification"}
LABELS = {"0": "neu", "1": "hap", "2": "ang", "3": "sad"}
NARROW = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 48, "conv_dim": [16] * 7,
          "classifier_proj_size": 24}
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}
HUBERTS = {
    "hubert-base": {"model_type": "hubert", "use_weighted_layer_sum": True, **NARROW},
    "hubert-large": {"model_type": "hubert", "use_weighted_layer_sum": True, **NARROW, **LARGE},
    "hubert-last-layer": {"model_type": "hubert", **NARROW, **LARGE},
    "wav2vec2": {"model_type": "wav2vec2", **NARROW},
}
FULL = {"hubert-base": {"model_type": "hubert", **hubert_ser.SIZES["base"]}, "hubert-large": {"model_type": "hubert", **hubert_ser.SIZES["large"]}}
KEPT_EVERY = 997  # of an enhancer's answer: a prime


def uniform(name, count):
    """[count] in [−½, ½)."""
    mixed = np.uint64(0xcbf29ce484222325)
    with np.errstate(over="ignore"):
        for byte in name.encode():
            mixed = (mixed ^ np.uint64(byte)) * np.uint64(0x100000001b3)
        x = (mixed + np.arange(count, dtype=np.uint64)) + np.uint64(0x9e3779b97f4a7c15)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xbf58476d1ce4e5b9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94d049bb133111eb)
        x ^= x >> np.uint64(31)
    return torch.from_numpy((x >> np.uint64(40)).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5))


def values(name, shape, steeper=0.0):
    count = int(np.prod(shape)) if shape else 1
    if len(shape) >= 2:
        base, width = 0.0, (12 * shape[0] / count) ** 0.5
    elif name.endswith(".weight") or name == "weight":
        base, width = 0.75 + steeper, 0.4
    else:
        base, width = (1.0, 1.0) if name.endswith("running_var") else (0.0, 0.4)
    return (np.float32(base) + np.float32(width) * uniform(name, count)).reshape(shape)


def seeded(network, kind="hubert", steeper=0.0):
    """The tensors of a network, by the names of a checkpoint."""
    named = {name.replace("hubert.", f"{kind}.", 1) if name.startswith("hubert.") else name: tensor for name, tensor in network.state_dict().items()}
    return {name: values(name, list(tensor.shape), steeper) if tensor.is_floating_point() else torch.full_like(tensor, 1000)
            for name, tensor in named.items()}


def shapes(tensors):
    return {name: list(tensor.shape) for name, tensor in tensors.items() if tensor.is_floating_point()}


def hubert(config):
    """A whole configuration, whether its input is normalised, its tensors, an example and what the network makes of it."""
    kind = config["model_type"]
    config = {"architectures": [CLASSES[kind]], "id2label": LABELS, **config}
    normalise = config.get("feat_extract_norm") != "layer"
    network = HubertForSequenceClassification(hubert_ser.configuration(config, "seeded"), len(LABELS), normalise)
    tensors = seeded(network, kind)
    checkpoints.fit(network, {name.replace(f"{kind}.", "hubert.", 1): tensor for name, tensor in tensors.items()}, "seeded")
    example = 0.3 * uniform("input", 2 * 2000).reshape(2, 2000)
    with torch.no_grad():
        return config, normalise, tensors, example, network(example)


def speech_classification():
    """Tensors of a wav2vec 2.0 of Large's kind, normalised, that rates arousal, dominance and valence; and what it makes of the example."""
    network = HubertForSpeechClassification(hubert_ser.configuration({**NARROW, **LARGE}, "seeded"), 3, True)
    tensors = seeded(network, "wav2vec2")
    network.load_state_dict({name.replace("wav2vec2.", "hubert.", 1): tensor for name, tensor in tensors.items()})
    with torch.no_grad():
        return tensors, network(0.3 * uniform("input", 2 * 2000).reshape(2, 2000))


def nrser_emotion():
    """Tensors by fairseq's names, and logits and ratings of the example."""
    c = hubert_ser.configuration({**NARROW, "hidden_size": 128, "num_attention_heads": 2}, "seeded")
    named = hubert_ser.fairseq_named(HubertWithHeads(c, len(hubert_ser.NRSER_LABELS), False), c)
    tensors = {name: values(name, list(tensor.shape)) for name, tensor in named.items()}
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        path = pathlib.Path(folder) / "best"
        torch.save(tensors, path)
        return tensors, hubert_ser.load_nrser(path)[0](0.3 * uniform("input", 2 * 2000).reshape(2, 2000))


def nrser_snr():
    network = snr_level.Transformer().eval()
    tensors = {name: values(name, list(tensor.shape)) for name, tensor in network.state_dict().items()}
    network.load_state_dict(tensors)
    with torch.no_grad():
        return tensors, network.reference(2 * uniform("input", 2 * 40).reshape(1, 40, 2))


def enhancer(steeper):
    network = Cmgan()
    tensors = seeded(network, steeper=steeper)
    network.load_state_dict(tensors)
    example = 2 * uniform("input", 2 * 321 * cmgan.BINS).reshape(1, 2, 321, cmgan.BINS)
    with torch.no_grad():
        return tensors, example, network.eval()(example)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--target", type=pathlib.Path, default=TARGET)
    arguments = parser.parse_args()
    if arguments.full and arguments.target == TARGET:
        parser.error("the full size needs a --target of its own")
    torch.set_num_threads(1)
    if arguments.full:
        write_full(arguments.target)
        return
    found = {"note": "Written by models/export/seeded.py, which says how values follow from names.", "source": PYTORCH, "networks": {}}
    for name, config in HUBERTS.items():
        config, normalise, tensors, _, logits = hubert(config)
        found["networks"][name] = {"config": config, "normalise": normalise, "tensors": shapes(tensors), "logits": logits.flatten().tolist()}
    for name, steeper in (("cmgan", 0.0), ("cmgan-steep", 0.5)):
        tensors, _, enhanced = enhancer(steeper)
        found["networks"][name] = {"steeper": steeper, "tensors": shapes(tensors), "keptEvery": KEPT_EVERY, "peak": float(enhanced.abs().max()),
                                   "enhanced": enhanced.flatten()[::KEPT_EVERY].tolist()}
    tensors, ratings = speech_classification()
    found["networks"]["wav2vec2-ratings"] = {
        "config": {"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForSpeechClassification"], "problem_type": "regression",
                   "id2label": {"0": "arousal", "1": "dominance", "2": "valence"}, **NARROW, **LARGE},
        "normalise": True, "tensors": shapes(tensors), "ratings": ratings.flatten().tolist()}
    tensors, (logits, ratings) = nrser_emotion()
    found["networks"]["nrser-emotion"] = {"tensors": shapes(tensors), "logits": logits.flatten().tolist(), "ratings": ratings.flatten().tolist()}
    tensors, score = nrser_snr()
    found["networks"]["nrser-snr"] = {"tensors": shapes(tensors), "score": score.item()}
    arguments.target.write_text(json.dumps(found, separators=(",", ":")) + "\n")
    print(f"{arguments.target}: {arguments.target.stat().st_size / 1e3:.0f} kB")


def write_full(target):
    def fixture(folder, example, output, tolerance):
        (folder / "fixture.json").write_text(json.dumps(
            {"source": PYTORCH, "input": stored(example), "outputs": [{**stored(output), "tolerance": tolerance}]}))
        print(folder, flush=True)
    for name, config in FULL.items():
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        config, normalise, tensors, example, logits = hubert(config)
        (folder / "config.json").write_text(json.dumps(config, indent=1))
        (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": normalise, "sampling_rate": 16000}))
        checkpoints.write_safetensors(tensors, folder / "model.safetensors")
        fixture(folder, example, logits, 1e-3)
    tensors, example, enhanced = enhancer(0.0)
    folder = target / "cmgan"
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(tensors, folder / "ckpt")
    fixture(folder, example, enhanced, cmgan.TOLERANCE * float(enhanced.abs().max()))


if __name__ == "__main__":
    main()
