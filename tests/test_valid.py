"""Which sizes near one fit, against trying them; and what an error says of it."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import pytest
from oracle import scattered, windows
from test_inverse import HALF, LINE, PLANE, conv, passes, unet

import paramcalc as pc
from paramcalc import _search, _valid, zoo
from paramcalc.layers._axes import as_pairs
from paramcalc.results import LengthRule, ValidInputs

ANY: Any = pc
"""The library as seen by who does not care for types."""
UNET = pc.Sequential(pc.Conv2d(3, 4, 3, padding=1), unet(5))


def level(number: int, **fields: Any) -> pc.Layer:
    """A part that is made shorter and longer again, and joined with what it was made of."""
    return pc.Concat(
        pc.Identity(),
        pc.Sequential(pc.Pool(number, **fields), pc.Upsample(scale_factor=number)),
    )


# What is published.


@pytest.mark.parametrize(
    ("network", "near", "smaller", "larger", "rule"),
    [
        (UNET, (3, 358, 358), 352, 384, "multiples of 32"),
        (UNET, (3, 352, 352), 320, 384, "multiples of 32"),
        (zoo.unet(), (1, 500, 500), 492, 508, "4 less than a multiple of 16, from 188 on"),
        (zoo.unet(), (1, 100, 100), None, 188, "4 less than a multiple of 16, from 188 on"),
        (zoo.resnet18(), (3, 224, 224), 223, 225, "all"),
        (zoo.vgg16(), (3, 20, 20), None, 32, "all from 32 on"),
        (zoo.densenet121(), (3, 29, 29), None, 30, "all from 29 on"),
        (zoo.inception_v3(), (3, 75, 75), None, 76, "all from 75 on"),
        (zoo.vit_b_16(), (3, 230, 230), 229, 231, None),
        (zoo.vit_b_16(), (3, 500, 500), 239, None, None),
        (zoo.raschka_chapter_11(), None, 31, 33, None),
        (zoo.raschka_chapter_11(), (3, 2**40, 2**40), 34, None, None),
    ],
)
def test_published_networks(
    network: pc.Layer, near: Any, smaller: int | None, larger: int | None, rule: str | None
) -> None:
    found = pc.valid_inputs(network, near)
    channels = found.near[0]  # type: ignore[index]  # pyright: ignore[reportArgumentType]
    for one, length in (found.smaller, smaller), (found.larger, larger):
        assert one == (length and (channels, length, length))
    assert [one and str(one) for one in found.rules] == [rule]


# By trying every size.

MORE: list[pc.Layer] = [
    pc.Slice(-4, dim=1),
    pc.Concat(pc.Slice(0, 6, dim=1), pc.Slice(-6, dim=1), dim=1),
    pc.Add(pc.Slice(0, 9, dim=1), pc.Slice(0, 12, dim=1)),
    level(3, ceil_mode=True),
    level(4),
    pc.Concat(pc.Identity(), pc.Sequential(conv(1, 4), pc.Upsample(scale_factor=4))),
    pc.Add(  # At length 1 the other broadcasts; from 12 on, both have 12.
        pc.Concat(pc.Slice(0, 6, dim=1), pc.Slice(-6, dim=1), dim=1), pc.Slice(0, 12, dim=1)
    ),
    pc.Add(conv(3, 2, 1), HALF),  # Of length 3, one has 1 and broadcasts; of length 5 none.
]
FAR = [10**6, 10**12 + 7]


def check_line(network: pc.Layer, near: int, passing: list[int]) -> None:
    """One length is to be found, as it is among all those that pass."""
    if not passing:
        with pytest.raises(pc.ShapeError):
            pc.valid_inputs(network, (2, near))
        return
    found = pc.valid_inputs(network, (2, near))
    assert found.fits == (near in passing), network
    smaller = [(2, n) for n in passing if n < near]
    assert found.smaller == (smaller[-1] if smaller else None), network
    larger = [(2, n) for n in passing if n > near]
    assert found.larger == (larger[0] if larger else None), network
    for rule in filter(None, found.rules):
        far = [n for one in FAR for n in range(one, one + 2 * rule.multiple)]
        assert [n for n in range(rule.start, 51) if n in rule] == [
            n for n in passing if n >= rule.start
        ], (network, rule)
        assert all((n in rule) == passes(network, (2, n)) for n in far), (network, rule)
        assert rule.start in rule


def test_lengths_around_one() -> None:
    layers = [one for one in LINE if not isinstance(one, pc.Input | pc.LayerNorm)] + MORE
    for chain in product(layers, layers):
        network = pc.Sequential(chain)
        passing = [n for n in range(1, 51) if passes(network, (2, n))]
        for near in 7, 31:
            check_line(network, near, passing)


GRID = [(n, m) for n in range(1, 15) for m in range(1, 15)]


def closer(one: pc.Shape, found: Any, near: pc.Shape, sign: int, *, fits: bool) -> bool:
    """Whether a size is nearer than the one that was found, on the same side of it."""
    if any(sign * (a - b) < fits for a, b in zip(one, near, strict=True)):
        return False
    return found is None or (
        one != found and all(sign * (b - a) >= 0 for a, b in zip(one, found, strict=True))
    )


def check_plane(network: pc.Layer, near: pc.Shape, found: ValidInputs) -> None:
    """Two lengths are to be found, each by itself."""
    passing = {one for one in GRID if passes(network, (2, *one))}
    assert found.fits == (near in passing)
    for one, sign in (found.smaller, -1), (found.larger, 1):
        sides: Any = one and one[1:]  # type: ignore[index]  # pyright: ignore[reportArgumentType]
        assert not [at for at in passing if closer(at, sides, near, sign, fits=found.fits)], network
        assert one is None or passes(network, one)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    first, second = found.rules
    if first and second:
        far = [(n, m + 5) for n in range(1000, 1012) for m in range(1000, 1012)]
        for n, m in [*GRID, *far]:
            if n >= first.start and m >= second.start:
                assert (n in first and m in second) == passes(network, (2, n, m)), network


@pytest.mark.parametrize(("near", "square"), [((3, 7), True), ((6, 6), False)])
def test_lengths_that_change_by_themselves(near: pc.Shape, square: bool) -> None:
    found = 0
    layers = [
        *PLANE,
        pc.Conv2d(None, 2, 3, 2, 1),
        level(3, ceil_mode=True),
        pc.Add(pc.AdaptivePool((1, None)), pc.Identity()),
        pc.Add(pc.AdaptivePool((1, None)), pc.Permute((0, 2, 1))),
    ]
    for chain in product(layers, layers):
        network = pc.Sequential(chain)
        try:
            answer = pc.valid_inputs(network, (2, *near), square=square)
        except pc.ShapeError:
            assert not any(passes(network, (2, *one)) for one in GRID), network
        except pc.ParamcalcError as error:
            assert "may depend on each other" in str(error)  # noqa: PT017
        else:
            check_plane(network, near, answer)
            found += 1
    assert found > 150


def test_squares_around_one() -> None:
    for chain in product([*PLANE, level(3, ceil_mode=True), pc.Conv2d(None, 2, 3, 2, 1)], PLANE):
        network = pc.Sequential(chain)
        passing = [n for n in range(1, 15) if passes(network, (2, n, n))]
        if not passing:
            continue
        found = pc.valid_inputs(network, (2, 7, 7))
        assert found.fits == (7 in passing)
        smaller, larger = [n for n in passing if n < 7], [n for n in passing if n > 7]
        assert found.smaller == ((2, smaller[-1], smaller[-1]) if smaller else None), network
        if larger:
            assert found.larger == (2, larger[0], larger[0]), network
        for rule in filter(None, found.rules):
            for n in [*range(rule.start, 15), *range(10**6, 10**6 + 2 * rule.multiple)]:
                assert (n in rule) == passes(network, (2, n, n)), (network, rule)


# The rule.


def test_a_rule_finds_what_is_before_and_after() -> None:
    for multiple, start in product(range(1, 6), range(1, 9)):
        for bits in range(1, 2**multiple):
            rests = tuple([one for one in range(multiple) if bits >> one & 1])
            rule = LengthRule(multiple, rests, start)
            held = [n for n in range(60) if n >= start and n % multiple in rests]
            assert [n for n in range(60) if n in rule] == held
            for n in range(30):
                assert rule.after(n) == min([one for one in held if one > n])
                assert rule.before(n) == max([one for one in held if one < n], default=None)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (LengthRule(1, (0,), 1), "all"),
        (LengthRule(1, (0,), 29), "all from 29 on"),
        (LengthRule(32, (0,), 32), "multiples of 32"),
        (LengthRule(32, (0,), 96), "multiples of 32, from 96 on"),
        (LengthRule(8, (1,), 1), "1 more than a multiple of 8"),
        (LengthRule(8, (7,), 7), "1 less than a multiple of 8"),
        (LengthRule(8, (4,), 4), "4 more than a multiple of 8"),
        (LengthRule(4, (0, 3), 3), "0 or 3 more than a multiple of 4"),
        (LengthRule(9, (1, 2, 4, 8), 10), "1, 2, 4 or 8 more than a multiple of 9, from 10 on"),
        (LengthRule(9, (0, 1, 2, 4, 8), 1), "5 of every 9"),
    ],
)
def test_words_of_a_rule(rule: LengthRule, words: str) -> None:
    assert str(rule) == words


def test_remainders_that_occur() -> None:
    for size, step, padding in product(range(1, 4), range(2, 5), range(3)):
        body = pc.Sequential(conv(size, step, padding), pc.Upsample(scale_factor=step))
        network = pc.Concat(pc.Identity(), body)
        tried = [n % step for n in range(100, 100 + step) if passes(network, (2, n))]
        if not tried:
            with pytest.raises(pc.ShapeError, match="no input fits"):
                pc.valid_inputs(network, (2, 9))
            continue
        (rule,) = pc.valid_inputs(network, (2, 9)).rules
        assert rule
        assert (rule.multiple, rule.remainders) == (step, tuple(tried))


class Own(pc.Layer):
    """A layer of one's own, of which nothing is known."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        return input_shape


