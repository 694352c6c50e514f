"""The search for lengths with which an input passes through a network.

The search asks a network whether it takes an input, and reads the error if not. As the input grows,
no length inside the network shrinks. So two refusals rule out all lengths between them if both
inputs are too short, or if both are refused for the same numbers. The search skips those lengths. A
refusal for a remainder, or because branches differ, is final if it occurs throughout one period of
the network, throughout the next period, and far away.

With several unknown lengths, the first is the shortest for which the others can be found, and so
on. Trying the shortest and the longest of the others often shows that no choice fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from math import lcm
from typing import Any, TypeVar

from paramcalc._checks import LARGEST
from paramcalc._trace import Step, num_times
from paramcalc.errors import ParamcalcError, ShapeError, show
from paramcalc.layers._base import Form, Layer, Shape

T = TypeVar("T")

NOT_FAR = 1 << 20
"""The longest input that is tried if a network has layers of a user's own."""
MAX_TRIES = 10_000
"""The most inputs that are tried."""


def first_from(start: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from `start` on that `holds`; all larger ones must hold as well."""
    low, step = start - 1, 1
    while not holds(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def period_of(steps: Sequence[Step]) -> int:
    """The number of lengths after which a network repeats its behavior; 0 if that is unknown.

    On the way to a step, what repeats after p lengths and then after q does so after p·q.
    """
    known: list[int] = []
    for step in steps:
        own = step.layer._period()
        if own is None:
            return 0
        known.append(lcm(*[known[at] for at in step.inputs if at >= 0]) * (abs(own) or 1))
    return lcm(*known)


def reasons_of(error: ShapeError) -> set[object]:
    """What an error refuses regardless of other lengths: a shape, or lengths, at a path."""
    pairs = enumerate(error._compared)
    reasons: list[object] = [(at, pair) for at, pair in pairs if pair[0] != pair[1]]
    reasons += [error.input_shape, *error._unequal]
    return {(error.path, one) for one in reasons if one is not None}


def gaps(error: ShapeError) -> dict[tuple[int, ...], int]:
    """How much two branches that must agree differ, per axis."""
    unequal: Sequence[tuple[int, ...]] = error._unequal
    return {tuple(place): length - other for *place, length, other in unequal}


@dataclass(slots=True)
class Found:
    """Lengths that fit, or the errors that say why none do, one for each length of a period."""

    lengths: tuple[int, ...] = ()
    errors: Sequence[ShapeError] = ()
    is_short: bool = False  # All smaller inputs are refused as well.
    is_long: bool = False  # All larger inputs are refused as well.
    is_bound: bool = False  # Some other length would fit.
    reasons: Set[object] = frozenset()  # What is refused regardless of later lengths.
    smaller: Sequence[ShapeError] = ()  # Why the next smaller input is refused.

    def rules_out(self, larger: Found) -> bool:
        """Whether all lengths between the two are refused as well."""
        return (self.is_short and larger.is_short) or bool(self.reasons & larger.reasons)

    def is_lasting(self, *others: Found) -> bool:
        """Whether a refusal that occurs again in others, a period later and far away, is final."""
        if any(one.is_bound or len(one.errors) != len(self.errors) for one in (self, *others)):
            return False
        for errors in zip(self.errors, *[one.errors for one in others], strict=True):
            if len({one.path for one in errors}) > 1:
                return False
            near, *far = map(gaps, errors)
            for place, gap in near.items():
                # The difference of branches must not shrink or change its sign.
                later = [one.get(place, 0) for one in far]
                if abs(gap) > abs(later[0]) or min(later) * max(later) <= 0:
                    return False
        return True


class Search:
    """The inputs of a form that pass through a network, with None for the lengths to find.

    Axes of a group grow together: all of them if `square`, otherwise each is its own group; of
    several inputs, the first axes are one group, and so on. Or `groups` has, for each axis, counted
    through all inputs, its group and what it has more than the shortest.
    """

    def __init__(
        self,
        network: Layer,
        steps: Sequence[Step],
        forms: Sequence[Form],
        *,
        square: bool = False,
        groups: Mapping[int, tuple[int, int]] | None = None,
        limit: int | None = None,
    ) -> None:
        self.network, self.steps, self.forms = network, steps, forms
        self.form: Form = tuple([length for one in forms for length in one])
        # Of each axis with an unknown length: its group, and what it has more than the shortest.
        self.groups: dict[int, int] = {axis: one for axis, (one, _) in (groups or {}).items()}
        self.more: dict[int, int] = {axis: more for axis, (_, more) in (groups or {}).items()}
        if groups is None:
            self.group_axes(square=square)
        self.count: int = len({*self.groups.values()})
        # After `period` lengths the network repeats its behavior; 0 if that is unknown.
        self.period: int = period_of(steps)
        self.far: int = max(LARGEST // self.period, 1) * self.period if self.period else NOT_FAR
        self.longest: int = LARGEST
        self.limit: int = MAX_TRIES if limit is None else limit
        self.known: dict[tuple[int, ...], Found] = {}
        self.tries: int = 0
        self.last: ShapeError | None = None
        self.least: list[int] = [1] * self.count
        if self.count > 1:
            for group in range(self.count):
                self.least[group] = self.least_of(group)

    def group_axes(self, *, square: bool) -> None:
        """Put axes in groups; those of several inputs differ as they do in the stated shapes."""
        start = 0
        stated: Any = self.network._stated_shape()
        for number, form in enumerate(self.forms):
            axes = [axis for axis, length in enumerate(form) if length is None]
            times = num_times(self.steps, -1 - number)  # A time is no side of a square.
            first = sum([axis < times for axis in axes])
            for at, axis in enumerate(axes, -first):
                self.groups[start + axis] = at if at < 0 or not square else 0
                self.more[start + axis] = stated[number][axis] if stated and self.forms[1:] else 0
            start += len(form)
        numbers = {one: at for at, one in enumerate(sorted({*self.groups.values()}))}
        self.groups = {axis: numbers[one] for axis, one in self.groups.items()}
        for group in numbers.values():
            here = [axis for axis, one in self.groups.items() if one == group]
            least = min([self.more[axis] for axis in here])
            for axis in here:
                self.more[axis] -= least

    def least_of(self, group: int) -> int:
        """A length of a group below which nothing fits, whatever the other lengths."""

        def fit(length: int, others: list[int]) -> Found:
            return self.fit(*others[:group], length, *others[group + 1 :])

        far = [self.far] * self.count
        if fit(self.far, far).is_short:
            return 1  # Nothing fits; the search finds the reason.
        length = first_from(1, lambda one: one >= self.far or not fit(one, far).is_short)
        for one in range(length, length + self.period):
            if not fit(one, self.least).reasons & fit(one, far).reasons:
                return one
        return length

    def flat(self, lengths: tuple[int, ...]) -> Shape:
        """The lengths of all inputs, with one per group."""
        pairs = enumerate(self.form)
        return tuple(
            [length or lengths[self.groups[axis]] + self.more[axis] for axis, length in pairs]
        )

    def split(self, flat: tuple[T, ...]) -> list[tuple[T, ...]]:
        """The lengths of each input."""
        rest = iter(flat)
        return [tuple(islice(rest, len(form))) for form in self.forms]

    def shape(self, lengths: tuple[int, ...]) -> Any:
        """The input shape; of several inputs, a tuple."""
        shapes = self.split(self.flat(lengths))
        return shapes[0] if len(shapes) == 1 else tuple(shapes)

    def output(self, lengths: tuple[int, ...]) -> Shape:
        """The output shape."""
        return self.network._shape(self.shape(lengths))

    def fit(self, *lengths: int) -> Found:
        """The smallest lengths that fit and begin with the given ones."""
        if lengths not in self.known:
            is_all = len(lengths) == self.count
            found = self.tried(lengths) if is_all else self.glance(*lengths)
            if not is_all and not found.errors:
                found = self.fit_from(self.least[len(lengths)], *lengths)
            self.known[lengths] = found
        return self.known[lengths]

    def glance(self, *lengths: int) -> Found:
        """Why nothing fits that begins with these, if the least and the largest others show it."""
        rest = self.least[len(lengths) :]
        low, high = self.fit(*lengths, *rest), self.fit(*lengths, *[self.far] * len(rest))
        reasons = low.reasons & high.reasons
        if low.is_long or reasons:
            return replace(low, is_short=high.is_short, reasons=reasons)
        return Found()

    def tried(self, lengths: tuple[int, ...]) -> Found:
        """Whether an input fits."""
        self.tries += 1  # Inputs that fit count too: a caller may try all of them.
        if self.tries > self.limit:
            problem = f"gave up at {show(self.shape(lengths))}, after {self.limit} inputs"
            problem += f"; the last was refused: {self.last}" if self.last else ""
            raise ParamcalcError(problem, layer=self.network)
        self.last = None
        try:
            self.output(lengths)
        except ShapeError as error:
            self.last = error.with_traceback(None)  # A traceback would keep its frames alive.
            error._hint = ""
            pairs = error._compared
            is_long = any(wanted is not None and got > wanted for got, wanted in pairs)
            is_bound = any(wanted not in (None, got) for got, wanted in pairs)
            is_short = is_bound and not is_long
            return Found((), [error], is_short, is_long, is_bound, reasons_of(error))
        return Found(lengths)

    def fit_from(self, least: int, *before: int) -> Found:
        """The smallest lengths that fit: those `before`, then one from `least` on, then others."""
        fit = partial(self.fit, *before)
        length = since = least
        # Per length from `since` on: its refusal, that a period later, and how to look far away.
        lasting: list[tuple[Found, Found, Callable[[], Found]]] = []
        found = Found()
        while length <= self.longest:
            found = fit(length)
            if found.lengths:
                return found
            if found.is_long:
                smaller = fit(length - 1) if length > least else found
                known = smaller.errors if smaller.is_short else ()
                return replace(found, is_long=False, reasons=frozenset(), smaller=known)
            see = partial(self.glance if found.reasons else self.fit, *before)
            last, far = length, length + self.far
            if found.is_short or found.reasons:
                is_whole = len(before) == self.count - 1
                is_outrun = is_whole and is_outgrown(found, see(far))
                if self.count == 1 and is_outrun:
                    return replace(found, reasons=frozenset())
                last = last_refused(found, see, length, far, meets=is_whole and not is_outrun)
                if last >= far:
                    return first_alike(see, length, last)
            can_last = self.period and not found.is_bound
            if can_last and found.is_lasting(later := see(length + self.period)):
                lasting.append((found, later, partial(see, far)))
            else:
                since, lasting = last + 1, []
            if lasting and last + 1 - since >= self.period:
                if all(one.is_lasting(later, look()) for one, later, look in lasting):
                    errors = [error for one, *_ in lasting for error in one.errors]
                    return Found((), errors, is_bound=since > least)
                since, lasting = last + 1, []
            length = last + 1
        return found


def is_outgrown(found: Found, far: Found) -> bool:
    """Whether a branch is longer than another is for a larger input: then nothing between fits."""
    for near, later in zip(found.errors, far.errors, strict=False):
        lasting = {one[:3]: one[3:] for one in later._unequal if near.path == later.path}
        for branch, another, axis, one, other in near._unequal:
            first, second = lasting.get((branch, another, axis), (0, 0))
            if one > second > 0 or other > first > 0:
                return True
    return False


def last_refused(
    found: Found, see: Callable[[int], Found], length: int, far: int, *, meets: bool
) -> int:
    """The last of the lengths up to `far` that are ruled out by a refusal.

    If a branch meets another, no length fits before that.
    """
    if found.reasons and found.rules_out(see(far)):
        return far

    def fits_next(one: int) -> bool:
        later = see(one + 1)
        return not (found.rules_out(later) or (meets and is_outgrown(found, later)))

    return first_from(length, lambda one: one >= far or fits_next(one))


def first_alike(see: Callable[[int], Found], length: int, far: int) -> Found:
    """Why all lengths are refused: the error far away, or the first like it if it has a length."""
    found, again = see(far), see(2 * far)
    if [str(one) for one in found.errors] != [str(one) for one in again.errors]:
        path = found.errors[0].path
        first = first_from(length, lambda at: [one.path for one in see(at).errors[:1]] == [path])
        found = replace(see(first), is_short=found.is_short)
    return replace(found, reasons=frozenset())
