"""Fine-tuned HuBERT checkpoints → an ONNX emotion model.

--folder: a Hugging Face folder (config.json, preprocessor_config.json, model.safetensors or pytorch_model.bin) of a
HubertForSequenceClassification, such as superb/hubert-base-superb-er. --nrser: EMO/best of yuwchen/NRSER, fairseq's names and four heads.

    python3 -m models.export.hubert_ser --folder hubert-base-superb-er --target converted
"""

import dataclasses
import json
import pathlib
import re

import torch

from ..shared.delivery import Graph
from . import checkpoints, conversion
from .checkpoints import CheckpointError
from .hubert_network import Configuration, HubertForSequenceClassification, HubertWithHeads

EXAMPLE_SAMPLES = 4000
SPELT_OUT = {"neu": "neutral", "hap": "happy", "ang": "angry", "sad": "sad", "exc": "excited", "fru": "frustrated", "fea": "fear", "sur": "surprise",
             "dis": "disgust"}
NRSER_LABELS = ["angry", "sad", "happy", "surprise", "fear", "disgust", "contempt", "neutral", "other", "noAgreement"]
NRSER_RANGE = [1, 7]  # MSP-Podcast's ratings
HEAD_WIDTH = 64  # in HuBERT Base, Large and X-Large alike
ONLY_KNOWN = {"hidden_act": "gelu", "feat_extract_activation": "gelu", "conv_pos_batch_norm": False, "add_adapter": False, "adapter_attn_dim": None}
UNUSED = r"ssl_model\.(mask_emb|label_embs_concat|final_proj\..*|final_proj)"  # of pre-training only
FAIRSEQ_NAMES = (
    (r"ssl_model\.feature_extractor\.conv_layers\.(\d+)\.0\.", r"hubert.feature_extractor.conv_layers.\1.conv."),
    (r"ssl_model\.feature_extractor\.conv_layers\.(\d+)\.2\.(1\.)?", r"hubert.feature_extractor.conv_layers.\1.layer_norm."),
    (r"ssl_model\.layer_norm\.", "hubert.feature_projection.layer_norm."),
    (r"ssl_model\.post_extract_proj\.", "hubert.feature_projection.projection."),
    (r"ssl_model\.encoder\.pos_conv\.0\.", "hubert.encoder.pos_conv_embed.conv."),
    (r"ssl_model\.encoder\.layer_norm\.", "hubert.encoder.layer_norm."),
    (r"ssl_model\.encoder\.layers\.(\d+)\.self_attn\.", r"hubert.encoder.layers.\1.attention."),
    (r"ssl_model\.encoder\.layers\.(\d+)\.self_attn_layer_norm\.", r"hubert.encoder.layers.\1.layer_norm."),
    (r"ssl_model\.encoder\.layers\.(\d+)\.fc1\.", r"hubert.encoder.layers.\1.feed_forward.intermediate_dense."),
    (r"ssl_model\.encoder\.layers\.(\d+)\.fc2\.", r"hubert.encoder.layers.\1.feed_forward.output_dense."),
    (r"ssl_model\.encoder\.layers\.(\d+)\.final_layer_norm\.", r"hubert.encoder.layers.\1.final_layer_norm."),
)
DATA = [{"name": "LibriSpeech (Panayotov et al. 2015)", "licence": "CC-BY-4.0"},
        {"name": "IEMOCAP (Busso et al. 2008)", "licence": "academic, by agreement"}]
NRSER_DATA = [DATA[0], {"name": "MSP-Podcast 1.11 (Lotfian and Busso 2019)", "licence": "academic, by agreement"}]


def read_json(path):
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read: {checkpoints.first_line(error)}") from error
    return found if isinstance(found, dict) else {}


def configuration(config, path):
    """config.json → Configuration, or an error for what the network here cannot do."""
    for name, only in ONLY_KNOWN.items():
        if config.get(name, only) != only:
            raise CheckpointError(f"{path} has {name} = {config[name]!r}; only {only!r} is known here.")
    values = {}
    for field in dataclasses.fields(Configuration):
        value = config.get(field.name, field.default)
        value = tuple(value) if isinstance(value, list) else value
        wanted = (float, int) if isinstance(field.default, float) else type(field.default)
        if not isinstance(value, wanted) or isinstance(value, bool) and wanted is not bool:
            raise CheckpointError(f"{path} has {field.name} = {value!r}.")
        values[field.name] = value
    c = Configuration(**values)
    sizes = [c.hidden_size, c.num_hidden_layers, c.num_attention_heads, c.intermediate_size, c.num_conv_pos_embeddings,
             c.num_conv_pos_embedding_groups, c.classifier_proj_size, *c.conv_dim, *c.conv_kernel, *c.conv_stride]
    if not all(type(size) is int and 0 < size <= 1 << 16 for size in sizes) or c.hidden_size % c.num_attention_heads \
            or c.hidden_size % c.num_conv_pos_embedding_groups or not len(c.conv_dim) == len(c.conv_kernel) == len(c.conv_stride) > 0 \
            or c.feat_extract_norm not in ("group", "layer"):
        raise CheckpointError(f"{path} holds sizes that do not fit together.")
    return c


