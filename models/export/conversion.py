"""What all converters share: command line, ONNX export with fixture and catalogue entry."""

import argparse
import pathlib
import sys
import warnings

import onnx
import torch

from ..shared.delivery import Origin, entry, write_fixture, written
from .checkpoints import CheckpointError
from .piecewise import OPSET, traced


def parser(description, name, licence, source):
    """Arguments of every converter."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--random", type=int, metavar="SEED", help="convert a seeded random checkpoint of the public layout, left in --target")
    made.add_argument("--target", required=True, type=pathlib.Path, help="folder for NAME.onnx, NAME.json and NAME.fixture.json")
    made.add_argument("--name", default=name, help="what the catalogue calls it")
    made.add_argument("--version", default="1.0.0")
    made.add_argument("--quality", choices=("demonstration", "production"), default="demonstration", help="what its results may be used for")
    made.add_argument("--licence", default=licence, help="of the weights")
    made.add_argument("--source", default=source, help="where the weights come from")
    made.add_argument("--url", help="where NAME.onnx can be downloaded, for nrser models install")
    made.add_argument("--data", action="append", metavar="NAME=LICENCE", help="what the weights were trained on; may be given more than once")
    return made


def run(main):
    """One line for what the user can mend; anything else is a defect and shows where."""
    torch.set_num_threads(1)
    try:
        main()
    except CheckpointError as error:
        sys.exit(f"error: {error}")


def origin_of(arguments, data):
    """What the command line says of the weights; `data` is what the public ones were trained on."""
    given = [dict(zip(("name", "licence"), item.rpartition("=")[::2])) for item in arguments.data or ()]
    made_up = arguments.random is not None
    return Origin(
        arguments.name, "random weights, no licence needed" if made_up else arguments.licence,
        f"models/export, random weights, seed {arguments.random}" if made_up else arguments.source,
        given or ([] if made_up else data), arguments.version, arguments.quality, arguments.url)


def convert(graph, origin, target, details, tolerated, measured=None):
    """Writes NAME.onnx, NAME.fixture.json and NAME.json; `tolerated` makes the largest difference that is no error of an output's peak."""
    target.mkdir(parents=True, exist_ok=True)
    file = target / f"{origin.name}.onnx"
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # fixed axes are meant to be
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        model = traced(graph.network, graph.example, list(graph.inputs), list(graph.outputs), graph.free)
        write_fixture(graph, file.with_suffix(".fixture.json"), tolerated)
    for value, shape in zip([*model.graph.input, *model.graph.output], graph.shapes.values()):
        for found, axis in zip(value.type.tensor_type.shape.dim, shape):  # tracing forgets lengths behind a free axis
            found.Clear()
            setattr(found, "dim_param" if isinstance(axis, str) else "dim_value", axis)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    measured = {"parameters": sum(p.numel() for p in graph.network.parameters()), **(measured or {})}
    (target / f"{origin.name}.json").write_text(written(entry(graph, origin, file, target, details, measured)))
    print(f"{file}: {file.stat().st_size / 1e6:.2f} MB, opset {OPSET}, {len(model.graph.node)} nodes", flush=True)
