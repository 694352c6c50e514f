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
    st.builds(pc.PReLU, st.one_of(st.none(), SMALL), data_format=FORMATS),
)


@st.composite
def transposed_convs(
    draw: st.DrawFn,
) -> pc.ConvTranspose1d | pc.ConvTranspose2d | pc.ConvTranspose3d:
    rank = draw(st.integers(1, 3))
    groups = draw(st.integers(1, 3))
    strides = draw(per_axis(SMALL, rank))
    padding = draw(paddings(rank, 4))
    least = strides if isinstance(strides, int) else min(strides)
    more = 0 if padding == "same" else draw(per_axis(st.integers(0, least - 1), rank))
    fields: dict[str, Any] = {
        "in_channels": draw(st.one_of(st.none(), SMALL.map(lambda n: n * groups))),
        "out_channels": draw(SMALL) * groups,
        "kernel_size": draw(per_axis(SMALL, rank)),
        "stride": strides,
        "padding": padding,
        "output_padding": more,
        "groups": groups,
        "bias": draw(st.booleans()),
        "dilation": draw(per_axis(st.integers(1, 3), rank)),
        "data_format": draw(FORMATS),
    }
    kinds: list[type[pc.ConvTranspose1d | pc.ConvTranspose2d | pc.ConvTranspose3d]] = [
        pc.ConvTranspose1d,
        pc.ConvTranspose2d,
        pc.ConvTranspose3d,
    ]
    return kinds[rank - 1](**fields)


@st.composite
def group_norms(draw: st.DrawFn) -> pc.GroupNorm:
    groups = draw(st.integers(1, 3))
    channels = draw(st.one_of(st.none(), SMALL.map(lambda n: n * groups)))
    return pc.GroupNorm(groups, channels, draw(st.booleans()), data_format=draw(FORMATS))


