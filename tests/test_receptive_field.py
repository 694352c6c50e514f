"""What an output sees: published figures, and every position found by another way."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product
from math import prod
from typing import Any

import oracle
import pytest
from hypothesis import given, strategies as st
from networks import table_of

import paramcalc as pc
from paramcalc import zoo
from paramcalc.errors import show
from paramcalc.layers import Window, _windows
from paramcalc.layers._windows import covered, seen_before, united
from paramcalc.results import ColumnName

# Araujo, Norris and Sim, Distill 2019: networks of TF-Slim, whose blocks stride at their end.


def conv(kernel_size: int, stride: int = 1, padding: Any = "same") -> pc.Conv2d:
    return pc.Conv2d(None, 1, kernel_size, stride, padding)


def vgg(*repeats: int) -> pc.Sequential:
    stages = [[conv(3)] * number + [pc.Pool(2)] for number in repeats]
    return pc.Sequential([layer for stage in stages for layer in stage])


def resnet(*repeats: int) -> pc.Sequential:
    layers: list[pc.Layer] = [conv(7, 2, 3), pc.Pool(3, 2, "same")]
    for stage, number in enumerate(repeats):
        for block in range(number):
            stride = 2 if block == number - 1 and stage < 3 else 1
            skip = pc.Identity() if stride == 1 else pc.Pool(1, stride)
            layers.append(pc.Add(pc.Sequential(conv(1), conv(3, stride, 1), conv(1)), skip))
    return pc.Sequential(layers)


ALEXNET = pc.Sequential(
    conv(11, 4, 0), pc.Pool(3, 2), conv(5), pc.Pool(3, 2), conv(3), conv(3), conv(3), pc.Pool(3, 2)
)
MOBILENET = pc.Sequential(
    conv(3, 2), *[conv(3, stride) for stride in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)]
)
PUBLISHED = {
    "alexnet_v2": (ALEXNET, 195, 32, 64),
    "vgg_16": (vgg(2, 2, 3, 3, 3), 212, 32, 90),
    "vgg_a": (vgg(1, 1, 2, 2, 2), 150, 32, 59),
    "mobilenet_v1": (MOBILENET, 315, 32, 126),
    "resnet_v1_50": (resnet(3, 4, 6, 3), 483, 32, 239),
    "resnet_v1_101": (resnet(3, 4, 23, 3), 1027, 32, 511),
    "resnet_v1_152": (resnet(3, 8, 36, 3), 1507, 32, 751),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_figures(name: str) -> None:
    network, size, stride, padding = PUBLISHED[name]
    field = pc.receptive_field(network, (3, 224, 224))
    assert (field.size, field.stride, field.padding) == ((size,) * 2, (stride,) * 2, (padding,) * 2)
    first, last = -padding, -padding + size - 1
    assert field.interval(0) == ((first, last),) * 2
    assert field.interval((0, 3)) == ((first, last), (first + 3 * stride, last + 3 * stride))
    assert field.center(2) == (-padding + 2 * stride + Fraction(size - 1, 2),) * 2


def test_end_points_of_alexnet() -> None:
    """One a layer, but for the second pooling, at 67."""
    sizes = [step.size[0] for step in pc.receptive_field(ALEXNET).steps]
    assert sizes == [11, 19, 51, 67, 99, 131, 163, 195]


@pytest.mark.parametrize(
    ("name", "size"), [("resnet50", 427), ("resnet101", 971), ("resnet152", 1451)]
)
def test_torchvisions_strides_see_less(name: str, size: int) -> None:
    """By the same recurrence: in the 3 by 3 convolution of the first block, not of the last."""
    body: pc.Sequential = getattr(zoo, name)()[:-2]
    field = pc.receptive_field(body)
    assert field.size == (size, size)
    assert field.misaligned == ()


# Another way: the positions that a layer sees, listed one by one, and put together going forwards.


def seen(network: pc.Layer, axis: int, steps: dict[str, pc.results.Step]) -> list[set[int]]:
    """For each position after a network the positions before it that it sees, along an axis."""

    def through(layer: pc.Layer, path: str, before: list[set[int]]) -> list[set[int]]:
        if isinstance(layer, pc.Sequential):
            for i, one in enumerate(layer):
                before = through(one, f"{path}[{i}]", before)
            return before
        if isinstance(layer, pc.Add | pc.Concat):
            ways = [through(one, f"{path}[{i}]", before) for i, one in enumerate(layer)]
            if isinstance(layer, pc.Concat) and layer.dim == axis + 1:
                return [position for way in ways for position in way]
            most = max(map(len, ways))
            ways = [way * most if len(way) == 1 else way for way in ways]
            return [set().union(*one) for one in zip(*ways, strict=True)]
        step = steps[path]
        pair = step.input_shape[1 + axis], step.output_shape[1 + axis]
        found = oracle.taps(layer, axis, *pair)
        return [set().union(*[before[i] for i in one]) for one in found]

    first = steps[min(steps, key=list(steps).index)].input_shape[1 + axis]
    return through(network, "", [{i} for i in range(first)])


@st.composite
def spatial_layers(draw: st.DrawFn, rank: int) -> pc.Layer:
    small = st.integers(1, 4)
    per_axis = st.one_of(small, st.tuples(*[small] * rank))
    sides = st.one_of(st.integers(0, 3), st.tuples(*[st.tuples(*[st.integers(0, 3)] * 2)] * rank))
    kinds: list[Any] = [[pc.Conv1d, pc.ConvTranspose1d], [pc.Conv2d, pc.ConvTranspose2d]]
    kinds.append([pc.Conv3d, pc.ConvTranspose3d])
    kind, transposed = kinds[rank - 1]
    kernel_size = draw(per_axis)
    least = kernel_size if isinstance(kernel_size, int) else min(kernel_size)
    makers: list[Any] = [
        lambda: kind(
            None, 2, kernel_size, draw(per_axis), draw(st.one_of(sides, st.just("same"))),
            draw(st.one_of(small, st.just(1))),
        ),
        lambda: pc.Pool(
            kernel_size, draw(per_axis), draw(st.integers(0, least // 2)), draw(small),
            ceil_mode=draw(st.booleans()),
        ),
        lambda: transposed(
            None, 2, kernel_size, draw(per_axis),
            draw(st.one_of(st.integers(0, 2), st.just("same"))), dilation=draw(small),
        ),
        lambda: pc.Pad(draw(sides)),
        lambda: pc.Crop(draw(sides)),
        lambda: pc.CenterCrop(draw(st.integers(1, 9))),
        lambda: pc.AdaptivePool(draw(st.integers(2, 5))),
        lambda: pc.Upsample(scale_factor=draw(st.sampled_from([1, 2, 3, 1.5, 0.7, 1 / 3]))),
        lambda: pc.Upsample(draw(st.integers(2, 9)), mode=draw(st.sampled_from(MODES[rank]))),
        lambda: pc.BatchNorm(),
    ]  # fmt: skip
    if rank == 2:
        makers += [lambda: pc.PixelUnshuffle(2)]
    made: pc.Layer = draw(st.sampled_from(makers))()
    return made


MODES: dict[int, list[Any]] = {
    1: ["nearest", "nearest-exact", "linear"],
    2: ["nearest", "nearest-exact", "bilinear", "bicubic"],
    3: ["nearest", "nearest-exact", "trilinear"],
}


def fits(layer: pc.Layer, shape: pc.Shape) -> bool:
    try:
        output = layer.output_shape(shape)
    except pc.ShapeError:
        return False
    return max(output) <= 40


@st.composite
def spatial_networks(draw: st.DrawFn) -> tuple[pc.Sequential, pc.Shape]:
    rank = draw(st.integers(1, 3))
    shape = (2, *draw(st.tuples(*[st.integers(2, 12)] * rank)))
    passing, layers = shape, list[pc.Layer]()
    for _ in range(draw(st.integers(1, 5))):
        layer = draw(spatial_layers(rank))
        if draw(st.integers(0, 3)) == 0:
            sides = [
                pc.Sequential(draw(st.lists(spatial_layers(rank), max_size=2))),
                draw(st.sampled_from([pc.Identity(), layer])),
            ]
            kinds: list[pc.Layer] = [pc.Add(sides), pc.Concat(sides), pc.Concat(sides, dim=1)]
            layer = draw(st.sampled_from([*kinds, pc.Add(layer, layer)]))
        if fits(layer, passing):
            passing = layer.output_shape(passing)
            layers.append(layer)
    return pc.Sequential(layers or [pc.Identity()]), shape


@given(spatial_networks(), st.data())
def test_what_is_seen_is_what_is_found_by_listing_it(
    case: tuple[pc.Sequential, pc.Shape], data: st.DataObject
) -> None:
    network, shape = case
    steps = {step.path: step for step in pc.trace(network, shape)}
    field = pc.receptive_field(network, shape)
    output = network.output_shape(shape)[1:]
    found = [seen(network, axis, steps) for axis in range(len(output))]
    at = tuple([data.draw(st.integers(0, length - 1)) for length in output])
    expected = [sets[i] for sets, i in zip(found, at, strict=True)]
    pairs = tuple([(min(one), max(one)) if one else None for one in expected])
    assert field.interval(at, clipped=True) == pairs
    for clipped, whole in zip(pairs, field.interval(at), strict=True):
        assert clipped is None or (whole and whole[0] <= clipped[0] <= clipped[1] <= whole[1])


def small_layers(rank: int) -> Iterator[Any]:
    """Of each kind that looks along axes those with the smallest numbers."""
    if rank == 2:
        yield pc.Conv2d(None, 1, (2, 3), (1, 2), ((1, 0), (0, 2)), (2, 1))
        yield pc.ConvTranspose2d(None, 1, (2, 3), (1, 2), ((1, 0), (0, 2)), 0, dilation=(2, 1))
        yield pc.Pool((2, 3), (1, 2), (1, 0), (2, 1))
        yield from [pc.AdaptivePool(3), pc.AdaptivePool((None, 4)), pc.AdaptivePool((1, 7))]
        yield from [pc.Upsample((4, 7), mode="bilinear"), pc.Upsample(scale_factor=(2, 3))]
        yield from [pc.Pad(((1, 0), (0, 2))), pc.Crop(((1, 0), (0, 2)))]
        yield from [pc.PixelShuffle(2), pc.PixelUnshuffle(2)]
        return
    for size, step, spread in product(range(1, 5), range(1, 4), (1, 2)):
        for padding in (0, ((1, 0),), ((0, 1),), "same"):
            yield pc.Conv1d(None, 1, size, step, padding, spread)
            yield pc.ConvTranspose1d(None, 1, size, step, padding, dilation=spread)
        yield pc.Conv1d(None, 1, size, step, "causal", spread)
        for ceil_mode in (True, False):
            yield pc.Pool(size, step, size // 2, spread, ceil_mode)
    for length in (1, 2, 4, 7):
        yield pc.AdaptivePool(length)
        for mode in MODES[1]:
            yield pc.Upsample(length, mode=mode)
            yield pc.Upsample(scale_factor=length, mode=mode)
            yield pc.Upsample(scale_factor=length / 3, mode=mode)
    yield from [pc.Pad(2), pc.Crop(1), *map(pc.CenterCrop, range(1, 10))]


@pytest.mark.parametrize("lengths", [(5,), (6, 8)])
@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_each_layer_sees_what_is_found_by_listing_it(
    lengths: tuple[int, ...], data_format: str
) -> None:
    first = data_format == "channels_first"
    for small in small_layers(len(lengths)):
        layer: pc.Layer = replace(small, data_format=data_format)
        shape = (4, *lengths) if first else (*lengths, 4)
        if not fits(layer, shape):
            continue
        output = layer.output_shape(shape)
        counts = output[1:] if first else output[:-1]
        field = pc.receptive_field(layer, shape)
        for axis, count in enumerate(counts):
            for at, found in enumerate(oracle.taps(layer, axis, lengths[axis], count)):
                index = tuple([at if one == axis else 0 for one in range(len(lengths))])
                pair = (min(found), max(found)) if found else None
                assert field.interval(index, clipped=True)[axis] == pair, (layer, axis, at)


def same(*axes: int) -> list[tuple[int, Window]]:
    """Axes that are seen position by position."""
    return [(axis, Window()) for axis in axes]


@pytest.mark.parametrize(
    ("layer", "shape", "sources"),
    [
        (pc.Identity(), (2, 3), same(0, 1)),
        (pc.Dense(4, 5), (2, 3, 4), [*same(0, 1), None]),
        (pc.Embedding(4, 5), (2, 3), [*same(0, 1), None]),
        (pc.LSTM(4, 5), (3, 4), [None, None]),
        (pc.MultiheadAttention(4, 2), (3, 4), [None, None]),
        (pc.Flatten(), (2, 3, 4), [None]),
        (pc.Flatten(1), (2, 3, 4), [*same(0), None]),
        (pc.Flatten(0, 1), (2, 3, 4, 5), [None, *same(2, 3)]),
        (pc.Flatten(1, 2), (2, 3, 4, 5), [*same(0), None, *same(3)]),
        (pc.Flatten(1, 1), (2, 3, 4), same(0, 1, 2)),
        (pc.Reshape((4, 3)), (2, 6), [None, None]),
        (pc.Permute((2, 0, 1)), (2, 3, 4), same(2, 0, 1)),
        (pc.GlobalPool(), (2, 3, 4), same(0)),
        (pc.GlobalPool(data_format="channels_last"), (3, 4, 2), same(2)),
        (pc.Conv1d(2, 5, 3), (2, 9), [None, (1, Window(3))]),
        (pc.Frozen(pc.Conv1d(2, 5, 3)), (2, 9), [None, (1, Window(3))]),
        (pc.Pool(2), (2, 9), [*same(0), (1, Window(2, 2))]),
        (pc.Pool(2, data_format="channels_last"), (9, 2), [(0, Window(2, 2)), *same(1)]),
        (pc.AdaptivePool((None, 1)), (2, 3, 4), [*same(0, 1), None]),
        (pc.AdaptivePool(2), (2, 5), [*same(0), (1, Window(6, 5, 1, spacing=2))]),
        (pc.Pad(((1, 2),)), (2, 5), [*same(0), (1, Window(padding=1))]),
        (pc.Crop(((1, 2),)), (2, 5), [*same(0), (1, Window(padding=-1))]),
        (pc.Slice(1), (2, 5), [(0, Window(padding=-1)), *same(1)]),
        (pc.Slice(-3, -1, dim=-1), (2, 5), [*same(0), (1, Window(padding=-2))]),
        (pc.Slice(-7, dim=1), (2, 5), same(0, 1)),
        (
            pc.Upsample(scale_factor=2),
            (2, 5),
            [*same(0), (1, Window(2, 1, 1, spacing=2))],
        ),
        (
            pc.PixelUnshuffle(2),
            (1, 4, 4),
            [None, (1, Window(2, 2)), (2, Window(2, 2))],
        ),
    ],
)
def test_where_axes_come_from(layer: pc.Layer, shape: pc.Shape, sources: list[Any]) -> None:
    assert layer.sources(shape) == tuple(sources)


# What is reported.


def test_of_branches_the_largest_counts() -> None:
    body = pc.Sequential(conv(5), conv(3))
    for kind in pc.Add, pc.Multiply, pc.Concat:
        field = pc.receptive_field(pc.Sequential(conv(3, 2, 1), kind(pc.Identity(), body, conv(3))))
        assert (field.size, field.stride, field.padding) == ((15, 15), (2, 2), (7, 7))
        assert field.misaligned == ()
        assert [step.size[0] for step in field.steps] == [3, 3, 11, 15, 7, 15]


def test_branches_out_of_line_are_reported() -> None:
    def misaligned(*branches: pc.Layer) -> tuple[str, ...]:
        return pc.receptive_field(pc.Sequential(conv(3), pc.Add(*branches)), (1, 16, 16)).misaligned

    assert misaligned(conv(3), conv(5), pc.Identity()) == ()
    assert misaligned(conv(3), conv(2)) == ("[1]",)  # Centers half a position apart.
    assert misaligned(conv(4, 2), pc.Pool(2)) == ()
    assert misaligned(conv(3, 2, 1), pc.Pool(2)) == ("[1]",)
    inner = pc.Add(pc.Pool(1, 2), conv(3, 2, 1))
    assert misaligned(inner, pc.Sequential(pc.Pool(2), pc.Pad(0))) == ("[1]",)


def test_strides_that_differ_have_no_size_but_that_of_each_position() -> None:
    shrunk = pc.Sequential(pc.Pool(2), pc.Upsample(9))
    network = pc.Add(shrunk, pc.Identity())
    field = pc.receptive_field(network, (1, 9))
    assert field.misaligned == ("",)
    assert (field.size, field.stride, field.padding) == ((3,), (None,), (0,))
    assert [field.interval(i)[0] for i in range(9)] == [
        (0, 1), (0, 1), (0, 2), (2, 3), (2, 4), (4, 5), (4, 6), (6, 7), (6, 8),
    ]  # fmt: skip
    after = pc.receptive_field(pc.Sequential(network, pc.Conv1d(1, 1, 2)), (1, 9))
    assert after.stride == (None,)
    assert after.interval(1) == ((0, 2),)


def test_what_sees_all_says_so() -> None:
    whole = [
        pc.GlobalPool(),
        pc.Flatten(),
        pc.Reshape((9, 8)),
        pc.Multiply(pc.Identity(), pc.Sequential(pc.AdaptivePool(1), pc.Conv2d(2, 2, 1))),
    ]
    for layer in whole:
        field = pc.receptive_field(pc.Sequential(pc.Conv2d(1, 2, 3, padding=1), layer), (1, 6, 6))
        assert (field.size, field.stride, field.padding) == ((None,) * 2,) * 3
        assert field.interval(3) == field.interval((0, 9)) == ((0, 5), (0, 5))
        assert field.center(0) == (Fraction(5, 2),) * 2
    for sequence in (
        pc.LSTM(4, 4),
        pc.GRU(4, 4, return_sequences=False),
        pc.MultiheadAttention(4, 2),
    ):
        network = pc.Sequential(pc.Embedding(9, 4), sequence)
        assert pc.receptive_field(pc.Sequential(pc.Permute((1, 0)), sequence), (4, 7)).size == (
            None,
        )
        field = pc.receptive_field(pc.Sequential(pc.Identity(), sequence), (7, 4))
        assert field.interval(0) == ((0, 6),)  # All of the length, not of the features.
        assert network.output_shape((7,))
    assert pc.receptive_field(pc.Dense(4, 3), (4,)).size == ()
    assert pc.receptive_field(pc.Dense(4, 3), (4,)).interval(()) == ()
    last = str(pc.receptive_field(pc.Dense(4, 3), (4,))).splitlines()[-1]
    assert last.split() == ["network", "all"]


def test_axes_that_change_places() -> None:
    network = pc.Sequential(
        pc.Conv2d(1, 2, (3, 5)),
        pc.Permute((0, 2, 1)),
        pc.Conv2d(2, 2, (1, 2), stride=(3, 1)),
    )
    field = pc.receptive_field(network, (1, 20, 30))
    assert (field.axes, field.size, field.stride) == (("height", "width"), (4, 5), (1, 3))
    last = pc.Sequential(
        pc.Conv2d(1, 2, (3, 5), data_format="channels_last"), pc.Dense(2, 4), pc.LayerNorm(4)
    )
    assert pc.receptive_field(last).size == pc.receptive_field(last, (20, 30, 1)).size == (3, 5)
    assert pc.receptive_field(pc.Dense(30, 4), (1, 20, 30)).size == (1, None)
    assert pc.receptive_field(pc.Flatten(1, 1), (1, 20)).size == (1,)
    assert pc.receptive_field(pc.Sequential(pc.Reshape((2, 3)), pc.Pool(2)), (2, 3)).size == (2,)


def test_an_empty_network_sees_its_input() -> None:
    field = pc.receptive_field(pc.Sequential(), (4, 8, 9))
    assert (field.size, field.stride, field.padding) == ((1, 1), (1, 1), (0, 0))
    assert (field.interval((2, 5)), field.steps) == (((2, 2), (5, 5)), ())


def test_without_a_shape_the_number_of_axes_comes_from_a_layer() -> None:
    for layer, rank in [
        (pc.Conv3d(1, 1, 3), 3),
        (pc.Pool((2, 2)), 2),
        (pc.PixelShuffle(2), 2),
        (pc.AdaptivePool((None, 1)), 2),
        (pc.Upsample(scale_factor=(2, 2, 2)), 3),
        (pc.Pad(((1, 1),)), 1),
        (pc.Crop(((1, 1),)), 1),
    ]:
        network = pc.Sequential(pc.Activation("relu"), pc.Pool(1), layer)
        assert len(pc.receptive_field(network).axes) == rank


@pytest.mark.parametrize(
    ("network", "shape", "words"),
    [
        (pc.Sequential(pc.Pool(2)), None, "[0] Pool: the number of axes depends on the input"),
        (pc.Sequential(), None, "Sequential: the number of axes depends on the input"),
        (pc.Sequential(conv(3, 2)), None, "[0] Conv2d: the receptive field depends on the input"),
        (
            pc.Sequential(conv(3), pc.AdaptivePool(7)),
            None,
            "[1] AdaptivePool: the receptive field depends on the input",
        ),
        (pc.Upsample((7, 7)), None, "Upsample: the receptive field depends on the input"),
        (pc.CenterCrop((7, 7)), None, "CenterCrop: the receptive field depends on the input"),
        (
            pc.Sequential(pc.Conv2d(3, 8, 3), pc.Slice(-7, dim=1)),
            None,
            "[1] Slice: the receptive field depends on the input",
        ),
        (
            pc.Sequential(conv(3), pc.Upsample(7)),
            None,
            "[1] Upsample: the receptive field depends on the input",
        ),
    ],
)
def test_words_where_a_shape_is_needed(
    network: pc.Layer, shape: pc.Shape | None, words: str
) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(network, shape)
    assert str(caught.value) == f"{words}: give input_shape or start with Input(...)"


class Own(pc.Layer):
    def __init__(self, sources: Any = None) -> None:
        self.answer = sources

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or ()

    def sources(self, input_shape: tuple[int | None, ...]) -> Any:
        return self.answer


class Shy(Own):
    def sources(self, input_shape: tuple[int | None, ...]) -> Any:
        raise pc.ShapeError("sees nothing today")


class Silent(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or ()


def test_layers_of_ones_own() -> None:
    shift = Own((None, (1, Window(padding=1))))
    field = pc.receptive_field(pc.Sequential(pc.Pool(2), shift, pc.Identity()), (1, 8))
    assert field.interval(1) == ((0, 1),)
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.Sequential(pc.Pool(2), Silent()), (1, 8))
    words = "[1] Silent: a layer must define sources() for a receptive field"
    assert str(caught.value) == words
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.Sequential(pc.Pool(2), Shy()), (1, 8))
    assert str(caught.value) == "[1] Shy: sees nothing today"


@pytest.mark.parametrize(
    "answer",
    [
        None,
        5,
        (),
        ((0, Window()),),
        (None, 1),
        (None, (2, Window())),
        (None, (1, 2)),
        "ab",
    ],
)
def test_what_layers_of_ones_own_answer_is_checked(answer: Any) -> None:
    with pytest.raises(TypeError) as caught:
        pc.receptive_field(Own(answer), (1, 8))
    wanted = "None or (axis, Window) for each axis of the output"
    assert str(caught.value) == f"Own: sources() must have {wanted}, got {show(answer)}"


def test_words_of_refusals() -> None:
    field = pc.receptive_field(conv(3))
    with pytest.raises(TypeError, match=r"^receptive_field: network must be a Layer, got 5$"):
        pc.receptive_field(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"^interval: index must be an int or a tuple of ints, got"):
        field.interval(0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(pc.ConfigError, match=r"^interval: index must have 2 entries, one for each"):
        field.interval((1, 2, 3))
    with pytest.raises(pc.ConfigError, match=r"^interval: index must be at least 0 on every axis"):
        field.interval(-1)
    with pytest.raises(pc.ShapeError) as caught:
        field.interval(0, clipped=True)
    words = "Conv2d: the receptive field depends on the length of the input: give input_shape"
    assert str(caught.value) == words
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.Sequential(a=conv(3))).steps[0].interval(0, clipped=True)
    assert str(caught.value) == f"a {words}"
    with pytest.raises(TypeError, match=r"^interval: clipped must be True or False, got 1$"):
        field.interval(0, clipped=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(pc.ShapeError, match=r"^\[0\] Conv2d: expects \(channels, height, width\)"):
        pc.receptive_field(pc.Sequential(conv(3)), (1, 8))


def test_how_it_is_shown() -> None:
    network = pc.Sequential(
        pc.Conv2d(3, 8, 5), pc.Pool(2), pc.Upsample(scale_factor=4), pc.Flatten()
    )
    field = pc.receptive_field(network, (3, 12, 12))
    assert str(field) == (
        "path     layer                     receptive field  stride     padding\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "[0]      Conv2d(3, 8, 5)           5 × 5            1 × 1      0 × 0\n"
        "[1]      Pool(2)                   6 × 6            2 × 2      0 × 0\n"
        "[2]      Upsample(scale_factor=4)  6 × 6            1/2 × 1/2  0 × 0\n"
        "[3]      Flatten()                 all\n"
        "──────────────────────────────────────────────────────────────────────\n"
        "network                            all"
    )
    assert repr(field) == str(field)
    assert field.to_records()[1] == {
        "path": "[1]",
        "layer": "Pool(2)",
        "size": (6, 6),
        "stride": (2, 2),
        "padding": (0, 0),
    }
    assert field.to_markdown().startswith("| path | layer | receptive field | stride | padding |")
    assert field._repr_html_() == field.to_html()  # pyright: ignore[reportPrivateUsage]
    assert "<td>1/2 × 1/2</td>" in field.to_html()
    again = pickle.loads(pickle.dumps(field))
    assert again == field
    assert again.interval(0) == field.interval(0)
    mixed = pc.receptive_field(pc.Dense(30, 4), (1, 20, 30))
    cells = [cell.strip() for cell in str(mixed).splitlines()[-1].split("  ") if cell]
    assert cells == ["network", "1 × all", "1 × –", "0 × –"]


def test_it_is_a_column_of_a_summary() -> None:
    network = pc.Sequential(a=pc.Sequential(conv(3), pc.Pool(2)), b=pc.GlobalPool())
    columns: tuple[ColumnName, ...] = ("path", "receptive_field", "num_uncovered")
    records = pc.summary(network, (3, 9, 9), columns=columns).to_records()
    assert [tuple(record.values()) for record in records] == [
        ("a[0]", (3, 3), (0, 0)),
        ("a[1]", (4, 4), (1, 1)),
        ("b", (None, None), (0, 0)),
    ]
    folded = pc.summary(network, (3, 9, 9), columns=columns, depth=1).to_records()
    assert [tuple(record.values()) for record in folded] == [
        ("a", (4, 4), None),
        ("b", (None, None), (0, 0)),
    ]
    partly = pc.Sequential(pc.Conv2d(3, 4, 3), pc.AdaptivePool((4, 1)))
    assert "7 × all" in str(pc.summary(partly, (3, 20, 20), columns=("receptive_field",)))
    text = table_of(pc.summary(network, (3, 9, 9), columns=columns))
    assert text.splitlines()[-3] == "b      all              0 × 0"
    assert pc.summary(pc.Sequential(), (1,), columns=columns).to_records() == []
    counted = pc.summary(pc.Sequential(conv(3)), (3, 9, 9), columns=columns)
    assert counted.rows[0].num_uncovered == (0, 0)
    assert pc.summary(pc.Dense(2, 3), columns=("num_uncovered",)).to_records() == [
        {"num_uncovered": None}
    ]


@pytest.mark.parametrize("lengths", [(1,), (2,), (5,), (12,), (6, 8)])
@pytest.mark.parametrize("data_format", ["channels_first", "channels_last"])
def test_what_no_window_covers_is_counted(lengths: tuple[int, ...], data_format: str) -> None:
    """One number for each spatial axis: the positions that are in no list of what is seen."""
    first = data_format == "channels_first"
    for small in small_layers(len(lengths)):
        layer: pc.Layer = replace(small, data_format=data_format)
        shape = (4, *lengths) if first else (*lengths, 4)
        if fits(layer, shape):
            (step,) = pc.trace(layer, shape)
            counts = step.output_shape[1:] if first else step.output_shape[:-1]
            uncovered: list[int] = []
            for axis, (length, count) in enumerate(zip(lengths, counts, strict=True)):
                taps = oracle.taps(layer, axis, length, count)
                uncovered.append(length - len(set[int]().union(*taps)))
            assert step.num_uncovered == tuple(uncovered), layer
            frozen = pc.trace(pc.Frozen(layer), shape)
            assert frozen[0].num_uncovered == step.num_uncovered, layer


def test_what_is_not_covered_has_a_number_for_each_spatial_axis_always() -> None:
    for layer, shape, uncovered in [
        (pc.Conv2d(1, 1, (1, 2), stride=(1, 2)), (1, 5, 5), (0, 1)),
        (pc.Conv2d(1, 1, (2, 1), stride=(2, 1)), (1, 5, 5), (1, 0)),
        (pc.Conv2d(1, 1, 1), (1, 5, 5), (0, 0)),
        (pc.Crop(((0, 2), (1, 0))), (1, 9, 9), (2, 1)),  # As if by a window of one.
        (pc.AdaptivePool((None, 1)), (1, 9, 9), (0, 0)),
        (pc.Upsample(2), (1, 9), (7,)),
        (pc.BatchNorm(), (1, 5, 5), (0, 0)),
        (pc.BatchNorm(), (4,), ()),
        (pc.GlobalPool(), (1, 5, 5), (0, 0)),
        (pc.Add(pc.Identity()), (1, 5), ()),
        (pc.Dense(5, 2), (3, 5), ()),
        (pc.Flatten(), (3, 5), ()),
        (pc.Permute((1, 0)), (3, 5), ()),
        (Own((None, (1, Window()), (2, Window(padding=1)))), (1, 5, 5), (0, 1)),
        (Own(((0, Window(1, 2)), (1, Window()))), (5, 4), (2, 0)),
        (Own(((0, Window()), (1, Window(3, 0, 1, 2)))), (5, 4), (2,)),
    ]:
        network = pc.Sequential(pc.Identity(), layer)
        step = pc.trace(network, shape)[-1]
        assert step.num_uncovered == uncovered, layer
        rows = pc.summary(network, shape, columns=("num_uncovered",)).to_records()
        assert rows[-1] == {"num_uncovered": uncovered or None}, layer
    with pytest.raises(TypeError, match=r"^Own: sources\(\) must have None or \(axis, Window\)"):
        _ = pc.trace(Own((None, 1)), (1, 8))[0].num_uncovered


def test_windows_cover_what_is_found_by_listing_it() -> None:
    """With any stride and gaps, and with what lies between the positions of a longer axis."""
    sizes = product((1, 2, 3), (0, 1, 2, 5), (-2, 0, 3), (1, 2, 3), (1, 2, 3))
    for size, stride, padding, dilation, spacing in sizes:
        window = Window(size, stride, padding, dilation, spacing)
        for length, count in product((1, 4, 9), (1, 2, 4)):
            taps = product(range(count), range(size))
            places = {stride * at - padding + dilation * tap for at, tap in taps}
            number = sum(spacing * position in places for position in range(length))
            assert covered(window, length, count) == number, (window, length, count)


def test_a_long_chain_takes_no_long_time() -> None:
    network = pc.Sequential([conv(3, 1, 1)] * 5_000)
    assert pc.receptive_field(network).size == (10_001, 10_001)
    blocks = pc.Sequential([pc.Add(pc.Identity(), conv(3, 1, 1))] * 500)
    field = pc.receptive_field(blocks)
    assert field.interval(0) == ((-500, 500),) * 2


def test_gaps_between_taps_do_not_matter_for_the_ends() -> None:
    taps = [3**number for number in range(40)]
    layers = [pc.Conv1d(1, 1, 3, padding=one, dilation=one) for one in taps]
    network = pc.Add(pc.Sequential(*layers, pc.Pool((1,), 2)), pc.Pool((1,), 3))
    field = pc.receptive_field(network, (1, 4))
    assert field.misaligned == ("",)
    assert (field.size, field.padding) == ((2 * sum(taps) + 1,), (sum(taps),))
    assert field.interval(1) == ((2 - sum(taps), 2 + sum(taps)),)


def test_a_branch_of_one_position_is_seen_from_everywhere() -> None:
    network = pc.Add(pc.Conv1d(1, 1, 6), pc.Identity())
    field = pc.receptive_field(network, (1, 6))
    assert (field.size, field.stride, field.misaligned) == ((6,), (None,), ("",))
    assert field.interval(5) == ((0, 5),)
    assert field.steps[0].interval(0) == ((0, 5),)
    broadcast = pc.Add(pc.Conv1d(1, 1, 6), pc.Sequential(pc.Crop(((1, 0),)), pc.Pad(((0, 1),))))
    assert pc.receptive_field(broadcast, (1, 6)).interval(5) == ((0, 6),)


def test_a_place_within_a_branch_does_not_see_the_others() -> None:
    network = pc.Sequential(
        conv(3), pc.Concat(conv(9), pc.Sequential(pc.Pool(2), conv(5)), conv(7))
    )
    steps = {step.path: step for step in pc.receptive_field(network).steps}
    assert steps["[1][1][0]"].interval((0, 1)) == ((-1, 2), (1, 4))
    assert steps["[1][0]"].interval(0) == ((-5, 5), (-5, 5))
    assert steps["[1][2]"].size == (9, 9)


def test_concatenated_positions_are_those_of_their_branch() -> None:
    network = pc.Concat(pc.Pool(2), pc.Identity(), pc.Pool(3), dim=1)
    field = pc.receptive_field(network, (1, 6))
    assert [field.interval(i)[0] for i in range(11)] == [
        (0, 1), (2, 3), (4, 5), (0, 0), (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (0, 2), (3, 5),
    ]  # fmt: skip
    assert (field.size, field.stride) == ((3,), (None,))
    assert pc.receptive_field(pc.Concat(pc.Pool((2,)), dim=1)).size == (2,)
    unknown = pc.receptive_field(pc.Concat(pc.Pool((2,)), pc.Pool((2,)), dim=1))
    assert (unknown.size, unknown.stride, unknown.padding) == ((None,), (None,), (None,))


def test_what_embeddings_look_up_are_positions() -> None:
    network = pc.Sequential(pc.Embedding(9, 4), pc.Permute((1, 0)), pc.Conv1d(4, 8, 3, padding=1))
    field = pc.receptive_field(network, (7,))
    assert (field.size, field.stride, field.padding) == ((3,), (1,), (1,))
    assert field.interval(0, clipped=True) == ((0, 1),)
    assert pc.receptive_field(pc.Embedding(9, 4), (7, 5)).size == (1, 1)
    stated = pc.receptive_field(pc.Sequential(pc.Input(7), network))
    assert (stated.size, stated.interval(0)) == ((3,), ((-1, 1),))


def test_positions_dealt_out_to_channels_and_back() -> None:
    network = pc.Sequential(pc.PixelUnshuffle(2), pc.Conv2d(4, 4, 3), pc.PixelShuffle(2))
    field = pc.receptive_field(network, (1, 12, 12))
    assert field.steps[1].size == field.size == (6, 6)
    assert (field.steps[1].stride, field.stride) == ((2, 2), (1, 1))
    assert field.interval((0, 3)) == ((0, 5), (2, 7))


@pytest.mark.parametrize(
    ("mode", "intervals"),
    [
        ("nearest", [(0, 0), (0, 0), (1, 1), (1, 1), (2, 2)]),
        ("nearest-exact", [(0, 0), (0, 0), (1, 1), (2, 2), (2, 2)]),
        ("linear", [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]),
    ],
)
def test_what_is_interpolated_sees_its_neighbors(mode: Any, intervals: list[Any]) -> None:
    field = pc.receptive_field(pc.Upsample(5, mode=mode), (1, 3))
    assert [field.interval(i, clipped=True)[0] for i in range(5)] == intervals


def test_what_is_interpolated_by_cubes_sees_twice_as_far() -> None:
    field = pc.receptive_field(pc.Upsample(scale_factor=2, mode="bicubic"), (1, 6, 6))
    assert [field.interval(i)[0] for i in range(3)] == [(-2, 1), (-1, 2), (-1, 2)]


def test_huge_lengths_are_exact_and_take_no_time() -> None:
    far = 10**12
    field = pc.receptive_field(
        pc.Sequential(pc.Conv1d(1, 1, far + 1, 3), pc.AdaptivePool(7), pc.Upsample(far)),
        (1, 10 * far),
    )
    first, last = field.interval(far - 1, clipped=True)[0] or (0, 0)
    assert 0 < first < last < 10 * far
    assert field.size == (None,)
    assert "varies" in str(field).splitlines()[-1]
    (step,) = pc.trace(pc.Pool(far, stride=far + 7), (1, 3 * far))
    assert step.num_uncovered == (3 * far - 2 * far,)
    wide = pc.Conv1d(1, 1, far, padding=far)
    assert pc.flops(wide, (1, 2), convention="fvcore").num_ops == far * (far + 3)


def listed(network: pc.Layer, shape: pc.Shape) -> list[tuple[int, int] | None]:
    """The first and last position seen from each, of one axis, by listing them."""
    steps = {step.path: step for step in pc.trace(network, shape)}
    return [(min(one), max(one)) if one else None for one in seen(network, 0, steps)]


def test_branches_of_which_one_goes_by_the_position() -> None:
    """It is made longer and shorter again, and sees one position more on each side."""
    longer = pc.Sequential(pc.ConvTranspose1d(1, 1, 4, 2, 1), pc.Pool(2))
    for other, size, padding in [
        (pc.Identity(), 3, 1),
        (pc.Conv1d(1, 1, 5, padding=2), 5, 2),
        (longer, 3, 1),
    ]:
        for network in pc.Add(other, longer), pc.Add(longer, other):
            field = pc.receptive_field(network, (1, 8))
            assert (field.size, field.stride, field.padding) == ((size,), (1,), (padding,))
            assert field.misaligned == ()
            assert type(field.stride[0]) is int
            clipped = [field.interval(at, clipped=True)[0] for at in range(8)]
            assert clipped == listed(network, (1, 8))


def test_branches_with_gaps_and_without() -> None:
    """What lies in a gap of the one may be seen by the other."""
    gaps = pc.Conv1d(1, 1, 2, padding=((2, 2),), dilation=4)
    for other in pc.Identity(), pc.Conv1d(1, 1, 3, padding=1), gaps:
        for sides in [gaps, other], [other, gaps]:
            network = pc.Sequential(pc.ConvTranspose1d(1, 1, 1, 3), pc.Add(sides))
            field = pc.receptive_field(network, (1, 4))
            clipped = [field.interval(at, clipped=True)[0] for at in range(10)]
            assert clipped == listed(network, (1, 4))


RANGES = [range(start, stop) for start in range(-2, 4) for stop in range(start, 6)]


def check_runs(seen: list[range] | None, places: set[int]) -> None:
    """They are in order, and none begins where another ends."""
    assert seen is not None
    assert [at for run in seen for at in run] == sorted(places)
    assert all(one.stop < other.start for one, other in pairwise(seen))


def test_what_is_seen_by_either_is_in_few_runs() -> None:
    for one, other in product(RANGES, RANGES):
        check_runs(united([one], [other]), {*one, *other})
    assert united(None, [range(3)]) is united([range(3)], None) is None


def test_what_is_seen_through_a_window_is_in_few_runs() -> None:
    some = [one for one in RANGES if one]
    for seen, size, step, spread in product(some, range(1, 4), range(1, 5), (1, 2)):
        window = Window(size, step, 1, spread)
        places = {at * step - 1 + tap * spread for at in seen for tap in range(size)}
        check_runs(seen_before([seen], window), places)
        within = {at for at in places if 0 <= at < 5}
        check_runs(seen_before([seen], window, 5), within)
    assert seen_before(None, Window(3)) is None


def test_positions_between_those_of_a_longer_axis() -> None:
    """The gaps of a dilated window and those of an axis made longer fall together, or not."""
    for stride in (2, 3):
        network = pc.Sequential(pc.ConvTranspose1d(1, 1, 1, stride), pc.Conv1d(1, 1, 2, dilation=5))
        field = pc.receptive_field(network, (1, 9))
        for at in range(9):
            reached = [place // stride for place in (at, at + 5) if place % stride == 0]
            pair = (min(reached), max(reached)) if reached else None
            assert field.interval(at) == field.interval(at, clipped=True) == (pair,)
            assert {type(end) for end in field.interval(at, clipped=True)[0] or ()} <= {int}


def test_branches_of_which_one_sees_all() -> None:
    for sides in [pc.Identity(), pc.AdaptivePool(1)], [pc.AdaptivePool(1), pc.Identity()]:
        field = pc.receptive_field(pc.Add(sides), (1, 5))
        assert field.size == (None,)
        assert field.interval(2) == field.interval(2, clipped=True) == ((0, 4),)
    flat = pc.receptive_field(pc.Add(pc.Identity(), pc.Flatten()), (1, 1, 5))
    assert (flat.size, flat.interval((0, 2))) == ((None, None), ((0, 0), (0, 4)))


def test_branches_of_positions_one_behind_the_other_and_merged_again() -> None:
    twice = pc.Concat(pc.Identity(), pc.Pool(1), dim=1)
    field = pc.receptive_field(pc.Add(twice, twice), (1, 3))
    assert (field.size, field.stride, field.misaligned) == ((1,), (None,), ())
    assert [field.interval(at)[0] for at in range(6)] == [(0, 0), (1, 1), (2, 2)] * 2
    words = pc.Sequential(pc.Embedding(9, 4), pc.Concat(pc.Identity(), pc.Identity()))
    field = pc.receptive_field(words, (3,))
    assert [field.interval(at)[0] for at in range(6)] == [(0, 0), (1, 1), (2, 2)] * 2
    alone = pc.receptive_field(pc.Concat(pc.Pool((2,)), dim=1))
    assert alone.interval(3) == ((6, 7),)


def test_branches_of_which_one_turns_the_axes_see_all() -> None:
    field = pc.receptive_field(pc.Add(pc.Identity(), pc.Permute((0, 2, 1))), (1, 5, 5))
    assert (field.size, field.interval(2)) == ((None, None), ((0, 4), (0, 4)))


def test_branches_of_one_position_each() -> None:
    field = pc.receptive_field(pc.Add(pc.Pool(2), pc.Pool(2)), (1, 2))
    assert (field.size, field.stride, field.padding) == ((2,), (2,), (0,))
    words = pc.Sequential(pc.Embedding(9, 4), pc.Add(pc.Identity(), pc.Identity()))
    assert pc.receptive_field(words, (3,)).size == (1,)


def test_what_stands_in_another_branch_does_not_matter() -> None:
    longer = pc.ConvTranspose1d(4, 4, 4, 2, ((1, 1),), data_format="channels_last")
    sides = pc.LSTM(4, 4), pc.Sequential(longer, pc.Pool(2, data_format="channels_last"))
    field = pc.receptive_field(pc.Add(*sides), (8, 4))
    assert [step.size for step in field.steps] == [(None,), (2,), (3,), (None,)]


def test_positions_that_see_differently() -> None:
    """The most that one of them sees, whether the length is known or not; and no others."""
    longer = pc.ConvTranspose2d(1, 1, 4, 2, 1)
    for shape in None, (1, 5, 5):
        field = pc.receptive_field(longer, shape)
        assert (field.size, field.stride, field.padding) == ((2, 2), (Fraction(1, 2),) * 2, (1, 1))
    assert pc.receptive_field(pc.ConvTranspose1d(1, 1, 3, 2, 1), (1, 1)).size == (1,)
    gaps = pc.Sequential(pc.ConvTranspose1d(1, 1, 1, 3), pc.Crop(((1, 1),)))
    field = pc.receptive_field(gaps, (1, 2))
    assert (field.size, field.padding, field.interval(1)) == ((0,), (None,), (None,))


def resized(stride: int, kernel_size: int, padding: int) -> pc.Layer:
    """A layer that makes an axis longer by a stride, or shorter by a negative one."""
    kind = pc.ConvTranspose1d if stride > 0 else pc.Conv1d
    return kind(1, 1, kernel_size, abs(stride), padding)


def test_the_most_that_any_position_sees_is_found() -> None:
    """By those that are looked at, as by all up to where it is repeated for certain."""
    steps = product(((), (-2,), (3,)), ((2,), (-2,), (3, -2)), ((), (2,), (-3,)))
    for before, within, after in steps:
        for sizes in ((1, 2), (3, 1), (2, 4)):
            ways = [(*within, *[-one for one in within]), (*[-one for one in within], *within)]
            branches = [
                pc.Sequential([resized(stride, size, size // 3) for stride in way])
                for way, size in zip(ways, sizes, strict=True)
            ]
            network = pc.Sequential(
                [resized(stride, 2, 0) for stride in before]
                + [pc.Conv1d(1, 1, 1), pc.Add(branches)]
                + [resized(stride, 3, 1) for stride in after]
            )
            repeated = abs(prod([*before, *within, *within, *after]))
            field = pc.receptive_field(network)
            intervals = [field.interval(at)[0] for at in range(repeated)]
            seen = [stop - start + 1 for start, stop in filter(None, intervals)]
            assert field.size == (max(seen, default=0),), network
            assert field.padding == (intervals[0] and -intervals[0][0],), network


def test_what_was_made_shorter_before_branches_is_not_forgotten() -> None:
    """Every other position sees two of those after the stride, and what lies between."""
    branches = pc.Add(pc.Identity(), pc.Identity())
    network = pc.Sequential(pc.Conv1d(1, 1, 1, 2), branches, pc.ConvTranspose1d(1, 1, 3, 2, 1))
    field = pc.receptive_field(network)
    assert (field.size, field.interval(0), field.interval(1)) == ((3,), ((0, 0),), ((0, 2),))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_a_single_branch_is_seen_as_without_branching(dim: int) -> None:
    """Where it is in the padding after it, too: with a period of 1, nothing else is looked at."""
    longer = pc.Sequential(pc.ConvTranspose1d(1, 1, 1, 3), pc.Pool(1, 3))
    layers: list[pc.Layer] = [longer, pc.Identity(), pc.Pad(((4, 4),))]
    alone = pc.receptive_field(pc.Sequential(layers), (1, 9))
    layers[1] = pc.Concat(pc.Identity(), dim=dim)
    field = pc.receptive_field(pc.Sequential(layers), (1, 9))
    assert (field.size, field.stride, field.padding) == ((1,), (1,), (4,))
    for index in 0, 4, 16:
        assert field.interval(index) == alone.interval(index)
        assert field.interval(index, clipped=True) == alone.interval(index, clipped=True)


def test_what_is_made_longer_and_shorter_again_is_soon_repeated() -> None:
    """So there is a largest of any number of such layers."""
    twice = [pc.ConvTranspose1d(1, 1, 4, 2, 1), pc.Conv1d(1, 1, 4, 2, 1)]
    field = pc.receptive_field(pc.Sequential(twice * 50))
    assert (field.size, field.stride, field.padding) == ((101,), (1,), (50,))
    branch = pc.Sequential(twice[::-1])
    field = pc.receptive_field(pc.Sequential([pc.Add(branch, branch)] * 20))
    # An even first position sees from three before it, an odd one from two; and so at the end.
    assert (field.size, field.stride, field.padding) == ((82,), (1,), (41,))


def test_so_many_positions_are_looked_at_and_no_more() -> None:
    assert pc.receptive_field(pc.Upsample(10_000), (1, 3)).size == (1,)
    assert pc.receptive_field(pc.Upsample(10_001), (1, 3)).size == (None,)
    far = 10**16
    network = pc.Sequential(pc.Conv1d(1, 1, 1, far), pc.ConvTranspose1d(1, 1, far, far))
    field = pc.receptive_field(network)
    assert (field.size, field.stride, field.padding) == ((None,), (1,), (None,))


def test_behind_a_merging_all_branches_are_seen() -> None:
    network = pc.Sequential(pc.Add(conv(3, 1, 1), conv(1, 1, 0), conv(1, 1, 0)), pc.Pool(2))
    merging, pool = pc.receptive_field(network).steps[3:]
    assert merging.interval(0) == ((-1, 1),) * 2
    assert pool.interval(0) == ((-1, 2),) * 2


def test_branches_that_see_apart() -> None:
    """What lies between is not seen, which shows further back."""
    left, right = pc.Pad(((5, 0),)), pc.Pad(((0, 5),))
    network = pc.Sequential(
        pc.ConvTranspose1d(1, 1, 1, stride=4), pc.Add(pc.Sequential(left), pc.Sequential(right))
    )
    field = pc.receptive_field(network, (1, 6))
    assert field.interval(5, clipped=True) == ((0, 0),)
    assert field.interval(6, clipped=True) == (None,)
    assert field.interval(8) == ((2, 2),)


def test_positions_put_after_each_other_are_no_broadcast_of_one() -> None:
    """So of branches of one position each the centers are compared."""
    whole, part = pc.Conv1d(1, 1, 4), pc.Conv1d(1, 1, 2, stride=3)
    aligned = pc.receptive_field(pc.Concat(whole, whole, dim=1), (1, 4))
    assert (aligned.size, aligned.misaligned) == ((4,), ())
    assert pc.receptive_field(pc.Concat(whole, part, dim=1), (1, 4)).misaligned == ("",)


def test_windows_that_are_all_the_same() -> None:
    """Of a layer of one's own, then made longer: each position sees what the first does."""
    same = Own((None, (1, Window(3, stride=0))))
    field = pc.receptive_field(same, (1, 5))
    assert (field.size, field.stride) == ((3,), (0,))
    longer = pc.receptive_field(pc.Sequential(same, pc.ConvTranspose1d(1, 1, 2, 2)), (1, 5))
    assert (longer.size, longer.stride, longer.interval(7)) == ((3,), (0,), ((0, 2),))


