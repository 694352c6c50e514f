"""What each layer does beyond the laws: its forms of writing, its defaults, its tensors."""

from __future__ import annotations

import dataclasses
from typing import get_type_hints

import pytest

import paramcalc as pc


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
    ],
)
def test_what_means_the_same_is_stored_the_same(one: pc.Layer, other: pc.Layer) -> None:
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
    ],
)
def test_what_differs_is_not_equal(one: pc.Layer, other: pc.Layer) -> None:
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
        "Sequential()",
        "Sequential(Pool(2), Sequential(Flatten()))",
        "Sequential(features=Sequential(Pool(2)), head=Dense(None, 10))",
    ],
)
def test_repr_is_the_shortest_call(text: str) -> None:
    assert repr(eval(text, dict(vars(pc)))) == text  # noqa: S307  # what repr promises


@pytest.mark.parametrize("kind", [pc.Conv2d, pc.Pool, pc.Dense, pc.BatchNorm, pc.Input, pc.Step])
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


def test_macs_of_one_layer() -> None:
    assert pc.Conv2d(3, 64, 3, padding=1).num_macs((3, 224, 224)) == 86_704_128
    assert pc.Conv2d(8, 8, 3, groups=8).num_macs((8, 5, 5)) == 3 * 3 * 8 * 3 * 3
    assert pc.Dense(4, 6).num_macs((3, 5, 4)) == 3 * 5 * 4 * 6
    assert pc.BatchNorm(4).num_macs() == pc.Pool(2).num_macs() == pc.Flatten().num_macs() == 0


def test_dropout_stores_a_float() -> None:
    assert type(pc.Dropout(1).p) is float
    assert repr(pc.Dropout(0)) == repr(pc.Dropout(0.0)) == "Dropout(0.0)"


def test_flatten_of_some_axes() -> None:
    shape = (2, 3, 4, 5)
    assert pc.Flatten(1).output_shape(shape) == (2, 60)
    assert pc.Flatten(1, 2).output_shape(shape) == (2, 12, 5)
    assert pc.Flatten(-2, -2).output_shape(shape) == shape
    assert pc.Flatten(0, -2).output_shape(shape) == (24, 5)


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


def test_strings_are_stored_plainly() -> None:
    class Name(str):
        __slots__ = ()

    conv = pc.Conv2d(1, 1, 3, padding=Name("same"), data_format=Name("channels_last"))
    assert [type(conv.padding), type(conv.data_format)] == [str, str]


def test_a_parameter_has_a_size() -> None:
    assert pc.Parameter("weight", (3, 4)).size == 12
    assert pc.Parameter("scale", ()).size == 1
    assert pc.Parameter("weight", [3, 4]).shape == (3, 4)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_subclasses_of_tuple_and_float_are_taken_for_what_they_hold() -> None:
    class Short(tuple[int, ...]):
        __slots__ = ()

        def __len__(self) -> int:
            return 2

    class Float(float):
        def __float__(self) -> float:
            return 7.0

    with pytest.raises(pc.ConfigError, match="must have 2 entries"):
        pc.Conv2d(3, 5, Short((3, 3, 3)))
    assert pc.Dropout(Float(0.5)).p == 0.5