def test_a_layer_of_ones_own_gives_sizes_and_no_rule() -> None:
    found = pc.valid_inputs(pc.Sequential(Own(), UNET), (3, 70, 70))
    assert (found.smaller, found.larger, found.rules) == ((3, 64, 64), (3, 96, 96), (None,))
    found = pc.valid_inputs(pc.Sequential(UNET, Own()), (3, 64, 70))
    assert (found.smaller, found.larger, found.rules) == ((3, 64, 64), (3, 64, 96), (None, None))


def test_what_does_not_grow_evenly_gives_sizes_and_no_rule() -> None:
    network = pc.Sequential(UNET, pc.Flatten(), pc.Dense(None, 10))
    found = pc.valid_inputs(network, (3, 70, 70))
    assert (found.smaller, found.larger, found.rules) == ((3, 64, 64), (3, 96, 96), (None,))


def test_a_period_that_is_too_long_to_be_tried_gives_sizes_and_no_rule() -> None:
    network = pc.Sequential(pc.Pool(101), pc.Pool(103), level(2))
    found = pc.valid_inputs(network, (2, 40_000))
    assert (found.smaller, found.larger) == ((2, 3 * 10403 - 1), (2, 4 * 10403))
    assert not found.fits
    assert found.rules == (None,)


def test_an_input_states_what_is_near_and_keeps_no_length() -> None:
    network = pc.Sequential(pc.Input(3, 70, 70), UNET)
    found = pc.valid_inputs(network)
    assert (found.near, found.smaller, found.larger) == ((3, 70, 70), (3, 64, 64), (3, 96, 96))
    assert pc.valid_inputs(network, (3, 33, 33)).larger == (3, 64, 64)
    assert pc.valid_inputs(pc.Sequential(network, Own())).larger == (3, 96, 96)
    assert pc.valid_inputs(pc.Concat(network, pc.Input(3, 70, 70))).larger == (3, 96, 96)
    graph = pc.Graph({"x": (2, 10)}, "y", {"y": (level(4), "x")})
    assert pc.valid_inputs(graph).larger == (2, 12)
    assert pc.smallest_input(graph, (2, None)) == (2, 4)  # What it states does not fit.
    assert pc.valid_inputs(graph, {"x": (2, 13)}).smaller == (2, 12)


