"""Which inputs pass and which give an output, against trying every size; and padding likewise."""

from __future__ import annotations

import pickle
from dataclasses import replace
from itertools import islice, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_receptive_field import spatial_layers

import paramcalc as pc
from paramcalc import zoo

LONGEST = 70


def passes(network: pc.Layer, shape: pc.Shape) -> bool:
    try:
        network.output_shape(shape)
    except pc.ShapeError:
        return False
    return True


def tried(network: pc.Layer, rank: int, longest: int = LONGEST) -> int | None:
    """The smallest length that passes, by trying every one."""
    sizes = range(1, longest + 1)
    return next((n for n in sizes if passes(network, (2, *[n] * rank))), None)


# What is published.

SMALLEST = {
    "alexnet": 63,
    "vgg11": 32,
    "vgg13": 32,
    "vgg16": 32,
    "vgg16_bn": 32,
    "vgg19": 32,
    "resnet18": 1,
    "resnet34": 1,
    "resnet50": 1,
    "resnet101": 1,
    "resnet152": 1,
    "resnext50_32x4d": 1,
    "wide_resnet50_2": 1,
    "squeezenet1_0": 21,
    "squeezenet1_1": 17,
    "mobilenet_v2": 1,
    "densenet121": 29,
    "googlenet": 15,
}


@pytest.mark.parametrize("name", SMALLEST)
def test_published_networks(name: str) -> None:
    """What torchvision 0.21's networks take, found there by running them."""
    network: pc.Sequential = getattr(zoo, name)()
    smallest = SMALLEST[name]
    assert pc.smallest_input(network) == (3, smallest, smallest)
    assert pc.smallest_input(network, square=False) == (3, smallest, smallest)
    assert passes(network, (3, smallest, smallest))
    assert not passes(network, (3, smallest - 1, smallest - 1)) or smallest == 1


@pytest.mark.parametrize(
    ("network", "smallest"),
    [
        (zoo.raschka_chapter_11(), (3, 31, 31)),
        (zoo.parameters_tutorial(), (3, 6, 6)),
        (zoo.stack_overflow_answer(), (1, 28, 28)),
        (zoo.cross_validated_question(), (1, 1, 128)),
    ],
)
def test_the_four_documents(network: pc.Sequential, smallest: pc.Shape) -> None:
    stated = network[0]
    assert isinstance(stated, pc.Input)
    assert pc.smallest_input(network) == stated.shape
    assert pc.smallest_input(network[1:]) == smallest


def test_all_inputs_of_the_first_document() -> None:
    """12 channels of 4 by 4 are the 192 features that its dense layer takes."""
    network = zoo.raschka_chapter_11()[1:]
    sizes = range(31, 35)
    assert pc.input_lengths(network[:4], 4) == (sizes, sizes)
    assert [n for n in range(1, 100) if passes(network, (3, n, n))] == list(sizes)
    assert 32 in sizes


def unet(levels: int) -> pc.Layer:
    inner: pc.Layer = pc.Conv2d(None, 4, 3, padding=1)
    for _ in range(levels):
        inner = pc.Sequential(
            pc.Conv2d(None, 4, 3, padding=1),
            pc.Concat(
                pc.Identity(), pc.Sequential(pc.Pool(2), inner, pc.ConvTranspose2d(None, 4, 2, 2))
            ),
        )
    return inner


def test_a_unet_takes_multiples() -> None:
    assert pc.smallest_input(unet(4), 3) == (3, 16, 16)
    assert pc.input_lengths(unet(4), 48, 3) == (range(48, 49), range(48, 49))
    assert pc.input_lengths(unet(4), 47, 3) == ((), ())
    classifier = pc.Sequential(unet(4), pc.AdaptivePool(1))
    assert pc.input_lengths(classifier, (1, 1), 3) == (pc.Endless((), (16,), 16),) * 2
    assert pc.smallest_input(unet(16), 3) == (3, 2**16, 2**16)


# By trying every size.


