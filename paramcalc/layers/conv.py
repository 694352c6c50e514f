"""Convolutions."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc.errors import ConfigError, show
from paramcalc.formulas import conv_macs, conv_params
from paramcalc.layers.base import Parameter, Shape
from paramcalc.layers.checks import (
    Padding,
    as_axes,
    as_bool,
    as_count,
    as_data_format,
    as_optional_count,
    as_padding,
    entries,
    name,
)
from paramcalc.layers.spatial import SpatialLayer, window_lengths

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Conv(SpatialLayer):
    """What `Conv1d`, `Conv2d` and `Conv3d` share: all but the number of spatial axes."""

    in_channels: int | None
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    dilation: tuple[int, ...]
    groups: int
    bias: bool
    _: KW_ONLY
    data_format: str

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | str | tuple[int, ...] | tuple[tuple[int, int], ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        data_format: str = "channels_first",
    ) -> None:
        rank = self._rank
        put = object.__setattr__
        put(self, "in_channels", as_optional_count(in_channels, self, "in_channels"))
        put(self, "out_channels", as_count(out_channels, self, "out_channels"))
        put(self, "kernel_size", as_axes(kernel_size, self, "kernel_size", rank))
        put(self, "stride", as_axes(stride, self, "stride", rank))
        put(self, "padding", as_padding(padding, self, rank))
        put(self, "dilation", as_axes(dilation, self, "dilation", rank))
        put(self, "groups", as_count(groups, self, "groups"))
        put(self, "bias", as_bool(bias, self, "bias"))
        put(self, "data_format", as_data_format(data_format, self))
        if self.groups != 1:
            self._check_groups("in_channels", self.in_channels)
            self._check_groups("out_channels", self.out_channels)

    def _check_groups(self, field: str, channels: int | None) -> None:
        if channels is not None and channels % self.groups:
            values = f"groups={show(self.groups)}, {field}={show(channels)}"
            raise ConfigError(f"{name(self)}: groups must divide {field}, got {values}")

    def _checked_output_shape(self, shape: Shape) -> Shape:
        if len(shape) != self._rank + 1:
            raise self._wrong_rank(shape, self._rank)
        first = self.data_format == "channels_first"  # Not by _split and _join: the hot path.
        if first:
            channels, lengths = shape[0], shape[1:]
        else:
            channels, lengths = shape[-1], shape[:-1]
        if channels != self.in_channels:
            self._check_channels(channels, shape)
        counts = window_lengths(lengths, self.kernel_size, self.stride, self.padding, self.dilation)
        output = (self.out_channels, *counts) if first else (*counts, self.out_channels)
        if 0 in output:
            raise self._too_small(shape, output, self.kernel_size, self.padding, self.dilation)
        return output

    def _check_channels(self, channels: int, shape: Shape) -> None:
        """Refuse channels that are not those stated, or that the groups do not divide."""
        if self.in_channels is not None:
            raise self._wrong_channels("input channel", self.in_channels, channels, shape)
        if channels % self.groups:
            problem = f"groups must divide the input channels, got groups={show(self.groups)}"
            raise self._misfit(
                f"{problem}, {show(channels)} channels in shape {show(shape)}", shape
            )

    def _checked_parameters(self, shape: Shape | None) -> tuple[Parameter, ...]:
        in_channels = self.in_channels or self._arriving_channels(shape, "in_channels")
        kernel = Parameter(
            "weight", (self.out_channels, in_channels // self.groups, *self.kernel_size)
        )
        return (kernel, Parameter("bias", (self.out_channels,))) if self.bias else (kernel,)

    def _checked_num_params(self, shape: Shape | None) -> int:
        in_channels = self.in_channels or self._arriving_channels(shape, "in_channels")
        return conv_params(in_channels, self.out_channels, self.kernel_size, self.groups, self.bias)

    def _checked_num_macs(self, shape: Shape | None, output: Shape | None) -> int:
        channels = self._split(self._needed(shape, "the number of multiply-accumulates"))[0]
        lengths = self._split(self._needed(output, "the number of multiply-accumulates"))[1]
        return conv_macs(channels, self.out_channels, self.kernel_size, lengths, self.groups)

    def _brief(self, value: Any) -> str:
        sizes = entries(value)
        alike = sizes and type(sizes[0]) is int and len(set(sizes)) == 1
        return repr(value[0] if alike else value)


class Conv1d(Conv):
    """A convolution along one axis: (channels, length).

    Fields, formula and errors are those of `Conv2d`.

    Example:
        >>> conv = Conv1d(7, 32, 5)
        >>> conv.output_shape((7, 100)), conv.num_params()
        ((32, 96), 1152)
    """

    __slots__ = ()
    _rank = 1


class Conv2d(Conv):
    """A convolution over an image: (channels, height, width), without the batch axis.

    Along each axis `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1` positions come out, and
    `(k_h·k_w·C_in / g + 1)·C_out` values are learnt.

    Args:
        in_channels: channels that must arrive; None takes what arrives.
        out_channels: channels that leave, one for each filter.
        kernel_size: taps along each axis: an int for all axes or a tuple of one
            for each.
        stride: steps from one window to the next, likewise.
        padding: positions added on both sides of each axis, likewise; or for
            each axis a pair (before, after); or "same", so that an axis of n
            keeps ⌈n / stride⌉ positions; or "valid", which is 0.
        dilation: steps from one tap to the next, likewise.
        groups: parts the channels are divided into; out_channels and the input
            channels must be multiples of it.
        bias: whether each output channel has a value added.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is out of its range, has the wrong number of axes,
            or groups do not divide the channels.
        ShapeError: what arrives has the wrong number of axes or channels, or is
            smaller than the window.

    Source:
        torch 2.13 `torch.nn.Conv2d`, with two differences: "same" is allowed
        with any stride, as in TensorFlow and Keras; and all fields are checked
        here, not at the first input.

    Example:
        >>> conv = Conv2d(3, 5, kernel_size=5)
        >>> conv.output_shape((3, 32, 32)), conv.num_params()
        ((5, 28, 28), 380)
        >>> [(tensor.name, tensor.shape) for tensor in conv.parameters()]
        [('weight', (5, 3, 5, 5)), ('bias', (5,))]
    """

    __slots__ = ()
    _rank = 2


class Conv3d(Conv):
    """A convolution over a volume: (channels, depth, height, width).

    Fields, formula and errors are those of `Conv2d`.

    Example:
        >>> conv = Conv3d(16, 32, 3)
        >>> conv.output_shape((16, 8, 8, 8)), conv.num_params()
        ((32, 6, 6, 6), 13856)
    """

    __slots__ = ()
    _rank = 3
