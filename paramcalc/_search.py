"""The search for input lengths that pass through a network.

It asks the network only whether an input fits. It relies on this: longer inputs do not become
shorter on the way. So if one input is too short, all shorter ones are; if one is too long, all
longer ones are; and if two are refused for the same numbers, so are all between them. The search
skips those. An input that is refused for a remainder, or because branches differ, may be refused
forever: it is if that holds through one period of the network, through the next one, and far away.

With several lengths, the first is the shortest for which the others can be found, and so on. A look
at the shortest and the longest of the others often tells that they cannot.
"""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from math import prod

from paramcalc._checks import LARGEST
from paramcalc._trace import Step
from paramcalc.errors import ParamcalcError, ShapeError, show
from paramcalc.layers._base import Form, Layer, Shape

NOT_FAR = 1 << 20
"""The longest input that is tried with a user's own layers: their period is unknown."""
MAX_TRIES = 10_000
"""After so many inputs the search gives up."""


def first_from(start: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from `start` on for which `holds`, as it does for all larger ones."""
    low, step = start - 1, 1
    while not holds(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def reasons_of(error: ShapeError) -> set[object]:
    """The reasons of an error, whatever other lengths are: a path with a shape or lengths."""
    pairs = enumerate(error._compared)
    reasons: list[object] = [(at, pair) for at, pair in pairs if pair[0] != pair[1]]
    reasons += [error.input_shape, *error._unequal]
    return {(error.path, one) for one in reasons if one is not None}


def apart(error: ShapeError) -> dict[tuple[int, ...], int]:
    """The differences between branches, per two branches and axis."""
    unequal: Sequence[tuple[int, ...]] = error._unequal
    return {tuple(place): length - other for *place, length, other in unequal}


@dataclass(slots=True)
class Found:
    """Lengths that fit; or the errors that say why none do, one per length of a period.

    If it `is_short`, all smaller inputs are refused too; if it `is_long`, all larger ones. It
    `is_bound` if another length would fit. `reasons` hold whatever the open lengths are. `smaller`
    says why the next smaller input is refused.
    """

    lengths: tuple[int, ...] = ()
    errors: Sequence[ShapeError] = ()
    is_short: bool = False
    is_long: bool = False
    is_bound: bool = False
    reasons: Set[object] = frozenset()
    smaller: Sequence[ShapeError] = ()

    def rules_out(self, larger: Found) -> bool:
        """Whether all inputs between the two are refused."""
        return (self.is_short and larger.is_short) or bool(self.reasons & larger.reasons)

    def is_lasting(self, *others: Found) -> bool:
        """Whether what is refused here, a period later and far away is refused in each period."""
        if any(one.is_bound or len(one.errors) != len(self.errors) for one in (self, *others)):
            return False
        for errors in zip(self.errors, *[one.errors for one in others], strict=True):
            # Branches that differ must not come closer, nor have met on the way.
            near, later, *far = map(apart, errors)
            stays = [
                abs(gap) <= abs(later.get(place, 0))
                and all(later[place] * one.get(place, 0) > 0 for one in far)
                for place, gap in near.items()
            ]
            if len({one.path for one in errors}) > 1 or not all(stays):
                return False
        return True


class Search:
    """The search for the inputs of a form, with None for the lengths to find."""

    def __init__(self, network: Layer, steps: Sequence[Step], form: Form, *, square: bool) -> None:
        self.network, self.steps, self.form = network, steps, form
        axes = [axis for axis, length in enumerate(form) if length is None]
        self.groups: dict[int, int] = {one: 0 if square else at for at, one in enumerate(axes)}
        self.count: int = len({*self.groups.values()})
        self.period, self.far = 0, NOT_FAR  # The number of lengths after which all repeats.
        periods = [step.layer._period() for step in steps]
        if None not in periods:
            self.period = prod([one or 1 for one in periods])
            self.far = max(LARGEST // self.period, 1) * self.period
        self.longest: int = LARGEST
        self.known: dict[tuple[int, ...], Found] = {}
        self.tries: int = 0
        self.last: ShapeError | None = None
        self.least: list[int] = [1] * self.count
        for group in range(self.count if self.count > 1 else 0):
            self.least[group] = self.least_of(group)

    def least_of(self, group: int) -> int:
        """The length of a group below which nothing fits, whatever the others are."""

        def fit(length: int, others: list[int]) -> Found:
            return self.fit(*others[:group], length, *others[group + 1 :])

        far = [self.far] * self.count
        if fit(self.far, far).is_short:
            return 1  # Nothing fits at all; the search will tell why.
        length = first_from(1, lambda one: one >= self.far or not fit(one, far).is_short)
        for one in range(length, length + self.period):
            if not fit(one, self.least).reasons & fit(one, far).reasons:
                return one
        return length

    def shape(self, lengths: tuple[int, ...]) -> Shape:
        """The input shape, with a length per group of axes."""
        pairs = enumerate(self.form)
        return tuple([length or lengths[self.groups[axis]] for axis, length in pairs])

    def output(self, lengths: tuple[int, ...]) -> Shape:
        """The output shape."""
        return self.network._shape(self.shape(lengths))

    def fit(self, *lengths: int) -> Found:
        """The smallest lengths that fit and begin with these."""
        if lengths not in self.known:
            is_all = len(lengths) == self.count
            found = self.tried(lengths) if is_all else self.glance(*lengths)
            if not is_all and not found.errors:
                found = self.fit_from(self.least[len(lengths)], *lengths)
            self.known[lengths] = found
        return self.known[lengths]

    def glance(self, *lengths: int) -> Found:
        """Why nothing fits that begins with these, if the smallest and largest share a reason."""
        rest = self.least[len(lengths) :]
        low, high = self.fit(*lengths, *rest), self.fit(*lengths, *[self.far] * len(rest))
        reasons = low.reasons & high.reasons
        if low.is_long or reasons:
            return replace(low, is_short=high.is_short, reasons=reasons)
        return Found()

    def tried(self, lengths: tuple[int, ...]) -> Found:
        """The result for one input."""
        self.tries += 1  # Inputs that fit count too: all of them may be asked for.
        if self.tries > MAX_TRIES:
            problem = f"gave up at {show(self.shape(lengths))}, after {MAX_TRIES} inputs"
            problem += f"; the last was refused: {self.last}" if self.last else ""
            raise ParamcalcError(problem, layer=self.network)
        self.last = None
        try:
            self.output(lengths)
        except ShapeError as error:
            self.last = error.with_traceback(None)  # A traceback keeps its frames alive.
            pairs = error._compared
            is_long = any(wanted is not None and got > wanted for got, wanted in pairs)
            is_bound = any(wanted not in (None, got) for got, wanted in pairs)
            is_short = is_bound and not is_long
            return Found((), [error], is_short, is_long, is_bound, reasons_of(error))
        return Found(lengths)

    def fit_from(self, least: int, *before: int) -> Found:
        """The same, with a next length of at least `least`."""
        fit = partial(self.fit, *before)
        length = since = least
        # Since `since` everything is refused, here and a period later; and the look far away.
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
                last = last_refused(found, see, length, far)
                if last >= far:
                    return first_alike(see, length, last)
            can_last = self.period and not found.is_bound
            later = see(length + self.period) if can_last else Found()
            if found.is_lasting(later):
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


def last_refused(found: Found, see: Callable[[int], Found], length: int, far: int) -> int:
    """The last length, up to `far`, that is certainly refused as well."""
    if found.reasons and found.rules_out(see(far)):
        return far
    return first_from(length, lambda one: one >= far or not found.rules_out(see(one + 1)))


def first_alike(see: Callable[[int], Found], length: int, far: int) -> Found:
    """Why all lengths are refused: the first error at the place of the one far away."""
    found, again, reasons = see(far), see(2 * far), frozenset[object]()
    if [str(one) for one in found.errors] == [str(one) for one in again.errors]:
        return replace(found, reasons=reasons)  # No length is in them.
    path = found.errors[0].path
    first = first_from(length, lambda one: [error.path for error in see(one).errors][:1] == [path])
    return replace(see(first), is_short=found.is_short, reasons=reasons)
