"""The layers of `torch.nn` by name: what they are here, and how torch's arguments are bound."""

from __future__ import annotations

from inspect import signature
from typing import Any

from paramcalc import _blocks
from paramcalc._counterparts import Counterpart, counterparts
from paramcalc._network import Sequential
from paramcalc._plan import plan_of
from paramcalc.errors import ParamcalcError, ReadError, show
from paramcalc.layers import (
    activation,
    attention,
    conv,
    dense,
    embedding,
    norm,
    pool,
    recurrent,
    resize,
)
from paramcalc.layers._base import Layer
from paramcalc.layers._builtin import Builtin
from paramcalc.readers._torch.tensors import Module
from paramcalc.readers._torch.values import Unknown

LAYERS: dict[str, Any] = {
    name: one
    for module in (
        _blocks, activation, attention, conv, dense, embedding, norm, pool, recurrent, resize,
    )
    for name, one in vars(module).items()
    if isinstance(one, type) and issubclass(one, Layer)
}  # fmt: skip
COUNTERPARTS = {
    one.name.removeprefix("nn."): one
    for one in counterparts("torch")
    if one.layer in LAYERS and one.name.startswith("nn.") and one.name.count(".") == 1
}
OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "Flatten": ("flatten", {"start_dim": 1, "end_dim": -1}),
    "Unflatten": ("unflatten", {"dim": None, "sizes": None}),
    "GLU": ("glu", {"dim": -1}),
    "ChannelShuffle": ("channel_shuffle", {"groups": None}),
    "LocalResponseNorm": ("local_response_norm", {"size": 5, "alpha": 0, "beta": 0, "k": 0}),
    "CosineSimilarity": ("cosine_similarity", {"dim": 1, "eps": 0}),
    "PairwiseDistance": ("pairwise_distance", {"p": 2, "eps": 0, "keepdim": False}),
}
"""Modules that are functions, with their arguments and defaults."""
PADS = {
    "Constant": "constant",
    "Zero": "constant",
    "Reflection": "reflect",
    "Replication": "replicate",
    "Circular": "circular",
}
"""The modes of `Pad2d` and so on, by what stands before."""
MUST_BE = {"return_indices": False, "_weight": None, "_freeze": False}
"""Arguments that change more than values, and what they must be; others are dropped."""
CONTAINERS = ("Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict")
RECURRENT = ("RNN", "LSTM", "GRU")


def is_pad(kind: str) -> bool:
    """Whether it is a class such as `ZeroPad2d`."""
    return kind[:-5] in PADS and kind[-5:-2] == "Pad"


def bind(module: Module, kind: str, arguments: list[Any], keywords: dict[str, Any]) -> None:
    """Make a module the layer of a class of torch, with these arguments."""
    is_lazy = kind.startswith("Lazy") and kind[4:] in COUNTERPARTS
    plain = kind[4:] if is_lazy else kind
    module.kind = plain
    for value in [*arguments, *keywords.values()]:
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, Unknown):
                raise ReadError(one.problem)
    if kind in OPERATIONS or is_pad(kind):
        names = OPERATIONS[kind][1] if kind in OPERATIONS else {"padding": None, "value": 0}
        module.options = dict(names) | named(kind, list(names), arguments, keywords)
    elif kind == "TransformerEncoder":
        order = ["encoder_layer", "num_layers", "norm", "enable_nested_tensor", "mask_check"]
        bind_encoder(module, named(kind, order, arguments, keywords))
    elif plain in COUNTERPARTS:
        bind_layer(
            module, COUNTERPARTS[plain], [None, *arguments] if is_lazy else arguments, keywords
        )
    elif not kind.endswith("Loss"):
        raise ReadError(f"nn.{kind} is not known: pass layers={{{kind!r}: ...}}")


def bind_layer(
    module: Module, entry: Counterpart, arguments: list[Any], keywords: dict[str, Any]
) -> None:
    """Make a module a layer of this library."""
    kind, cls, names = module.kind, LAYERS[entry.layer], list(entry.arguments)
    if entry.layer == "Activation":
        module.layer = activation.Activation(kind.lower())
        return
    if kind == "RNN":
        arguments = [*arguments[:3], *arguments[4:]]  # Without the nonlinearity.
        names.append("nonlinearity")
    if kind != "Identity":
        module.options = named(f"nn.{kind}", names, arguments, keywords)
    for name, value in module.options.items():
        if name in MUST_BE and value != MUST_BE[name]:
            raise ReadError(f"nn.{kind} with {name}={show(value)} is not known")
    known = signature(cls).parameters
    fields = {
        entry.arguments[name]: tuple(value) if isinstance(value, list) else value
        for name, value in module.options.items()
        if entry.arguments.get(name) in known
    }
    theirs = {ours: name for name, ours in entry.arguments.items()}
    for ours, one in known.items():
        if one.default is one.empty and ours not in fields and ours in theirs:
            raise ReadError(f"nn.{kind} needs {theirs[ours]}")
    layer: Any = made(cls, {**fields, **entry.fields})
    if isinstance(layer, conv.Conv) and layer.padding == "same" and {*layer.stride} != {1}:
        raise ReadError(f"nn.{kind}: padding='same' takes a stride of 1")
    module.layer = layer


def made(cls: Any, fields: dict[str, Any]) -> Layer:
    """A layer; what it refuses is an error of the source."""
    try:
        layer: Layer = cls(**fields)
    except (ParamcalcError, TypeError) as error:
        raise ReadError(str(error)) from None
    return layer


def named(
    what: str, names: list[str], arguments: list[Any], keywords: dict[str, Any]
) -> dict[str, Any]:
    """The arguments of a call by name."""
    given = dict(zip(names, arguments, strict=False))
    wrong = [name for name in keywords if name in given or name not in names]
    if len(arguments) > len(names) or wrong:
        problem = f"no argument {wrong[0]}" if wrong else f"at most {len(names)} arguments"
        raise ReadError(f"{what} takes {problem}")
    return given | keywords


def bind_encoder(module: Module, given: dict[str, Any]) -> None:
    """Make a module a `TransformerEncoder`: copies of a layer in a row, and perhaps a norm."""
    inside, number, last = [given.get(one) for one in ("encoder_layer", "num_layers", "norm")]
    if not isinstance(inside, Module) or inside.kind != "TransformerEncoderLayer":
        raise ReadError("nn.TransformerEncoder takes an nn.TransformerEncoderLayer")
    if not isinstance(number, int) or not 1 <= number <= 1000:
        raise ReadError("nn.TransformerEncoder takes from 1 to 1,000 layers")
    layer: Any = inside.layer
    parts: dict[str, Layer] = {"layers": Sequential([layer] * number)}
    if isinstance(last, Module) and last.layer is not None:
        parts["norm"] = last.layer
    elif last is not None:
        raise ReadError("nn.TransformerEncoder takes a norm of torch.nn")
    module.layer = Sequential(**parts)
    module.options = {"batch_first": inside.options.get("batch_first", False)}


def has_tensors(layer: Layer) -> bool:
    """Whether a layer, or one in it, keeps tensors."""
    return any(
        not isinstance(one, Builtin) or type(one)._tensors is not Builtin._tensors
        for _, one, _, _ in plan_of(layer).nodes
        if not one._network_depth
    )
