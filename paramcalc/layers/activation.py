"""Layers that change values but no shape, and learn nothing."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc.layers.base import CheckedLayer, Shape
from paramcalc.layers.checks import as_probability, as_str


class Unchanging(CheckedLayer):
    """A layer that lets the shape through as it is."""

    __slots__ = ()

    def _checked_output_shape(self, shape: Shape) -> Shape:
        return shape


@dataclass(frozen=True, slots=True, repr=False)
class Activation(Unchanging):
    """An activation function under any name.

    Args:
        name: what to call it: "relu", "softmax", "my_own".

    Raises:
        TypeError: the name is not a str.

    Source:
        Keras 3 `Activation`.

    Example:
        >>> Activation("relu").output_shape((32, 24, 24))
        (32, 24, 24)
    """

    name: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", as_str(self.name, self, "name"))


@dataclass(frozen=True, slots=True, repr=False)
class Dropout(Unchanging):
    """A dropout: in training, some values become 0.

    Args:
        p: the probability of each, from 0 to 1.

    Raises:
        TypeError: p is not a number.
        ConfigError: p is not within 0 and 1.

    Source:
        torch 2.13 `torch.nn.Dropout`.

    Example:
        >>> Dropout(0.25).output_shape((256,))
        (256,)
    """

    p: float = 0.5

    def __post_init__(self) -> None:
        object.__setattr__(self, "p", as_probability(self.p, self, "p"))


@dataclass(frozen=True, slots=True, repr=False)
class Identity(Unchanging):
    """The identity: what arrives leaves unchanged.

    Source:
        torch 2.13 `torch.nn.Identity`.

    Example:
        >>> Identity().output_shape((3, 32, 32))
        (3, 32, 32)
    """
