"""Comparisons: what differs between two networks, and counts that tools printed."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, strategies as st
from layers import ROWS
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc import _align, zoo
from paramcalc._conventions import Convention, conventions_of, explanations, goes
from paramcalc._trace import walk

IMAGE = (3, 224, 224)
STATISTICS = "running means and variances"
BATCHES = "numbers of batches seen, one per normalization"
BIASES = "biases of layers before normalizations"
FOLDED = "normalizations folded into the layers before"
INPUT = "mean, variance and count of a normalized input"
TOP = "dense layers at the end"
SHARED = "shared weights, again at each place"


def named(**parts: pc.Layer) -> pc.Sequential:
    return pc.Sequential(**parts)


# What tools print: count_params() of Keras 3.15.1's Applications, the last ones with
# include_top=False; the values of state_dict() and the parameters of
# torch.fx.experimental.optimization.fuse() of torchvision 0.29.2's models, by torch 2.13.0; and the
# two counts of GPT-2 (OpenAI's, and with the head counted again).
COUNTS: list[tuple[str, int, dict[str, int]]] = [
    ("resnet50", 25_636_712, {STATISTICS: 53_120, BIASES: 26_560}),
    ("resnet101", 44_707_176, {STATISTICS: 105_344, BIASES: 52_672}),
    ("resnet152", 60_419_944, {STATISTICS: 151_424, BIASES: 75_712}),
    ("mobilenet_v2", 3_538_984, {STATISTICS: 34_112}),
    ("mobilenet_v3_small", 2_554_968, {STATISTICS: 12_112}),
    ("mobilenet_v3_large", 5_507_432, {STATISTICS: 24_400}),
    ("densenet121", 8_062_504, {STATISTICS: 83_648}),
    ("efficientnet_b0", 5_330_571, {STATISTICS: 42_016, INPUT: 7}),
    ("nasnet_large", 88_949_818, {STATISTICS: 196_668}),
    ("vgg16", 138_357_544, {}),
    ("vgg19", 143_667_240, {}),
    ("convnext_tiny", 28_589_128, {}),
    ("resnet50", 25_583_592, {BIASES: 26_560}),  # Its trainable ones.
    ("resnet50", 23_587_712, {STATISTICS: 53_120, BIASES: 26_560, TOP: -2_049_000}),
    ("vgg16", 14_714_688, {TOP: -123_642_856}),
    ("mobilenet_v2", 2_257_984, {STATISTICS: 34_112, TOP: -1_281_000}),
    ("mobilenet_v3_large", 2_996_352, {STATISTICS: 24_400, TOP: -2_511_080}),
    ("densenet121", 7_037_504, {STATISTICS: 83_648, TOP: -1_025_000}),
    ("convnext_tiny", 27_820_128, {TOP: -769_000}),
    ("resnet50", 25_610_205, {STATISTICS: 53_120, BATCHES: 53}),
    ("densenet121", 8_062_625, {STATISTICS: 83_648, BATCHES: 121}),
    ("vgg16_bn", 138_374_453, {STATISTICS: 8_448, BATCHES: 13}),
    ("resnet50", 25_530_472, {FOLDED: -26_560}),
    ("vgg16_bn", 138_357_544, {FOLDED: -8_448}),
    ("mobilenet_v2", 3_487_816, {FOLDED: -17_056}),
    ("gpt2", 163_037_184, {SHARED: 38_597_376}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "count", "causes"), COUNTS)
def test_a_count_of_a_tool_is_explained_line_by_line_to_zero(
    name: str, count: int, causes: dict[str, int]
) -> None:
    network: pc.Layer = getattr(zoo, name)()
    shape: Any = {"nasnet_large": None, "gpt2": (1024,)}.get(name, IMAGE)
    found = pc.compare(network, count, shape)
    assert {one.cause: one.num_params for one in found.differences} == causes
    assert found.unexplained == 0
    assert found.num_params == (network.num_params(shape), count)
    turned = pc.compare(count, network, shape)
    assert {one.cause: -one.num_params for one in turned.differences} == causes
    assert turned.num_params == found.num_params[::-1]


def test_the_text_of_an_explained_count() -> None:
    assert str(pc.compare(25_636_712, zoo.resnet50())).splitlines() == [
        "difference                              layers  parameters",
        "──────────────────────────────────────────────────────────",
        "a: given                                        25,636,712",
        "running means and variances                 53     −53,120",
        "biases of layers before normalizations      53     −26,560",
        "──────────────────────────────────────────────────────────",
        "b: Sequential                                   25,557,032",
        "──────────────────────────────────────────────────────────",
        "The difference is explained to the last parameter.",
    ]


def test_other_explanations_of_a_number_are_told() -> None:
    found = pc.compare(zoo.inception_v3(), 23_851_784)  # Keras has no scales in it.
    assert [one.cause for one in found.differences] == [BIASES]
    assert found.notes == (
        "The difference is explained to the last parameter.",
        "Or: running means and variances +34,432, scales of normalizations −17,216.",
    )


def test_a_number_that_nothing_explains() -> None:
    found = pc.compare(zoo.resnet50(), 25_636_713)
    assert (found.differences, found.unexplained) == ((), 79_681)
    assert str(found).splitlines() == [
        "difference     layers  parameters",
        "─────────────────────────────────",
        "a: Sequential          25,557,032",
        "unexplained               +79,681",
        "─────────────────────────────────",
        "b: given               25,636,713",
        "─────────────────────────────────",
        "No combination of what tools count makes this difference. Known here: running",
        "means and variances +53,120, numbers of batches seen, one per normalization +53,",
        "biases of layers before normalizations +26,560, normalizations folded into the",
        "layers before −26,560, dense layers at the end −2,049,000, scales of",
        "normalizations −26,560.",
    ]
    alone = pc.compare(17, pc.Dense(3, 4))
    assert alone.unexplained == -1
    assert alone.notes == (
        "No combination of what tools count makes this difference. None is known here.",
    )


def test_equal_counts() -> None:
    assert pc.compare(pc.Dense(3, 4), 16).notes == ("Both have 16 parameters.",)


def conventions(network: pc.Layer, shape: Any = None) -> dict[str, tuple[int, int]]:
    known = conventions_of(walk(network, shape, "compare"))
    return {one.name: (one.num_params, one.num_layers) for one in known}


LAST = {"return_sequences": False}
CONVENTIONS: list[tuple[pc.Layer, Any, dict[str, tuple[int, int]]]] = [
    (pc.Sequential(), None, {}),
    (pc.Sequential(pc.Dense(3, 4), pc.Dense(4, 2)), None, {}),  # All of it is its end.
    (pc.Frozen(pc.Conv2d(3, 4, 1)), None, {"frozen weights": (16, 1)}),
    (pc.Frozen(pc.BatchNorm(4)), None, {STATISTICS: (8, 1), BATCHES: (1, 1), "frozen weights": (8, 1), "scales of normalizations": (-4, 1)}),
    (pc.BatchNorm(4, scale=False, track_running_stats=False), None, {}),
    (pc.Sequential(pc.LSTM(3, 4), pc.GRU(4, 4, **LAST)), None, {"second biases of recurrent layers": (-28, 2)}),
    (pc.LSTM(3, 4, recurrent_bias=False), None, {"second biases of recurrent layers": (16, 1)}),
    (pc.LSTM(3, 4, bias=False), None, {}),
    (pc.Sequential(pc.Embedding(9, 4), pc.LSTM(4, 4, bias=False), pc.Dense(4, 9)), None, {"weights of the embedding, again in the head": (-36, 1), TOP: (-45, 1)}),
    (pc.Sequential(pc.Dense(4, 9), pc.Add(pc.Identity(), pc.Identity()), pc.Dense(9, 4)), None, {TOP: (-40, 1)}),
    (pc.Sequential(pc.Conv2d(3, 4, 1), pc.InstanceNorm(4, affine=True)), None, {"biases that layers before normalizations have": (-4, 1)}),
    (pc.Sequential(pc.Conv2d(3, 4, 1), pc.Pool(2), pc.BatchNorm(4, scale=False, track_running_stats=False)), None, {}),
    (pc.Sequential(pc.DepthwiseConv1d(1, bias=False), pc.BatchNorm(track_running_stats=False)), (4, 9), {BIASES: (4, 1), FOLDED: (-4, 1), "scales of normalizations": (-4, 1)}),
    (pc.Sequential(pc.Dense(3, 4), pc.BatchNorm(4, affine=False)), (3,), {STATISTICS: (8, 1), BATCHES: (1, 1), "biases that layers before normalizations have": (-4, 1)}),
    (named(body=pc.Dense(3, 4), act=pc.Identity(), aux_head=pc.Scale(4)), None, {"auxiliary heads": (-4, 1)}),
    (pc.Sequential(pc.Shared("a", pc.Dense(4, 4)), pc.Shared("a", pc.Dense(4, 4)), pc.Scale(4)), None, {SHARED: (20, 1)}),
    (pc.Conv2d(3, 4, 1), (3, 8, 8), {INPUT: (7, 1)}),
    (pc.Conv2d(3, 4, 1, data_format="channels_last"), (8, 8, 3), {INPUT: (7, 1)}),
]  # fmt: skip


@pytest.mark.parametrize(("network", "shape", "known"), CONVENTIONS, ids=range(len(CONVENTIONS)))
def test_what_tools_count_of_a_network(
    network: pc.Layer, shape: Any, known: dict[str, tuple[int, int]]
) -> None:
    assert conventions(network, shape) == known


def test_a_network_without_them_counts_what_a_convention_says() -> None:
    """Each by building the network that the other tool has."""

    def block(bias: bool, norm: list[pc.Layer]) -> pc.Sequential:
        return pc.Sequential(pc.Conv2d(3, 8, 3, bias=bias), *norm, pc.Flatten())

    plain, norm = block(False, [pc.BatchNorm(8)]), pc.BatchNorm(8)
    for other, name in [
        (block(True, [norm]), BIASES),
        (block(True, []), FOLDED),
        (block(False, [pc.BatchNorm(8, scale=False)]), "scales of normalizations"),
    ]:
        known = conventions(plain)
        assert known[name][0] == other.num_params() - plain.num_params()
    full = block(True, [norm])
    assert conventions(full)[FOLDED][0] == block(True, []).num_params() - full.num_params()
    values = sum([one.size for one in plain.parameters()])
    assert pc.compare(plain, values).differences[0].cause == STATISTICS


def test_combinations_are_those_that_a_tool_can_follow() -> None:
    names = [STATISTICS, BATCHES, BIASES, "biases that layers before normalizations have", FOLDED]
    known = [Convention(name, 10**at, 1) for at, name in enumerate(names)]
    reached = {
        tuple([one.name for one in chosen])
        for size in range(1, 6)
        for chosen in combinations(known, size)
        if explanations(known, sum([one.num_params for one in chosen])) == [chosen]
    }
    has, lacks = names[3], names[2]
    assert reached == {
        (STATISTICS,), (lacks,), (has,), (FOLDED,),
        (STATISTICS, BATCHES), (STATISTICS, lacks), (STATISTICS, has),
        (STATISTICS, BATCHES, lacks), (STATISTICS, BATCHES, has),
    }  # fmt: skip
    assert not goes(known[1:2])
    twice = [Convention("a", 2, 1), Convention("b", 0, 1), Convention("c", 2, 1)]
    assert explanations(twice, 2) == [(twice[0],), (twice[2],)]


# Two networks.

CONV, NORM = pc.Conv2d(3, 8, 3, bias=False), pc.BatchNorm(8)
PLAIN = named(conv=CONV, norm=NORM, pool=pc.Pool(2), flat=pc.Flatten(), head=pc.Dense(None, 10))
FUSED = named(
    conv=pc.Conv2d(3, 8, 3), pool=pc.Pool(3), flat=pc.Flatten(),
    head=pc.Frozen(pc.Dense(None, 10)), aux=pc.Dense(10, 2),
)  # fmt: skip


def test_two_networks_side_by_side() -> None:
    assert str(pc.compare(PLAIN, FUSED, (3, 32, 32))).splitlines() == [
        "difference                                                    layers  parameters",
        "────────────────────────────────────────────────────────────────────────────────",
        "a: Sequential                                                             18,242",
        "normalizations folded into the layers before                       2          −8",
        "  conv: bias=False → True                                                     +8",
        "  norm: BatchNorm(8)                                                         −16",
        "frozen weights                                                     1     −18,010",
        "  head: Dense(None, 10) → Frozen(Dense(None, 10))                        −18,010",
        "auxiliary heads                                                    1         +22",
        "  aux: Dense(10, 2)                                                          +22",
        "no difference in parameters                                        2",
        "  pool: kernel_size=2 → 3; stride=2 → 3; output 8 × 15 × 15",
        "  → 8 × 10 × 10",
        "  flat: output 1800 → 800",
        "────────────────────────────────────────────────────────────────────────────────",
        "b: Sequential                                                                246",
    ]


def test_parts_that_repeat_are_one_line() -> None:
    assert str(pc.compare(zoo.resnet50(), zoo.resnet101())).splitlines() == [
        "difference                                layers   parameters",
        "─────────────────────────────────────────────────────────────",
        "a: Sequential                                      25,557,032",
        "layers only in b                             187  +18,992,128",
        "  layer3[12-44]: 17 × Add of 10 layers            +18,992,128",
        "  layer3[13-45]: 17 × Activation('relu')",
        "─────────────────────────────────────────────────────────────",
        "b: Sequential                                      44,549,160",
    ]


def test_layers_put_between_others_do_not_shift_them() -> None:
    found = pc.compare(zoo.vgg16(), zoo.vgg16_bn())
    assert {one.cause for one in found.differences} == {"layers only in b"}
    norms = [pc.BatchNorm(one) for one in (64, 128, 256, 512) for _ in range(2 + (one > 128))]
    assert [one.text for one in found.differences] == [repr(one) for one in [*norms, *norms[-3:]]]
    back = pc.compare(zoo.vgg16_bn(), zoo.vgg16())
    assert {one.cause for one in back.differences} == {"layers only in a"}
    assert sum([one.num_params for one in back.differences]) == -8448


GRAPH = pc.Graph(
    {"x": (8,)}, "y", {"a": (pc.Dense(8, 8), "x"), "b": (pc.Dense(8, 8), "x"), "y": (pc.Add(), "a", "b")}
)  # fmt: skip
CHAIN = pc.Graph(
    {"x": (8,)}, "y", {"a": (pc.Dense(8, 8), "x"), "b": (pc.Dense(8, 8), "a"), "y": (pc.Add(), "b", "a")}
)  # fmt: skip
ENCODER = pc.TransformerEncoderLayer


class Own(pc.Layer):
    """A layer of one's own."""

    def __init__(self, size: int) -> None:
        self.size = size

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or (1,)

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        return (pc.Parameter("weight", (self.size,)),)