def test_what_is_seen_whole_is_seen_whole_from_there() -> None:
    """A pooling of all sees no more of the input than its own input does."""
    network = pc.Sequential(pc.Conv1d(1, 1, 3, stride=3), pc.AdaptivePool(1), pc.Flatten())
    field = pc.receptive_field(network, (1, 8))
    assert field.size == (None,)
    assert field.interval(0) == ((0, 7),)
    assert field.interval(0, clipped=True) == ((0, 5),)


def test_channels_are_where_the_first_layer_has_them_that_has_any() -> None:
    """Through what moves them, in branches and frozen as well, with a shape or without."""
    moved = pc.Sequential(pc.Permute((2, 0, 1)), pc.Conv2d(3, 4, (3, 5)))
    last = pc.Conv2d(3, 4, (3, 5), data_format="channels_last")
    there = pc.Sequential(pc.Permute((1, 2, 0)), pc.Dense(3, 3), last)
    for network, shape in [
        (moved, (9, 9, 3)),
        (pc.Concat(moved, pc.Sequential(moved, pc.BatchNorm())), (9, 9, 3)),
        (pc.Sequential(pc.Add(pc.Identity()), last), (9, 9, 3)),
        (pc.Frozen(last), (9, 9, 3)),
        (there, (3, 9, 9)),
        (pc.Sequential(pc.Input(3, 9, 9), there), (3, 9, 9)),
    ]:
        for known in shape, None:
            field = pc.receptive_field(network, known)
            assert (field.axes, field.size) == (("height", "width"), (3, 5)), network
    last_of_two = pc.Conv1d(6, 1, 3, data_format="channels_last")
    flat = pc.Sequential(pc.Flatten(0, 1), pc.Permute((1, 0)), last_of_two)
    assert pc.receptive_field(flat, (2, 3, 9)).size == (None, 3)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kernel_size": 0}, "Window: kernel_size must be at least 1, got 0"),
        ({"stride": -1}, "Window: stride must be at least 0, got -1"),
        ({"dilation": 0}, "Window: dilation must be at least 1, got 0"),
        ({"spacing": 0}, "Window: spacing must be at least 1, got 0"),
    ],
)
def test_a_window_that_cannot_be(fields: dict[str, int], words: str) -> None:
    with pytest.raises(pc.ConfigError) as caught:
        Window(**fields)
    assert str(caught.value) == words
    with pytest.raises(TypeError, match=r"^Window: padding must be an int, got 0.5$"):
        Window(padding=0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_positions_concatenated_of_what_sees_apart() -> None:
    network = pc.Sequential(
        pc.Concat(pc.Identity(), pc.Pool(2), dim=1), pc.Conv1d(1, 1, 2, dilation=2)
    )
    field = pc.receptive_field(network, (1, 4))
    assert [field.interval(i)[0] for i in range(4)] == [(0, 2), (1, 3), (0, 2), (2, 3)]


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (pc.Conv1d(8, 8, 3), "expects (channels, length), got shape (None, None, None)"),
        (pc.Pool((2,)), "expects (channels, length), got shape (None, None, None)"),
        (pc.Conv3d(8, 8, 3), "expects (channels, depth, height, width), got shape"),
        (pc.Permute((1, 0)), "expects 2 axes, got shape (None, None, None)"),
        (pc.Permute((3, 2, 1, 0)), "expects 4 axes, got shape (None, None, None)"),
        (pc.Slice(0, 1, dim=3), "there is no dim 3 in shape (None, None, None)"),
        (pc.Flatten(3), "cannot flatten axes 3 to -1 of shape (None, None, None)"),
        (pc.LSTM(8, 8), "expects (length, features), got shape (None, None, None)"),
        (pc.Concat(pc.Identity(), dim=3), "there is no dim 3 in the outputs of all branches"),
    ],
    ids=str,
)
def test_the_number_of_axes_is_checked_though_their_lengths_are_not_known(
    second: pc.Layer, words: str
) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.Sequential(pc.Conv2d(3, 8, 3), second))
    assert str(caught.value).startswith(f"[1] {type(second).__name__}: {words}")
    assert caught.value.input_shape is None


