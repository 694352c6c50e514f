"""Random layers and networks with inputs that fit them, for property tests."""

from __future__ import annotations

from typing import Any

from drawn import FLAGS, below
from hypothesis import strategies as st
from layers import ROWS, shapes_for

import paramcalc as pc

KINDS = st.sampled_from([row for row in ROWS if row.is_single])
LAYERS: st.SearchStrategy[pc.Layer] = KINDS.flatmap(lambda row: row.layers)
"""A layer of any kind but networks, with one input."""


@st.composite
def layers_and_shapes(draw: st.DrawFn) -> tuple[pc.Layer, tuple[int, ...]]:
    layer = draw(LAYERS)
    return layer, draw(shapes_for(layer))


def fits(layer: pc.Layer, shape: tuple[int, ...]) -> bool:
    try:
        layer.output_shape(shape)
    except pc.ShapeError:
        return False
    return True


SIDES = st.lists(st.one_of(st.integers(0, 9), st.integers(0, 9), LAYERS), min_size=1, max_size=4)
MERGERS = st.sampled_from([pc.Add, pc.Multiply, pc.Concat])


def branches(draw: st.DrawFn, shape: tuple[int, ...]) -> pc.Layer:
    """Branches that take a shape, of whatever kinds of layers do and give what can be merged."""
    likely: list[pc.Layer] = [pc.Identity(), pc.BatchNorm(), pc.Sequential()]
    likely += [pc.Dense(None, shape[-1]), pc.Dense(None, 1), pc.AdaptivePool(1)]
    convs_of = {2: pc.Conv1d, 3: pc.Conv2d, 4: pc.Conv3d}
    if len(shape) in convs_of:
        conv = convs_of[len(shape)]
        likely += [conv(None, channels, 3, padding="same") for channels in (shape[0], 1, 5)]
        likely.append(pc.Sequential(likely[-3:-1]))
    kind: type[pc.Add | pc.Multiply | pc.Concat] = draw(MERGERS)
    kept: list[pc.Layer] = []
    for drawn in draw(SIDES):
        side = likely[drawn % len(likely)] if isinstance(drawn, int) else drawn
        if fits(kind(*kept, side), shape):
            kept.append(side)
    kept = kept or [pc.Identity()]
    named: dict[str, Any] = {f"branch{i}": one for i, one in enumerate(kept)}
    return kind(**named) if draw(FLAGS) else kind(kept)


PARTS = st.lists(st.one_of(LAYERS, LAYERS, st.none()), max_size=6)
NESTINGS = st.lists(st.tuples(below(8), below(8), FLAGS, below(3)), max_size=2)
"""Where parts become a network of their own, named or not, and of which kind."""


@st.composite
def networks_and_shapes(
    draw: st.DrawFn, *, branched: bool = True
) -> tuple[pc.Sequential, tuple[int, ...]]:
    """A network, parts of it branched, nested or named, and a shape that passes through it."""
    first, shape = draw(layers_and_shapes())
    parts: list[pc.Layer] = [first]
    passing = first.output_shape(shape)
    for layer in draw(PARTS):
        if layer is None and branched:
            part = branches(draw, passing)
        elif layer is not None and fits(layer, passing):
            part = layer
        else:
            continue
        passing = part.output_shape(passing)
        parts.append(part)
    for one, other, is_named, kind in draw(NESTINGS):
        start, end = sorted([min(one, len(parts)), min(other, len(parts))])
        part = pc.Sequential(parts[start:end])
        if is_named:
            part = pc.Sequential(**{f"part{i}": layer for i, layer in enumerate(part)})
        around = [part, pc.Add(part), pc.Concat(part)]
        parts[start:end] = [around[kind] if branched else part]
    return pc.Sequential(parts), shape
