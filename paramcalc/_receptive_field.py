"""The receptive field of a network: what part of its input an output sees.

Not receptive_field.py: `paramcalc.receptive_field` is the function.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm

from paramcalc._checks import as_axes, as_bool, entries, wrong
from paramcalc._explain import kind_of, layer_text
from paramcalc._network import Branches, Concat, Network
from paramcalc._trace import Step, walk
from paramcalc.errors import ParamcalcError, ShapeError, locate, show
from paramcalc.layers._axes import SpatialLayer, spatial_axes
from paramcalc.layers._base import Layer, Shape, Sources, Window
from paramcalc.layers.reshape import Permute
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Lengths = tuple[int | None, ...]
"""A shape, with None for what is not known."""
Seen = range | frozenset[int] | None
"""The positions of an axis that are seen: from one to another, or a set; None is all of them."""
Number = int | Fraction | None

# A network as a list of links, walked from its end: what is seen of what arrives at a link is what
# is seen of what leaves the link before. Branches are walked one after the other, each from what is
# seen of the merged output, and put together at their fork.


@dataclass(frozen=True, slots=True)
class Link:
    """A layer: where each axis that leaves comes from, and what arrives."""

    sources: tuple[tuple[int, Window] | None, ...]
    lengths: Lengths


@dataclass(frozen=True, slots=True)
class Branch:
    """The beginning of a branch, and where in the list its fork stands."""

    fork: int


@dataclass(frozen=True, slots=True)
class Merge:
    """The end of branches: what leaves them, what is made of that, and along which axis, if any.

    Along that each output begins at its place in `starts`, or after an unknown one at None.
    """

    fork: int
    outputs: tuple[Lengths, ...]
    lengths: Lengths
    dim: int | None
    starts: Lengths


MAX_LISTED = 1_000_000
"""Positions with gaps between them are listed; but not more."""


def refuse_more(number: int) -> None:
    """Refuse to list so many positions, if they are too many."""
    if number > MAX_LISTED:
        raise ParamcalcError("what is seen has too many gaps to be listed")


def number_of(seen: range | frozenset[int]) -> int:
    """How many positions are seen; more of a range than `len` can tell, too."""
    return seen.stop - seen.start if isinstance(seen, range) else len(seen)


def seen_before(seen: Seen, window: Window, length: int | None, *, exact: bool) -> Seen:
    """The positions that are seen by those that are seen behind a window.

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


def ends(seen: range | frozenset[int]) -> tuple[int, int] | None:
    """The first and the last position; None if there is none."""
    if not seen:
        return None
    return (seen[0], seen[-1]) if isinstance(seen, range) else (min(seen), max(seen))


def seen_by_branch(merge: Merge, seen: Sequence[Seen], number: int) -> list[Seen]:
    """What is seen of the output of a branch, from what is seen of the merged one."""
    lengths = merge.outputs[number]
    own = list(seen[len(seen) - len(lengths) :])
    if merge.dim is None:
        merged = merge.lengths[len(seen) - len(lengths) :]
        for axis, (length, whole) in enumerate(zip(lengths, merged, strict=True)):
            if length == 1 != whole and own[axis]:
                own[axis] = range(1)  # Broadcast: the same one everywhere.
        return own
    along, length, start = own[merge.dim], lengths[merge.dim], merge.starts[number]
    if along is None or length is None or start is None:
        return own
    if isinstance(along, range):
        first, stop = max(along.start - start, 0), min(along.stop - start, length)
        own[merge.dim] = range(first, max(first, stop))
    else:
        own[merge.dim] = frozenset([i - start for i in along if 0 <= i - start < length])
    return own


@dataclass(slots=True)
class Frame:
    """Branches on the way back: those still to be walked, and what the others see."""

    merge: Merge
    seen: Sequence[Seen]
    number: int
    found: list[Seen] | None = None

    def add(self, seen: list[Seen], *, exact: bool) -> list[Seen]:
        """What a branch sees put together with what the others see."""
        if self.found is not None:
            pairs = zip(self.found, seen, strict=True)
            seen = [united(*pair, exact=exact) for pair in pairs]
        self.found = seen
        return seen