def test_sources_check_what_they_are_asked_about() -> None:
    layer: Any = pc.Pool(2)
    assert layer.sources([4, None]) == ((0, Window()), (1, Window(2, 2)))
    wanted = "Pool: input_shape must be a tuple of ints, with None for unknown lengths"
    for shape, words in [(4, "4"), ((4, "8"), "(4, '8')")]:
        with pytest.raises(TypeError) as caught:
            layer.sources(shape)
        assert str(caught.value) == f"{wanted}, got {words}"
    for shape in [(), (4, 0)]:
        with pytest.raises(pc.ShapeError, match="Pool: input_shape must"):
            layer.sources(shape)
    with pytest.raises(pc.ShapeError, match=r"PixelUnshuffle: expects \(channels, height, width\)"):
        pc.Frozen(pc.PixelUnshuffle(2)).sources((4, 4))
    with pytest.raises(pc.ShapeError, match=r"use receptive_field\(\)"):
        pc.Sequential().sources((4, 4))


def test_many_axes_are_not_listed_in_an_error() -> None:
    with pytest.raises(pc.ShapeError, match=r"expects \(channels, 10 spatial axes\), got"):
        pc.Pool((1,) * 10).output_shape((4,))


def test_what_is_too_much_to_list_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _windows.MAX_LISTED == 1_000_000
    monkeypatch.setattr(_windows, "MAX_LISTED", 1_000)
    far = 10**16
    layer, shape = pc.Conv1d(4, 4, far, dilation=3), (4, 10 * far)
    field = pc.receptive_field(layer, shape)
    assert field.size == (3 * far - 2,)
    with pytest.raises(pc.ParamcalcError, match=r"^the receptive field has too many gaps$"):
        field.interval(0, clipped=True)
    for number in 1_001, far:
        with pytest.raises(pc.ParamcalcError, match="too many gaps"):
            seen_before([range(number)], Window(stride=2))
    for size in 501, far:
        with pytest.raises(pc.ParamcalcError, match="too many gaps"):
            seen_before([range(1), range(9, 10)], Window(size, dilation=2))
    assert seen_before([range(3, 5)], Window(1_000, dilation=2)) == [range(3, 2_003)]
    assert len(seen_before([range(1_000)], Window(stride=2)) or ()) == 1_000
    after = pc.receptive_field(pc.Sequential(layer, pc.ConvTranspose1d(4, 4, 3, 2)), shape)
    assert (after.size, after.stride) == ((None,), (Fraction(1, 2),))
    with pytest.raises(pc.ParamcalcError, match=r"a window of 1000.* taps with gaps is too large"):
        pc.summary(layer, shape, columns=("num_uncovered",)).to_records()


