"""The interpreter of torch: what all its names mean."""

from __future__ import annotations

from dataclasses import replace
from operator import or_
from typing import Any

from paramcalc._branches import Multiply
from paramcalc.errors import ReadError
from paramcalc.layers.activation import Identity
from paramcalc.readers._torch import merging, parts, shaping
from paramcalc.readers._torch.applying import Applying
from paramcalc.readers._torch.builtins import BUILTINS, CONSTANTS, FUNCTIONS, IGNORED
from paramcalc.readers._torch.calls import CALLS, elementwise
from paramcalc.readers._torch.layers import unknown
from paramcalc.readers._torch.modules import METHODS_OF_MODULES, parameter, parts_of
from paramcalc.readers._torch.shaping import size_of
from paramcalc.readers._torch.tensors import (
    BATCH,
    Module,
    Rows,
    Sizes,
    States,
    Tensor,
    Unusable,
    Weight,
)
from paramcalc.readers._torch.tracer import tensors_in
from paramcalc.readers._torch.values import Function, Known, Partial, Thing, Unknown

IDENTITIES = {"StochasticDepth", "DropPath", "DropBlock2d", "DropBlock3d"}
"""What drops branches in training alone, in torchvision and timm."""
FALSE = {
    "torch.jit.is_scripting", "torch.jit.is_tracing", "torch.cuda.is_available",
    "torch.onnx.is_in_onnx_export", "torch.is_grad_enabled", "torch.backends.mps.is_available",
}  # fmt: skip
UNCHANGED = {
    "torch.compile", "torch.jit.script", "torch.nn.utils.spectral_norm", "torch.Size",
    "torch.nn.utils.parametrizations.spectral_norm", "torch.nn.utils.rnn.pack_padded_sequence",
    "torch.nn.utils.rnn.pack_sequence",
}  # fmt: skip
OPERATORS = {"Add": "add", "Sub": "sub", "Mult": "mul", "Div": "div", "MatMult": "matmul"}
LOGICAL = ("BitAnd", "BitOr", "BitXor")


