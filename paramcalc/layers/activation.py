"""Layers that change single values and keep the shape."""

from __future__ import annotations

from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_ints, as_probability, as_str
from paramcalc.errors import ConfigError, show
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


def read_shared_axes(value: Any, owner: object, name: str) -> tuple[int, ...] | None:
    """Axes in order, each once; or None."""
    return None if value is None else tuple(sorted({*as_ints(value, owner, name)}))


@layer
class PReLU(SpatialLayer):
    """A rectifier with trainable slopes for negative inputs.

    Args:
        num_parameters: slopes: 1, or the channels of the input; None takes them from the input.
        shared_axes: given instead: the axes along which slopes are shared, counted from 0 without
            the batch axis (Keras begins with 1), or from -1, the last; () has one per value.

    Source:
        torch 2.13 `torch.nn.PReLU`. Keras 3 `PReLU`, whose default is `shared_axes=()`.

    Example:
        >>> PReLU().num_params(), PReLU(64).num_params()
        (1, 64)
        >>> PReLU(shared_axes=()).num_params((64, 28, 28))
        50176
    """

    _kind = "activation"

    num_parameters: int | None = optional_count("C", default=1, states="channels")
    _: KW_ONLY
    shared_axes: tuple[int, ...] | None = declared(read_shared_axes, default=None)
    data_format: str | None = data_format(default=None)

    def _check(self) -> None:
        if self.shared_axes is None:
            return
        if self.num_parameters not in (None, 1):
            values = f"num_parameters={self.num_parameters}, shared_axes={show(self.shared_axes)}"
            raise ConfigError(f"PReLU: give either num_parameters or shared_axes, got {values}")
        object.__setattr__(self, "num_parameters", 1)

    @property
    def _is_open(self) -> bool:
        return self.shared_axes is not None or self.num_parameters is None

    @property
    def _family(self) -> str:  # type: ignore[override]
        return "spatial" if self.shared_axes is None else ""  # Then no axis is that of channels.

    def _doubt(self, shape: Shape, layout: str) -> str:
        return SpatialLayer._doubt(self, shape, layout) if self._family else ""

    def _shape(self, shape: Shape) -> Shape:
        if self.num_parameters not in (None, 1, shape[self._stated_axis()]):
            raise self._wrong_channels("channel", shape)
        for axis in self.shared_axes or ():
            if not -len(shape) <= axis < len(shape):
                raise self._misfit(f"cannot share axis {axis} of shape {show(shape)}", shape)
        return shape

    def _slopes(self, shape: Shape | None) -> Shape:
        """The shape of the weight; an axis along which it is shared has length 1."""
        if self.shared_axes is None:
            return (self._stated(shape),)
        lengths = [*self._needed(shape, "the number of parameters")]
        for axis in self.shared_axes:
            lengths[axis] = 1
        return tuple(lengths)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return (Parameter("weight", self._slopes(shape)),)

    def _params(self, shape: Shape | None) -> int:
        return prod(self._slopes(shape))
