"""Exports the trained models to ONNX and checkpoints/, and writes models/catalog.json; every number comes from what training wrote to --work."""

import argparse
import base64
import hashlib
import json
import pathlib
import re

import onnx
import torch

import blocks
import emotion
import emotion_network
import enhancer
import snr_level
from corpora import LABELS, SAMPLE_RATE_HZ

OPSET = 15
VERSIONS = {"nrser-enhancer-small": "3.0.0", "nrser-snr-level-small": "3.1.0", "nrser-emotion-small": "3.1.0"}
UNSTATED = "public, to be cited; no licence stated"
EMOTIONAL_SPEECH = [
    {"name": "EMO-DB (Burkhardt et al. 2005), as published with audb by audEERING", "licence": "CC0-1.0"},
    {"name": "ASED v1 (Retta et al. 2022), speakers 1-45", "licence": UNSTATED},
    {"name": "EmoTale (Hjuler et al. 2025), Danish adults", "licence": UNSTATED},
]
# The emotion model hears the prompts only as babble, that is, as noise.
READ_SPEECH = [
    {"name": "Asterisk core sounds: English, Spanish, French (Debian)", "licence": "CC-BY-SA-3.0"},
    {"name": "Festvox Russian voice, recordings (Debian festvox-ru)", "licence": "BSD-like, see the package"},
]
NOISE = [
    {"name": "ESC-10 (Piczak 2015)", "licence": "CC-BY-3.0"},
    {"name": "Speech Commands v2 background noise (Warden 2018)", "licence": "CC-BY-4.0"},
    {"name": "Asterisk music on hold (opsound)", "licence": "CC-BY-SA-3.0"},
    {"name": "Music of Endgame: Singularity (Debian singularity-music)", "licence": "CC-BY-SA-3.0"},
    {"name": "Sounds of Flare (Debian flare-game)", "licence": "CC-BY-SA-3.0"},
    {"name": "Sounds of LinCity-NG (Debian lincity-ng-data)", "licence": "GPL-2+ or CC-BY-SA-2.0"},
    {"name": "Sounds of Scorched 3D (Debian scorched3d-data)", "licence": "GPL-2+, some CC-BY-SA-3.0"},
    {"name": "Sounds of Minetest (Debian minetest-data)", "licence": "CC-BY-SA-3.0, some CC-BY-3.0 and CC0"},
]


def export(network, example, target, inputs, outputs, free):
    """`free` names the axes that stay open: {tensor: {axis: name}}. Batch normalisation is folded into the convolutions."""
    torch.onnx.export(network, example, target, opset_version=OPSET, input_names=inputs, output_names=outputs, dynamic_axes=free)
    model = onnx.load(target)
    onnx.checker.check_model(model, full_check=True)
    kinds = {node.op_type for node in model.graph.node}
    if "BatchNormalization" in kinds:
        raise ValueError(f"{target} still holds batch normalisation.")
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, opset {OPSET}, {len(model.graph.node)} nodes", flush=True)


def keep_fixture(network, example, target, tolerances):
    """What PyTorch computes for `example`, for `nrser models verify`; `tolerances` are those of the outputs, in order."""
    with torch.no_grad():
        outputs = network(example)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    tensor = lambda t: {"shape": list(t.shape), "data": base64.b64encode(t.contiguous().numpy().astype("<f4").tobytes()).decode()}
    target.write_text(json.dumps({"source": f"PyTorch {torch.__version__.split('a')[0]}", "input": tensor(example),
                                  "outputs": [{**tensor(o), "tolerance": t} for o, t in zip(outputs, tolerances)]}) + "\n")


def tensors(*pairs):
    return [{"name": name, "type": "float32", "shape": list(shape)} for name, shape in pairs]


def entry(models, kind, name, stem, inputs, outputs, details, data, measured):
    content = (models / "embedded" / f"{stem}.onnx").read_bytes()
    return {
        "name": name, "version": VERSIONS.get(name, "1.0.0"), "kind": kind, "quality": "demonstration", "file": f"embedded/{stem}.onnx",
        "fixture": f"embedded/{stem}.fixture.json",
        "sha256": hashlib.sha256(content).hexdigest(), "sampleRateHz": SAMPLE_RATE_HZ, "inputs": inputs, "outputs": outputs,
        **details, "licence": "MIT", "source": "models/train", "trainingData": data, "measured": measured,
    }