class Reader(Applying):
    """An interpreter that knows torch."""

    def __init__(self, layers: dict[str, Any]) -> None:
        super().__init__(BUILTINS)
        self.layers = layers

    # Names of torch.

    def call(self, value: Any, /, *args: Any, **named: Any) -> Any:
        if isinstance(value, Function) and value.name in self.layers:
            return self.given_call(value.name, *args, **named)
        return super().call(value, *args, **named)

    def call_known(self, known: Known, /, *args: Any, **named: Any) -> Any:
        path, name = known.path, known.name
        if name in self.layers and not path.startswith("builtins."):
            return self.given_call(name, *args, **named)
        if path in FUNCTIONS:
            return self.checked(FUNCTIONS[path], name, *args, **named)
        is_init = path.startswith("torch.nn.init.") and path.endswith("_")
        if args and (is_init or path in UNCHANGED):
            return args[0]
        if path in FALSE or path.startswith(IGNORED) or name == "_log_api_usage_once":
            return False if path in FALSE else None
        if known.is_of_nn or name == "__init__":
            return self.call_nn(known, *args, **named)
        if path in SPECIAL:
            return self.checked(SPECIAL[path], name, *args, **named)
        if path.startswith("torch.") or path == "numpy.linspace":
            return self.call_torch(known, *args, **named)
        if name in IDENTITIES and path.startswith(("torchvision.", "timm.")):
            return Module(known, kind=name, layer=Identity())
        raise unknown(short(path), name)

    def call_nn(self, known: Known, /, *args: Any, **named: Any) -> Any:
        """What a class of `torch.nn` makes, or what a method of one does."""
        name, first = known.name, args[0] if args else None
        is_method = known.path == f"torch.nn.Module.{name}" and name in METHODS_OF_MODULES
        if isinstance(first, Module) and is_method:
            return self.checked(METHODS_OF_MODULES[name], name, *args, **named)
        if isinstance(first, Module) and name in ("__init__", "forward"):
            return self.inherited_call(known, *args, **named)
        if name in ("Parameter", "Buffer"):
            made = self.checked(parameter, name, *args, **named)
            made.is_buffer = made.is_buffer or name == "Buffer"
            made.trainable = made.trainable and not made.is_buffer
            return made
        if name == "pad_packed_sequence" and args:
            return first, Unusable("the lengths of sequences")
        if not name[:1].isupper() or ".utils." in known.path:
            raise unknown(short(known.path), name)
        self.meter.spend(20)
        module = Module(known)
        self.start(module, name, *args, **named)
        return module

    def call_torch(self, known: Known, /, *args: Any, **named: Any) -> Any:
        """What a function of torch returns, or a method of a tensor."""
        name, args = known.name, (*[named.pop(one) for one in ["input"] if one in named], *args)
        plain = name[:-1] if name.endswith("_") and name[:-1] in CALLS else name
        if plain not in CALLS:
            raise unknown(short(known.path), name)
        first = args[0] if args else None
        if isinstance(first, Weight) and name == "requires_grad_":
            first.trainable = (len(args) < 2 or self.truth(args[1])) and not first.is_buffer
            return first
        if isinstance(first, Weight) and (plain != name or plain in ("to", "clone", "detach")):
            return first
        result = self.checked(CALLS[plain], short(known.path), *args, **named)
        if plain != name and isinstance(first, Tensor) and isinstance(result, Tensor):
            first.dims, first.frame, first.name = result.dims, result.frame, result.name
        return result

    def given_call(self, name: str, /, *args: Any, **named: Any) -> Any:
        """What the caller's layer gives for tensors; without tensors, a module of it."""
        given = tensors_in([args, named])
        if not given:
            return self.replacement(name, *args, **named)
        self.is_given = True
        return self.emit(name, self.layer_given(name, *args, **named), *given)

    def inherited_call(self, known: Known, module: Module, /, *args: Any, **named: Any) -> Any:
        """What the `__init__` or the `forward` of a class of torch does."""
        kind = known.path.split(".")[-2]
        if known.name == "__init__":
            return self.start(module, kind, *args, **named)
        if kind != "Sequential":
            return self.call_layer(module, *args, **named)
        value = self.checked(lambda _, x: x, "Sequential", *args, **named)
        for one in parts_of(module):
            value = self.call(one, value)
        return value

    def known_attribute(self, known: Known, name: str) -> Any:
        path = f"{known.path}.{name}"
        return known.name if name == "__name__" else CONSTANTS.get(path, Known(path))

    def copied(self, value: Any, memo: dict[int, Any] | None) -> Any:
        """A copy of a value; with a memo, of all in it."""
        self.meter.spend(20)
        if isinstance(value, Module) and (memo is None or value.tied):
            raise ReadError("a copy that shares tensors is not known")
        if memo is not None and id(value) in memo:
            return memo[id(value)]

        def inner(one: Any) -> Any:
            return one if memo is None else self.deeper(self.copied, one, memo)

        if isinstance(value, list | tuple):
            return type(value)([inner(one) for one in self.listed(value)])
        if isinstance(value, dict):
            return {key: inner(value[key]) for key in self.listed(value)}
        made: Any = value if memo is None and not isinstance(value, Thing) else emptied(value)
        if memo is not None:
            memo[id(value)] = made
        if isinstance(value, Thing):
            made.attributes = {key: inner(one) for key, one in value.attributes.items()}
        return made

    # Tensors.

    def attribute_of(self, value: Any, name: str) -> Any:
        if isinstance(value, Tensor | Weight | States):
            return self.attribute_of_tensor(value, name)
        if isinstance(value, tuple) and name == "values" and len(value) == 2:
            return value[0]  # Of a maximum.
        if isinstance(value, tuple) and name == "numel":
            return Partial(Known("math.prod"), (value,))  # Of a shape.
        return super().attribute_of(value, name)

    def attribute_of_tensor(self, value: Any, name: str) -> Any:
        """An attribute or a method of a tensor."""
        if name in ATTRIBUTES:
            return ATTRIBUTES[name](self, value)
        if name in ("dtype", "device", "layout"):
            return Known(f"torch.{name}")
        if name in ("is_cuda", "requires_grad", "is_sparse", "grad"):
            return isinstance(value, Weight) and name == "requires_grad" and value.trainable
        return Partial(Known(f"torch.Tensor.{name}"), (value,))

    def operate(self, name: str, left: Any, right: Any) -> Any:
        is_left, is_right = self.is_tensor(left), self.is_tensor(right)
        if (is_left or is_right) and name in OPERATORS:
            return CALLS[OPERATORS[name]](self, left, right)
        if is_left and is_right and name in LOGICAL:
            return merging.combine(self, name.lower(), Multiply(), left, right)
        if self.is_elementwise(left, right):
            return elementwise(name.lower())(self, left, right)
        if isinstance(left, Rows) or isinstance(right, Rows):
            return rows_after(name, left, right)
        for one in (left, right):
            if isinstance(one, Unknown):
                return one
        return super().operate(name, left, right)

    def compare(self, name: str, left: Any, right: Any) -> Any:
        if name in ("Is", "IsNot") or name.endswith("In"):
            return super().compare(name, left, right)
        if self.is_tensor(left) and self.is_tensor(right):
            return merging.combine(self, "compare", Multiply(), left, right)
        if self.is_elementwise(left, right):
            return elementwise("compare")(self, left, right)
        for one in (left, right):
            if isinstance(one, Unknown):
                return one
        return super().compare(name, left, right)

    def is_elementwise(self, left: Any, right: Any) -> bool:
        """Whether an operator takes a tensor, and another or a number."""
        tensors = [self.is_tensor(one) for one in (left, right)]
        numbers = [isinstance(one, int | float | Rows | Unknown) for one in (left, right)]
        return any(tensors) and all(map(or_, tensors, numbers))

    def truth(self, value: Any) -> bool:
        if isinstance(value, Unknown):
            raise ReadError(value.problem)
        if isinstance(value, Tensor | States | Unusable):
            raise ReadError("a condition depends on the values of a tensor")
        return super().truth(value)

    def iterate(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return list(parts.unbind(self, value, 0))
        return super().iterate(value)

    def unpack(self, value: Any, number: int) -> list[Any]:
        if isinstance(value, Sizes):
            return [BATCH, *[Unknown(f"the length of axis {at}") for at in range(1, number)]]
        return super().unpack(value, number)

    def item(self, value: Any, key: Any) -> Any:
        if isinstance(value, Sizes):
            return CALLS["size"](self, value.tensor, size_of(key))
        if isinstance(value, States):
            first, *others = key if isinstance(key, tuple) else (key,)
            if isinstance(first, int) and not isinstance(first, bool):
                state = self.last_state(value, first)
                return parts.index(self, state, tuple(others)) if others else state
        if isinstance(value, Weight) and isinstance(key, Weight | Tensor):
            return CALLS["embedding"](self, key, value)
        if self.is_tensor(value):
            return parts.index(self, value, key)
        return super().item(value, key)

    def set_item(self, whole: Any, key: Any, value: Any) -> None:
        if isinstance(whole, Weight) or (isinstance(whole, Tensor) and whole.frame is None):
            return  # It has no values here.
        super().set_item(whole, key, value)


def short(path: str) -> str:
    """A path as sources write it."""
    for whole, part in (("nn.functional", "F"), ("nn", "nn"), ("Tensor", "x")):
        path = path.replace(f"torch.{whole}.", f"{part}.")
    return path


def emptied(value: Any) -> Any:
    """A weight or an object of the same kind, without attributes."""
    if isinstance(value, Weight):
        return replace(value, module=None)
    if not isinstance(value, Module):
        return Thing(value.cls) if isinstance(value, Thing) else value
    made = Module(value.cls, {}, value.kind, value.layer, dict(value.options))
    made.weights = {name: replace(one, module=made) for name, one in value.weights.items()}
    return made


def rows_after(name: str, left: Any, right: Any) -> Rows:
    """The value of an operator on the size of the batch."""
    number, rows = (left, right) if isinstance(left, int) else (right, left)
    if isinstance(number, int) and isinstance(rows, Rows) and number > 0:
        if name == "Mult":
            return Rows(rows.times * number)
        if name == "FloorDiv" and rows is left and rows.times % number == 0:
            return Rows(rows.times // number)
    raise ReadError("the size of the batch is mixed with other lengths")


SPECIAL: dict[str, Any] = {
    "copy.deepcopy": lambda reader, value: reader.copied(value, {}),
    "copy.copy": lambda reader, value: reader.copied(value, None),
    "torch.utils.checkpoint.checkpoint": lambda reader, function, *args, use_reentrant=None: (
        reader.call(function, *args)
    ),
    "torch.device": lambda *_: Known("torch.device"),
}
"""What takes functions or modules."""
ATTRIBUTES: dict[str, Any] = {
    "shape": lambda t, x: x.shape if isinstance(x, Weight) else CALLS["size"](t, x),
    "T": shaping.turned,
    "mT": lambda t, x: shaping.transpose(t, x, -2, -1),
    "data": lambda _, x: x,
    "real": lambda _, x: x,
    "ndim": lambda t, x: CALLS["dim"](t, x),
}
