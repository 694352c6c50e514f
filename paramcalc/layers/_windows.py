"""Windows: the positions of an axis that a position of the output sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import gcd
from typing import Any

from paramcalc._checks import as_int, entries, wrong
from paramcalc.errors import ConfigError, ParamcalcError, show


@dataclass(frozen=True, slots=True)
class Window:
    """The positions of an axis that a position of the output sees.

    Position j sees each position i for which `spacing·i` is one of
    `stride·j − padding + dilation·t`, with t from 0 to kernel_size − 1.

    Args:
        kernel_size: taps.
        stride: steps from one window to the next; 0 if all windows are the same.
        padding: positions of the first window before the axis; negative if it begins later.
        dilation: steps from one tap to the next.
        spacing: steps from one position to the next; above 1 if the axis becomes longer, as in a
            transposed convolution.

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
"""Each position sees the one at the same place."""
Sources = tuple[tuple[int, Window] | None, ...]
"""Per axis of the output, the axis of the input that it comes from, with the window; None if there
is no single one, as for the channels of a convolution."""


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
    """Per branch of a merge, the sources of the output in that branch.

    `shapes` are the outputs of the branches, with None for unknown lengths; `output` is the merged
    shape, if known. Along `dim`, if given, they are concatenated; otherwise they broadcast.
    """
    rank = max([len(shape) for shape in shapes])
    found: list[Sources] = []
    start: int | None = 0
    for shape in shapes:
        new = rank - len(shape)
        windows = [
            # A length of 1 is stretched: every position sees the same one.
            Window(stride=0) if output and length == 1 < output[axis] else ITSELF
            for axis, length in enumerate(shape, new)
        ]
        if dim is not None:
            windows[dim] = Window(padding=start or 0)
            length = shape[dim]
            start = None if start is None or length is None else start + length
        found.append((*[None] * new, *enumerate(windows)))
    return found


# The windows of layers that resize an axis.


def transposed(kernel_size: int, stride: int, padding: int, dilation: int) -> Window:
    """The window of a transposed convolution, with `padding` positions removed before it."""
    reach = dilation * (kernel_size - 1)
    return Window(kernel_size, 1, reach - padding, dilation, spacing=stride)


def adaptive(before: int, after: int) -> Window:
    """The window of a pooling from `before` positions to `after`.

    Position j sees the positions from ⌊j·before/after⌋ up to, without, ⌈(j + 1)·before/after⌉.
    """
    return Window(before + after - 1, before, after - 1, spacing=after)


def interpolation(mode: str, before: int, after: int) -> Window:
    """The window of an interpolation from `before` positions to `after`.

    Position j lies at j·before/after in mode "nearest", and sees the position at or before that
    point. In other modes it lies at (j + ½)·before/after − ½. "nearest-exact" sees the nearest
    position, linear modes those less than 1 away, "bicubic" those less than 2 away.
    """
    if mode == "nearest":
        return Window(after, before, after - 1, spacing=after)
    if mode == "nearest-exact":
        return Window(2 * after, 2 * before, 2 * after - 1 - before, spacing=2 * after)
    reach = (2 if mode == "bicubic" else 1) * 2 * after - 1
    return Window(2 * reach + 1, 2 * before, reach - (before - after), spacing=2 * after)


# Sets of positions that are seen.

Seen = range | frozenset[int] | None
"""The positions of an axis that are seen; None is all of them."""
MAX_LISTED = 1_000_000
"""The most positions of a set."""


def refuse_more(number: int) -> None:
    """Refuse a set that is too large."""
    if number > MAX_LISTED:
        raise ParamcalcError("the receptive field has too many gaps")


def number_of(seen: range | frozenset[int]) -> int:
    """The number of positions, also of a range too long for `len`."""
    return seen.stop - seen.start if isinstance(seen, range) else len(seen)


def seen_before(seen: Seen, window: Window, length: int | None, *, exact: bool) -> Seen:
    """The positions before a window that the `seen` positions after it see.

    With a length, positions in the padding are left out. Unless `exact`, gaps are filled.
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
    """The union of two sets; unless `exact`, gaps are filled."""
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
    """The first and the last position; None if there is none."""
    if not seen:
        return None
    return (seen[0], seen[-1]) if isinstance(seen, range) else (min(seen), max(seen))


# The number of positions that all windows together see.

MAX_TAPS = 1_000_000
"""The most taps with gaps that are followed."""


def covered(window: Window, length: int, count: int) -> int:
    """The number of positions of an axis that `count` windows see."""
    step, size, padding = window.stride, window.kernel_size, window.padding
    if step == 0:  # All are the same.
        step, count = 1, 1
    if window.dilation > 1 and size > 1:
        return covered_by_taps(window, length, step, count)
    if step <= size:  # Windows without gaps are one window.
        size, count = (count - 1) * step + size, 1
        step = size + 1
    # All but the outermost windows lie inside the axis.
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
    """The same, tap by tap: each tap sees evenly spaced positions."""
    if window.kernel_size > MAX_TAPS:
        size = show(window.kernel_size)
        raise ParamcalcError(f"a window of {size} taps with gaps is too large to be followed")
    common = gcd(step, window.spacing)
    apart, turn = step // common, window.spacing // common
    inverse = pow(apart, -1, turn)
    # Of taps whose positions leave the same remainder, a later one starts and stops later.
    stops: dict[int, int] = {}
    number = 0
    for tap in range(window.kernel_size):
        place = tap * window.dilation - window.padding
        if place % common:
            continue  # It meets no position, only the space between.
        first = -place // common * inverse % turn
        turns, remainder = divmod((first * step + place) // window.spacing, apart)
        start = max(turns, stops.get(remainder, 0))
        stop = turns + max((count - 1 - first) // turn + 1, 0)
        stop = min(stop, (length - 1 - remainder) // apart + 1)
        number += max(stop - start, 0)
        stops[remainder] = max(stop, stops.get(remainder, 0))
    return number
