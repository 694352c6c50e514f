"""Windows: which positions of an axis a position sees, and how many positions are seen by none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from paramcalc._checks import as_int, entries, wrong
from paramcalc.errors import ConfigError, ParamcalcError, show


@dataclass(frozen=True, slots=True)
class Window:
    """Which positions of an axis a position of the output sees.

    Position j sees each position i for which `spacing·i` is one of
    `stride·j − padding + dilation·t`, with t from 0 to kernel_size − 1. Spacing is
    1 unless an axis becomes longer, as in a transposed convolution.

    Args:
        kernel_size: taps.
        stride: steps from one window to the next; 0, if all are the same.
        padding: positions that the first window begins before the axis; negative, if
            it begins on it.
        dilation: steps from one tap to the next.
        spacing: steps from one position of the axis to the next.

    Raises:
        TypeError: a field is not an int.
        ConfigError: a field is out of its range.

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


ITSELF = Window()
"""Where each position sees the one at its own place."""
Sources = tuple[tuple[int, Window] | None, ...]
"""For each axis of the output the axis of the input it comes from, and by which window; None, if
it comes from no single one, as the channels of a convolution, which are made of all."""


def as_sources(value: Any, layer: object, input_rank: int, output_rank: int | None) -> Sources:
    """The answer of a layer's `sources()`, which must have an entry for each axis of the output."""
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
    """For each of the branches that are merged, where the axes of the output come from in its own.

    Args:
        shapes: the outputs of the branches, with None for lengths that are not known.
        output: what they are merged to, if that is known. Axes are compared from the last.
        dim: the axis along which they are put one after the other, if they are: then only positions
            that are in a branch are seen there.
    """
    rank = max([len(shape) for shape in shapes])
    found: list[Sources] = []
    start: int | None = 0
    for shape in shapes:
        new = rank - len(shape)
        windows = [
            # What is broadcast is the same position everywhere.
            Window(stride=0) if output and length == 1 < output[axis] else ITSELF
            for axis, length in enumerate(shape, new)
        ]
        if dim is not None:
            windows[dim] = Window(padding=start or 0)
            length = shape[dim]
            start = None if start is None or length is None else start + length
        found.append((*[None] * new, *enumerate(windows)))
    return found


# The windows of layers that make an axis longer, or as long as they are told.


def transposed(kernel_size: int, stride: int, padding: int, dilation: int) -> Window:
    """What a position of a transposed convolution sees; `padding` positions are cut off before it.

    Each position of the input puts down the taps of the kernel, `stride` positions further on.
    """
    reach = dilation * (kernel_size - 1)
    return Window(kernel_size, 1, reach - padding, dilation, spacing=stride)


def adaptive(before: int, after: int) -> Window:
    """What a position sees of `before` positions that are pooled to `after`.

    Position j sees those from ⌊j·before/after⌋ to ⌈(j + 1)·before/after⌉, without that.
    """
    return Window(before + after - 1, before, after - 1, spacing=after)


def interpolation(mode: str, before: int, after: int) -> Window:
    """What a position sees of an axis that goes from `before` positions to `after`.

    Position j lies at j·before/after for "nearest", and at (j + ½)·before/after − ½ for the
    others. It sees the position at or before that; "nearest-exact" the nearest; what
    interpolates those less than 1 away, or 2 if it is cubic.
    """
    if mode == "nearest":
        return Window(after, before, after - 1, spacing=after)
    if mode == "nearest-exact":
        return Window(2 * after, 2 * before, 2 * after - 1 - before, spacing=2 * after)
    reach = (2 if mode == "bicubic" else 1) * 2 * after - 1
    return Window(2 * reach + 1, 2 * before, reach - (before - after), spacing=2 * after)


# What is seen.

Seen = range | frozenset[int] | None
"""The positions of an axis that are seen: from one to another, or a set; None is all of them."""
MAX_LISTED = 1_000_000
"""Positions with gaps between them are listed; but not more."""


def refuse_more(number: int) -> None:
    """Refuse to list so many positions, if they are too many."""
    if number > MAX_LISTED:
        raise ParamcalcError("what is seen has too many gaps to be listed")


def number_of(seen: range | frozenset[int]) -> int:
    """How many positions are seen; of a range more than `len` can tell, too."""
    return seen.stop - seen.start if isinstance(seen, range) else len(seen)


