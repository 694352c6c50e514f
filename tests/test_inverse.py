"""Which inputs pass and which give an output, against trying every size; and padding likewise."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

import paramcalc as pc
from paramcalc import _search, zoo


def passes(network: pc.Layer, shape: pc.Shape) -> bool:
    try:
        network.output_shape(shape)
    except pc.ShapeError:
        return False
    return True


def gives(network: pc.Layer, shape: pc.Shape, axis: int, length: int) -> bool:
    return passes(network, shape) and network.output_shape(shape)[axis] == length


def free(rank: int) -> tuple[int | None, ...]:
    """An input of two channels, and of any lengths."""
    return (2, *[None] * rank)


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
    image = (3, None, None)
    assert pc.smallest_input(unet(4), image) == (3, 16, 16)
    assert pc.smallest_input(unet(4), image, square=False) == (3, 16, 16)
    assert pc.input_lengths(unet(4), 48, image) == (range(48, 49), range(48, 49))
    assert pc.input_lengths(unet(4), 47, image) == (range(0), range(0))
    assert pc.smallest_input(unet(16), image) == (3, 2**16, 2**16)


# By trying every size: all chains of two of these, of which each does something of its own.


def conv(kernel_size: int, stride: int = 1, padding: Any = 0, **fields: Any) -> pc.Conv1d:
    return pc.Conv1d(None, 2, kernel_size, stride, padding, **fields)


HALF = pc.Pool(2)
PAIR = pc.Sequential(HALF, pc.Upsample(scale_factor=2))
LINE: list[pc.Layer] = [
    *[conv(3), conv(2, 3), conv(3, 2, "same"), conv(1, groups=2), pc.Conv1d(3, 2, 1)],
    *[pc.Pool(3, 2, 1, ceil_mode=True), pc.ConvTranspose1d(None, 2, 3, 2, 2)],
    *[pc.Pad(2, "reflect"), pc.Pad(((0, 3),), "circular"), pc.Crop(1)],
    *[
        pc.AdaptivePool(3),
        pc.CenterCrop(4),
        pc.Upsample(scale_factor=3),
        pc.InstanceNorm(),
        pc.GroupNorm(3, None),
    ],
    *[pc.Upsample(scale_factor=1.5), pc.Upsample(scale_factor=0.3)],
    *[pc.Add(PAIR, pc.Identity()), pc.Multiply(pc.AdaptivePool(5), pc.Identity())],
    *[pc.Add(pc.Pad(1), pc.Identity(), pc.AdaptivePool(1)), pc.Concat(PAIR, pc.Pad(((0, 1),)))],
    *[pc.Concat(pc.Identity(), HALF, dim=1), pc.Add(pc.Pad(4), pc.Upsample(scale_factor=2))],
    *[pc.Permute((1, 0)), pc.Reshape((3, -1)), pc.Reshape((2, 6)), pc.Input(2, 5)],
    *[pc.Slice(3, dim=1), pc.Slice(-5, -2, dim=1)],
    *[pc.LayerNorm(4), pc.Sequential(pc.Flatten(), pc.Dense(12, 3))],
]
PLANE: list[pc.Layer] = [
    *[pc.Conv2d(None, 2, (1, 2)), pc.Conv2d(None, 4, 2, (2, 1), groups=2), pc.Pool((3, 1))],
    *[
        pc.PixelUnshuffle(2),
        pc.PixelShuffle(2),
        pc.Upsample(scale_factor=(3, 2)),
        pc.GroupNorm(4, None),
    ],
    *[pc.Pad(((0, 1), (1, 0))), pc.AdaptivePool((None, 2)), pc.Crop(((0, 0), (1, 2)))],
    *[
        pc.Permute((0, 2, 1)),
        pc.Permute((1, 2, 0)),
        pc.Add(PAIR, pc.Identity()),
        pc.Reshape((2, -1)),
    ],
    *[pc.InstanceNorm(), pc.Add(pc.Pad(1), pc.Identity(), pc.AdaptivePool(1))],
    *[pc.Sequential(pc.Flatten(), pc.Dense(one, 3)) for one in (12, 24, 50)],
]


def outputs(network: pc.Layer, rank: int, longest: int) -> dict[pc.Shape, pc.Shape]:
    """The outputs of all inputs of two channels that pass, by the other lengths, in order."""
    found: dict[pc.Shape, pc.Shape] = {}
    for lengths in product(range(1, longest + 1), repeat=rank):
        with suppress(pc.ShapeError):
            found[lengths] = network.output_shape((2, *lengths))
    return found


def asked(network: pc.Layer, rank: int, **fields: Any) -> tuple[pc.Shape, str]:
    """The smallest input without its channels, or why there is none."""
    try:
        return pc.smallest_input(network, free(rank), **fields)[1:], ""
    except pc.ShapeError as error:
        return (), str(error)


def test_the_smallest_length_is_the_first_that_passes() -> None:
    for chain in product(LINE, LINE):
        network = pc.Sequential(chain)
        passing = outputs(network, 1, 40)
        assert asked(network, 1)[0] == next(iter(passing), ()), network


def test_the_smallest_square_and_the_smallest_of_all_are_the_first_that_pass() -> None:
    """What is found beyond those that are tried passes, and is smaller than any that was tried."""
    for chain in product(PLANE, PLANE):
        network = pc.Sequential(chain)
        passing = outputs(network, 2, 8)
        squares = [lengths for lengths in passing if lengths[0] == lengths[1]]
        square, why = asked(network, 2)
        one, why_none = asked(network, 2, square=False)
        for found, best in (square, squares[:1]), (one, list(passing)[:1]):
            is_beyond = bool(found) and max(found) > 8 and not (best and best[0] < found)
            assert [found] == best or is_beyond or (not found and not best), (network, found, best)
            assert not found or passes(network, (2, *found)), network
        if not square:
            hint = f"; square=False finds {(2, *one)}" if one else ""
            assert why.endswith(hint), network
            assert ("no square input fits" in why) == bool(one), network
            assert ("no input fits" in why) == ("no input fits" in why_none), network


def test_all_lengths_are_those_that_give_an_output() -> None:
    for chain in product(LINE, LINE):
        network = pc.Sequential(chain)
        passing = outputs(network, 1, 40)
        lengths = {n: output for (n,), output in passing.items() if n < 30}
        if not lengths or len(lengths[min(lengths)]) != 2:
            continue
        usual = lengths[min(lengths)]
        wanted = sorted({output[1] for output in lengths.values()})
        for length in {wanted[0], wanted[len(wanted) // 2] + 1}:
            real = [n for (n,), output in passing.items() if output[1] == length]
            try:
                (found,) = pc.input_lengths(network, length, free(1))
            except pc.ParamcalcError as error:
                if error.problem.endswith("no last length"):
                    far = range(10**9, 10**9 + 20)
                    assert any(gives(network, (2, n), 1, length) for n in far), network
                else:
                    assert "does not keep" in error.problem  # noqa: PT017
                    assert any(output[0] != usual[0] for output in lengths.values()), network
                continue
            assert [n for n in found if n <= 40] == real, (network, length)


# Examples of what is seldom drawn.


@pytest.mark.parametrize(
    ("network", "smallest"),
    [
        (pc.Conv2d(3, 8, (3, 5)), (3, 5, 5)),
        (pc.Conv2d(3, 8, (3, 5), data_format="channels_last"), (5, 5, 3)),
        (pc.Conv2d(6, 9, 3, groups=3, dilation=4), (6, 9, 9)),
        (pc.ConvTranspose1d(3, 8, 3, padding=4), (3, 7)),
        (pc.Conv1d(3, 8, 10**18), (3, 10**18)),
        (pc.Sequential(pc.Conv2d(1, 8, 1), pc.Pad(4, "reflect")), (1, 5, 5)),
        (pc.Sequential(pc.Conv2d(1, 8, 1), pc.InstanceNorm()), (1, 2, 2)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.Dense(2, 3)), (3, 3)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.Conv1d(9, 3, 1)), (3, 11)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.GroupNorm(4, None)), (3, 6)),
        (
            pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.Conv1d(None, 8, 1, groups=4)),
            (3, 6),
        ),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Permute((1, 0)), pc.LSTM(2, 7)), (3, 3)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Flatten(), pc.Dense(2 * 10**9, 2)), (3, 10**9 + 2)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Reshape((2, 10**9))), (3, 10**9 + 2)),
        (pc.Add(pc.Conv2d(3, 3, (1, 5)), pc.Dense(None, 1)), (3, 5, 5)),
        (pc.Add(pc.Conv2d(3, 8, 5, padding="same"), pc.Conv2d(3, 1, 1)), (3, 1, 1)),
        (pc.Sequential(pc.Conv1d(3, 2, 3), pc.Add(PAIR, pc.Identity())), (3, 4)),
        (
            pc.Sequential(
                pc.Conv1d(3, 2, 10**12, 10**6),
                pc.Add(pc.Sequential(pc.Pool(10), pc.Upsample(scale_factor=10)), pc.Identity()),
            ),
            (3, 10**12 + 9 * 10**6),
        ),
    ],
)
def test_examples(network: pc.Layer, smallest: pc.Shape) -> None:
    assert pc.smallest_input(network) == smallest
    assert passes(network, smallest)


@pytest.mark.parametrize(
    ("network", "shape", "smallest"),
    [
        (pc.Sequential(pc.PixelUnshuffle(2), pc.Conv2d(12, 8, 3)), (3, None, None), (3, 6, 6)),
        (pc.Sequential(pc.PixelShuffle(2), pc.Conv2d(3, 8, 3)), (12, None, None), (12, 2, 2)),
        (pc.Pool(3), (1, None, None, None), (1, 3, 3, 3)),
        (pc.Pool(3), (1, 5, None), (1, 5, 3)),
        (pc.Pool(3), [1, 5, 7], (1, 5, 7)),
        (pc.LSTM(5, 7), (None, 5), (1, 5)),
        (pc.Dense(5, 7), (None,), (5,)),
        (pc.Conv2d(3, 8, 3), (None, 5, 5), (3, 5, 5)),
        (pc.LayerNorm((3, 5)), (None, None), None),
        (pc.Sequential(pc.Embedding(100, 8), pc.Conv1d(4, 2, 3)), (None,), (4,)),
        (pc.Sequential(), (None, 3), (1, 3)),
    ],
)
def test_examples_of_shapes(
    network: pc.Layer, shape: tuple[int | None, ...], smallest: pc.Shape | None
) -> None:
    """What is not None stays; all that is None is equal."""
    if smallest is None:
        with pytest.raises(pc.ShapeError, match=r"no square .*; square=False finds \(3, 5\)$"):
            pc.smallest_input(network, shape)
        return
    assert pc.smallest_input(network, shape) == smallest
    assert passes(network, smallest)


def test_each_axis_may_be_of_its_own_length() -> None:
    network = pc.Sequential(pc.Conv2d(3, 8, (3, 7)), pc.Pool(2), pc.PixelUnshuffle(2))
    assert pc.smallest_input(network, square=False) == (3, 6, 10)
    assert pc.smallest_input(network) == (3, 10, 10)
    assert pc.input_lengths(network, (1, 2)) == (range(6, 8), range(14, 16))
    last = pc.Conv2d(3, 8, (3, 5), data_format="channels_last")
    assert pc.smallest_input(last, square=False) == (3, 5, 3)
    assert pc.input_lengths(last, 1) == (range(3, 4), range(5, 6))


def test_no_square_may_fit_where_others_do() -> None:
    """One axis must be even, the other odd; or their product is no square."""
    cases: list[tuple[list[pc.Layer], tuple[int, int]]] = [
        ([pc.Crop(((0, 0), (1, 2))), pc.PixelUnshuffle(2)], (2, 5)),
        ([pc.Conv2d(2, 4, 3), pc.Flatten(), pc.Dense(60, 3)], (3, 17)),
        ([pc.Pad(((1, 0), (0, 0))), pc.Flatten(), pc.Dense(10, 3)], (4, 1)),
        ([pc.Upsample(scale_factor=(3, 2)), pc.Flatten(), pc.Dense(24, 3)], (1, 2)),
        ([pc.PixelUnshuffle(2), pc.Conv2d(8, 1, 2), pc.Reshape((6,))], (4, 14)),
    ]
    for layers, lengths in cases:
        network = pc.Sequential(layers)
        with pytest.raises(pc.ShapeError) as caught:
            pc.smallest_input(network, free(2))
        assert "no square input fits" in str(caught.value)
        assert str(caught.value).endswith(f"; square=False finds {(2, *lengths)}")
        assert pc.smallest_input(network, free(2), square=False) == (2, *lengths)
        assert passes(network, (2, *lengths))


@pytest.mark.parametrize(
    ("layers", "lengths"),
    [
        ([pc.Conv3d(2, 1, 2), pc.Flatten(), pc.Dense(1, 2)], (2, 2, 2)),
        ([pc.Conv3d(2, 4, 3), pc.Upsample(scale_factor=2), pc.Reshape((4, 4, 8008))], (3, 3, 4006)),
        ([pc.Conv3d(2, 2, (3, 1, 2), 2), pc.Reshape((2, 30)), pc.Pool(2)], (3, 1, 60)),
        ([pc.Concat(pc.Identity(), PAIR), pc.Pool(2), pc.Pool(2), pc.Reshape((4, -1))], (4, 4, 4)),
        ([pc.Crop(((1, 0), (0, 2), (1, 1))), pc.Add(PAIR, pc.Identity()), pc.Pool(3)], (5, 6, 6)),
        ([pc.Concat(pc.Identity(), pc.Sequential(pc.Pad(1), pc.Upsample(4)))], (4, 4, 4)),
        ([pc.Concat(pc.Permute((0, 3, 1, 2)), pc.Identity()), pc.Pool((1, 1, 3))], (3, 3, 3)),
    ],
)
def test_several_lengths_are_found_each_by_itself(
    layers: list[pc.Layer], lengths: pc.Shape
) -> None:
    network = pc.Sequential(layers)
    assert pc.smallest_input(network, free(3), square=False) == (2, *lengths)
    assert passes(network, (2, *lengths))


class Half(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        channels, length = input_shape or (0, 0)
        if length < 9:
            raise pc.ShapeError("needs 9")
        return (channels, length // 2)


class Odd(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        shape = input_shape or (0,)
        if shape[-1] % 2 == 0:
            raise pc.ShapeError("takes odd lengths")
        return shape


class Never(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        raise pc.ShapeError("takes nothing")


def test_layers_of_ones_own() -> None:
    network = pc.Sequential(pc.Conv1d(3, 2, 3), Half(), pc.Conv1d(2, 2, 6))
    assert pc.smallest_input(network) == (3, 14)
    assert pc.input_lengths(network, 2) == (range(16, 18),)
    odd = pc.Sequential(pc.Conv1d(3, 2, 1, 4), Odd(), pc.Conv1d(2, 2, 2))
    assert pc.smallest_input(odd) == (3, 9)
    assert pc.input_lengths(odd, 4) == (range(17, 21),)
    pooled = pc.Sequential(odd, pc.Pool((3,)))
    tried = [n for n in range(9, 99) if gives(pooled, (3, n), 1, 2)]
    assert pc.input_lengths(pooled, 2) == (tuple(tried),)


def test_the_search_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a bound, where nothing tells that no input fits."""
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 1), Never()))
    assert type(caught.value) is pc.ParamcalcError
    words = (
        r"^Sequential: gave up at \(3, .*\), after 10000 inputs; the last was refused: \[1\] Never"
    )
    assert re.search(words, str(caught.value))
    monkeypatch.setattr(_search, "MAX_TRIES", 500)
    slow = pc.Add(pc.Pad(((0, 10**12),)), pc.Upsample(scale_factor=2))
    with pytest.raises(
        pc.ParamcalcError, match=r"^Add: gave up at \(2, .*after 500 inputs; the last"
    ):
        pc.smallest_input(slow, (2, None))
    many = pc.Sequential(pc.Conv1d(3, 2, 10**6, 10**6), pc.Add(pc.Identity(), pc.Identity()))
    with pytest.raises(pc.ParamcalcError, match=r"^Sequential: gave up at .*, after 500 inputs$"):
        pc.input_lengths(many, 3)
    turned = pc.Concat(pc.Permute((0, 2, 1)), pc.Pad(((0, 1), (0, 0))))
    with pytest.raises(pc.ParamcalcError, match=r"^Concat: gave up at "):
        pc.smallest_input(turned, free(2), square=False)
    with pytest.raises(pc.ShapeError, match=r"; no square input fits$"):
        pc.smallest_input(turned, free(2))


