"""The receptive field of a network: what part of its input an output sees.

Not receptive_field.py: `paramcalc.receptive_field` is the function.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from paramcalc._checks import as_axes, as_bool, as_name, wrong
from paramcalc._plan import inputs_of, plan_of
from paramcalc._sight import Number, Sight
from paramcalc._trace import stated_rank, walk
from paramcalc.errors import ParamcalcError, ShapeError, show
from paramcalc.layers._axes import spatial_axes
from paramcalc.layers._base import Form, InputShape, Layer
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table


@dataclass(frozen=True, slots=True, repr=False)
class ReceptiveField(Shown):
    """The part of its input that an output sees.

    Along each spatial axis, position i sees `size` positions from `i·stride − padding` on. Some may
    lie in the padding.

    Args:
        path: the path of the layer that it is measured after; empty for the network.
        layer: that layer, or the network.
        axes: the names of the spatial axes of the input.
        size: positions from the first to the last seen, the most of any position; 0 if none is
            seen; None if the whole input is seen, or if more than 10,000 positions would have to
            be searched.
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
        return tuple(
            [field_after(sight, at, one.path, one.layer) for at, one in enumerate(sight.steps)]
        )

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
        if None in sight.shapes[sight.input] and (clipped or None in self.size):
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


def field_after(sight: Sight, number: int, path: str, layer: Layer) -> ReceptiveField:
    """The receptive field after a step."""
    found = {
        extent.origin: sight.measured(number, extent, length)
        for extent, length in zip(sight.extents[number], sight.shapes[number], strict=True)
        if extent
    }
    unknown: Any = (0 if number in sight.fixed else None, None, None)
    numbers = [found.get(axis, unknown) for axis in sight.spatial]
    sizes, strides, paddings = zip(*numbers, strict=True) if numbers else ((), (), ())
    times = ["time"] * sight.num_times
    names = (*times, *[name for _, _, name in spatial_axes(len(numbers) - len(times))])
    extent = names, sizes, strides, paddings, tuple(sight.misaligned)
    return ReceptiveField(path, layer, *extent, sight, number)


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


def receptive_field(
    network: Layer, input_shape: InputShape | None = None, *, of: str | None = None
) -> ReceptiveField:
    """The part of its input that an output sees.

    Along each spatial axis it reaches from the first position seen to the last, through the branch
    that reaches furthest. A normalization is treated as if it worked on single values. A dense
    layer after a `Flatten`, a global pooling, attention and recurrent layers see everything.

    Args:
        network: a network or a layer.
        input_shape: its input shape; needed if lengths matter, as for "same" with a stride and for
            `AdaptivePool`, or if no layer states the number of axes.
        of: the name of the input, if there are several.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: no input, or none of several, is called `of`.
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
    names = network._input_names
    if of is None and names[1:]:
        raise ParamcalcError(wrong("receptive_field", "of", f"be one of {show(names)}", of))
    name = as_name(names[0] if of is None else of, "receptive_field", "input", names, "inputs")
    shape = network._checked(input_shape)
    forms: Sequence[Form] = () if shape is None else inputs_of(network, shape)
    if not forms:
        rank = stated_rank(steps)
        if rank is None:
            raise network._missing("the number of axes")
        forms = [(None,) * (rank + 1)]
    sight = Sight(steps, forms, -1 - names.index(name))
    return field_after(sight, plan_of(network).ends[0], "", network)
