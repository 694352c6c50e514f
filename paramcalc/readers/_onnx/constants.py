"""Calculations with what an ONNX file holds: shapes above all."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from math import ceil, floor, prod, sqrt
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Shape
from paramcalc.readers._onnx.file import MAX_NUMBERS, Numbers, Stored
from paramcalc.readers._onnx.layers import activation
from paramcalc.readers._onnx.network import Call, Operators
from paramcalc.readers._onnx.values import Flow, Held, held, spread

LARGEST = 2**80
"""Larger numbers are not followed: no shape has them."""


def known(numbers: Sequence[Any]) -> Numbers | None:
    """The numbers, as long as a shape could have them."""
    fits = all(isinstance(one, int | float) and -LARGEST < one < LARGEST for one in numbers)
    return tuple(numbers) if fits and len(numbers) <= MAX_NUMBERS else None


def divide(one: Any, other: Any) -> Any:
    """A quotient, which is rounded towards 0 between ints."""
    if isinstance(one, int) and isinstance(other, int):
        return abs(one) // abs(other) * (1 if (one < 0) == (other < 0) else -1)
    return one / other


def both(one: Any, other: Any) -> bool:
    """Whether both are true."""
    return bool(one and other)


def either(one: Any, other: Any) -> bool:
    """Whether one is true."""
    return bool(one or other)


def choose(test: Any, one: Any, other: Any) -> Any:
    """One number or another."""
    return one if test else other


FOLDED: dict[str, Callable[..., Any]] = {
    "Add": operator.add,
    "And": both,
    "Div": divide,
    "Equal": operator.eq,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "Max": max,
    "Min": min,
    "Mod": operator.mod,
    "Mul": operator.mul,
    "Or": either,
    "Sub": operator.sub,
    "Where": choose,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "Abs": abs,
    "Ceil": ceil,
    "Floor": floor,
    "Neg": operator.neg,
    "Not": operator.not_,
    "Sqrt": sqrt,
}


def folded(call: Call, values: list[Held]) -> Held:
    """A calculation with numbers that the file holds."""
    dims: Shape = ()
    for one in values:
        dims = spread(dims, one.dims)
    function, is_float = FOLDED.get(call.step.op_type), any(one.is_float for one in values)
    numbers = [one.stretched(dims).numbers() for one in values]
    found = None
    if function and values and None not in numbers:
        try:
            found = known([function(*one) for one in zip(*[n or () for n in numbers], strict=True)])
        except (ArithmeticError, TypeError):
            found = None
    return Held(call.named(), dims, found, is_float=is_float)


def joined(values: list[Held], axis: int, name: str) -> Held:
    """Tensors of the file in a row; their numbers only if they are vectors."""
    first = values[0].dims
    for one in values:
        if one.dims[:axis] != first[:axis] or one.dims[axis + 1 :] != first[axis + 1 :]:
            raise ReadError(f"shapes {show(first)} and {show(one.dims)} differ beside axis {axis}")
    length = sum([one.dims[axis] for one in values])
    dims = (*first[:axis], length, *first[axis + 1 :])
    if len(first) != 1 or length > MAX_NUMBERS:
        return Held(name, dims)
    parts = [one.numbers() for one in values]
    if None in parts:
        return Held(name, dims)
    return Held(name, dims, known([number for part in parts for number in part or ()]))


# Constants.


SINGLE: dict[str, int | float] = {"value_int": 0, "value_float": 0.0}


def constant(call: Call) -> None:
    for name, value in call.everything().items():
        if isinstance(value, Stored):
            tensor = value._replace(name=call.named())
            return call.put(held(tensor, counts=False))
        if name in SINGLE:
            number = call.attribute(name, SINGLE[name])
            return call.put(Held(call.named(), (), (number,), is_float=name == "value_float"))
        if name in ("value_ints", "value_floats"):
            is_float = name == "value_floats"
            several = call.attribute(name, ()) if is_float else call.ints(name) or ()
            return call.put(Held(call.named(), (len(several),), known(several), is_float=is_float))
    raise ReadError("holds no numbers")


def constant_of_shape(call: Call) -> None:
    dims, value = call.numbers(0), call.everything().get("value")
    numbers: Any = value.numbers() if isinstance(value, Stored) else (0.0,)
    if min(dims, default=0) < 0 or numbers is None or len(numbers) != 1:
        raise ReadError(f"no tensor has the shape {show(dims)}, or its value is not one number")
    filled = numbers * prod(dims) if prod(dims) <= MAX_NUMBERS else None
    call.put(
        Held(call.named(), dims, filled, is_float=not isinstance(value, Stored) or value.is_float)
    )


def shape_of(call: Call) -> None:
    full = call.full()
    start, stop = call.attribute("start", 0), call.attribute("end", len(full))
    call.put(Held(call.named(), (len(full[start:stop]),), known(full[start:stop])))


def size_of(call: Call) -> None:
    call.put(Held(call.named(), (), known([prod(call.full())])))


def numbers_in_range(call: Call) -> None:
    first, stop, step = [(call.floats(index) or (0,))[0] for index in range(3)]
    if not all(isinstance(one, int) for one in (first, stop, step)) or not step:
        raise ReadError(f"from {show(first)} to {show(stop)} by {show(step)}")
    size = max(0, -int((first - stop) // step))
    numbers = known(range(int(first), int(stop), int(step))) if size <= MAX_NUMBERS else None
    call.put(Held(call.named(), (size,), numbers))


def same(call: Call) -> None:
    """The same value; of a tensor of the file, a copy with a name of its own."""
    call.everything()
    value = call.value(0)
    call.put(value._replace(name=call.step.outputs[0]) if isinstance(value, Held) else value)


def cast(call: Call) -> None:
    """The same value as another type of number; what is calculated with shapes goes on."""
    value, kind = call.value(0), call.attribute("to", 1)
    if isinstance(value, Flow) or value.counts:
        return call.put(value)
    numbers: Any = value.numbers()
    is_float = kind in (1, 10, 11, 16)
    if numbers is not None:
        try:
            numbers = known(
                [float(n) if is_float else bool(n) if kind == 9 else int(n) for n in numbers]
            )
        except (ArithmeticError, ValueError):
            numbers = None
    return call.put(value._replace(known=numbers, stored=None, is_float=is_float))


def unary(call: Call) -> None:
    """A function of single values, or of numbers that the file holds."""
    value, function = call.value(0), UNARY[call.step.op_type]
    numbers = value.numbers() if isinstance(value, Held) and not value.counts else None
    if not isinstance(value, Held) or numbers is None:
        return activation(call)
    try:
        found = known([function(one) for one in numbers])
    except (ArithmeticError, ValueError):
        found = None
    return call.put(Held(call.named(), value.dims, found, is_float=value.is_float))


CONSTANTS: Operators = {
    **dict.fromkeys(UNARY, (unary, "consumed_inputs")),
    "Cast": (cast, "saturate round_mode"),
    "Constant": (constant, ""),
    "ConstantOfShape": (constant_of_shape, ""),
    "Identity": (same, ""),
    "Range": (numbers_in_range, ""),
    "Shape": (shape_of, ""),
    "Size": (size_of, ""),
}
"""As `LAYERS`."""
