"""Pooling: what keeps one value of many."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import (
    as_axes,
    as_bool,
    as_choice,
    as_optional_count,
    as_padding,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, show
from paramcalc.layers._axes import FORMATS, Padding, SpatialLayer, spread, window_lengths
from paramcalc.layers._base import Shape, Sources, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Pool(SpatialLayer):
    """A maximum or average over a sliding window, along any number of spatial axes.

    Along each axis `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1` positions come out;
    rounded up with `ceil_mode`, as long as the last window starts inside the
    axis or its padding on the left. The channels stay.

    Args:
        kernel_size: positions the window covers along each axis: an int for as
            many axes as there are, or a tuple.
        stride: steps from one window to the next, likewise; None is the
            window's own size, so that windows touch.
        padding: positions added on both sides of each axis, likewise, at most
            half the window; or for each axis a pair (before, after); or "same",
            so that an axis of n keeps ⌈n / stride⌉ positions; or "valid", which
            is 0.
        dilation: steps from one position in the window to the next, likewise.
        ceil_mode: whether a last window may stick out.
        mode: "max" or "avg".
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is out of its range, or tuples differ in their
            number of axes.
        ShapeError: what arrives has the wrong number of axes, or is smaller
            than the window.

    Source:
        torch 2.13 `torch.nn.MaxPool2d` and `AvgPool2d`; "same" as in TensorFlow
        and Keras. An average pooling may be dilated, and a 3-D one may be
        larger than the input without its padding: both are refused by torch
        alone.

    Example:
        >>> Pool(2).output_shape((32, 24, 24)), Pool(3, stride=2).output_shape((5, 28, 28))
        ((32, 12, 12), (5, 13, 13))
        >>> Pool(2, ceil_mode=True).output_shape((8, 5))
        (8, 3)
    """

    kernel_size: int | tuple[int, ...]
    stride: int | tuple[int, ...]
    padding: int | Padding
    dilation: int | tuple[int, ...]
    ceil_mode: bool
    _: KW_ONLY
    mode: str
    data_format: str

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] | None = None,
        padding: int | str | tuple[int, ...] | tuple[tuple[int, int], ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        ceil_mode: bool = False,
        *,
        mode: str = "max",
        data_format: str = "channels_first",
    ) -> None:
        if stride is None:
            stride = kernel_size
        given = [entries(value) for value in (kernel_size, stride, padding, dilation)]
        ranks = [len(one) for one in given if one is not None]
        rank = max(ranks[0], 1) if ranks else 1
        axes: dict[str, Any] = {
            "kernel_size": as_axes(kernel_size, self, "kernel_size", rank),
            "stride": as_axes(stride, self, "stride", rank),
            "padding": as_padding(padding, self, "padding", rank),
            "dilation": as_axes(dilation, self, "dilation", rank),
        }
        if axes["padding"] != "same":
            for kernel, sides in zip(axes["kernel_size"], axes["padding"], strict=True):
                if 2 * (sides if isinstance(sides, int) else max(sides)) > kernel:
                    values = f"padding={show(padding)}, kernel_size={show(kernel_size)}"
                    raise ConfigError(
                        f"{name_of(self)}: padding must be at most half of kernel_size, got {values}"
                    )
        put = object.__setattr__
        for field, value in axes.items():  # Without a tuple, it is for any number of axes.
            put(self, field, value if ranks or value == "same" else value[0])
        put(self, "ceil_mode", as_bool(ceil_mode, self, "ceil_mode"))
        put(self, "mode", as_choice(mode, self, "mode", "max", "avg"))
        put(self, "data_format", as_choice(data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        channels, lengths = self._split(shape)
        kernel_size = self._per_axis(self.kernel_size, shape)
        rank = len(lengths)
        padding = self.padding if isinstance(self.padding, str) else spread(self.padding, rank)
        dilation = spread(self.dilation, rank)
        counts = window_lengths(
            lengths, kernel_size, spread(self.stride, rank), padding, dilation, self.ceil_mode
        )
        output = self._join(channels, counts)
        if 0 in counts:
            raise self._too_small(shape, output, kernel_size, padding, dilation)
        return output

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        rank = len(input_shape) - 1
        kernel_size, stride, dilation = [
            spread(one, rank) for one in (self.kernel_size, self.stride, self.dilation)
        ]
        padding = self.padding if isinstance(self.padding, str) else spread(self.padding, rank)
        return self._sliding_sources(
            input_shape, kernel_size, stride, padding, dilation, channels_stay=True
        )


@dataclass(frozen=True, slots=True, repr=False)
class AdaptivePool(SpatialLayer):
    """An average or maximum over as many windows as are wanted to come out.

    The channels stay. The windows are made to fit; they may overlap, and repeat
    positions where there are fewer than are to come out.

    Args:
        output_size: positions that come out along each axis: an int for as many
            axes as there are, or a tuple in which None keeps an axis as it is.
        mode: "avg" or "max".
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a size is less than 1, or there is none.
        ShapeError: what arrives has the wrong number of axes.

    Source:
        torch 2.13 `torch.nn.AdaptiveAvgPool2d` and `AdaptiveMaxPool2d`.

    Example:
        >>> AdaptivePool(1).output_shape((512, 7, 7))
        (512, 1, 1)
        >>> AdaptivePool((None, 7)).output_shape((512, 20, 20))
        (512, 20, 7)
    """

    output_size: int | tuple[int | None, ...]
    _: KW_ONLY
    mode: str = "avg"
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        given = entries(self.output_size)
        put = object.__setattr__
        if given is None:
            put(self, "output_size", as_axes(self.output_size, self, "output_size", 1)[0])
        elif not given:
            raise ConfigError(wrong(self, "output_size", "have at least one entry", given))
        else:
            sizes = [as_optional_count(one, self, "output_size") for one in given]
            put(self, "output_size", tuple(sizes))
        put(self, "mode", as_choice(self.mode, self, "mode", "max", "avg"))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        channels, lengths = self._split(shape)
        sizes = self._per_axis(self.output_size, shape)
        counts = [size or length for size, length in zip(sizes, lengths, strict=True)]
        return self._join(channels, counts)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        lengths = self._split(input_shape)[1]
        windows: list[Window | None] = []
        for size, length in zip(spread(self.output_size, len(lengths)), lengths, strict=True):
            if size == 1:
                windows.append(None)
            elif size is None:
                windows.append(Window())
            elif length is None:
                raise self._missing("the receptive field")
            else:  # The j-th window is from ⌊j·n/size⌋ to before ⌈(j + 1)·n/size⌉.
                windows.append(Window(length + size - 1, length, size - 1, spacing=size))
        return self._spatial_sources(windows, channels_stay=True)


@dataclass(frozen=True, slots=True, repr=False)
class GlobalPool(SpatialLayer):
    """The average or maximum of each channel: the channels are all that is left.

    `AdaptivePool(1)` keeps the other axes, at length 1.

    Args:
        mode: "avg" or "max".
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is none of those.
        ShapeError: there is nothing but channels.

    Source:
        Keras 3 `GlobalAveragePooling2D` and `GlobalMaxPooling2D`.

    Example:
        >>> GlobalPool().output_shape((512, 7, 7))
        (512,)
    """

    _: KW_ONLY
    mode: str = "avg"
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "mode", as_choice(self.mode, self, "mode", "max", "avg"))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        channels, lengths = self._split(shape)
        if not lengths:
            raise self._wrong_rank(shape, 1)
        return (channels,)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return ((0 if self.data_format == "channels_first" else len(input_shape) - 1, Window()),)