def seen_at_start(
    links: Sequence[Link | Branch | Merge],
    end: int,
    seen: list[Seen],
    *,
    clipped: bool,
    exact: bool,
) -> list[Seen]:
    """What is seen of the input of the first link, from what is seen behind the one at `end`."""
    frames: list[Frame] = []
    position = end
    while position >= 0:
        link = links[position]
        if isinstance(link, Link):
            # What is the source of nothing is seen whole, and so back from there.
            before: list[Seen] = [
                range(length) if clipped and length is not None else None for length in link.lengths
            ]
            for one, source in zip(seen, link.sources, strict=True):
                if source is not None:
                    axis, window = source
                    length = link.lengths[axis] if clipped else None
                    before[axis] = seen_before(one, window, length, exact=exact)
            seen = before
        elif isinstance(link, Merge):
            frames.append(Frame(link, seen, len(link.outputs) - 1))
            seen = seen_by_branch(link, seen, len(link.outputs) - 1)
        elif frames and frames[-1].merge.fork == link.fork:
            frame = frames[-1]
            seen = frame.add(seen, exact=exact)
            if frame.number:
                frame.number -= 1
                seen = seen_by_branch(frame.merge, frame.seen, frame.number)
            else:
                frames.pop()
                position = link.fork
        else:  # It began within this branch: the others are not seen.
            position = link.fork
        position -= 1
    return seen


@dataclass(frozen=True, slots=True)
class Extent:
    """How far is seen along an axis of the input: position i sees from i·stride − padding on.

    Of several ways there, and behind what makes an axis longer, it may go by the position:
    then it is not regular, its padding and size have to be looked for, and its stride is None if
    the ways differ. What is seen looks the same again after `period` steps on the input: a whole
    number of those of each layer on the way.
    """

    size: int
    stride: Number
    padding: int
    period: int = 1
    is_regular: bool = True

    def behind(self, window: Window) -> Extent:
        """The extent of what sees, by a window, what has this extent."""
        if self.stride is None:
            return self
        if not self.is_regular or window.spacing > 1:
            stride = Fraction(self.stride * window.stride) / window.spacing
            whole = int(stride) if stride.denominator == 1 else stride
            return Extent(0, whole, 0, lcm(self.period, stride.numerator), is_regular=False)
        step = int(self.stride)  # No fraction, as long as nothing was spaced out.
        size = self.size + window.dilation * (window.kernel_size - 1) * step
        padding = self.padding + window.padding * step
        return Extent(size, step * window.stride, padding, step * window.stride)

    def beside(self, other: Extent) -> Extent:
        """The extent of what sees what either sees."""
        if self.stride != other.stride or not self.is_regular or not other.is_regular:
            stride = self.stride if self.stride == other.stride else None
            return Extent(0, stride, 0, lcm(self.period, other.period), is_regular=False)
        padding = max(self.padding, other.padding)
        end = max(self.size - self.padding, other.size - other.padding)
        return Extent(end + padding, self.stride, padding, self.period)

    def is_aligned(self, other: Extent) -> bool:
        """Whether both have their strides and centres in common, as far as that is known here."""
        centres = [one.size - 2 * one.padding for one in (self, other)]
        regular = self.is_regular and other.is_regular
        return self.stride == other.stride and (not regular or centres[0] == centres[1])


@dataclass(frozen=True, slots=True)
class Place:
    """Behind a layer: of each axis what axis of the input it comes from, and how far it sees.

    An axis of the input that none comes from is seen whole.
    """

    lengths: Lengths
    axes: tuple[tuple[int, Extent] | None, ...]


def starts_along(outputs: Sequence[Lengths], dim: int | None) -> Lengths:
    """Where each output begins along an axis; nowhere, if there is none."""
    starts: list[int | None] = []
    start: int | None = 0
    for output in outputs if dim is not None else ():
        starts.append(start)
        length = output[dim or 0]
        start = None if start is None or length is None else start + length
    return tuple(starts)


