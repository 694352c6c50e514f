"""Operations by tools for torch, and of training steps: figures of single layers."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

from typing import Any

import pytest

import paramcalc as pc
from paramcalc import zoo
from paramcalc._gradients import GRADIENTS
from paramcalc._ledgers_torch import TORCH
from paramcalc.results import Convention
from paramcalc.zoo.blocks import transformer_block

TOOLS: tuple[Convention, ...] = ("fvcore", "torchinfo", "thop", "ptflops")
# torch 2.13.0: forward; with the backward pass, first, after what trains, and frozen after that. Then
# fvcore 0.1.5, torchinfo 1.8.0, thop 0.1.1 and ptflops 0.7.5; None, where the tool fails. From
# conformance/, where there are thousands.
FIGURES: list[tuple[pc.Layer, tuple[int, ...], list[Any]]] = [
    (pc.Conv2d(2, 8, 3, stride=(2, 1), bias=False), (2, 9, 6), [[4608, 9216, 13824, 9216], 2304, 2304, 2304, 2304]),
    (pc.Conv2d(4, 8, 2, groups=2), (4, 3, 9), [[2048, 6144, 8192, 4096], 1024, 1152, 1024, 1152]),
    (pc.Conv2d(3, 6, (3, 2), padding='same', groups=3), (3, 2, 3), [[432, 1728, 2160, 864], 0, 252, 216, 252]),
    # Conv2d(4, 8, 3, groups=4) in torch.
    (pc.DepthwiseConv2d(3, depth_multiplier=2), (4, 7, 6), [[2880, 14400, 17280, 5760], 1440, 1600, 1440, 1600]),
    (pc.ConvTranspose1d(8, 4, 4, groups=4, bias=False, dilation=2), (8, 9), [[576, 2880, 3456, 1152], 288, 480, 480, 288]),
    (pc.ConvTranspose1d(4, 5, 4, stride=3, dilation=3), (4, 5), [[800, 1600, 2400, 1600], 400, 1870, 1760, 510]),
    (pc.ConvTranspose2d(2, 2, 4, stride=(3, 1), groups=2, dilation=3), (2, 1, 5), [[320, 960, 1280, 640], 160, 4760, 4480, 440]),
    (pc.Pool((3,), stride=(4,), ceil_mode=True, mode='avg'), (6, 9), [[0, 0, 0, 0], 0, 0, 18, 108]),
    (pc.Pool((2, 2)), (5, 4, 8), [[0, 0, 0, 0], 0, 0, 0, 320]),
    (pc.Pool(3, stride=1, ceil_mode=True, mode='avg'), (1, 10, 10), [[0, 0, 0, 0], 0, 0, 64, 200]),
    (pc.AdaptivePool(1), (6, 2), [[0, 0, 0, 0], 0, 0, 18, 24]),
    (pc.AdaptivePool((None, 2)), (3, 4, 5), [[0, 0, 0, 0], 60, 0, 84, 120]),
    (pc.AdaptivePool((5, None), mode='max'), (8, 3, 4), [[0, 0, 0, 0], 0, 0, 0, 192]),
    (pc.BatchNorm(), (5, 7), [[0, 0, 0, 0], 70, 10, 140, 70]),
    (pc.BatchNorm(4, affine=False, track_running_stats=False), (4, 4, 10), [[0, 0, 0, 0], 640, 0, 320, 160]),
    (pc.BatchNorm(6), (6, 10, 9), [[0, 0, 0, 0], 1080, 12, 2160, 1080]),
    (pc.BatchNorm(4, track_running_stats=False), (4, 2, 6, 4), [[0, 0, 0, 0], 960, 8, 768, 384]),
    (pc.BatchNorm(5, bias=False), (5, 1, 5, 2), [[0, 0, 0, 0], 100, 5, 200, 100]),
    (pc.InstanceNorm(), (4, 5, 3, 1), [[0, 0, 0, 0], 240, 0, 120, 60]),
    (pc.InstanceNorm(affine=True), (1, 3, 1, 3), [[0, 0, 0, 0], 45, 2, 36, 18]),
    (pc.GroupNorm(4, 8), (8, 4, 1, 4, 1), [[0, 0, 0, 0], None, 16, 0, 256]),
    (pc.GroupNorm(1, None, affine=False), (7, 7, 10), [[0, 0, 0, 0], 1960, 0, 0, 490]),
    (pc.LayerNorm(1), (3, 1), [[0, 0, 0, 0], 15, 2, 12, 3]),
    (pc.LayerNorm((1, 3, 3), bias=False), (5, 1, 3, 3), [[0, 0, 0, 0], 225, 9, 180, 45]),
    (pc.LayerNorm((6, 3), elementwise_affine=False), (6, 3), [[0, 0, 0, 0], 72, 0, 36, 18]),
    (pc.RMSNorm(), (3,), [[0, 0, 0, 0], 0, 3, 0, 0]),
    (pc.PReLU(), (1, 2, 2, 2, 2), [[0, 0, 0, 0], 0, 1, 16, 32]),
    (pc.Scale(), (6, 2, 1), [[0, 0, 0, 0], 0, 0, 0, 0]),
    (pc.Upsample(5, mode='bicubic'), (3, 1, 6), [[0, 0, 0, 0], 0, 0, 19425, 150]),
    (pc.Upsample((7,)), (4, 3), [[0, 0, 0, 0], 0, 0, 28, 56]),
    (pc.Upsample(scale_factor=(0.561, 0.7), mode='bilinear'), (3, 2, 7), [[0, 0, 0, 0], 48, 0, 132, 12]),
    (pc.Upsample((8,), mode='linear'), (1, 12), [[0, 0, 0, 0], 0, 0, 40, 16]),
    (pc.Upsample(scale_factor=0.29, mode='bicubic'), (2, 9, 6), [[0, 0, 0, 0], 0, 0, 1036, 13]),
    (pc.Upsample(scale_factor=(3, 0.7), mode='nearest-exact'), (3, 5, 2), [[0, 0, 0, 0], 0, 0, 0, 45]),
    (pc.Upsample(scale_factor=(1.1, 3, 0.29), mode='trilinear'), (3, 2, 2, 5), [[0, 0, 0, 0], 0, 0, 0, 36]),
    (pc.Dense(4, 6), (4, 5, 3, 4), [[2880, 5760, 8640, 5760], 1440, 30, 1440, 1800]),
    (pc.Embedding(3, 12), (2,), [[0, 0, 0, 0], 0, 36, 0, 0]),
    (pc.RNN(7, 6), (6, 7), [[936, 2232, 2736, 1800], 0, 540, 576, 576]),
    (pc.RNN(1, 4, num_layers=3, bias=False), (5, 1), [[840, 2384, 2424, 1584], 0, 420, 480, 480]),
    (pc.GRU(5, 1, num_layers=3, bias=False, bidirectional=True), (2, 5), [[288, 708, 828, 540], 0, 144, 228, 228]),
    (pc.GRU(None, 5, return_sequences=False), (8, 5), [[2400, 5850, 7050, 4650], 0, 1440, 1720, 1720]),
    (pc.GRU(4, 5, num_layers=3), (5, 4), [[4350, 12000, 12600, 8250], 0, 2625, 3150, 3150]),
    (pc.LSTM(6, 4, proj_size=2), (1, 6), [[272, 560, 752, 480], 0, 168, 224, 200]),
    (pc.LSTM(7, 8), (4, 7), [[3840, 9216, 11008, 7168], 0, 2176, 2432, 2496]),
    (pc.LSTM(3, 1, bidirectional=True), (4, 3), [[256, 560, 752, 496], 0, 192, 256, 272]),
    (pc.LSTM(7, 7, num_layers=3, proj_size=4), (4, 7), [[6720, 17920, 19488, 12768], 0, 4032, 6048, 4536]),
    (pc.LSTM(2, 4, num_layers=3, bias=False, proj_size=1), (2, 2), [[496, 1264, 1392, 896], 0, 248, 896, 464]),
    (pc.LSTM(None, 3, bidirectional=True, proj_size=1), (5, 1), [[540, 1332, 1572, 1032], 0, 510, 960, 780]),
    (pc.LSTM(8, 2, num_layers=3, bidirectional=True), (9, 8), [[6336, 16512, 18816, 12480], 0, 4032, 4896, 5112]),
    (pc.LSTM(1, 3, num_layers=3, bias=False, bidirectional=True, return_sequences=False, proj_size=2), (3, 1), [[2376, 6696, 6840, 4464], 0, 1188, 2016, 1620]),
    (pc.MultiheadAttention(2, 2, bias=False, add_bias_kv=True), (6, 2), [[528, 1440, 1584, 1392], 96, 0, 0, 336]),
    (pc.MultiheadAttention(6, 3, value_dim=3), (6, 6), [[3240, 8208, 9720, 7560], 1080, 207, 1080, 1242]),
    (pc.MultiheadAttention(6, 3, bias=False, add_bias_kv=True), (9, 6), [[4752, 12312, 14256, 11664], 1296, 0, 0, 2619]),
    (pc.MultiheadAttention(9, 3, bias=False, vdim=7), (7, 9), [[6048, 14994, 18144, 13860], 2142, 0, 0, 2814]),
    (pc.MultiheadAttention(3, 1, bias=False, kdim=5), (4, 3), [[528, 1320, 1584, 1248], 168, 0, 0, 344]),
    (pc.MultiheadAttention(9, 3, bias=False, vdim=6, num_kv_heads=1), (6, 9), [[3780, 9828, 11340, 8856], 1242, 207, 1242, 1242]),
    (pc.MultiheadAttention(4, 4), (7, 4), [[1680, 4368, 5040, 4144], 448, 0, 0, 1176]),
    (pc.Activation('silu'), (2, 2, 3, 4), [[0, 0, 0, 0], 0, 0, 0, 48]),
    (pc.Activation('relu'), (1, 4, 1, 1), [[0, 0, 0, 0], 0, 0, 0, 8]),
    (pc.Activation('elu'), (1, 2, 4, 4), [[0, 0, 0, 0], 0, 0, 0, 64]),
    (pc.Activation('gelu'), (2, 10), [[0, 0, 0, 0], 0, 0, 0, 40]),
    (pc.Activation('tanh'), (5,), [[0, 0, 0, 0], 0, 0, 0, 0]),
    (pc.Activation('softmax'), (1, 1, 2, 3), [[0, 0, 0, 0], 0, 0, 16, 6]),
    (pc.Activation('hardswish'), (3, 3, 2, 4), [[0, 0, 0, 0], 0, 0, 0, 0]),
    (pc.Activation('relu6'), (6, 3, 3), [[0, 0, 0, 0], 0, 0, 0, 54]),
    (pc.Activation('leaky_relu'), (4, 1, 3, 3), [[0, 0, 0, 0], 0, 0, 0, 36]),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "figures"), FIGURES, ids=lambda one: str(one)[:60])
def test_layers_cost_what_tools_for_torch_say(
    layer: pc.Layer, shape: tuple[int, ...], figures: list[Any]
) -> None:
    (forward, *trained), *others = figures
    for tool, figure in zip(TOOLS, others, strict=True):
        if figure is not None:
            assert pc.flops(layer, shape, convention=tool).num_ops == figure, tool
    assert pc.flops(layer, shape, convention="torch").num_ops == forward
    assert pc.flops(layer, shape).num_ops == forward // 2 == layer.num_macs(shape)
    after = pc.Sequential(pc.Scale(()), layer)
    for net, figure in zip((layer, after, after_frozen(layer)), trained, strict=True):
        assert pc.flops(net, shape, convention="torch", training=True).num_ops == figure


def after_frozen(layer: pc.Layer) -> pc.Layer:
    return pc.Sequential(pc.Scale(()), pc.freeze(layer))


def test_what_multiplies_has_a_rule_for_its_gradients() -> None:
    counted = [kinds for kinds, rule in TORCH.rules.items() if rule[0].endswith("accumulates")]
    gradients = {kind for kinds in GRADIENTS for kind in kinds}
    assert gradients == {kind for kinds in counted for kind in kinds}


def vision_transformer(patch: int, features: int, depth: int, heads: int, side: int) -> pc.Layer:
    """The layers of torchvision's that multiply, for an image of this side."""
    block = transformer_block(features, pc.MultiheadAttention(features, heads))
    return pc.Sequential(
        pc.Input(3, side, side),
        pc.Conv2d(3, features, patch, stride=patch),
        pc.Reshape((features, -1)),
        pc.Permute((1, 0)),
        pc.Concat(pc.Parameters(class_token=(1, features)), pc.Identity()),
        pc.Sequential([block] * depth),
        pc.Slice(0, 1),
        pc.Dense(features, 1000),
    )


