"""Layers that change values but no shape, and learn nothing."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc.errors import ConfigError, show
from paramcalc.layers.base import CheckedLayer, Shape
from paramcalc.layers.checks import is_number, name


class Unchanging(CheckedLayer):
    """A layer that lets the shape through as it is."""

    __slots__ = ()

    def _output_shape(self, shape: Shape) -> Shape:
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
        if type(self.name) is not str:
            raise TypeError(f"{name(self)}: name must be a str, got {show(self.name)}")


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
        p = self.p
        if not is_number(p):
            raise TypeError(f"{name(self)}: p must be a number, got {show(p)}")
        if not 0 <= p <= 1:
            raise ConfigError(f"{name(self)}: p must be from 0 to 1, got {show(p)}")
        object.__setattr__(self, "p", float(p))


@dataclass(frozen=True, slots=True, repr=False)
class Identity(Unchanging):
    """Nothing at all: what arrives leaves.

    Source:
        torch 2.13 `torch.nn.Identity`.

    Example:
        >>> Identity().output_shape((3, 32, 32))
        (3, 32, 32)
    """