class Way:
    """A network as a list of links, and the place behind each."""

    def __init__(
        self, network: Layer, visits: Iterator[Step], lengths: Lengths, channels: int
    ) -> None:
        self.links: list[Link | Branch | Merge] = []
        self.steps: list[tuple[str, Layer, int, Place]] = []
        self.misaligned: list[str] = []
        self.needs_sets: bool = False
        self.visits = visits
        itself = Extent(1, 1, 0)
        axes = [None if axis == channels else (axis, itself) for axis in range(len(lengths))]
        self.start: Place = Place(lengths, tuple(axes))
        self.origins: list[int] = [axis[0] for axis in axes if axis is not None]
        self.end: Place = self.through(network, self.start)

    def through(self, layer: Layer, place: Place) -> Place:
        """The place behind a layer or network."""
        if isinstance(layer, Branches):
            return self.through_branches(layer, place)
        if isinstance(layer, Network):
            for one in layer.layers:
                place = self.through(one, place)
            return place
        path, layer, _, output, _ = next(self.visits)
        try:
            sources = as_sources(layer.sources(place.lengths), layer, len(place.lengths), output)
        except ParamcalcError as error:
            locate(error, path, layer)
            raise
        self.links.append(Link(sources, place.lengths))
        axes: list[tuple[int, Extent] | None] = []
        for source in sources:
            before = None if source is None else place.axes[source[0]]
            if source is None or before is None:
                axes.append(None)
            else:
                axes.append((before[0], before[1].behind(source[1])))
                self.needs_sets |= source[1].spacing > 1
        place = Place(output or (None,) * len(sources), tuple(axes))
        self.steps.append((path, layer, len(self.links) - 1, place))
        return place

    def through_branches(self, network: Branches, place: Place) -> Place:
        fork = len(self.links)
        self.links.append(Branch(fork))  # Where the fork is; the first branch begins behind it.
        places: list[Place] = []
        for branch in network.layers:
            self.links.append(Branch(fork))
            places.append(self.through(branch, place))
        path, layer, _, output, _ = next(self.visits)
        rank = max([len(one.lengths) for one in places])
        dim: int | None = None
        if isinstance(network, Concat):
            dim = network.dim + rank if network.dim < 0 else network.dim
            if not 0 <= dim < min([len(one.lengths) for one in places]):
                problem = f"there is no dim {show(network.dim)} in all that leaves the branches"
                raise ShapeError(problem, path=path, layer=network)
            if len(places) == 1:
                dim = None  # Nothing is put behind it.
        lengths = output or (None,) * rank
        outputs = tuple([one.lengths for one in places])
        starts = starts_along(outputs, dim)
        self.links.append(Merge(fork, outputs, lengths, dim, starts))
        axes = [self.merged(path, places, axis - rank, output) for axis in range(rank)]
        along = None if dim is None else axes[dim]
        if dim is not None and along is not None:  # Behind another branch it is somewhere else.
            self.needs_sets = True
            axes[dim] = along[0], Extent(0, None, 0, is_regular=False)
        place = Place(lengths, tuple(axes))
        self.steps.append((path, layer, len(self.links) - 1, place))
        return place

    def merged(
        self, path: str, places: Sequence[Place], axis: int, output: Shape | None
    ) -> tuple[int, Extent] | None:
        """Of an axis behind branches, counted from the last, the origin and the extent."""
        found: list[tuple[int, Extent]] = []
        for one in places:
            way = one.axes[axis] if len(one.axes) >= -axis else None
            if way is not None and output is not None and one.lengths[axis] == 1 < output[axis]:
                way = way[0], Extent(0, None, 0, is_regular=False)  # It is seen from everywhere.
            if way is not None:
                found.append(way)
        origins = {origin for origin, _ in found}
        if len(found) < len(places) or len(origins) > 1:
            return None
        extent = found[0][1]
        for _, other in found[1:]:
            if not extent.is_aligned(other) and path not in self.misaligned:
                self.misaligned.append(path)
            extent = extent.beside(other)
        return origins.pop(), extent

    def seen(self, end: int, place: Place, index: dict[int, int], *, clipped: bool) -> list[Seen]:
        """What is seen of each axis of the input from a position behind a link."""
        exact = clipped or self.needs_sets
        seen: list[Seen] = []
        for axis in place.axes:
            at = None if axis is None else index.get(axis[0])
            seen.append(None if at is None else range(at, at + 1))
        return seen_at_start(self.links, end, seen, clipped=clipped, exact=exact)


def as_sources(value: Any, layer: Layer, rank: int, output: Shape | None) -> Sources:
    """`value`, which must be the sources of each axis of the output."""
    given = entries(value)
    fits = given is not None and (output is None or len(given) == len(output))
    for one in given or ():
        pair = entries(one)
        is_pair = pair is not None and len(pair) == 2 and isinstance(pair[1], Window)
        is_axis = is_pair and pair is not None and type(pair[0]) is int and 0 <= pair[0] < rank
        fits = fits and (one is None or is_axis)
    if not fits:
        wanted = "have None or (axis, Window) for each axis of the output"
        raise TypeError(wrong(layer, "sources()", wanted, value))
    return given or ()