@st.composite
def networks(draw: st.DrawFn, rank: int) -> pc.Sequential:
    """A network of any spatial layers and branches, whether anything passes through it or not."""
    layers: list[pc.Layer] = [pc.Crop((0,) * rank)]
    for _ in range(draw(st.integers(1, 4))):
        layer = draw(spatial_layers(rank))
        if draw(st.integers(0, 2)) == 0:
            sides = [
                pc.Sequential(draw(st.lists(spatial_layers(rank), max_size=2))),
                draw(st.sampled_from([pc.Identity(), layer, pc.AdaptivePool(1)])),
            ]
            kinds: list[pc.Layer] = [pc.Add(sides), pc.Multiply(sides), pc.Concat(sides)]
            layer = draw(st.sampled_from([*kinds, pc.Concat(sides, dim=1), kinds[0], layer]))
        layers.append(layer)
    return pc.Sequential(layers)


def tails(rank: int) -> st.SearchStrategy[list[pc.Layer]]:
    """What may follow, where the axes are mixed or of certain lengths."""
    dense = st.sampled_from([2, 4, 8, 18, 32, 50, 72, 98]).map(lambda n: pc.Dense(n, 3))
    factors = st.integers(1, 6).map(lambda n: pc.Reshape((n, -1)))
    shapes = st.integers(1, 5).map(lambda n: pc.Reshape((2, n**rank)))
    inputs = st.integers(1, 6).map(lambda n: pc.Input(2, *[n] * rank))
    last = st.integers(1, 6).map(lambda n: pc.LayerNorm(n))
    return st.one_of(
        st.just([]),
        dense.map(lambda one: [pc.Flatten(), one]),
        factors.map(lambda one: [one]),
        factors.map(lambda one: [one, pc.Conv1d(None, 2, 2, 2)]),
        shapes.map(lambda one: [one]),
        inputs.map(lambda one: [one]),
        last.map(lambda one: [one]),
        st.just([pc.InstanceNorm()]),
        st.just([pc.GlobalPool()]),
    )


@settings(max_examples=600)
@given(st.integers(1, 3), st.data())
def test_the_smallest_is_the_first_that_passes(rank: int, data: st.DataObject) -> None:
    network = pc.Sequential(data.draw(networks(rank)), *data.draw(tails(rank)))
    expected = tried(network, rank)
    try:
        found = pc.smallest_input(network, 2)
    except pc.ShapeError:
        assert expected is None
        return
    assert passes(network, found)
    assert set(found[1:]) == {found[1]}
    if expected is None:
        assert found[1] > LONGEST
    else:
        assert found == (2, *[expected] * rank)


@settings(max_examples=300)
@given(networks(2))
def test_each_axis_by_itself(network: pc.Sequential) -> None:
    sizes = [(2, *pair) for pair in product(range(1, 25), repeat=2)]
    passing = [shape for shape in sizes if passes(network, shape)]
    try:
        found = pc.smallest_input(network, 2, square=False)
    except pc.ShapeError:
        assert not passing
        return
    assert passes(network, found)
    if passing:
        assert found == tuple([min(axis) for axis in zip(*passing, strict=True)])


@settings(max_examples=600)
@given(st.integers(1, 2), st.data())
def test_all_lengths_that_give_an_output(rank: int, data: st.DataObject) -> None:
    network = data.draw(networks(rank))
    try:
        start = pc.smallest_input(network, 2, square=False)
    except pc.ShapeError:
        with pytest.raises(pc.ShapeError):
            pc.input_lengths(network, 1, 2)
        return
    shape = network.output_shape(start)
    wanted = tuple([length + data.draw(st.integers(-1, 12)) for length in shape[1:]])
    wanted = tuple([max(length, 1) for length in wanted])
    found = pc.input_lengths(network, wanted, 2)
    for axis, length in enumerate(wanted, 1):
        for n in range(1, LONGEST):
            tried = (*start[:axis], n, *start[axis + 1 :])
            gives = passes(network, tried) and network.output_shape(tried)[axis] == length
            assert (n in found[axis - 1]) == gives, (axis, n)


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 9), st.integers(1, 9))
def test_branches_that_grow_by_different_steps(more: int, one: int, other: int, step: int) -> None:
    steps = [pc.Pad(((0, more),)), pc.Pool((step,)), pc.Upsample(scale_factor=other)]
    network = pc.Add(pc.Sequential(steps), pc.Upsample(scale_factor=one))
    sizes = [n for n in range(1, 700) if passes(network, (2, n))]
    try:
        found = pc.smallest_input(network, 2)
    except pc.ShapeError:
        assert not sizes
        return
    assert found[1] == sizes[0]
    assert passes(network, found)


