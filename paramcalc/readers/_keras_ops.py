"""The operations of Keras on tensors, such as `x + y`: what each is here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paramcalc._branches import Add, Concat, Multiply
from paramcalc._checks import as_bool, as_int, entries
from paramcalc.errors import show
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.input import Input
from paramcalc.layers.pool import AdaptivePool, GlobalPool
from paramcalc.layers.product import MatMul
from paramcalc.layers.reshape import Permute, Reshape
from paramcalc.layers.resize import Upsample
from paramcalc.readers._keras_calls import Call, plain_in, refs_in
from paramcalc.readers._keras_layers import ELEMENTWISE, Given, dim_of, snake_case, unknown
from paramcalc.readers._keras_source import mapping

LAMBDAS = {"TFOpLambda", "SlicingOpLambda"}
SUMS = "add divide maximum minimum pow power realdiv sub subtract truediv truedivide"
"""Of two tensors, each has the shapes of a sum."""


def function_of(call: Call) -> str:
    """What an operation is called: `TrueDivide` in Keras 3, `math.truediv` in Keras 2."""
    kind = call.entry.kind
    return str(call.entry.config.get("function")) if kind in LAMBDAS else kind


def is_operation(call: Call) -> bool:
    """Whether a call is not that of a layer."""
    module = str(call.entry.given.get("module"))
    return call.entry.kind in LAMBDAS or module.startswith("keras.src.ops")


def layers_of_operation(call: Call, given: Given) -> Sequence[Layer]:
    """The layers, in a row, that an operation is."""
    short = snake_case(given.kind.rpartition(".")[2]).replace("_", "")
    if short not in OPERATIONS:
        raise unknown(given.kind, "is not known")
    constants = [one for one in call.args if not any(refs_in(one))]
    if any(any(refs_in(one)) and any(plain_in(one)) for one in call.args):
        raise given.unknown("of tensors and constants in one list")
    given.config.update({f"argument {at}": one for at, one in enumerate(constants, 1)})
    given.config.update({key: one for key, one in call.options.items() if not any(refs_in(one))})
    for key in "name", "trainable", "dtype", "function":
        given.config.pop(key, None)
    return OPERATIONS[short](given)


def elementwise(given: Given) -> Sequence[Layer]:
    """A function of single values."""
    return [Activation(snake_case(given.kind.rpartition(".")[2]))]


def merging(kind: type[Layer]) -> Callable[[Given], Sequence[Layer]]:
    """A merge of tensors; a number changes single values."""

    def read(given: Given) -> Sequence[Layer]:
        constants = [one for one in given.config.values() if one is not None]
        if not constants:
            return [kind()]
        if len(given.shapes) > 1 or not all(isinstance(one, int | float) for one in constants):
            raise given.unknown(f"of a tensor and {show(constants)}")
        return elementwise(given)

    return read


def matmul(given: Given) -> Sequence[Layer]:
    """A matrix product."""
    if any(given.config.values()):
        raise given.unknown(f"with {show(given.config)}")
    return [MatMul()]


def reshape(given: Given) -> Sequence[Layer]:
    """A reshape, whose shape begins with the batch."""
    shape = given.take("shape", "newshape", "argument 1")
    first, *target = entries(shape) or (shape,)
    if first not in (None, -1) or (first == -1 and -1 in target):
        raise given.unknown(f"to a shape that does not begin with the batch, {show(shape)},")
    return [Reshape(tuple(target))]


def permute(given: Given, axes: Sequence[int]) -> Sequence[Layer]:
    """A permutation of axes, of which the first is the batch."""
    if axes[0]:
        raise given.unknown(f"of the batch, to axes {show([*axes])},")
    return [Permute(tuple([one - 1 for one in axes[1:]]))]


def transpose(given: Given) -> Sequence[Layer]:
    """All axes in another order."""
    axes = given.take("axes", "perm", "argument 1")
    return permute(given, given.axes(axes, len(given.shape) + 1))


def swapaxes(given: Given) -> Sequence[Layer]:
    """Two axes exchanged."""
    axes = [*range(len(given.shape) + 1)]
    one, other = given.axes([given.take("axis1"), given.take("axis2")], len(axes))
    axes[one], axes[other] = other, one
    return permute(given, axes)


def expand_dims(given: Given) -> Sequence[Layer]:
    """A new axis of length 1."""
    axis = as_int(given.take("axis", "argument 1"), given.kind, "axis")
    (at,) = given.axes(axis, len(given.shape) + 2)
    if not at:
        raise given.unknown("before the batch")
    return [Reshape((*given.shape[: at - 1], 1, *given.shape[at - 1 :]))]


def squeeze(given: Given) -> Sequence[Layer]:
    """Axes of length 1 removed."""
    axes = given.axes(given.take("axis", "argument 1"), len(given.shape) + 1)
    return [Reshape(tuple([one for at, one in enumerate(given.shape, 1) if at not in axes]))]


def reducing(mode: str) -> Callable[[Given], Sequence[Layer]]:
    """An average or maximum over all axes but the channels."""

    def read(given: Given) -> Sequence[Layer]:
        rank = len(given.shape)
        axes = sorted(given.axes(given.take("axis", "argument 1"), rank + 1))
        keeps = as_bool(given.config.get("keepdims", False), given.kind, "keepdims")
        formats = {"channels_last": range(1, rank), "channels_first": range(2, rank + 1)}
        for data_format, wanted in formats.items():
            if axes == [*wanted]:
                known: Any = {"mode": mode, "data_format": data_format}
                return [AdaptivePool(1, **known) if keeps else GlobalPool(**known)]
        raise given.unknown(f"over others than all axes but the channels, {show(axes)},")

    return read


def resize(given: Given) -> Sequence[Layer]:
    """An image of another size."""
    data_format: Any = given.config.get("data_format") or "channels_last"
    mode: Any = given.config.get("interpolation") or given.config.get("method") or "bilinear"
    return [Upsample(given.take("size"), mode=mode, data_format=data_format)]


def key_of(given: Given, value: Any) -> Any:
    """An index, a slice, or an ellipsis."""
    found = mapping(value)
    if found is None:
        return as_int(value, given.kind, "an index")
    if found.get("class_name") == "__ellipsis__":
        return Ellipsis
    ends = mapping(found.get("config")) or found
    three = [ends.get(one) for one in ("start", "stop", "step")]
    return slice(*[None if one is None else as_int(one, given.kind, "an index") for one in three])


def part(given: Given) -> Sequence[Layer]:
    """A part of a tensor, such as `x[:, 0]`."""
    index = given.take("slice_spec", "argument 1")
    parts = entries(index) or (index,)
    if len(parts) > len(given.shape) + 2:
        raise given.unknown(f"with {len(parts)} indices")
    first, *keys = [key_of(given, one) for one in parts]
    if first is Ellipsis and len(keys) <= len(given.shape):
        keys.insert(0, first)
    elif first != slice(None):
        raise given.unknown("of some examples of the batch")
    tensor = Input(given.shape)()
    end, layers = tensor[tuple(keys)], list[Layer]()
    while end is not tensor:
        layers.insert(0, end._layer)
        (end,) = end._reads
    return layers or [Identity()]


OPERATIONS: dict[str, Callable[[Given], Sequence[Layer]]] = {
    **dict.fromkeys(ELEMENTWISE.split(), elementwise),
    **dict.fromkeys(SUMS.split(), merging(Add)),
    **dict.fromkeys(["mul", "multiply"], merging(Multiply)),
    **dict.fromkeys(["cast", "identity", "stopgradient"], lambda _: [Identity()]),
    **dict.fromkeys(["concat", "concatenate"], lambda given: [Concat(**dim_of(given))]),
    **dict.fromkeys(["mean", "reducemean"], reducing("avg")),
    **dict.fromkeys(["amax", "max", "reducemax"], reducing("max")),
    "expanddims": expand_dims,
    "getitem": part,
    "matmul": matmul,
    "reshape": reshape,
    "resize": resize,
    "squeeze": squeeze,
    "swapaxes": swapaxes,
    "transpose": transpose,
}
