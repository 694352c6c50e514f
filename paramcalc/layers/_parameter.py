"""Shapes, and the tensors of a layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from paramcalc._checks import as_bool, as_lengths, as_str
from paramcalc.formulas import Term

Shape = tuple[int, ...]
"""The lengths of all axes but the batch axis, such as (channels, height, width)."""
InputShape = Shape | Mapping[str, Shape]
"""What a caller gives: the shape of the input, or of each of several by name."""
Form = tuple[int | None, ...]
"""A shape, with None for each length that is not known."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A tensor of a layer, with its name and shape.

    They are those of torch. In a network, the path of the layer precedes the name.
    Buffers, such as a running mean, and frozen weights are not trainable.

    Example:
        >>> Parameter("weight", (5, 3, 5, 5)).size
        375
    """

    name: str
    shape: Shape
    trainable: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", as_str(self.name, self, "name"))
        shape = as_lengths(self.shape, self, "shape")
        pairs = zip(self.shape, shape, strict=True)  # A Term remembers how it was made.
        shape = tuple([own if isinstance(own, Term) else plain for own, plain in pairs])
        object.__setattr__(self, "shape", shape)
        as_bool(self.trainable, self, "trainable")

    @property
    def size(self) -> int:
        """The number of values in the tensor."""
        return prod(self.shape)