@pytest.mark.parametrize(
    "layers",
    [
        [pc.Conv1d(3, 2, 1), pc.Concat(pc.Pad(1), pc.Identity())],
        [pc.Conv1d(3, 2, 3, 4), pc.Add(pc.Pad(1), pc.Pad(2))],
        [pc.Conv1d(3, 2, 1), PAIR, pc.Pad(((0, 1),)), pc.Add(PAIR, pc.Identity(), pc.Pad(2))],
        [pc.Conv1d(3, 2, 1), pc.AdaptivePool(2), pc.Add(PAIR, pc.Upsample(5))],
        [pc.Conv1d(3, 2, 3), pc.Upsample(scale_factor=3), pc.Concat(pc.Pad(1), conv(2))],
        [pc.Conv1d(3, 2, 1), pc.Reshape((2, -1, 3)), pc.AdaptivePool(3), pc.Conv2d(2, 2, 4)],
        [pc.Conv1d(3, 3, 1), pc.Upsample(scale_factor=2), pc.Pad(((1, 0),)), pc.Reshape((2, -1))],
        [pc.Conv1d(3, 8, 1), pc.Conv1d(9, 8, 1)],
        [pc.Conv1d(3, 8, 1), pc.Conv2d(8, 8, 1)],
        [pc.Conv1d(3, 8, 1), pc.Add(conv(3), pc.Sequential(conv(1, 2)), pc.Pad(1))],
    ],
)  # fmt: skip
def test_no_input_fits(layers: list[pc.Layer]) -> None:
    network = pc.Sequential(layers)
    assert not [n for n in range(1, 400) if passes(network, (3, n))]
    with pytest.raises(pc.ShapeError, match="no input fits"):
        pc.smallest_input(network)


