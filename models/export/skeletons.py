"""Graphs of the public layouts without weights, for `nrser models install`, which fills them in without Python.

A piece is two ONNX models. NAME.onnx takes weights as inputs, behind what it works on. NAME.weights.onnx, where there is one, makes weights of a
checkpoint's tensors, whose names its inputs have; weights that it does not make are the checkpoint's tensors of that name. Words stand for lengths
that a configuration decides. HuBERT's pieces are put together by that configuration, layer after layer.

    python3 -m models.export.skeletons   # ../skeletons, as committed
"""

import argparse
import pathlib
import warnings

import onnx
import torch
from onnx import helper
from torch import nn

from ..shared.signals import normalised
from . import checkpoints, cmgan
from .cmgan_graph import CmganGraph
from .cmgan_network import Cmgan
from .hubert_network import VARIANCE_FLOOR, Configuration, FeatureExtractor, FeatureProjection, Layer, Positions
from .piecewise import LOOP, traced
from .snr_level import Transformer

TARGET = pathlib.Path(__file__).resolve().parents[1] / "skeletons"
IR_VERSION = 8
# No two alike, so that a length tells what it is.
HIDDEN, HEADS, INTERMEDIATE, FILTERS, PROJECTED, LABELS, STATES, FRAMES, SAMPLES = 96, 3, 160, 24, 40, 5, 11, 37, 4000
WORDS = {HIDDEN: "hidden_size", INTERMEDIATE: "intermediate_size", FILTERS: "conv_dim", PROJECTED: "classifier_proj_size", LABELS: "labels",
         STATES: "states", HIDDEN // 16: "group_size"}


class Piece(nn.Module):
    """Modules of a checkpoint, and what is done with them."""

    def __init__(self, work, **parts):
        super().__init__()
        self.work = work
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, x):
        return self.work(self, x)


class Share(nn.Module):
    """One layer's part of the weighted sum of all."""

    def __init__(self):
        super().__init__()
        self.layer_weights = nn.Parameter(torch.randn(STATES))
        self.register_buffer("index", torch.tensor([4]), persistent=False)

    def forward(self, x):
        return self.layer_weights.softmax(0)[self.index] * x


def hubert_pieces():
    """(name, network, example, inputs, outputs)."""
    c = dict(hidden_size=HIDDEN, num_attention_heads=HEADS, intermediate_size=INTERMEDIATE, conv_dim=(FILTERS,) * 7, conv_bias=True)
    group, layer = (Configuration(feat_extract_norm=norm, do_stable_layer_norm=norm == "layer", **c) for norm in ("group", "layer"))
    waveform, features, state = 0.1 * torch.randn(2, SAMPLES), torch.randn(2, FRAMES, FILTERS), torch.randn(2, FRAMES, HIDDEN)
    heard, seen, inner = ("batch", "samples"), ("batch", "frames", FILTERS), ("batch", "frames", HIDDEN)
    whole = {"logits": ("batch", LABELS)}
    linear = lambda width: nn.Linear(HIDDEN, width)
    yield "normalise", Piece(lambda _, x: normalised(x, VARIANCE_FLOOR)), waveform, {"input_values": heard}, {"normalised": heard}
    for word, config in (("group", group), ("layer", layer)):
        yield f"features-{word}", FeatureExtractor(config), waveform, {"input_values": heard}, {"features": seen}
    yield "projection", FeatureProjection(group), features, {"features": seen}, {"state": inner}
    yield "positions", Piece(lambda p, x: x + p.pos_conv_embed(x), pos_conv_embed=Positions(group)), state, {"state": inner}, {"placed": inner}
    yield "norm", nn.LayerNorm(HIDDEN, group.layer_norm_eps), state, {"state": inner}, {"normed": inner}
    yield "layer-post", Layer(group), state, {"state": inner}, {"next": inner}
    yield "layer-stable", Layer(layer), state, {"state": inner}, {"next": inner}
    yield "share", Share(), state, {"state": inner}, {"share": inner}
    yield ("head-labels", Piece(lambda p, x: p.classifier(p.projector(x.mean(1))), projector=linear(PROJECTED),
                                classifier=nn.Linear(PROJECTED, LABELS)), state, {"state": inner}, whole)
    dense = nn.ModuleDict({"dense": linear(HIDDEN), "out_proj": linear(LABELS)})
    yield ("head-dense", Piece(lambda p, x: p.classifier["out_proj"](p.classifier["dense"](x.mean(1)).tanh()), classifier=dense), state,
           {"state": inner}, whole)
    yield ("head-nrser", Piece(nrser_heads, output_layer_C=linear(LABELS), **{f"output_layer_{rated}": linear(1) for rated in "AVD"}), state,
           {"state": inner}, {**whole, "attributes": ("batch", 3)})


def nrser_heads(piece, x):
    """Categories, and arousal, valence, dominance, of the mean; as HubertWithHeads."""
    mean = x.mean(1)
    return piece.output_layer_C(mean), torch.cat([head(mean) for head in (piece.output_layer_A, piece.output_layer_V, piece.output_layer_D)], 1)


