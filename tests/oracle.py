"""The same questions answered by walking and counting, without a formula and without paramcalc."""

from __future__ import annotations

from itertools import count, product


def window_starts(
    length: int,
    kernel_size: int,
    stride: int,
    before: int,
    after: int,
    dilation: int,
    *,
    ceil_mode: bool = False,
) -> list[int]:
    """Where windows start, the axis being at 0 to length - 1 and its padding around it.

    A window counts if each of its taps lies on the axis or its padding. With
    ceil_mode, it may reach past the padding on the right by less than one stride,
    but has to start on the axis or the padding on its left.
    """
    end = length + after + (stride - 1 if ceil_mode else 0)
    starts: list[int] = []
    for start in count(-before, stride):
        taps = [start + tap * dilation for tap in range(kernel_size)]
        if not all(-before <= tap < end for tap in taps):
            return starts
        if ceil_mode and start >= length:
            return starts
        starts.append(start)
    raise AssertionError


def same_starts(length: int, stride: int) -> list[int]:
    """The positions that "same" keeps: every stride-th of the axis."""
    return [position for position in range(length) if position % stride == 0]


def least_padding(length: int, kernel_size: int, stride: int, dilation: int) -> int:
    """The smallest total padding with which as many windows fit as "same" keeps."""
    for total in count():
        fitting = window_starts(length, kernel_size, stride, 0, total, dilation)
        if len(fitting) >= len(same_starts(length, stride)):
            return total
    raise AssertionError


def conv_weights(
    in_channels: int, out_channels: int, kernel_size: tuple[int, ...], groups: int
) -> list[tuple[int, ...]]:
    """Every weight of a convolution as (output channel, input channel, tap along each axis)."""
    weights: list[tuple[int, ...]] = []
    for filter_, channel in product(range(out_channels), range(in_channels)):
        same_group = filter_ * groups // out_channels == channel * groups // in_channels
        if same_group:
            taps = product(*[range(size) for size in kernel_size])
            weights += [(filter_, channel, *tap) for tap in taps]
    return weights