def test_frozen_layers_are_like_others() -> None:
    layers = [pc.Conv1d(3, 2, 5, 2), pc.Flatten(), pc.Dense(8, 2)]
    network = pc.Sequential([pc.Frozen(one) for one in layers])
    assert pc.smallest_input(network) == (3, 11)
    assert pc.smallest_input(pc.Frozen(pc.Conv2d(3, 2, 5))) == (3, 5, 5)
    halves = pc.Sequential(pc.Frozen(pc.Conv1d(3, 2, 1, 2)), pc.Add(PAIR, pc.Identity()))
    assert pc.smallest_input(halves) == (3, 3)


def test_what_broadcasts_does_not_excuse_the_others() -> None:
    gate = pc.Add(pc.AdaptivePool(1), PAIR, pc.Identity())
    assert pc.smallest_input(pc.Sequential(pc.Conv1d(3, 2, 1, padding=1), gate)) == (3, 2)


def test_long_and_deep_networks() -> None:
    assert pc.smallest_input(pc.Sequential([pc.Conv1d(2, 2, 3)] * 2_000)) == (2, 4_001)
    deep: pc.Layer = pc.Conv1d(2, 2, 3)
    for _ in range(49):
        deep = pc.Sequential(deep)
    assert pc.smallest_input(deep) == (2, 3)
    assert pc.input_lengths(deep, 10**18) == (range(10**18 + 2, 10**18 + 3),)


