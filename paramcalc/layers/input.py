"""The shape that a network starts from."""

from __future__ import annotations

from typing import Any

from paramcalc._checks import as_lengths, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.layers._base import Builtin, Shape
from paramcalc.layers._fields import declared, layer


def read_shape(value: Any, owner: object, name: str) -> Shape:
    """A shape of at least one axis."""
    shape = as_lengths(value, owner, name)
    if not shape:
        raise ConfigError(wrong(owner, name, "have at least one axis", shape))
    return shape


@layer
class Input(Builtin):
    """The input shape, stated inside a network.

    An input of another shape is an error. Give the lengths, `Input(1, 28, 28)`, or one tuple, or
    `shape=` as in Keras.

    Example:
        >>> Input(1, 28, 28).output_shape()
        (1, 28, 28)
    """

    shape: Shape = declared(read_shape)

    _is_view = True

    def __init__(self, *lengths: int | Shape, shape: Shape | None = None) -> None:
        if (shape is None) == (not lengths):
            raise TypeError("Input: give the length of each axis, Input(1, 28, 28), or shape=")
        one = lengths[0] if len(lengths) == 1 and isinstance(lengths[0], tuple | list) else lengths
        self._set(one if shape is None else shape)

    def _shape(self, shape: Shape) -> Shape:
        if shape != self.shape:
            problem = f"expects shape {show(self.shape)}, got {show(shape)}"
            raise self._misfit(problem, shape, *zip(shape, self.shape, strict=False))
        return shape

    def _usual(self) -> dict[str, Any]:
        return {}

    def _stated_shape(self) -> Shape:
        return self.shape

    def __repr__(self) -> str:
        return f"Input({', '.join(map(str, self.shape))})"
