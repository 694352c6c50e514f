"""Layers that change single values and keep the shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_axes, as_ints, as_probability, as_str, entries
from paramcalc.errors import ConfigError, show
from paramcalc.layers._axes import SpatialLayer
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import DataFormat, data_format, declared, layer, optional_count
from paramcalc.layers._saved import INPUT, OUTPUT, WEIGHTS, Saved, own

BY_OUTPUT = {"exp", "logsoftmax", "relu", "sigmoid", "softmax", "softmin", "tanh"}
"""The activations whose derivative torch has from the output; from the input of others."""
BESIDE = {"logsigmoid", "rrelu", "softsign"}
"""Those that keep a tensor beside their input: exp(−|x|), the noise, and 1 + |x|."""
OVERWRITING = {
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "mish",
    "relu", "relu6", "rrelu", "selu", "silu", "threshold",
}  # fmt: skip
"""Those that torch 2.13 `torch.nn` has with `inplace=True`."""
INVERTING = {"celu", "elu", "leakyrelu", "relu", "rrelu", "selu"}
"""Those of them that then keep their output; others keep a copy of the input."""


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

    @property
    def _overwrites(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._plain_name in OVERWRITING

    @property
    def _inverts(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._plain_name in INVERTING

    def _shape(self, shape: Shape) -> Shape:
        return shape

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """As of torch 2.13 `torch.nn`; the input, if torch has no such activation."""
        name, size = self._plain_name, prod(output)
        if name in BY_OUTPUT:
            return (Saved(OUTPUT),)
        if name == "linear":
            return ()
        if name == "tanhshrink":
            return (own(size),)
        return (*INPUT, own(size)) if name in BESIDE else INPUT


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
    _overwrites = True

    @property
    def _drops(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.p > 0

    def _shape(self, shape: Shape) -> Shape:
        return shape

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The factor of each value, on a CPU; on a GPU it is a bool."""
        if self.p == 1:
            return (Saved(fixed=1),)
        return (own(prod(output)),) if self.p else ()


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
    data_format: DataFormat | None = data_format(default=None)

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

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return INPUT


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
    data_format: DataFormat | None = data_format(default=None)

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

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return (Saved(0, wanted=(WEIGHTS,)),)
