"""Depthwise convolutions: a filter sees one channel."""

from __future__ import annotations

from dataclasses import KW_ONLY
from math import lcm

from paramcalc.formulas import conv_params
from paramcalc.layers import _fields
from paramcalc.layers._base import Shape
from paramcalc.layers._fields import Axes, GivenPadding, Padding, layer
from paramcalc.layers.conv import Convolution


@layer
class DepthwiseConv(Convolution):
    """A depthwise convolution along some number of spatial axes."""

    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    depth_multiplier: int = _fields.count("m")
    dilation: tuple[int, ...] = _fields.per_axis("d")
    bias: bool = _fields.flag()
    _: KW_ONLY
    data_format: str | None = _fields.data_format()

    in_channels, groups = None, 1  # A filter sees as much as one of a single channel.

    def __init__(
        self,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        depth_multiplier: int = 1,
        dilation: Axes = 1,
        bias: bool = True,
        *,
        data_format: str | None = None,
    ) -> None:
        windows = kernel_size, stride, padding
        self._set(*windows, depth_multiplier, dilation, bias, data_format)

    @property
    def _is_open(self) -> bool:
        return True

    def _channels(self, shape: Shape | None) -> tuple[int, int]:
        known = self._needed(shape, "the number of parameters")
        return 1, known[self._stated_axis()] * self.depth_multiplier

    def _params(self, shape: Shape | None) -> int:
        return conv_params(*self._channels(shape), self.kernel_size, bias=self.bias)

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        counts = self._slide(
            shape, lengths, self.kernel_size, self.stride, self.padding, self.dilation
        )
        return self._join(self._channels(shape)[1], counts)

    def _period(self) -> int | None:
        return lcm(*self.stride)


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