SAME = "no difference in parameters"
PAIRS: list[tuple[pc.Layer, pc.Layer, Any, list[tuple[Any, ...]]]] = [
    (pc.Conv2d(3, 8, 3), pc.Conv2d(3, 8, 3, bias=False), None, [("biases", "", "bias=True → False", -8, 1)]),
    (PLAIN, named(**{**dict(zip(PLAIN.names, PLAIN, strict=True)), "conv": pc.Conv2d(3, 8, 3)}), (3, 32, 32), [(BIASES, "conv", "bias=False → True", 8, 1)]),
    (pc.Dense(4, 2), pc.Dense(4, 3), None, [("fields that differ", "", "out_features=2 → 3", 5, 1)]),
    (pc.Dense(4, 2), pc.Dense(4, 3), (4,), [("fields that differ", "", "out_features=2 → 3; output 2 → 3", 5, 1)]),
    (pc.Dense(4, 4), pc.Scale(4), None, [("layers that differ", "", "Dense(4, 4) → Scale(4)", -16, 1)]),
    (pc.Pool(2), pc.AdaptivePool(4), (3, 8, 8), [(SAME, "", "Pool(2) → AdaptivePool(4)", 0, 1)]),
    (pc.Frozen(pc.Dense(4, 2)), pc.Frozen(pc.Dense(4, 2, bias=False)), None, [(SAME, "", "bias=True → False", 0, 1)]),
    (pc.Frozen(pc.Dense(4, 4)), pc.Frozen(pc.Scale(4)), None, [(SAME, "", "Frozen(Dense(4, 4)) → Frozen(Scale(4))", 0, 1)]),
    (Own(3), Own(4), None, [("tensors that differ", "", "weight 3 → 4", 1, 1)]),
    (named(a=pc.Upsample(3), b=pc.Flatten(), c=pc.Dense(None, 2)), named(a=pc.Upsample(2), b=pc.Flatten(), c=pc.Dense(None, 2)), (1, 4), [(SAME, "a", "size=3 → 2; output 1 × 3 → 1 × 2", 0, 1), (SAME, "b", "output 3 → 2", 0, 1), ("tensors that differ", "c", "weight 2 × 3 → 2 × 2", -2, 1)]),
    (Own(3), Own(3), (5,), []),
    # Merges, and what they read.
    (pc.Concat(pc.Identity(), pc.Identity()), pc.Concat(pc.Identity(), pc.Identity(), dim=-1), (3, 4), [(SAME, "", "dim=0 → dim=-1; output 6 × 4 → 3 × 8", 0, 1)]),
    (pc.Concat(pc.Identity(), dim=1), pc.Concat(pc.Identity()), (3, 4), [(SAME, "", "dim=1 → dim=0", 0, 1)]),
    (pc.Add(pc.Identity()), pc.Multiply(pc.Identity()), (3, 4), [(SAME, "", "Add → Multiply", 0, 1)]),
    (pc.Add(pc.Dense(4, 4), pc.Identity()), pc.Add(pc.Dense(4, 4), pc.Dense(4, 4, False)), None, [("layers that differ", "[1]", "Identity() → Dense(4, 4, bias=False)", 16, 1)]),
    (GRAPH, CHAIN, None, [(SAME, "b", "reads input → a", 0, 1), (SAME, "y", "reads a, b → b, a", 0, 1)]),
    # Layers that one alone has.
    (pc.Sequential(pc.Dense(4, 4), pc.Dropout()), pc.Sequential(pc.Dense(4, 4)), None, [("layers only in a", "[1]", "Dropout()", 0, 1)]),
    (pc.Sequential(pc.Dense(4, 4)), pc.Sequential(pc.Dense(4, 4), pc.Dense(4, 4), pc.Dense(4, 4)), None, [("layers only in b", "[1-2]", "2 × Dense(4, 4)", 40, 2)]),
    (pc.Sequential(), pc.Sequential(*[pc.Conv1d(None, 1, 1, bias=False)] * 2), (3, 5), [("layers only in b", "[0]", "Conv1d(None, 1, 1, bias=False)", 3, 1), ("layers only in b", "[1]", "Conv1d(None, 1, 1, bias=False)", 1, 1)]),
    (pc.Sequential(pc.Flatten(), pc.Dense(4, 4)), pc.Sequential(pc.Scale(4), pc.Flatten(), pc.Pool(1), pc.Dense(4, 4), pc.Identity()), None, [("layers only in b", "[0]", "Scale(4)", 4, 1), ("layers only in b", "[2]", "Pool(1)", 0, 1), ("layers only in b", "[4]", "Identity()", 0, 1)]),
    (pc.Dense(4, 4), pc.Sequential(pc.Dense(4, 4)), None, [("layers only in a", "", "Dense(4, 4)", -20, 1), ("layers only in b", "[0]", "Dense(4, 4)", 20, 1)]),
    (named(one=pc.Dense(4, 4), two=pc.Scale(4)), named(two=pc.Scale(4), three=pc.Dense(4, 4)), None, [("layers only in a", "one", "Dense(4, 4)", -20, 1), ("layers only in b", "three", "Dense(4, 4)", 20, 1)]),
    (named(one=pc.Dense(4, 4)), pc.Sequential(pc.Dense(4, 4), pc.Scale(4)), None, [("layers only in b", "[1]", "Scale(4)", 4, 1)]),
    (named(a=pc.Scale(4)), named(a=pc.Scale(4), b=named(c=pc.Scale(4), d=pc.Scale(3))), None, [("layers only in b", "b", "Sequential of 2 layers", 7, 2)]),
    # Blocks, and networks that share.
    (ENCODER(8, 2), ENCODER(8, 2, 16), None, [("fields that differ", "linear1", "out_features=2048 → 16", -18288, 1), ("fields that differ", "linear2", "in_features=2048 → 16", -16256, 1)]),
    (pc.Sequential(pc.Dense(4, 4), pc.Dense(4, 4)), pc.Sequential(*[pc.Shared("w", pc.Dense(4, 4))] * 2), None, [(SAME, "[0]", "Dense(4, 4) → Shared('w', Dense(4, 4))", 0, 1), (SHARED, "[1]", "Dense(4, 4) → Shared('w', Dense(4, 4))", -20, 1)]),
    # A norm that is gone, or was put in its place; one whose layer has no bias instead.
    (named(conv=CONV, norm=NORM), named(conv=pc.Conv2d(3, 8, 3), norm=pc.Identity()), None, [(FOLDED, "conv", "bias=False → True", 8, 1), (FOLDED, "norm", "BatchNorm(8) → Identity()", -16, 1)]),
    (named(conv=pc.Conv2d(3, 8, 3)), named(conv=CONV, norm=NORM), None, [(FOLDED, "conv", "bias=True → False", -8, 1), (FOLDED, "norm", "BatchNorm(8)", 16, 1)]),
    (named(conv=CONV, norm=NORM), named(conv=CONV), None, [("layers only in a", "norm", "BatchNorm(8)", -16, 1)]),
    (named(conv=CONV, norm=NORM), named(norm=NORM), None, [("layers only in a", "conv", "Conv2d(3, 8, 3, bias=False)", -216, 1)]),
    (named(conv=CONV, norm=NORM), named(conv=pc.Scale(8)), None, [("layers that differ", "conv", "Conv2d(3, 8, 3, bias=False) → Scale(8)", -208, 1), ("layers only in a", "norm", "BatchNorm(8)", -16, 1)]),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "shape", "wanted"), PAIRS, ids=range(len(PAIRS)))