@pytest.mark.parametrize(
    ("network", "near", "smaller", "axes"),
    [
        (pc.Conv2d(3, 8, 3), (3, 9, 9), (3, 8, 8), ("height and width",)),
        (pc.Conv2d(3, 8, 3, data_format="channels_last"), (9, 9, 3), (8, 8, 3), None),
        (pc.Sequential(pc.Activation("relu"), pc.Conv2d(3, 8, 3)), (3, 9, 9), (3, 8, 8), None),
        (pc.Conv3d(3, 8, 3), (3, 4, 9, 9), (3, 3, 8, 8), ("depth", "height and width")),
        (pc.LSTM(5, 7), (9, 5), (8, 5), ("length",)),
        (pc.Dense(5, 7), (9, 9, 5), (8, 8, 5), ("axis 1 and axis 2",)),
        (pc.Embedding(100, 8), (9,), (8,), ("axis 1",)),
        (pc.Identity(), (9,), (8,), ("axis 1",)),
        (pc.Sequential(pc.Flatten(), pc.Dense(64, 3)), (1, 9, 9), (1, 8, 8), None),
        (pc.Dense(5, 7), (5,), None, ()),
        (pc.Frozen(pc.Pool(2)), (3, 9), (3, 8), ("length",)),
    ],
)
def test_channels_and_features_stay(
    network: pc.Layer, near: pc.Shape, smaller: pc.Shape | None, axes: tuple[str, ...] | None
) -> None:
    found = pc.valid_inputs(network, near)
    assert found.smaller == smaller
    assert axes is None or found.axes == axes


