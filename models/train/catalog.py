"""Exports the trained models to ONNX and checkpoints/, and writes models/catalog.json; all figures come from what training wrote to --work."""

import argparse
import json
import pathlib

import onnx
import torch

from ..shared import similarity
from ..shared.delivery import Graph, Origin, entry, write_fixture, written
from ..shared.signals import COMPRESSION
from . import blocks, emotion, emotion_network, enhancer, snr_level, speech
from .channels import BELOW_VOICE_HZ
from .corpora import LABELS
from .descent import halved

OPSET = 15
ENHANCER = "nrser-enhancer-small"
REPORTABLE_ABOVE = 0.5  # chosen, not fitted
VERSIONS = {ENHANCER: "4.1.0", "nrser-snr-level-small": "4.2.0", "nrser-emotion-small": "4.2.0"}
UNSTATED = "public, to be cited; no licence stated"
EMOTIONAL_SPEECH = [
    {"name": "EMO-DB (Burkhardt et al. 2005), as published with audb by audEERING", "licence": "CC0-1.0"},
    {"name": "ASED v1 (Retta et al. 2022), speakers 1-45", "licence": UNSTATED},
    {"name": "EmoTale (Hjuler et al. 2025), Danish adults", "licence": UNSTATED},
    {"name": "CREMA-D (Cao et al. 2014), actors 1001-1065", "licence": "ODbL-1.0, contents DbCL-1.0"},
]
# The emotion model hears the prompts only as babble, that is, as noise.
READ_SPEECH = [
    {"name": "Asterisk core sounds: English, Spanish, French (Debian)", "licence": "CC-BY-SA-3.0"},
    {"name": "Festvox Russian voice, recordings (Debian festvox-ru)", "licence": "BSD-like, see the package"},
    {"name": "Spoken coffee orders (Picovoice speech-to-intent benchmark)", "licence": "Apache-2.0"},
]
NOISE = [
    {"name": "ESC-10 (Piczak 2015)", "licence": "CC-BY-3.0"},
    {"name": "Speech Commands v2 background noise (Warden 2018)", "licence": "CC-BY-4.0"},
    {"name": "Ambience (rafaelmardojai/blanket)", "licence": "CC0, CC-BY, CC-BY-3.0, public domain"},
    {"name": "Music (librosa/data)", "licence": "CC-BY-3.0, public domain"},
    {"name": "Asterisk music on hold (opsound)", "licence": "CC-BY-SA-3.0"},
    {"name": "Music of Endgame: Singularity (Debian singularity-music)", "licence": "CC-BY-SA-3.0"},
    {"name": "Sounds of Flare (Debian flare-game)", "licence": "CC-BY-SA-3.0"},
    {"name": "Sounds of LinCity-NG (Debian lincity-ng-data)", "licence": "GPL-2+ or CC-BY-SA-2.0"},
    {"name": "Sounds of Scorched 3D (Debian scorched3d-data)", "licence": "GPL-2+, some CC-BY-SA-3.0"},
    {"name": "Sounds of Minetest (Debian minetest-data)", "licence": "CC-BY-SA-3.0, some CC-BY-3.0 and CC0"},
]


def export(graph, target):
    """Batch normalisation is folded into the convolutions."""
    torch.onnx.export(graph.network, graph.example, target, opset_version=OPSET, input_names=list(graph.inputs), output_names=list(graph.outputs),
                      dynamic_axes=graph.free)
    model = onnx.load(target)
    onnx.checker.check_model(model, full_check=True)
    if "BatchNormalization" in {node.op_type for node in model.graph.node}:
        raise ValueError(f"{target} still holds batch normalisation.")
    print(f"{target}: {target.stat().st_size / 1e6:.2f} MB, opset {OPSET}, {len(model.graph.node)} nodes", flush=True)


def delivered(graph, name, file, details, tolerance, measured):
    """The entry of a network that was exported to embedded/`file`, with its fixture."""
    export(graph, file)
    write_fixture(graph, file.with_suffix(".fixture.json"), lambda _: tolerance)
    origin = Origin(name, "MIT", "models/train", EMOTIONAL_SPEECH + READ_SPEECH + NOISE, VERSIONS.get(name, "1.0.0"))
    return entry(graph, origin, file, file.parent.parent, details, measured)


def enhancer_entry(work, models):
    bins = enhancer.FFT // 2 + 1
    shape = ("batch", 2, "frames", bins)
    graph = Graph("enhancer", enhancer.load(work), torch.randn(1, 2, 24, bins), {"spectrogram": shape}, {"enhanced": shape})
    return delivered(graph, ENHANCER, models / "embedded" / "enhancer.onnx", {
        "stft": {"fftSamples": enhancer.FFT, "hopSamples": enhancer.HOP, "window": "sqrtHann"},
        "enhancer": {"compression": COMPRESSION, "blockSamples": blocks.BLOCK_SAMPLES, "overlapSamples": blocks.OVERLAP_SAMPLES},
    }, 1e-4, measurements(work, "enhancer"))


def snr_level_entry(work, models):
    block, gate, mix_range = snr_level.load(work)
    example = torch.rand(2, similarity.FEATURES), torch.rand(2, 2, 40, similarity.BINS)
    graph = Graph("snrLevel", snr_level.WithDetector(block, speech.load(work)).eval(), example,
                  {"similarity": ("batch", similarity.FEATURES), "power": ("batch", 2, "frames", similarity.BINS)},
                  {"score": ("batch",), "speech": ("batch",)})
    return delivered(graph, "nrser-snr-level-small", models / "embedded" / "snr-level.onnx", {
        "stft": {"fftSamples": similarity.FFT, "hopSamples": similarity.HOP, "window": "hamming"},
        "snrLevel": {"noiseThreshold": gate.least, "speechThreshold": gate.leastOdds, "mixRange": list(mix_range),
                     "enhancer": f"{ENHANCER}@{VERSIONS[ENHANCER]}", "highPassHz": BELOW_VOICE_HZ},
    }, 1e-4, measurements(work, "snr-level"))


def emotion_entry(work, models, trained, name, stem):
    graph = Graph("emotion", emotion.load(work, trained), torch.randn(2, emotion_network.MINIMUM_SAMPLES), {"input_values": ("batch", "samples")},
                  {"logits": ("batch", len(LABELS)), "attributes": ("batch", 3)})
    return delivered(graph, name, models / "embedded" / f"{stem}.onnx", {
        "emotion": {"labels": list(LABELS), "attributes": ["arousal", "valence", "dominance"], "attributeRange": [1, 5],
                    "minimumSamples": emotion_network.MINIMUM_SAMPLES, "trust": "calibrated",
                    "trustLine": measurements(work, "leave-one-out")["line"], "reportableAbove": REPORTABLE_ABOVE},
    }, 1e-3, measurements(work, trained))


def keep(network, target):
    """The weights in half precision, to go on training from: ONNX files have their normalisations folded in."""
    target.parent.mkdir(exist_ok=True)
    torch.save(halved(network.state_dict()), target)


def measurements(work, name):
    return json.loads((pathlib.Path(work) / f"{name}.json").read_text())


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
        keep(speech.load(arguments.work), checkpoints / "speech.pt")
        keep(emotion.load(arguments.work, arguments.emotion), checkpoints / "emotion.pt")
    catalogue = {"schema": 1, "defaults": {model["kind"]: model["name"] for model in models}, "models": models}
    (arguments.models / "catalog.json").write_text(written(catalogue))


if __name__ == "__main__":
    main()