def test_differences_of_two_networks(
    one: pc.Layer, other: pc.Layer, shape: Any, wanted: list[tuple[Any, ...]]
) -> None:
    found = pc.compare(one, other, shape)
    shown = [(d.cause, d.path, d.text, d.num_params, d.num_layers) for d in found.differences]
    assert shown == wanted
    assert found.unexplained == 0


def test_networks_that_do_not_differ_and_networks_of_equal_size() -> None:
    assert str(pc.compare(PLAIN, PLAIN, (3, 32, 32))).splitlines()[-2:] == [
        "─────────────────────────────────",
        "The networks do not differ.",
    ]
    assert pc.compare(GRAPH, CHAIN).notes == ("Both have 144 parameters.",)


def test_networks_of_which_most_layers_have_no_common_place() -> None:
    def other(name: str, bias: bool) -> pc.Sequential:
        block = named(**{name: pc.Conv2d(3, 8, 3, bias=bias), f"{name}_bn": NORM})
        return pc.Sequential(block, pc.Flatten())

    first = pc.Sequential(pc.Flatten(), other("conv", False))
    found = pc.compare(
        named(a=pc.Scale(3), b=CONV, c=NORM), named(d=named(e=pc.Scale(3)), f=other("conv", True))
    )
    assert [(one.cause, one.num_params) for one in found.differences] == [(BIASES, 8)]
    assert found.notes == ("Most layers have no place in both: the counts alone are compared.",)
    assert pc.compare(first, pc.Flatten()).differences[0].cause == "layers only in a"


