"""Random layers, and shapes that fit them, for property tests."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

import paramcalc as pc

SMALL = st.integers(1, 6)
LENGTHS = st.integers(1, 40)
FORMATS = st.sampled_from(["channels_first", "channels_last"])


def per_axis(entries: st.SearchStrategy[int], rank: int) -> st.SearchStrategy[Any]:
    """One int for all axes, or one for each."""
    return st.one_of(entries, st.tuples(*[entries] * rank))


def paddings(rank: int, largest: int) -> st.SearchStrategy[Any]:
    """Padding in any of its forms."""
    side = st.integers(0, largest)
    return st.one_of(
        st.sampled_from(["same", "valid"]),
        per_axis(side, rank),
        st.tuples(*[st.tuples(side, side)] * rank),
    )


@st.composite
def convs(draw: st.DrawFn) -> pc.Conv1d | pc.Conv2d | pc.Conv3d:
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    fields: dict[str, Any] = {
        "in_channels": draw(st.one_of(st.none(), SMALL.map(lambda n: n * groups))),
        "out_channels": draw(SMALL) * groups,
        "kernel_size": draw(per_axis(SMALL, rank)),
        "stride": draw(per_axis(SMALL, rank)),
        "padding": draw(paddings(rank, 4)),
        "dilation": draw(per_axis(st.integers(1, 3), rank)),
        "groups": groups,
        "bias": draw(st.booleans()),
        "data_format": draw(FORMATS),
    }
    kinds: list[type[pc.Conv1d | pc.Conv2d | pc.Conv3d]] = [pc.Conv1d, pc.Conv2d, pc.Conv3d]
    return kinds[rank - 1](**fields)


@st.composite
def pools(draw: st.DrawFn) -> pc.Pool:
    rank = draw(st.integers(1, 3))
    kernel_size = draw(per_axis(SMALL, rank))
    smallest = kernel_size if isinstance(kernel_size, int) else min(kernel_size)
    return pc.Pool(
        kernel_size,
        stride=draw(st.one_of(st.none(), per_axis(SMALL, rank))),
        padding=draw(paddings(rank, smallest // 2)),
        dilation=draw(per_axis(st.integers(1, 3), rank)),
        ceil_mode=draw(st.booleans()),
        mode=draw(st.sampled_from(["max", "avg"])),
        data_format=draw(FORMATS),
    )


FLATTENS = st.one_of(
    st.just(pc.Flatten()),
    st.builds(pc.Flatten, st.just(0), st.integers(0, 2)),
    st.builds(pc.Flatten, st.integers(-3, -1), st.just(-1)),
)
DENSES = st.builds(pc.Dense, st.one_of(st.none(), LENGTHS), st.integers(1, 50), st.booleans())
NORMS = st.builds(
    pc.BatchNorm,
    st.one_of(st.none(), SMALL),
    st.booleans(),
    st.booleans(),
    data_format=FORMATS,
)
SHAPES = st.lists(LENGTHS, min_size=1, max_size=4).map(tuple)
UNCHANGING = st.one_of(
    st.builds(pc.Activation, st.text(max_size=8)),
    st.builds(pc.Dropout, st.floats(0, 1)),
    st.just(pc.Identity()),
)

LAYERS: st.SearchStrategy[pc.Layer] = st.one_of(
    convs(),
    pools(),
    DENSES,
    NORMS,
    FLATTENS,
    UNCHANGING,
    SHAPES.map(lambda shape: pc.Input(*shape)),
)
"""A layer of any kind."""


@st.composite
def shapes_for(draw: st.DrawFn, layer: pc.Layer) -> tuple[int, ...]:
    """A shape that fits a layer."""
    if isinstance(layer, pc.Input):
        return layer.shape
    if isinstance(layer, pc.Dense):
        return (*draw(SHAPES), layer.in_features or draw(LENGTHS))
    rank = draw(st.integers(1, 3))
    channels = draw(SMALL)
    if isinstance(layer, pc.BatchNorm):
        rank, channels = rank - 1, layer.num_features or channels
    elif isinstance(layer, pc.Conv1d | pc.Conv2d | pc.Conv3d):
        rank, channels = len(layer.kernel_size), layer.in_channels or channels * layer.groups
    elif isinstance(layer, pc.Pool) and isinstance(layer.kernel_size, tuple):
        rank = len(layer.kernel_size)
    elif isinstance(layer, pc.Flatten):
        rank = 3
    lengths = draw(st.tuples(*[st.integers(16, 40)] * rank))  # 16: the longest window there is.
    if getattr(layer, "data_format", "") == "channels_last":
        return (*lengths, channels)
    return (channels, *lengths)


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


@st.composite
def networks_and_shapes(draw: st.DrawFn) -> tuple[pc.Sequential, tuple[int, ...]]:
    """A network, parts of it nested or named, and a shape that passes through it."""
    first, shape = draw(layers_and_shapes())
    parts: list[pc.Layer] = [first]
    passing = first.output_shape(shape)
    for layer in draw(st.lists(LAYERS, max_size=6)):
        if fits(layer, passing):
            passing = layer.output_shape(passing)
            parts.append(layer)
    for _ in range(draw(st.integers(0, 2))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(parts))] * 2)))
        part = pc.Sequential(parts[start:end])
        if draw(st.booleans()):
            part = pc.Sequential(**{f"part{i}": layer for i, layer in enumerate(part)})
        parts[start:end] = [part]
    return pc.Sequential(parts), shape
