"""What each layer does beyond the laws: its forms of writing, its defaults, its tensors."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from layers import ROW_OF, ROWS

import paramcalc as pc

if TYPE_CHECKING:
    from rows import Row


def test_every_public_layer_has_one_row() -> None:
    public: list[Any] = [getattr(pc, name) for name in pc.__all__]
    layers = {one for one in public if isinstance(one, type) and issubclass(one, pc.Layer)}
    assert {*ROW_OF} == layers - {pc.Layer}
    assert len(ROW_OF) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_examples_of_a_row_fit_its_shape_and_state_every_field(row: Row) -> None:
    examples = row.examples()
    for layer in examples:
        assert type(layer) is row.kind
        assert min(layer.output_shape(row.shape)) >= 1
        assert layer.num_params(row.shape) >= 0
    for field in row.fields:
        assert any(getattr(layer, field) not in (None, ()) for layer in examples), field
    assert not row.open_field or getattr(examples[0], row.open_field) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pc.Conv2d(3, 5, 3), pc.Conv2d(3, 5, (3, 3))),
        (pc.Conv2d(3, 5, 3), pc.Conv2d(3, 5, [3, 3])),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (pc.Conv2d(3, 5, 3, 2, 1, 2), pc.Conv2d(3, 5, (3, 3), (2, 2), (1, 1), (2, 2))),
        (pc.Conv2d(3, 5, 3), pc.Conv2d(3, 5, 3, padding="valid")),
        (pc.Conv2d(3, 5, 3, padding=(1, 2)), pc.Conv2d(3, 5, 3, padding=((1, 1), (2, 2)))),
        (pc.Conv1d(3, 5, 3), pc.Conv1d(3, 5, (3,))),
        (pc.Pool(2), pc.Pool(2, 2)),
        (pc.Pool((2, 2)), pc.Pool((2, 2), 2)),
        (pc.Pool(2, 2, (1, 1)), pc.Pool((2, 2), (2, 2), ((1, 1), (1, 1)))),
        (pc.Pool(2, padding="valid"), pc.Pool(2)),
        (pc.Input(1, 28, 28), pc.Input(shape=(1, 28, 28))),
        (pc.Input(1, 28, 28), pc.Input((1, 28, 28))),
        (pc.Sequential(pc.Pool(2)), pc.Sequential([pc.Pool(2)])),
        (pc.Add(pc.Pool(2)), pc.Add([pc.Pool(2)])),
        (pc.Concat(pc.Pool(2), dim=0), pc.Concat((pc.Pool(2),))),
        (pc.ConvTranspose2d(3, 5, 3), pc.ConvTranspose2d(3, 5, (3, 3), 1, "valid")),
        (pc.LayerNorm(7), pc.LayerNorm((7,))),
        (pc.Pad((1, 1)), pc.Pad(((1, 1), (1, 1)))),
        (pc.Permute((-1, 0, 1)), pc.Permute((2, 0, 1))),
        (pc.MultiheadAttention(8, 2, kdim=8), pc.MultiheadAttention(8, 2)),
    ],
)
def test_fields_that_mean_the_same_are_stored_the_same(one: pc.Layer, other: pc.Layer) -> None:
    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pc.Conv1d(3, 5, 3), pc.Conv2d(3, 5, 3)),
        (pc.Conv2d(3, 5, 3), pc.Conv2d(None, 5, 3)),
        (pc.Conv2d(3, 5, 3, padding=1), pc.Conv2d(3, 5, 3, padding="same")),
        (pc.Pool(2), pc.Pool((2, 2))),  # Any number of axes, and two of them.
        (pc.Pool(2), pc.Pool(2, mode="avg")),
        (pc.Sequential(pc.Pool(2)), pc.Sequential(pool=pc.Pool(2))),
        (pc.Sequential(pc.Pool(2)), pc.Pool(2)),
        (pc.Identity(), pc.Activation("")),
        (pc.Add(pc.Identity()), pc.Multiply(pc.Identity())),
        (pc.Add(pc.Identity()), pc.Sequential(pc.Identity())),
        (pc.Concat(pc.Identity()), pc.Concat(pc.Identity(), dim=-1)),
        (pc.RNN(3, 4), pc.GRU(3, 4)),
        (pc.LayerNorm(7), pc.RMSNorm(7)),
        (pc.Pad(1), pc.Pad((1, 1))),
    ],
)
def test_layers_that_differ_are_not_equal(one: pc.Layer, other: pc.Layer) -> None:
    assert one != other


@pytest.mark.parametrize(
    "text",
    [
        "Conv2d(3, 5, 5)",
        "Conv2d(None, 5, (3, 5), stride=2, padding=1, dilation=(1, 2), bias=False)",
        "Conv2d(4, 8, 3, padding='same', groups=2, data_format='channels_last')",
        "Conv2d(3, 5, 3, padding=((0, 1), (2, 0)))",
        "Conv1d(7, 32, 5, padding=2)",
        "Conv1d(7, 32, 5, padding=((0, 2),))",
        "Pool(2)",
        "Pool(3, stride=2, padding=1, ceil_mode=True, mode='avg')",
        "Pool((2, 1))",
        "Dense(None, 10)",
        "Dense(192, 128, bias=False)",
        "BatchNorm()",
        "BatchNorm(64, affine=False)",
        "Flatten()",
        "Flatten(1, end_dim=2)",
        "Input(1, 28, 28)",
        "Activation('relu')",
        "Dropout()",
        "Dropout(0.25)",
        "Identity()",
        "PReLU()",
        "PReLU(64)",
        "ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1)",
        "ConvTranspose1d(None, 32, 3, padding='same', groups=2, bias=False, dilation=2)",
        "GroupNorm(32, 64)",
        "GroupNorm(32, None, affine=False)",
        "InstanceNorm(64, affine=True)",
        "LayerNorm()",
        "LayerNorm(768, bias=False)",
        "LayerNorm((3, 4), elementwise_affine=False)",
        "RMSNorm(768)",
        "GlobalPool()",
        "GlobalPool(mode='max')",
        "AdaptivePool(7)",
        "AdaptivePool((None, 7), mode='max')",
        "Pad(1)",
        "Pad(((0, 1), (2, 2)), mode='reflect')",
        "Crop((1, 2))",
        "Upsample(32)",
        "Upsample(scale_factor=2, mode='bilinear')",
        "PixelShuffle(3)",
        "PixelUnshuffle(3, data_format='channels_last')",
        "Reshape((3, -1))",
        "Permute((1, 0))",
        "Embedding(100, 8)",
        "RNN(128, 64)",
        "GRU(None, 64, bidirectional=True, recurrent_bias=False)",
        "LSTM(128, 64, num_layers=2, return_sequences=False, proj_size=7)",
        "MultiheadAttention(8, 2, add_bias_kv=True, kdim=3)",
        "TransformerEncoderLayer(512, 8)",
        "TransformerEncoderLayer(512, 8, dim_feedforward=64, bias=False)",
        "Add(Identity(), Pool(3, stride=1, padding=1))",
        "Multiply(body=Identity(), gate=Dense(None, 1))",
        "Concat(Identity(), Identity())",
        "Concat(a=Identity(), b=Identity(), dim=-1)",
        "Sequential()",
        "Sequential(Pool(2), Sequential(Flatten()))",
        "Sequential(features=Sequential(Pool(2)), head=Dense(None, 10))",
    ],
)
def test_repr_is_the_shortest_call(text: str) -> None:
    assert repr(eval(text, {name: getattr(pc, name) for name in pc.__all__})) == text  # noqa: S307  # what repr promises


@pytest.mark.parametrize("kind", [*ROW_OF, pc.Parameter, pc.layers.Window])
def test_annotations_can_be_resolved_at_run_time(kind: type) -> None:
    assert set(get_type_hints(kind)) >= {field.name for field in dataclasses.fields(kind)}


def test_fields_are_those_of_torch_in_their_order() -> None:
    assert [field.name for field in dataclasses.fields(pc.Conv2d)] == [
        "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups",
        "bias", "data_format",
    ]  # fmt: skip
    assert [field.name for field in dataclasses.fields(pc.Pool)] == [
        "kernel_size", "stride", "padding", "dilation", "ceil_mode", "mode", "data_format",
    ]  # fmt: skip
    assert [field.name for field in dataclasses.fields(pc.ConvTranspose2d)] == [
        "in_channels", "out_channels", "kernel_size", "stride", "padding", "output_padding",
        "groups", "bias", "dilation", "data_format",
    ]  # fmt: skip
    assert pc.LSTM.__match_args__ == ("input_size", "hidden_size", "num_layers", "bias")
    assert pc.GroupNorm.__match_args__ == ("num_groups", "num_channels", "affine")
    assert pc.Upsample.__match_args__ == ("size", "scale_factor", "mode")


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
    learnt = pc.Parameter("weight", (5,)), pc.Parameter("bias", (5,))
    kept = (
        pc.Parameter("running_mean", (5,), trainable=False),
        pc.Parameter("running_var", (5,), trainable=False),
    )
    assert pc.BatchNorm(5).parameters() == learnt + kept
    assert pc.BatchNorm(5, affine=False).parameters() == kept
    assert pc.BatchNorm(5, track_running_stats=False).parameters() == learnt
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


def test_norm_and_transposed_tensors_are_torchs() -> None:
    assert shapes(pc.LayerNorm((3, 4))) == {"weight": (3, 4), "bias": (3, 4)}
    assert shapes(pc.RMSNorm(4)) == {"weight": (4,)}
    assert shapes(pc.GroupNorm(2, 4)) == {"weight": (4,), "bias": (4,)}
    assert shapes(pc.InstanceNorm(4)) == shapes(pc.LayerNorm(4, elementwise_affine=False)) == {}
    assert shapes(pc.PReLU(4)) == {"weight": (4,)}
    assert shapes(pc.GroupNorm(2, 4, affine=False)) == {}
    assert shapes(pc.Embedding(5, 4)) == {"weight": (5, 4)}
    assert shapes(pc.ConvTranspose2d(4, 6, (2, 3), groups=2)) == {
        "weight": (4, 3, 2, 3),
        "bias": (6,),
    }


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
        (pc.LayerNorm(), (4, 5), (4, 5)),
        (pc.AdaptivePool((None, 3)), (2, 5, 6), (2, 5, 3)),
        (pc.GlobalPool(data_format="channels_last"), (5, 6, 2), (2,)),
        (pc.Pad(((1, 2), (0, 3))), (2, 5, 6), (2, 8, 9)),
        (pc.Pad(4, "reflect"), (2, 5), (2, 13)),
        (pc.Pad(5, "circular"), (2, 5), (2, 15)),
        (pc.Crop(((1, 2), (0, 3))), (2, 5, 6), (2, 2, 3)),
        (pc.Upsample((4, 9)), (2, 5, 6), (2, 4, 9)),
        (pc.Upsample(scale_factor=(2, 3)), (2, 5, 6), (2, 10, 18)),
        (pc.PixelShuffle(2), (12, 5, 6), (3, 10, 12)),
        (pc.PixelShuffle(2, data_format="channels_last"), (5, 6, 12), (10, 12, 3)),
        (pc.PixelUnshuffle(3), (2, 6, 9), (18, 2, 3)),
        (pc.Reshape((3, -1, 2)), (12, 4), (3, 8, 2)),
        (pc.Permute((2, 0, 1)), (4, 5, 6), (6, 4, 5)),
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


@pytest.mark.parametrize("row", [row for row in ROWS if row.open_field], ids=lambda row: row.name)
def test_field_that_is_none_takes_what_the_input_has(row: Row) -> None:
    for given in of_both_formats(row.examples()[0]):
        last = getattr(given, "data_format", "") == "channels_last"
        shape = (*row.shape[1:], row.shape[0]) if last else row.shape
        left_out = dataclasses.replace(given, **{row.open_field: None})
        assert left_out != given
        assert left_out.num_params(shape) == given.num_params() > 0
        assert left_out.parameters(shape) == given.parameters()
        assert left_out.num_macs(shape) == given.num_macs(shape)
        assert left_out.output_shape(shape) == given.output_shape(shape)


def of_both_formats(layer: Any) -> list[Any]:
    if not hasattr(layer, "data_format"):
        return [layer]
    return [layer, dataclasses.replace(layer, data_format="channels_last")]


def test_recurrent_layer_returns_the_last_of_a_sequence() -> None:
    gru = pc.GRU(8, 5, bidirectional=True)
    assert gru.output_shape((7, 8)) == (7, 10)
    last = dataclasses.replace(gru, return_sequences=False)
    assert last.output_shape((7, 8)) == (10,)
    assert last.num_params() == gru.num_params()


def test_rnn_of_10_000_layers_is_counted() -> None:
    assert pc.RNN(4, 4, 10_000).num_params() == 10_000 * pc.RNN(4, 4).num_params()


def test_conv_transpose_with_same_padding_multiplies_lengths_by_the_stride() -> None:
    for kernel_size in (1, 2, 5):
        conv = pc.ConvTranspose2d(8, 4, kernel_size, stride=(2, 3), padding="same")
        assert conv.output_shape((8, 7, 5)) == (4, 14, 15)


def test_parameters_of_a_depthwise_and_a_pointwise_convolution() -> None:
    separable = pc.Sequential(
        depthwise=pc.Conv2d(32, 32, 3, groups=32), pointwise=pc.Conv2d(32, 64, 1)
    )
    assert separable.num_params() == (3 * 3 + 1) * 32 + (32 + 1) * 64 == 2_432
    assert pc.Conv2d(32, 64, 3).num_params() == 18_496


def test_dropout_stores_a_float() -> None:
    assert type(pc.Dropout(1).p) is float
    assert repr(pc.Dropout(0)) == repr(pc.Dropout(0.0)) == "Dropout(0.0)"


def test_flatten_of_some_axes() -> None:
    shape = (2, 3, 4, 5)
    assert pc.Flatten(1).output_shape(shape) == (2, 60)
    assert pc.Flatten(1, 2).output_shape(shape) == (2, 12, 5)
    assert pc.Flatten(-2, -2).output_shape(shape) == shape
    assert pc.Flatten(0, -2).output_shape(shape) == (24, 5)


def test_dims_kdim_and_what_is_frozen_are_stored_in_one_way() -> None:
    assert pc.Permute((-1, 0, -2)).dims == (2, 0, 1)
    attention = pc.MultiheadAttention(8, 2, kdim=8, vdim=4)
    assert (attention.kdim, attention.vdim) == (None, 4)
    assert pc.Frozen(pc.Frozen(pc.Dense(3, 4))) == pc.Frozen(pc.Dense(3, 4))
    assert pc.Frozen(pc.Frozen(pc.Dense(3, 4))).layer == pc.Dense(3, 4)


def test_layers_match_patterns() -> None:
    def kind(layer: pc.Layer) -> str:
        match layer:
            case pc.Conv2d(None, out_channels, kernel_size=(height, _)):
                return f"open to {out_channels} by {height}"
            case pc.Conv2d(in_channels, out_channels, groups=groups) if groups == in_channels:
                return f"depthwise to {out_channels}"
            case pc.Dense(out_features=out_features):
                return f"dense to {out_features}"
            case pc.Sequential((pc.Input(shape), *layers)):
                return f"{len(layers)} layers on {shape}"
            case _:
                return "other"

    assert kind(pc.Conv2d(None, 32, 5)) == "open to 32 by 5"
    assert kind(pc.Conv2d(8, 16, 3, groups=8)) == "depthwise to 16"
    assert kind(pc.Dense(None, 10)) == "dense to 10"
    assert kind(pc.Sequential(pc.Input(7), pc.Identity())) == "1 layers on (7,)"
    assert kind(pc.Identity()) == "other"


def test_padding_and_data_format_are_stored_as_plain_strings() -> None:
    class Name(str):
        __slots__ = ()

    conv = pc.Conv2d(1, 1, 3, padding=Name("same"), data_format=Name("channels_last"))
    assert [type(conv.padding), type(conv.data_format)] == [str, str]


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
