"""Windows: which positions of an axis are seen from an output, and how many are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from operator import attrgetter
from typing import Any

from paramcalc._checks import as_int, entries, wrong
from paramcalc.errors import ConfigError, ParamcalcError, show


@dataclass(frozen=True, slots=True)
class Window:
    """Which positions of an axis a position of the output sees.

    Position j sees position i if `spacing·i = stride·j − padding + dilation·t` for a tap t from 0
    to kernel_size − 1. Spacing is 1 unless the axis becomes longer, as in a transposed convolution.

    Args:
        kernel_size: the number of taps.
        stride: the distance from a window to the next; 0 if all are the same.
        padding: how far before the axis the first window starts; negative if it starts within.
        dilation: the distance from a tap to the next.
        spacing: the distance from a position of the axis to the next.

    Example:
        >>> Window(3, stride=2, padding=1)
        Window(kernel_size=3, stride=2, padding=1, dilation=1, spacing=1)
    """

    kernel_size: int = 1
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    spacing: int = 1

    def __post_init__(self) -> None:
        least = {"kernel_size": 1, "stride": 0, "padding": None, "dilation": 1, "spacing": 1}
        for field, smallest in least.items():
            number = as_int(getattr(self, field), self, field)
            if smallest is not None and number < smallest:
                raise ConfigError(wrong(self, field, f"be at least {smallest}", number))
            object.__setattr__(self, field, number)


Sources = tuple[tuple[int, Window] | None, ...]
"""For each axis of the output, the axis of the input that it comes from, and its window; None if it
comes from no single axis, as the channels of a convolution."""


def as_sources(value: Any, layer: object, input_rank: int, output_rank: int | None) -> Sources:
    """The answer of a layer's `sources()`, checked."""
    given = entries(value)
    fits = given is not None and output_rank in (None, len(given))
    for one in given or ():
        match entries(one):
            case int(axis), Window() if not isinstance(axis, bool) and 0 <= axis < input_rank:
                pass
            case _:
                fits = fits and one is None
    if not fits:
        wanted = "have None or (axis, Window) for each axis of the output"
        raise TypeError(wrong(layer, "sources()", wanted, value))
    return given or ()


def merged_sources(
    shapes: Sequence[tuple[int | None, ...]], output: tuple[int, ...] | None, dim: int | None
) -> list[Sources]:
    """Where the merged output comes from in each branch.

    Args:
        shapes: the outputs of the branches, with None for unknown lengths.
        output: the merged shape, if known.
        dim: the axis along which branches are concatenated, if they are.
    """
    rank = max(map(len, shapes))
    found: list[Sources] = []
    start = 0
    for shape in shapes:
        new = rank - len(shape)
        windows = [
            # Every position sees the one that is broadcast.
            Window(stride=0) if output and length == 1 < output[axis] else Window()
            for axis, length in enumerate(shape, new)
        ]
        if dim is not None:
            windows[dim] = Window(padding=start)
            start += shape[dim] or 0
        found.append((*[None] * new, *enumerate(windows)))
    return found


# The windows of layers that lengthen an axis, or give it a fixed length.


def transposed(kernel_size: int, stride: int, padding: int, dilation: int) -> Window:
    """The window of a transposed convolution, whose `padding` is cut off the output."""
    reach = dilation * (kernel_size - 1)
    return Window(kernel_size, 1, reach - padding, dilation, spacing=stride)


def adaptive(before: int, after: int) -> Window:
    """The window of an adaptive pooling of `before` positions to `after`.

    Position j sees those from ⌊j·before/after⌋ up to, but not including, ⌈(j + 1)·before/after⌉.
    """
    return Window(before + after - 1, before, after - 1, spacing=after)


def interpolation(mode: str, before: int, after: int) -> Window:
    """The window of an interpolation of `before` positions to `after`.

    "nearest" sees the position at or before j·before/after. The others look around
    (j + ½)·before/after − ½: "nearest-exact" sees the nearest position, "bicubic" those less than
    2 away, and the rest those less than 1 away.
    """
    if mode == "nearest":
        return Window(after, before, after - 1, spacing=after)
    if mode == "nearest-exact":
        return Window(2 * after, 2 * before, 2 * after - 1 - before, spacing=2 * after)
    reach = (2 if mode == "bicubic" else 1) * 2 * after - 1
    return Window(2 * reach + 1, 2 * before, reach - (before - after), spacing=2 * after)


