"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import lcm, prod
from typing import Any, Literal

from paramcalc._checks import as_axes, as_optional_count, entries, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import window_length
from paramcalc.layers import _fields
from paramcalc.layers._axes import SlidingLayer, SpatialLayer, as_pairs, spatial_axes, spread
from paramcalc.layers._base import Form, Shape, Sources, Window
from paramcalc.layers._fields import Axes, DataFormat, GivenPadding, Padding, layer
from paramcalc.layers._saved import INPUT, INT64, OUTPUT, Saved, own
from paramcalc.layers._windows import adaptive

Mode = Literal["max", "avg"]


@layer
class Pool(SlidingLayer):
    """A maximum or average over a sliding window.

    It works along any number of spatial axes. The channels stay, and each length n becomes
    `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1`.

    Args:
        kernel_size: positions of the window along each axis: an int for any number of axes, or a
            tuple.
        stride: steps from one window to the next, likewise; None is the kernel size.
        padding: positions added to both sides of each axis, likewise, at most half the window; or a
            pair (before, after) per axis; or "same", which gives a length of ⌈n / stride⌉; or
            "valid", which is 0.
        dilation: steps from one position of the window to the next, likewise.
        ceil_mode: whether the quotient is rounded up, so that the last window may reach past the
            padding; it must start before the end of the input.
        mode: "max" or "avg".
        data_format: "channels_first", or "channels_last", as in (height, width, channels); None
            is that of the network, or else channels first.

    Source:
        torch 2.13 `torch.nn.MaxPool2d` and `AvgPool2d`; "same" as in TensorFlow and Keras. torch
        has no dilated average pooling, and refuses a 3-D average window above the unpadded input.

    Example:
        >>> Pool(2).output_shape((32, 24, 24)), Pool(3, stride=2).output_shape((5, 28, 28))
        ((32, 12, 12), (5, 13, 13))
        >>> Pool(2, ceil_mode=True).output_shape((8, 5))
        (8, 3)
    """

    kernel_size: Axes = _fields.per_axis("k")
    stride: Axes = _fields.per_axis("s")
    padding: int | Padding = _fields.padding()
    dilation: Axes = _fields.per_axis("d")
    ceil_mode: bool = _fields.flag()
    _: KW_ONLY
    mode: Mode = _fields.choice(Mode)
    data_format: DataFormat | None = _fields.data_format(default=None)

    def __init__(
        self,
        kernel_size: Axes,
        stride: Axes | None = None,
        padding: GivenPadding = 0,
        dilation: Axes = 1,
        ceil_mode: bool = False,
        *,
        mode: Mode = "max",
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, kernel_size if stride is None else stride, padding, dilation
        ranks = [max(len(one), 1) for one in windows if isinstance(one, tuple | list)]
        rank = ranks[0] if ranks else None  # Without a tuple, it fits any number of axes.
        self._set(*windows, ceil_mode, mode, data_format, rank=rank)
        if self.padding != "same":
            pairs = zip(spread(self.kernel_size, 1), spread(self.padding, 1), strict=True)
            if any(2 * (p if isinstance(p, int) else max(p)) > k for k, p in pairs):
                values = f"padding={show(padding)}, kernel_size={show(kernel_size)}"
                problem = f"padding must be at most half of kernel_size, got {values}"
                raise ConfigError(f"Pool: {problem}")

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        rank = len(lengths)
        kernel_size, stride, padding, dilation = [
            one if isinstance(one, tuple | str) else (one,) * rank  # Without spread: the hot path.
            for one in (self.kernel_size, self.stride, self.padding, self.dilation)
        ]
        counts = self._slide(shape, lengths, kernel_size, stride, padding, dilation, self.ceil_mode)
        return self._join(shape[self._stated_axis()], counts)

    def _remark(self, shape: Shape) -> str:
        """Which windows ceil_mode drops."""
        if not self.ceil_mode or isinstance(self.padding, str):
            return ""
        lengths, counts = self._split(shape)[1], self._split(self._shape(shape))[1]
        rank, found = len(lengths), list[str]()
        names = [name for *_, name in spatial_axes(rank)]
        fields = [spread(one, rank) for one in (self.kernel_size, self.stride, self.dilation)]
        sides = as_pairs(self.padding, rank)
        for name, length, count, size, step, dilation, (before, after) in zip(
            names, lengths, counts, *fields, sides, strict=True
        ):
            # To round up is to round down with that much more after the axis.
            if window_length(length, size, step, (before, after + step - 1), dilation) > count:
                found.append(f"{name} {count * step - before}")
        if not found:
            return ""
        rule = "a window must start inside the input or the padding before it"
        return (
            f"ceil_mode drops the last window, which would start at {' and '.join(found)}: {rule}"
        )

    def _usual(self) -> dict[str, Any]:
        plain = Pool(self.kernel_size)  # The default stride is the kernel size.
        return {name: getattr(plain, name) for name in _fields.defaults_of(Pool)}

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """Of a maximum, where it was; torch keeps the input for its shape, even of an average."""
        return (*self._padded(shapes[0]), *chosen(self.mode, output))

    def _period(self) -> int | None:
        return lcm(*spread(self.stride, 1))


def chosen(mode: str, output: Shape) -> list[Saved]:
    """The index of each maximum."""
    return [own(prod(output), bits=INT64)] * (mode == "max")


def read_output_size(value: Any, owner: object, name: str, rank: int | None) -> Any:
    """An int, or a tuple in which None keeps an axis."""
    given = entries(value)
    if given is None:
        return as_axes(value, owner, name, rank)
    if not given:
        raise ConfigError(wrong(owner, name, "have at least one entry", given))
    return tuple([as_optional_count(one, owner, name) for one in given])


@layer
class AdaptivePool(SpatialLayer):
    """An average or maximum with a given output size.

    The windows follow from the sizes. The channels stay. Windows may overlap; they repeat positions
    if the input is shorter than the output.

    Args:
        output_size: length of each axis of the output: an int for any number of axes, or a tuple,
            in which None keeps a length.
        mode: "avg" or "max".

    Source:
        torch 2.13 `torch.nn.AdaptiveAvgPool2d` and `AdaptiveMaxPool2d`.

    Example:
        >>> AdaptivePool(1).output_shape((512, 7, 7))
        (512, 1, 1)
        >>> AdaptivePool((None, 7)).output_shape((512, 20, 20))
        (512, 20, 7)
    """

    output_size: int | tuple[int | None, ...] = _fields.declared(read_output_size, per_axis=True)
    _: KW_ONLY
    mode: Mode = _fields.choice(Mode, default="avg")
    data_format: DataFormat | None = _fields.data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        sizes = spread(self.output_size, len(lengths))
        counts = [size or length for size, length in zip(sizes, lengths, strict=True)]
        return self._join(shape[self._stated_axis()], counts)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """Nothing of an average of all, which is a mean."""
        is_mean = self.mode == "avg" and prod(output) == output[self._stated_axis()]
        return () if is_mean else (*INPUT, *chosen(self.mode, output))

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        lengths = self._lengths(shape)
        windows: list[Window | None] = []
        for size, length in zip(spread(self.output_size, len(lengths)), lengths, strict=True):
            if size == 1:
                windows.append(None)
            elif size is None:
                windows.append(Window())
            elif length is None:
                raise self._missing("the receptive field")
            else:
                windows.append(adaptive(length, size))
        return windows


@layer
class GlobalPool(SpatialLayer):
    """The average or maximum of each channel.

    The output has no other axis. `AdaptivePool(1)` keeps the other axes, with length 1. `mode` is
    "avg" or "max".

    Source:
        Keras 3 `GlobalAveragePooling2D` and `GlobalMaxPooling2D`.

    Example:
        >>> GlobalPool().output_shape((512, 7, 7))
        (512,)
    """

    _: KW_ONLY
    mode: Mode = _fields.choice(Mode, default="avg")
    data_format: DataFormat | None = _fields.data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        self._lengths(shape)
        return (shape[self._stated_axis()],)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """As of `torch.mean` and `torch.amax`."""
        return (*INPUT, Saved(OUTPUT)) if self.mode == "max" else ()

    def _sources(self, shape: Form) -> Sources:
        return ((len(shape) - 1 if self._channels_last else 0, Window()),)