# Examples of what is seldom drawn.


def conv(kernel_size: int, stride: int = 1, padding: int = 0) -> pc.Conv1d:
    return pc.Conv1d(None, 2, kernel_size, stride, padding)


PAIR = pc.Sequential(pc.Pool((2,)), pc.Upsample(scale_factor=2))


@pytest.mark.parametrize(
    ("network", "smallest"),
    [
        (pc.Conv2d(3, 8, (3, 5)), (3, 5, 5)),
        (pc.Conv2d(3, 8, (3, 5), data_format="channels_last"), (5, 5, 3)),
        (pc.Conv2d(6, 9, 3, groups=3, dilation=4), (6, 9, 9)),
        (pc.ConvTranspose1d(3, 8, 3, padding=4), (3, 7)),
        (pc.Conv1d(3, 8, 10**40), (3, 10**40)),
        (pc.Sequential(pc.PixelUnshuffle(2), pc.Conv2d(12, 8, 3)), (3, 6, 6)),
        (pc.Sequential(pc.PixelShuffle(2), pc.Conv2d(3, 8, 3)), (12, 2, 2)),
        (pc.Sequential(pc.BatchNorm(7), pc.Pool((3, 3))), (7, 3, 3)),
        (pc.Sequential(pc.PReLU(1), pc.GroupNorm(2, 6), pc.Pool((3, 3))), (6, 3, 3)),
        (pc.Sequential(pc.PReLU(4), pc.Pool((3,))), (4, 3)),
        (pc.Sequential(pc.Conv2d(1, 8, 1), pc.Pad(4, "reflect")), (1, 5, 5)),
        (pc.Sequential(pc.Conv2d(1, 8, 1), pc.InstanceNorm()), (1, 2, 2)),
        (pc.Sequential(pc.Dense(784, 10), pc.Dense(10, 3)), (784,)),
        (pc.Sequential(pc.Flatten(), pc.Dense(784, 10)), (784,)),
        (pc.LSTM(5, 7), (1, 5)),
        (pc.MultiheadAttention(8, 2), (1, 8)),
        (pc.TransformerEncoderLayer(8, 2, 3), (1, 8)),
        (pc.LayerNorm((3, 5)), (3, 5)),
        (pc.Sequential(pc.Embedding(100, 8), pc.LSTM(8, 7)), (1,)),
        (pc.Sequential(pc.Embedding(100, 8), pc.Conv1d(4, 2, 3)), (4,)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.Dense(2, 3)), (3, 3)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.Conv1d(9, 3, 1)), (3, 11)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.GroupNorm(4, None)), (3, 6)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.LSTM(2, 7)), (3, 3)),
        (pc.Add(pc.Conv2d(3, 3, (1, 5)), pc.Dense(None, 1)), (3, 5, 5)),
        (pc.Add(pc.Conv2d(3, 8, 5, padding="same"), pc.Conv2d(3, 1, 1)), (3, 1, 1)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Add(PAIR, pc.Identity())), (3, 4)),
        (
            pc.Add(
                pc.Pad(((0, 10**12),)),
                pc.Upsample(scale_factor=2),
                pc.Conv1d(3, 1, 1, padding="same"),
            ),
            None,
        ),
        (
            pc.Add(
                pc.Pad(((0, 10**12),)),
                pc.Sequential(pc.Conv1d(3, 3, 1), pc.Upsample(scale_factor=2)),
            ),
            (3, 10**12),
        ),
        (
            pc.Sequential(
                pc.Conv1d(3, 2, 10**12, 10**6),
                pc.Add(
                    pc.Sequential(pc.Pool(10**7), pc.Upsample(scale_factor=10**7)), pc.Identity()
                ),
            ),
            (3, 10999999000000),
        ),
    ],
)
def test_examples(network: pc.Layer, smallest: pc.Shape | None) -> None:
    if smallest is None:
        with pytest.raises(pc.ShapeError, match="no input fits"):
            pc.smallest_input(network)
        return
    assert pc.smallest_input(network) == smallest
    assert passes(network, smallest)