@pytest.mark.parametrize(
    ("network", "output", "lengths"),
    [
        (pc.Conv1d(2, 8, 10**12, 10**12), 7, range(7 * 10**12, 8 * 10**12)),
        (pc.Conv1d(2, 8, 3, padding=5), 8, range(0)),
        (pc.Sequential(pc.Pool((5,)), pc.Upsample(scale_factor=2)), 3, range(0)),
        (pc.Sequential(pc.Pool((3,)), PAIR), 4, range(12, 18)),
        (pc.Sequential(pc.Pool((3,)), pc.Add(PAIR, pc.Identity())), 4, range(12, 15)),
        (pc.AdaptivePool((7,)), 6, range(0)),
        (pc.Sequential(pc.Conv1d(2, 2, 3), pc.Reshape((2, -1))), 5, range(7, 8)),
        (
            pc.Sequential(pc.Add(pc.AdaptivePool((5,)), pc.Identity()), pc.AdaptivePool(1)),
            1,
            (1, 5),
        ),
        (pc.Sequential(pc.Pool((2,)), pc.Reshape((2, 6)), pc.Pool((3,))), 2, range(12, 14)),
        (pc.Sequential(pc.Pool((2,)), pc.Reshape((2, 6)), pc.Pool((3,))), 3, range(0)),
    ],
)
def test_examples_of_lengths(network: pc.Layer, output: int, lengths: object) -> None:
    assert pc.input_lengths(network, output, free(1)) == (lengths,)


