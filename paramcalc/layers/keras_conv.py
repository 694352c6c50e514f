"""Convolutions that Keras alone has: their weights depend on the input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc.formulas import conv_params, locally_connected_params
from paramcalc.layers import _fields
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers._fields import Axes, DataFormat, GivenPadding, Padding, layer
from paramcalc.layers._saved import WEIGHTS, Saved, own
from paramcalc.layers.conv import Convolution


class OpenConvolution(Convolution):
    """Convolutions that take their channels from the input."""

    __slots__ = ()

    in_channels: int | None = None
    groups: int = 1
    padding: Any = (0, 0)
    dilation: Any = (1, 1)

    @property
    def _is_open(self) -> bool:
        return True

    def _channels(self, shape: Shape | None) -> tuple[int, int]:
        known = self._needed(shape, "the number of parameters")
        return known[self._stated_axis()], self.out_channels

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        counts = self._slide(
            shape, lengths, self.kernel_size, self.stride, self.padding, self.dilation
        )
        return self._join(self._channels(shape)[1], counts)


@layer
class DepthwiseConv(OpenConvolution):
    """A depthwise convolution along some number of spatial axes."""

    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    depth_multiplier: int = _fields.count("m")
    dilation: tuple[int, ...] = _fields.per_axis("d")
    bias: bool = _fields.flag()
    _: KW_ONLY
    data_format: DataFormat | None = _fields.data_format()

    def __init__(
        self,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        depth_multiplier: int = 1,
        dilation: Axes = 1,
        bias: bool = True,
        *,
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, stride, padding
        self._set(*windows, depth_multiplier, dilation, bias, data_format)

    def _channels(self, shape: Shape | None) -> tuple[int, int]:
        known = self._needed(shape, "the number of parameters")
        return 1, known[self._stated_axis()] * self.depth_multiplier  # A filter sees one.

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return self._padded(shapes[0])

    def _params(self, shape: Shape | None) -> int:
        return conv_params(*self._channels(shape), self.kernel_size, bias=self.bias)


class DepthwiseConv1d(DepthwiseConv):
    """A depthwise convolution along one axis: (channels, length).

    Otherwise as `DepthwiseConv2d`.

    Example:
        >>> conv = DepthwiseConv1d(5, padding="same")
        >>> conv.output_shape((7, 100)), conv.num_params((7, 100))
        ((7, 100), 42)
    """

    __slots__ = ()
    _rank = 1


class DepthwiseConv2d(DepthwiseConv):
    """A depthwise convolution over an image: (channels, height, width).

    Each of the C channels of the input has m filters, which see no other channel. There are
    `(k_h·k_w + 1)·C·m` parameters. It is a `Conv2d(C, C·m, ..., groups=C)` that takes C from the
    input. Fields that are not below are those of `Conv2d`.

    Args:
        depth_multiplier: filters per channel, m.

    Source:
        Keras 3 `DepthwiseConv2D`, with weights as of torch 2.13 `torch.nn.Conv2d`.

    Example:
        >>> conv = DepthwiseConv2d(3, padding=1, depth_multiplier=2)
        >>> conv.output_shape((32, 28, 28)), conv.num_params((32, 28, 28))
        ((64, 28, 28), 640)
        >>> [(tensor.name, tensor.shape) for tensor in conv.parameters((32, 28, 28))]
        [('weight', (64, 1, 3, 3)), ('bias', (64,))]
    """

    __slots__ = ()
    _rank = 2


@layer
class LocallyConnected2d(OpenConvolution):
    """A convolution whose weights differ from position to position.

    `H_out·W_out·(k_h·k_w·C + 1)·C_out` parameters: each position of the output has its own filters
    and biases. It has no padding: put a `Pad` before it.

    Args:
        out_channels: channels of the output.
        kernel_size: taps along each axis: an int for both axes, or a tuple of one per axis.
        stride: steps from one window to the next, likewise.
        bias: whether each value of the output has a bias.

    Source:
        Keras 2 `LocallyConnected2D`, with its tensors for `implementation=1`, the default
        (tf_keras 2.21). Keras 3 does not have it any more.

    Example:
        >>> local = LocallyConnected2d(32, 3)
        >>> local.output_shape((3, 32, 32)), local.num_params((3, 32, 32))
        ((32, 30, 30), 806400)
        >>> [(tensor.name, tensor.shape) for tensor in local.parameters((3, 32, 32))]
        [('weight', (900, 27, 32)), ('bias', (30, 30, 32))]
    """

    out_channels: int = _fields.count("C_out")
    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    bias: bool = _fields.flag()
    _: KW_ONLY
    data_format: DataFormat | None = _fields.data_format()

    _rank = 2

    def __init__(
        self,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        bias: bool = True,
        *,
        data_format: DataFormat | None = None,
    ) -> None:
        self._set(out_channels, kernel_size, stride, bias, data_format)

    def _positions(self, shape: Shape | None) -> Shape:
        """The lengths of the output."""
        return self._split(self._shape(self._needed(shape, "the number of parameters")))[1]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        positions, (in_channels, out_channels) = self._positions(shape), self._channels(shape)
        seen = prod(self.kernel_size) * in_channels
        weight = Parameter("weight", (prod(positions), seen, out_channels))
        bias = Parameter("bias", (*positions, out_channels))
        return (weight, bias) if self.bias else (weight,)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """What each position sees, as `torch.nn.Unfold` lays it out."""
        weight = self._tensors(shapes[0])[0]
        return (own(prod(weight.shape[:2]), WEIGHTS),)

    def _params(self, shape: Shape | None) -> int:
        sizes = *self._channels(shape), self.kernel_size, self._positions(shape)
        return locally_connected_params(*sizes, bias=self.bias)
