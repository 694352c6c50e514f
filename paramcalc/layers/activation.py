"""Layers that change single values and keep the shape."""

from __future__ import annotations

from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_axes, as_probability, as_str, entries
from paramcalc.errors import show
from paramcalc.layers._axes import SpatialLayer
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers._builtin import Builtin
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


def read_factor_shape(value: Any, owner: object, name: str) -> int | Shape | None:
    """An int for the last axis, a tuple for any other number of them, or None."""
    given = entries(value)
    if value is None or given == ():
        return given
    lengths = as_axes(value, owner, name, None)
    shape: int | Shape = lengths[0] if given and len(given) == 1 else lengths
    return shape


@layer
class Scale(SpatialLayer):
    """A trainable factor; the shape stays.

    It has as many parameters as the factor has values. The products do not count as
    multiply-accumulates.

    Args:
        shape: that of the factor: an int for the last axis, or a tuple. Axes are compared from the
            last; each is 1 or that of the input. None has a value per channel, () only one.
        data_format: where the channels are if shape is None; it is (C, 1, 1) if they come first.

    Source:
        Touvron and others, "Going deeper with Image Transformers", equation 3 (LayerScale). The
        name of its tensor is that of timm 1.0 `LayerScale` and Keras 3 `ConvNeXtTiny`; torchvision
        0.21 `CNBlock` has a `layer_scale`.

    Example:
        >>> Scale().parameters((96, 56, 56))
        (Parameter(name='gamma', shape=(96, 1, 1), trainable=True),)
        >>> Scale(768).num_params(), Scale(()).num_params()
        (768, 1)
    """

    _kind = "normalization"
    _stating = "shape"

    shape: int | Shape | None = declared(read_factor_shape, default=None, symbol="n")
    _: KW_ONLY
    data_format: str | None = data_format(default=None)

    @property
    def _family(self) -> str:  # type: ignore[override]
        return "spatial" if self.shape is None else ""

    def _doubt(self, shape: Shape, layout: str) -> str:
        return SpatialLayer._doubt(self, shape, layout) if self.shape is None else ""

    def _shape(self, shape: Shape) -> Shape:
        factor = self._factor(shape)
        pairs = list(zip(reversed(shape), reversed(factor), strict=False))
        if len(factor) > len(shape) or any(own not in (1, length) for length, own in pairs):
            rule = (
                f"axes of {show(factor)}, compared from the last, must be 1 or those of the input"
            )
            pairs = [(length, own) for length, own in pairs if own != 1]
            raise self._misfit(f"{rule}, got shape {show(shape)}", shape, *pairs)
        return shape

    def _factor(self, shape: Shape | None) -> Shape:
        """The shape of the factor."""
        if self.shape is not None:
            return (self.shape,) if isinstance(self.shape, int) else self.shape
        channels = self._stated(shape)
        return (channels, *[1] * (0 if self._channels_last else len(shape or ()) - 1))

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("gamma", self._factor(shape)),)

    def _params(self, shape: Shape | None) -> int:
        return prod(self._factor(shape))