@pytest.mark.parametrize(
    ("sizes", "billions"),
    [  # torchvision 0.21, `_ops` of the weights of vit_b_16, b_32, l_16, l_32, and h_14 at 518.
        ((16, 768, 12, 12, 224), 17.564),
        ((32, 768, 12, 12, 224), 4.409),
        ((16, 1024, 24, 16, 224), 61.555),
        ((32, 1024, 24, 16, 224), 15.378),
        ((14, 1280, 32, 16, 518), 1016.717),
    ],
)
def test_vision_transformers_are_what_torchvision_publishes(
    sizes: tuple[int, int, int, int, int], billions: float
) -> None:
    found = pc.flops(vision_transformer(*sizes))
    assert round(found.num_ops / 10**9, 3) == billions
    assert not found.not_counted
    if sizes == (16, 768, 12, 12, 224):
        assert found.num_ops == pc.flops(zoo.vit_b_16(), (3, 224, 224)).num_ops


def test_attention_in_fvcore_is_called_without_weights() -> None:
    layer = pc.MultiheadAttention(16, 4)
    assert pc.flops(layer, (10, 16), convention="fvcore").num_ops == 10_240
    assert pc.flops(layer, (10, 16)).num_ops == 13_440


def test_faults_of_fvcore_are_its_own() -> None:
    cases: list[tuple[pc.Layer, tuple[int, ...], int]] = [
        (pc.Upsample(scale_factor=2), (3, 8), 0),
        (pc.Upsample(scale_factor=2), (3, 4, 4, 4), 0),
        (pc.Upsample(scale_factor=2, mode="bicubic"), (3, 8, 8), 0),
        (pc.BatchNorm(3, track_running_stats=False), (3, 8, 8), 960),
        (pc.BatchNorm(3, affine=False, track_running_stats=False), (3, 8, 8), 768),
        (pc.Conv2d(3, 8, 3, padding="same"), (3, 8, 8), 0),
    ]
    for layer, shape, figure in cases:
        found = pc.flops(layer, shape, convention="fvcore")
        assert found.num_ops == figure
        assert found.not_counted == (("",) if figure == 0 else ())


