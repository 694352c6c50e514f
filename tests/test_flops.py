"""Operations by the tools' conventions: figures they printed, and how they are shown."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc
from paramcalc import zoo
from paramcalc._ledger import Ledger
from paramcalc._ledgers import LEDGERS
from paramcalc.layers._builtin import Builtin
from paramcalc.results import Convention

IMAGE = (3, 224, 224)
TOOLS: tuple[Convention, ...] = ("fvcore", "torchinfo", "tensorflow")
# fvcore 0.1.5, torchinfo 1.8.0, TensorFlow 2.21.0 with Keras 3.15.1; None, where the layer is none of
# the tool's. All that was read off is in conformance/.
FIGURES: list[tuple[pc.Layer, tuple[int, ...], list[int | None]]] = [
    (pc.Conv2d(3, 8, 3), (3, 9, 11), [13608, 14112, 27720]),
    (pc.Conv2d(3, 8, 3, bias=False), (3, 9, 11), [13608, 13608, 27216]),
    (pc.Conv2d(3, 8, 3, padding=1), (3, 9, 11), [21384, 22176, 43560]),
    (pc.Conv2d(3, 8, 3, padding=2, dilation=2), (3, 9, 11), [21384, 22176, 52632]),
    (pc.Conv2d(3, 8, 4, padding="same"), (3, 9, 11), [0, 38808, 76824]),
    # fvcore of ZeroPad2d(1), Conv2d(3, 8, 3, stride=2).
    (pc.Conv2d(3, 8, 3, 2, "same"), (3, 9, 11), [6480, None, None]),
    (pc.Conv2d(4, 8, 3, padding=1, groups=2), (4, 9, 11), [14256, 15048, 792]),
    (pc.Conv2d(6, 6, 3, padding=1, groups=6), (6, 9, 11), [5346, 5940, 11286]),
    # fvcore and torchinfo of Conv2d(6, 12, 3, groups=6) and so on.
    (pc.DepthwiseConv2d(3, padding=1, depth_multiplier=2), (6, 9, 11), [10692, 11880, 22572]),
    (pc.DepthwiseConv2d(3, depth_multiplier=2, dilation=2, bias=False), (6, 9, 11), [3780, 3780, 10368]),
    (pc.DepthwiseConv1d(3, 2), (6, 13), [108, 144, 252]),
    # Of tf_keras 2.21, which is Keras 2.
    (pc.LocallyConnected2d(5, (3, 2), (2, 1)), (4, 7, 6), [None, None, 3675]),
    (pc.LocallyConnected2d(5, (3, 2), (2, 1), bias=False), (4, 7, 6), [None, None, 3600]),
    (pc.SeparableConv2d(5, 3, padding=1, dilation=1, depth_multiplier=2), (6, 9, 11), [16632, 17127, 33759]),
    (pc.SeparableConv1d(5, 3, padding=1, depth_multiplier=2), (6, 13), [1248, 1313, 2561]),
    (pc.ConvTranspose2d(4, 6, 3, stride=2), (4, 5, 7), [7560, 36630, 18810]),
    (pc.ConvTranspose2d(4, 6, 3, stride=2, bias=False), (4, 5, 7), [7560, 35640, 17820]),
    (pc.ConvTranspose2d(4, 6, 4, stride=2, padding=1, bias=False), (4, 5, 7), [13440, 53760, None]),
    (pc.Dense(7, 5), (7,), [35, 40, 75]),
    (pc.Dense(7, 5), (3, 7), [105, 40, 225]),
    (pc.BatchNorm(6), (6, 5, 7), [420, 12, 456]),
    (pc.BatchNorm(6, affine=False), (6, 5, 7), [210, 0, 450]),
    (pc.BatchNorm(6, bias=False), (6, 5, 7), [420, 6, 456]),
    (pc.BatchNorm(6, scale=False), (6, 5, 7), [None, None, 450]),
    (pc.BatchNorm(6), (6,), [12, 12, 48]),
    (pc.LayerNorm(7), (5, 7), [175, 14, 335]),
    (pc.LayerNorm(7, bias=False), (5, 7), [175, 7, 300]),
    (pc.LayerNorm(7, scale=False), (5, 7), [None, None, 270]),
    (pc.LayerNorm(7, elementwise_affine=False), (5, 7), [140, 0, 235]),
    (pc.RMSNorm(7), (5, 7), [0, 7, 155]),
    (pc.Scale((6, 1, 1)), (6, 5, 7), [0, 0, 210]),
    (pc.GroupNorm(2, 6), (6, 5, 7), [1050, 12, 1286]),
    (pc.GroupNorm(2, 6, bias=False), (6, 5, 7), [1050, 6, 1280]),
    (pc.GroupNorm(2, 6, scale=False), (6, 5, 7), [None, None, 1276]),
    (pc.GroupNorm(2, 6, affine=False), (6, 5, 7), [840, 0, 1270]),
    (pc.InstanceNorm(6), (6, 5, 7), [840, 0, 1290]),
    (pc.InstanceNorm(6, affine=True), (6, 5, 7), [1050, 12, 1302]),
    (pc.InstanceNorm(6, affine=True, bias=False), (6, 5, 7), [1050, 6, 1296]),
    (pc.InstanceNorm(6, affine=True, scale=False), (6, 5, 7), [None, None, 1296]),
    (pc.Activation("relu"), (6, 5, 7), [0, 0, 0]),
    (pc.Activation("relu6"), (6, 5, 7), [0, 0, 0]),
    (pc.Activation("sigmoid"), (6, 5, 7), [0, 0, 0]),
    (pc.Activation("silu"), (6, 5, 7), [0, 0, 420]),
    (pc.Activation("gelu"), (6, 5, 7), [0, 0, 840]),
    (pc.Activation("softmax"), (7,), [0, 0, 35]),
    (pc.PReLU(6), (6, 5, 7), [0, 6, 636]),
    (pc.PReLU(), (6, 5, 7), [0, 1, 631]),
    (pc.PReLU(shared_axes=(0,)), (6, 5, 7), [None, None, 665]),
    (pc.PReLU(shared_axes=()), (6, 5, 7), [None, None, 840]),
    (pc.Pool(3, stride=2), (6, 5, 7), [0, 0, 324]),
    (pc.Pool(3, stride=2, padding=1), (6, 5, 7), [0, 0, 648]),
    (pc.Pool(2), (6, 4, 6, 8), [0, 0, 0]),
    (pc.Pool(2, mode="avg"), (6, 4, 8), [0, 0, 192]),
    (pc.Pool(3, stride=2, padding=1, mode="avg"), (6, 5, 7), [0, 0, 648]),
    (pc.AdaptivePool((2, 3)), (6, 5, 7), [210, 0, None]),
    (pc.AdaptivePool((5, 7)), (6, 5, 7), [210, 0, 0]),
    (pc.AdaptivePool(1), (6, 5, 7), [210, 0, 210]),
    (pc.AdaptivePool(1), (6, 13), [0, 0, 78]),
    (pc.AdaptivePool((2, 3), mode="max"), (6, 4, 9), [0, 0, 216]),
    (pc.GlobalPool(), (6, 5, 7), [210, 0, 210]),
    (pc.GlobalPool(mode="max"), (6, 5, 7), [0, 0, 0]),
    (pc.Add(pc.Identity(), pc.Identity()), (6, 5, 7), [0, 0, 210]),
    (pc.Add(pc.Identity(), pc.Identity(), pc.Identity()), (6, 5, 7), [0, 0, 420]),
    (pc.Multiply(pc.Identity(), pc.Identity()), (6, 5, 7), [0, 0, 210]),
    (pc.Multiply(pc.Identity(), pc.AdaptivePool(1)), (6, 5, 7), [210, 0, 420]),
    (pc.Concat(pc.Identity(), pc.Identity()), (6, 5, 7), [0, 0, 0]),
    (pc.Pad(1), (6, 5, 7), [0, 0, 0]),
    (pc.RepeatVector(4), (6,), [None, None, 1]),
    (pc.Upsample(scale_factor=2), (6, 5, 7), [840, 0, 2]),
    (pc.Upsample(scale_factor=2, mode="bilinear"), (6, 5, 7), [3360, 0, 0]),
    (pc.Embedding(11, 6), (5,), [0, 66, 10]),
    (pc.RNN(4, 3), (5, 4), [0, 135, 27]),
    (pc.LSTM(4, 3), (5, 4), [0, 540, 123]),
    (pc.LSTM(4, 3, num_layers=2), (5, 4), [0, 1020, 222]),
    (pc.LSTM(4, 3, bidirectional=True), (5, 4), [0, 1080, 246]),
    (pc.GRU(4, 3), (5, 4), [0, 405, 81]),
    (pc.MultiheadAttention(6, 2), (5, 6), [720, 0, 1860]),
    (pc.MultiheadAttention(6, 2, bias=False), (5, 6), [720, 0, 1740]),
    (pc.MultiheadAttention(6, 2, head_dim=4, value_dim=3), (5, 6), [840, 196, 2120]),
    (pc.MultiheadAttention(6, 4, bias=False, num_kv_heads=2, head_dim=3), (5, 6), [1080, 216, 2762]),
    (pc.MultiheadAttention(6, 2, num_kv_heads=1), (5, 6), [540, 126, 1472]),
    (pc.MultiheadAttention(6, 2, kdim=5, vdim=5), (4, 6), [None, 0, 1344]),
    (pc.MultiheadAttention(7, 3, kdim=6, vdim=3, head_dim=4, value_dim=5), (5, 7), [None, None, 3740]),
    (pc.Sequential(pc.Conv2d(3, 8, 3, padding=1), pc.Activation("relu"), pc.Pool(2), pc.Flatten(), pc.Dense(192, 10), pc.Activation("relu"), pc.Dropout(0.5), pc.Dense(10, 4)), (3, 9, 12), [25288, 26166, 52222]),
]  # fmt: skip
NETWORKS = {
    "alexnet": [714_188_480, 714_197_696, 714_682_664, 1_429_666_024],
    "vgg16": [15_470_264_320, 15_470_289_408, 15_483_821_032, 30_960_206_824],
    "resnet50": [4_089_184_256, 4_111_512_576, 4_089_238_376, 8_208_182_888],
    "mobilenet_v2": [300_774_272, 314_193_216, 300_809_384, 615_287_208],
}


@pytest.mark.parametrize(("layer", "shape", "figures"), FIGURES, ids=lambda one: str(one)[:60])
def test_layers_cost_what_the_tools_say(
    layer: pc.Layer, shape: tuple[int, ...], figures: list[int | None]
) -> None:
    for tool, figure in zip(TOOLS, figures, strict=True):
        if figure is not None:
            assert pc.flops(layer, shape, convention=tool).num_ops == figure, tool


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_cost_what_the_tools_say(name: str) -> None:
    network = getattr(zoo, name)()
    tools: tuple[Convention, ...] = ("torchvision", *TOOLS)
    for tool, figure in zip(tools, NETWORKS[name], strict=True):
        found = pc.flops(network, IMAGE, convention=tool)
        assert found.num_ops == figure
        assert [row.path for row in found.rows] == [step.path for step in pc.trace(network, IMAGE)]
    assert pc.flops(network, IMAGE).num_ops == network.num_macs(IMAGE)


class Own(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or ()

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        return (pc.Parameter("weight", (7,)),)

    def num_macs(self, input_shape: pc.Shape | None = None) -> int:
        return 100


def test_layers_of_ones_own_cost_their_macs() -> None:
    found = {tool: pc.flops(Own(), (3,), convention=tool).num_ops for tool in TOOLS}
    assert found == {"fvcore": 100, "torchinfo": 7, "tensorflow": 200}
    assert pc.flops(Own(), (3,)).num_ops == 100


def test_what_is_frozen_costs_the_same() -> None:
    for tool in TOOLS:
        for layer in pc.Conv2d(3, 8, 3), pc.BatchNorm(3):
            frozen = pc.flops(pc.Frozen(layer), (3, 9, 9), convention=tool)
            assert frozen.rows[0].layer == pc.Frozen(layer)
            assert frozen.num_ops == pc.flops(layer, (3, 9, 9), convention=tool).num_ops > 0


def test_a_layer_of_a_transformer_costs_its_parts() -> None:
    attention, norm = pc.MultiheadAttention(6, 2), pc.LayerNorm(6)
    dense = pc.Sequential(pc.Dense(6, 10), pc.Activation("relu"), pc.Dense(10, 6))
    parts = pc.Sequential(
        pc.Add(pc.Identity(), attention), norm, pc.Add(pc.Identity(), dense), norm
    )
    for tool in TOOLS:
        whole = pc.flops(pc.TransformerEncoderLayer(6, 2, 10), (5, 6), convention=tool)
        assert whole.num_ops == pc.flops(parts, (5, 6), convention=tool).num_ops
    encoder = pc.TransformerEncoderLayer(6, 2, 10)
    assert pc.flops(encoder, (5, 6)).num_ops == encoder.num_macs((5, 6))


@pytest.mark.parametrize("training", [False, True])
def test_attention_of_several_inputs_at_each_time(training: bool) -> None:
    """As often as there are times; the keys are more than the queries."""
    layer, costs = pc.MultiheadAttention(8, 2), list[list[int]]()
    for one, times in (layer, ()), (pc.TimeDistributed(layer), (4,)):
        query, key = pc.Input(*times, 5, 8)(), pc.Input(*times, 6, 8)()
        net = pc.Graph([query, key], one(pc.Scale(())(query), key))
        tools: list[Convention] = ["torch"] if training else ["torch", "fvcore", "ptflops"]
        costs.append([pc.flops(net, convention=tool, training=training).num_ops for tool in tools])
    assert costs[1] == [4 * one for one in costs[0]]


def test_two_numbers_that_differ_are_explained() -> None:
    words = "0 (torchvision, torch, fvcore, torchinfo, thop, ptflops) | 1 (tensorflow)"
    assert pc.compare_flops(pc.RepeatVector(3), (4,)).rules == (f"RepeatVector: {words}",)


def test_channels_last_cost_the_same() -> None:
    for tool in TOOLS:
        first = pc.flops(pc.Conv2d(3, 8, 3, padding=1), (3, 9, 11), convention=tool)
        conv = pc.Conv2d(3, 8, 3, padding=1, data_format="channels_last")
        assert pc.flops(conv, (9, 11, 3), convention=tool).num_ops == first.num_ops


def test_words_of_refusals() -> None:
    other: dict[str, Any] = {"convention": "flax"}
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.flops(pc.Dense(7, 5), (7,), **other)
    assert str(caught.value) == (
        "flops: no convention 'flax'; the conventions are "
        "torchvision, torch, fvcore, torchinfo, thop, ptflops, tensorflow"
    )
    with pytest.raises(pc.ParamcalcError) as caught:
        pc.flops(pc.Dense(7, 5), (7,), convention="thop", training=True)
    assert str(caught.value) == (
        "flops: convention must be 'torchvision' or 'torch' for training, got 'thop'"
    )
    with pytest.raises(TypeError, match=r"^flops: training must be True or False, got 1$"):
        pc.flops(pc.Dense(7, 5), (7,), training=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"^flops: convention must be a str, got 5$"):
        pc.flops(pc.Dense(7, 5), (7,), convention=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"^flops: network must be a Layer, got None$"):
        pc.flops(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(pc.ShapeError, match=r"^\[0\] Dense: the output shape depends on the input"):
        pc.flops(pc.Sequential(pc.Dense(7, 5)))

    class Refuses(Own):
        def num_macs(self, input_shape: pc.Shape | None = None) -> int:
            raise pc.ShapeError("does not say")

    with pytest.raises(pc.ShapeError, match=r"^\[1\] Refuses: does not say$"):
        pc.flops(pc.Sequential(Own(), Refuses()), (3,))


def test_how_it_is_shown() -> None:
    network = pc.Sequential(pc.Conv2d(1, 2, 3), pc.Add(pc.Identity(), pc.BatchNorm(2)))
    found = pc.flops(network, (1, 5, 5), convention="tensorflow")
    assert str(found) == (
        "path    layer            FLOPs by tensorflow\n"
        "────────────────────────────────────────────\n"
        "[0]     Conv2d(1, 2, 3)                  342\n"
        "[1][0]  Identity()                         0\n"
        "[1][1]  BatchNorm(2)                      48\n"
        "[1]     Add                               18\n"
        "────────────────────────────────────────────\n"
        "total                                    408\n"
        "────────────────────────────────────────────\n"
        "tensorflow: FLOPs, two for each multiply-accumulate, one for each operation on a\n"
        "value that is registered"
    )
    assert repr(found) == str(found)
    record = {"path": "[1]", "layer": "Add", "num_ops": 18, "is_counted": True}
    assert found.to_records()[3] == record
    assert found.to_markdown().startswith("| path | layer | FLOPs by tensorflow |")
    assert found._repr_html_() == found.to_html()  # pyright: ignore[reportPrivateUsage]
    assert '<td class="number">408</td>' in found.to_html()


def test_a_ledger_says_what_it_counts() -> None:
    for tool in ("torchvision", *TOOLS):
        first, source, *rules, letters = pc.flops(pc.Identity(), (1,), convention=tool).ledger
        assert first.startswith(f"{tool}: ")
        assert source.startswith("source: ")
        assert any(rule.startswith("Conv1d, Conv2d, Conv3d") for rule in rules)
        assert letters.startswith("N input and O output values")


def test_activations_are_known_by_any_spelling() -> None:
    for one, other in [("gelu", "GELU"), ("softmax", "Soft_Max"), ("silu", "swish")]:
        layers = pc.Activation(one), pc.Activation(other)
        costs = [pc.flops(layer, (10,), convention="tensorflow").num_ops for layer in layers]
        assert costs[0] == costs[1] > 0


def test_several_axes_are_normalized_over_as_one() -> None:
    for norm in pc.LayerNorm, pc.RMSNorm:
        flat = pc.flops(norm(15), (2, 15), convention="tensorflow").num_ops
        assert pc.flops(norm((3, 5)), (2, 3, 5), convention="tensorflow").num_ops == flat


def test_stacked_recurrent_layers_cost_what_they_do_one_by_one() -> None:
    for kind in pc.RNN, pc.LSTM, pc.GRU:
        stacked = kind(4, 3, num_layers=2, bidirectional=True)
        apart = pc.Sequential(kind(4, 3, bidirectional=True), kind(6, 3, bidirectional=True))
        for tool in TOOLS:
            costs = [pc.flops(one, (5, 4), convention=tool).num_ops for one in (stacked, apart)]
            assert costs[0] == costs[1]


LAYERS = {
    one
    for one in [getattr(pc, name) for name in pc.__all__]
    if isinstance(one, type) and issubclass(one, pc.Layer)
}
INSIDE = {
    *[pc.Sequential, pc.Graph, pc.Frozen, pc.Shared, pc.TimeDistributed],
    *[pc.TransformerEncoderLayer, pc.TransformerDecoderLayer],
    *[pc.SeparableConv1d, pc.SeparableConv2d],
}
"""No tool counts these: it counts the layers in them."""


def unstated(ledger: Ledger, layers: set[Any]) -> set[Any]:
    """The layers that a ledger has no rule for."""
    return layers - INSIDE - {kind for kinds in ledger.rules for kind in kinds}


class Bilinear(Builtin):
    """A layer that somebody adds to the library, and to no ledger."""

    __module__ = "paramcalc.layers.made_up"

    def _shape(self, shape: pc.Shape) -> pc.Shape:
        return shape


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=lambda one: one.tool)
def test_a_ledger_states_every_layer_once(ledger: Ledger) -> None:
    stated = [kind for kinds in ledger.rules for kind in kinds]
    assert not unstated(ledger, LAYERS)
    assert len(stated) == len(set(stated))
    assert set(stated) <= LAYERS - INSIDE


@pytest.mark.parametrize("ledger", LEDGERS.values(), ids=lambda one: one.tool)
def test_a_layer_that_a_ledger_does_not_state_is_seen(ledger: Ledger) -> None:
    assert unstated(ledger, {*LAYERS, Bilinear}) == {Bilinear}
    with pytest.raises(KeyError):
        pc.flops(Bilinear(), (3,), convention=ledger.tool)
