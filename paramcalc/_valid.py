"""Which input sizes near a given one pass through a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice, zip_longest
from typing import Any

from paramcalc._checks import as_bool, as_inputs, as_shape, wrong
from paramcalc._inverse import fitting
from paramcalc._plan import inputs_of, plan_of, run
from paramcalc._rules import LengthRule, around, is_apart
from paramcalc._search import Search
from paramcalc._trace import Step, shape_text, steps_of
from paramcalc.errors import ParamcalcError, ShapeError, show
from paramcalc.layers._axes import name_axes
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.activation import Identity
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

Given = Shape | Mapping[str, Shape]


@dataclass(frozen=True, slots=True, repr=False)
class ValidInputs(Shown):
    """The nearest input sizes that pass through a network.

    Args:
        near: the input shape that was asked about; of several inputs, a dict of these by name.
        fits: whether it passes.
        smaller: the nearest smaller one that does; None if there is none. An axis whose length
            fits keeps it, unless all do.
        larger: the nearest larger one, likewise.
        axes: the names of the axes that change together, per rule.
        rules: the rule of their lengths; None where none is proven.

    Example:
        >>> import paramcalc as pc
        >>> found = pc.valid_inputs(pc.PixelUnshuffle(4), (3, 358, 358))
        >>> found.smaller, found.larger, found.rules
        ((3, 356, 356), (3, 360, 360), (LengthRule(multiple=4, remainders=(0,), start=4),))
    """

    near: Given = field(hash=False)
    fits: bool
    smaller: Given | None = field(hash=False)
    larger: Given | None = field(hash=False)
    axes: tuple[str, ...]
    rules: tuple[LengthRule | None, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """The rules, and which of the two sizes there is not."""
        pairs = zip(self.axes, self.rules, strict=True)
        rules = [f"{names}: {rule}" for names, rule in pairs if rule]
        sizes = {"smaller": self.smaller, "larger": self.larger}
        return (*rules, *[f"no {name} input fits" for name, one in sizes.items() if one is None])

    def _sizes(self) -> list[tuple[Mapping[str, Shape], bool]]:
        """The inputs by name, from small to large, and whether they fit."""
        given = (self.smaller, True), (self.near, self.fits), (self.larger, True)
        return [
            (one if isinstance(one, Mapping) else {"input": one}, fits)
            for one, fits in given
            if one is not None
        ]

    def to_records(self) -> list[dict[str, Any]]:
        return [{**shapes, "fits": fits} for shapes, fits in self._sizes()]

    def _table(self, style: str = "unicode") -> Table:
        sizes = self._sizes()
        rows = [
            Row((*map(shape_text, shapes.values()), "yes" if fits else "no"))
            for shapes, fits in sizes
        ]
        return Table(tuple(map(Column, (*sizes[0][0], "fits"))), tuple(rows))


def valid_inputs(network: Layer, near: Given | None = None, *, square: bool = True) -> ValidInputs:
    """The nearest input sizes that pass through a network.

    They are the nearest smaller and the nearest larger one, with the rule by which sizes pass, such
    as "multiples of 32". A rule is given if it is proven, as it is not for a user's own layer.
    Channels, features and steps in time stay. An `Input` at the start does not keep the lengths.

    Args:
        network: a network or a layer.
        near: an input shape, whether it passes or not; of several inputs, a dict of these by name;
            optional after an `Input`.
        square: whether axes of equal length change together. Otherwise each changes by itself. The
            lengths of several inputs change together, and differ as those of `near` do.

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: no input fits, or near is missing.
        ParamcalcError: lengths that change by themselves depend on each other, or are not proven
            not to; or none of the 10,000 inputs that were tried fits.

    Example:
        >>> import paramcalc as pc
        >>> halves = pc.Sequential(pc.Pool(4), pc.Upsample(scale_factor=4))
        >>> pc.valid_inputs(pc.Concat(pc.Identity(), halves), (3, 358, 358))
        input          fits
        ───────────────────
        3 × 356 × 356  yes
        3 × 358 × 358  no
        3 × 360 × 360  yes
        ───────────────────
        height and width: multiples of 4
    """
    if not isinstance(network, Layer):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(wrong("valid_inputs", "network", "be a Layer", network))
    as_bool(square, "valid_inputs", "square")
    names = network._input_names
    if near is not None:
        read = partial(as_shape, layer=network, field="near")
        shape = as_inputs(near, "valid_inputs", names, read, "near")
    else:
        shape = network._stated_shape()
    if shape is None:
        problem = "give near, such as (3, 224, 224), or start with Input(...)"
        raise ShapeError(problem, layer=network)
    return nearest(network, shape, square=square)


KEPT = "time", "channels", "features"
"""The axes whose lengths stay."""
MAX_TRIES, MAX_STEPS = 300, 30_000
"""The most inputs that are tried for a message, and layers that are asked: about 50 ms."""


def advice(network: Layer, shape: Any, error: ShapeError) -> str:
    """The end of its message: what fits in place of a shape; empty if it takes long to find."""
    try:
        limit = min(MAX_TRIES, MAX_STEPS // len(plan_of(network).nodes))
        found = nearest(network, shape, limit=limit)
        sides = found.smaller, found.larger
        sizes = [show(one) for one in sides if one is not None and agrees(error, network, one)]
    except Exception:  # noqa: BLE001  # a user's own layer may raise anything, a message nothing
        return ""
    if not sizes:
        return ""
    rules = {*map(str, found.rules)}
    rule = "" if None in found.rules or len(rules) > 1 else f": {rules.pop()}"
    return f"; {' and '.join(sizes)} {'fit' if sizes[1:] else 'fits'}{rule}"


def agrees(error: ShapeError, network: Layer, given: Given) -> bool:
    """Whether the branches that did not merge do, and not because one broadcasts by chance."""
    plan = plan_of(opened(network))
    shapes = run(plan, tuple(given.values()) if isinstance(given, Mapping) else given)
    (inputs,) = [inputs for path, _, _, inputs in plan.nodes if path == error.path]
    pairs = [
        (shapes[inputs[one]], shapes[inputs[other]], axis)
        for one, other, axis, *_ in error._unequal
    ]
    return all(one[-1 - axis] == other[-1 - axis] for one, other, axis in pairs)


def nearest(
    network: Layer, shape: Any, *, square: bool = True, limit: int | None = None
) -> ValidInputs:
    """The nearest sizes for a shape that is checked; of several inputs, a tuple of shapes."""
    inside, inputs = opened(network), network._input_names
    steps = steps_of(inside, None, shared=False)
    shapes = inputs_of(network, shape)
    flat = [length for one in shapes for length in one]
    free = axes_of(steps, shapes, inputs)
    groups, names = grouped(free, flat, square=square)
    nears = tuple([min([flat[at] for at in one]) for one in names])

    def search(fixed: Sequence[int], groups: Mapping[int, tuple[int, int]]) -> Search:
        rest = iter([None if at in groups else length for at, length in enumerate(fixed)])
        forms = [tuple(islice(rest, len(one))) for one in shapes]
        return Search(inside, steps, forms, groups=groups, limit=limit)

    joint = search(flat, groups)
    fits = not joint.fit(*nears).errors
    whose = f"{show(shape)} fits, but its lengths" if fits else f"the lengths of {show(shape)}"
    problem = f"{whose} may depend on each other: give equal ones, and square=True"
    if joint.count > 1 and fits and not is_apart(joint, nears):
        raise ParamcalcError(problem, layer=network)
    least = joint.fit().lengths if limit else fitting(joint)  # That looks for other shapes, too.
    if len(least) != joint.count:
        raise joint.fit().errors[-1]
    lines = [joint]
    if joint.count != 1:  # Each group by itself, where the others do not matter.
        far = joint.flat(tuple([length + joint.far for length in least]))
        lines = [search(far, {at: (0, groups[at][1]) for at in one}) for one in names]
        same = (line.fit().lengths == (one,) for line, one in zip(lines, least, strict=True))
        if joint.count and not (is_apart(joint, least) and all(same)):
            raise ParamcalcError(problem, layer=network)
    found = [around(*one) for one in zip(lines, least, nears, strict=True)]
    sizes: list[Any] = [shape]
    for side in zip(*[(one.smaller, one.larger) for one in found], strict=True):
        kept = [one.fits and not fits for one in found]
        lengths = [near if keep else one for near, keep, one in zip(nears, kept, side, strict=True)]
        sizes.append(None if None in lengths else joint.shape(tuple(lengths)))
    if inputs[1:]:
        sizes = [one and dict(zip(inputs, one, strict=True)) for one in sizes]
    axes = [[name for at, name in one.items() if not joint.more[at]] for one in names]
    rules = tuple([one.rule for one in found])
    smaller, larger = sizes[1:] or (None, None)
    return ValidInputs(sizes[0], fits, smaller, larger, tuple(map(" and ".join, axes)), rules)


def opened(network: Layer) -> Layer:
    """The network without the `Input`s at its start, which refuse all other shapes."""
    nodes = plan_of(network).nodes
    first = [one for _, one, _, inputs in nodes if inputs == (-1,) and not one._network_depth]
    stated = {id(one) for one in first if one._stated_shape()}
    if not stated:
        return network
    return network._map(lambda one: Identity() if id(one) in stated else one)  # type: ignore[no-any-return]


def axes_of(
    steps: Sequence[Step], shapes: Sequence[Shape], inputs: Sequence[str]
) -> list[dict[int, str]]:
    """Of each input the axes whose lengths may change, counted through all, and their names.

    The first layer that says what its axes are tells channels, features and times, which stay. If
    it gives them numbers only, or there is none, the first stays unless it is the only one.
    """
    found: list[dict[int, str]] = []
    start = 0
    for place, (shape, name) in enumerate(zip(shapes, inputs, strict=True), 1):
        layer = reader(steps, shape, -place)
        titles = name_axes(layer or Identity(), len(shape), layer._family if layer else "plain")
        named = [(at, title) for at, (_, title) in enumerate(titles, start) if title not in KEPT]
        if shape[1:] and len(named) == len(shape):
            del named[0]
        before = f"{name} " if inputs[1:] else ""
        found.append({at: before + title for at, title in named})
        start += len(shape)
    return found


def grouped(
    free: Sequence[Mapping[int, str]], flat: Sequence[int], *, square: bool
) -> tuple[dict[int, tuple[int, int]], list[dict[int, str]]]:
    """The groups of axes, as for a `Search`, and the axes of each group with their names.

    The first axes of all inputs change together, and so on; if `square`, also such as are equal.
    """
    names: dict[object, dict[int, str]] = {}
    for number, axes in enumerate(zip_longest(*[one.items() for one in free])):
        here = dict(filter(None, axes))
        lengths = tuple([one and flat[one[0]] for one in axes])
        names.setdefault(lengths if square else number, {}).update(here)
    groups: dict[int, tuple[int, int]] = {}
    for group, one in enumerate(names.values()):
        least = min([flat[at] for at in one])
        groups |= {at: (group, flat[at] - least) for at in one}
    return groups, list(names.values())


def reader(steps: Sequence[Step], shape: Shape, place: int) -> Layer | None:
    """The first layer that says what the axes of an input are, after such as keep its shape."""
    same = {place}
    for number, step in enumerate(steps):
        if same.isdisjoint(step.inputs):
            continue
        if step.layer._family:
            return step.layer
        with suppress(ShapeError):
            if not step.inputs[1:] and step.layer._shape(shape) == shape:
                same.add(number)
    return None
