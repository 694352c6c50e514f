"""What layers and their inputs are drawn from: fields, layers of a kind, shapes that fit them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any

from hypothesis import strategies as st

import paramcalc as pc

Drawn = st.SearchStrategy[Any]
Shapes = st.SearchStrategy[pc.Shape]

SMALL = st.integers(1, 6)
LENGTHS = st.integers(1, 40)
FEW = st.integers(1, 3)
LONGEST_WINDOW = 16
"""Six taps, three steps from one to the next."""
LONG = st.integers(LONGEST_WINDOW, 40)
SIDE = st.integers(0, 6)
SIDES = st.one_of(SIDE, st.tuples(SIDE), st.tuples(*[st.tuples(SIDE, SIDE)] * 2))
SHAPES: Shapes = st.lists(LENGTHS, min_size=1, max_size=4).map(tuple)
FORMATS: st.SearchStrategy[Any] = st.sampled_from(["channels_first", "channels_last"])
MODES: st.SearchStrategy[Any] = st.sampled_from(["max", "avg"])
PAD_MODES = st.sampled_from(["constant", "reflect", "replicate", "circular"])
FLAGS = st.booleans()
PROJECTIONS = st.integers(0, 6)


def just(value: Any) -> Drawn:
    return st.just(value)


# Strategies are kept: to make one takes longer than to draw from it.


@cache
def optional(values: Drawn) -> Drawn:
    return st.one_of(st.none(), values)


@cache
def below(end: int) -> Drawn:
    return st.integers(0, end - 1)


@cache
def multiples(factor: int) -> Drawn:
    return SMALL.map(lambda n: n * factor)


@cache
def for_each(entries: Drawn, rank: int) -> Drawn:
    return st.tuples(*[entries] * rank)


@cache
def per_axis(entries: Drawn, rank: int = 2) -> Drawn:
    """One for all axes, or one for each."""
    return st.one_of(entries, for_each(entries, rank))


@cache
def paddings(rank: int, largest: int) -> Drawn:
    """Padding in any of its forms."""
    side = below(largest + 1)
    pairs = for_each(for_each(side, 2), rank)
    return st.one_of(st.sampled_from(["same", "valid"]), per_axis(side, rank), pairs)


@cache
def conv_fields(rank: int, groups: int) -> st.SearchStrategy[dict[str, Any]]:
    fields = {
        "in_channels": optional(multiples(groups)),
        "out_channels": multiples(groups),
        "kernel_size": per_axis(SMALL, rank),
        "stride": per_axis(SMALL, rank),
        "padding": paddings(rank, 4),
        "dilation": per_axis(FEW, rank),
        "groups": just(groups),
        "bias": FLAGS,
        "data_format": FORMATS,
    }
    return st.fixed_dictionaries(fields)


@st.composite
def convs(draw: st.DrawFn, kind: Callable[..., Any], rank: int) -> Any:
    fields = draw(conv_fields(rank, draw(FEW)))
    if rank == 1 and draw(FLAGS):
        fields["padding"] = "causal"
    return kind(**fields)


@st.composite
def depthwise_convs(draw: st.DrawFn, kind: Callable[..., Any], rank: int) -> Any:
    fields = draw(conv_fields(rank, 1))
    fields["depth_multiplier"] = draw(FEW)
    del fields["in_channels"], fields["groups"]
    if "Depthwise" in kind.__name__:
        del fields["out_channels"]
    return kind(**fields)


def local_convs() -> Drawn:
    fields = SMALL, per_axis(SMALL), per_axis(SMALL), FLAGS
    return of_either_format(pc.LocallyConnected2d, *fields)


def conv_lstms(kind: Callable[..., Any], rank: int) -> Drawn:
    def made(fields: dict[str, Any], return_sequences: bool) -> Any:
        return kind(**fields, return_sequences=return_sequences)

    fields = conv_fields(rank, 1).map(lambda one: {k: v for k, v in one.items() if k != "groups"})
    return st.builds(made, fields, FLAGS)


@st.composite
def transposed_convs(draw: st.DrawFn, kind: Callable[..., Any], rank: int) -> Any:
    fields = draw(conv_fields(rank, draw(FEW)))
    if fields["padding"] != "same":
        stride: Any = fields["stride"]
        least = stride if isinstance(stride, int) else min(stride)
        fields["output_padding"] = draw(per_axis(below(least), rank))
    return kind(**fields)


@st.composite
def pools(draw: st.DrawFn) -> pc.Pool:
    rank = draw(FEW)
    kernel_size = draw(per_axis(SMALL, rank))
    smallest = kernel_size if isinstance(kernel_size, int) else min(kernel_size)
    return pc.Pool(
        kernel_size,
        stride=draw(optional(per_axis(SMALL, rank))),
        padding=draw(paddings(rank, smallest // 2)),
        dilation=draw(per_axis(FEW, rank)),
        ceil_mode=draw(FLAGS),
        mode=draw(MODES),
        data_format=draw(FORMATS),
    )


def of_either_format(kind: Callable[..., Any], *fields: Drawn, **more: Drawn) -> Drawn:
    return st.builds(kind, *fields, data_format=FORMATS, **more)


def adaptive_pools() -> Drawn:
    sizes = st.one_of(SMALL, st.tuples(*[optional(SMALL)] * 2))
    return of_either_format(pc.AdaptivePool, sizes, mode=MODES)


def upsamplings() -> Drawn:
    sized = of_either_format(pc.Upsample, per_axis(SMALL))
    factors = per_axis(st.one_of(SMALL, st.floats(0.1, 6)))
    return st.one_of(sized, of_either_format(pc.Upsample, scale_factor=factors))


def channel_norms(kind: Callable[..., Any]) -> Drawn:
    return of_either_format(kind, optional(SMALL), FLAGS, FLAGS, bias=FLAGS, scale=FLAGS)


def group_norms() -> Drawn:
    @cache
    def grouped(groups: int) -> Drawn:
        channels = optional(multiples(groups))
        flags = {"bias": FLAGS, "scale": FLAGS}
        return of_either_format(pc.GroupNorm, just(groups), channels, FLAGS, **flags)

    return FEW.flatmap(grouped)


def layer_norms() -> Drawn:
    lengths = st.one_of(optional(LENGTHS), st.tuples(LENGTHS, SMALL))
    return st.builds(pc.LayerNorm, lengths, FLAGS, FLAGS, scale=FLAGS)


def rms_norms() -> Drawn:
    return st.builds(pc.RMSNorm, st.one_of(optional(LENGTHS), st.tuples(SMALL)), FLAGS)


def prelus() -> Drawn:
    axes = st.sets(st.integers(-2, 1)).map(tuple)
    shared = st.builds(pc.PReLU, shared_axes=axes)
    return st.one_of(of_either_format(pc.PReLU, optional(SMALL)), shared)


def reshapes() -> Drawn:
    targets = st.one_of(SHAPES, just((-1,)), SMALL.map(lambda length: (length, -1)))
    return targets.map(pc.Reshape)


def permutes() -> Drawn:
    dims = st.integers(1, 4).flatmap(lambda rank: st.permutations(range(rank)))
    return dims.map(tuple).map(pc.Permute)


def slices() -> Drawn:
    """Parts of an axis of a `LONG` length."""
    dims, ends = st.integers(-3, 2), optional(st.integers(-6, -1))
    from_start = st.one_of(ends, st.integers(7, 12))
    return st.one_of(
        st.builds(pc.Slice, st.integers(0, 6), from_start, dim=dims),
        st.builds(pc.Slice, st.integers(-12, -7), ends, dim=dims),
    )


def repetitions() -> Drawn:
    return st.builds(pc.RepeatVector, SMALL)


def flattens() -> Drawn:
    from_first = st.builds(pc.Flatten, st.integers(0, 2))
    return st.one_of(just(pc.Flatten()), from_first, st.builds(pc.Flatten, st.integers(-3, -1)))


def denses() -> Drawn:
    return st.builds(pc.Dense, optional(LENGTHS), st.integers(1, 50), FLAGS)


def scales() -> Drawn:
    """Of each channel, or of given last axes: a format would say nothing of those."""
    shapes = st.one_of(SMALL, st.lists(SMALL, max_size=3).map(tuple))
    return st.one_of(of_either_format(pc.Scale), st.builds(pc.Scale, shapes))


def embeddings() -> Drawn:
    return st.builds(pc.Embedding, LENGTHS, SMALL)


def learned() -> Drawn:
    return st.builds(pc.Parameters, scale=SHAPES)


def activations() -> Drawn:
    return st.builds(pc.Activation, st.text(max_size=8))


def dropouts() -> Drawn:
    return st.builds(pc.Dropout, st.floats(0, 1))


def recurrent(kind: Callable[..., Any], **more: Drawn) -> Drawn:
    fields = {"input_size": optional(SMALL), "hidden_size": st.integers(7, 9)}
    flags = "bias", "bidirectional", "recurrent_bias", "return_sequences"
    return st.builds(kind, num_layers=FEW, **fields, **dict.fromkeys(flags, FLAGS), **more)


def headed(kind: Callable[..., Any], *fields: Drawn, **more: Drawn) -> Drawn:
    """Of as many features as its heads can share."""

    @cache
    def of_heads(heads: int) -> Drawn:
        return st.builds(kind, multiples(heads), just(heads), *fields, bias=FLAGS, **more)

    return FEW.flatmap(of_heads)


def attentions() -> Drawn:
    dims = {"kdim": optional(SMALL), "vdim": optional(SMALL)}

    @cache
    def grouped(groups: int) -> Drawn:
        heads = {"num_heads": multiples(groups), "num_kv_heads": just(groups), "bias": FLAGS}
        sizes = {"head_dim": SMALL, "value_dim": optional(SMALL)}
        return st.builds(pc.MultiheadAttention, SMALL, **heads, **sizes, **dims)

    alike = headed(pc.MultiheadAttention, add_bias_kv=FLAGS, **dims)
    of_values = headed(pc.MultiheadAttention, value_dim=SMALL, **dims)
    return st.one_of(alike, of_values, FEW.flatmap(grouped))


def frozen() -> Drawn:
    return st.one_of(convs(pc.Conv2d, 2), channel_norms(pc.BatchNorm), denses()).map(pc.Frozen)


COUNTER = count()
NAMES = st.builds(lambda: f"{next(COUNTER):08}")
"""Names that are not drawn twice: what two places share is tested on its own. They have one length:
what is drawn from the text of a network must be the same when it is drawn again."""


def shared() -> Drawn:
    return st.builds(pc.Shared, NAMES, st.one_of(convs(pc.Conv2d, 2), denses()))


def distributed() -> Drawn:
    layers = convs(pc.Conv2d, 2), channel_norms(pc.BatchNorm), denses(), flattens(), embeddings()
    return st.one_of(*layers).map(pc.TimeDistributed)


def networks(kind: Callable[..., Any]) -> Drawn:
    """Of layers that take all shapes and do not change them."""
    layers = st.sampled_from([pc.Identity(), pc.Activation("relu"), pc.Dropout()])
    return st.lists(layers, min_size=1, max_size=3).map(kind)


@st.composite
def graphs(draw: st.DrawFn) -> pc.Graph:
    """Of layers that do not change shapes, each reading one or two tensors before it."""
    tensors = [pc.Input(draw(SHAPES))()]
    for kind in draw(st.lists(st.integers(0, 3), min_size=1, max_size=6)):
        one, other = draw(st.sampled_from(tensors)), draw(st.sampled_from(tensors))
        single = [pc.Identity(), pc.Activation("relu")]
        tensors.append(single[kind](one) if kind < 2 else one + other if kind == 2 else one * other)
    return pc.Graph(tensors[0], tensors[-1])


@st.composite
def spatial(
    draw: st.DrawFn,
    layer: Any,
    sizes: Any = None,
    channels: int | None = None,
    *,
    groups: int = 1,
    least_rank: int = 1,
) -> pc.Shape:
    """A spatial axis for each of the sizes, and the channels; of any number, where it is open."""
    rank = len(sizes) if isinstance(sizes, tuple) else draw(FEW) - 1 + least_rank  # pyright: ignore[reportUnknownArgumentType]
    lengths = draw(for_each(LONG, rank))
    channels = channels or draw(SMALL) * groups
    return (*lengths, channels) if layer.data_format == "channels_last" else (channels, *lengths)


@st.composite
def shuffled(draw: st.DrawFn, layer: Any, factor: int) -> pc.Shape:
    """Channels, a height and a width that a `PixelShuffle` and its inverse take."""
    height, width, channels = [draw(SMALL) * factor for _ in range(3)]
    channels *= factor
    last = layer.data_format == "channels_last"
    return (height, width, channels) if last else (channels, height, width)


def of_rank(rank: int) -> Shapes:
    return for_each(LENGTHS, rank)


def timed(shapes: Shapes) -> Shapes:
    """The same with a few positions in time before."""
    return st.tuples(FEW, shapes).map(lambda parts: (parts[0], *parts[1]))


@cache
def ending_with(lengths: int | tuple[int, ...] | None) -> Shapes:
    """A shape whose last axes are so long; the last one of any length for None."""
    given = lengths if isinstance(lengths, tuple) else (lengths,)
    last = st.tuples(*[LENGTHS if one is None else just(one) for one in given])
    return st.tuples(SHAPES, last).map(lambda parts: parts[0] + parts[1])


def scaled(scale: pc.Scale) -> Shapes:
    """A shape whose last axes are those of the factor, or longer than its 1s."""
    if scale.shape is None:
        return SHAPES
    given = (scale.shape,) if isinstance(scale.shape, int) else scale.shape
    last = st.tuples(*[LENGTHS if one == 1 else just(one) for one in given])
    return st.tuples(SHAPES, last).map(lambda parts: parts[0] + parts[1])


@cache
def sequences(features: int | None) -> Shapes:
    return st.tuples(LENGTHS, SMALL if features is None else just(features))


def pairs_of_sequences(features: int) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({name: sequences(features) for name in ("tgt", "memory")})


@cache
def reshaped(target: pc.Shape) -> Shapes:
    left = SMALL.map(lambda n: [n, *map(abs, target)]) if -1 in target else just([*target])
    return left.flatmap(lambda lengths: st.permutations(lengths).map(tuple))
