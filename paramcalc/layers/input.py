"""The shape that a network starts from."""

from __future__ import annotations

from dataclasses import KW_ONLY
from typing import Any

from paramcalc._checks import as_lengths, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.layers._base import Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import DataFormat, data_format, declared, layer


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
    `shape=` as in Keras. `data_format` holds for the layers after it that have none.

    Example:
        >>> Input(1, 28, 28).output_shape()
        (1, 28, 28)
    """

    shape: Shape = declared(read_shape)
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    _arity = 0, 1
    _is_view = True

    def __init__(
        self,
        *lengths: int | Shape,
        shape: Shape | None = None,
        data_format: DataFormat | None = None,
    ) -> None:
        if (shape is None) == (not lengths):
            raise TypeError("Input: give the length of each axis, Input(1, 28, 28), or shape=")
        one = lengths[0] if len(lengths) == 1 and isinstance(lengths[0], tuple | list) else lengths
        self._set(one if shape is None else shape, data_format)

    @property
    def _format_after(self) -> str | None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.data_format

    def _shape(self, shape: Shape) -> Shape:
        if shape != self.shape:
            problem = f"expects shape {show(self.shape)}, got {show(shape)}"
            raise self._misfit(problem, shape, *zip(shape, self.shape, strict=False))
        return shape

    def _usual(self) -> dict[str, Any]:
        return {"data_format": None}  # An example would need a shape.

    def _stated_shape(self) -> Shape:
        return self.shape

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        more = f", data_format={self.data_format!r}" if self.data_format else ""
        return f"Input({', '.join(map(str, self.shape))}{more})"
