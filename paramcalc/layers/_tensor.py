"""Symbolic tensors, by which a graph is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count, pairwise
from operator import methodcaller
from types import EllipsisType
from typing import Any, cast

from paramcalc._checks import as_int, as_ints, as_str, entries, later, name_of, wrong
from paramcalc.errors import ConfigError, ParamcalcError, counted, locate, show
from paramcalc.layers._parameter import Shape

NUMBERS = count()
Part = int | slice | EllipsisType


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tensor:
    """What a layer gives in a `Graph`.

    It has a shape, and no numbers.

    Calling a layer on tensors makes another: `Conv2d(3, 8, 3)(x)`. An `Input` is called on none.
    `x + y` and `x * y` merge as `Add` and `Multiply` do, `x @ y` is a `MatMul`, and `x[0:32]` a
    `Slice`: axes are counted without the batch axis.

    Args:
        shape: the lengths of its axes, without the batch axis.
        name: the name that its layer was called with, if any.

    Example:
        >>> import paramcalc as pc
        >>> x = pc.Input(3, 32, 32)()
        >>> y = pc.Conv2d(3, 8, 3, padding=1)(x)
        >>> y.shape, (y + y).shape, y[:4].shape, [one.shape for one in y.chunk(2)]
        ((8, 32, 32), (8, 32, 32), (4, 32, 32), [(4, 32, 32), (4, 32, 32)])
    """

    shape: Shape
    name: str
    _layer: Any
    _reads: tuple[Tensor, ...]
    _format: str | None
    _number: int = field(default_factory=lambda: next(NUMBERS))

    def __repr__(self) -> str:
        name = f"{self.name}: " if self.name else ""
        return f"<Tensor {name}{show(self.shape)}>"

    def __add__(self, other: Tensor) -> Any:
        return with_other("_branches", "Add", self, other)

    def __mul__(self, other: Tensor) -> Any:
        return with_other("_branches", "Multiply", self, other)

    def __matmul__(self, other: Tensor) -> Any:
        return with_other("layers.product", "MatMul", self, other)

    __iter__ = None  # Or `list(x)` would try x[0], x[1] and so on.

    def __getitem__(self, key: Part | tuple[Part, ...]) -> Tensor:
        """A part: a slice per axis from the first; an int takes one position and drops the axis."""
        keys: tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
        if Ellipsis in keys:
            at = keys.index(Ellipsis)
            whole = (slice(None),) * (len(self.shape) - len(keys) + 1)
            keys = keys[:at] + whole + keys[at + 1 :]
        if len(keys) > len(self.shape):
            wanted = f"have at most {len(self.shape)} axes"
            raise ConfigError(wrong("Tensor", "an index", wanted, key))
        layers, part, dim = later("layers.reshape"), self, 0
        for one in keys:
            if isinstance(one, slice):
                ends: Any = cast("Any", one)
                if ends.step not in (None, 1):
                    raise ConfigError(wrong("Tensor", "an index", "have no steps", key))
                if (ends.start, ends.stop) != (None, None):
                    part = layers.Slice(ends.start or 0, ends.stop, dim=dim)(part)
                dim += 1
                continue
            at, rank = (
                as_int(one, "Tensor", "an index", "be of ints and slices", key),
                len(part.shape),
            )
            if rank == 1:
                raise ConfigError(wrong("Tensor", "an index", "leave an axis", key))
            part = layers.Slice(at, at + 1 or None, dim=dim)(part)
            first = min(dim, rank - 2)  # The axis of length 1 joins a neighbor.
            part = layers.Flatten(first, first + 1)(part)
        return part

    def split(self, sizes: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
        """Parts along an axis, of a size or of several; as torch 2.13 `torch.split`."""
        axis, length = self._axis(dim, "split")
        if entries(sizes) is None:
            size = as_int(sizes, "split", "sizes", "be an int or a tuple of ints")
            if size < 1:
                raise ConfigError(wrong("split", "sizes", "be at least 1", size))
            ends = [*range(0, length, size), length]
        else:
            ends = [0]
            for one in as_ints(sizes, "split", "sizes"):
                ends.append(ends[-1] + one)
            if ends[-1] != length or any(one >= other for one, other in pairwise(ends)):
                wanted = f"be at least 1 each, and {length} together"
                raise ConfigError(wrong("split", "sizes", wanted, sizes))
        part: Any = later("layers.reshape").Slice
        return tuple([part(one, other, dim=axis)(self) for one, other in pairwise(ends)])

    def chunk(self, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
        """At most this many parts, equal but for the last; as torch 2.13 `torch.chunk`."""
        number = as_int(chunks, "chunk", "chunks")
        if number < 1:
            raise ConfigError(wrong("chunk", "chunks", "be at least 1", number))
        return self.split(-(-self._axis(dim, "chunk")[1] // number), dim)

    def _axis(self, dim: int, method: str) -> tuple[int, int]:
        """An axis, counted from 0, and its length."""
        axis, rank = as_int(dim, method, "dim"), len(self.shape)
        if not -rank <= axis < rank:
            raise ConfigError(wrong(method, "dim", f"be an axis of shape {show(self.shape)}", dim))
        return axis % rank, self.shape[axis]


def with_other(module: str, kind: str, one: Tensor, other: object) -> Any:
    """The output of a layer for two tensors; for anything else, Python says what is wrong."""
    if not isinstance(other, Tensor):
        return NotImplemented
    return getattr(later(module), kind)()(one, other)


def check_arity(layer: Any, reads: Sequence[object], where: str = "") -> None:
    """Refuse a layer that is called on too few or too many tensors."""
    least, most = layer._arity
    if least <= len(reads) <= (len(reads) if most is None else most):
        return
    wanted = counted(least, "tensor") + (" or more" if most is None else "")
    if most not in (None, least):
        wanted = f"{least} to {most} tensors"
    problem = f"{name_of(layer)}: is called on {wanted}, got {len(reads)}"
    raise ConfigError(f"{where} {problem}".strip())


def call(layer: Any, tensors: Sequence[Any], name: Any) -> Tensor:
    """The output of a layer for tensors."""
    given: Any = entries(tensors[0]) if len(tensors) == 1 else None
    reads = tuple(tensors) if given is None else given
    for one in reads:
        if not isinstance(one, Tensor):
            hint = "; for a shape there is output_shape()"
            raise TypeError(wrong(layer, "what it is called on", "be a Tensor", one) + hint)
    check_arity(layer, reads)
    layer._check_outputs("call a graph per output")
    if as_str(name, layer, "name") and not name.isidentifier():
        raise ConfigError(wrong(layer, "a name", "be a Python identifier", name))
    known = [one._format for one in reads if one._format]
    if known:
        layer = layer._map(methodcaller("_with_format", known[0]))
    shapes = [one.shape for one in reads]
    try:
        if len(shapes) == 1 and not layer._is_merge:
            shape = layer._shape(*shapes)
        else:
            shape = layer._merge(shapes, None) if shapes else layer._shape(layer._stated_shape())
    except ParamcalcError as error:
        locate(error, name, layer)
        raise
    return Tensor(shape, name, layer, reads, layer._format_after or (known or [None])[0])