def test_several_inputs_change_together() -> None:
    x, y = pc.Input(3, 34, 34)(name="x"), pc.Input(3, 38, 38)(name="y")
    both = pc.Graph((x, y), level(4)(pc.Conv2d(3, 8, 3)(x) + pc.Conv2d(3, 8, 7)(y)))
    assert pc.valid_inputs(both).larger == {"x": (3, 38, 38), "y": (3, 42, 42)}
    found = pc.valid_inputs(both, {"x": (3, 32, 32), "y": (3, 36, 36)})
    assert found.smaller == {"x": (3, 30, 30), "y": (3, 34, 34)}
    assert found.larger == {"x": (3, 34, 34), "y": (3, 38, 38)}
    assert found.near == {"x": (3, 32, 32), "y": (3, 36, 36)}
    assert found.axes == ("x height and x width",)
    assert str(found.rules[0]) == "2 more than a multiple of 4, from 6 on"
    assert hash(found) == hash(copy.deepcopy(found))
    assert str(found).splitlines()[2:5] == [
        "3 × 30 × 30  3 × 34 × 34  yes",
        "3 × 32 × 32  3 × 36 × 36  no",
        "3 × 34 × 34  3 × 38 × 38  yes",
    ]
    wide = pc.valid_inputs(both, {"x": (3, 32, 44), "y": (3, 36, 48)})
    assert wide.larger == {"x": (3, 34, 46), "y": (3, 38, 50)}
    assert wide.axes == ("x height", "x width")
    decoder = pc.TransformerDecoderLayer(8, 2)
    found = pc.valid_inputs(decoder, {"tgt": (5, 8), "memory": (7, 8)})
    assert found.smaller == {"tgt": (4, 8), "memory": (6, 8)}


def test_a_result_shows_its_sizes_and_notes() -> None:
    found = pc.valid_inputs(
        pc.Sequential(pc.Conv2d(3, 8, 3), pc.Flatten(), pc.Dense(8, 2)), (3, 5, 5)
    )
    assert str(found) == (
        "input      fits\n───────────────\n3 × 3 × 3  yes\n3 × 5 × 5  no\n───────────────\n"
        "no larger input fits"
    )
    assert found.to_records() == [
        {"input": (3, 3, 3), "fits": True},
        {"input": (3, 5, 5), "fits": False},
    ]
    assert found.to_csv() == "input,fits\n3x3x3,True\n3x5x5,False\n"
    assert found.notes == ("no larger input fits",)
    assert pc.valid_inputs(UNET, (3, 5, 5)).notes == (
        "height and width: multiples of 32",
        "no smaller input fits",
    )