def test_lengths_of_several_axes() -> None:
    """An axis that is given is none of them."""
    pool = pc.Pool((2, 3))
    assert pc.input_lengths(pool, (4, 5), free(2)) == (range(8, 10), range(15, 18))
    assert pc.input_lengths(pool, 5, (2, 8, None)) == (range(15, 18),)
    assert pc.input_lengths(pool, 5, (2, 8, 9)) == ()


# Padding.


def divides(layer: Any, padding: Any) -> bool:
    """Whether every length is divided by the stride, and what is left over counts as one."""
    try:
        padded = replace(layer, padding=padding)
    except pc.ConfigError:
        return False
    (stride,) = padded.stride
    return all(
        passes(padded, (1, n)) and padded.output_shape((1, n)) == (1, -(-n // stride))
        for n in range(1, 20)
    )


def test_padding_is_the_smallest_that_does_it() -> None:
    for size, stride, dilation in product(range(1, 5), range(1, 4), range(1, 3)):
        layers: list[Any] = [pc.Conv1d(1, 1, size, stride, dilation=dilation)]
        layers += [pc.Pool((size,), stride, 0, dilation, ceil_mode) for ceil_mode in (False, True)]
        for layer in layers:
            able = [pair for pair in product(range(7), repeat=2) if divides(layer, (pair,))]
            try:
                padding: Any = pc.same_padding(layer)
            except pc.ConfigError:
                assert not able, layer
                continue
            assert divides(layer, padding), layer
            sides: Any = padding[0]
            total = 2 * sides if isinstance(sides, int) else sum(sides)
            assert total == min(map(sum, able)), layer
            if isinstance(layer, pc.Conv1d):
                assert total == max(map(sum, able)), layer


def test_padding_of_several_axes() -> None:
    assert pc.same_padding(pc.Conv2d(3, 8, (3, 4), dilation=(2, 1))) == ((2, 2), (1, 2))
    assert pc.same_padding(pc.Conv3d(3, 8, (1, 3, 5), padding=9)) == (0, 1, 2)
    assert pc.same_padding(pc.Conv2d(3, 8, 3, 2, "same")) == (1, 1)
    assert pc.same_padding(pc.Pool(3, 1)) == 1
    assert pc.same_padding(pc.Pool((2, 2))) == ((0, 1), (0, 1))


# Words.

ANY: Any = pc
"""The library as seen by who does not care for types."""


def chain(*layers: pc.Layer) -> pc.Sequential:
    return pc.Sequential(pc.Conv2d(3, 8, 3), *layers)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: pc.smallest_input(chain(pc.Flatten(), pc.Dense(40, 9))),
            (
                "[2] Dense: expects 40 features on the last axis, got shape (72,); "
                "no square input fits: the next smaller one gives (32,); "
                "square=False finds (3, 3, 7)"
            ),
        ),
        (
            lambda: pc.smallest_input(chain(pc.Flatten(), pc.Dense(4, 9))),
            "[2] Dense: expects 4 features on the last axis, got shape (8,); no input fits",
        ),
        (
            lambda: pc.smallest_input(chain(pc.Flatten(), pc.Dense(12, 9))),
            (
                "[2] Dense: expects 12 features on the last axis, got shape (32,); "
                "no input fits: the next smaller one gives (8,)"
            ),
        ),
        (
            lambda: pc.input_lengths(chain(pc.Flatten(), pc.Dense(12, 9)), 1),
            "[2] Dense: expects 12 features on the last axis, got shape (16,); no input fits",
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
                pc.Sequential(pc.Conv1d(3, 3, 3, padding=2), pc.Add(pc.Pad(1), pc.Identity()))
            ),
            (
                "[1] Add: axes, compared from the last, must be equal or 1, "
                "got (3, 5) from [0] and (3, 3) from [1]; no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Concat(a=pc.Conv1d(3, 3, 3), b=pc.Identity())),
            (
                "Concat: all axes except dim 0 must be equal, "
                "got (3, 1) from a and (3, 3) from b; no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(chain(pc.Conv2d(9, 8, 3))),
            "[1] Conv2d: expects 9 input channels, got 8 in shape (8, 1, 1); no input fits",
        ),
        (
            lambda: pc.smallest_input(chain(pc.Conv1d(8, 8, 3))),
            (
                "[1] Conv1d: expects (channels, length), got shape (8, 1, 1); "
                "leave out the batch axis, or wrap the layer in TimeDistributed; no input fits"
            ),
        ),
        (
            lambda: pc.smallest_input(chain(pc.Permute((1, 0)))),
            "[1] Permute: expects 2 axes, got shape (8, 1, 1); no input fits",
        ),
        (
            lambda: pc.smallest_input(pc.Concat(pc.Conv2d(3, 8, 3), pc.Identity(), dim=3)),
            "Concat: there is no dim 3 in (8, 1, 1) from [0]; no input fits",
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Input(3, 2, 2), pc.Conv2d(3, 8, 3))),
            "[1] Conv2d: a window of 3 does not fit height 2 (padding 0)",
        ),
        (
            lambda: pc.smallest_input(chain(), (3, None, 2)),
            "[0] Conv2d: a window of 3 does not fit width 2 (padding 0); no input fits",
        ),
        (
            lambda: pc.smallest_input(pc.Pool((2, 2))),
            (
                "Pool: the first layer does not state the channels and axes of its input: "
                "give input_shape=(channels, None, None)"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Sequential(pc.Conv1d(None, 8, 3))),
            (
                "Sequential: the first layer does not state the channels and axes of its input: "
                "give input_shape=(channels, None)"
            ),
        ),
        (
            lambda: pc.smallest_input(pc.Sequential()),
            (
                "Sequential: the first layer does not state the channels and axes of its input: "
                "give input_shape=(channels, None, None)"
            ),
        ),
        (
            lambda: pc.input_lengths(chain(pc.Flatten()), 3),
            "Sequential: the network does not keep the spatial axes of its input",
        ),
        (
            lambda: pc.input_lengths(chain(pc.Permute((0, 2, 1))), 3),
            "Sequential: the network does not keep the spatial axes of its input",
        ),
        (
            lambda: pc.input_lengths(chain(pc.AdaptivePool(7)), 7),
            "Sequential: all longer inputs give 7 too, so there is no last length",
        ),
        (
            lambda: pc.input_lengths(pc.Conv2d(3, 8, 3), (3, 0)),
            "input_lengths: output must be at least 1 on every axis, got (3, 0)",
        ),
        (
            lambda: pc.smallest_input(chain(), (3, 0, None)),
            "Sequential: input_shape must be at least 1 on every axis, got (3, 0)",
        ),
        (
            lambda: pc.same_padding(pc.Pool(3, 1, dilation=2)),
            "Pool: padding must be at most half of kernel_size, got padding=2, kernel_size=3",
        ),
        (
            lambda: pc.same_padding(pc.Pool(2, 1)),
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
        (
            lambda: ANY.smallest_input(chain(), 3),
            (
                "smallest_input: input_shape must be a tuple of ints, "
                "with None for the lengths to find, got 3"
            ),
        ),
        (
            lambda: ANY.smallest_input(chain(), (3, 2.5, None)),
            (
                "smallest_input: input_shape must be a tuple of ints, "
                "with None for the lengths to find, got (3, 2.5, None)"
            ),
        ),
        (
            lambda: ANY.smallest_input(chain(), square=1),
            "smallest_input: square must be True or False, got 1",
        ),
        (
            lambda: ANY.same_padding(pc.Identity()),
            "same_padding: layer must be a convolution or pooling, got Identity()",
        ),
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
    assert caught.value.input_shape == (8, 1, 1)
