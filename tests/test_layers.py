"""What each layer does beyond the laws: its output, its tensors, its counts."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import pytest

import paramcalc as pc


def test_conv_padding_of_uneven_sides() -> None:
    assert pc.Conv1d(1, 1, 3, padding=((0, 1),)).output_shape((1, 10)) == (1, 9)
    assert pc.Conv2d(1, 1, 3, 2, ((0, 1), (1, 1))).output_shape((1, 32, 32)) == (1, 16, 16)


def test_conv_tensors_are_torchs() -> None:
    assert pc.Conv2d(4, 6, (3, 5), groups=2).parameters() == (
        pc.Parameter("weight", (6, 2, 3, 5)),
        pc.Parameter("bias", (6,)),
    )
    assert pc.Conv1d(4, 6, 3, bias=False).parameters() == (pc.Parameter("weight", (6, 4, 3)),)


def test_dense_tensors_are_torchs() -> None:
    assert pc.Dense(4, 6).parameters() == (
        pc.Parameter("weight", (6, 4)),
        pc.Parameter("bias", (6,)),
    )
    assert pc.Dense(None, 6, bias=False).parameters((3, 4)) == (pc.Parameter("weight", (6, 4)),)


def test_batch_norm_tensors_are_torchs() -> None:
    trained = pc.Parameter("weight", (5,)), pc.Parameter("bias", (5,))
    kept = (
        pc.Parameter("running_mean", (5,), trainable=False),
        pc.Parameter("running_var", (5,), trainable=False),
    )
    assert pc.BatchNorm(5).parameters() == trained + kept
    assert pc.BatchNorm(5, affine=False).parameters() == kept
    assert pc.BatchNorm(5, track_running_stats=False).parameters() == trained
    assert pc.BatchNorm(affine=False).num_params() == 0
    assert pc.BatchNorm(affine=False, track_running_stats=False).parameters() == ()


def shapes(layer: pc.Layer) -> dict[str, tuple[int, ...]]:
    """The tensors; that they are as many values as the formula says is seen to."""
    assert layer.num_params() == sum([one.size for one in layer.parameters()])
    return {one.name: one.shape for one in layer.parameters()}


def test_recurrent_tensors_are_torchs() -> None:
    assert shapes(pc.RNN(5, 4)) == {
        "weight_ih_l0": (4, 5),
        "weight_hh_l0": (4, 4),
        "bias_ih_l0": (4,),
        "bias_hh_l0": (4,),
    }
    assert shapes(pc.GRU(5, 4, 2, recurrent_bias=False)) == {
        "weight_ih_l0": (12, 5),
        "weight_hh_l0": (12, 4),
        "bias_ih_l0": (12,),
        "weight_ih_l1": (12, 4),
        "weight_hh_l1": (12, 4),
        "bias_ih_l1": (12,),
    }
    assert shapes(pc.LSTM(5, 4, bias=False, bidirectional=True, proj_size=3)) == {
        "weight_ih_l0": (16, 5),
        "weight_hh_l0": (16, 3),
        "weight_hr_l0": (3, 4),
        "weight_ih_l0_reverse": (16, 5),
        "weight_hh_l0_reverse": (16, 3),
        "weight_hr_l0_reverse": (3, 4),
    }


def test_attention_tensors_are_torchs() -> None:
    assert shapes(pc.MultiheadAttention(6, 2)) == {
        "in_proj_weight": (18, 6),
        "in_proj_bias": (18,),
        "out_proj.weight": (6, 6),
        "out_proj.bias": (6,),
    }
    assert shapes(pc.MultiheadAttention(6, 2, bias=False, add_bias_kv=True, vdim=5)) == {
        "q_proj_weight": (6, 6),
        "k_proj_weight": (6, 6),
        "v_proj_weight": (6, 5),
        "bias_k": (1, 1, 6),
        "bias_v": (1, 1, 6),
        "out_proj.weight": (6, 6),
    }
    assert shapes(pc.MultiheadAttention(6, 4, kdim=7, vdim=5, num_kv_heads=2, head_dim=3)) == {
        "q_proj.weight": (12, 6),
        "q_proj.bias": (12,),
        "k_proj.weight": (6, 7),
        "k_proj.bias": (6,),
        "v_proj.weight": (6, 5),
        "v_proj.bias": (6,),
        "out_proj.weight": (6, 12),
        "out_proj.bias": (6,),
    }
    assert shapes(pc.MultiheadAttention(6, 2, bias=False, value_dim=4)) == {
        "q_proj.weight": (6, 6),
        "k_proj.weight": (6, 6),
        "v_proj.weight": (8, 6),
        "out_proj.weight": (6, 8),
    }
    weights = {
        "self_attn.in_proj_weight": (18, 6),
        "self_attn.out_proj.weight": (6, 6),
        "linear1.weight": (7, 6),
        "linear2.weight": (6, 7),
        "norm1.weight": (6,),
        "norm2.weight": (6,),
    }
    assert shapes(pc.TransformerEncoderLayer(6, 2, 7, bias=False)) == weights
    biases = {name.replace("weight", "bias"): shape[:1] for name, shape in weights.items()}
    encoder = pc.TransformerEncoderLayer(6, 2, 7)
    assert shapes(encoder) == weights | biases
    assert encoder.num_params() == 168 + (6 + 1) * 7 + (7 + 1) * 6 + 2 * 2 * 6 == 289
    assert encoder.num_macs((3, 6)) == 3 * (4 * 36 + 2 * 42) + 2 * 3 * 3 * 6
    assert pc.MultiheadAttention(6, 2).num_params() == 168


def test_grouped_attention_of_a_published_network() -> None:
    # Mistral 7B, Jiang and others, table 1: dim 4096, 32 heads of 128, 8 of keys and values.
    attention = pc.MultiheadAttention(4096, 32, bias=False, num_kv_heads=8)
    assert attention.num_params() == 4096 * 4096 * 2 + 2 * 4096 * 8 * 128 == 41_943_040
    feed_forward, norms, table = 3 * 4096 * 14336, 2 * 4096, 2 * 32000 * 4096
    assert 32 * (attention.num_params() + feed_forward + norms) + table + 4096 == 7_241_732_096
    # Gemma 7B, Gemma Team, table 1: dim 3072, 16 heads of 256.
    assert pc.MultiheadAttention(3072, 16, bias=False, head_dim=256).num_params() == 4 * 3072 * 4096


def test_norm_and_transposed_tensors_are_torchs() -> None:
    assert shapes(pc.LayerNorm((3, 4))) == {"weight": (3, 4), "bias": (3, 4)}
    assert shapes(pc.RMSNorm(4)) == {"weight": (4,)}
    assert shapes(pc.GroupNorm(2, 4)) == {"weight": (4,), "bias": (4,)}
    assert shapes(pc.InstanceNorm(4)) == shapes(pc.LayerNorm(4, elementwise_affine=False)) == {}
    assert shapes(pc.PReLU(4)) == {"weight": (4,)}
    assert shapes(pc.Scale(())) == {"gamma": ()}
    assert shapes(pc.Scale((4, 1, 1))) == {"gamma": (4, 1, 1)}
    of_channels = pc.Scale().parameters((4, 5, 6))
    assert of_channels == (pc.Parameter("gamma", (4, 1, 1)),)
    assert pc.Scale(data_format="channels_last").parameters((5, 6, 4)) == pc.Scale(4).parameters()
    assert shapes(pc.GroupNorm(2, 4, affine=False)) == {}
    assert shapes(pc.Embedding(5, 4)) == {"weight": (5, 4)}
    assert shapes(pc.ConvTranspose2d(4, 6, (2, 3), groups=2)) == {
        "weight": (4, 3, 2, 3),
        "bias": (6,),
    }


def test_normalization_with_a_scale_or_a_shift_alone() -> None:
    norms: list[Any] = [
        pc.BatchNorm(4, track_running_stats=False),
        pc.InstanceNorm(4, affine=True),
        pc.GroupNorm(2, 4),
        pc.LayerNorm(4),
    ]
    for norm in norms:
        scaled, shifted = [dataclasses.replace(norm, **{one: False}) for one in ("bias", "scale")]
        assert shapes(norm) == {"weight": (4,), "bias": (4,)}
        assert (shapes(scaled), shapes(shifted)) == ({"weight": (4,)}, {"bias": (4,)})
        assert shapes(dataclasses.replace(scaled, scale=False)) == {}
    assert pc.BatchNorm(bias=False, scale=False).num_params() == 0


def test_prelu_has_a_slope_per_position_of_the_axes_that_are_not_shared() -> None:
    for shared, weight in [((), (4, 5, 6)), ((1, 2), (4, 1, 1)), ((-1, 0), (1, 5, 1))]:
        layer = pc.PReLU(shared_axes=shared)
        assert layer.parameters((4, 5, 6)) == (pc.Parameter("weight", weight),)
        assert layer.num_params((4, 5, 6)) == math.prod(weight)
    with pytest.raises(pc.ShapeError, match="number of parameters depends on the input"):
        pc.PReLU(shared_axes=(0,)).num_params()


def test_prelus_on_inputs_of_different_shapes_have_their_own_working() -> None:
    net = pc.Sequential(pc.PReLU(shared_axes=()), pc.Pool(2), pc.PReLU(shared_axes=()))
    assert pc.summary(net, (3, 8, 8)).to_records()[2]["num_params"] == 48
    assert [row["working"] for row in pc.summary(net, (3, 8, 8)).to_records()] == [
        "3·8·8",
        "",
        "3·4·4",
    ]
    frozen = pc.summary(pc.freeze(net), (3, 8, 8))
    assert frozen.num_frozen == 3 * 8 * 8 + 3 * 4 * 4


def test_macs_of_one_layer() -> None:
    assert pc.Conv2d(3, 64, 3, padding=1).num_macs((3, 224, 224)) == 86_704_128
    assert pc.Conv2d(8, 8, 3, groups=8).num_macs((8, 5, 5)) == 3 * 3 * 8 * 3 * 3
    assert pc.Dense(4, 6).num_macs((3, 5, 4)) == 3 * 5 * 4 * 6
    assert pc.BatchNorm(4).num_macs() == pc.Pool(2).num_macs() == pc.Flatten().num_macs() == 0


def test_macs_are_uses_of_weights() -> None:
    """Of each tensor with two axes or more, at each position; the rest are biases."""

    def weights(layer: pc.Layer) -> int:
        return sum([one.size for one in layer.parameters() if len(one.shape) > 1])

    lstm = pc.LSTM(5, 4, 3, bidirectional=True, proj_size=2)
    for sequence in lstm, pc.RNN(5, 4, 2), pc.GRU(5, 4, bias=False):
        assert sequence.num_macs((7, 5)) == 7 * weights(sequence)
    conv = pc.ConvTranspose2d(6, 4, (2, 3), 5, groups=2)
    assert conv.num_macs((6, 3, 4)) == 3 * 4 * weights(conv)
    encoder = pc.TransformerEncoderLayer(6, 2, 10)
    assert encoder.num_macs((7, 6)) == 7 * weights(encoder) + 2 * 7 * 7 * 6
    assert pc.Embedding(5, 4).num_macs((7,)) == pc.LayerNorm(5).num_macs((7, 5)) == 0


@pytest.mark.parametrize(
    ("layer", "count"),
    [
        # Read off Keras 3.15.1: units=64 on 128 features.
        (pc.RNN(128, 64, recurrent_bias=False), 12_352),
        (pc.LSTM(128, 64, recurrent_bias=False), 49_408),
        (pc.GRU(128, 64, recurrent_bias=False), 37_056),  # reset_after=False
        (pc.GRU(128, 64), 37_248),
        (pc.LSTM(128, 64, recurrent_bias=False, bidirectional=True), 98_816),
    ],
)
def test_parameters_of_the_recurrent_layers_of_keras(layer: pc.Layer, count: int) -> None:
    assert layer.num_params() == count
    assert not any("bias_hh" in one.name for one in layer.parameters()) or count == 37_248


@pytest.mark.parametrize(
    ("layer", "shape", "output"),
    [
        (pc.ConvTranspose1d(2, 3, 3, output_padding=1, dilation=2), (2, 4), (3, 9)),
        (pc.Conv1d(2, 3, 3, 2, "causal", 4), (2, 9), (3, 5)),
        (pc.LayerNorm(), (4, 5), (4, 5)),
        (pc.AdaptivePool((None, 3)), (2, 5, 6), (2, 5, 3)),
        (pc.GlobalPool(data_format="channels_last"), (5, 6, 2), (2,)),
        (pc.Pad(((1, 2), (0, 3))), (2, 5, 6), (2, 8, 9)),
        (pc.Pad(4, "reflect"), (2, 5), (2, 13)),
        (pc.Pad(5, "circular"), (2, 5), (2, 15)),
        (pc.Crop(((1, 2), (0, 3))), (2, 5, 6), (2, 2, 3)),
        (pc.CenterCrop((4, 9)), (2, 5, 6), (2, 4, 9)),
        (pc.Upsample((4, 9)), (2, 5, 6), (2, 4, 9)),
        (pc.Upsample(scale_factor=(2, 3)), (2, 5, 6), (2, 10, 18)),
        (pc.Upsample(scale_factor=1.5), (2, 5, 6), (2, 7, 9)),
        (pc.Upsample(scale_factor=(0.5, 3)), (2, 5, 6), (2, 2, 18)),
        # As torch 2.13 multiplies: 10·0.7 is 7, and 100·0.29 is less than 29.
        (pc.Upsample(scale_factor=(0.7, 0.29)), (2, 10, 100), (2, 7, 28)),
        (pc.PixelShuffle(2), (12, 5, 6), (3, 10, 12)),
        (pc.PixelShuffle(2, data_format="channels_last"), (5, 6, 12), (10, 12, 3)),
        (pc.PixelUnshuffle(3), (2, 6, 9), (18, 2, 3)),
        (pc.Reshape((3, -1, 2)), (12, 4), (3, 8, 2)),
        (pc.Permute((2, 0, 1)), (4, 5, 6), (6, 4, 5)),
        (pc.Slice(1, -1, dim=-2), (4, 5, 6), (4, 3, 6)),
        (pc.RepeatVector(4), (6,), (4, 6)),
        (pc.Embedding(10, 3), (4, 5), (4, 5, 3)),
        (pc.LSTM(5, 4, 2, bidirectional=True, proj_size=3), (7, 5), (7, 6)),
        (pc.Conv3d(1, 2, (1, 2, 3), (1, 1, 2)), (1, 9, 9, 9), (2, 9, 8, 4)),
    ],
)
def test_output_shape_of_a_layer(
    layer: pc.Layer, shape: tuple[int, ...], output: tuple[int, ...]
) -> None:
    left = layer.output_shape(shape)
    assert left == output
    assert {type(length) for length in left} == {int}


def test_counts_with_features_taken_from_the_last_axis() -> None:
    assert pc.LayerNorm().num_params((4, 5)) == 2 * 5
    assert pc.MultiheadAttention(4, 2, add_bias_kv=True).num_macs((3, 4)) == 3 * 64 + 2 * 3 * 4 * 4


def test_recurrent_layer_returns_the_last_of_a_sequence() -> None:
    gru = pc.GRU(8, 5, bidirectional=True)
    assert gru.output_shape((7, 8)) == (7, 10)
    last = dataclasses.replace(gru, return_sequences=False)
    assert last.output_shape((7, 8)) == (10,)
    assert last.num_params() == gru.num_params()


def test_repeated_features_come_from_their_own_alone() -> None:
    assert pc.RepeatVector(3).sources((8,)) == (None, (0, pc.layers.Window()))
    with pytest.raises(pc.ShapeError, match="expects \\(features\\)"):
        pc.RepeatVector(3).sources((8, None))


def test_rnn_of_10_000_layers_is_counted() -> None:
    assert pc.RNN(4, 4, 10_000).num_params() == 10_000 * pc.RNN(4, 4).num_params()


def test_conv_transpose_with_same_padding_multiplies_lengths_by_the_stride() -> None:
    for kernel_size in (1, 2, 5):
        conv = pc.ConvTranspose2d(8, 4, kernel_size, stride=(2, 3), padding="same")
        assert conv.output_shape((8, 7, 5)) == (4, 14, 15)


def test_depthwise_convolution_is_a_convolution_of_as_many_groups_as_channels() -> None:
    shape = (6, 9, 11)
    paddings: list[Any] = ["same", 1]
    for number, same in itertools.product((1, 2, 3), paddings):
        depthwise = pc.DepthwiseConv2d((3, 2), (1, 2), same, number, bias=number < 3)
        conv = pc.Conv2d(6, 6 * number, (3, 2), (1, 2), same, groups=6, bias=number < 3)
        assert depthwise.output_shape(shape) == conv.output_shape(shape)
        assert depthwise.parameters(shape) == conv.parameters()
        assert depthwise.num_params(shape) == conv.num_params()
        assert depthwise.num_macs(shape) == conv.num_macs(shape)
        assert depthwise.sources(shape) == conv.sources(shape)


@pytest.mark.parametrize(
    ("layer", "shape", "output", "weight", "bias"),
    [
        # Read off tf_keras 2.21, which is Keras 2.
        (pc.LocallyConnected2d(5, (3, 2), (2, 1)), (4, 7, 6), (5, 3, 5), (15, 24, 5), (3, 5, 5)),
        (pc.LocallyConnected2d(5, (3, 2), (2, 1)), (7, 6, 4), (5, 2, 3), (6, 42, 5), (2, 3, 5)),
    ],
)
def test_locally_connected_layer_has_weights_at_each_position(
    layer: pc.Layer,
    shape: tuple[int, ...],
    output: tuple[int, ...],
    weight: tuple[int, ...],
    bias: tuple[int, ...],
) -> None:
    assert layer.output_shape(shape) == output
    assert [one.shape for one in layer.parameters(shape)] == [weight, bias]
    assert layer.num_params(shape) == math.prod(weight) + math.prod(bias)
    assert layer.num_macs(shape) == math.prod(weight)
    assert layer.sources(shape) == pc.Conv2d(None, 5, (3, 2), (2, 1)).sources(shape)


def test_equal_convolutions_on_different_channels_have_their_own_working() -> None:
    net = pc.Sequential([pc.DepthwiseConv2d(3, depth_multiplier=2)] * 2)
    records = pc.summary(net, (3, 9, 9)).to_records()
    assert [one["working"] for one in records] == ["(3·3 + 1)·3·2", "(3·3 + 1)·6·2"]
    local = pc.Sequential([pc.LocallyConnected2d(1, 2)] * 2)
    counts = [one["working"] for one in pc.summary(local, (1, 4, 4)).to_records()]
    assert counts == [f"({n} − 2 + 1)·({n} − 2 + 1)·(2·2·1 + 1)·1" for n in (4, 3)]


def test_separable_convolution_is_a_depthwise_and_a_pointwise_one() -> None:
    separable = pc.SeparableConv2d(5, 3, 2, 1, 2, 4)
    parts = pc.Conv2d(6, 24, 3, 2, 1, 2, groups=6, bias=False), pc.Conv2d(24, 5, 1)
    apart = pc.Sequential(depthwise=parts[0], pointwise=parts[1])
    shape = (6, 9, 11)
    assert separable.output_shape(shape) == apart.output_shape(shape)
    assert separable.parameters(shape) == apart.parameters()
    assert separable.num_params(shape) == apart.num_params() == 3 * 3 * 24 + (24 + 1) * 5
    assert separable.num_macs(shape) == apart.num_macs(shape)
    fields = [pc.receptive_field(one, shape) for one in (separable, apart)]
    assert fields[0].size == fields[1].size == (5, 5)
    assert fields[0].interval((1, 1)) == fields[1].interval((1, 1))
    assert [step.path for step in pc.trace(separable, shape)] == ["depthwise", "pointwise"]
    assert pc.Sequential(separable)["[0]"] == separable
    assert pc.Sequential(separable)["[0].pointwise"] == pc.Conv2d(None, 5, 1)
    net = pc.Sequential(pc.SeparableConv2d(5, 3), pc.Pool(2), data_format="channels_last")
    assert net.output_shape((9, 11, 6)) == (3, 4, 5)


def test_parameters_of_a_depthwise_and_a_pointwise_convolution() -> None:
    separable = pc.Sequential(
        depthwise=pc.Conv2d(32, 32, 3, groups=32), pointwise=pc.Conv2d(32, 64, 1)
    )
    assert separable.num_params() == (3 * 3 + 1) * 32 + (32 + 1) * 64 == 2_432
    assert pc.Conv2d(32, 64, 3).num_params() == 18_496


def test_flatten_of_some_axes() -> None:
    shape = (2, 3, 4, 5)
    assert pc.Flatten(1).output_shape(shape) == (2, 60)
    assert pc.Flatten(1, 2).output_shape(shape) == (2, 12, 5)
    assert pc.Flatten(-2, -2).output_shape(shape) == shape
    assert pc.Flatten(0, -2).output_shape(shape) == (24, 5)


def test_a_parameter_has_a_size() -> None:
    assert pc.Parameter("weight", (3, 4)).size == 12
    assert pc.Parameter("scale", ()).size == 1
    assert pc.Parameter("weight", [3, 4]).shape == (3, 4)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_shape_of_a_parameter_is_of_plain_ints() -> None:
    class Index:
        def __index__(self) -> int:
            return 3

    shape: Any = (4, Index())
    assert pc.Parameter("weight", shape).shape == (4, 3)
    parameter = pc.Parameter("weight", (True + 3, pc.formulas.Term(3, "C")))
    assert [type(one) for one in parameter.shape] == [int, pc.formulas.Term]
    assert parameter.size == 12