def test_long_networks_are_paired_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = [pc.Sequential(*[pc.Dense(n, 1) for n in some]) for some in ([1, 2], [2, 1, 3])]
    short = pc.compare(one, other)
    monkeypatch.setattr(_align, "LARGEST", 5)
    long = pc.compare(one, other)
    assert [one.path for one in long.differences] == ["[0]", "[1]", "[2]"]
    assert [one.path for one in short.differences] == ["[1]", "[0]"]
    assert short.unexplained == long.unexplained == 0


@given(networks_and_shapes(), st.integers(0, 9), st.integers(0, 9), st.booleans())
def test_differences_add_up_and_are_the_same_from_both_sides(
    case: tuple[pc.Sequential, pc.Shape], start: int, end: int, frozen: bool
) -> None:
    network, shape = case
    changed = pc.Sequential([*network[:start], pc.BatchNorm(), *network[start:end]])
    changed = pc.freeze(changed) if frozen else changed
    there, back = pc.compare(network, changed, shape), pc.compare(changed, network, shape)
    assert there.unexplained == back.unexplained == 0
    assert there.num_params == (network.num_params(shape), changed.num_params(shape))
    assert total(there) == -total(back)
    assert not pc.compare(network, network, shape).differences


def total(found: pc.results.Comparison) -> int:
    return sum([one.num_params for one in found.differences])


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_layer_is_compared(row: Any) -> None:
    for layer in row.examples():
        assert not pc.compare(layer, layer, row.shape).differences
        two_inputs = isinstance(row.shape, dict)
        other = pc.freeze(layer) if two_inputs else pc.Sequential(layer)
        found = pc.compare(layer, other, row.shape)
        assert found.unexplained == 0
        count = layer.num_params(row.shape)
        assert pc.compare(layer, count, row.shape).notes == (f"Both have {count:,} parameters.",)


REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: pc.compare(3, 4), TypeError, "compare: a or b must be a Layer, got (3, 4)"),
    (lambda: pc.compare(pc.Dense(3, 4), True), TypeError, "compare: b must be a Layer or an int, got True"),
    (lambda: pc.compare("net", pc.Dense(3, 4)), TypeError, "compare: a must be a Layer or an int, got 'net'"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    (lambda: pc.compare(pc.Dense(3, 4), -1), pc.ParamcalcError, "compare: b must be at least 0, got -1"),
    (lambda: pc.compare(pc.Dense(3, 4), 16, (5,)), pc.ShapeError, "Dense: expects 3 features on the last axis, got shape (5,)"),
    (lambda: pc.compare(16, pc.Sequential(pc.Dense(None, 4))), pc.ShapeError, "[0] Dense: in_features is None, so the number of parameters depends on the input: give input_shape or start with Input(...)"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "kind", "words"), REFUSED)
def test_words_of_refusals(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == words


def test_records_and_markdown() -> None:
    found = pc.compare(pc.Conv2d(3, 8, 3), pc.Conv2d(3, 8, 3, bias=False))
    assert found.to_records() == [
        {"cause": "biases", "path": "", "text": "bias=True → False", "num_params": -8, "num_layers": 1}
    ]  # fmt: skip
    assert found.to_markdown().splitlines() == [
        "| difference | layers | parameters |",
        "| --- | ---: | ---: |",
        "| a\\: Conv2d(3, 8, 3) |  | 224 |",
        "| biases | 1 | −8 |",
        "| &emsp;bias=True → False |  | −8 |",
        "| **b\\: Conv2d(3, 8, 3, bias=False)** |  | **216** |",
    ]
    assert "−8" in found.to_html()
    assert found.to_text("ascii").splitlines()[-3].split() == ["bias=True", "->", "False", "-8"]


def test_only_one_of_two_networks_knows_its_input_shape() -> None:
    conv = pc.Conv2d(3, 8, 3)
    known, unknown = pc.Sequential(pc.Input(3, 9, 9), conv), pc.Sequential(conv)
    for a, b in (known, unknown), (unknown, known):
        found = pc.compare(a, b)
        assert found.num_params == (224, 224)
        assert [one.text for one in found.differences] == ["Input(3, 9, 9)"]
