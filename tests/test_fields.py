"""The table of layers, and their fields: forms of writing, defaults, what None takes."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest
from layers import ROW_OF, ROWS

import paramcalc as pc

if TYPE_CHECKING:
    from rows import Row

THIRD: Any = Fraction(1, 3)


def test_every_public_layer_has_one_row() -> None:
    public: list[Any] = [getattr(pc, name) for name in pc.__all__]
    layers = {one for one in public if isinstance(one, type) and issubclass(one, pc.Layer)}
    several = {pc.MatMul, pc.DeformConv2d}  # They take several inputs: see test_graph.py.
    assert {*ROW_OF} == layers - {pc.Layer, *several}
    assert len(ROW_OF) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_examples_of_a_row_fit_its_shape_and_state_every_field(row: Row) -> None:
    examples = row.examples()
    for layer in examples:
        assert type(layer) is row.kind
        assert min(layer.output_shape(row.shape)) >= 1
        assert layer.num_params(row.shape) >= 0
    for field in row.fields:
        if field == "data_format":
            continue  # None is that of the network.
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
        (pc.Scale(7), pc.Scale((7,))),
        (pc.Pad((1, 1)), pc.Pad(((1, 1), (1, 1)))),
        (pc.Permute((-1, 0, 1)), pc.Permute((2, 0, 1))),
        (pc.MultiheadAttention(8, 2, kdim=8), pc.MultiheadAttention(8, 2)),
        (pc.BatchNorm(8, bias=False, scale=False), pc.BatchNorm(8, affine=False)),
        (pc.BatchNorm(8, affine=False, bias=False), pc.BatchNorm(8, affine=False, scale=False)),
        (pc.BatchNorm(8, affine=False, bias=False), pc.BatchNorm(8, affine=False)),
        (pc.InstanceNorm(8, bias=False), pc.InstanceNorm(8)),
        (pc.Upsample(scale_factor=2.0), pc.Upsample(scale_factor=2)),
        (pc.Upsample(scale_factor=(THIRD, 4)), pc.Upsample(scale_factor=(1 / 3, 4.0))),
        (pc.PReLU(None, shared_axes=(2, 1, 2)), pc.PReLU(shared_axes=(1, 2))),
        (pc.GroupNorm(2, 8, bias=False, scale=False), pc.GroupNorm(2, 8, affine=False)),
        (pc.LayerNorm(8, False, False), pc.LayerNorm(8, bias=False, scale=False)),
        (pc.LayerNorm(8, False, False), pc.LayerNorm(8, False)),
        (
            pc.MultiheadAttention(8, 2, num_kv_heads=2, head_dim=4, value_dim=4),
            pc.MultiheadAttention(8, 2),
        ),
        (
            pc.MultiheadAttention(8, 2, head_dim=3, value_dim=3),
            pc.MultiheadAttention(8, 2, head_dim=3),
        ),
        (
            pc.MultiheadAttention(8, 2, head_dim=4, value_dim=3),
            pc.MultiheadAttention(8, 2, value_dim=3),
        ),
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
        (pc.BatchNorm(8, bias=False), pc.BatchNorm(8, scale=False)),
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
        "Conv1d(7, 32, 5, padding='causal')",
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
        "PReLU(shared_axes=(1, 2))",
        "PReLU(shared_axes=())",
        "ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1)",
        "ConvTranspose1d(None, 32, 3, padding='same', groups=2, bias=False, dilation=2)",
        "DepthwiseConv2d(3)",
        "DepthwiseConv1d(3, stride=2, padding='same', depth_multiplier=4)",
        "SeparableConv2d(64, 3)",
        "LocallyConnected2d(64, 3)",
        "LocallyConnected2d(64, (3, 5), stride=2, bias=False)",
        "SeparableConv1d(64, 3, dilation=2, bias=False)",
        "GroupNorm(32, 64)",
        "GroupNorm(32, None, affine=False)",
        "GroupNorm(32, 64, bias=False)",
        "BatchNorm(64, scale=False)",
        "LayerNorm(768, scale=False)",
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
        "CenterCrop(56)",
        "CenterCrop((56, 48))",
        "Upsample(32)",
        "Upsample(scale_factor=2, mode='bilinear')",
        "Upsample(scale_factor=(1.5, 2))",
        "PixelShuffle(3)",
        "PixelUnshuffle(3, data_format='channels_last')",
        "Reshape((3, -1))",
        "Permute((1, 0))",
        "Scale()",
        "Scale(768)",
        "Scale((96, 1, 1))",
        "Scale(())",
        "Scale(data_format='channels_last')",
        "Slice(1)",
        "Slice(stop=58, dim=1)",
        "RepeatVector(3)",
        "Embedding(100, 8)",
        "RNN(128, 64)",
        "GRU(None, 64, bidirectional=True, recurrent_bias=False)",
        "LSTM(128, 64, num_layers=2, return_sequences=False, proj_size=7)",
        "MultiheadAttention(8, 2, add_bias_kv=True, kdim=3)",
        "MultiheadAttention(7, 6, num_kv_heads=2, head_dim=4, value_dim=8)",
        "MultiheadAttention(8, 2, bias=False, num_kv_heads=1)",
        "MultiheadAttention(7, 6, head_dim=1)",
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


@pytest.mark.parametrize("row", [row for row in ROWS if row.open_field], ids=lambda row: row.name)
def test_field_that_is_none_takes_what_the_input_has(row: Row) -> None:
    for given in of_both_formats(row.examples()[0]):
        last = getattr(given, "data_format", "") == "channels_last"
        shape = row.moved(row.shape) if last else row.shape
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


def test_dropout_stores_a_float() -> None:
    assert type(pc.Dropout(1).p) is float
    assert repr(pc.Dropout(0)) == repr(pc.Dropout(0.0)) == "Dropout(0.0)"


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

    names: Any = Name("same"), Name("channels_last")
    conv = pc.Conv2d(1, 1, 3, padding=names[0], data_format=names[1])
    assert [type(conv.padding), type(conv.data_format)] == [str, str]