@dataclass(frozen=True, slots=True, repr=False)
class ReceptiveField(Shown):
    """What an output of a network sees of its input, as `receptive_field` returns it.

    Along each spatial axis position i sees `size` positions, from `i·stride − padding` on, some of
    which may lie before the input or behind it. `str()` of it is for a terminal; in a notebook it
    shows itself.

    Args:
        path: where the layer stands behind which it is; empty for the network.
        layer: that layer, or the network.
        axes: the names of the spatial axes of the input.
        size: positions seen along each, from the first to the last; the most that any position
            sees, where that differs. None where all of the input is seen, or where more than
            10,000 positions would have to be looked at to tell.
        stride: steps on the input from a position to the next; a fraction where they come closer;
            None where all is seen, or where branches differ.
        padding: positions that what position 0 sees begins before the input; None where all is
            seen.
        misaligned: the paths of branches that see the input with strides or centres of their own.

    Example:
        >>> import paramcalc as pc
        >>> field = pc.receptive_field(pc.Sequential(pc.Conv2d(3, 8, 7, 2, 3), pc.Pool(3, 2, 1)))
        >>> field.size, field.stride, field.padding
        ((11, 11), (4, 4), (5, 5))
        >>> field.interval((0, 10)), field.centre((0, 10))
        (((-5, 5), (35, 45)), (Fraction(0, 1), Fraction(40, 1)))
    """

    path: str
    layer: Layer
    axes: tuple[str, ...]
    size: tuple[int | None, ...]
    stride: tuple[Number, ...]
    padding: tuple[int | None, ...]
    misaligned: tuple[str, ...]
    _way: Way = field(compare=False)
    _end: int = field(compare=False)
    _place: Place = field(compare=False)

    @property
    def steps(self) -> tuple[ReceptiveField, ...]:
        """The receptive field behind each layer in turn, as in a trace."""
        return tuple([behind(self._way, *step) for step in self._way.steps])

    def interval(
        self, index: int | tuple[int, ...], *, clipped: bool = False
    ) -> tuple[tuple[int, int] | None, ...]:
        """The first and the last position seen along each axis, by itself; None if there is none.

        Args:
            index: the position of the output along each axis, from 0; an int for all axes. Where
                all of the input is seen, it does not matter.
            clipped: whether positions of the input alone count, and none that reach it by way of
                padding further on.

        Raises:
            TypeError: index is not an int or a tuple of ints.
            ParamcalcError: index is negative, or has the wrong number of entries.
            ShapeError: the length of the input matters and is not known.
            ParamcalcError: more than 1,000,000 positions with gaps would have to be listed.
        """
        at = as_axes(index, "interval", "index", len(self.axes), 0) if self.axes else ()
        as_bool(clipped, "interval", "clipped")
        origins = self._way.origins
        if None in self._way.start.lengths and (clipped or None in self.size):
            raise ShapeError(
                "what is seen depends on the length of the input: give input_shape",
                path=self.path,
                layer=self.layer,
            )
        where = dict(zip(origins, at, strict=True))
        seen = self._way.seen(self._end, self._place, where, clipped=clipped)
        found: list[tuple[int, int] | None] = []
        for origin in origins:
            one, length = seen[origin], self._way.start.lengths[origin] or 0
            found.append((0, length - 1) if one is None else ends(one))
        return tuple(found)

    def centre(self, index: int | tuple[int, ...]) -> tuple[Fraction | None, ...]:
        """The middle of what is seen along each axis, clipped by nothing; as `interval`."""
        return tuple([one and Fraction(sum(one), 2) for one in self.interval(index)])

    def _gist(self) -> str:
        return f" of {size_text(self)}"

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values for each layer, as pandas and polars take them."""
        return [
            {
                "path": one.path,
                "layer": layer_text(one.layer),
                "size": one.size,
                "stride": one.stride,
                "padding": one.padding,
            }
            for one in self.steps
        ]

    def _table(self, style: str = "unicode") -> Table:
        rows = [Row((one.path, layer_text(one.layer), *extent_texts(one))) for one in self.steps]
        rows.append(Row(("network", "", *extent_texts(self)), 0, "total"))
        titles = ["path", "layer", "receptive field", "stride", "padding"]
        return Table(tuple(map(Column, titles)), tuple(rows))


def size_text(one: ReceptiveField) -> str:
    """The size, or that all is seen."""
    if set(one.size) | set(one.stride) <= {None}:
        return "all"
    unknown = ["all" if stride is None else "varies" for stride in one.stride]
    pairs = zip(one.size, unknown, strict=True)
    return " × ".join([word if size is None else str(size) for size, word in pairs])


def number_text(number: int | Fraction) -> str:
    """The number; a fraction with its stroke."""
    over, under = str(number.numerator), str(number.denominator)
    return over if under == "1" else f"{over}/{under}"


def extent_texts(one: ReceptiveField) -> list[str]:
    """Size, stride and padding as a table has them."""
    size = size_text(one)
    if size == "all":
        return [size, "", ""]
    pairs = [
        " × ".join(["–" if number is None else number_text(number) for number in numbers])
        for numbers in (one.stride, one.padding)
    ]
    return [size, *pairs]


def behind(way: Way, path: str, layer: Layer, end: int, place: Place) -> ReceptiveField:
    """The receptive field behind the link at `end`."""
    found: dict[int, tuple[int | None, Number, int | None]] = {}
    for axis, length in zip(place.axes, place.lengths, strict=True):
        if axis is None:
            continue
        origin, extent = axis
        found[origin] = extent.size, extent.stride, extent.padding
        if not extent.is_regular:
            found[origin] = looked_for(way, end, place, origin, length, extent)
    numbers = [found.get(origin, (None, None, None)) for origin in way.origins]
    sizes, strides, paddings = zip(*numbers, strict=True) if numbers else ((), (), ())
    names = tuple([name for _, _, name in spatial_axes(len(way.origins))])
    misaligned = tuple(way.misaligned)
    return ReceptiveField(path, layer, names, sizes, strides, paddings, misaligned, way, end, place)


MAX_POSITIONS = 10_000
"""Where more see differently, the largest is not looked for."""


def looked_for(
    way: Way, end: int, place: Place, origin: int, length: int | None, extent: Extent
) -> tuple[int | None, Number, int | None]:
    """The size, stride and padding along an axis on which they go by the position."""
    stride = extent.stride
    number = length if stride is None else extent.period // stride
    if number is not None and length is not None:
        number = min(number, length)
    if number is None or number > MAX_POSITIONS:
        return None, stride, None
    most, padding = 0, None
    for position in range(number):
        try:
            seen = way.seen(end, place, {origin: position}, clipped=False)[origin]
        except ParamcalcError:  # They are too many to be listed.
            return None, stride, None
        found = None if seen is None else ends(seen)
        if found is not None:
            most = max(most, found[1] - found[0] + 1)
            if position == 0:
                padding = -found[0]
    return most, stride, padding


def ranks(layers: Iterable[Layer]) -> Iterator[int]:
    """The number of axes at those of the layers that state one."""
    for layer in layers:
        rank = layer._stated_rank() if isinstance(layer, SpatialLayer) else None  # pyright: ignore[reportPrivateUsage]
        if rank is not None:
            yield rank + 1


def receptive_field(network: Layer, input_shape: Shape | None = None) -> ReceptiveField:
    """What an output of a network sees of its input, along each spatial axis.

    It takes all there is between the first and the last position that is seen, through branches
    of whichever reaches furthest. Normalizations are taken for what they do to a value by itself.
    A dense layer behind a `Flatten`, a global pooling, attention and recurrent layers see all.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis. It is needed where lengths
            matter, as for "same" with a stride and for `AdaptivePool`, and where no layer says
            how many axes there are.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit what arrives at it, the shape is needed and missing, or a
            layer of one's own does not say what it sees.

    Source:
        Araujo, Norris and Sim, "Computing Receptive Fields of Convolutional Neural Networks",
        Distill 2019.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Conv2d(3, 8, 5), pc.Pool(2), pc.Conv2d(8, 8, 3))
        >>> print(receptive_field(net))
        path     layer            receptive field  stride  padding
        ──────────────────────────────────────────────────────────
        [0]      Conv2d(3, 8, 5)  5 × 5            1 × 1   0 × 0
        [1]      Pool(2)          6 × 6            2 × 2   0 × 0
        [2]      Conv2d(8, 8, 3)  10 × 10          2 × 2   0 × 0
        ──────────────────────────────────────────────────────────
        network                   10 × 10          2 × 2   0 × 0
    """
    first = list(walk(network, input_shape, "receptive_field"))
    lengths: Lengths | None = network._arriving(input_shape)  # pyright: ignore[reportPrivateUsage]
    if lengths is None:
        rank = next(ranks([visit[1] for visit in first]), None)
        if rank is None:
            raise network._missing("the number of axes")  # pyright: ignore[reportPrivateUsage]
        lengths = (None,) * rank
    formats = [getattr(layer, "data_format", None) for _, layer, _, _, _ in first]
    known = [one for one in formats if one is not None]
    channels = len(lengths) - 1 if known[:1] == ["channels_last"] else 0
    for _, layer, shape, _, _ in reversed(first[: formats.index(known[0])] if known else []):
        if isinstance(layer, Permute) and shape is not None:
            channels = layer.dims[channels]
    if first and kind_of(first[0][1]) == "plain":
        channels = -1  # What an embedding looks up has none.
    way = Way(network, iter(first), lengths, channels)
    return behind(way, "", network, len(way.links) - 1, way.end)