# Words.


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (
            lambda: pc.valid_inputs(pc.Conv2d(3, 8, 3)),
            "Conv2d: give near, such as (3, 224, 224), or start with Input(...)",
        ),
        (
            lambda: pc.valid_inputs(UNET, (3, 0, 3)),
            "Sequential: near must be at least 1 on every axis, got (3, 0, 3)",
        ),
        (
            lambda: pc.valid_inputs(pc.Conv2d(3, 8, 3), (4, 9, 9)),
            "Conv2d: expects 3 input channels, got 4 in shape (4, 1, 1); no input fits",
        ),
        (
            lambda: pc.valid_inputs(pc.Sequential(pc.Conv2d(1, 8, 3), pc.Flatten(), pc.Dense(40, 9)), (1, 9, 9)),
            (
                "[2] Dense: expects 40 features on the last axis, got shape (72,); no square input "
                "fits: the next smaller one gives (32,); square=False finds (1, 3, 7)"
            ),
        ),
        (
            lambda: pc.valid_inputs(pc.Sequential(pc.Flatten(), pc.Dense(12, 9)), (1, 5, 7)),
            (
                "Sequential: the lengths of (1, 5, 7) may depend on each other: "
                "give equal ones, and square=True"
            ),
        ),
        (
            lambda: pc.valid_inputs(pc.Sequential(pc.Flatten(), pc.Dense(35, 9)), (1, 5, 7)),
            (
                "Sequential: (1, 5, 7) fits, but its lengths may depend on each other: "
                "give equal ones, and square=True"
            ),
        ),
    ],
)  # fmt: skip
def test_words(ask: Callable[[], object], words: str) -> None:
    with pytest.raises(pc.ParamcalcError) as caught:
        ask()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda: ANY.valid_inputs(3), "valid_inputs: network must be a Layer, got 3"),
        (lambda: ANY.valid_inputs(UNET, 3), "Sequential: near must be a tuple of ints, got 3"),
        (
            lambda: ANY.valid_inputs(UNET, (3, None, None)),
            "Sequential: near must be a tuple of ints, got (3, None, None)",
        ),
        (
            lambda: ANY.valid_inputs(UNET, (3, 9, 9), square=None),
            "valid_inputs: square must be True or False, got None",
        ),
        (
            lambda: ANY.valid_inputs(zoo.siamese(), (3, 9, 9)),
            "valid_inputs: near must be a dict of the shapes of 'left' and 'right', got (3, 9, 9)",
        ),
        (
            lambda: ANY.transposed_conv(pc.Pool(2), (3, 9, 9)),
            "transposed_conv: conv must be a convolution, got Pool(2)",
        ),
        (
            lambda: ANY.transposed_conv(pc.Conv2d(3, 8, 3), 9),
            "Conv2d: input_shape must be a tuple of ints, got 9",
        ),
    ],
)
def test_words_of_wrong_types(ask: Callable[[], object], words: str) -> None:
    with pytest.raises(TypeError) as caught:
        ask()
    assert str(caught.value) == words


# What an error says where branches do not merge.

MERGE = pc.Sequential(pc.Conv2d(3, 4, 3, padding=1), level(8))
SHAPE = 3, 30, 30
RULE = "all axes except dim 0 must be equal, got (4, 30, 30) from [0] and (4, 24, 24) from [1]"
HINT = "; (3, 24, 24) and (3, 32, 32) fit: multiples of 8"


@pytest.mark.parametrize(
    "ask",
    [
        MERGE.output_shape,
        MERGE.num_params,
        MERGE.num_macs,
        MERGE.parameters,
        partial(pc.summary, MERGE),
        partial(pc.trace, MERGE),
        partial(pc.explain, MERGE),
        partial(pc.memory, MERGE),
        partial(pc.flops, MERGE),
        partial(pc.diagram, MERGE),
        partial(pc.receptive_field, MERGE),
        pc.freeze(MERGE).output_shape,
        pc.Frozen(MERGE).num_macs,
        pc.Shared("m", MERGE).num_params,
        pc.Shared("m", MERGE).parameters,
    ],
)
def test_all_that_a_caller_asks_gives_the_hint(ask: Callable[[pc.Shape], object]) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        ask(SHAPE)
    assert str(caught.value) == f"[1] Concat: {RULE}{HINT}"
    assert caught.value.problem == RULE
    assert caught.value.path == "[1]"


@pytest.mark.parametrize(
    ("ask", "hint"),
    [
        (partial(pc.Sequential(pc.Input(3, 30, 30), MERGE).output_shape), HINT),
        (partial(pc.summary, pc.Sequential(pc.Input(3, 30, 30), MERGE)), HINT),
        (partial(MERGE.output_shape, (3, 30, 36)), "; (3, 24, 32) and (3, 32, 40) fit: multiples of 8"),
        (partial(MERGE.output_shape, (3, 32, 36)), "; (3, 32, 32) and (3, 32, 40) fit: multiples of 8"),
        (partial(pc.Sequential(MERGE, Own()).output_shape, SHAPE), "; (3, 24, 24) and (3, 32, 32) fit"),
        (partial(pc.Sequential(MERGE, pc.Flatten(), pc.Dense(8 * 24 * 24, 2)).output_shape, SHAPE), "; (3, 24, 24) fits"),
        (partial(pc.Sequential(pc.AdaptivePool(7), level(2)).output_shape, SHAPE), ""),
        (partial(pc.Add(pc.Conv2d(64, 256, 1), pc.Identity()).output_shape, (64, 56, 56)), ""),
        (partial(pc.Add(pc.Conv2d(64, 64, 3, 2), pc.Identity()).output_shape, (64, 56, 56)), ""),
    ],
)  # fmt: skip
def test_the_hint(ask: Callable[[], object], hint: str) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        ask()
    assert str(caught.value).endswith(f"from [1]{hint}")