Seen = list[range] | None
"""The seen positions of an axis, as runs in order with gaps between them; None is all of them."""
MAX_LISTED = 1_000_000
"""The most runs, or taps with gaps between them, that are followed one by one."""


def seen_before(seen: Seen, window: Window, length: int | None = None) -> Seen:
    """What positions see through a window; without the padding if the axis has a `length`."""
    if seen is None:
        return None
    step, spacing, size = window.stride, window.spacing, window.kernel_size
    width = size if window.dilation == 1 else 1  # Taps side by side are one wide tap.
    is_apart = step > width
    number = sum([run.stop - run.start for run in seen]) if is_apart else len(seen)
    if number * (size // width) > MAX_LISTED:
        raise ParamcalcError("the receptive field has too many gaps")
    runs = [range(at, at + 1) for run in seen for at in run] if is_apart else seen
    taps = range(0, size * window.dilation, width * window.dilation)
    found: list[range] = []
    for run in runs:
        for tap in taps:
            first = run[0] * step - window.padding + tap
            last = run[-1] * step - window.padding + tap + width - 1
            start, stop = -(-first // spacing), last // spacing + 1
            if length is not None:
                start, stop = max(start, 0), min(stop, length)
            found.append(range(start, stop))
    return joined(found)


def spanned_before(seen: Seen, window: Window) -> Seen:
    """From the first to the last position of `seen_before`, for windows without spacing."""
    if seen is None:
        return None
    reach = window.dilation * (window.kernel_size - 1)
    first, last = [
        end * window.stride - window.padding for end in (seen[0].start, seen[-1].stop - 1)
    ]
    return [range(first, last + reach + 1)]


def joined(runs: list[range]) -> list[range]:
    """The same positions in order, in as few runs as possible."""
    found: list[range] = []
    for run in sorted(filter(None, runs), key=attrgetter("start")):
        if found and run.start <= found[-1].stop:
            run = range(found[-1].start, max(found.pop().stop, run.stop))
        found.append(run)
    return found


def united(one: Seen, other: Seen) -> Seen:
    """What is seen by either."""
    return None if one is None or other is None else joined([*one, *other])


def covered(window: Window, length: int, count: int) -> int:
    """How many positions of an axis are seen by `count` windows."""
    step, size, padding, spacing = window.stride, window.kernel_size, window.padding, window.spacing
    if step == 0:  # All windows are the same.
        step, count = 1, 1
    if window.dilation > 1 and size > 1:
        return covered_by_taps(window, length, step, count)
    if step <= size:  # Windows without gaps between them are one window.
        size, count = (count - 1) * step + size, 1
        step = size
    # Place spacing·i + padding is in a window if it is less than `size` after a multiple of `step`:
    # then dividing it by `step` gives 1 more than dividing the place `size` before it.
    start = max(-(padding // spacing), 0)
    stop = min(-((padding - count * step) // spacing), length)
    first = spacing * start + padding
    number = floor_sum(stop - start, step, spacing, first)
    return number - floor_sum(stop - start, step, spacing, first - size)


def floor_sum(number: int, under: int, factor: int, start: int) -> int:
    """The sum of ⌊(factor·j + start) / under⌋ for j from 0 to number − 1, by Euclid's algorithm."""
    total = 0
    while number > 0:
        total += number * (number - 1) // 2 * (factor // under) + number * (start // under)
        factor, start = factor % under, start % under
        highest = factor * number + start
        number, start = divmod(highest, under)
        factor, under = under, factor
    return total


def covered_by_taps(window: Window, length: int, step: int, count: int) -> int:
    """The same, tap by tap: positions that one tap sees are equally far apart."""
    if window.kernel_size > MAX_LISTED:
        size = show(window.kernel_size)
        raise ParamcalcError(f"a window of {size} taps with gaps is too large to be followed")
    spacing, common = window.spacing, gcd(step, window.spacing)
    apart = step // common
    inverse = pow(spacing // common, -1, apart)
    # Of taps with the same remainder, a later one starts and stops later.
    unseen: dict[int, int] = {}
    number = 0
    for tap in range(window.kernel_size):
        place = tap * window.dilation - window.padding
        if place % common:
            continue  # This tap is always between positions.
        remainder = place // common * inverse % apart
        start = max(-(-place // spacing), unseen.get(remainder, 0))
        start += (remainder - start) % apart
        stop = min((place + (count - 1) * step) // spacing + 1, length)
        seen = max(-(-(stop - start) // apart), 0)
        number += seen
        unseen[remainder] = start + seen * apart
    return number