def pieces():
    yield from ((f"hubert/{name}", *rest) for name, *rest in hubert_pieces())
    yield ("snr/transformer", Transformer(), torch.randn(1, FRAMES, 2), {"similarity": ("batch", "frames", 2)}, {"score": ("batch",)})
    shape = (1, 2, 1 + cmgan.BLOCK_SAMPLES // cmgan.HOP, cmgan.BINS)
    for name, slope in (("cmgan", -0.5), ("cmgan-steep", 1.5)):  # a slope above 1 takes another form
        network = checkpoints.randomise(Cmgan, 1)
        for module in network.modules():
            if isinstance(module, nn.PReLU):
                module.weight.data += slope
        yield (f"cmgan/{name}", CmganGraph(network, shape[2]), cmgan.spectrogram(cmgan.example(cmgan.BLOCK_SAMPLES)), {"spectrogram": shape},
               {"enhanced": shape}, network)


def names_of(network, published):
    """The published name of each tensor of a network that was made of it."""
    known = {id(tensor): name for name, tensor in published.state_dict(keep_vars=True).items()}
    return {name: known[id(tensor)] for name, tensor in network.state_dict(keep_vars=True).items() if id(tensor) in known}


def renamed(nodes, names):
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        for attribute in node.attribute:
            renamed(attribute.g.node, names)


def read_by(nodes):
    return {name for node in nodes for name in [*node.input, *(inner for attribute in node.attribute for inner in read_by(attribute.g.node))]}


def hoisted(graph):
    """Weights of loops stand around the loops, and so does what weights and constants alone decide there."""
    for node in graph.node:
        for body in (attribute.g for attribute in node.attribute if attribute.HasField("g")):
            graph.initializer.extend(body.initializer)
            del body.initializer[:]
    weights = {tensor.name for tensor in graph.initializer}
    for place in reversed(range(len(graph.node))):
        for body in (attribute.g for attribute in graph.node[place].attribute if attribute.HasField("g")):
            inner, outer = split(body.node, weights)
            del body.node[:]
            body.node.extend(inner)
            for moved in reversed(outer):
                graph.node.insert(place, moved)


def split(nodes, weights):
    """Nodes → those that have to run each time, those that weights alone decide. Constants go where they are read."""
    constants = {node.output[0]: node for node in nodes if node.op_type == "Constant"}
    made, always, once = set(weights), [], []
    for node in nodes:
        if node.op_type == "Constant":
            continue
        known = any(name in made for name in node.input) and all(name in made or name in constants for name in node.input)
        (once if known else always).append(node)
        made.update(node.output if known else ())
    with_constants = lambda part: [constants[name] for name in sorted(read_by(part) & constants.keys())] + part
    return with_constants(always), with_constants(once)


def described(name, tensor, shape, words):
    """An input for a weight; a length that a configuration decides has its word."""
    return helper.make_tensor_value_info(name, tensor, [words.get(size, size) for size in shape])


def skeleton(network, example, inputs, outputs, published, words):
    """The two models of a piece; the second is None where all weights are used as they are. `words` are those of lengths that a configuration
    decides."""
    for module in network.modules():
        module._non_persistent_buffers_set = set()  # what a configuration decides is an input, too
    free = {name: {axis: word for axis, word in enumerate(shape) if isinstance(word, str)} for name, shape in {**inputs, **outputs}.items()}
    network.eval()
    model = traced(network, example, list(inputs), list(outputs), free, folded=False)
    graph, names = model.graph, names_of(network, published)
    for index, loop in enumerate(module for module in network.modules() if hasattr(module, "piece")):
        names |= {f"{LOOP}{index}/{name}": found for name, found in names_of(loop.body, published).items()}
    hoisted(graph)
    given = {}
    for tensor in graph.initializer:
        given[names[tensor.name]] = described(names[tensor.name], tensor.data_type, tensor.dims, words)
    renamed(graph.node, names)
    always, once = split(graph.node, set(given))
    read = read_by(always)
    made = sorted(read & {name for node in once if node.op_type != "Constant" for name in node.output})
    inputs_of = lambda shapes: [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [words.get(size, size) for size in shape])
                                for name, shape in shapes.items()]
    opsets = [helper.make_opsetid("", model.opset_import[0].version)]
    recipe, ranks = None, {}
    if once:
        recipe = helper.make_graph(once, "weights", [given[name] for name in sorted(read_by(once) & given.keys())],
                                   [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in made])
        recipe = onnx.shape_inference.infer_shapes(helper.make_model(recipe, opset_imports=opsets, ir_version=IR_VERSION), strict_mode=True)
        ranks = {value.name: len(value.type.tensor_type.shape.dim) for value in recipe.graph.output}
        for value in recipe.graph.output:
            value.CopyFrom(helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, [None] * ranks[value.name]))
        del recipe.graph.value_info[:]
        cleaned(recipe)
    weights = [given[name] for name in sorted(read & given.keys())]
    weights += [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None] * ranks[name]) for name in made]
    whole = helper.make_graph(always, "piece", inputs_of(inputs) + weights, inputs_of(outputs))
    return cleaned(helper.make_model(whole, opset_imports=opsets, ir_version=IR_VERSION)), recipe


def cleaned(model):
    """Without what only people read, and checked."""
    def clean(nodes):
        for node in nodes:
            node.name = node.doc_string = ""
            for attribute in node.attribute:
                clean(attribute.g.node)
    clean(model.graph.node)
    onnx.checker.check_model(model, full_check=True)
    return model


def write(target, wanted=lambda name: True):
    for name, network, example, inputs, outputs, *published in pieces():
        if not wanted(name):
            continue
        torch.manual_seed(0)
        with torch.no_grad():
            if not published:
                checkpoints.randomise(lambda: network, 1)  # what is alike would be exported once
            models = skeleton(network, example, inputs, outputs, *(published or [network]), WORDS if name.startswith("hubert/") else {})
        file = target / f"{name}.onnx"
        file.parent.mkdir(parents=True, exist_ok=True)
        for path, model in zip((file, file.with_suffix(".weights.onnx")), models):
            if model:
                onnx.save(model, str(path))
                print(f"{path}: {path.stat().st_size / 1e3:.0f} kB, {len(model.graph.node)} nodes", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", type=pathlib.Path, default=TARGET)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    write(parser.parse_args().target)


if __name__ == "__main__":
    main()
