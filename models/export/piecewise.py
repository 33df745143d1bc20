"""A module that is applied piece by piece, as a loop in ONNX, and the export that knows how to write it."""

import io

import onnx
import torch
from onnx import helper

OPSET = 17
PRIVATE, MARK = "nrser", "EachPiece"  # what stands for the loop until the graph is whole
LOOP = "loop"  # begins names in loops, before the loop's number


class Piecewise(torch.nn.Module):
    """[pieces, …] → the same, each piece through `body`. In ONNX it is a Scan, whose graph is there once, however many pieces there are."""

    def __init__(self, body):
        super().__init__()
        self.body = body
        self.index = self.piece = None  # known while a graph is made: which it is, and an example

    def forward(self, x):
        if not torch.onnx.is_in_onnx_export():
            return torch.stack([self.body(piece) for piece in x])
        self.piece = torch.zeros(*map(int, x.shape[1:]))
        return EachPiece.apply(x, self.index)


class EachPiece(torch.autograd.Function):
    @staticmethod
    def forward(_, x, index):
        return x.clone()  # only its shape counts

    @staticmethod
    def symbolic(graph, x, index):
        return graph.op(f"{PRIVATE}::{MARK}", x, index_i=index).setType(x.type())


def traced(network, example, inputs, outputs, free_axes, folded=True):
    """The ONNX model of a network: names of its tensors, and {name: {axis: word}} for lengths that stay open. `folded` computes what weights alone
    decide."""
    loops = [module for module in network.modules() if isinstance(module, Piecewise)]
    for index, module in enumerate(loops):
        module.index = index
    file = io.BytesIO()
    torch.onnx.export(network, example, file, opset_version=OPSET, input_names=inputs, output_names=outputs, dynamic_axes=free_axes,
                      custom_opsets={PRIVATE: 1} if loops else None, do_constant_folding=folded)
    model = onnx.load_from_string(file.getvalue())
    for node in model.graph.node:
        if node.op_type == MARK:
            loop = loops[node.attribute[0].i]
            body = prefixed(traced(loop.body, loop.piece, ["piece"], ["made"], {}, folded).graph, f"{LOOP}{loop.index}/")
            attributes = {"body": body, "num_scan_inputs": 1}
            node.op_type, node.domain = "Scan", ""
            del node.attribute[:]
            node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
    for private in [opset for opset in model.opset_import if opset.domain == PRIVATE]:
        model.opset_import.remove(private)
    return model


def prefixed(graph, prefix):
    """The same with other names, since a loop's body sees those around it."""
    renamed = lambda name: name and prefix + name
    for value in (*graph.input, *graph.output, *graph.initializer):
        value.name = renamed(value.name)
    for node in graph.node:
        node.name = renamed(node.name)
        node.input[:] = map(renamed, node.input)
        node.output[:] = map(renamed, node.output)
    del graph.value_info[:]
    return graph
