"""Tensors of torch that depend on no input: their shapes alone."""

from __future__ import annotations

from math import ceil
from typing import Any

from paramcalc.errors import ReadError
from paramcalc.readers._torch.shaping import size_of, spread
from paramcalc.readers._torch.tensors import Rows, Tensor, Weight, needed


def constant(t: Any, *given: Any, size: Any = None, **_: Any) -> Any:
    """A tensor of a size."""
    lengths = spread(given if size is None else (size,))
    return Tensor(tuple([size_of(one) for one in lengths]))


def filled(t: Any, *given: Any) -> Any:
    """A tensor of a size, or of values in a list."""
    is_data = len(given) == 1 and not isinstance(given[0], int | Rows)
    return tensor_of(t, given[0]) if is_data else constant(t, *given)


def full(t: Any, size: Any, *_: Any, **__: Any) -> Any:
    return constant(t, size)


def randint(t: Any, *given: Any, size: Any = None, **_: Any) -> Any:
    return constant(t, given[-1] if size is None else size)


def like(t: Any, input: Any, *_: Any, **__: Any) -> Any:
    return Tensor(t.tensor(input).dims)


def new(t: Any, input: Any, *given: Any, **named: Any) -> Any:
    return constant(t, *given, **named)


def arange(t: Any, *ends: Any, **_: Any) -> Any:
    given = [size_of(int(one) if isinstance(one, float) else one) for one in ends]
    start, stop, step = [0, *given, 1] if len(given) == 1 else [*given, 1][:3]
    if start == 0 and step == 1 and isinstance(stop, Rows):
        return Tensor((stop,))
    if any(isinstance(one, Rows) for one in (start, stop, step)) or step == 0:
        raise ReadError("arange takes numbers, and a step that is not 0")
    return Tensor((max(0, ceil((stop - start) / step)),))


def linspace(t: Any, start: Any, end: Any, steps: Any = 100, **_: Any) -> Any:
    """The values, which are mostly probabilities of dropping something."""
    given = [start, end, steps]
    if not all(isinstance(one, int | float) for one in given) or not isinstance(steps, int):
        raise ReadError("linspace takes numbers")
    t.meter.spend(max(steps, 0))
    return [start + (end - start) * at / max(steps - 1, 1) for at in range(steps)]


def eye(t: Any, n: Any, m: Any = None, **_: Any) -> Any:
    return constant(t, n, n if m is None else m)


def tensor_of(t: Any, data: Any, *_: Any, **__: Any) -> Any:
    if isinstance(data, Tensor | Weight):
        return t.tensor(data)
    lengths: list[int] = []
    while isinstance(data, list | tuple) and len(lengths) < 10:
        lengths.append(len(data))
        data = data[0] if data else None
    return Tensor(tuple(lengths))


def meshgrid(t: Any, *tensors: Any, indexing: Any = "ij") -> tuple[Tensor, ...]:
    given = [t.tensor(one) for one in spread(tensors)]
    dims = tuple([needed(one.dims, "meshgrid")[0] for one in given if one.dims])
    if any(one.frame is not None for one in given) or len(dims) != len(given) or indexing != "ij":
        raise ReadError("meshgrid of this is not known")
    return tuple([Tensor(dims) for _ in given])
