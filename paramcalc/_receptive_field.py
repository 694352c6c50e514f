"""The receptive field of a network: the part of its input that an output sees."""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any

from paramcalc._branches import Branches
from paramcalc._checks import as_axes, as_bool
from paramcalc._explain import layer_text
from paramcalc._trace import Step, stated_rank, walk
from paramcalc.errors import ParamcalcError, ShapeError, locate
from paramcalc.layers._axes import spatial_axes
from paramcalc.layers._base import Form, Layer, Shape
from paramcalc.layers._windows import (
    Seen,
    Sources,
    Window,
    as_sources,
    ends,
    merged_sources,
    seen_before,
    united,
)
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

Number = int | Fraction | None


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a position sees along an axis: position i sees from i·stride − padding on.

    Where branches differ, or an axis became longer, this varies by position. Then it is not
    regular: padding and size have to be searched for, and stride is None if branches differ in it.
    What is seen repeats itself after `period` steps on the input.
    """

    size: int
    stride: Number
    padding: int
    period: int = 1
    is_regular: bool = True

    def after(self, window: Window) -> Extent:
        """The extent after a window."""
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
        """The extent of a merge with another."""
        if self.stride != other.stride or not self.is_regular or not other.is_regular:
            stride = self.stride if self.stride == other.stride else None
            return Extent(0, stride, 0, lcm(self.period, other.period), is_regular=False)
        padding = max(self.padding, other.padding)
        end = max(self.size - self.padding, other.size - other.padding)
        return Extent(end + padding, self.stride, padding, self.period)

    def is_aligned(self, other: Extent) -> bool:
        """Whether strides and centers agree, as far as known."""
        centers = [one.size - 2 * one.padding for one in (self, other)]
        regular = self.is_regular and other.is_regular
        return self.stride == other.stride and (not regular or centers[0] == centers[1])


ANYWHERE = Extent(0, None, 0, is_regular=False)
"""It varies by position, without a stride."""
MAX_POSITIONS = 10_000
"""The most positions that are searched for the largest extent."""
Read = tuple[int, Sources, int | None]
"""What a step reads: another step, the sources of its output in that step, and the axis along which
it concatenates, if any."""


class Way:
    """What each step of a network reads, and how far it sees."""

    def __init__(self, steps: Sequence[Step], lengths: Form) -> None:
        self.steps = steps
        self.reads: list[list[Read]] = []
        # Per step, and at -1 for the input: its shape; and per axis, the spatial axis of the input
        # that it comes from, if there is a single one, and how far it sees there.
        self.lengths: list[Form] = [()] * len(steps) + [lengths]
        self.axes: list[list[tuple[int, Extent] | None]] = [[]] * len(steps)
        for number, step in enumerate(steps):
            try:
                self.reads.append(self.reads_of(step))
            except ParamcalcError as error:
                locate(error, step.path, step.layer)
                raise
            self.lengths[number] = step.output_shape or (None,) * len(self.reads[-1][0][1])
        channels, axes = self.channels(), range(len(lengths))
        self.spatial: list[int] = [axis for axis in axes if axis != channels]
        self.axes.append([(one, Extent(1, 1, 0)) if one != channels else None for one in axes])
        self.misaligned: list[str] = []
        self.needs_sets = False
        for number, shape in enumerate(self.lengths[:-1]):
            self.axes[number] = [self.axis_of(number, axis) for axis in range(len(shape))]

    def reads_of(self, step: Step) -> list[Read]:
        """The steps that a step reads, with its sources in them."""
        layer, output = step.layer, step.output_shape
        before = [self.lengths[number] for number in step.inputs]
        if not isinstance(layer, Branches):
            rank = len(output) if output else None
            sources = as_sources(layer.sources(before[0]), layer, len(before[0]), rank)
            return [(step.inputs[0], sources, None)]
        dim = layer._joined_dim([len(shape) for shape in before])
        pairs = zip(step.inputs, merged_sources(before, output, dim), strict=True)
        return [(number, sources, dim) for number, sources in pairs]

    def channels(self) -> int | None:
        """The channels axis of the input, according to the first layer that has one."""
        axis = 0
        for step in self.steps:
            layer: Any = step.layer
            if layer._family == "plain":
                return None  # The input of an embedding has none.
            if layer._family == "spatial":
                number, is_last = step.inputs[0], layer._channels_last
                axis = -1 if is_last else 0
                while number >= 0:
                    number, sources, _ = self.reads[number][0]
                    source = sources[axis % len(sources)]
                    if source is not None:
                        axis = source[0] - is_last * len(self.lengths[number])
                break
        return axis % len(self.lengths[-1])

    def axis_of(self, number: int, axis: int) -> tuple[int, Extent] | None:
        """The axis of the input that an axis of a step comes from, and how far it sees there."""
        found: list[tuple[int, Extent]] = []
        reads, path = self.reads[number], self.steps[number].path
        for step, sources, _ in reads:
            source = sources[axis]
            before = source and self.axes[step][source[0]]
            if source is None or before is None:
                return None
            origin, extent = before
            if len(reads) == 1:
                extent = extent.after(source[1])
                self.needs_sets |= source[1].spacing > 1
            elif source[1].stride == 0:
                extent = ANYWHERE
            found.append((origin, extent))
        origin, extent = found[0]
        if {one for one, _ in found} != {origin}:
            return None
        for _, other in found[1:]:
            if not extent.is_aligned(other) and path not in self.misaligned:
                self.misaligned.append(path)
            extent = extent.beside(other)
        if axis == reads[0][2]:  # The position decides which branch it is in.
            self.needs_sets = True
            extent = ANYWHERE
        return origin, extent

    def seen(self, number: int, index: dict[int, int], *, clipped: bool) -> list[Seen]:
        """The positions of each axis of the input that a position after a step sees.

        Backwards, what is seen of a step is the union over the steps that read it.
        """
        exact = clipped or self.needs_sets
        places = [None if axis is None else index.get(axis[0]) for axis in self.axes[number]]
        start: list[Seen] = [None if at is None else range(at, at + 1) for at in places]
        found = {number: start}
        for step in range(number, -1, -1):
            seen = found.pop(step, None)
            if seen is None:  # It is not on the way.
                continue
            for before, sources, dim in self.reads[step]:
                lengths = self.lengths[before]
                # An axis that is the source of none is seen whole.
                here: list[Seen] = [range(n) if clipped and n else None for n in lengths]
                for axis, (one, source) in enumerate(zip(seen, sources, strict=True)):
                    if source is not None:
                        length = lengths[source[0]] if clipped or axis == dim else None
                        here[source[0]] = seen_before(one, source[1], length, exact=exact)
                if before in found:
                    pairs = zip(found[before], here, strict=True)
                    here = [united(*pair, exact=exact) for pair in pairs]
                found[before] = here
        return found[-1]

    def field(self, number: int, path: str, layer: Layer) -> ReceptiveField:
        """The receptive field after a step."""
        found: dict[int, tuple[int | None, Number, int | None]] = {}
        for axis, length in zip(self.axes[number], self.lengths[number], strict=True):
            if axis is not None:
                found[axis[0]] = self.measured(number, *axis, length)
        numbers = [found.get(axis, (None, None, None)) for axis in self.spatial]
        sizes, strides, paddings = zip(*numbers, strict=True) if numbers else ((), (), ())
        names = tuple([name for _, _, name in spatial_axes(len(self.spatial))])
        extent = names, sizes, strides, paddings, tuple(self.misaligned)
        return ReceptiveField(path, layer, *extent, self, number)

    def measured(
        self, number: int, origin: int, extent: Extent, length: int | None
    ) -> tuple[int | None, Number, int | None]:
        """The size, stride and padding along an axis; searched for if they vary by position."""
        stride = extent.stride
        if extent.is_regular:
            return extent.size, stride, extent.padding
        count = length if stride is None else extent.period // stride if stride else 1
        if count is not None and length is not None:
            count = min(count, length)
        if count is None or count > MAX_POSITIONS:
            return None, stride, None
        most, padding = 0, None
        for position in range(count):
            try:
                pair = ends(self.seen(number, {origin: position}, clipped=False)[origin])
            except ParamcalcError:  # There are too many.
                return None, stride, None
            if pair is not None:
                most = max(most, pair[1] - pair[0] + 1)
                padding = padding if position else -pair[0]
        return most, stride, padding


@dataclass(frozen=True, slots=True, repr=False)
class ReceptiveField(Shown):
    """The part of its input that an output sees.

    Along each spatial axis, position i sees `size` positions from `i·stride − padding` on. Some may
    lie in the padding.

    Args:
        path: the layer after which it is; empty for the network.
        layer: that layer, or the network.
        axes: the names of the spatial axes of the input.
        size: positions from the first to the last seen, the most of any position; None if the whole
            input is seen, or if more than 10,000 positions would have to be searched.
        stride: steps on the input from one position to the next; a fraction after an axis became
            longer; None if the whole input is seen, or if branches differ.
        padding: positions before the input that position 0 sees; None if the whole input is seen.
        misaligned: the paths of merges whose branches differ in stride or center.

    Example:
        >>> import paramcalc as pc
        >>> field = pc.receptive_field(pc.Sequential(pc.Conv2d(3, 8, 7, 2, 3), pc.Pool(3, 2, 1)))
        >>> field.size, field.stride, field.padding
        ((11, 11), (4, 4), (5, 5))
        >>> field.interval((0, 10)), field.center((0, 10))
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
    _step: int = field(compare=False)

    @property
    def steps(self) -> tuple[ReceptiveField, ...]:
        """The receptive field after each step of the trace."""
        way = self._way
        return tuple([way.field(at, one.path, one.layer) for at, one in enumerate(way.steps)])

    def interval(
        self, index: int | tuple[int, ...], *, clipped: bool = False
    ) -> tuple[tuple[int, int] | None, ...]:
        """The first and the last position seen along each axis; None if there is none.

        Args:
            index: the position of the output along each axis, from 0, or an int for all axes.
            clipped: whether to ignore positions in the padding, of any layer.

        Raises:
            TypeError: index is not an int or a tuple of ints.
            ParamcalcError: index is negative or has the wrong number of entries; or there would be
                more than 1,000,000 positions with gaps.
            ShapeError: the length of the input matters and is unknown.
        """
        at = as_axes(index, "interval", "index", len(self.axes), 0) if self.axes else ()
        as_bool(clipped, "interval", "clipped")
        axes, lengths = self._way.spatial, self._way.lengths[-1]
        if None in lengths and (clipped or None in self.size):
            problem = "the receptive field depends on the length of the input: give input_shape"
            raise ShapeError(problem, path=self.path, layer=self.layer)
        seen = self._way.seen(self._step, dict(zip(axes, at, strict=True)), clipped=clipped)
        whole = [(0, (length or 0) - 1) for length in lengths]
        return tuple([whole[axis] if seen[axis] is None else ends(seen[axis]) for axis in axes])

    def center(self, index: int | tuple[int, ...]) -> tuple[Fraction | None, ...]:
        """The middle of `interval`, not clipped."""
        return tuple([one and Fraction(sum(one), 2) for one in self.interval(index)])

    def _gist(self) -> str:
        return f" of {size_text(self)}"

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per layer, for pandas or polars."""
        fields = "size", "stride", "padding"
        return [
            {"path": one.path, "layer": layer_text(one.layer)}
            | {name: getattr(one, name) for name in fields}
            for one in self.steps
        ]

    def _table(self, style: str = "unicode") -> Table:
        rows = [Row((one.path, layer_text(one.layer), *extent_texts(one))) for one in self.steps]
        rows.append(Row(("network", "", *extent_texts(self)), 0, "total"))
        titles = ["path", "layer", "receptive field", "stride", "padding"]
        return Table(tuple(map(Column, titles)), tuple(rows))


def size_text(one: ReceptiveField) -> str:
    """The size, or "all"."""
    if set(one.size) | set(one.stride) <= {None}:
        return "all"
    unknown = ["all" if stride is None else "varies" for stride in one.stride]
    pairs = zip(one.size, unknown, strict=True)
    return " × ".join([word if size is None else str(size) for size, word in pairs])


def extent_texts(one: ReceptiveField) -> list[str]:
    """Size, stride and padding in a table."""
    size = size_text(one)
    if size == "all":
        return [size, "", ""]
    pairs = one.stride, one.padding
    return [size, *[" × ".join(["–" if n is None else str(n) for n in pair]) for pair in pairs]]


def receptive_field(network: Layer, input_shape: Shape | None = None) -> ReceptiveField:
    """The part of its input that an output sees.

    Along each spatial axis it reaches from the first position seen to the last, through the branch
    that reaches furthest. Normalizations count as working on single values. A dense layer after a
    `Flatten`, a global pooling, attention and recurrent layers see everything.

    Args:
        network: a network or a layer.
        input_shape: its input shape; needed if lengths matter, as for "same" with a stride and for
            `AdaptivePool`, or if no layer states the number of axes.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or list of ints.
        ShapeError: a layer does not fit its input, the shape is needed and missing, or a user's own
            layer does not define `sources`.

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
    steps = walk(network, input_shape, "receptive_field")
    lengths: Form | None = network._checked(input_shape)
    if lengths is None:
        rank = stated_rank(steps)
        if rank is None:
            raise network._missing("the number of axes")
        lengths = (None,) * (rank + 1)
    return Way(steps, lengths).field(len(steps) - 1, "", network)