def seen_before(seen: Seen, window: Window, length: int | None, *, exact: bool) -> Seen:
    """The positions before a window that are seen by those after it that are seen.

    With a length they are those of the axis alone, without its padding. If that is not to be exact,
    what is left out between the first and the last counts as well.
    """
    if seen is None:
        return None
    step, reach, spacing = window.stride, window.dilation * (window.kernel_size - 1), window.spacing
    if isinstance(seen, range) and seen:
        has_gaps = reach >= window.kernel_size or (seen[0] < seen[-1] and step > reach + 1)
        if not has_gaps or not exact:
            first, last = seen[0] * step - window.padding, seen[-1] * step - window.padding + reach
            start, stop = -(-first // spacing), last // spacing + 1
            if length is not None:
                start, stop = max(start, 0), min(stop, length)
            return range(start, max(start, stop))
    refuse_more(number_of(seen) * window.kernel_size)
    taps = range(0, reach + 1, window.dilation)
    places = {position * step - window.padding + tap for position in seen for tap in taps}
    found = [place // spacing for place in places if place % spacing == 0]
    if length is not None:
        found = [position for position in found if 0 <= position < length]
    return frozenset(found)


def united(one: Seen, other: Seen, *, exact: bool) -> Seen:
    """What is seen by either."""
    if one is None or other is None:
        return None
    if not one or not other:
        return one or other
    if isinstance(one, range) and isinstance(other, range):
        is_one = max(one.start, other.start) <= min(one.stop, other.stop)
        if is_one or not exact:
            return range(min(one.start, other.start), max(one.stop, other.stop))
    refuse_more(number_of(one) + number_of(other))
    return frozenset(one) | frozenset(other)


def ends(seen: Seen) -> tuple[int, int] | None:
    """The first and the last position that is seen; None if there is none."""
    if not seen:
        return None
    return (seen[0], seen[-1]) if isinstance(seen, range) else (min(seen), max(seen))


# How much is seen by all windows together.

MAX_TAPS = 1_000_000
"""With more, apart from each other, it is not looked for what they see."""


def covered(window: Window, length: int, count: int) -> int:
    """How many positions of an axis are seen by `count` windows."""
    step, size, padding = window.stride, window.kernel_size, window.padding
    if step == 0:  # All are the same.
        step, count = 1, 1
    if window.dilation > 1 and size > 1:
        return covered_by_taps(window, length, step, count)
    if step <= size:  # Without gaps they are one.
        size, count = (count - 1) * step + size, 1
        step = size + 1
    # Apart from each other: all but the outermost lie within the axis.
    spacing, end = window.spacing, window.spacing * (length - 1)
    first = max(-(-padding // step), 0)
    last = min((end - size + 1 + padding) // step, count - 1)
    within, before = last - first + 1, first * step - padding - 1
    number = floor_sum(within, spacing, step, before + size)
    number -= floor_sum(within, spacing, step, before)
    for at in {first - 1, last + 1}:
        if 0 <= at < count:
            start, stop = max(at * step - padding, 0), min(at * step - padding + size - 1, end)
            number += max(stop // spacing - (start - 1) // spacing, 0)
    return number


def floor_sum(number: int, under: int, factor: int, start: int) -> int:
    """The sum of ⌊(factor·j + start) / under⌋ for j from 0 to number − 1, as Euclid divides."""
    total = 0
    while number > 0:
        total += number * (number - 1) // 2 * (factor // under) + number * (start // under)
        factor, start = factor % under, start % under
        highest = factor * number + start
        number, start = divmod(highest, under)
        factor, under = under, factor
    return total


def covered_by_taps(window: Window, length: int, step: int, count: int) -> int:
    """The same, tap by tap: each sees positions that are equally far apart."""
    if window.kernel_size > MAX_TAPS:
        size = show(window.kernel_size)
        raise ParamcalcError(f"a window of {size} taps with gaps is too large to be followed")
    common = gcd(step, window.spacing)
    apart, turn = step // common, window.spacing // common
    inverse = pow(apart, -1, turn)
    # Of taps whose positions leave the same remainder, a later one sees from further on, and up to
    # further on.
    stops: dict[int, int] = {}
    number = 0
    for tap in range(window.kernel_size):
        place = tap * window.dilation - window.padding
        if place % common:
            continue  # It meets padding between the positions alone.
        first = -place // common * inverse % turn
        turns, remainder = divmod((first * step + place) // window.spacing, apart)
        start = max(turns, stops.get(remainder, 0))
        stop = turns + max((count - 1 - first) // turn + 1, 0)
        stop = min(stop, (length - 1 - remainder) // apart + 1)
        number += max(stop - start, 0)
        stops[remainder] = max(stop, stops.get(remainder, 0))
    return number
