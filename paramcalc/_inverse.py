"""The inverse questions: which input fits, which gives a certain output, what padding keeps it.

A network is asked what it takes, and not how: lengths along the way become no smaller as the input
grows. So an input that is refused rules out all others of which as much reaches the layer that
refuses, or less where that is too small, and the search leaps over them.
"""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, replace
from functools import partial
from math import inf, prod

from paramcalc import formulas
from paramcalc._checks import LARGEST, as_axes, as_bool, as_form, name_of, wrong
from paramcalc._trace import Step, stated_rank, walk
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, show
from paramcalc.layers._axes import spread
from paramcalc.layers._base import Form, Layer, Shape
from paramcalc.layers._fields import Padding
from paramcalc.layers.conv import Conv
from paramcalc.layers.pool import Pool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Lengths = range | tuple[int, ...]
NOT_FAR = 1 << 20
"""No longer inputs are tried with layers of one's own, which may do other things with lengths."""
MAX_TRIES = 10_000
"""After so many inputs the search is given up."""


def first_from(start: int, holds: Callable[[int], bool]) -> int:
    """The smallest number from `start` on for which something holds, as for all that are larger."""
    low, step = start - 1, 1
    while not holds(low + step):
        low, step = low + step, 2 * step
    high = low + step
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


def pairs_of(error: ShapeError) -> Sequence[tuple[int, int | None]]:
    """The lengths that do not fit, each as (got, wanted); wanted is None, where several would."""
    return error._compared


def apart(error: ShapeError) -> dict[tuple[int, ...], int]:
    """By how much branches that do not go together differ, for each two of them, and each axis."""
    unequal: Sequence[tuple[int, ...]] = error._unequal
    return {tuple(place): length - other for *place, length, other in unequal}


def reasons_of(error: ShapeError) -> set[object]:
    """What is refused whatever else there is: a shape, or lengths in it, at some place."""
    found: list[object] = [error.input_shape, *error._unequal]
    found += [pair for pair in enumerate(pairs_of(error)) if pair[1][0] != pair[1][1]]
    return {(error.path, one) for one in found if one is not None}


@dataclass(slots=True)
class Found:
    """Lengths that fit; or else the errors that say why none do, one for each of a period.

    If it `is_short` all smaller inputs are refused as well, if it `is_long` all larger ones. Of the
    `reasons` each is there whatever the lengths are that may still change. `smaller` says why the
    next smaller input is refused.
    """

    lengths: tuple[int, ...] = ()
    errors: Sequence[ShapeError] = ()
    is_short: bool = False
    is_long: bool = False
    reasons: Set[object] = frozenset()
    smaller: Sequence[ShapeError] = ()

    def is_bound(self) -> bool:
        """Whether there is a length that would fit in the stead of one that does not."""
        pairs = [pair for error in self.errors for pair in pairs_of(error)]
        return any(wanted not in (None, got) for got, wanted in pairs)

    def is_lasting(self, *others: Found) -> bool:
        """Whether what is refused so a period later, and far away, is so in each period."""
        if any(len(one.errors) != len(self.errors) or one.is_bound() for one in (self, *others)):
            return False
        for errors in zip(self.errors, *[one.errors for one in others], strict=True):
            if len({one.path for one in errors}) > 1:
                return False
            # Some branches must stay apart: not come closer, nor have met on the way.
            near, later, *far = map(apart, errors)
            if near and not any(
                abs(gap) <= abs(later.get(place, 0))
                and all(later[place] * one.get(place, 0) > 0 for one in far)
                for place, gap in near.items()
            ):
                return False
        return True


