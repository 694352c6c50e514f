"""Convolutions, transposed or not."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import (
    as_axes,
    as_bool,
    as_choice,
    as_count,
    as_optional_count,
    as_padding,
    entries,
    name_of,
)
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import conv_macs, conv_params, dilated_kernel_size, transposed_length
from paramcalc.layers._axes import (
    FORMATS,
    Padding,
    SpatialLayer,
    as_pairs,
    spatial_axes,
    window_lengths,
)
from paramcalc.layers._base import Parameter, Shape, Sources, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Convolution(SpatialLayer):
    """What convolutions share, transposed or not: channels, groups, and the count of weights."""

    __slots__ = ()

    in_channels: int | None
    out_channels: int
    kernel_size: tuple[int, ...]
    groups: int
    bias: bool

    def _check_groups(self, field: str, channels: int | None) -> None:
        if channels is not None and channels % self.groups:
            values = f"groups={show(self.groups)}, {field}={show(channels)}"
            raise ConfigError(f"{name_of(self)}: groups must divide {field}, got {values}")

    def _check_channels(self, channels: int, shape: Shape) -> None:
        """Refuse channels that are not those stated, or that the groups do not divide."""
        if self.in_channels is not None:
            raise self._wrong_channels("input channel", self.in_channels, channels, shape)
        if channels % self.groups:
            problem = f"groups must divide the input channels, got groups={show(self.groups)}"
            raise self._misfit(
                f"{problem}, {show(channels)} channels in shape {show(shape)}", shape
            )

    def _with_bias(self, weight: Shape) -> tuple[Parameter, ...]:
        kernel = Parameter("weight", weight)
        return (kernel, Parameter("bias", (self.out_channels,))) if self.bias else (kernel,)

    def _params(self, shape: Shape | None) -> int:
        in_channels = self.in_channels or self._arriving_channels(shape, "in_channels")
        return conv_params(in_channels, self.out_channels, self.kernel_size, self.groups, self.bias)

    def _brief(self, value: Any) -> str:
        sizes = entries(value)
        alike = sizes and type(sizes[0]) is int and len(set(sizes)) == 1
        return repr(value[0] if alike else value)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Conv(Convolution):
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
        put(self, "padding", as_padding(padding, self, "padding", rank))
        put(self, "dilation", as_axes(dilation, self, "dilation", rank))
        put(self, "groups", as_count(groups, self, "groups"))
        put(self, "bias", as_bool(bias, self, "bias"))
        put(self, "data_format", as_choice(data_format, self, "data_format", *FORMATS))
        if self.groups != 1:
            self._check_groups("in_channels", self.in_channels)
            self._check_groups("out_channels", self.out_channels)

    def _shape(self, shape: Shape) -> Shape:
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

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        sizes = self.kernel_size, self.stride, self.padding, self.dilation
        return self._sliding_sources(input_shape, *sizes)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        in_channels = self.in_channels or self._arriving_channels(shape, "in_channels")
        return self._with_bias((self.out_channels, in_channels // self.groups, *self.kernel_size))

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        channels = self._split(self._needed(shape, "the number of multiply-accumulates"))[0]
        lengths = self._split(self._needed(output, "the number of multiply-accumulates"))[1]
        return conv_macs(channels, self.out_channels, self.kernel_size, lengths, self.groups)


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


@dataclass(frozen=True, slots=True, init=False, repr=False)
class ConvTranspose(Convolution):
    """What `ConvTranspose1d`, `2d` and `3d` share: all but the number of spatial axes."""

    in_channels: int | None
    out_channels: int
    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Padding
    output_padding: tuple[int, ...]
    groups: int
    bias: bool
    dilation: tuple[int, ...]
    _: KW_ONLY
    data_format: str

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | str | tuple[int, ...] | tuple[tuple[int, int], ...] = 0,
        output_padding: int | tuple[int, ...] = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: int | tuple[int, ...] = 1,
        *,
        data_format: str = "channels_first",
    ) -> None:
        rank = self._rank
        put = object.__setattr__
        put(self, "in_channels", as_optional_count(in_channels, self, "in_channels"))
        put(self, "out_channels", as_count(out_channels, self, "out_channels"))
        put(self, "kernel_size", as_axes(kernel_size, self, "kernel_size", rank))
        put(self, "stride", as_axes(stride, self, "stride", rank))
        put(self, "padding", as_padding(padding, self, "padding", rank))
        put(self, "output_padding", as_axes(output_padding, self, "output_padding", rank, 0))
        put(self, "groups", as_count(groups, self, "groups"))
        put(self, "bias", as_bool(bias, self, "bias"))
        put(self, "dilation", as_axes(dilation, self, "dilation", rank))
        put(self, "data_format", as_choice(data_format, self, "data_format", *FORMATS))
        self._check_groups("in_channels", self.in_channels)
        self._check_groups("out_channels", self.out_channels)
        steps = map(max, self.stride, self.dilation)
        if any(more >= step for more, step in zip(self.output_padding, steps, strict=True)):
            values = f"output_padding={show(output_padding)}, stride={show(stride)}"
            raise ConfigError(
                f"{name_of(self)}: output_padding must be less than stride or dilation, "
                f"got {values}, dilation={show(dilation)}"
            )
        if self.padding == "same" and any(self.output_padding):
            raise ConfigError(
                f"{name_of(self)}: output_padding must be 0 where padding is 'same', "
                f"got {show(output_padding)}"
            )

    def _shape(self, shape: Shape) -> Shape:
        if len(shape) != self._rank + 1:
            raise self._wrong_rank(shape, self._rank)
        channels, lengths = self._split(shape)
        if channels != self.in_channels:
            self._check_channels(channels, shape)
        if isinstance(self.padding, str):
            counts = [length * step for length, step in zip(lengths, self.stride, strict=True)]
        else:
            fields = self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation
            counts = list(map(transposed_length, lengths, *fields))
        if 0 in counts:
            axis = counts.index(0)
            where = f"{spatial_axes(self._rank)[axis][2]} {show(lengths[axis])}"
            raise self._misfit(
                f"padding {show(self.padding[axis])} leaves nothing of {where}", shape
            )
        return self._join(self.out_channels, counts)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        windows: list[Window] = []
        for axis, (size, step, spread) in enumerate(
            zip(self.kernel_size, self.stride, self.dilation, strict=True)
        ):
            reach = dilated_kernel_size(size, spread)
            if isinstance(self.padding, str):
                # It leaves n·s of the (n − 1)·s + reach positions, and crops the two sides alike.
                before = max(reach - step, 0) // 2
            else:
                before = as_pairs(self.padding)[axis][0]
            windows.append(Window(size, 1, reach - 1 - before, spread, spacing=step))
        return self._spatial_sources(windows)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        in_channels = self.in_channels or self._arriving_channels(shape, "in_channels")
        return self._with_bias((in_channels, self.out_channels // self.groups, *self.kernel_size))

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        channels, lengths = self._split(self._needed(shape, "the number of multiply-accumulates"))
        return conv_macs(channels, self.out_channels, self.kernel_size, lengths, self.groups)


class ConvTranspose1d(ConvTranspose):
    """A transposed convolution along one axis: (channels, length).

    Fields, formula and errors are those of `ConvTranspose2d`.

    Example:
        >>> conv = ConvTranspose1d(32, 7, 5, stride=2)
        >>> conv.output_shape((32, 48)), conv.num_params()
        ((7, 99), 1127)
    """

    __slots__ = ()
    _rank = 1


class ConvTranspose2d(ConvTranspose):
    """A transposed convolution ("deconvolution") over an image: (channels, height, width).

    Along each axis `(n − 1)·s − 2p + d·(k − 1) + o + 1` positions come out: the
    length from which a convolution with the same fields makes n. As many values are
    learnt as by that convolution, `(k_h·k_w·C_in / g + 1)·C_out`. Each of the n
    positions meets each weight of its channel once, so that they, not those that
    come out, count for the multiply-accumulates.

    Args:
        in_channels: channels that must arrive; None takes what arrives.
        out_channels: channels that leave.
        kernel_size: taps along each axis: an int for all axes or a tuple of one
            for each.
        stride: steps between the places of neighbouring inputs, likewise.
        padding: positions taken off on both sides of each axis, likewise; or for
            each axis a pair (before, after); or "same", so that an axis of n
            becomes n·stride; or "valid", which is 0.
        output_padding: positions added at the end of each axis, likewise; less
            than stride or dilation.
        groups: parts the channels are divided into; out_channels and the input
            channels must be multiples of it.
        bias: whether each output channel has a value added.
        dilation: steps from one tap to the next, likewise.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is out of its range, has the wrong number of axes,
            or groups do not divide the channels.
        ShapeError: what arrives has the wrong number of axes or channels, or
            padding leaves nothing of it.

    Source:
        torch 2.13 `torch.nn.ConvTranspose2d`, with "same" as in Keras 3
        `Conv2DTranspose`; there, "valid" makes `n·s` where the stride is larger than
        the kernel, and torch's `(n − 1)·s + k` is followed here.

    Example:
        >>> conv = ConvTranspose2d(64, 32, 2, stride=2)
        >>> conv.output_shape((64, 28, 28)), conv.num_params()
        ((32, 56, 56), 8224)
        >>> [(tensor.name, tensor.shape) for tensor in conv.parameters()]
        [('weight', (64, 32, 2, 2)), ('bias', (32,))]
    """

    __slots__ = ()
    _rank = 2


class ConvTranspose3d(ConvTranspose):
    """A transposed convolution over a volume: (channels, depth, height, width).

    Fields, formula and errors are those of `ConvTranspose2d`.

    Example:
        >>> conv = ConvTranspose3d(32, 16, 3, stride=2, padding=1, output_padding=1)
        >>> conv.output_shape((32, 6, 6, 6)), conv.num_params()
        ((16, 12, 12, 12), 13840)
    """

    __slots__ = ()
    _rank = 3