def test_the_hint_for_several_inputs_and_outputs() -> None:
    nodes = {"a": (level(4), "x"), "b": (level(8), "y")}
    graph = pc.Graph({"x": (2, 30), "y": (2, 34)}, ("a", "b"), nodes)
    with pytest.raises(pc.ShapeError) as caught:
        graph.output_shapes()
    hint = "; {'x': (2, 28), 'y': (2, 32)} and {'x': (2, 36), 'y': (2, 40)} fit: "
    assert str(caught.value).endswith(f"from [1]{hint}4 more than a multiple of 8")
    with pytest.raises(pc.ShapeError) as caught:
        graph.output_shapes({"x": (2, 30), "y": (2, 31)})
    assert str(caught.value).endswith("from [1]")  # None fits of which one is 1 more.


def test_the_hint_is_found_when_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    find = _valid.nearest

    def note(network: pc.Layer, shape: Any, **more: Any) -> ValidInputs:
        asked.append(shape)
        return find(network, shape, **more)

    monkeypatch.setattr(_valid, "nearest", note)
    assert MERGE.output_shape((3, 32, 32))
    with pytest.raises(pc.ShapeError) as caught:
        MERGE.output_shape(SHAPE)
    assert not asked
    with pytest.raises(pc.ShapeError):
        pc.smallest_input(pc.Sequential(MERGE, pc.Conv2d(9, 8, 1)))
    assert not asked  # A search asks a network thousands of times.
    assert str(caught.value) == str(caught.value) == f"[1] Concat: {RULE}{HINT}"
    assert len(asked) == 1


def test_an_error_with_a_hint_survives_pickling_and_copying() -> None:
    class Local(Own):
        """It cannot be pickled, and is in the network, but not in the layer that refuses."""

    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(Local(), MERGE).output_shape(SHAPE)
    error = caught.value
    for again in pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error):
        assert type(again) is pc.ShapeError
        assert str(again) == str(error)
        assert vars(again) == vars(error)
    assert str(error) == f"[1][1] Concat: {RULE}; (3, 24, 24) and (3, 32, 32) fit"


class Holder(pc.Layer):
    """A layer of one's own around a network."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return MERGE.output_shape(input_shape)


def test_the_hint_is_about_the_input_of_the_outermost_network() -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(pc.Pad(1), Holder()).output_shape((3, 28, 28))
    assert str(caught.value) == f"[1][1] Concat: {RULE}"  # Not in the plan of that network.
    with pytest.raises(pc.ShapeError) as caught:
        Holder().output_shape(SHAPE)
    assert str(caught.value) == f"[1] Concat: {RULE}{HINT}"


class Broken(pc.Layer):
    """A layer of one's own that fails at sizes at which it was not tried."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        if input_shape != SHAPE:
            raise RuntimeError
        return input_shape


def test_a_message_does_not_fail() -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(Broken(), MERGE).output_shape(SHAPE)
    assert str(caught.value) == f"[1][1] Concat: {RULE}"


