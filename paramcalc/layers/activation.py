"""Layers that change single values and keep the shape."""

from __future__ import annotations

from dataclasses import KW_ONLY

from paramcalc._checks import as_probability, as_str
from paramcalc.layers._axes import SpatialLayer
from paramcalc.layers._base import Builtin, Parameter, Shape
from paramcalc.layers._fields import data_format, declared, layer, optional_count


@layer
class Activation(Builtin):
    """An activation function by any name: "relu", "softmax", "my_own".

    Source:
        Keras 3 `Activation`.

    Example:
        >>> Activation("relu").output_shape((32, 24, 24))
        (32, 24, 24)
    """

    _kind = "activation"

    name: str = declared(as_str)

    @property
    def _plain_name(self) -> str:
        """The name without the capitals and underscores in which frameworks differ."""
        return self.name.replace("_", "").lower()

    def _shape(self, shape: Shape) -> Shape:
        return shape


@layer
class Dropout(Builtin):
    """A dropout, with the probability `p` from 0 to 1.

    Source:
        torch 2.13 `torch.nn.Dropout`.

    Example:
        >>> Dropout(0.25).output_shape((256,))
        (256,)
    """

    p: float = declared(as_probability, default=0.5)

    _kind = "activation"
    _is_view = True  # Outside training it drops nothing.

    def _shape(self, shape: Shape) -> Shape:
        return shape


@layer
class Identity(Builtin):
    """The identity: the output is the input.

    Source:
        torch 2.13 `torch.nn.Identity`.

    Example:
        >>> Identity().output_shape((3, 32, 32))
        (3, 32, 32)
    """

    _is_view = True

    def _shape(self, shape: Shape) -> Shape:
        return shape


@layer
class PReLU(SpatialLayer):
    """A rectifier with a trainable slope for negative inputs.

    Args:
        num_parameters: slopes: 1, or the channels of the input; None takes them from the input.

    Source:
        torch 2.13 `torch.nn.PReLU`. Keras 3 `PReLU` has one per position by default.

    Example:
        >>> PReLU().num_params(), PReLU(64).num_params()
        (1, 64)
    """

    _kind = "activation"

    num_parameters: int | None = optional_count("C", default=1, states="channels")
    _: KW_ONLY
    data_format: str | None = data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        if self.num_parameters not in (None, 1, shape[self._stated_axis()]):
            raise self._wrong_channels("channel", shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("weight", (self._params(shape),)),)

    def _params(self, shape: Shape | None) -> int:
        return self._stated(shape)
