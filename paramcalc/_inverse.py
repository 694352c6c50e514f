"""The inverse questions: which input passes, which gives a certain output, what padding keeps it.

A network is asked what it takes, and not how: lengths along the way become no smaller as the input
grows. So an input that is refused rules out all others of which as much arrives at the layer that
refuses, or less where that is too small, and the search leaps over them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations
from math import inf, lcm, prod

from paramcalc import formulas
from paramcalc._checks import (
    as_axes,
    as_bool,
    as_form,
    entries,
    name_of,
    wrong,
)
from paramcalc._network import Branches, places
from paramcalc._receptive_field import ranks
from paramcalc._trace import walk
from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, show
from paramcalc.layers._axes import Padding, SpatialLayer
from paramcalc.layers._base import Builtin, Layer, Shape
from paramcalc.layers.conv import Conv, ConvTranspose
from paramcalc.layers.features import FeaturesLayer
from paramcalc.layers.input import Input
from paramcalc.layers.norm import GroupNorm, InstanceNorm
from paramcalc.layers.pool import Pool
from paramcalc.layers.reshape import Reshape
from paramcalc.layers.resize import Crop, Pad, PixelShuffle, PixelUnshuffle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Lengths = range | tuple[int, ...]
Refusal = Callable[[int], ShapeError | None]
"""Why a length does not pass, or None."""
FAR = 1 << 1000
"""Longer than any input that is looked for."""
NOT_FAR = 1 << 20
"""The same where layers of one's own count, which may do other things with lengths."""
MAX_TRIES = 10_000
"""After so many inputs the search is given up."""
STATED = (
    *("in_channels", "num_features", "num_channels"),
    *("in_features", "input_size", "embed_dim", "d_model", "normalized_shape", "shape"),
)
"""Fields that say which channels or features, the last axes, a layer takes."""
WINDOWS = Conv, ConvTranspose, Pool, Pad, Crop, InstanceNorm
"""Layers that refuse no length but what is too small."""


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


def flat(value: Any) -> tuple[int, ...]:
    """The ints in a field that may be one for all axes."""
    return entries(value) or (value,)


def demands(layer: Any, shape: Shape) -> list[tuple[int, int]]:
    """The lengths that arrive where a layer takes but one, each with that one."""
    if isinstance(layer, Reshape) and -1 not in layer.target_shape:
        return [(prod(shape), prod(layer.target_shape))]
    if isinstance(layer, SpatialLayer):
        shape = layer._split(shape)[:1]  # pyright: ignore[reportPrivateUsage]
    elif not isinstance(layer, FeaturesLayer | Input):
        return []
    stated = [getattr(layer, field, None) for field in STATED]
    wanted = next((flat(one) for one in stated if one is not None), ())
    return list(zip(reversed(shape), reversed(wanted), strict=False))


def is_short(error: ParamcalcError) -> bool:
    """Whether what was refused is too small, and so all that is smaller."""
    if error.input_shape is None:
        return False
    pairs = demands(error.layer, error.input_shape)
    if all(length == wanted for length, wanted in pairs):
        return isinstance(error.layer, WINDOWS)
    return all(length <= wanted for length, wanted in pairs)


def is_long(error: ParamcalcError) -> bool:
    """Whether what was refused is too large, and so all that is larger."""
    pairs = demands(error.layer, error.input_shape or ())
    return any(length > wanted for length, wanted in pairs)


def is_like(error: ParamcalcError, other: ParamcalcError | None) -> bool:
    """Whether two inputs are refused for the same reason, or all that is less than the second."""
    if other is None or error.input_shape is None:
        return False
    is_same = other.path == error.path and other.input_shape == error.input_shape
    return is_same or (is_short(error) and is_short(other))


def is_lasting(error: ParamcalcError, later: ParamcalcError | None) -> bool:
    """Whether what is refused, and was a period later, is so again and again from there."""
    if later is None or later.path != error.path or is_short(error):
        return False
    return all(before <= after for before, after in zip(apart(error), apart(later), strict=False))


def apart(error: ParamcalcError) -> list[int]:
    """How much what leaves the branches that do not agree differs, along each axis."""
    layer, shape = error.layer, error.input_shape
    if not isinstance(layer, Branches) or shape is None:
        return []
    outputs = [reversed(one._shape(shape)) for one in layer.layers]  # pyright: ignore[reportPrivateUsage]
    axes = zip(*outputs, strict=False)
    return [abs(one - other) for axis in axes for one, other in combinations(axis, 2)]


def period_of(layers: Sequence[Any]) -> int | None:
    """After how many positions what the layers do is repeated; None with layers of one's own."""
    period = 1
    for layer in layers:
        if not isinstance(layer, Builtin):
            return None
        if isinstance(layer, Conv | Pool):
            period *= lcm(*flat(layer.stride))
        groups = getattr(layer, "num_groups", 1) * getattr(layer, "groups", 1)
        factor = getattr(layer, "downscale_factor", 1) * getattr(layer, "upscale_factor", 1) ** 2
        if not demands(layer, (1, 1, 1)):
            period *= groups * factor * abs(prod(getattr(layer, "target_shape", ())))
    return period