def labels(config, path):
    """Categories in the order of the logits, spelt out; they become column names, so letters and digits only."""
    found = config.get("id2label") or {}
    names = [found.get(str(i)) for i in range(len(found))]
    if len(names) < 2 or not all(isinstance(name, str) for name in names):
        raise CheckpointError(f"{path} has no id2label with at least two labels.")
    names = [re.sub(r"[^A-Za-z0-9]", "", SPELT_OUT.get(name.lower(), name)) for name in names]
    if not all(names) or len({name.lower() for name in names}) < len(names):
        raise CheckpointError(f"{path} has labels that are empty or alike: {', '.join(names)}.")
    return names


def load_folder(folder, normalise=None):
    """A Hugging Face folder → network, Configuration, labels. `normalise` overrides preprocessor_config.json."""
    config = read_json(folder / "config.json")
    c, names = configuration(config, folder / "config.json"), labels(config, folder / "config.json")
    if normalise is None:
        normalise = read_json(folder / "preprocessor_config.json").get("do_normalize", True) is True
    weights = folder / "model.safetensors"
    weights = weights if weights.is_file() else folder / "pytorch_model.bin"
    # Newer PyTorch calls the parts of a normed weight by number.
    renamed = ((".parametrizations.weight.original0", ".weight_g"), (".parametrizations.weight.original1", ".weight_v"))
    tensors = checkpoints.read(weights)
    for old, new in renamed:
        tensors = {name.replace(old, new): tensor for name, tensor in tensors.items()}
    if "hubert.masked_spec_embed" not in tensors:  # not saved where masking was off
        tensors["hubert.masked_spec_embed"] = torch.zeros(c.hidden_size)
    return checkpoints.fit(HubertForSequenceClassification(c, len(names), normalise), tensors, weights), c, names


