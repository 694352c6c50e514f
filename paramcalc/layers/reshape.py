"""Layers that rearrange axes and have no parameters."""

from __future__ import annotations

from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_int, as_ints, wrong
from paramcalc.errors import ConfigError, counted, show
from paramcalc.formulas import slice_length
from paramcalc.layers._base import Form, Shape, Sources, Window
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import OWN_NUMBER, count, declared, layer


@layer
class Flatten(Builtin):
    """The axes from `start_dim` to `end_dim` joined into one.

    Axes are counted from 0 without the batch axis (torch counts it), or from -1, the last.

    Source:
        torch 2.13 `torch.nn.Flatten`.

    Example:
        >>> Flatten().output_shape((12, 4, 4)), Flatten(end_dim=1).output_shape((12, 4, 4))
        ((192,), (48, 4))
    """

    start_dim: int = declared(as_int, default=0)
    end_dim: int = declared(as_int, default=-1)

    _is_view = True

    def _check(self) -> None:
        if self.end_dim < self.start_dim and (self.end_dim < 0) == (self.start_dim < 0):
            values = f"start_dim={show(self.start_dim)}, end_dim={show(self.end_dim)}"
            raise ConfigError(f"Flatten: end_dim must not be before start_dim, got {values}")

    def _shape(self, shape: Shape) -> Shape:
        start, end = self._ends(shape)
        return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])

    def _sources(self, shape: Form) -> Sources:
        axes = Builtin._sources(self, shape)
        start, end = self._ends(shape)
        return (*axes[:start], None if start < end else axes[start], *axes[end + 1 :])

    def _ends(self, shape: Form) -> list[int]:
        """The first and the last of the joined axes, counted from 0."""
        rank = len(shape)
        start, end = [dim + rank if dim < 0 else dim for dim in (self.start_dim, self.end_dim)]
        if not 0 <= start <= end < rank:
            dims = f"axes {show(self.start_dim)} to {show(self.end_dim)}"
            raise self._misfit(f"cannot flatten {dims} of shape {show(shape)}", shape)
        return [start, end]


def read_target_shape(value: Any, owner: object, name: str) -> tuple[int, ...]:
    """A shape in which one entry may be -1."""
    target = as_ints(value, owner, name)
    if not target:
        raise ConfigError(wrong(owner, name, "have at least one axis", target))
    if min(target) < -1 or 0 in target or target.count(-1) > 1:
        wanted = "be at least 1 on every axis, or -1 on one"
        raise ConfigError(wrong(owner, name, wanted, target))
    return target


