"""Recurrent layers whose weights are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import lcm, prod

from paramcalc.formulas import (
    conv_lstm_macs,
    conv_lstm_params,
    dilated_kernel_size,
    same_padding,
)
from paramcalc.layers import _fields
from paramcalc.layers._axes import SlidingLayer, T
from paramcalc.layers._base import Form, Parameter, Shape, Sources, Window
from paramcalc.layers._fields import Axes, DataFormat, GivenPadding, Padding, layer
from paramcalc.layers._saved import INPUT, Saved, own


class TimedLayer(SlidingLayer):
    """A layer with windows whose input has an axis of time before the others."""

    __slots__ = ()
    _family = "time spatial"
    _kind = "convolution"
    _rank: int  # pyright: ignore[reportIncompatibleVariableOverride]

    def _split(self, shape: tuple[T, ...]) -> tuple[T, tuple[T, ...]]:
        return SlidingLayer._split(self, shape[1:])

    def _lengths(self, shape: tuple[T, ...]) -> tuple[T, ...]:
        if len(shape) != self._rank + 2:
            raise self._wrong_rank(shape, self._rank)
        return self._split(shape)[1]

    def _stated_axis(self) -> int:
        return -1 if self._channels_last else 1

    def _stated_form(self) -> Form | None:
        form = SlidingLayer._stated_form(self)
        return form and (None, *form)


@layer
class ConvLSTM(TimedLayer):
    """A convolutional LSTM along some number of spatial axes."""

    in_channels: int | None = _fields.optional_count("C_in", states="channels")
    out_channels: int = _fields.count("C_out")
    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    dilation: tuple[int, ...] = _fields.per_axis("d")
    bias: bool = _fields.flag()
    _: KW_ONLY
    return_sequences: bool = _fields.flag()
    data_format: DataFormat | None = _fields.data_format()

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        dilation: Axes = 1,
        bias: bool = True,
        *,
        return_sequences: bool = False,
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, stride, padding, dilation
        self._set(in_channels, out_channels, *windows, bias, return_sequences, data_format)

    @property
    def _family_after(self) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self._family if self.return_sequences else "spatial"

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        if self.in_channels not in (None, shape[self._stated_axis()]):
            raise self._wrong_channels("input channel", shape)
        windows = self.kernel_size, self.stride, self.padding, self.dilation
        frame = self._join(self.out_channels, self._slide(shape, lengths, *windows))
        return (shape[0], *frame) if self.return_sequences else frame

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        rows, channels = 4 * self.out_channels, self._stated(shape)
        weights = (
            Parameter("weight_ih", (rows, channels, *self.kernel_size)),
            Parameter("weight_hh", (rows, self.out_channels, *self.kernel_size)),
        )
        return (*weights, Parameter("bias_ih", (rows,))) if self.bias else weights

    def _params(self, shape: Shape | None) -> int:
        sizes = self._stated(shape), self.out_channels, self.kernel_size
        return conv_lstm_params(*sizes, self.bias)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        known = self._needed(shape, "the number of multiply-accumulates")
        frame = (output or ())[self.return_sequences :]
        lengths = SlidingLayer._split(self, frame)[1]
        sizes = known[self._stated_axis()], self.out_channels, self.kernel_size
        return conv_lstm_macs(known[0], *sizes, lengths)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The input, and at each position four gates, two cells and the output before it."""
        frame = output[self.return_sequences :]
        return (*INPUT, own(7 * shapes[0][0] * prod(frame)))

    def _sources(self, shape: Form) -> Sources:
        return self._around(self._windows(shape))

    def _covering(self, shape: Form) -> Sources:
        return self._around(SlidingLayer._windows(self, shape))

    def _around(self, windows: Sequence[Window | None]) -> Sources:
        """The sources with these windows; the time is seen whole."""
        frame = enumerate(self._join(None, windows), 1)
        found = [None if one is None else (axis, one) for axis, one in frame]
        return (None, *found) if self.return_sequences else tuple(found)

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        """The windows of the last position in time, from the first to the last tap.

        Each earlier position is seen through one more of the convolutions from output to output.
        One window has no gaps, so `clipped` at the border may include positions between taps.
        """
        known = SlidingLayer._windows(self, shape)
        if shape[0] is None and max(self.kernel_size) > 1:
            raise self._missing("the receptive field")
        earlier = (shape[0] or 1) - 1
        found: list[Window | None] = []
        for one in filter(None, known):
            size, step = one.kernel_size, one.stride
            left, right = [earlier * side * step for side in same_padding(1, size)]
            if left + right:
                reach = dilated_kernel_size(size, one.dilation)
                one = Window(left + reach + right, step, one.padding + left)
            found.append(one)
        return found

    def _period(self) -> int | None:
        return lcm(*self.stride)


class ConvLSTM1d(ConvLSTM):
    """A convolutional LSTM over signals: (time, channels, length).

    Otherwise as `ConvLSTM2d`.

    Example:
        >>> ConvLSTM1d(7, 32, 5).output_shape((10, 7, 100)), ConvLSTM1d(7, 32, 5).num_params()
        ((32, 96), 25088)
    """

    __slots__ = ()
    _rank = 1


class ConvLSTM2d(ConvLSTM):
    """A convolutional LSTM over images: (time, channels, height, width).

    An `LSTM` whose weights are convolutions: at each position in time the four gates come from one
    convolution of the input, with the fields of `Conv2d`, and one of the output before, of the same
    kernel size, which keeps lengths. `4·(k_h·k_w·(C_in + C_out) + 1)·C_out` parameters.

    Args:
        in_channels: channels of the input; None takes them from the input.
        out_channels: channels of the output.
        kernel_size: taps along each axis: an int for all axes, or a tuple of one per axis.
        stride: as in `Conv2d`, of the convolution of the input.
        padding: likewise.
        dilation: likewise.
        bias: whether each gate has a bias per channel.
        return_sequences: whether the output has all positions in time, or only the last.
        data_format: where the channels are, after the time: "channels_first" or "channels_last".

    Source:
        Keras 3 `ConvLSTM2D`. Shi and others, "Convolutional LSTM Network: A Machine Learning
        Approach for Precipitation Nowcasting", equation 3, without its products of gates and cell.
        Tensors have the names of torch's `LSTMCell` and the layout of its `Conv2d`.

    Example:
        >>> layer = ConvLSTM2d(3, 16, 3, padding="same")
        >>> layer.output_shape((10, 3, 64, 64)), layer.num_params()
        ((16, 64, 64), 11008)
        >>> ConvLSTM2d(3, 16, 3, return_sequences=True).output_shape((10, 3, 64, 64))
        (10, 16, 62, 62)
    """

    __slots__ = ()
    _rank = 2


class ConvLSTM3d(ConvLSTM):
    """A convolutional LSTM over volumes: (time, channels, depth, height, width).

    Otherwise as `ConvLSTM2d`.

    Example:
        >>> ConvLSTM3d(3, 16, 3).num_params()
        32896
    """

    __slots__ = ()
    _rank = 3
