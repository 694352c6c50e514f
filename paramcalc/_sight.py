"""What the steps of a network see of its input."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from paramcalc._plan import ask
from paramcalc._trace import Step, num_times
from paramcalc.errors import ParamcalcError
from paramcalc.layers._base import Form
from paramcalc.layers._windows import Seen, Sources, Window, seen_before, spanned_before, united

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

    Only one input is followed. What does not depend on it is `fixed`, and seen by nobody.
    One pass forwards gives the extent of each axis. Only where that has no size, or the border of
    the input matters, is a position followed backwards, with all that it sees on the way.
    """

    has_gaps: bool = False
    """Whether it matters which positions are seen between the first and the last."""

    def __init__(self, steps: Sequence[Step], forms: Sequence[Form], followed: int) -> None:
        self.steps = steps
        self.input = followed
        self.fixed: set[int] = set(range(-len(forms), 0)) - {followed}
        self.reads: list[list[Read]] = []
        # Of each step, and at -1 and below of the inputs: the shape, and the extent of each axis;
        # None for an axis that does not come from a single spatial axis of the input.
        self.shapes: list[Form] = [*[()] * len(steps), *reversed(forms)]
        self.extents: list[list[Extent | None]] = [[] for _ in self.shapes]
        for number, step in enumerate(steps):
            self.reads.append([])
            self.shapes[number] = step.output_shape
            if self.fixed.issuperset(step.inputs):
                layer, output = step.layer, step.output_shape
                ask(step.path, layer, layer._needed, output, "the receptive field")
                self.fixed.add(number)
                continue
            self.reads[-1] = ask(step.path, step.layer, self.reads_of, step)
            if not self.reads[-1]:
                self.fixed.add(number)
                continue
            self.shapes[number] = step.output_shape or (None,) * len(self.reads[-1][0].sources)
            for _, sources, dim in self.reads[-1]:
                spacings = [source[1].spacing for source in sources if source]
                self.has_gaps |= dim is not None or max(spacings, default=1) > 1
        self.num_times: int = num_times(steps, followed)
        channels = self.channels()
        axes = range(len(forms[-1 - followed]))
        self.spatial: list[int] = [axis for axis in axes if axis != channels]
        self.extents[followed] = [Extent(axis) if axis != channels else None for axis in axes]
        self.misaligned: list[str] = []
        for number in range(len(steps)):
            axes = range(len(self.shapes[number]))
            self.extents[number] = [self.extent_of(number, axis) for axis in axes]

    def reads_of(self, step: Step) -> list[Read]:
        """What a step reads that is not fixed."""
        before = [self.shapes[number] for number in step.inputs]
        sources = step.layer._sources_of(before, step.output_shape)
        dim = step.layer._joined_dim([len(shape) for shape in before])
        pairs = zip(step.inputs, sources, strict=True)
        return [Read(at, seen, dim) for at, seen in pairs if seen and at not in self.fixed]

    def channels(self) -> int | None:
        """The axis of the input that holds the channels or features of the first layer with any."""
        reading = [at for at, reads in enumerate(self.reads) if reads]
        known = "plain", "spatial", "sequence"
        first = next((at for at in reading if self.steps[at].layer._family.endswith(known)), None)
        if first is None:
            return self.num_times
        layer = self.steps[first].layer
        if layer._family.endswith("plain"):
            return None  # The indices before an embedding have no channels.
        is_last = layer._channels_last or layer._family.endswith("sequence")
        number = self.reads[first][0].step
        axis = -1 if is_last else layer._family.count("time")
        while number >= 0:
            number, sources, _ = self.reads[number][0]
            source = sources[axis % len(sources)]
            if source is not None:  # Counted from the same end, since the rank may change.
                axis = source[0] - is_last * len(self.shapes[number])
        return axis % len(self.shapes[self.input])

    def extent_of(self, number: int, axis: int) -> Extent | None:
        """The extent of an axis of a step, if it has one. Misaligned branches are recorded."""
        reads, path = self.reads[number], self.steps[number].path
        if not reads:
            return None
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
        return found[self.input][origin] if self.input in found else []

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
            return 0, (self.shapes[self.input][origin] or 0) - 1
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