def test_a_depthwise_convolution_with_a_multiplier_in_tensorflow() -> None:
    conv = pc.Conv2d(32, 64, 3, padding=1, groups=32)
    assert pc.flops(conv, (32, 13, 13), convention="tensorflow").num_ops == 205_504
    with_groups = pc.Conv2d(32, 64, 3, padding=1, groups=16)
    assert pc.flops(with_groups, (32, 13, 13), convention="tensorflow").num_ops == 10_816


def test_products_and_offsets() -> None:
    x, y = pc.Input(4, 5)(), pc.Input(5, 6)()
    product = pc.Graph((x, y), x @ y)
    counts = {
        tool: pc.flops(product, convention=tool).num_ops for tool in ("fvcore", "thop", "torch")
    }
    assert counts == {"fvcore": 120, "thop": 0, "torch": 240}
    trained = pc.Graph((x, y), pc.Scale(())(x) @ y)
    assert pc.flops(trained, training=True).num_ops == 2 * 120
    both = pc.Graph((x, y), pc.Scale(())(x) @ pc.Scale(())(y))
    assert pc.flops(both, training=True).num_ops == 3 * 120
    image, offset, mask = pc.Input(4, 5, 7)(), pc.Input(18, 3, 5)(), pc.Input(9, 3, 5)()
    conv = pc.DeformConv2d(4, 6, 3)
    for inputs, each in ((image, offset), 24), ((image, offset, mask), 25):
        net = pc.Graph(inputs, conv(*inputs))
        found = pc.flops(net, convention="ptflops").num_ops
        assert found == 15 * (9 * 4 * 6 + 9 * each) + 15 * 6
        for tool in "torchvision", "torch", "fvcore", "thop":
            assert pc.flops(net, convention=tool).not_counted == ("[0]",)