def test_each_axis_may_be_of_its_own_length() -> None:
    network = pc.Sequential(pc.Conv2d(3, 8, (3, 7)), pc.Pool(2), pc.PixelUnshuffle(2))
    assert pc.smallest_input(network, square=False) == (3, 6, 10)
    assert pc.smallest_input(network) == (3, 10, 10)
    assert pc.input_lengths(network, (1, 2)) == (range(6, 8), range(14, 16))
    last = replace(pc.Conv2d(3, 8, (3, 5)), data_format="channels_last")
    assert pc.smallest_input(last, square=False) == (3, 5, 3)
    assert pc.input_lengths(last, 1) == (range(3, 4), range(5, 6))


class Half(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        channels, length = input_shape or (0, 0)
        if length < 9:
            raise pc.ShapeError("needs 9")
        return (channels, length // 2)


class Never(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        raise pc.ShapeError("takes nothing")


class Odd(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        shape = input_shape or (0,)
        if shape[-1] % 2 == 0:
            raise pc.ShapeError("takes odd lengths")
        return shape


def test_layers_of_ones_own() -> None:
    network = pc.Sequential(pc.Conv1d(3, 2, 3), Half(), pc.Conv1d(2, 2, 6))
    assert pc.smallest_input(network) == (3, 14)
    assert pc.input_lengths(network, 2) == (range(16, 18),)
    with pytest.raises(pc.ShapeError, match=r"^\[1\] Never: takes nothing; no input fits$"):
        pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 3), Never()))
    with pytest.raises(pc.ShapeError, match=r"^\[2\] Never: takes nothing; no input fits$"):
        pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 3), pc.AdaptivePool(1), Never()))


def test_a_layer_of_ones_own_that_takes_no_longer_ends_the_search() -> None:
    network = pc.Sequential(pc.Conv1d(3, 2, 1), Odd(), pc.Reshape((4, -1)))
    with pytest.raises(pc.ShapeError, match=r"^\[2\] Reshape: .*; no input fits$"):
        pc.smallest_input(network)


def test_frozen_layers_are_like_others() -> None:
    layers = [pc.Conv1d(3, 2, 5, 2), pc.Flatten(), pc.Dense(8, 2)]
    network = pc.Sequential([pc.Frozen(one) for one in layers])
    assert pc.smallest_input(network) == (3, 11)
    assert pc.smallest_input(pc.Frozen(pc.Conv2d(3, 2, 5))) == (3, 5, 5)


def test_what_broadcasts_does_not_excuse_the_others() -> None:
    gate = pc.Add(pc.AdaptivePool(1), PAIR, pc.Identity())
    assert pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 1, padding=1), gate)) == (3, 2)


def test_what_is_halved_and_doubled_repeats_itself_soon() -> None:
    """After 2 positions, not 2⁴⁰: else it would not be refused in a lifetime."""
    never = pc.Add(pc.Pad(1), pc.Identity())
    with pytest.raises(pc.ShapeError, match="no input fits"):
        pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 1), pc.Sequential([PAIR] * 40), never))


def test_features_may_be_given() -> None:
    assert pc.smallest_input(pc.Dense(None, 3), 5) == (5,)
    assert pc.smallest_input(pc.GRU(None, 3), 5) == (1, 5)


def test_long_and_deep_networks() -> None:
    assert pc.smallest_input(pc.Sequential([pc.Conv1d(2, 2, 3)] * 20_000)) == (2, 40_001)
    deep: pc.Layer = pc.Conv1d(2, 2, 3)
    for _ in range(49):
        deep = pc.Sequential(deep)
    assert pc.smallest_input(deep) == (2, 3)
    assert pc.input_lengths(deep, 10**30) == (range(10**30 + 2, 10**30 + 3),)


