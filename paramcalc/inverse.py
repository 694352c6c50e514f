"""The inverse questions: which input passes, which gives a certain output, and what padding does.

Whatever is counted along the way, be it a length, channels or features, becomes no smaller as the
input grows. So where a walk is refused it is known how much of what must arrive there, and the
input leaps to the smallest that brings as much; all between are refused for the same reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import gcd, lcm, prod

from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, join_path, show
from paramcalc.formulas import dilated_kernel_size
from paramcalc.layers.base import CheckedLayer, Layer, Shape, is_layer, visits
from paramcalc.layers.checks import Padding, as_axes, as_bool, as_count, entries, name, wrong
from paramcalc.layers.conv import Conv, ConvTranspose
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.features import FeaturesLayer, SequenceLayer
from paramcalc.layers.frozen import Frozen
from paramcalc.layers.input import Input
from paramcalc.layers.pool import Pool
from paramcalc.layers.reshape import Reshape
from paramcalc.layers.resize import PixelShuffle, PixelUnshuffle, Upsample
from paramcalc.layers.spatial import SpatialLayer
from paramcalc.network import Branches, Concat, Network
from paramcalc.receptive_fields import ranks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Where = tuple["Where | None", Network, int] | None
"""Where a layer stands: where its network does, that, and its position in it."""
FAR = 1 << 64
"""How much longer an input gets where layers of one's own, whose strides are not known, count."""


@dataclass(frozen=True, slots=True)
class Endless:
    """Lengths without an end, as `input_lengths` returns them.

    Args:
        first: those that are not repeated.
        then: those that are, each time `period` further on.
        period: after how many positions.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(3, 8, 5), pc.AdaptivePool(1))
        >>> (lengths, _) = pc.input_lengths(net, 1)
        >>> lengths, 4 in lengths, 10**100 in lengths
        (Endless(first=(), then=(5,), period=1), False, True)
    """

    first: tuple[int, ...]
    then: tuple[int, ...]
    period: int

    def __contains__(self, length: object) -> bool:
        """Whether it is one of them."""
        number: Any = length
        if not isinstance(number, int):
            return False
        repeats = [one for one in self.then if one <= number and not (number - one) % self.period]
        return number in self.first or bool(repeats)

    def __iter__(self) -> Iterator[int]:
        """All of them in turn, without an end."""
        yield from self.first
        turn = 0
        while True:
            yield from [one + turn for one in self.then]
            turn += self.period


Lengths = range | tuple[int, ...] | Endless


@dataclass(frozen=True, slots=True)
class Demand:
    """What does not fit yet: a product of lengths that arrive somewhere, and the least that may.

    Args:
        place: how many layers and merges come before.
        part: which branch it leaves; 0 where it arrives at a layer.
        axes: which lengths are multiplied.
        least: what they must be at least.
        is_exact: whether they must be just that.
        error: what the layer says.
    """

    place: int
    part: int
    axes: tuple[int, ...]
    least: int
    is_exact: bool
    error: ParamcalcError

    def measured(self, parts: Sequence[Shape] | None) -> int:
        """The product that arrives; 0 where nothing does."""
        return 0 if parts is None else prod([parts[self.part][axis] for axis in self.axes])


class Halt(Exception):  # noqa: N818  # no error: the walk has come to its end
    """The end of a walk, before that of the network."""