MORE_NORMS = st.one_of(
    group_norms(),
    st.builds(
        pc.InstanceNorm,
        st.one_of(st.none(), SMALL),
        st.booleans(),
        st.booleans(),
        data_format=FORMATS,
    ),
    st.builds(
        pc.LayerNorm,
        st.one_of(st.none(), LENGTHS, st.tuples(LENGTHS, SMALL)),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(pc.RMSNorm, st.one_of(st.none(), LENGTHS, st.tuples(SMALL)), st.booleans()),
)


def any_rank(entries: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """One for all axes, however many, or one for each of two."""
    return st.one_of(entries, st.tuples(entries, entries))


SIDE = st.integers(0, 6)
SIDES = st.one_of(SIDE, st.tuples(SIDE), st.tuples(*[st.tuples(SIDE, SIDE)] * 2))
MODES = st.sampled_from(["max", "avg"])
RESIZERS = st.one_of(
    st.builds(
        pc.AdaptivePool,
        st.one_of(SMALL, st.tuples(*[st.one_of(st.none(), SMALL)] * 2)),
        mode=MODES,
        data_format=FORMATS,
    ),
    st.builds(pc.GlobalPool, mode=MODES, data_format=FORMATS),
    st.builds(
        pc.Pad,
        SIDES,
        st.sampled_from(["constant", "reflect", "replicate", "circular"]),
        data_format=FORMATS,
    ),
    st.builds(pc.Crop, SIDES, data_format=FORMATS),
    st.builds(pc.Upsample, any_rank(SMALL), data_format=FORMATS),
    st.builds(pc.Upsample, scale_factor=any_rank(SMALL), data_format=FORMATS),
    st.builds(pc.PixelShuffle, st.integers(1, 3), data_format=FORMATS),
    st.builds(pc.PixelUnshuffle, st.integers(1, 3), data_format=FORMATS),
)
RESHAPES = st.one_of(
    SHAPES.map(pc.Reshape),
    st.just(pc.Reshape((-1,))),
    SMALL.map(lambda length: pc.Reshape((length, -1))),
    st.integers(1, 4).flatmap(lambda rank: st.permutations(range(rank)).map(tuple).map(pc.Permute)),
)
RECURRENT: dict[str, Any] = {
    "input_size": st.one_of(st.none(), SMALL),
    "hidden_size": st.integers(7, 9),
    "num_layers": st.integers(1, 3),
    "bias": st.booleans(),
    "bidirectional": st.booleans(),
    "recurrent_bias": st.booleans(),
    "return_sequences": st.booleans(),
}


@st.composite
def attentions(draw: st.DrawFn) -> pc.MultiheadAttention | pc.TransformerEncoderLayer:
    heads = draw(st.integers(1, 3))
    features = heads * draw(SMALL)
    bias = draw(st.booleans())
    if draw(st.booleans()):
        return pc.TransformerEncoderLayer(features, heads, draw(SMALL), bias=bias)
    dims = st.one_of(st.none(), SMALL)
    return pc.MultiheadAttention(
        features,
        heads,
        bias=bias,
        add_bias_kv=draw(st.booleans()),
        kdim=draw(dims),
        vdim=draw(dims),
    )


SEQUENCE_LAYERS = st.one_of(
    st.builds(pc.Embedding, LENGTHS, SMALL),
    st.builds(pc.RNN, **RECURRENT),
    st.builds(pc.GRU, **RECURRENT),
    st.builds(pc.LSTM, **RECURRENT, proj_size=st.integers(0, 6)),
    attentions(),
)
FAMILIES: list[st.SearchStrategy[Any]] = [
    convs(),
    convs(),
    transposed_convs(),
    pools(),
    DENSES,
    NORMS,
    MORE_NORMS,
    FLATTENS,
    UNCHANGING,
    RESIZERS,
    RESHAPES,
    SEQUENCE_LAYERS,
    SHAPES.map(lambda shape: pc.Input(*shape)),
    st.one_of(convs(), NORMS, SEQUENCE_LAYERS).map(pc.Frozen),
]
LAYERS: st.SearchStrategy[pc.Layer] = st.sampled_from(FAMILIES).flatmap(lambda family: family)
"""A layer of any kind."""


def as_tuple(value: int | tuple[int, ...]) -> tuple[int, ...]:
    return value if isinstance(value, tuple) else (value,)


def shapes_for(layer: Any) -> st.SearchStrategy[tuple[int, ...]]:
    """A shape that fits a layer."""
    match layer:
        case pc.Frozen(inner):
            return shapes_for(inner)
        case pc.Input():
            return st.just(layer.shape)
        case pc.Dense():
            return ending_with(layer.in_features)
        case pc.LayerNorm() | pc.RMSNorm():
            return ending_with(layer.normalized_shape)
        case pc.Reshape(target):
            left = SMALL.map(lambda n: [n, *map(abs, target)]) if -1 in target else st.just(target)
            return left.flatmap(lambda lengths: st.permutations(list(lengths)).map(tuple))
        case pc.Permute(dims):
            return st.tuples(*[LENGTHS] * len(dims))
        case pc.Embedding():
            return SHAPES
        case pc.RNN() | pc.GRU() | pc.LSTM():
            return st.tuples(
                LENGTHS, SMALL if layer.input_size is None else st.just(layer.input_size)
            )
        case pc.MultiheadAttention(features) | pc.TransformerEncoderLayer(features):
            return st.tuples(LENGTHS, st.just(features))
        case _:
            return spatial_shapes_for(layer)


def ending_with(lengths: Any) -> st.SearchStrategy[tuple[int, ...]]:
    """A shape whose last axes are so long; the last one of any length for None."""
    last = LENGTHS.map(as_tuple) if lengths is None else st.just(as_tuple(lengths))
    return st.tuples(SHAPES, last).map(lambda parts: parts[0] + parts[1])


@st.composite
def spatial_shapes_for(draw: st.DrawFn, layer: Any) -> tuple[int, ...]:
    rank = draw(st.integers(1, 3))
    lengths = st.integers(16, 40)  # 16: the longest window there is.
    fields = ("kernel_size", "output_size", "padding", "cropping", "size", "scale_factor")
    sizes: list[Any] = [getattr(layer, field, None) for field in fields]
    rank = next((len(size) for size in sizes if size.__class__ is tuple), rank)
    stated = [getattr(layer, one, None) for one in ("in_channels", "num_features", "num_channels")]
    parts = getattr(layer, "groups", 0) or getattr(layer, "num_groups", 1)
    channels = next((one for one in stated if one is not None), draw(SMALL) * parts)
    match layer:
        case pc.BatchNorm():
            rank -= 1
        case pc.PReLU(int() as number) if number > 1:
            channels = number
        case pc.PixelShuffle(factor) | pc.PixelUnshuffle(factor):
            rank, channels = 2, channels * factor**2
            lengths = SMALL.map(lambda n: n * factor)
        case pc.Flatten():
            rank = 3
        case _:
            pass
    found = draw(st.tuples(*[lengths] * rank))
    if getattr(layer, "data_format", "") == "channels_last":
        return (*found, channels)
    return (channels, *found)


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
def branches(draw: st.DrawFn, shape: tuple[int, ...]) -> pc.Layer:
    """Branches that take a shape, of whatever kinds of layers do and give what can be merged."""
    convs_of = {2: pc.Conv1d, 3: pc.Conv2d, 4: pc.Conv3d}
    likely: list[pc.Layer] = [pc.Identity(), pc.BatchNorm(), pc.Sequential()]
    likely += [pc.Dense(None, shape[-1]), pc.Dense(None, 1), pc.AdaptivePool(1)]
    if len(shape) in convs_of:
        conv = convs_of[len(shape)]
        likely += [conv(None, channels, 3, padding="same") for channels in (shape[0], 1, 5)]
        likely.append(pc.Sequential(likely[-3:-1]))
    some = st.one_of(st.sampled_from(likely), st.sampled_from(likely), LAYERS)
    sides = [one for one in draw(st.lists(some, min_size=1, max_size=4)) if fits(one, shape)]
    kinds: list[type[pc.Add | pc.Multiply | pc.Concat]] = [pc.Add, pc.Multiply, pc.Concat]
    kind = draw(st.sampled_from(kinds))
    kept: list[pc.Layer] = []
    for side in sides:
        if fits(kind(*kept, side), shape):
            kept.append(side)
    kept = kept or [pc.Identity()]
    named: dict[str, Any] = {f"branch{i}": one for i, one in enumerate(kept)}
    return kind(**named) if draw(st.booleans()) else kind(kept)


@st.composite
def networks_and_shapes(
    draw: st.DrawFn, *, branched: bool = True
) -> tuple[pc.Sequential, tuple[int, ...]]:
    """A network, parts of it branched, nested or named, and a shape that passes through it."""
    first, shape = draw(layers_and_shapes())
    parts: list[pc.Layer] = [first]
    passing = first.output_shape(shape)
    for layer in draw(st.lists(st.one_of(LAYERS, LAYERS, st.none()), max_size=6)):
        if layer is None and branched:
            part = draw(branches(passing))
        elif layer is not None and fits(layer, passing):
            part = layer
        else:
            continue
        passing = part.output_shape(passing)
        parts.append(part)
    for _ in range(draw(st.integers(0, 2))):
        start, end = sorted(draw(st.tuples(*[st.integers(0, len(parts))] * 2)))
        part = pc.Sequential(parts[start:end])
        if draw(st.booleans()):
            part = pc.Sequential(**{f"part{i}": layer for i, layer in enumerate(part)})
        around = [part, pc.Add(part), pc.Concat(part)] if branched else [part]
        parts[start:end] = [draw(st.sampled_from(around))]
    return pc.Sequential(parts), shape