@pytest.mark.parametrize(
    ("network", "output", "lengths"),
    [
        (pc.Conv1d(2, 8, 10**12, 10**12), 7, range(7 * 10**12, 8 * 10**12)),
        (pc.Conv1d(2, 8, 3, padding=5), 8, ()),
        (pc.Sequential(pc.Pool((5,)), pc.Upsample(scale_factor=2)), 3, ()),
        (pc.Sequential(pc.Pool((3,)), PAIR), 4, range(12, 18)),
        (pc.Sequential(pc.Pool((3,)), pc.Add(PAIR, pc.Identity())), 4, range(12, 15)),
        (pc.AdaptivePool((7,)), 7, pc.Endless((), (1,), 1)),
        (pc.AdaptivePool((7,)), 6, ()),
        (pc.Sequential(pc.Conv1d(2, 2, 3), pc.Reshape((2, -1))), 5, range(7, 8)),
        (
            pc.Sequential(pc.Pool((3,)), pc.Add(PAIR, pc.Identity()), pc.AdaptivePool(1)),
            1,
            pc.Endless((), (6, 7, 8), 6),
        ),
        (
            pc.Sequential(pc.Add(pc.AdaptivePool((5,)), pc.Identity()), pc.AdaptivePool(1)),
            1,
            (1, 5),
        ),
        (
            pc.Sequential(
                pc.Add(pc.Conv1d(2, 2, 1, 4), pc.AdaptivePool(1)),
                pc.Add(PAIR, pc.Identity()),
                pc.AdaptivePool((3,)),
            ),
            3,
            pc.Endless((), (5, 6, 7, 8), 8),
        ),
        (
            pc.Sequential(pc.Conv1d(2, 1, 4, 4), pc.Conv1d(1, 1, 1, 3, 2), pc.AdaptivePool(1)),
            1,
            pc.Endless((), (4,), 1),
        ),
        (
            pc.Sequential(
                pc.Add(
                    pc.Sequential(pc.Pool(4), pc.Upsample(scale_factor=4)),
                    pc.Sequential(pc.Pool((4,)), pc.Upsample(scale_factor=4)),
                    pc.Sequential(pc.Pool(2), pc.Upsample(scale_factor=2)),
                ),
                pc.AdaptivePool(1),
            ),
            1,
            pc.Endless((), (4, 5), 4),
        ),
    ],
)
def test_examples_of_lengths(network: pc.Layer, output: int, lengths: object) -> None:
    assert pc.input_lengths(network, output, 2) == (lengths,)


def test_the_shortest_period_is_given() -> None:
    """The last pooling makes the period 8, but what passes is the multiples of 2."""
    network = pc.Sequential(
        pc.Conv1d(2, 1, 1), pc.Add(PAIR, pc.Identity()), pc.Pool(4), pc.AdaptivePool(1)
    )
    (lengths,) = pc.input_lengths(network, 1)
    assert lengths == pc.Endless((), (4,), 2)


def test_endless_lengths() -> None:
    lengths = pc.Endless((1,), (6, 7), 6)
    assert list(islice(lengths, 6)) == [1, 6, 7, 12, 13, 18]
    assert [n for n in range(-6, 20) if n in lengths] == [1, 6, 7, 12, 13, 18, 19]
    assert "6" not in lengths
    assert pickle.loads(pickle.dumps(lengths)) == lengths


def test_lengths_that_are_not_repeated_come_first() -> None:
    """One position broadcasts, whatever its neighbour; from then on they must be even."""
    odd = pc.Sequential(pc.Pad(((0, 1),)), PAIR)
    network = pc.Sequential(pc.Crop((0,)), pc.Multiply(odd, pc.Identity()), pc.AdaptivePool(1))
    (lengths,) = pc.input_lengths(network, 1, 2)
    assert lengths == pc.Endless((1,), (2,), 2)


# Padding.


@st.composite
def windows(draw: st.DrawFn) -> Any:
    size, spread = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    stride = draw(st.integers(1, 4))
    if draw(st.booleans()):
        return pc.Conv1d(1, 1, size, stride, dilation=spread)
    return pc.Pool((size,), stride, dilation=spread, ceil_mode=draw(st.booleans()))


