"""What all converters share: ONNX export, fixture, catalogue entry, command line."""

import argparse
import base64
import hashlib
import json
import pathlib
import re
import sys
import warnings

import onnx
import torch

from checkpoints import CheckpointError
from piecewise import OPSET, traced

SAMPLE_RATE_HZ = 16000


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
    made.add_argument("--url", help="where NAME.onnx can be downloaded, for nrser models pull")
    made.add_argument("--data", action="append", metavar="NAME=LICENCE", help="what the weights were trained on; may be given more than once")
    return made


def run(main):
    """One line for what the user can mend; anything else is a defect and shows where."""
    torch.set_num_threads(1)
    try:
        main()
    except CheckpointError as error:
        sys.exit(f"error: {error}")


def free(shape):
    """The axes that stay open in a shape as the catalogue writes it: {axis: name}."""
    return {axis: name for axis, name in enumerate(shape) if isinstance(name, str)}


def convert(network, example, inputs, outputs, kind, details, tolerated, arguments, data, measured, reference=None):
    """Writes ONNX, fixture and entry.

    `example` is the fixture's input; `inputs` and `outputs` are {name: shape}, with words for free axes; `tolerated` makes the
    largest difference that is no error of an output's peak; `reference` computes what the fixture expects, the network itself if None.
    """
    arguments.target.mkdir(parents=True, exist_ok=True)
    file, fixture = (arguments.target / f"{arguments.name}{ending}" for ending in (".onnx", ".fixture.json"))
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # fixed axes are meant to be
        warnings.filterwarnings("ignore", category=UserWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        model = traced(network, example, list(inputs), list(outputs), {name: free(shape) for name, shape in {**inputs, **outputs}.items()})
        expected = (reference or network)(example)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for value, shape in zip([*model.graph.input, *model.graph.output], [*inputs.values(), *outputs.values()]):
        for found, axis in zip(value.type.tensor_type.shape.dim, shape):  # tracing forgets lengths behind a free axis
            found.Clear()
            setattr(found, "dim_param" if isinstance(axis, str) else "dim_value", axis)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, str(file))
    fixture.write_text(json.dumps({
        "source": f"PyTorch {torch.__version__.split('a')[0]}", "input": stored(example),
        "outputs": [{**stored(tensor), "tolerance": tolerated(float(tensor.abs().max()))} for tensor in expected]}) + "\n")
    tensors = lambda shapes: [{"name": name, "type": "float32", "shape": list(shape)} for name, shape in shapes.items()]
    given = [dict(zip(("name", "licence"), item.rpartition("=")[::2])) for item in arguments.data or ()]
    entry = {
        "name": arguments.name, "version": arguments.version, "kind": kind, "quality": arguments.quality, "file": file.name,
        "fixture": fixture.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest(), "sampleRateHz": SAMPLE_RATE_HZ,
        "inputs": tensors(inputs), "outputs": tensors(outputs), **details,
        "licence": arguments.licence if arguments.random is None else "random weights, no licence needed",
        "source": arguments.source if arguments.random is None else f"models/export, random weights, seed {arguments.random}",
        **({"url": arguments.url} if arguments.url else {}), "trainingData": given or (data if arguments.random is None else []),
        "measured": {"parameters": sum(p.numel() for p in network.parameters()), **measured},
    }
    (arguments.target / f"{arguments.name}.json").write_text(written(entry))
    print(f"{file}: {file.stat().st_size / 1e6:.2f} MB, opset {OPSET}, {len(model.graph.node)} nodes", flush=True)


def stored(tensor):
    """A tensor as fixtures hold it: shape, and float32 little-endian as Base64."""
    return {"shape": list(tensor.shape), "data": base64.b64encode(tensor.contiguous().numpy().astype("<f4").tobytes()).decode()}


def written(document):
    """JSON with two spaces to the level; lists of plain values stay on one line."""
    text = json.dumps(document, indent=2, allow_nan=False)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r"\s*\n\s*", " ", match[1]) + "]", text) + "\n"
