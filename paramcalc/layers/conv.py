"""Convolutions, transposed or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import lcm

from paramcalc.errors import ConfigError, show
from paramcalc.formulas import conv_macs, conv_params, dilated_kernel_size, transposed_length
from paramcalc.layers import _fields
from paramcalc.layers._axes import SlidingLayer, as_pairs
from paramcalc.layers._base import Form, Parameter, Shape, Window
from paramcalc.layers._fields import Axes, DataFormat, GivenPadding, Padding, layer
from paramcalc.layers._saved import INPUT, Saved
from paramcalc.layers._windows import transposed


class Convolution(SlidingLayer):
    """Convolutions, transposed or not: channels, groups and weights."""

    __slots__ = ()
    _kind = "convolution"
    _keeps_channels = False

    _rank: int  # pyright: ignore[reportIncompatibleVariableOverride]
    in_channels: int | None
    out_channels: int
    groups: int
    bias: bool

    def _check(self) -> None:
        if self.groups != 1:
            self._check_divides("groups", "in_channels")
            self._check_divides("groups", "out_channels")

    def _channels(self, shape: Shape | None) -> tuple[int, int]:
        """The channels that groups share, and those of the output."""
        return self.in_channels or self._stated(shape), self.out_channels

    def _weight(self, shape: Shape | None) -> Shape:
        in_channels, out_channels = self._channels(shape)
        return (out_channels, in_channels // self.groups, *self.kernel_size)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        weight = Parameter("weight", self._weight(shape))
        return (weight, Parameter("bias", self._channels(shape)[1:])) if self.bias else (weight,)

    def _params(self, shape: Shape | None) -> int:
        in_channels = self.in_channels or self._stated(shape)  # Without _channels: the hot path.
        return conv_params(in_channels, self.out_channels, self.kernel_size, self.groups, self.bias)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        """Each weight is used once per position of `output`."""
        self._needed(shape, "the number of multiply-accumulates")
        lengths = self._split(output or ())[1]
        return conv_macs(*self._channels(shape), self.kernel_size, lengths, self.groups)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return INPUT

    def _divisor(self) -> int:
        return self.groups if self.in_channels is None else 1

    def _period(self) -> int | None:
        return lcm(*self.stride) * self._divisor()


@layer
class Conv(Convolution):
    """A convolution along some number of spatial axes."""

    in_channels: int | None = _fields.optional_count("C_in", states="channels")
    out_channels: int = _fields.count("C_out")
    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    dilation: tuple[int, ...] = _fields.per_axis("d")
    groups: int = _fields.count("g", divides=True)
    bias: bool = _fields.flag()
    _: KW_ONLY
    data_format: DataFormat | None = _fields.data_format()

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        dilation: Axes = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, stride, padding, dilation
        self._set(in_channels, out_channels, *windows, groups, bias, data_format)

    def _shape(self, shape: Shape) -> Shape:
        if len(shape) != self._rank + 1:
            raise self._wrong_rank(shape, self._rank)
        first = self.data_format != "channels_last"  # Without _split and _join: the hot path.
        channels, lengths = (shape[0], shape[1:]) if first else (shape[-1], shape[:-1])
        if channels != self.in_channels:
            self._check_channels("groups", "input channel", shape)
        counts = self._slide(
            shape, lengths, self.kernel_size, self.stride, self.padding, self.dilation
        )
        return (self.out_channels, *counts) if first else (*counts, self.out_channels)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return self._padded(shapes[0])


class Conv1d(Conv):
    """A convolution along one axis: (channels, length).

    Otherwise as `Conv2d`. Its padding may also be "causal": d·(k − 1) positions before the axis and
    none after, so that no output sees a later input. As with "same", the length is ⌈n / stride⌉.

    Source:
        torch 2.13 `torch.nn.Conv1d`; "causal" as in Keras 3 `Conv1D`.

    Example:
        >>> conv = Conv1d(7, 32, 5)
        >>> conv.output_shape((7, 100)), conv.num_params()
        ((32, 96), 1152)
        >>> Conv1d(7, 32, 5, dilation=2, padding="causal").output_shape((7, 100))
        (32, 100)
    """

    __slots__ = ()
    _rank = 1
    _paddings = ("same", "valid", "causal")


class Conv2d(Conv):
    """A convolution over an image: (channels, height, width).

    Each length n becomes `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1`; there are
    `(k_h·k_w·C_in / g + 1)·C_out` parameters.

    Args:
        in_channels: channels of the input; None takes them from the input.
        out_channels: channels of the output, one per filter.
        kernel_size: taps along each axis: an int for all axes, or a tuple of one per axis.
        stride: steps from one window to the next, likewise.
        padding: positions added to both sides of each axis, likewise; or a pair (before, after)
            per axis; or "same", which gives a length of ⌈n / stride⌉; or "valid", which is 0.
        dilation: steps from one tap to the next, likewise.
        groups: parts of the channels; it must divide both numbers of channels.
        bias: whether each output channel has a bias.
        data_format: "channels_first", or "channels_last", as in (height, width, channels); None
            is that of the network, or else channels first.

    Source:
        torch 2.13 `torch.nn.Conv2d`, with two differences: "same" is allowed with any stride, as in
        TensorFlow and Keras; and all fields are checked when the layer is made.

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

    Otherwise as `Conv2d`.

    Example:
        >>> Conv3d(16, 32, 3).output_shape((16, 8, 8, 8))
        (32, 6, 6, 6)
    """

    __slots__ = ()
    _rank = 3


@layer
class ConvTranspose(Convolution):
    """A transposed convolution along some number of spatial axes."""

    in_channels: int | None = _fields.optional_count("C_in", states="channels")
    out_channels: int = _fields.count("C_out")
    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    output_padding: tuple[int, ...] = _fields.per_axis("o", minimum=0)
    groups: int = _fields.count("g", divides=True)
    bias: bool = _fields.flag()
    dilation: tuple[int, ...] = _fields.per_axis("d")
    _: KW_ONLY
    data_format: DataFormat | None = _fields.data_format()

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        output_padding: Axes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Axes = 1,
        *,
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, stride, padding, output_padding
        self._set(in_channels, out_channels, *windows, groups, bias, dilation, data_format)
        steps = map(max, self.stride, self.dilation)
        if any(more >= step for more, step in zip(self.output_padding, steps, strict=True)):
            values = f"output_padding={show(output_padding)}, stride={show(stride)}"
            raise ConfigError(
                f"{type(self).__name__}: output_padding must be less than stride or dilation, "
                f"got {values}, dilation={show(dilation)}"
            )
        if self.padding == "same" and any(self.output_padding):
            raise ConfigError(
                f"{type(self).__name__}: output_padding must be 0 where padding is 'same', "
                f"got {show(output_padding)}"
            )

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        self._check_channels("groups", "input channel", shape)
        if isinstance(self.padding, str):
            counts = [length * step for length, step in zip(lengths, self.stride, strict=True)]
        else:
            fields = self.kernel_size, self.stride, self.padding, self.output_padding, self.dilation
            counts = list(map(transposed_length, lengths, *fields))
        self._check_left(counts, "padding", self.padding, shape)
        return self._join(self.out_channels, counts)

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        self._lengths(shape)
        if isinstance(self.padding, str):
            # "same" keeps n·s of the (n − 1)·s + reach positions and crops both sides alike.
            reaches = map(dilated_kernel_size, self.kernel_size, self.dilation)
            extra = [reach - step for reach, step in zip(reaches, self.stride, strict=True)]
            cropped = [max(one, 0) // 2 for one in extra]
        else:
            cropped = [before for before, _ in as_pairs(self.padding, self._rank)]
        return list(map(transposed, self.kernel_size, self.stride, cropped, self.dilation))

    def _period(self) -> int | None:
        return self._divisor()  # Each step of it is one of the input.

    def _weight(self, shape: Shape | None) -> Shape:
        return (self._stated(shape), self.out_channels // self.groups, *self.kernel_size)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return Convolution._macs(self, shape, shape)  # Each weight meets each input position.


class ConvTranspose1d(ConvTranspose):
    """A transposed convolution along one axis: (channels, length).

    Otherwise as `ConvTranspose2d`.

    Example:
        >>> conv = ConvTranspose1d(32, 7, 5, stride=2)
        >>> conv.output_shape((32, 48)), conv.num_params()
        ((7, 99), 1127)
    """

    __slots__ = ()
    _rank = 1


class ConvTranspose2d(ConvTranspose):
    """A transposed convolution ("deconvolution") over an image: (channels, height, width).

    Each length n becomes `(n − 1)·s − 2p + d·(k − 1) + o + 1`, from which a convolution with the
    same fields makes n. There are `(k_h·k_w·C_in / g + 1)·C_out` parameters, as in a convolution.
    Each position of the input, not of the output, uses each weight once.

    Args:
        in_channels: channels of the input; None takes them from the input.
        out_channels: channels of the output.
        kernel_size: taps along each axis: an int for all axes, or a tuple of one per axis.
        stride: steps on the output from one position of the input to the next, likewise.
        padding: positions removed from both sides of each axis, likewise; or a pair (before, after)
            per axis; or "same", which gives a length of n·stride; or "valid", which is 0.
        output_padding: positions added at the end of each axis, likewise; less than stride or
            dilation.
        groups: parts of the channels; it must divide both numbers of channels.
        bias: whether each output channel has a bias.
        dilation: steps from one tap to the next, likewise.

    Source:
        torch 2.13 `torch.nn.ConvTranspose2d`, with "same" as in Keras 3 `Conv2DTranspose`.
        Keras's "valid" gives n·s where the stride exceeds the kernel; here it is torch's
        `(n − 1)·s + k`.

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

    Otherwise as `ConvTranspose2d`.

    Example:
        >>> conv = ConvTranspose3d(32, 16, 3, stride=2, padding=1, output_padding=1)
        >>> conv.output_shape((32, 6, 6, 6))
        (16, 12, 12, 12)
    """

    __slots__ = ()
    _rank = 3