def divides(layer: Any, padding: Any, divisor: int) -> bool:
    try:
        padded = replace(layer, padding=padding)
    except pc.ConfigError:
        return False
    return all(
        passes(padded, (1, n)) and padded.output_shape((1, n)) == (1, -(-n // divisor))
        for n in range(1, 40)
    )


@given(windows(), st.integers(1, 3))
def test_padding_is_the_smallest_that_does_it(layer: Any, divisor: int) -> None:
    others = [(one, other) for one in range(18) for other in range(18)]
    able = [pair for pair in others if divides(layer, (pair,), divisor)]
    try:
        padding: Any = pc.padding_for(layer, divisor)
    except pc.ConfigError:
        assert not able
        return
    assert divides(layer, padding, divisor)
    total = sum(padding[0]) if isinstance(padding[0], tuple) else 2 * padding[0]
    assert total == min(map(sum, able))
    if isinstance(layer, pc.Conv1d):
        assert total == max(map(sum, able))


def test_padding_of_several_axes() -> None:
    assert pc.padding_for(pc.Conv2d(3, 8, (3, 4), dilation=(2, 1))) == ((2, 2), (1, 2))
    assert pc.padding_for(pc.Conv3d(3, 8, (1, 3, 5), padding=9)) == (0, 1, 2)
    assert pc.padding_for(pc.Conv2d(3, 8, 3, 2, "same"), 2) == (1, 1)
    assert pc.padding_for(pc.Pool(3, 1)) == 1
    assert pc.padding_for(pc.Pool((2, 2)), 2) == ((0, 1), (0, 1))


# Words.

skip: Any = pc.Identity()
ANY: Any = pc
"""The library as seen by who does not care for types."""


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv2d(3, 8, 3), pc.Flatten(), pc.Dense(40, 9))
            ),
            (
                "[2] Dense: expects 40 features on the last axis, got shape (72,); no input fits: "
                "a length of 4 gives 32, and one of 5 gives 72"
            ),
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv2d(3, 8, 3), pc.Flatten(), pc.Dense(4, 9))
            ),
            (
                "[2] Dense: expects 4 features on the last axis, got shape (8,); no input fits: "
                "one of 3 gives 8"
            ),
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(
                    a=pc.Sequential(pc.Conv2d(3, 8, 1), pc.AdaptivePool(2)), b=pc.Conv2d(8, 8, 3)
                )
            ),
            "b Conv2d: a window of 3 does not fit height 2 (padding 0); no input fits",
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv1d(3, 3, 3, padding=2), pc.Add(pc.Pad(1), skip))
            ),
            (
                "[1] Add: axes, counted from the last, must be equally long or 1, "
                "got (3, 5) from [0] and (3, 3) from [1]; no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Concat(a=pc.Conv1d(3, 3, 3), b=pc.Identity())),
            (
                "Concat: all axes but dim 0 must be equally long, "
                "got (3, 1) from a and (3, 3) from b; no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Conv2d(9, 8, 3))),
            "[1] Conv2d: expects 9 input channels, got 8 in shape (8, 3, 3); no input fits",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Conv1d(8, 8, 3))),
            "[1] Conv1d: expects (channels, length), got shape (8, 2, 2); leave out the batch axis",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Permute((1, 0)))),
            "[1] Permute: expects 2 axes, got shape (8, 2, 2)",
        ),
        (
            lambda: pc.smallest_input(pc.Concat(pc.Conv2d(3, 8, 3), pc.Identity(), dim=3)),
            "Concat: there is no dim 3 in (8, 2, 2) from [0]",
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv2d(3, 8, 3), pc.LayerNorm((2, 3, 4, 5)))
            ),
            "[1] LayerNorm: expects (2, 3, 4, 5) as the last axes, got shape (8, 2, 2)",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Input(3, 2, 2), pc.Conv2d(3, 8, 3))),
            "[1] Conv2d: a window of 3 does not fit height 2 (padding 0); no input fits",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Input(7), pc.Dense(8, 3))),
            "[1] Dense: expects 8 features on the last axis, got shape (7,); no input fits",
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv2d(3, 8, 3), pc.Flatten(), pc.Dense(32, 9)), square=False
            ),
            (
                "[2] Dense: expects 32 features on the last axis, got shape (8,); "
                "it is made of several axes: ask with square=True"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Pool((2, 2))),
            "Pool: no layer says how many channels arrive: give channels",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Pool(2), pc.BatchNorm(3))),
            (
                "Sequential: no layer says how many axes arrive: start with Input(...), "
                "or give a tuple, such as Pool((2, 2))"
            ),
        ),
        (
            lambda: pc.input_lengths(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Flatten()), 3),
            "Sequential: the spatial axes of the input do not stay as they are",
        ),
        (
            lambda: pc.input_lengths(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Permute((0, 2, 1))), 3),
            "Sequential: the spatial axes of the input do not stay as they are",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Conv2d(3, 6, 1), pc.PixelShuffle(2))),
            (
                "[1] PixelShuffle: upscale_factor² must divide the channels, got upscale_factor=2, "
                "6 channels in shape (6, 1, 1); no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(pc.Conv2d(3, 8, 1), pc.Conv1d(8, 8, 3, padding="same"))
            ),
            "[1] Conv1d: expects (channels, length), got shape (8, 1, 1); leave out the batch axis",
        ),
        (
            lambda: pc.smallest_input(
                pc.Sequential(
                    pc.Conv1d(3, 1, 1), pc.Upsample(scale_factor=3), pc.Flatten(), pc.Dense(5, 2)
                )
            ),
            (
                "[3] Dense: expects 5 features on the last axis, got shape (6,); no input fits: "
                "a length of 1 gives 3, and one of 2 gives 6"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Dense(None, 3)),
            (
                "Dense: no layer says how many axes arrive: start with Input(...), "
                "or give a tuple, such as Pool((2, 2))"
            ),
        ),
        (
            lambda: pc.input_lengths(pc.Conv2d(3, 8, 3), (3, 0)),
            "input_lengths: output must be at least 1 on every axis, got (3, 0)",
        ),
        (
            lambda: pc.smallest_input(pc.Conv2d(3, 8, 3), 0),
            "smallest_input: channels must be at least 1, got 0",
        ),
        (
            lambda: pc.padding_for(pc.Conv2d(3, 8, 3, stride=3)),
            "Conv2d: no padding divides lengths by 1, for the stride is (3, 3)",
        ),
        (
            lambda: pc.padding_for(pc.Pool(3, 1, dilation=2)),
            "Pool: padding must be at most half of kernel_size, got padding=2, kernel_size=3",
        ),
        (
            lambda: pc.padding_for(pc.Pool(2, 1)),
            "Pool: padding differs on the two sides, so give kernel_size as a tuple, got 2",
        ),
    ],
)
def test_words(ask: Any, words: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        ask()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: ANY.smallest_input(3), "smallest_input: network must be a Layer, got 3"),
        (
            lambda: ANY.input_lengths(pc.Conv2d, 3),
            "input_lengths: network must be a Layer, got <class 'paramcalc.layers.conv.Conv2d'>",
        ),
        (lambda: ANY.smallest_input(skip, 2.5), "smallest_input: channels must be an int, got 2.5"),
        (
            lambda: ANY.smallest_input(skip, square=1),
            "smallest_input: square must be True or False, got 1",
        ),
        (
            lambda: ANY.padding_for(skip),
            "padding_for: layer must be a convolution or pooling, got Identity()",
        ),
        (lambda: ANY.padding_for(pc.Pool(2), 2.0), "padding_for: divisor must be an int, got 2.0"),
    ],
)
def test_words_of_wrong_types(ask: Any, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        ask()
    assert str(caught.value) == words


def test_errors_say_where() -> None:
    network = pc.Sequential(features=pc.Sequential(pc.Conv2d(3, 8, 3), pc.Conv2d(9, 8, 3)))
    with pytest.raises(pc.ShapeError) as caught:
        pc.smallest_input(network)
    assert caught.value.path == "features[1]"
    assert caught.value.layer == pc.Conv2d(9, 8, 3)
    assert caught.value.input_shape == (8, 3, 3)


def test_two_axes_may_lack_something_at_one_layer() -> None:
    network = pc.Sequential(pc.Crop(((0, 0), (1, 3))), pc.PixelUnshuffle(2))
    assert pc.smallest_input(network, 2, square=False) == (2, 2, 6)
    assert pc.smallest_input(network, 2) == (2, 6, 6)