def enhancer_entry(work, models):
    bins = enhancer.FFT // 2 + 1
    network = enhancer.load(work)
    export(network, torch.randn(1, 2, 64, bins), models / "embedded" / "enhancer.onnx", ["spectrogram"], ["enhanced"],
           {name: {0: "batch", 2: "frames"} for name in ("spectrogram", "enhanced")})
    keep_fixture(network, torch.randn(1, 2, 24, bins), models / "embedded" / "enhancer.fixture.json", [1e-4])
    shape = ("batch", 2, "frames", bins)
    return entry(models, "enhancer", "nrser-enhancer-small", "enhancer", tensors(("spectrogram", shape)), tensors(("enhanced", shape)), {
        "stft": {"fftSamples": enhancer.FFT, "hopSamples": enhancer.HOP, "window": "sqrtHann"},
        "enhancer": {"compression": enhancer.COMPRESSION, "blockSamples": blocks.BLOCK_SAMPLES, "overlapSamples": blocks.OVERLAP_SAMPLES},
    }, EMOTIONAL_SPEECH + READ_SPEECH + NOISE, measurements(work, "enhancer"))


def snr_level_entry(work, models):
    block, (threshold, kept_db), mix_range = snr_level.load(work)
    export(block, torch.randn(2, snr_level.FEATURES), models / "embedded" / "snr-level.onnx", ["similarity"], ["score"],
           {name: {0: "batch"} for name in ("similarity", "score")})
    keep_fixture(block, torch.rand(2, snr_level.FEATURES), models / "embedded" / "snr-level.fixture.json", [1e-4])
    inputs, outputs = tensors(("similarity", ("batch", snr_level.FEATURES))), tensors(("score", ("batch",)))
    return entry(models, "snrLevel", "nrser-snr-level-small", "snr-level", inputs, outputs, {
        "stft": {"fftSamples": snr_level.FFT, "hopSamples": snr_level.HOP, "window": "hamming"},
        "snrLevel": {"noiseThreshold": threshold, **({} if kept_db is None else {"keptEnergyThresholdDb": kept_db}), "mixRange": list(mix_range)},
    }, EMOTIONAL_SPEECH + READ_SPEECH + NOISE, measurements(work, "snr-level"))


def emotion_entry(work, models, trained, name, stem):
    network = emotion.load(work, trained)
    export(network, torch.randn(2, 2 * SAMPLE_RATE_HZ), models / "embedded" / f"{stem}.onnx", ["input_values"],
           ["logits", "attributes"], {"input_values": {0: "batch", 1: "samples"}, "logits": {0: "batch"}, "attributes": {0: "batch"}})
    keep_fixture(network, torch.randn(2, emotion_network.MINIMUM_SAMPLES), models / "embedded" / f"{stem}.fixture.json", [1e-3, 1e-3])
    return entry(models, "emotion", name, stem, tensors(("input_values", ("batch", "samples"))),
                 tensors(("logits", ("batch", len(LABELS))), ("attributes", ("batch", 3))), {
        "emotion": {"labels": list(LABELS), "attributes": ["arousal", "valence", "dominance"], "attributeRange": [1, 5],
                    "minimumSamples": emotion_network.MINIMUM_SAMPLES},
    }, EMOTIONAL_SPEECH + READ_SPEECH + NOISE, measurements(work, trained))


def keep(network, target):
    """The weights in half precision, to go on training from: ONNX files have their normalisations folded in."""
    target.parent.mkdir(exist_ok=True)
    torch.save({name: value.half() if value.is_floating_point() else value for name, value in network.state_dict().items()}, target)


def measurements(work, name):
    return json.loads((pathlib.Path(work) / f"{name}.json").read_text())


def written(catalogue):
    """JSON with two spaces to the level; lists of plain values stay on one line."""
    text = json.dumps(catalogue, indent=2, allow_nan=False)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r"\s*\n\s*", " ", match[1]) + "]", text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", required=True)
    parser.add_argument("--models", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent, help="folder of catalog.json")
    parser.add_argument("--emotion", default="emotion", help="name of the trained variant to publish")
    parser.add_argument("--arms", action="store_true",
                        help="write <work>/arms/catalog.json with the classifiers emotion-<arm> instead, for nrser evaluate ablation --arms")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    if arguments.arms:
        arguments.models = pathlib.Path(arguments.work) / "arms"
    (arguments.models / "embedded").mkdir(parents=True, exist_ok=True)
    models = [enhancer_entry(arguments.work, arguments.models), snr_level_entry(arguments.work, arguments.models)]
    if arguments.arms:
        models += [emotion_entry(arguments.work, arguments.models, f"emotion-{arm}", arm, f"emotion-{arm}") for arm in emotion.ARMS]
    else:
        models.append(emotion_entry(arguments.work, arguments.models, arguments.emotion, "nrser-emotion-small", "emotion"))
        checkpoints = pathlib.Path(__file__).resolve().parent / "checkpoints"
        keep(enhancer.load(arguments.work), checkpoints / "enhancer.pt")
        keep(emotion.load(arguments.work, arguments.emotion), checkpoints / "emotion.pt")
    catalogue = {"schema": 1, "defaults": {model["kind"]: model["name"] for model in models}, "models": models}
    (arguments.models / "catalog.json").write_text(written(catalogue))


if __name__ == "__main__":
    main()
