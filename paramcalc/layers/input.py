"""The shape a network starts from."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc.errors import show
from paramcalc.layers.base import CheckedLayer, Shape
from paramcalc.layers.checks import as_lengths, name


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Input(CheckedLayer):
    """A statement of the shape at its place, without the batch axis.

    Where a shape arrives, it must be the same.

    Args:
        *lengths: the length of each axis: `Input(1, 28, 28)`.
        shape: the same as one tuple, as Keras has it: `Input(shape=(1, 28,
            28))`.

    Raises:
        TypeError: a length is not an int, or none is given.
        ConfigError: a length is less than 1.
        ShapeError: another shape arrives.

    Example:
        >>> Input(1, 28, 28).output_shape()
        (1, 28, 28)
    """

    shape: Shape

    def __init__(self, *lengths: int, shape: Shape | None = None) -> None:
        if (shape is None) == (not lengths):
            raise TypeError(f"{name(self)}: give the length of each axis, such as Input(1, 28, 28)")
        object.__setattr__(self, "shape", as_lengths(lengths or shape, self, "shape"))

    def _output_shape(self, shape: Shape) -> Shape:
        if shape != self.shape:
            raise self._misfit(f"expects shape {show(self.shape)}, got {show(shape)}", shape)
        return shape

    def _stated_shape(self) -> Shape:
        return self.shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.shape))})"