def test_a_hint_takes_a_bounded_number_of_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[int] = []
    tried = _search.Search.tried

    def count(search: _search.Search, lengths: tuple[int, ...]) -> Any:
        tries.append(len(search.steps))
        return tried(search, lengths)

    monkeypatch.setattr(_search.Search, "tried", count)
    slow = pc.Sequential(
        pc.Conv2d(3, 4, 1),
        pc.Add(pc.Pad(((0, 10**6), (0, 10**6))), pc.Upsample(scale_factor=2)),
    )
    long = pc.Sequential([pc.Activation("relu")] * 2_000 + [level(8)])
    for network, most in (slow, 300), (long, 30_000 // 2_005), (UNET, 300):
        with pytest.raises(pc.ShapeError) as caught:
            network.output_shape((3, 70, 70))
        tries.clear()
        hint = str(caught.value).partition("from [1]")[2]
        assert not hint or network is not slow
        assert 0 < len(tries) <= most + 1


# A transposed convolution.


def sides_of(layer: Any) -> Any:
    return layer.padding if isinstance(layer.padding, str) else as_pairs(layer.padding, 1)[0]


def test_a_transposed_convolution_gives_back_the_length_and_sees_the_same() -> None:
    """Position j of the one sees position i if and only if i of the other sees j."""
    paddings: list[Any] = [0, 1, 2, 5, ((0, 1),), ((3, 0),), "same", "causal"]
    checked = 0
    for size, step, spread, padding in product(range(1, 5), range(1, 5), (1, 2), paddings):
        layer = pc.Conv1d(4, 6, size, step, padding, spread, groups=2, bias=False)
        for length in range(1, 12):
            if not passes(layer, (4, length)):
                with pytest.raises(pc.ShapeError, match="does not fit"):
                    pc.transposed_conv(layer, (4, length))
                continue
            back = pc.transposed_conv(layer, (4, length))
            output = layer.output_shape((4, length))
            assert back.output_shape(output) == (4, length), layer
            assert back.num_params() == layer.num_params()
            seen = windows(length, size, step, sides_of(layer), spread)
            numbers = output[1], size, step, sides_of(back), back.output_padding[0], spread
            assert scattered(*numbers) == [
                {at for at, taps in enumerate(seen) if one in taps} for one in range(length)
            ], (layer, length)
            checked += 1
    assert checked > 2_000


def test_a_transposed_convolution_keeps_the_fields() -> None:
    layer = pc.Conv2d(None, 8, (3, 4), (2, 3), "same", bias=False, data_format="channels_last")
    assert pc.transposed_conv(layer, (32, 33, 3)) == pc.ConvTranspose2d(
        8, 3, (3, 4), (2, 3), "same", bias=False, data_format="channels_last"
    )
    back = pc.transposed_conv(layer, (31, 33, 3))
    assert back.padding == ((1, 1), (0, 1))
    assert back.output_shape(layer.output_shape((31, 33, 3))) == (31, 33, 3)
    volume = pc.Conv3d(4, 8, 3, (1, 2, 3), 1, 2, groups=4)
    back = pc.transposed_conv(volume, (4, 9, 10, 11))
    assert type(back) is pc.ConvTranspose3d
    assert (back.groups, back.dilation, back.output_padding) == (4, (2, 2, 2), (0, 1, 2))
    assert back.output_shape(volume.output_shape((4, 9, 10, 11))) == (4, 9, 10, 11)


@pytest.mark.parametrize(
    ("size", "near"), [(93_744, (6, 15_624)), (9_600_000_000, (6, 40_000, 40_000))]
)
def test_a_branch_that_grows_meets_one_that_does_not(size: int, near: pc.Shape) -> None:
    """The lengths before and after are not tried one by one."""
    network = pc.Sequential(pc.Flatten(), pc.Add(pc.Identity(), pc.Dense(None, size)))
    found = pc.valid_inputs(network, near)
    assert (found.fits, found.smaller, found.larger) == (True, None, None)
    longer = tuple([one + (at > 0) for at, one in enumerate(near)])
    assert pc.valid_inputs(network, longer).smaller == near


def test_lengths_whose_product_is_that_of_another_branch() -> None:
    """Few products are, and the search does not look for others if the given one is."""
    network = pc.Sequential(
        pc.Pad(((1, 1), (1, 1), (1, 1))),
        pc.Flatten(),
        pc.Add(pc.Identity(), pc.Dense(None, 6 * 101 * 103 * 109)),
    )
    with pytest.raises(pc.ParamcalcError, match=r"\(6, 99, 101, 107\) fits, but its lengths may"):
        pc.valid_inputs(network, (6, 99, 101, 107))
    frames = pc.Sequential(
        pc.TimeDistributed(pc.Flatten()), pc.Add(pc.Identity(), pc.Dense(None, 93_744))
    )
    with pytest.raises(pc.ParamcalcError, match=r"\(1, 6, 21, 24, 31\) fits, but its lengths may"):
        pc.valid_inputs(frames, (1, 6, 21, 24, 31))