def test_attention_on_another_sequence_trains_what_needs_it() -> None:
    x, memory = pc.Input(4, 6)(), pc.Input(3, 6)()
    attention = pc.MultiheadAttention(6, 2)
    queries, keys, products = 4 * 36, 3 * 36, 2 * 4 * 3 * 6

    def parts(layer: pc.Layer, *inputs: Any) -> tuple[int, int]:
        row = pc.flops(pc.Graph((x, memory), layer(*inputs)), training=True).rows[-1]
        return row.num_input_gradient_ops, row.num_weight_gradient_ops

    weights = 2 * queries + 2 * keys
    assert parts(attention, x, memory) == (2 * products + queries, weights)
    assert parts(attention, pc.Scale(())(x), memory) == (2 * products + 2 * queries, weights)
    frozen = pc.freeze(attention)
    assert parts(frozen, x, memory) == (0, 0)
    # Of the queries alone: no gradient of keys and values, but of the scores.
    assert parts(frozen, pc.Scale(())(x), memory) == (products + 2 * queries, 0)
    memory_alone = parts(frozen, x, pc.Scale(())(memory))
    assert memory_alone == (products + products // 2 + 2 * keys + queries, 0)


def test_a_convolutional_lstm_trains_as_its_convolutions() -> None:
    layer, shape = pc.ConvLSTM2d(3, 4, 3, padding=1, return_sequences=True), (5, 3, 6, 7)
    of_input, of_output = 5 * 42 * 16 * 9 * 3, 5 * 42 * 16 * 9 * 4
    (row,) = pc.flops(layer, shape, training=True).rows
    assert row.num_forward_ops == row.num_weight_gradient_ops == of_input + of_output
    assert row.num_input_gradient_ops == of_output * 4 // 5
    after = pc.flops(pc.Sequential(pc.Scale(()), layer), shape, training=True).rows[1]
    assert after.num_input_gradient_ops == of_output * 4 // 5 + of_input
    frozen = pc.flops(pc.freeze(layer), shape, training=True).rows[0]
    assert frozen.num_ops == frozen.num_forward_ops
    biases = 5 * 42 * 16
    assert pc.flops(layer, shape, convention="thop").num_ops == of_input + of_output
    assert pc.flops(layer, shape, convention="ptflops").num_ops == of_input + of_output + biases
    last = pc.ConvLSTM2d(3, 4, 3, padding=1)
    assert pc.flops(last, shape, convention="ptflops").num_ops == of_input + of_output + biases


def test_frozen_parts_of_a_network() -> None:
    body = pc.Sequential(pc.Conv2d(3, 8, 3, padding=1), pc.Conv2d(8, 8, 3, padding=1))
    head = pc.Sequential(pc.Flatten(), pc.Dense(8 * 25, 10))
    whole = pc.Sequential(body=body, head=head)
    first, second, last = 3 * 8 * 9 * 25, 8 * 8 * 9 * 25, 2000

    def parts(net: pc.Layer) -> list[tuple[int, int]]:
        rows = pc.flops(net, (3, 5, 5), training=True).rows
        found = [(row.num_input_gradient_ops, row.num_weight_gradient_ops) for row in rows]
        return [one for one in found if one != (0, 0)]

    assert parts(whole) == [(0, first), (second, second), (last, last)]
    assert parts(pc.Sequential(pc.freeze(body), head)) == [(0, last)]
    middle = pc.Sequential(body[0], pc.freeze(body[1]), head)
    assert parts(middle) == [(0, first), (second, 0), (last, last)]
    assert parts(pc.freeze(whole)) == []
    each = pc.TimeDistributed(whole)
    trained = pc.flops(each, (4, 3, 5, 5), training=True).num_ops
    assert trained == 4 * pc.flops(whole, (3, 5, 5), training=True).num_ops
    shared = pc.Shared("same", pc.Dense(6, 6, bias=False))
    twice = pc.flops(pc.Sequential(shared, shared), (6,), training=True)
    assert [row.num_ops for row in twice.rows] == [72, 108]


class Own(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or ()

    def num_macs(self, input_shape: pc.Shape | None = None) -> int:
        return 100


def test_a_layer_of_ones_own_has_gradients_as_a_dense_one() -> None:
    net = pc.Sequential(pc.Dense(3, 3, bias=False), Own())
    assert [row.num_ops for row in pc.flops(net, (3,), training=True).rows] == [18, 200]


def test_what_is_not_counted_is_said() -> None:
    net = pc.Sequential(
        pc.Conv2d(3, 8, 3), pc.Pool(2), pc.Conv2d(8, 8, 3, padding="same"), pc.Pool(2)
    )
    found = pc.flops(net, (3, 16, 16), convention="fvcore")
    assert found.notes[1] == "not counted: Pool at [1] and 1 more, Conv2d at [2]"
    assert found.not_counted == ("[1]", "[2]", "[3]")
    assert [row.num_ops for row in found.rows] == [42_336, 0, 0, 0]
    cells = [line.split()[-1] for line in str(found).splitlines()[2:6]]
    assert cells == ["42,336", "–", "–", "–"]
    assert [one["is_counted"] for one in found.to_records()] == [True, False, False, False]
    lstm = pc.flops(pc.freeze(pc.LSTM(4, 3)), (5, 4), convention="fvcore")
    assert lstm.notes[1] == "not counted: LSTM"
    assert pc.flops(net, (3, 16, 16), convention="thop").notes[1:] == ()


def test_how_a_training_step_is_shown() -> None:
    found = pc.flops(pc.Sequential(pc.Dense(4, 3), pc.Dense(3, 2)), (4,), training=True)
    assert str(found) == (
        "path   layer        forward  for inputs  for weights  MACs by torchvision\n"
        "─────────────────────────────────────────────────────────────────────────\n"
        "[0]    Dense(4, 3)       12           0           12                   24\n"
        "[1]    Dense(3, 2)        6           6            6                   18\n"
        "─────────────────────────────────────────────────────────────────────────\n"
        "total                    18           6           18                   42\n"
        "─────────────────────────────────────────────────────────────────────────\n"
        "torchvision: MACs, one for each multiply-accumulate of a matrix product or\n"
        "convolution"
    )
    assert found.to_records()[1] == {
        "path": "[1]",
        "layer": "Dense(3, 2)",
        "num_forward_ops": 6,
        "num_input_gradient_ops": 6,
        "num_weight_gradient_ops": 6,
        "num_ops": 18,
        "is_counted": True,
    }


def test_all_conventions_side_by_side() -> None:
    net = pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2), pc.Flatten())
    found = pc.compare_flops(net, (3, 6, 6))
    tools = [one.convention for one in found.columns]
    assert tools == ["torchvision", "torch", "fvcore", "torchinfo", "thop", "ptflops", "tensorflow"]
    for column in found.columns:
        alone = pc.flops(net, (3, 6, 6), convention=column.convention)
        assert column == alone
    assert found.to_records()[1] == {
        "path": "[1]",
        "layer": "Pool(2)",
        **dict.fromkeys(map(str, tools), 0),
        "fvcore": None,
        "ptflops": 2 * 8 * 16,
        "tensorflow": 4 * 8 * 4,
    }
    assert [rule.partition(":")[0] for rule in found.rules] == ["Conv2d", "Pool"]
    assert "torchvision, torch, torchinfo" in found.rules[1]
    assert found.notes[:4] == (
        "MACs: torchvision, fvcore, thop, ptflops",
        "FLOPs: torch, tensorflow",
        "mult-adds: torchinfo",
        "–: not counted",
    )
    assert str(found).splitlines()[3].split()[-5:] == ["–", "0", "0", "256", "128"]
    assert found._repr_html_().count("<tr") == 5  # pyright: ignore[reportPrivateUsage]
    same = pc.compare_flops(pc.Flatten(), (3, 6, 6))
    assert same.rules == ()
    assert "–: not counted" not in same.notes
    with pytest.raises(TypeError, match=r"^compare_flops: network must be a Layer, got None$"):
        pc.compare_flops(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
