"""The shape a network starts from."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc._checks import as_lengths, entries, name_of, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.layers._base import Builtin, Shape


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Input(Builtin):
    """A statement of the shape at its place, without the batch axis.

    Where a shape arrives, it must be the same.

    Args:
        *lengths: the length of each axis: `Input(1, 28, 28)`; or one tuple of them.
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

    _is_view = True

    def __init__(self, *lengths: int | Shape, shape: Shape | None = None) -> None:
        if (shape is None) == (not lengths):
            raise TypeError(
                f"{name_of(self)}: give the length of each axis, Input(1, 28, 28), or shape="
            )
        given = lengths[0] if len(lengths) == 1 and entries(lengths[0]) is not None else lengths
        stated = as_lengths(given if shape is None else shape, self, "shape")
        if not stated:
            raise ConfigError(wrong(self, "shape", "have at least one axis", stated))
        object.__setattr__(self, "shape", stated)

    def _shape(self, shape: Shape) -> Shape:
        if shape != self.shape:
            raise self._misfit(f"expects shape {show(self.shape)}, got {show(shape)}", shape)
        return shape

    def _stated_shape(self) -> Shape:
        return self.shape

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.shape))})"
