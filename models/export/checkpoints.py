"""Reads the tensors of a checkpoint, and nothing else of it: no code in a file is ever run.

PyTorch files are zip archives with a pickle inside. Only that form is read, and with PyTorch's own weights-only unpickler, which knows tensors
and containers; TorchScript archives and the form from before PyTorch 1.6 are refused, because torch.load hands them to other readers.
"""

import json
import math
import struct
import zipfile

import numpy as np
import torch

LONGEST_HEADER_BYTES = 100_000_000  # as the safetensors format says
SAFETENSORS_TYPES = {  # name: (NumPy type of the raw bytes, PyTorch type)
    "F64": ("<f8", torch.float64), "F32": ("<f4", torch.float32), "F16": ("<f2", torch.float16), "BF16": ("<i2", torch.bfloat16),
    "I64": ("<i8", torch.int64), "I32": ("<i4", torch.int32), "I16": ("<i2", torch.int16), "I8": ("i1", torch.int8), "U8": ("u1", torch.uint8),
}


class CheckpointError(Exception):
    """A file that is not what it should be; the message is one line for the user."""


def read(path):
    """The tensors of a .safetensors file or a PyTorch file: {name: tensor}."""
    if not path.is_file():
        raise CheckpointError(f"{path} is no file.")
    tensors = read_safetensors(path) if path.suffix == ".safetensors" else read_pytorch(path)
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def read_pytorch(path):
    if not zipfile.is_zipfile(path):
        raise CheckpointError(f"{path} is no PyTorch archive: it is damaged, or of the form from before PyTorch 1.6; save it again with torch.save.")
    try:
        with zipfile.ZipFile(path) as archive:
            if any(name.endswith("/constants.pkl") for name in archive.namelist()):
                raise CheckpointError(f"{path} is a TorchScript archive, which holds code; a state dict is needed.")
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # the reader meets damaged bytes with whatever they lead it into, IndexError for one
        raise CheckpointError(f"{path} holds more than tensors, or is damaged: {first_line(error)}") from error
    if not isinstance(tensors, dict) or not all(isinstance(n, str) and isinstance(t, torch.Tensor) for n, t in tensors.items()):
        raise CheckpointError(f"{path} is no state dict: a dictionary of names and tensors is needed.")
    return dict(tensors)


def read_safetensors(path):
    """Length of the header (8 bytes, little-endian), header (JSON: type, shape and place of every tensor), raw values; every place is checked."""
    content = memoryview(path.read_bytes())
    if len(content) < 8:
        raise CheckpointError(f"{path} is cut off: it has {len(content)} bytes.")
    header_bytes, = struct.unpack("<Q", content[:8])
    if header_bytes > min(len(content) - 8, LONGEST_HEADER_BYTES):
        raise CheckpointError(f"{path} is cut off or damaged: its header of {header_bytes} bytes does not fit into {len(content)}.")
    try:
        header = json.loads(bytes(content[8:8 + header_bytes]))
        entries = {name: (e["dtype"], list(e["shape"]), *e["data_offsets"]) for name, e in header.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CheckpointError(f"{path} has a damaged header: {first_line(error)}") from error
    values, tensors = content[8 + header_bytes:], {}
    for name, (kind, shape, *place) in entries.items():
        if not isinstance(kind, str) or kind not in SAFETENSORS_TYPES:
            raise CheckpointError(f"{path} stores {name} as {kind}; known are {', '.join(SAFETENSORS_TYPES)}.")
        if len(place) != 2 or not all(type(number) is int and number >= 0 for number in [*shape, *place]):
            raise CheckpointError(f"{path} has a damaged header: shape or place of {name} makes no sense.")
        stored, wanted = SAFETENSORS_TYPES[kind]
        begin, end = place
        if end > len(values):
            raise CheckpointError(f"{path} is cut off: {name} ends {end - len(values)} bytes after the file does.")
        if end - begin != math.prod(shape) * np.dtype(stored).itemsize:
            raise CheckpointError(f"{path} has a damaged header: {name} of shape {shape} does not fill its {end - begin} bytes.")
        raw = torch.from_numpy(np.frombuffer(values[begin:end], stored).copy())
        tensors[name] = (raw.view(torch.bfloat16) if wanted is torch.bfloat16 else raw).reshape(shape)
    return tensors


def write_safetensors(tensors, path):
    """float32 only."""
    header, place = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [place, place + 4 * tensor.numel()]}
        place += 4 * tensor.numel()
    text = json.dumps(header).encode()
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().astype("<f4").tobytes())


def fit(network, tensors, path):
    """Puts the tensors into the network; every name and shape has to be the network's."""
    wanted = network.state_dict()
    missing, extra = [n for n in wanted if n not in tensors], [n for n in tensors if n not in wanted]
    if missing or extra:
        told = [f"{word} {len(names)} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
                for word, names in (("lacks", missing), ("has besides", extra)) if names]
        raise CheckpointError(f"{path} does not fit {type(network).__name__}: of {len(wanted)} tensors it {' and '.join(told)}.")
    for name, tensor in tensors.items():
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(f"{path} does not fit {type(network).__name__}: {name} has shape {list(tensor.shape)}, "
                                  f"not {list(wanted[name].shape)}.")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise CheckpointError(f"{path} is damaged: {name} holds values that are not finite.")
    network.load_state_dict(tensors, strict=True)
    return network.eval()


def without_prefix(tensors, prefix):
    """Names as they are without a wrapper's prefix, if all of them have it."""
    return {n[len(prefix):]: t for n, t in tensors.items()} if tensors and all(n.startswith(prefix) for n in tensors) else tensors


def randomise(make, seed):
    """The network that `make` makes, with random weights; every bias, gain and statistic is moved off its 0 or 1, so that none passes for another."""
    torch.manual_seed(seed)
    network, random = make(), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("num_batches_tracked"):
                tensor.fill_(1000)
            elif name.endswith("running_var"):
                tensor.copy_(0.5 + torch.rand(tensor.shape, generator=random))
            elif tensor.dim() < 2:
                tensor.add_(0.1 * torch.randn(tensor.shape, generator=random))
            else:
                tensor.copy_(torch.randn(tensor.shape, generator=random) / math.sqrt(tensor[0].numel()))
    return network.eval()


def first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