class Search:
    """The lengths with which an input passes through a network.

    Args:
        network: the network.
        form: the shape of the input, with None where a length is looked for.
        square: whether these are all equal.
    """

    def __init__(self, network: Layer, form: tuple[int | None, ...], *, square: bool) -> None:
        self.network = network
        self.form = form
        axes = [axis for axis, length in enumerate(form) if length is None]
        self.groups: list[list[int]] = [axes] if square and axes else [[axis] for axis in axes]
        layers = [one._thawed for _, one in places(network)]  # pyright: ignore[reportPrivateUsage]
        self.period: int | None = period_of(layers)
        self.far: int = FAR * self.period if self.period else NOT_FAR
        kinds = Branches, PixelUnshuffle, PixelShuffle, GroupNorm, Reshape
        self.has_gaps: bool = not self.period or any(isinstance(one, kinds) for one in layers)
        self.tries: int = 0
        self.last: ShapeError | None = None

    def shape(self, lengths: tuple[int, ...]) -> Shape:
        """The shape of the input with a length for each group of axes."""
        found = {
            axis: one for group, one in zip(self.groups, lengths, strict=True) for axis in group
        }
        return tuple([found.get(axis, length or 0) for axis, length in enumerate(self.form)])

    def output(self, lengths: tuple[int, ...]) -> Shape:
        """What leaves the network."""
        return self.network._shape(self.shape(lengths))  # pyright: ignore[reportPrivateUsage]

    def fit(self, lengths: tuple[int, ...] = ()) -> tuple[int, ...]:
        """The smallest lengths that pass and begin with these: of the first group, then the next.

        Raises the error of an input that is refused, if all are.
        """
        missing = len(self.groups) - len(lengths)
        if missing:
            return self.fit_from(1, lambda one: self.fit((*lengths, one)), is_last=missing == 1)
        self.tries += 1  # Of those that pass, too: all lengths that do may be asked for.
        if self.tries > MAX_TRIES:
            problem = f"gave up at {show(self.shape(lengths))}, after {MAX_TRIES} inputs"
            problem += f"; the last was refused: {self.last}" if self.last else ""
            raise ParamcalcError(problem, layer=self.network)
        self.last = None
        try:
            self.output(lengths)
        except ShapeError as error:
            self.last = error
            raise
        return lengths

    def fit_from(
        self, length: int, fit: Callable[[int], tuple[int, ...]], *, is_last: bool = True
    ) -> tuple[int, ...]:
        """The first answer of `fit` for a length from `length` on that is not refused."""

        def refusal(length: int) -> ShapeError | None:
            try:
                fit(length)
            except ShapeError as error:
                return error
            return None

        since = length  # From here on all was refused for a reason that lasts.
        while (error := refusal(length)) is not None:
            if not is_last and not is_short(error):  # With another of the next lengths it may pass.
                length += 1
                continue
            if is_long(error):
                raise hopeless(error, refusal(length - 1) if length > 1 else None)
            last = length + self.far
            if not is_like(error, refusal(last)):
                last = last_like(error, length, last, refusal)
            if 2 * (last - length) > self.far:
                raise hopeless(first_alike(length, last, refusal) or error)
            if self.period is None or not is_lasting(error, refusal(length + self.period)):
                since = last + 1
            elif last + 1 - since >= self.period:
                raise hopeless(error)
            length = last + 1
        return fit(length)


def last_like(error: ShapeError, length: int, last: int, refusal: Refusal) -> int:
    """The last of the lengths from one on, before `last`, that are refused for the same reason."""
    return first_from(length, lambda one: one >= last or not is_like(error, refusal(one + 1)))


def first_alike(length: int, last: int, refusal: Refusal) -> ShapeError | None:
    """Why all lengths are refused: the first error where that of the last is, or its very words."""
    error = refusal(last)
    if str(error) == str(refusal(2 * last)):  # No length is in them.
        return error
    path = error and error.path
    return refusal(first_from(length, lambda one: getattr(refusal(one), "path", None) == path))


def hopeless(error: ShapeError, before: ShapeError | None = None) -> ShapeError:
    """The error, saying that no input does any better than that, and the one before."""
    if "no input fits" not in error.problem:
        error.problem += "; no input fits"
        if before is not None and before.path == error.path:
            error.problem += f": the next smaller one gives {show(before.input_shape)}"
    return error