def test_frozen_layers_see_what_their_layers_see() -> None:
    layers: list[tuple[pc.Layer, pc.Shape]] = [
        (pc.Conv2d(3, 8, 3, 2, data_format="channels_last"), (9, 8, 3)),
        (pc.GroupNorm(1, None), (4, 6)),
    ]
    for layer, shape in layers:
        ours, frozen = [pc.receptive_field(one, shape) for one in (layer, pc.Frozen(layer))]
        assert (ours.size, ours.stride) == (frozen.size, frozen.stride)
        assert ours.padding == frozen.padding
        (step,), (other,) = pc.trace(layer, shape), pc.trace(pc.Frozen(layer), shape)
        assert step.num_uncovered == other.num_uncovered
    assert pc.receptive_field(pc.Frozen(pc.Pool((2, 3)))).size == (2, 3)
    network = pc.Sequential(pc.Pool((3,)), pc.Permute((1, 0)), pc.Frozen(pc.GroupNorm(2, None)))
    assert pc.smallest_input(network, (2, None)) == (2, 6)
    assert pc.input_lengths(pc.Frozen(pc.Conv1d(2, 3, 3)), 4, (2, None)) == (range(6, 7),)
    pooled = pc.Sequential(pc.Pool((2,)), pc.Frozen(pc.GroupNorm(2, None)))
    assert pc.input_lengths(pooled, 4, (2, None)) == (range(8, 10),)
