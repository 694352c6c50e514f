"""What stands on the wires of an ONNX file: activations, and what the file holds itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Shape
from paramcalc.readers._onnx.file import MAX_NUMBERS, Numbers, Stored


class Held(NamedTuple):
    """A tensor whose values do not depend on the input.

    Args:
        name: that of the tensor in the file.
        dims: its lengths.
        known: its numbers, if they are few and known.
        counts: whether it is taken for trained where it is added or multiplied.
        stored: where its numbers are, if nobody has read them yet.
        is_float: whether it may be the weight of a layer.
        size: how many values the file stores of it; 0 if it is calculated.
    """

    name: str
    dims: Shape
    known: Numbers | None = None
    counts: bool = False
    stored: Stored | None = None
    is_float: bool = False
    size: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is all that is stored, once."""
        return self.size == prod(self.dims)

    def numbers(self) -> Numbers | None:
        """Its numbers, if they are few and known."""
        return self.stored.numbers() if self.stored else self.known

    def picked(
        self, dims: Sequence[int], place: Callable[[tuple[int, ...]], Sequence[int]]
    ) -> Held:
        """Some of its numbers: `place` says where in it stands what is at a place of the other."""
        numbers = self.numbers() if prod(dims) <= MAX_NUMBERS and not self.counts else None
        if numbers is not None:
            places = product(*map(range, dims)) if prod(dims) else ()  # Or it lists the others.
            numbers = tuple([numbers[flat(place(one), self.dims)] for one in places])
        return self._replace(dims=tuple(dims), known=numbers, stored=None)

    def stretched(self, dims: Shape) -> Held:
        """The same, broadcast."""
        if dims == self.dims:
            return self
        new = len(dims) - len(self.dims)
        return self.picked(
            dims,
            lambda at: [0 if n == 1 else i for i, n in zip(at[new:], self.dims, strict=True)],
        )


def held(tensor: Stored, counts: bool) -> Held:
    """A tensor of the file.

    A number without axes is taken for a constant, and so is a single one that the exporter of torch
    found in code, which it calls `val_12`.
    """
    size = prod(tensor.dims)
    is_number = not tensor.dims or (size == 1 and is_found(tensor.name))
    is_weight = counts and tensor.is_float and not is_number
    return Held(tensor.name, tensor.dims, None, is_weight, tensor, tensor.is_float, size)


def is_found(name: str) -> bool:
    """Whether torch's exporter found a tensor in code, or calculated it from others."""
    return re.fullmatch(r"val_\d+", name) is not None


def flat(place: Sequence[int], dims: Shape) -> int:
    """The position of a place among all numbers of a tensor."""
    at = 0
    for index, length in zip(place, dims, strict=True):
        at = at * length + index
    return at


class Flow(NamedTuple):
    """What a layer gives, as the file has it: with the batch.

    Args:
        node: the layer that gives it, or the input.
        made: the shape that the layer gives, without the batch; it is reshaped if `shape` differs.
        axes: the lengths in the file, without the batch in the axis that it stands in.
        batch: the axis with the batch, which may stand there with other lengths; None if there is
            no batch.
        before: how many positions of that axis stand before the batch: 3 in (3·N·4).
        by: what a layer that reshapes it is called.
    """

    node: str
    made: Shape
    axes: Shape
    batch: int | None = 0
    before: int = 1
    by: str = ""

    @property
    def has_own_axis(self) -> bool:
        """Whether the batch has an axis of its own."""
        return self.batch is not None and self.axes[self.batch] == 1

    @property
    def shape(self) -> Shape:
        """The shape without the batch."""
        if self.batch is None or not self.has_own_axis:
            return self.axes
        return self.axes[: self.batch] + self.axes[self.batch + 1 :]

    def full(self, batch: int) -> Shape:
        """The lengths in the file, for a batch of a size."""
        if self.batch is None:
            return self.axes
        at = self.batch
        return (*self.axes[:at], self.axes[at] * batch, *self.axes[at + 1 :])

    def own(self, axis: int) -> int:
        """The number of an axis without the batch."""
        return axis - (self.has_own_axis and self.batch is not None and axis > self.batch)

    def with_shape(self, node: str, shape: Shape) -> Flow:
        """What a layer makes of it that keeps the number of axes."""
        axes = shape
        if self.batch is not None and self.has_own_axis:
            axes = (*shape[: self.batch], 1, *shape[self.batch :])
        return Flow(node, shape, axes, self.batch, self.before)


def reshaped(flow: Flow, target: Shape, batch: int) -> Flow:
    """The same values in another shape, with the batch where it comes to stand.

    What counts is how many positions of an example stand before the batch, if all are in a row.
    """
    if prod(target) != prod(flow.full(batch)):
        problem = f"a shape of {show(flow.full(batch))} does not become {show(target)}"
        raise ReadError(problem)
    if flow.batch is None:
        return flow._replace(axes=target)
    ahead = prod(flow.axes[: flow.batch]) * flow.before
    found: list[Flow] = []
    passed = 1
    for axis, length in enumerate(target):
        before, rest = divmod(ahead, passed)
        if not rest and length % batch == 0 and (length // batch) % before == 0:
            axes = (*target[:axis], length // batch, *target[axis + 1 :])
            found.append(flow._replace(axes=axes, batch=axis, before=before))
        passed *= length
    if not found:
        shapes = f"{show(flow.full(batch))} to {show(target)}"
        raise ReadError(f"the batch axis is mixed with others: {shapes}")
    return min(found, key=lambda one: one.before)


def spread(one: Shape, other: Shape) -> Shape:
    """The shape that two shapes broadcast to."""
    rank = max(len(one), len(other))
    pairs = zip((1,) * (rank - len(one)) + one, (1,) * (rank - len(other)) + other, strict=True)
    lengths = [a if b == 1 else b for a, b in pairs]
    both = tuple(lengths)
    for shape in (one, other):
        if any(
            n not in (1, length) for n, length in zip(reversed(shape), reversed(both), strict=False)
        ):
            raise ReadError(f"shapes {show(one)} and {show(other)} do not broadcast")
    return both