def form_of(network: Layer, input_shape: Any, verb: str) -> tuple[int | None, ...]:
    """The shape of the input, with None for what is not given or stated by the first layer."""
    visited = walk(network, None, verb)
    if input_shape is not None:
        wanted = "be a tuple of ints, with None for the lengths to be found"
        return as_form(input_shape, verb, network, wanted)
    stated = network._stated_shape()  # pyright: ignore[reportPrivateUsage]
    if stated is not None:
        return stated
    layers = [layer for _, layer, _, _, _ in visited]
    first: Any = layers[0]._thawed if layers else None  # pyright: ignore[reportPrivateUsage]
    if not isinstance(first, Conv | ConvTranspose) or first.in_channels is None:
        rank = next(ranks(layers), 3)
        shape = ("channels", *["None"] * (rank - 1))
        problem = "the first layer does not say how many channels and axes arrive"
        raise ShapeError(f"{problem}: give input_shape=({', '.join(shape)})", layer=network)
    return first._join(first.in_channels, [None] * first._rank)  # pyright: ignore[reportPrivateUsage]


def smallest_input(
    network: Layer, input_shape: tuple[int | None, ...] | None = None, *, square: bool = True
) -> Shape:
    """The smallest input shape that passes through a network, without the batch axis.

    Where a layer takes but some lengths, as a dense one behind a `Flatten` and branches that must
    agree do, it is the smallest that fits. A layer of one's own is taken to give no less for more.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, with None for the lengths to be found: needed where
            the first layer is no convolution that states its channels. Behind an `Input` there is
            nothing to be found.
        square: whether these are all to be equal; otherwise each is as short as it can be, the
            first axes first.

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: no input passes; or input_shape is needed and missing.
        ParamcalcError: none of the 10,000 inputs that were tried passes.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Conv2d(32, 32, 3), pc.Pool(2))
        >>> smallest_input(net)
        (1, 12, 12)
        >>> smallest_input(pc.Sequential(net, pc.Flatten(), pc.Dense(800, 10)))
        (1, 28, 28)
    """
    as_bool(square, "smallest_input", "square")
    form = form_of(network, input_shape, "smallest_input")
    search = Search(network, form, square=square)
    return search.shape(search.fit())


def input_lengths(
    network: Layer,
    output: int | tuple[int, ...],
    input_shape: tuple[int | None, ...] | None = None,
) -> tuple[Lengths, ...]:
    """All lengths of the input that give a certain length of the output, for each spatial axis.

    Args:
        network: a network, or a single layer, from whose input to whose output spatial axes stay.
        output: the length of each spatial axis that leaves: an int for all or a tuple.
        input_shape: as for `smallest_input`.

    Returns:
        For each axis a range; or a tuple, where some between do not pass.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: output is less than 1, or has the wrong number of entries.
        ShapeError: no input passes; or input_shape is needed and missing.
        ParamcalcError: spatial axes do not stay; or there is no end of lengths, as before an
            `AdaptivePool`; or all is not found with 10,000 inputs tried.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2))
        >>> input_lengths(net, 12)
        (range(28, 30), range(28, 30))
    """
    verb = "input_lengths"
    search = Search(network, form_of(network, input_shape, verb), square=False)
    start = search.fit()
    axes = [axis for (axis,) in search.groups]
    wanted = as_axes(output, verb, "output", len(axes)) if axes else ()
    return tuple([lengths_of(search, start, *one) for one in enumerate(wanted)])


def lengths_of(search: Search, start: tuple[int, ...], group: int, wanted: int) -> Lengths:
    """The lengths of one axis that give an output, with the others as they are in `start`."""
    (axis,) = search.groups[group]
    usual = search.output(start)

    def fit(length: int) -> tuple[int, ...]:
        return search.fit((*start[:group], length, *start[group + 1 :]))

    def given(length: int) -> float:
        """The output of the first length from this on that passes."""
        try:
            output = search.output(search.fit_from(length, fit))
        except ShapeError:
            return inf
        moved = {at for at, one in enumerate(output) if one != usual[at]}
        if len(output) != len(search.form) or moved - {axis}:
            problem = "the spatial axes of the input do not stay as they are"
            raise ParamcalcError(problem, layer=search.network)
        return output[axis]

    longest = given(search.far)
    if longest == wanted:
        problem = f"any longer input gives {show(wanted)} as well, so there is no end of lengths"
        raise ParamcalcError(problem, layer=search.network)
    if longest < wanted:
        return range(0)
    length = first_from(start[group], lambda one: given(one) >= wanted)
    stop = first_from(length, lambda one: given(one) > wanted)
    if not search.has_gaps:
        return range(length, stop)
    found: list[int] = []
    while length < stop:
        length = search.fit_from(length, fit)[group]
        found.append(length)
        length += 1
    whole = range(found[0], found[-1] + 1) if found else range(0)
    return whole if len(whole) == len(found) else tuple(found)


def same_padding(layer: Conv | Pool) -> int | Padding:
    """The padding with which a layer makes ⌈n / stride⌉ of each length n: as it takes it.

    So with a stride of 1 lengths stay, and with 2 they are halved. It is the smallest that does so,
    and for a convolution the only one. Where it cannot be the same on both sides, more is behind.

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
    if not isinstance(layer, Conv | Pool):
        raise TypeError(wrong("same_padding", "layer", "be a convolution or pooling", layer))
    numbers = [flat(one) for one in (layer.kernel_size, layer.stride, layer.dilation)]
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