@layer
class Reshape(Builtin):
    """The same values in another shape.

    Args:
        target_shape: the output shape; one length may be -1, which stands for the rest.

    Source:
        Keras 3 `Reshape`; torch 2.13 `torch.nn.Unflatten`, `torch.reshape`.

    Example:
        >>> Reshape((128, 7, 7)).output_shape((6272,)), Reshape((64, -1)).output_shape((64, 7, 7))
        ((128, 7, 7), (64, 49))
    """

    target_shape: tuple[int, ...] = declared(read_target_shape, symbol=OWN_NUMBER, divides=True)

    _family_after = "plain"
    _has_gaps = True
    _is_view = True

    def _shape(self, shape: Shape) -> Shape:
        target, is_open = self.target_shape, -1 in self.target_shape
        known, values = prod([one for one in target if one != -1]), prod(shape)
        if values % known or (values != known and not is_open):
            relation = "a multiple of " if is_open else ""
            problem = f"target_shape {show(target)} takes {relation}{known} values, got {values}"
            compared = values, None if is_open else known
            raise self._misfit(f"{problem} in shape {show(shape)}", shape, compared)
        return tuple([values // known if one == -1 else one for one in target])

    def _sources(self, shape: Form) -> Sources:
        """None, unless nothing changes: how axes are regrouped depends on all lengths."""
        if self.target_shape == shape:
            return Builtin._sources(self, shape)
        return (None,) * len(self.target_shape)

    def _period(self) -> int | None:
        return -prod(self.target_shape) if -1 in self.target_shape else 1


def read_dims(value: Any, owner: object, name: str) -> tuple[int, ...]:
    """Each axis once, counted from 0."""
    given = as_ints(value, owner, name)
    rank = len(given)
    dims = tuple([dim + rank if dim < 0 else dim for dim in given])
    if not dims:
        raise ConfigError(wrong(owner, name, "have at least one axis", dims))
    if sorted(dims) != list(range(rank)):
        raise ConfigError(wrong(owner, name, f"name each of the axes 0 to {rank - 1} once", given))
    return dims


@layer
class Permute(Builtin):
    """The axes in another order.

    Args:
        dims: the axis of the input per axis of the output, counted from 0 without the batch axis
            (torch counts it, Keras begins with 1), or from -1, the last.

    Source:
        torch 2.13 `torch.permute`; Keras 3 `Permute`.

    Example:
        >>> Permute((1, 2, 0)).output_shape((3, 224, 320))
        (224, 320, 3)
    """

    dims: tuple[int, ...] = declared(read_dims)

    _family_after = "plain"

    def _shape(self, shape: Shape) -> Shape:
        self._check_rank(shape)
        return tuple([shape[dim] for dim in self.dims])

    def _sources(self, shape: Form) -> Sources:
        self._check_rank(shape)
        axes = Builtin._sources(self, shape)
        return tuple([axes[dim] for dim in self.dims])

    def _check_rank(self, shape: Form) -> None:
        if len(shape) != len(self.dims):
            expected = counted(len(self.dims), "axis", "axes")
            raise self._misfit(f"expects {expected}, got shape {show(shape)}", shape)


def read_stop(value: Any, owner: object, name: str) -> int | None:
    """An int, or None for the end."""
    return None if value is None else as_int(value, owner, name)


@layer
class Slice(Builtin):
    """A part of one axis.

    It has the positions from `start` up to, but not including, `stop`. As in Python, a negative
    number counts from the end, and the end of the axis is the end of the part. One `Slice` per part
    does what `split` and `chunk` do.

    Args:
        start: the first position.
        stop: the position after the last; None is the end. After a negative start it is negative,
            too.
        dim: the axis, counted from 0 without the batch axis (torch counts it), or from -1, the
            last.

    Source:
        torch 2.13 `x[:, start:stop]`; `torch.narrow` has a length in place of `stop`. There, a part
        may be empty.

    Example:
        >>> Slice(0, 58).output_shape((116, 28, 28)), Slice(-1, dim=1).output_shape((4, 9, 8))
        ((58, 28, 28), (4, 1, 8))
    """

    start: int = declared(as_int, default=0, symbol="a")
    stop: int | None = declared(read_stop, default=None, symbol="b")
    _: KW_ONLY
    dim: int = declared(as_int, default=0)

    _is_view = True

    def _check(self) -> None:
        start, stop = self.start, self.stop
        if stop is None:
            return
        rule = "count from the end if start does" if start < 0 <= stop else ""
        if (start < 0) == (stop < 0) and stop <= start:
            rule = "be greater than start"
        if rule:
            values = f"start={show(start)}, stop={show(stop)}"
            raise ConfigError(f"Slice: stop must {rule}, got {values}")

    def _shape(self, shape: Shape) -> Shape:
        dim = self._axis(shape)
        length = slice_length(shape[dim], self.start, self.stop)
        if not length:
            stop = "" if self.stop is None else self.stop
            where = f"dim {show(self.dim)}, of length {shape[dim]} in shape {show(shape)}"
            problem = f"[{self.start}:{stop}] keeps nothing of {where}"
            raise self._misfit(problem, shape, (shape[dim], shape[dim] + 1))
        return (*shape[:dim], length, *shape[dim + 1 :])

    def _sources(self, shape: Form) -> Sources:
        axes = list(Builtin._sources(self, shape))
        dim, first = self._axis(shape), self.start
        if first < 0:
            length = shape[dim]
            if length is None:
                raise self._missing("the receptive field")
            first = max(length + first, 0)
        axes[dim] = (dim, Window(padding=-first))
        return tuple(axes)

    def _axis(self, shape: Form) -> int:
        """The axis, counted from 0."""
        dim = self.dim + len(shape) if self.dim < 0 else self.dim
        if not 0 <= dim < len(shape):
            raise self._misfit(f"there is no dim {show(self.dim)} in shape {show(shape)}", shape)
        return dim


@layer
class RepeatVector(Builtin):
    """A vector repeated `n` times: (features) becomes (n, features).

    Source:
        Keras 3 `RepeatVector`.

    Example:
        >>> RepeatVector(10).output_shape((64,))
        (10, 64)
    """

    n: int = count()

    _family = "features"
    _family_after = "sequence"
    _kind = "sequence"

    def _shape(self, shape: Shape) -> Shape:
        self._check_rank(shape)
        return (self.n, *shape)

    def _sources(self, shape: Form) -> Sources:
        self._check_rank(shape)
        return (None, (0, Window()))

    def _check_rank(self, shape: Form) -> None:
        if len(shape) != 1:
            hint = "; leave out the batch axis" if len(shape) == 2 else ""
            raise self._misfit(f"expects (features), got shape {show(shape)}{hint}", shape)
