"""The rule by which the lengths around one pass through a network.

A rule is proven. Around a length that fits, all lengths inside the network must grow evenly: alike
in one period as in all periods up to the largest length. Of an input that grows evenly, the lengths
of an output are a concave or a convex function, apart from what repeats within a period. So three
inputs tell whether they do: the first, that a period later, and that far away. Then branches that
agree do so in all periods, branches that differ do so by as much, and what fits in one period fits
in all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from paramcalc._plan import plan_of, run
from paramcalc._search import Found, Search, first_from, is_outgrown
from paramcalc.errors import ShapeError

MAX_ASKED = 1_000_000
"""The most layers that are asked to prove a rule: about a second."""
MAX_NAMED = 4
"""More remainders than this are not listed in words."""


@dataclass(frozen=True, slots=True)
class LengthRule:
    """The lengths that fit, from one on.

    Args:
        multiple: the number of lengths after which the rule repeats.
        remainders: what may be left of a length divided by `multiple`.
        start: the first length that the rule is about; it fits.

    Example:
        >>> rule = LengthRule(32, (0,), 32)
        >>> str(rule), 96 in rule, 100 in rule
        ('multiples of 32', True, False)
    """

    multiple: int
    remainders: tuple[int, ...]
    start: int

    def __contains__(self, length: int) -> bool:
        return length >= self.start and length % self.multiple in self.remainders

    def __str__(self) -> str:
        multiple, (first, *others) = self.multiple, self.remainders
        of = f"a multiple of {multiple}"
        if multiple == 1:
            text = "all"
        elif len(others) >= MAX_NAMED:
            text = f"{len(others) + 1} of every {multiple}"
        elif others:
            text = f"{', '.join(map(str, (first, *others[:-1])))} or {others[-1]} more than {of}"
        elif not first:
            text = f"multiples of {multiple}"
        else:
            less = multiple - first
            text = f"{first} more than {of}" if first <= less else f"{less} less than {of}"
        is_whole = self.start == min([one or multiple for one in self.remainders])
        comma = "," if multiple > 1 else ""
        return text if is_whole else f"{text}{comma} from {self.start} on"

    def before(self, length: int) -> int | None:
        """The largest length that fits and is smaller; None if there is none."""
        found = max([length - 1 - (length - 1 - one) % self.multiple for one in self.remainders])
        return found if found >= self.start else None

    def after(self, length: int) -> int:
        """The smallest length that fits and is larger."""
        least = max(length + 1, self.start)
        return min([least + (one - least) % self.multiple for one in self.remainders])


class Around(NamedTuple):
    """Of a group of axes: the lengths around one."""

    smaller: int | None
    fits: bool
    larger: int | None
    rule: LengthRule | None


def around(line: Search, least: int, near: int) -> Around:
    """The lengths that fit around one; `least` is the smallest that does."""
    rule = extended(line, least, least)
    if line.period and not rule:  # At the first length, what is to grow may be 1.
        later = line.fit_from(least + line.period).lengths
        rule = extended(line, least, *later) if later else None
    if rule and near >= rule.start:
        smaller = rule.before(near) or before(line, least, rule.start)
        return Around(smaller, near in rule, rule.after(near), rule)
    larger = next(iter((least,) if near < least else line.fit_from(near + 1).lengths), None)
    return Around(before(line, least, near), bool(line.fit(near).lengths), larger, rule)


def extended(line: Search, least: int, start: int) -> LengthRule | None:
    """The rule of the lengths from `start` on, and of those before that keep to it."""
    rule = proven(line, start)
    length = start
    while rule and length > max(least, start - 2 * line.period) and line.tries < line.limit:
        length -= 1
        found = bool(line.fit(length).lengths)
        if found != (length % rule.multiple in rule.remainders):
            break
        rule = replace(rule, start=length) if found else rule
    return rule


def before(line: Search, least: int, near: int) -> int | None:
    """The largest length that fits and is smaller than one; `least` is the smallest that does."""
    length = near - 1
    while length >= least:
        found = line.fit(length)
        if found.lengths:
            return length

        def is_skipped(shorter: int, found: Found = found) -> bool:
            """Whether all lengths from a shorter one on are refused as well."""
            other = line.fit(shorter)
            return other.is_long or other.rules_out(found) or is_outgrown(other, found)

        length = -first_from(-length, lambda at: at >= -least or not is_skipped(-at - 1)) - 1
    return None


def proven(line: Search, start: int) -> LengthRule | None:
    """The rule of the lengths from `start` on, which fits; None if that cannot be proven."""
    period = line.period
    if not (period and line.fit(start + line.far).lengths):
        return None
    if not any(step.layer._has_gaps for step in line.steps):
        return LengthRule(1, (0,), start)  # What lies between lengths that fit, fits.
    most = min(line.limit - line.tries, MAX_ASKED // len(line.steps))
    if 2 * period > most or not grows_evenly(line, start):
        return None
    fits = [bool(line.fit(start + one).lengths) for one in range(period)]
    if not all(line.fit(start + period + one).lengths for one in range(period) if fits[one]):
        return None  # Some length inside broadcast because it was 1.
    parts = [one for one in range(1, period + 1) if not period % one]
    multiple = next(one for one in parts if fits == fits[:one] * (period // one))
    rests = [(start + one) % multiple for one in range(multiple) if fits[one]]
    return LengthRule(multiple, tuple(sorted(rests)), start)


def grows_evenly(line: Search, start: int) -> bool:
    """Whether all lengths inside are, a period later and far away, as much longer as expected."""
    times = line.far // line.period
    try:
        near, later, far = [lengths_in(line, (start + one,)) for one in (0, line.period, line.far)]
    except ShapeError:
        return False
    return all(far[at] - one == times * (later[at] - one) for at, one in near.items())


def lengths_in(search: Search, lengths: tuple[int, ...]) -> dict[tuple[int, int], int]:
    """The length of each axis of the output of each layer."""
    shapes = run(plan_of(search.network), search.shape(lengths))
    return {
        (number, axis): length
        for number, shape in enumerate(shapes)
        for axis, length in enumerate(shape)
    }


def is_apart(joint: Search, least: tuple[int, ...]) -> bool:
    """Whether no length inside depends on two groups of axes.

    The far lengths fit, so no two lengths of different groups must agree.
    """
    far = [length + joint.far for length in least]
    ways = [(*least[:at], one, *least[at + 1 :]) for at, one in enumerate(far)]
    try:
        usual, all_far, *each = [lengths_in(joint, one) for one in (least, tuple(far), *ways)]
    except ShapeError:
        return False
    for at, length in usual.items():
        moved = [one[at] for one in each if one[at] != length]
        if moved[1:] or all_far[at] != (moved or [length])[0]:
            return False
    return True