class Walk:
    """A shape on its way through a network, past all that refuses it but for being too small.

    Past the others goes what would leave if they were satisfied, and no less than would leave for
    a smaller input.
    """

    __slots__ = ("demand", "output", "parts", "place", "records", "seen", "short", "stop")

    def __init__(
        self, network: Layer, shape: Shape, stop: int | None = None, *, records: bool = False
    ) -> None:
        self.place = -1
        self.stop = stop
        self.parts: Sequence[Shape] | None = None
        self.demand: Demand | None = None
        self.short: tuple[int, Shape, Layer, ParamcalcError] | None = None
        self.records = records
        self.seen: list[object] = []
        self.output: Shape | None = None
        with suppress(Halt):
            self.output = self.through(network, shape, None)

    def through(self, layer: Layer, shape: Shape, where: Where) -> Shape:
        """The shape that leaves a layer or network."""
        if isinstance(layer, Branches):
            places = range(len(layer))
            outputs = [
                self.through(one, shape, (where, layer, position))
                for position, one in zip(places, layer.layers, strict=True)
            ]
            self.arrive(outputs)
            if self.records:
                self.seen.append(outputs)
            try:
                return layer._merged(outputs, shape)  # pyright: ignore[reportPrivateUsage]
            except ParamcalcError as error:
                return self.past_merge(layer, outputs, located(error, layer, where))
        if isinstance(layer, Network):
            position = 0
            for one in layer.layers:
                shape = self.through(one, shape, (where, layer, position))
                position += 1  # noqa: SIM113
            return shape
        self.arrive([shape])
        if self.records:
            self.seen.append(crucial(bare(layer), shape))
        try:
            return layer._checked_output_shape(shape)  # pyright: ignore[reportPrivateUsage]
        except ParamcalcError as error:
            return self.past(bare(layer), shape, located(error, layer, where))

    def arrive(self, parts: Sequence[Shape]) -> None:
        """Count the place, and stop if it is the one."""
        self.place += 1
        if self.place == self.stop:
            self.parts = parts
            raise Halt

    def want(
        self, part: int, axes: tuple[int, ...], least: int, is_exact: bool, error: ParamcalcError
    ) -> None:
        """Keep the first demand: only up to there are the lengths what they seem."""
        if self.demand is None:
            self.demand = Demand(self.place, part, axes, least, is_exact, error)

    def past(self, layer: Any, shape: Shape, error: ParamcalcError) -> Shape:
        """What leaves a layer that refuses a shape, if it were not for what it demands."""
        if isinstance(layer, Reshape):
            known = prod([one for one in layer.target_shape if one != -1])
            is_exact, values = -1 not in layer.target_shape, prod(shape)
            least = known if is_exact else -(-values // known) * known
            self.want(0, tuple(range(len(shape))), least, is_exact, error)
            rest = max(values // known, 1)
            return tuple([rest if one == -1 else one for one in layer.target_shape])
        fitting = list(shape)
        for axis, factor, stated in demands(layer, shape):
            if stated is None:
                least = -(-shape[axis] // factor) * factor
                fitting[axis] = max(shape[axis] // factor, 1) * factor
            else:
                least = fitting[axis] = stated
            if least != shape[axis]:
                self.want(0, (axis,), least, stated is not None, error)
        output = taken(layer, tuple(fitting))
        if output is not None:
            return output
        if isinstance(layer, SpatialLayer):
            channels, lengths = layer._split(tuple(fitting))  # pyright: ignore[reportPrivateUsage]
            far = layer._join(channels, [enough(layer)] * len(lengths))  # pyright: ignore[reportPrivateUsage]
            if taken(layer, far) is None:
                raise error
        elif isinstance(layer, CheckedLayer):
            raise error
        self.short = self.place, shape, layer, error
        raise Halt

    def past_merge(self, layer: Branches, outputs: Sequence[Shape], error: ParamcalcError) -> Shape:
        """What leaves branches that do not agree, if they did."""
        rank = max(map(len, outputs))
        dim: int | None = None
        if isinstance(layer, Concat):
            dim = layer.dim + rank if layer.dim < 0 else layer.dim
            if {len(one) for one in outputs} != {rank} or not 0 <= dim < rank:
                raise error
        merged: list[int] = []
        for axis in range(-rank, 0):
            lengths = [one[axis] if len(one) >= -axis else 1 for one in outputs]
            if axis + rank == dim:
                merged.append(sum(lengths))
                continue
            merged.append(max(lengths))
            # One of length 1 is repeated, but by Concat; all others must be equally long.
            counted = lengths if dim is not None else [one for one in lengths if one > 1]
            least = min(counted, default=1)
            if least != merged[-1] and counted:
                self.want(lengths.index(least), (axis,), merged[-1], False, error)
        return tuple(merged)


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


def hopeless(error: ParamcalcError) -> ParamcalcError:
    """The error, saying that no input does any better."""
    error.problem += "; no input fits"
    return error


def located(error: ParamcalcError, layer: Layer, where: Where) -> ParamcalcError:
    """The error, told where it happened."""
    path = error.path
    while where is not None:
        where, network, position = where
        path = join_path(network._key(position), path)  # pyright: ignore[reportPrivateUsage]
    error.path = path
    error.layer = error.layer or layer
    return error


def bare(layer: Any) -> Any:
    """The layer that works, frozen or not."""
    return layer.layer if isinstance(layer, Frozen) else layer


def taken(layer: Layer, shape: Shape) -> Shape | None:
    """What leaves a layer; None if it refuses the shape."""
    try:
        return layer._checked_output_shape(shape)  # pyright: ignore[reportPrivateUsage]
    except ParamcalcError:
        return None


def enough(layer: Any) -> int:
    """A length that is not too small for a layer, by the numbers it states."""
    fields = "kernel_size", "dilation", "padding", "cropping"
    numbers = [size for field in fields for size in flat(getattr(layer, field, ()))]
    return 2 * prod([2 + size for size in numbers])


def flat(value: Any) -> Iterator[int]:
    """The ints in a field."""
    if isinstance(value, int):
        yield value
    elif not isinstance(value, str):
        for one in value:
            yield from flat(one)


def stated_lengths(layer: Any) -> Shape:
    """How long a layer says its last axes must be."""
    if isinstance(layer, Input):
        return layer.shape
    fields = "in_features", "input_size", "embed_dim", "d_model", "normalized_shape"
    for field in fields:
        stated = getattr(layer, field, None)
        if stated is not None:
            return entries(stated) or (stated,)
    return ()


def stated_channels(layer: Any) -> int | None:
    """How many channels a layer says must arrive."""
    numbers = [getattr(layer, f"{one}", None) for one in ("in_channels", "num_features")]
    numbers.append(getattr(layer, "num_channels", None))
    several = getattr(layer, "num_parameters", None)
    numbers.append(None if several == 1 else several)
    return next((one for one in numbers if one is not None), None)


def demands(layer: Any, shape: Shape) -> Iterator[tuple[int, int, int | None]]:
    """Of each axis of which a layer takes but some lengths: their factor, or the one length."""
    if isinstance(layer, FeaturesLayer | Input):
        for axis, stated in enumerate(reversed(stated_lengths(layer)), 1):
            if axis <= len(shape):
                yield len(shape) - axis, 1, stated
    if isinstance(layer, SpatialLayer):
        channels = 0 if layer.data_format == "channels_first" else len(shape) - 1
        parts = getattr(layer, "groups", 1) * getattr(layer, "num_groups", 1)
        if isinstance(layer, PixelShuffle):
            parts = layer.upscale_factor**2
        yield channels, parts, stated_channels(layer)
        if isinstance(layer, PixelUnshuffle):
            for axis in range(len(shape)):
                if axis != channels:
                    yield axis, layer.downscale_factor, None


def crucial(layer: Any, shape: Shape) -> object:
    """What must not change for a layer to take longer inputs as well."""
    if isinstance(layer, PixelUnshuffle) or not isinstance(layer, CheckedLayer):
        return shape
    if isinstance(layer, SpatialLayer):
        return layer._split(shape)[0]  # pyright: ignore[reportPrivateUsage]
    if isinstance(layer, Reshape | Input):
        return shape
    return shape[-len(stated_lengths(layer)) :] if stated_lengths(layer) else None


def period_behind(layer: Any, period: int, gain: int) -> tuple[int, int]:
    """After how many positions all that happens happens again, up to and with a layer.

    That many more positions at the beginning are a multiple of `gain` more at the end.
    """
    if isinstance(layer, Branches):
        ways = [period_behind(one, period, gain) for one in layer.layers]
        period = lcm(*[one[0] for one in ways])
        return period, gcd(*[gain * (period // own) for own, gain in ways])
    if isinstance(layer, Network):
        for one in layer.layers:
            period, gain = period_behind(one, period, gain)
        return period, gain
    layer = bare(layer)
    factor, growth = 1, 1
    if isinstance(layer, Conv | Pool):
        factor = lcm(*flat(layer.stride))
    elif isinstance(layer, ConvTranspose):
        growth = gcd(*layer.stride)
    elif isinstance(layer, Upsample) and layer.scale_factor is not None:
        growth = gcd(*flat(layer.scale_factor))
    elif isinstance(layer, PixelShuffle):
        factor = layer.upscale_factor**2
    elif isinstance(layer, PixelUnshuffle):
        factor = layer.downscale_factor
    elif isinstance(layer, Reshape) and -1 in layer.target_shape:
        factor = -prod(layer.target_shape)
    times = factor // gcd(factor, gain)
    return period * times, gain * times // factor * growth


def form_of(network: Layer, channels: object, verb: str) -> tuple[int | None, ...]:
    """What is known of the input's shape, by the first layers that state it: None is any length."""
    if not is_layer(network):
        raise TypeError(wrong(verb, "network", "be a Layer", network))
    given = None if channels is None else as_count(channels, verb, "channels")
    stated = network._stated_shape()  # pyright: ignore[reportPrivateUsage]
    if stated is not None:
        return stated
    known = Known(given)
    for _, visited, _, _ in visits(network, None, verb):
        layer = bare(visited)
        lengths = features_of(layer, given)
        if known.first is None and lengths:
            return lengths
        known.add(layer)
    if known.rank is None:
        problem = "no layer says how many axes arrive: start with Input(...)"
        raise ShapeError(f"{problem}, or give a tuple, such as Pool((2, 2))", layer=network)
    if known.channels is None:
        raise ShapeError("no layer says how many channels arrive: give channels", layer=network)
    others = (None,) * (known.rank - 1)
    last = known.first == "channels_last"
    return (*others, known.channels) if last else (known.channels, *others)


def features_of(layer: Layer, given: int | None) -> tuple[int | None, ...]:
    """What a network takes that begins with a layer without spatial axes; empty if unknown."""
    if isinstance(layer, Embedding):
        return (None,)
    if not isinstance(layer, FeaturesLayer):
        return ()
    lengths = stated_lengths(layer) or (() if given is None else (given,))
    return (None, *lengths) if lengths and isinstance(layer, SequenceLayer) else lengths


@dataclass(slots=True)
class Known:
    """What the spatial layers so far say of the input: the first that says something counts."""

    channels: int | None
    rank: int | None = None
    first: str | None = None
    more: int = 1
    fewer: int = 1

    def add(self, layer: Layer) -> None:
        """Learn from the next layer."""
        if not isinstance(layer, SpatialLayer):
            return
        self.first = self.first or layer.data_format
        stated = stated_channels(layer)
        if self.channels is None and stated is not None:
            self.channels = stated * self.fewer // self.more
        if self.rank is None:
            self.rank = next((one for one, _ in ranks(layer)), None)
        if isinstance(layer, PixelShuffle):
            self.fewer *= layer.upscale_factor**2
        elif isinstance(layer, PixelUnshuffle):
            self.more *= layer.downscale_factor**2


class Search:
    """The lengths of an input that pass through a network."""

    def __init__(self, network: Layer, form: tuple[int | None, ...], *, square: bool) -> None:
        self.network = network
        self.form = form
        axes = [axis for axis, length in enumerate(form) if length is None]
        self.groups = [tuple(axes)] if square and axes else [(axis,) for axis in axes]
        self.period = period_behind(network, 1, 1)[0]

    def shape(self, lengths: Sequence[int]) -> Shape:
        """The shape that arrives, for the length of each group of axes."""
        known = {axis: lengths[i] for i, axes in enumerate(self.groups) for axis in axes}
        return tuple([known.get(axis, length or 0) for axis, length in enumerate(self.form)])

    def walk(self, lengths: Sequence[int]) -> Walk:
        return Walk(self.network, self.shape(lengths))

    def measure(self, lengths: Sequence[int], group: int, length: int, demand: Demand) -> int:
        """What arrives where something is demanded, with another length for a group."""
        changed = [*lengths[:group], length, *lengths[group + 1 :]]
        return demand.measured(Walk(self.network, self.shape(changed), demand.place).parts)

    def smallest(self) -> list[int]:
        """The smallest lengths that pass."""
        return self.passing(self.long_enough())

    def long_enough(self) -> list[int]:
        """The smallest lengths of which no layer says that they are too small."""
        length, before = 1, None
        while (short := self.walk([length] * len(self.groups)).short) is not None:
            _, shape, layer, error = short
            is_own = not isinstance(layer, CheckedLayer)
            # Twice as long, so longer by a period, and no more of it arrives.
            if short[:2] == before or (is_own and length > FAR) or not self.groups:
                raise hopeless(error)
            before = (short[0], shape) if length >= self.period else None
            length *= 2
        found = [length] * len(self.groups)
        for group in range(len(found)):
            low = 0
            while found[group] - low > 1:
                middle = (low + found[group]) // 2
                if self.walk([*found[:group], middle, *found[group + 1 :]]).short is None:
                    found[group] = middle
                else:
                    low = middle
        return found

    def passing(self, start: Sequence[int], stop: int | None = None) -> list[int]:
        """The smallest lengths from `start` on that pass; all are refused, if none do.

        With a `stop`, the first group alone is looked at, and at most that far.
        """
        found = list(start)
        last: dict[tuple[int, int], int] = {}
        while True:
            walk = self.walk(found)
            demand = walk.demand
            if demand is None or (stop is not None and found[0] >= stop):
                return found
            group = self.mover(found, demand)
            value = self.measure(found, group, found[group], demand)
            if demand.is_exact and value > demand.least:
                raise self.missed(found, group, demand)
            asked = demand.place, group
            if asked not in last:
                last[asked] = self.horizon(found, group, demand)
            length = self.leap(found, group, demand, last[asked])
            if length > last[asked]:
                raise hopeless(demand.error)
            found[group] = length

    def mover(self, lengths: Sequence[int], demand: Demand) -> int:
        """The group of axes that what is demanded comes from."""
        value = demand.measured(Walk(self.network, self.shape(lengths), demand.place).parts)
        movers = [
            group
            for group, length in enumerate(lengths)
            if self.measure(lengths, group, length + self.period * FAR, demand) != value
        ]
        if not movers:
            raise hopeless(demand.error)
        if len(movers) > 1:
            demand.error.problem += "; it is made of several axes: ask with square=True"
            raise demand.error
        return movers[0]

    def leap(self, lengths: Sequence[int], group: int, demand: Demand, last: int) -> int:
        """The smallest length of a group with which what is demanded arrives, or beyond `last`."""
        return first_from(
            lengths[group] + 1,
            lambda length: (
                length > last or self.measure(lengths, group, length, demand) >= demand.least
            ),
        )

    def horizon(self, lengths: Sequence[int], group: int, demand: Demand) -> int:
        """A length beyond which nothing new happens where something is demanded.

        What branches lack comes back after a period. If it does not, for they grow by different
        steps, they meet before one has caught up all that the others are ahead.
        """
        length, lacks, total = lengths[group], list[int](), 0
        for turn in range(3):
            changed = list(lengths)
            changed[group] = length + turn * self.period
            parts = Walk(self.network, self.shape(changed), demand.place).parts or ()
            if len(parts) == 1:  # What must be a multiple, or one number.
                return length + self.period * demand.least
            there = [part[axis] for part in parts for axis in demand.axes if len(part) >= -axis]
            lacks.append(max(there) - demand.measured(parts))
            total = sum(there)
        return length + self.period * (1 if len(set(lacks)) == 1 else 2 + total)

    def missed(self, lengths: Sequence[int], group: int, demand: Demand) -> ParamcalcError:
        """The error for what no length makes as much as it must be."""
        length = lengths[group]
        first = self.measure(lengths, group, length - 1, demand) if length > 1 else 0
        above = self.measure(lengths, group, length, demand)
        fewer = f"a length of {show(length - 1)} gives {show(first)}, and " if first else ""
        error = demand.error
        error.problem += f"; no input fits: {fewer}one of {show(length)} gives {show(above)}"
        return error

    def runs(self, start: int, stop: int) -> list[range]:
        """The lengths from `start` to before `stop` that pass, as ranges apart from each other."""
        found: list[range] = []
        length = start
        while length < stop:
            try:
                length = self.passing([length], stop)[0]
            except ShapeError:
                break
            if length < stop:
                end = min(self.changing(length, stop), stop)
                if found and found[-1].stop == length:
                    length = found.pop().start
                found.append(range(length, end))
                length = end
        return found

    def changing(self, length: int, stop: int) -> int:
        """The next length, up to `stop`, that a layer might refuse where it took this one."""
        seen = self.seen(length)
        return first_from(length + 1, lambda one: one >= stop or self.seen(one) != seen)

    def seen(self, length: int) -> list[object]:
        return Walk(self.network, self.shape([length]), records=True).seen

    def giving(self, start: int, axis: int, wanted: int) -> Lengths:
        """The lengths from `start` on, the first that passes, that give a length of the output."""

        def given(length: int) -> int:
            return (self.walk([length]).output or ())[axis]

        if given(start) != given(start + self.period * FAR):
            low = first_from(start, lambda length: given(length) >= wanted)
            stop = first_from(low, lambda length: given(length) > wanted)
            return as_lengths(self.runs(low, stop))
        return self.endless(start) if given(start) == wanted else ()

    def endless(self, start: int) -> Lengths:
        """The lengths from `start` on that pass, as long as there are any."""
        first: list[int] = []
        length = start
        while True:
            try:
                length = self.passing([length])[0]
            except ShapeError:
                return as_lengths([range(one, one + 1) for one in first])
            # Branches that agree three times a period apart grow alike, so they always will.
            turns = range(length, length + 3 * self.period, self.period)
            runs = [self.runs(turn, turn + self.period) for turn in turns]
            if moved(runs[0], self.period) == runs[1] and moved(runs[1], self.period) == runs[2]:
                return Endless(tuple(first), *shortest_period(runs[0], self.period))
            first.append(length)
            length += 1


def moved(runs: Sequence[range], step: int) -> list[range]:
    """The same ranges, further on."""
    return [range(one.start + step, one.stop + step) for one in runs]


def shortest_period(runs: Sequence[range], period: int) -> tuple[tuple[int, ...], int]:
    """The lengths of one period, and that, for the shortest there is."""
    if len(runs) == 1 and len(runs[0]) == period:
        return (runs[0].start,), 1
    lengths = [length for one in runs for length in one]
    for length in lengths[1:]:
        step = length - lengths[0]
        within = [one for one in lengths if one < length]
        repeated = [one + turn for turn in range(0, period, step) for one in within]
        if period % step == 0 and repeated == lengths:
            return tuple(within), step
    return tuple(lengths), period


def as_lengths(runs: Sequence[range]) -> range | tuple[int, ...]:
    """The lengths in ranges: as one, if it is only one."""
    return runs[0] if len(runs) == 1 else tuple([length for one in runs for length in one])


def smallest_input(network: Layer, channels: int | None = None, *, square: bool = True) -> Shape:
    """The smallest input shape that passes through a network, without the batch axis.

    Behind an `Input` it is that. Where a layer takes but some lengths, as a dense one behind a
    `Flatten` and branches that must agree do, it is the smallest that fits. A layer of one's own is
    taken to give no less for more, to refuse only what is too small, and to have no stride.

    Args:
        network: a network, or a single layer.
        channels: those that arrive; needed where no layer says how many. Of a sequence, the
            features.
        square: whether all other axes are to be equally long; otherwise each is as short as it
            can be by itself.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: channels is less than 1.
        ShapeError: no input passes; or no layer says how many axes or channels arrive; or, not
            square, what must fit depends on several axes.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2), pc.Conv2d(32, 32, 3), pc.Pool(2))
        >>> smallest_input(net)
        (1, 12, 12)
        >>> smallest_input(pc.Sequential(net, pc.Flatten(), pc.Dense(800, 10)))
        (1, 28, 28)
    """
    as_bool(square, "smallest_input", "square")
    form = form_of(network, channels, "smallest_input")
    search = Search(network, form, square=square)
    shape = search.shape(search.smallest())
    network.output_shape(shape)  # A layer of one's own may refuse what it took on the way.
    return shape


def input_lengths(
    network: Layer, output: int | tuple[int, ...], channels: int | None = None
) -> tuple[Lengths, ...]:
    """All lengths of the input that give a certain length of the output, for each spatial axis.

    They are a range; or a tuple, where some between do not pass; or `Endless`, where any longer one
    passes as well, as before an `AdaptivePool`.

    Args:
        network: a network, or a single layer, from whose input to whose output spatial axes stay.
        output: the length of each spatial axis that leaves: an int for all or a tuple.
        channels: those that arrive; needed where no layer says how many.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: a number is less than 1, or output has the wrong number of entries.
        ShapeError: no input passes; or no layer says how many axes or channels arrive; or spatial
            axes do not stay.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2))
        >>> input_lengths(net, 12)
        (range(28, 30), range(28, 30))
        >>> skip = pc.Sequential(pc.Pool(2), pc.Upsample(scale_factor=2))
        >>> input_lengths(pc.Sequential(pc.Conv1d(1, 8, 3), pc.Add(skip, pc.Identity())), 8)
        (range(10, 11),)
    """
    verb = "input_lengths"
    form = form_of(network, channels, verb)
    search = Search(network, form, square=False)
    starts = search.smallest()
    shape = search.shape(starts)
    axes = [axes[0] for axes in search.groups]
    rank = len(network.output_shape(shape))
    for group, axis in enumerate(axes):
        longer = list(starts)
        longer[group] += search.period * FAR
        changed = search.walk(longer).output or ()
        pairs = enumerate(zip(search.walk(starts).output or (), changed, strict=True))
        if rank != len(form) or {at for at, (one, other) in pairs if one != other} - {axis}:
            problem = "the spatial axes of the input do not stay as they are"
            raise ShapeError(problem, layer=network)
    wanted = as_axes(output, verb, "output", len(axes)) if axes else ()
    found: list[Lengths] = []
    for axis, start, length in zip(axes, starts, wanted, strict=True):
        others: tuple[int | None, ...] = (*shape[:axis], None, *shape[axis + 1 :])
        one = Search(network, others, square=True)
        found.append(one.giving(start, axis, length))
    return tuple(found)


def padding_for(layer: Conv | Pool, divisor: int = 1) -> int | Padding:
    """The padding with which a layer makes ⌈n / divisor⌉ of each length n: as it takes it.

    For a divisor of 1 lengths stay, for 2 they are halved. It is the one smallest padding, and for
    a convolution the only amount; where it cannot be the same on both sides, more is behind.

    Args:
        layer: a convolution or pooling, whose own padding does not matter.
        divisor: what lengths are divided by: the stride, for with no other it is possible.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: no padding does it.

    Example:
        >>> import paramcalc as pc
        >>> padding_for(pc.Conv2d(3, 8, 5)), padding_for(pc.Conv2d(3, 8, 7, stride=2), 2)
        ((2, 2), (3, 3))
        >>> padding_for(pc.Conv1d(3, 8, 4))
        ((1, 2),)
    """
    verb = "padding_for"
    if not isinstance(layer, Conv | Pool):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(wrong(verb, "layer", "be a convolution or pooling", layer))
    number = as_count(divisor, verb, "divisor")
    strides = list(flat(layer.stride))
    if set(strides) != {number}:
        problem = f"no padding divides lengths by {show(number)}, for the stride is"
        raise ConfigError(f"{name(layer)}: {problem} {show(layer.stride)}")
    pairs: list[tuple[int, int]] = []
    for size, spread in zip(flat(layer.kernel_size), flat(layer.dilation), strict=True):
        total = dilated_kernel_size(size, spread) - 1
        if isinstance(layer, Pool) and layer.ceil_mode:  # The last window may stick out by so many.
            total = max(total + 1 - number, 0)
        pairs.append((total // 2, total - total // 2))
    if isinstance(layer.kernel_size, int):  # For any number of axes.
        if pairs[0][0] != pairs[0][1]:
            rule = "padding differs on the two sides, so give kernel_size as a tuple"
            raise ConfigError(f"{name(layer)}: {rule}, got {show(layer.kernel_size)}")
        return replace(layer, padding=pairs[0][0]).padding
    return replace(layer, padding=tuple(pairs)).padding
