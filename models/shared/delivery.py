"""The form of what is delivered: ONNX file, fixture and catalogue entry of a network."""

import base64
import dataclasses
import hashlib
import json
import re

import torch

from . import SAMPLE_RATE_HZ

PYTORCH = f"PyTorch {torch.__version__.split('a')[0]}"


@dataclasses.dataclass(frozen=True)
class Graph:
    """A network as it is exported: an example of its input, or of each; {name: shape} of its tensors, with words for axes that stay open."""

    kind: str
    network: torch.nn.Module
    example: torch.Tensor | tuple
    inputs: dict
    outputs: dict
    reference: torch.nn.Module = None  # computes what the fixture expects; the network itself if None

    @property
    def examples(self):
        return self.example if isinstance(self.example, tuple) else (self.example,)

    @property
    def shapes(self):
        return {**self.inputs, **self.outputs}

    @property
    def free(self):
        """The axes that stay open: {tensor: {axis: word}}."""
        return {name: {axis: word for axis, word in enumerate(shape) if isinstance(word, str)} for name, shape in self.shapes.items()}

    def expected(self):
        """What PyTorch makes of the example, one tensor an output."""
        with torch.no_grad():
            found = (self.reference or self.network)(*self.examples)
        return found if isinstance(found, tuple) else (found,)


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a file cannot tell of itself."""

    name: str
    licence: str
    source: str
    data: list
    version: str = "1.0.0"
    quality: str = "demonstration"
    url: str = None


def stored(tensor):
    """A tensor as fixtures hold it: shape, and float32 little-endian as Base64."""
    return {"shape": list(tensor.shape), "data": base64.b64encode(tensor.contiguous().numpy().astype("<f4").tobytes()).decode()}


def write_fixture(graph, path, tolerated):
    """What PyTorch makes of the example, for `nrser models verify`; `tolerated` makes of an output's peak the largest difference that is no error."""
    first, *others = map(stored, graph.examples)
    path.write_text(json.dumps({
        "source": PYTORCH, "input": first, **({"furtherInputs": others} if others else {}),
        "outputs": [{**stored(tensor), "tolerance": tolerated(float(tensor.abs().max()))} for tensor in graph.expected()]}) + "\n")


def entry(graph, origin, file, root, details, measured):
    """The catalogue's entry of an exported `file` below `root`; its fixture lies beside it."""
    tensors = lambda shapes: [{"name": name, "type": "float32", "shape": list(shape)} for name, shape in shapes.items()]
    relative = file.relative_to(root)
    return {
        "name": origin.name, "version": origin.version, "kind": graph.kind, "quality": origin.quality, "file": relative.as_posix(),
        "fixture": relative.with_suffix(".fixture.json").as_posix(), "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "sampleRateHz": SAMPLE_RATE_HZ, "inputs": tensors(graph.inputs), "outputs": tensors(graph.outputs), **details,
        "licence": origin.licence, "source": origin.source, **({"url": origin.url} if origin.url else {}), "trainingData": origin.data,
        "measured": measured,
    }


def written(document):
    """JSON with two spaces to the level; lists of plain values stay on one line."""
    text = json.dumps(document, indent=2, allow_nan=False)
    return re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda match: "[" + re.sub(r"\s*\n\s*", " ", match[1]) + "]", text) + "\n"


def rounded(value):
    """Figures of a nested dictionary to four places."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