def load_nrser(path, normalise=False):
    """EMO/best of NRSER → network, Configuration; sizes are read off the shapes."""
    tensors = {}
    for name, tensor in checkpoints.read(path).items():
        if not re.fullmatch(UNUSED, name):
            new = next((re.sub(old, new, name) for old, new in FAIRSEQ_NAMES if re.match(old, name)), name)
            tensors[new] = tensor
    count = lambda stem: len({name[len(stem):].split(".")[0] for name in tensors if name.startswith(stem)})
    stem = "hubert.feature_extractor.conv_layers."
    filters = [tensors.get(f"{stem}{i}.conv.weight") for i in range(count(stem))] + [tensors.get("hubert.encoder.pos_conv_embed.conv.weight_v")]
    widening = tensors.get("hubert.encoder.layers.0.feed_forward.intermediate_dense.weight")
    category = tensors.get("output_layer_C.weight")
    if len(filters) < 2 or any(t is None or t.dim() != 3 or 0 in t.shape for t in filters) \
            or any(t is None or t.dim() != 2 for t in (widening, category)):
        raise CheckpointError(f"{path} is no NRSER emotion block: ssl_model.feature_extractor, ssl_model.encoder or output_layer_C do not fit.")
    *convolutions, positions = filters
    width, layer_norms = positions.shape[0], "hubert.feature_extractor.conv_layers.1.layer_norm.weight" in tensors
    c = Configuration(
        hidden_size=width, num_hidden_layers=count("hubert.encoder.layers."), num_attention_heads=max(1, width // HEAD_WIDTH),
        intermediate_size=widening.shape[0], conv_dim=tuple(t.shape[0] for t in convolutions), conv_kernel=tuple(t.shape[2] for t in convolutions),
        conv_stride=(5,) + (2,) * (len(convolutions) - 1), conv_bias="hubert.feature_extractor.conv_layers.0.conv.bias" in tensors,
        feat_extract_norm="layer" if layer_norms else "group", do_stable_layer_norm=layer_norms,  # the two come together: Base, or Large
        num_conv_pos_embeddings=positions.shape[2], num_conv_pos_embedding_groups=max(1, width // positions.shape[1]))
    if category.shape[0] != len(NRSER_LABELS) or width % c.num_attention_heads:
        raise CheckpointError(f"{path} has {category.shape[0]} categories and width {width}; "
                              f"known are {len(NRSER_LABELS)} and multiples of {HEAD_WIDTH}.")
    tensors["hubert.masked_spec_embed"] = torch.zeros(width)
    return checkpoints.fit(HubertWithHeads(c, len(NRSER_LABELS), normalise), tensors, path), c


def make_folder(folder, config, seed):
    """A Hugging Face folder with random weights."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "hubert", "id2label": {"0": "neu", "1": "hap", "2": "ang", "3": "sad"}, **config}))
    (folder / "preprocessor_config.json").write_text(json.dumps({"do_normalize": True, "sampling_rate": 16000}))
    network = checkpoints.randomise(lambda: HubertForSequenceClassification(configuration(config, folder), 4, True), seed)
    checkpoints.write_safetensors(network.state_dict(), folder / "model.safetensors")


def make_nrser(path, c, seed):
    """EMO/best of NRSER with random weights, of fairseq's names, with what pre-training leaves in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {"ssl_model.mask_emb": torch.rand(c.hidden_size), "ssl_model.label_embs_concat": torch.rand(504, 256),
               "ssl_model.final_proj.weight": torch.rand(256, c.hidden_size), "ssl_model.final_proj.bias": torch.rand(256)}
    torch.save({**tensors, **fairseq_named(checkpoints.randomise(lambda: HubertWithHeads(c, len(NRSER_LABELS), False), seed), c)}, path)


def fairseq_named(network, c):
    """The tensors of NRSER's emotion block by fairseq's names."""
    renames = [(re.compile(re.escape(new).replace(r"\\1", r"(\d+)").replace(r"\1", r"(\d+)")), old) for old, new in FAIRSEQ_NAMES]
    between, tensors = "1." if c.feat_extract_norm == "layer" else "", {}
    for name, tensor in network.state_dict().items():
        for new, old in renames:
            if match := new.match(name):
                plain = old.replace(r"(1\.)?", between).replace(r"(\d+)", match[1] if match.groups() else "").replace("\\", "")
                name = plain + name[match.end():]
                break
        if name != "hubert.masked_spec_embed":
            tensors[name] = tensor
    return tensors


# Fixtures and tests: as little as still has all parts. Base and Large as published are Configuration() and LARGE.
LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096, "conv_bias": True,
         "feat_extract_norm": "layer", "do_stable_layer_norm": True}
NARROW = {"hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "conv_dim": [24] * 7,
          "num_conv_pos_embeddings": 16, "classifier_proj_size": 32}
SIZES = {"base": {"use_weighted_layer_sum": True}, "large": {**LARGE, "use_weighted_layer_sum": True},
         "narrow-base": {**NARROW, "use_weighted_layer_sum": True},
         "narrow-large": {**LARGE, **NARROW}}


def main(options=None):
    parser = conversion.parser(__doc__.splitlines()[0], "hubert-ser", "not stated", "not stated")
    parser.add_argument("--folder", type=pathlib.Path, help="a Hugging Face folder")
    parser.add_argument("--nrser", type=pathlib.Path, help="EMO/best of NRSER")
    parser.add_argument("--normalise", choices=("yes", "no"), help="bring the input to mean 0 and variance 1; by default as preprocessor_config.json "
                        "says, and not for --nrser")
    parser.add_argument("--size", choices=SIZES, default="base", help="of a random checkpoint")
    parser.add_argument("--heads", action="store_true", help="make the random checkpoint NRSER's")
    arguments = parser.parse_args(options)
    if sum(given is not None for given in (arguments.folder, arguments.nrser, arguments.random)) != 1:
        parser.error("give --folder, --nrser or --random")
    if arguments.random is not None:
        place = arguments.target / f"{arguments.name}-checkpoint"
        if arguments.heads:
            arguments.nrser = place / "best"
            config = {name: value for name, value in SIZES[arguments.size].items() if name != "use_weighted_layer_sum"}
            config = configuration(config, place)
            make_nrser(arguments.nrser, dataclasses.replace(config, num_attention_heads=max(1, config.hidden_size // HEAD_WIDTH)), arguments.random)
        else:
            arguments.folder = place
            make_folder(place, SIZES[arguments.size], arguments.random)
    normalise = {"yes": True, "no": False, None: None}[arguments.normalise]
    if arguments.folder:
        network, c, names = load_folder(arguments.folder, normalise)
        attributes, data = {"attributes": [], "attributeRange": []}, DATA
        meaning = {}  # labels that are not in the vocabulary of results are mapped by hand, or refused
    else:
        (network, c), names = load_nrser(arguments.nrser, bool(normalise)), NRSER_LABELS
        attributes, data = {"attributes": ["arousal", "valence", "dominance"], "attributeRange": NRSER_RANGE}, NRSER_DATA
        meaning = {"vocabulary": {"noAgreement": None}}  # raters who did not agree are no emotion
    torch.nn.utils.remove_weight_norm(network.hubert.encoder.pos_conv_embed.conv)  # one plain weight in the graph
    outputs = {"logits": ("batch", len(names)), **({"attributes": ("batch", 3)} if arguments.nrser else {})}
    example = 0.1 * torch.randn(2, EXAMPLE_SAMPLES, generator=torch.Generator().manual_seed(0))
    graph = Graph("emotion", network, example, {"input_values": ("batch", "samples")}, outputs)
    conversion.convert(graph, conversion.origin_of(arguments, data), arguments.target, {
        "emotion": {"labels": names, **attributes, "minimumSamples": c.field_samples, **meaning},
    }, lambda _: 1e-3, {"normalisesInput": network.normalise})


if __name__ == "__main__":
    conversion.run(main)
