"""Writes the small networks that the tests run, next to this file. Needs Debian's python3-onnx; the result is the same every time."""

import pathlib

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

HERE = pathlib.Path(__file__).parent
RANDOM = np.random.default_rng(20230901)


def tensor(name, values, dtype=np.float32):
    return numpy_helper.from_array(np.asarray(values, dtype), name)


def value(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def write(name, nodes, inputs, outputs, initializers=()):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="make_fixtures")
    model.ir_version = 7
    checker.check_model(model)
    save(model, str(HERE / f"{name}.onnx"))


def enhancer(name, frames, bins, nodes, *initializers):
    shape = [1, 2, frames, bins]
    write(name, nodes, [value("spectrogram", shape)], [value("enhanced", shape)], initializers)


def main():
    # Enhancers: what goes in comes out; the same with its frames fixed (8,000 samples at a hop of 100); nothing comes out;
    # neighbouring frames and bins are mixed and limited, so that level and order of summation matter.
    enhancer("identity-512", "frames", 257, [helper.make_node("Identity", ["spectrogram"], ["enhanced"])])
    enhancer("identity-400", 81, 201, [helper.make_node("Identity", ["spectrogram"], ["enhanced"])])
    enhancer("zero-512", "frames", 257, [helper.make_node("Mul", ["spectrogram", "nothing"], ["enhanced"])], tensor("nothing", 0))
    kernel = RANDOM.normal(0, 0.2, (2, 2, 3, 3))
    enhancer("mixing-512", "frames", 257, [
        helper.make_node("Conv", ["spectrogram", "kernel"], ["mixed"], pads=[1, 1, 1, 1]),
        helper.make_node("Tanh", ["mixed"], ["enhanced"]),
    ], tensor("kernel", kernel))

    # SNR-level block: S is the plain mean of the similarities, as a dense layer like the real one (ReduceMean would sum in an
    # order that depends on where its input lies in memory).
    write("mean-402", [helper.make_node("MatMul", ["similarity", "weights"], ["column"]),
                       helper.make_node("Squeeze", ["column", "axis"], ["score"])],
          [value("similarity", ["batch", 402])], [value("score", ["batch"])],
          [tensor("weights", np.full((402, 1), 1 / 402)), tensor("axis", [1], np.int64)])

    # The same with a second opinion: the log-odds of speech are ln of the energy of x̂ over that of x.
    write("speech-402", [helper.make_node("MatMul", ["similarity", "weights"], ["column"]),
                         helper.make_node("Squeeze", ["column", "axis"], ["score"]),
                         helper.make_node("ReduceSum", ["power", "overTimeAndBins"], ["energies"], keepdims=0),
                         helper.make_node("Gather", ["energies", "original"], ["of x"], axis=1),
                         helper.make_node("Gather", ["energies", "enhanced"], ["of x̂"], axis=1),
                         helper.make_node("Div", ["of x̂", "of x"], ["odds"]),
                         helper.make_node("Log", ["odds"], ["speech"])],
          [value("similarity", ["batch", 402]), value("power", ["batch", 2, "frames", 201])],
          [value("score", ["batch"]), value("speech", ["batch"])],
          [tensor("weights", np.full((402, 1), 1 / 402)), tensor("axis", [1], np.int64), tensor("overTimeAndBins", [2, 3], np.int64),
           tensor("original", 0, np.int64), tensor("enhanced", 1, np.int64)])

    # No model of ours: a second input that no catalogue entry tells of.
    write("two-inputs", [helper.make_node("Add", ["similarity", "offset"], ["sum"]),
                         helper.make_node("ReduceMean", ["sum"], ["score"], axes=[1], keepdims=0)],
          [value("similarity", ["batch", 402]), value("offset", ["batch", 402])], [value("score", ["batch"])])

    # Emotion: like HuBERT it normalises over time, looks at neighbouring frames and averages; and one without attributes.
    front, context = RANDOM.normal(0, 0.1, (8, 1, 200)), RANDOM.normal(0, 0.3, (8, 8, 3))
    logits, ratings = RANDOM.normal(0, 4, (8, 4)), RANDOM.normal(0, 10, (8, 3))
    body = [
        helper.make_node("Unsqueeze", ["input_values", "channel"], ["wave"]),
        helper.make_node("Conv", ["wave", "front"], ["frames"], strides=[100]),
        helper.make_node("InstanceNormalization", ["frames", "ones", "zeros"], ["normal"]),
        helper.make_node("Relu", ["normal"], ["rectified"]),
        helper.make_node("Conv", ["rectified", "context"], ["mixed"]),
        helper.make_node("Relu", ["mixed"], ["features"]),
        helper.make_node("ReduceMean", ["features"], ["pooled"], axes=[2], keepdims=0),
        helper.make_node("MatMul", ["pooled", "toLogits"], ["logits"]),
    ]
    weights = [tensor("channel", [1], np.int64), tensor("front", front), tensor("context", context), tensor("ones", np.ones(8)),
               tensor("zeros", np.zeros(8)), tensor("toLogits", logits)]
    heard, said = [value("input_values", ["batch", "samples"])], [value("logits", ["batch", 4])]
    write("emotion", body, heard, said, weights)
    write("emotion-rated", [*body, helper.make_node("MatMul", ["pooled", "toRatings"], ["attributes"])], heard,
          [*said, value("attributes", ["batch", 3])], [*weights, tensor("toRatings", ratings)])


if __name__ == "__main__":
    main()
