"""The layers of `torch.nn` by name: what they are here, and how torch's arguments are bound."""

from __future__ import annotations

from functools import cache
from inspect import Parameter, Signature
from typing import Any

from paramcalc import _blocks
from paramcalc._counterparts import Counterpart, counterparts
from paramcalc._network import Sequential
from paramcalc._plan import plan_of
from paramcalc.errors import ReadError, show
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
from paramcalc.readers._torch.values import Unknown, arguments_of, attempt, signature_of

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
    "LocalResponseNorm": ("local_response_norm", {"size": 5, "alpha": 0, "beta": 0, "k": 0}),
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
ENCODER = ["encoder_layer", "num_layers", "norm", "enable_nested_tensor", "mask_check"]


def is_pad(kind: str) -> bool:
    """Whether it is a class such as `ZeroPad2d`."""
    return kind[:-5] in PADS and kind[-5:-2] == "Pad"


def bind(module: Module, kind: str, /, *args: Any, **named: Any) -> None:
    """Make a module the layer of a class of torch, with these arguments."""
    for value in [*args, *named.values()]:
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, Unknown):
                raise ReadError(one.problem)
            if isinstance(one, Module) and kind != "TransformerEncoder":
                raise ReadError(f"nn.{kind} takes no module")
    what, plain = f"nn.{kind}", kind.removeprefix("Lazy")
    if plain != kind and plain in COUNTERPARTS:
        args = (None, *args)
    module.kind = plain
    if kind in OPERATIONS or is_pad(kind):
        usual = OPERATIONS[kind][1] if kind in OPERATIONS else {"padding": None, "value": 0}
        module.options = usual | named_by(what, [*usual], *args, **named)
    elif kind == "TransformerEncoder":
        bind_encoder(module, named_by(what, ENCODER, *args, **named))
    elif plain in COUNTERPARTS:
        bind_layer(module, what, COUNTERPARTS[plain], *args, **named)
    elif not kind.endswith("Loss"):
        raise unknown(what, kind)


def bind_layer(module: Module, what: str, entry: Counterpart, /, *args: Any, **named: Any) -> None:
    """Make a module a layer of this library."""
    kind, cls, names = module.kind, LAYERS[entry.layer], list(entry.arguments)
    if entry.layer == "Activation":
        module.layer = activation.Activation(kind.lower())
        return
    if kind != "Identity":
        module.options = named_by(what, names, *args, **named)
    for name, value in module.options.items():
        if name in MUST_BE and value != MUST_BE[name]:
            raise ReadError(f"{what} with {name}={show(value)} is not known")
    known = signature_of(cls).parameters
    fields = {
        entry.arguments[name]: tuple(value) if isinstance(value, list) else value
        for name, value in module.options.items()
        if entry.arguments[name] in known
    }
    layer: Any = attempt("", cls, **fields, **entry.fields)
    if isinstance(layer, conv.Conv) and layer.padding == "same" and {*layer.stride} != {1}:
        raise ReadError(f"{what}: padding='same' takes a stride of 1")
    module.layer = layer


def unknown(what: str, name: str) -> ReadError:
    """The error for a name that has no meaning here."""
    return ReadError(f"{what} is not known: pass layers={{{name!r}: ...}}")


def named_by(what: str, names: list[str], /, *args: Any, **named: Any) -> dict[str, Any]:
    """The arguments of a call by name."""
    return dict(arguments_of(what, taking(*names).bind_partial, *args, **named))


@cache
def taking(*names: str) -> Signature:
    """What a function of these arguments takes."""
    return Signature([Parameter(one, Parameter.POSITIONAL_OR_KEYWORD) for one in names])


def bind_encoder(module: Module, given: dict[str, Any]) -> None:
    """Make a module a `TransformerEncoder`: copies of a layer in a row, and perhaps a norm."""
    inside, number, last = [given.get(one) for one in ENCODER[:3]]
    if not isinstance(inside, Module) or inside.kind != "TransformerEncoderLayer":
        raise ReadError("nn.TransformerEncoder takes an nn.TransformerEncoderLayer")
    if inside.weights:
        raise ReadError("nn.TransformerEncoder of a layer whose tensors are changed is not known")
    if not isinstance(number, int) or not 1 <= number <= 1000:
        raise ReadError("nn.TransformerEncoder takes from 1 to 1,000 layers")
    if last is not None and getattr(last, "layer", None) is None:
        raise ReadError("nn.TransformerEncoder takes a norm of torch.nn")
    layer: Any = inside.layer
    parts: dict[str, Any] = {"layers": Sequential([layer] * number)}
    module.layer = Sequential(**parts, **({"norm": last.layer} if last else {}))
    module.options = {"batch_first": inside.options.get("batch_first", False)}


def has_tensors(layer: Layer) -> bool:
    """Whether a layer, or one in it, keeps tensors."""
    return any(
        not isinstance(one, Builtin) or type(one)._tensors is not Builtin._tensors
        for _, one, _, _ in plan_of(layer).nodes
        if not one._network_depth
    )
