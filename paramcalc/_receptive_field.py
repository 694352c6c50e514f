"""The receptive field of a network: what part of its input an output sees.

Not receptive_field.py: `paramcalc.receptive_field` is the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from paramcalc._branches import Branches
from paramcalc._checks import as_axes, as_bool
from paramcalc._plan import ask
from paramcalc._trace import Step, stated_rank, walk
from paramcalc.errors import ParamcalcError, ShapeError
from paramcalc.layers._axes import spatial_axes
from paramcalc.layers._base import Form, Layer, Shape
from paramcalc.layers._windows import (
    Seen,
    Sources,
    Window,
    as_sources,
    merged_sources,
    seen_before,
    spanned_before,
    united,
)
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

Number = int | Fraction | None
MAX_POSITIONS = 10_000
"""The most positions of an irregular axis that are compared."""


class Extent(NamedTuple):
    """What the positions of an axis see along an axis of the input, the `origin`.

    Position i sees `size` positions from i·stride − padding on. Size is None where that differs
    from position to position, as after an axis becomes longer; so is stride where branches with
    different strides meet. What is seen repeats after `period` positions of the input.
    """

    origin: int
    size: int | None = 1
    stride: Number = 1
    padding: int = 0
    period: int = 1

    def after(self, window: Window) -> Extent:
        """The extent after a window slides along the axis."""
        if self.stride is None:
            return self
        stride = self.stride * window.stride
        if window.spacing > 1:
            stride = Fraction(stride) / window.spacing
        stride = int(stride) if stride.denominator == 1 else stride
        period = lcm(self.period, stride.numerator)
        if self.size is None or window.spacing > 1:
            return Extent(self.origin, None, stride, 0, period)
        step = int(self.stride)  # No fraction: the size would be None.
        size = self.size + window.dilation * (window.kernel_size - 1) * step
        return Extent(self.origin, size, stride, self.padding + window.padding * step, period)


def merged(extents: list[Extent]) -> Extent:
    """The extent after branches with these extents merge."""
    origin, stride = extents[0].origin, extents[0].stride
    period = lcm(*[one.period for one in extents])
    if {one.stride for one in extents} != {stride}:
        return Extent(origin, None, None, 0, period)
    padding = max([one.padding for one in extents])
    ends = [one.size - one.padding for one in extents if one.size is not None]
    size = max(ends) + padding if len(ends) == len(extents) else None
    return Extent(origin, size, stride, padding, period)


class Read(NamedTuple):
    """What a step reads of another, or of the input if that is -1.

    `dim` is the axis along which the step concatenates what it reads, if it does.
    """

    step: int
    sources: Sources
    dim: int | None = None


class Sight:
    """What the steps of a network see of its input.

    One pass forwards gives the extent of each axis. Only where that has no size, or the border of
    the input matters, is a position followed backwards, with all that it sees on the way.
    """

    has_gaps: bool = False
    """Whether it matters which positions are seen between the first and the last."""

    def __init__(self, steps: Sequence[Step], form: Form) -> None:
        self.steps = steps
        self.reads: list[list[Read]] = []
        # Of each step, and at -1 of the input: the shape, and the extent of each axis; None for an
        # axis that does not come from a single spatial axis of the input.
        self.shapes: list[Form] = [()] * len(steps) + [form]
        self.extents: list[list[Extent | None]] = [[] for _ in self.shapes]
        for number, step in enumerate(steps):
            self.reads.append(ask(step.path, step.layer, self.reads_of, step))
            self.shapes[number] = step.output_shape or (None,) * len(self.reads[-1][0].sources)
            for _, sources, dim in self.reads[-1]:
                spacings = [source[1].spacing for source in sources if source]
                self.has_gaps |= dim is not None or max(spacings, default=1) > 1
        channels = self.channels()
        self.spatial: list[int] = [axis for axis in range(len(form)) if axis != channels]
        self.extents[-1] = [Extent(axis) if axis != channels else None for axis in range(len(form))]
        self.misaligned: list[str] = []
        for number, shape in enumerate(self.shapes[:-1]):
            self.extents[number] = [self.extent_of(number, axis) for axis in range(len(shape))]

    def reads_of(self, step: Step) -> list[Read]:
        """What a step reads."""
        layer, output = step.layer, step.output_shape
        before = [self.shapes[number] for number in step.inputs]
        if not isinstance(layer, Branches):
            rank = len(output) if output else None
            sources = as_sources(layer.sources(before[0]), layer, len(before[0]), rank)
            return [Read(step.inputs[0], sources)]
        dim = layer._joined_dim([len(shape) for shape in before])
        pairs = zip(step.inputs, merged_sources(before, output, dim), strict=True)
        return [Read(number, sources, dim) for number, sources in pairs]

    def channels(self) -> int | None:
        """The axis of the input that holds the channels of the first layer with channels."""
        families = [step.layer._family for step in self.steps]
        first = next((at for at, one in enumerate(families) if one in ("plain", "spatial")), None)
        if first is None:
            return 0
        layer = self.steps[first].layer
        if layer._family == "plain":
            return None  # The indices before an embedding have no channels.
        number, axis = self.steps[first].inputs[0], -1 if layer._channels_last else 0
        while number >= 0:
            number, sources, _ = self.reads[number][0]
            source = sources[axis % len(sources)]
            if source is not None:  # Counted from the same end, since the rank may change.
                axis = source[0] - layer._channels_last * len(self.shapes[number])
        return axis % len(self.shapes[-1])

    def extent_of(self, number: int, axis: int) -> Extent | None:
        """The extent of an axis of a step, if it has one. Misaligned branches are recorded."""
        reads, path = self.reads[number], self.steps[number].path
        found: list[Extent] = []
        for before, sources, _ in reads:
            source = sources[axis]
            extent = source and self.extents[before][source[0]]
            if source is None or extent is None:
                return None
            if len(reads) == 1:
                extent = extent.after(source[1])
            elif source[1].stride == 0:  # It is broadcast.
                extent = Extent(extent.origin, None, None)
            found.append(extent)
        if len({one.origin for one in found}) > 1:
            return None
        centers = {one.size - 2 * one.padding for one in found if one.size is not None}
        is_aligned = len(centers) < 2 and len({one.stride for one in found}) == 1
        if not is_aligned and path not in self.misaligned:
            self.misaligned.append(path)
        if axis == reads[0].dim:  # Which branch a position sees depends on where it is.
            return Extent(found[0].origin, None, None)
        return merged(found)

    def seen(self, number: int, origin: int, position: int, *, clipped: bool) -> Seen:
        """What a position of a step sees of an axis of the input, followed backwards."""
        start: list[Seen] = [
            [range(position, position + 1)] if one and one.origin == origin else None
            for one in self.extents[number]
        ]
        found = {number: start}
        for step in range(number, -1, -1):
            seen = found.pop(step, None)
            if seen is None:  # It is in another branch.
                continue
            for before, sources, dim in self.reads[step]:
                shape = self.shapes[before]
                # An axis that is the source of none is seen whole.
                here: list[Seen] = [[range(n)] if clipped and n else None for n in shape]
                for one, source in zip(seen, sources, strict=True):
                    if source is not None:
                        axis, window = source
                        if clipped or self.has_gaps:
                            length = shape[axis] if clipped or axis == dim else None
                            here[axis] = seen_before(one, window, length)
                        else:
                            here[axis] = spanned_before(one, window)
                others = found.get(before, [[] for _ in shape])
                found[before] = [united(*pair) for pair in zip(here, others, strict=True)]
        return found[-1][origin]

    def interval(
        self, number: int, origin: int, position: int, *, clipped: bool = False
    ) -> tuple[int, int] | None:
        """The first and the last position seen of an axis of the input; None if nothing is seen."""
        for extent in self.extents[number]:
            if extent and extent.origin == origin and extent.size is not None and not clipped:
                first = position * int(extent.stride or 0) - extent.padding
                return first, first + extent.size - 1
        seen = self.seen(number, origin, position, clipped=clipped)
        if seen is None:
            return 0, (self.shapes[-1][origin] or 0) - 1
        return (seen[0].start, seen[-1].stop - 1) if seen else None

    def measured(
        self, number: int, extent: Extent, length: int | None
    ) -> tuple[int | None, Number, int | None]:
        """The size, stride and padding; for irregular axes they are searched."""
        stride = extent.stride
        if extent.size is not None:
            return extent.size, stride, extent.padding
        count = length if stride is None else extent.period // stride if stride else 1
        if count is not None and length is not None:
            count = min(count, length)
        if count is None or count > MAX_POSITIONS:
            return None, stride, None
        try:
            pairs = [self.interval(number, extent.origin, position) for position in range(count)]
        except ParamcalcError:  # There are too many gaps.
            return None, stride, None
        most = max([last - first + 1 for first, last in filter(None, pairs)], default=0)
        return most, stride, pairs[0] and -pairs[0][0]

    def field(self, number: int, path: str, layer: Layer) -> ReceptiveField:
        """The receptive field after a step."""
        found = {
            extent.origin: self.measured(number, extent, length)
            for extent, length in zip(self.extents[number], self.shapes[number], strict=True)
            if extent
        }
        numbers = [found.get(axis, (None, None, None)) for axis in self.spatial]
        sizes, strides, paddings = zip(*numbers, strict=True) if numbers else ((), (), ())
        names = tuple([name for _, _, name in spatial_axes(len(numbers))])
        extent = names, sizes, strides, paddings, tuple(self.misaligned)
        return ReceptiveField(path, layer, *extent, self, number)


@dataclass(frozen=True, slots=True, repr=False)
class ReceptiveField(Shown):
    """The part of its input that an output sees.

    Along each spatial axis, position i sees `size` positions from `i·stride − padding` on. Some may
    lie in the padding.

    Args:
        path: the path of the layer that it is measured after; empty for the network.
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
    _sight: Sight = field(compare=False)
    _step: int = field(compare=False)

    @property
    def steps(self) -> tuple[ReceptiveField, ...]:
        """The receptive field after each step of the trace."""
        sight = self._sight
        return tuple([sight.field(at, one.path, one.layer) for at, one in enumerate(sight.steps)])

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
        sight = self._sight
        if None in sight.shapes[-1] and (clipped or None in self.size):
            problem = "the receptive field depends on the length of the input: give input_shape"
            raise ShapeError(problem, path=self.path, layer=self.layer)
        pairs = zip(sight.spatial, at, strict=True)
        return tuple([sight.interval(self._step, *pair, clipped=clipped) for pair in pairs])

    def center(self, index: int | tuple[int, ...]) -> tuple[Fraction | None, ...]:
        """The middle of `interval`, not clipped."""
        return tuple([one and Fraction(sum(one), 2) for one in self.interval(index)])

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per layer, as pandas and polars take them."""
        fields = "size", "stride", "padding"
        return [
            {"path": one.path, "layer": one.layer._text()}
            | {name: getattr(one, name) for name in fields}
            for one in self.steps
        ]

    def _table(self, style: str = "unicode") -> Table:
        rows = [Row((one.path, one.layer._text(), *extent_texts(one))) for one in self.steps]
        rows.append(Row(("network", "", *extent_texts(self)), 0, "total"))
        titles = ["path", "layer", "receptive field", "stride", "padding"]
        return Table(tuple(map(Column, titles)), tuple(rows))


def size_text(one: ReceptiveField) -> str:
    """The size in words; "all" if the whole input is seen."""
    if set(one.size) | set(one.stride) <= {None}:
        return "all"
    unknown = ["all" if stride is None else "varies" for stride in one.stride]
    pairs = zip(one.size, unknown, strict=True)
    return " × ".join([word if size is None else str(size) for size, word in pairs])


def extent_texts(one: ReceptiveField) -> list[str]:
    """Size, stride and padding as texts for a table."""
    size = size_text(one)
    if size == "all":
        return [size, "", ""]
    pairs = one.stride, one.padding
    return [size, *[" × ".join(["–" if n is None else str(n) for n in pair]) for pair in pairs]]


def receptive_field(network: Layer, input_shape: Shape | None = None) -> ReceptiveField:
    """The part of its input that an output sees.

    Along each spatial axis it reaches from the first position seen to the last, through the branch
    that reaches furthest. A normalization is treated as if it worked on single values. A dense
    layer after a `Flatten`, a global pooling, attention and recurrent layers see everything.

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
    steps = walk(network, input_shape, "receptive_field", shared=False)
    lengths: Form | None = network._checked(input_shape)
    if lengths is None:
        rank = stated_rank(steps)
        if rank is None:
            raise network._missing("the number of axes")
        lengths = (None,) * (rank + 1)
    return Sight(steps, lengths).field(len(steps) - 1, "", network)