class Search:
    """The inputs that pass through a network, of a form with None for the lengths to be found."""

    def __init__(self, network: Layer, steps: Sequence[Step], form: Form, *, square: bool) -> None:
        self.network, self.steps, self.form = network, steps, form
        axes = [axis for axis, length in enumerate(form) if length is None]
        self.groups: list[list[int]] = [axes] if square and axes else [[axis] for axis in axes]
        self.period, self.far = 0, NOT_FAR  # After how many lengths all is repeated, if it is.
        periods = [step.layer._period() for step in steps]
        if None not in periods:
            self.period = prod([one or 1 for one in periods])
            self.far = max(LARGEST // self.period, 1) * self.period
        self.longest: int = LARGEST
        self.known: dict[tuple[int, ...], Found] = {}
        self.tries: int = 0
        self.last: ShapeError | None = None
        # Of each group the length before which none fits, however long the others are.
        self.least: list[int] = [1] * len(self.groups)
        if len(self.groups) > 1 and not self.is_short(0, self.far):
            for group in range(len(self.groups)):
                self.least[group] = first_from(1, partial(self.is_enough, group))

    def is_enough(self, group: int, length: int) -> bool:
        """Whether some inputs with no more than a length may fit, or none will."""
        return length >= self.far or not self.is_short(group, length)

    def is_short(self, group: int, length: int) -> bool:
        """Whether all inputs with no more than a length are refused."""
        far = [self.far] * len(self.groups)
        return self.fit(*far[:group], length, *far[group + 1 :]).is_short

    def shape(self, lengths: tuple[int, ...]) -> Shape:
        """The shape of the input with a length for each group of axes."""
        pairs = zip(self.groups, lengths, strict=True)
        found = {axis: length for group, length in pairs for axis in group}
        return tuple([found.get(axis, length or 0) for axis, length in enumerate(self.form)])

    def output(self, lengths: tuple[int, ...]) -> Shape:
        """The shape of the output."""
        return self.network._shape(self.shape(lengths))

    def fit(self, *lengths: int) -> Found:
        """The smallest lengths that fit and begin with these: of the first group, then the next."""
        if lengths not in self.known:
            is_all = len(lengths) == len(self.groups)
            self.known[lengths] = self.tried(lengths) if is_all else self.fit_next(lengths)
        return self.known[lengths]

    def fit_next(self, lengths: tuple[int, ...]) -> Found:
        """The same, where the next length is still to be found."""
        least = self.least[len(lengths) :]
        if lengths:
            low, high = self.fit(*lengths, *least), self.fit(*lengths, *[self.far] * len(least))
            reasons = low.reasons & high.reasons
            if low.is_long or reasons:
                return replace(low, is_short=high.is_short, reasons=reasons)
        return self.fit_from(least[0], *lengths)

    def tried(self, lengths: tuple[int, ...]) -> Found:
        """What comes of an input."""
        self.tries += 1  # Of those that fit, too: all lengths that do may be asked for.
        if self.tries > MAX_TRIES:
            problem = f"gave up at {show(self.shape(lengths))}, after {MAX_TRIES} inputs"
            problem += f"; the last was refused: {self.last}" if self.last else ""
            raise ParamcalcError(problem, layer=self.network)
        self.last = None
        try:
            self.output(lengths)
        except ShapeError as error:
            self.last = error.with_traceback(None)  # It would keep all that was there alive.
            pairs = [(got, got if wanted is None else wanted) for got, wanted in pairs_of(error)]
            is_long = any(got > wanted for got, wanted in pairs)
            is_short = any(got < wanted for got, wanted in pairs) and not is_long
            return Found((), [error], is_short, is_long, reasons_of(error))
        return Found(lengths)

    def fit_from(self, least: int, *before: int) -> Found:
        """The same, with a length from `least` on after those before."""

        def fit(length: int) -> Found:
            return self.fit(*before, length)

        length = since = least
        # All from `since` on is refused, and so a period later.
        lasting: list[Found] = []
        found = Found()
        while length <= self.longest:
            found = fit(length)
            if found.lengths:
                return found
            if found.is_long:
                smaller = fit(length - 1) if length > least else Found()
                known = smaller.errors if smaller.is_short else found.smaller
                return replace(found, is_long=False, reasons=frozenset(), smaller=known)
            last, far = length, length + self.far
            if found.is_short or found.reasons:
                last = last_refused(fit, length, far)
                if last >= far:
                    return first_alike(fit, length, last)
            can_last = self.period and not found.is_bound()
            later = fit(length + self.period) if can_last else Found()
            if not found.is_lasting(later) or not found.is_lasting(later, fit(far)):
                since, lasting = last + 1, []
            else:
                lasting.append(found)
                if last + 1 - since >= self.period:
                    return Found((), [error for one in lasting for error in one.errors])
            length = last + 1
        return found


def last_refused(fit: Callable[[int], Found], length: int, far: int) -> int:
    """The last of the lengths from one on, up to `far`, that are certainly refused as well."""
    found = fit(length)

    def is_like(larger: Found) -> bool:
        return bool(found.reasons & larger.reasons) or (found.is_short and larger.is_short)

    if is_like(fit(far)):
        return far
    return first_from(length, lambda one: one >= far or not is_like(fit(one + 1)))


def first_alike(fit: Callable[[int], Found], length: int, far: int) -> Found:
    """Why all lengths are refused: the first that is where that far away is, or its very words."""
    found, again = fit(far), fit(2 * far)
    if [str(one) for one in found.errors] == [str(one) for one in again.errors]:
        return replace(found, reasons=frozenset())  # No length is in them.
    path = found.errors[0].path
    first = first_from(length, lambda one: [error.path for error in fit(one).errors][:1] == [path])
    return replace(fit(first), is_short=found.is_short, reasons=frozenset())


def asked(network: Layer, input_shape: Any, verb: str) -> tuple[list[Step], Form]:
    """The steps, and the input shape with None for what is not given or stated at the beginning."""
    steps = walk(network, None, verb)
    if input_shape is not None:
        wanted = "be a tuple of ints, with None for the lengths to be found"
        return steps, as_form(input_shape, verb, network, wanted)
    form: Form | None = network._stated_shape()
    if form is None and steps:
        form = steps[0].layer._stated_form()
    if form is None:
        shape = ("channels", *["None"] * (stated_rank(steps) or 2))
        problem = "the first layer does not say how many channels and axes arrive"
        raise ShapeError(f"{problem}: give input_shape=({', '.join(shape)})", layer=network)
    return steps, form


def fitting(search: Search) -> tuple[int, ...]:
    """The smallest lengths that fit; or the error that says why none do, or none that are equal."""
    found = search.fit()
    if not found.errors:
        return found.lengths
    error, hint, what = found.errors[-1], "", "input"
    if any(len(group) > 1 for group in search.groups):
        free = Search(search.network, search.steps, search.form, square=False)
        try:
            lengths = free.fit().lengths
            hint = f"; square=False finds {show(free.shape(lengths))}" if lengths else ""
            what = "square input" if lengths else "input"
        except ParamcalcError:  # It was given up.
            what = "square input"
    error.problem += f"; no {what} fits" if search.groups else ""
    if [one.path for one in found.smaller] == [error.path]:
        error.problem += f": the next smaller one gives {show(found.smaller[0].input_shape)}"
    error.problem += hint
    raise error


def smallest_input(
    network: Layer, input_shape: Form | None = None, *, square: bool = True
) -> Shape:
    """The smallest input shape that passes through a network, without the batch axis.

    Where a layer takes but some lengths, as a dense one after a `Flatten` and branches that must
    agree do, it is the smallest that fits. A layer of one's own is taken to give no less for more.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, with None for the lengths to be found: needed where the first
            layer is no convolution that states its channels. With an `Input` there is nothing to be
            found.
        square: whether these are all to be equal; otherwise each is as short as it can be, the
            first axes first.

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: no input fits; or input_shape is needed and missing.
        ParamcalcError: none of the 10,000 inputs that were tried fits.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Conv2d(32, 32, 3), pc.Pool(2))
        >>> smallest_input(net)
        (1, 12, 12)
        >>> smallest_input(pc.Sequential(net, pc.Flatten(), pc.Dense(800, 10)))
        (1, 28, 28)
    """
    as_bool(square, "smallest_input", "square")
    search = Search(network, *asked(network, input_shape, "smallest_input"), square=square)
    return search.shape(fitting(search))


def input_lengths(
    network: Layer, output: int | tuple[int, ...], input_shape: Form | None = None
) -> tuple[Lengths, ...]:
    """All lengths of the input that give a certain length of the output, for each spatial axis.

    Args:
        network: a network, or a single layer, from whose input to whose output spatial axes stay.
        output: the length of each spatial axis of the output: an int for all or a tuple.
        input_shape: as for `smallest_input`.

    Returns:
        For each axis a range; or a tuple, where some between do not fit.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: output is less than 1, or has the wrong number of entries.
        ShapeError: no input fits; or input_shape is needed and missing.
        ParamcalcError: spatial axes do not stay; or there is no end of lengths, as before an
            `AdaptivePool`; or all is not found with 10,000 inputs tried.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2))
        >>> input_lengths(net, 12)
        (range(28, 30), range(28, 30))
    """
    search = Search(network, *asked(network, input_shape, "input_lengths"), square=False)
    shape = search.shape(fitting(search))
    axes = [axis for (axis,) in search.groups]
    wanted = as_axes(output, "input_lengths", "output", len(axes)) if axes else ()
    return tuple([lengths_of(search, shape, *one) for one in zip(axes, wanted, strict=True)])


def lengths_of(search: Search, shape: Shape, axis: int, wanted: int) -> Lengths:
    """The lengths of one axis that give an output, with the others as they are in `shape`."""
    network, form = search.network, (*shape[:axis], None, *shape[axis + 1 :])
    line = Search(network, search.steps, form, square=False)
    far = 2 * LARGEST * line.period or line.far  # So far away it shows whether there is an end.
    line.longest = 2 * far
    usual = line.output((shape[axis],))

    def given(length: int) -> float:
        """The output of the first length from this on that fits."""
        lengths = line.fit_from(length).lengths
        if not lengths:
            return inf
        output = line.output(lengths)
        moved = {at for at, one in enumerate(output) if one != usual[at]}
        if len(output) != len(form) or moved - {axis}:
            problem = "the spatial axes of the input do not stay as they are"
            raise ParamcalcError(problem, layer=network)
        return output[axis]

    longest = given(far)
    if longest == wanted:
        problem = f"any longer input gives {show(wanted)} as well, so there is no end of lengths"
        raise ParamcalcError(problem, layer=network)
    if longest < wanted:
        return range(0)
    length = first_from(shape[axis], lambda one: given(one) >= wanted)
    stop = min(first_from(length, lambda one: given(one) > wanted), LARGEST + 1)
    if length >= stop:
        return range(0)
    if not any(step.layer._has_gaps for step in search.steps):
        return range(length, stop)
    found: list[int] = []
    while length < stop:
        found += line.fit_from(length).lengths
        length = found[-1] + 1
    whole = range(found[0], length)
    return whole if len(whole) == len(found) else tuple(found)


def same_padding(layer: Conv | Pool) -> int | Padding:
    """The padding with which a layer makes ⌈n / stride⌉ of each length n: as it takes it.

    So with a stride of 1 lengths stay, and with 2 they are halved. It is the smallest that does so,
    and for a convolution the only one. Where both sides cannot be the same, more is put after.

    Args:
        layer: a convolution or pooling, whose own padding does not matter.

    Raises:
        TypeError: layer is neither.
        ConfigError: no padding does it, that the layer may have.

    Example:
        >>> import paramcalc as pc
        >>> same_padding(pc.Conv2d(3, 8, 5)), same_padding(pc.Conv2d(3, 8, 7, stride=2))
        ((2, 2), (3, 3))
        >>> same_padding(pc.Conv1d(3, 8, 4))
        ((1, 2),)
    """
    if not isinstance(layer, Conv | Pool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(wrong("same_padding", "layer", "be a convolution or pooling", layer))
    numbers = [spread(one, 1) for one in (layer.kernel_size, layer.stride, layer.dilation)]
    pairs: list[tuple[int, int]] = []
    for size, stride, dilation in zip(*numbers, strict=True):
        # What the worst length needs: 1 more than windows fill, or with ceil_mode none more.
        worst = stride if isinstance(layer, Pool) and layer.ceil_mode else 1
        pairs.append(formulas.same_padding(worst, size, stride, dilation))
    padding: Any = tuple(pairs)
    if isinstance(layer.kernel_size, int):  # For any number of axes.
        padding = pairs[0][0]
        if padding != pairs[0][1]:
            rule = "padding differs on the two sides, so give kernel_size as a tuple"
            raise ConfigError(f"{name_of(layer)}: {rule}, got {show(layer.kernel_size)}")
    return replace(layer, padding=padding).padding
