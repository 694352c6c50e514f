"""Code that is wrong in every marked line. Type checkers must say so; nothing of it is run.

A mark that is not needed is an error to both checkers, and so is a wrong line without one.
"""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_type

import paramcalc as pc
from paramcalc import formulas, zoo


def layers() -> None:
    pc.Conv2d(3, 8, "5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, [5, 5])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, (5, None))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, None, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d("3", 8, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Conv2d()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Conv2d(3, 8, 5, strides=2)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Conv2d(3, 8, 5, stride="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, stride=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding=0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding="full")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, data_format="NHWC")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding=(0, "same"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding=((0, 1, 2), (0, 1, 2)))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, padding=(1, (0, 1)))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, bias="no")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv2d(3, 8, 5, 1, 0, 1, 1, True, "channels_last")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Conv2d(3, 8, 5, data_format=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.ConvTranspose2d(3, 8, 2, output_padding="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Dense(8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Dense(8, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Dense((8, 8), 8)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Embedding(None, 8)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.BatchNorm("64")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.GroupNorm(None, 8)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.LayerNorm([8, 8])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Pool()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Pool(2, mode=max)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Pool(2, mode="mean")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Pad(1, "zeros")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Upsample(2, mode="area")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Pool(2, 2, 0, 1, False, "avg")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.AdaptivePool(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.GlobalPool("max")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Flatten(None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Flatten(start=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Reshape(8, -1)  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
    pc.Permute((None, 0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Upsample(scale_factor="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.PixelShuffle()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.LSTM(8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.LSTM(8, 16, 1, True, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.GRU(8, 16, proj_size=4)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.MultiheadAttention(8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.TransformerEncoderLayer(8, 2, 32, False)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Activation()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Activation(max)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Dropout("0.5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Identity(8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.Input("3, 32, 32")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Input(3, None, None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Input([3, 32, 32])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Frozen(pc.Dense)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Parameter("weight", 8)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Parameter(shape=(8,))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.layers.Window(padding=0.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Conv4d(3, 8, 3)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def what_layers_hold(conv: pc.Conv2d, pool: pc.Pool, layer: pc.Layer) -> None:
    conv.out_channels = 16  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    conv.in_channels.bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    conv.padding.bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    conv.filters.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    len(pool.kernel_size)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.out_channels.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def questions(layer: pc.Layer) -> None:
    layer.output_shape("3, 32, 32")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.output_shape([3, 32, 32])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.output_shape(3, 32, 32)  # type: ignore[arg-type, call-arg]  # pyright: ignore[reportCallIssue]
    layer.output_shape(3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.output_shape((3, None, None))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.output_shape(shape=(3, 32, 32))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    layer.num_params(32.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.num_params.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    layer.num_params().as_integer()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    layer.num_macs({3, 32})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    layer.parameters()[0].num_params.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    layer.sources()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert_type(layer.num_params(), float)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(layer.num_macs(), int | None)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(layer.output_shape(), tuple[int, int, int])  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(layer.parameters(), list[pc.Parameter])  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]


def networks(net: pc.Sequential, branches: pc.Concat) -> None:
    pc.Sequential(pc.Flatten)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.Sequential("relu")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Sequential(None)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.Sequential(pc.Flatten(), 10)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.Sequential([pc.Flatten(), "relu"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    pc.Sequential({"features": pc.Flatten()})  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.Sequential(features=[pc.Flatten()])  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pc.Add(pc.Identity(), dim=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.Concat(pc.Identity(), dim="channels")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    net[0].out_channels.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    net[1.0].num_params()  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    net[0, 1].num_params()  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    net.features.num_params()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    net.append(pc.Flatten())  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    net[0] = pc.Flatten()  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    del net[0]  # type: ignore[attr-defined]  # pyright: ignore[reportIndexIssue]
    net.layers.append(pc.Flatten())  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    net.layers = ()  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    assert_type(net[0], pc.Sequential)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(net[:1], pc.Layer)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(branches[:1], pc.Sequential)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]


def verbs(net: pc.Sequential) -> None:
    pc.trace()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.trace("net")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.trace(pc.Flatten)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.trace(net, [3, 32, 32])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.trace(net, (3, 32, 32), 1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.summary(net, (3, 32, 32), ("path", "layer"))  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.summary(net, columns=("path", 1))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.summary(net, columns=("path", "params"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.summary(net, columns=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.summary(net, depth="1")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.explain([net])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, (3, 32, 32), 64)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.memory(net, batch_size=64.0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, dtype=float)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, dtype="float")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, dtype={"[0]": "fp16"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    pc.memory(net, optimizer="Adam")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, optimizer=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, frozen=True)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, in_place="yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.memory(net, recomputed=0)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.flops(net, (3, 32, 32), "fvcore")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.flops(net, convention="flax")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.flops(net, convention=1)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.compare(net, "net")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.receptive_field(net, None, 0)  # type: ignore[call-arg, arg-type]  # pyright: ignore[reportCallIssue]
    pc.smallest_input(net, (3, "any", "any"))  # type: ignore[arg-type]  # pyright: ignore[reportCallIssue, reportArgumentType]
    pc.smallest_input(net, (3, None, None), False)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    pc.input_lengths(net)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.input_lengths(net, (7.0, 7.0))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.valid_inputs(net, 32)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.valid_inputs(net, (3, None, None))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.transposed_conv(net, (3, 32, 32))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.same_padding(net)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pc.freeze((net,))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
    formulas.dense_params(8)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    formulas.conv_params(3, 8, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    formulas.same_length(32 / 2)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    zoo.resnet50(classes=10)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    zoo.resnet51()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def results(net: pc.Sequential) -> None:
    pc.trace(net).append(net)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.trace(net)[0].tensors()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.summary(net).num_macs.bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    pc.summary(net).rows[0].output_shape[0].bit_length()  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    pc.summary(net).num_params = 0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    pc.summary(net).to_csv("net.csv")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.summary(net).to_json()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.explain(net).parts[0].num_params.symbols()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.explain(net).to_pdf()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.memory(net).total_bytes.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.flops(net).num_macs.bit_length()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.receptive_field(net).size[0].bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]
    pc.receptive_field(net).interval()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.receptive_field(net).interval(0, True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.receptive_field(net).interval(0)[0][1].bit_length()  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    pc.input_lengths(net, 7)[0].start.bit_length()  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    assert_type(pc.smallest_input(net), tuple[int | None, ...])  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(pc.same_padding(pc.Conv2d(3, 8, 3)), tuple[int, ...])  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(pc.freeze(net), pc.Layer)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    assert_type(formulas.same_padding(32, 3), int)  # type: ignore[assert-type]  # pyright: ignore[reportAssertTypeFailure]
    pc.formulas.Term(5).symbols()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.formulas.Term("5", "k").symbols()  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def errors(error: pc.ShapeError) -> None:
    error.input_shape[0].bit_length()  # type: ignore[index]  # pyright: ignore[reportOptionalSubscript]
    error.message.upper()  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    pc.ShapeError()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.ShapeError("a problem", "features[2]")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    pc.ConfigError("a problem", input_shape=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


class WithoutShape(pc.Layer):
    def output_shape(self) -> pc.Shape:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return ()


class OtherName(pc.Layer):  # To mypy this is worth a note and no error.
    def output_shape(self, shape: pc.Shape | None = None) -> pc.Shape:  # pyright: ignore[reportIncompatibleMethodOverride]
        return shape or ()


class ShapeNeeded(pc.Layer):
    def output_shape(self, input_shape: pc.Shape) -> pc.Shape:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return input_shape


class MaybeNone(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape | None:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return input_shape


class ListOfShapes(pc.Layer):
    def parameters(self, input_shape: pc.Shape | None = None) -> list[pc.Shape]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return [(8,)]


class FloatCounts(pc.Layer):
    def num_params(self, input_shape: pc.Shape | None = None) -> float:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return 8.5

    def num_macs(self, input_shape: pc.Shape | None = None) -> str:  # type: ignore[override]  # pyright: ignore[reportIncompatibleMethodOverride]
        return "many"


@dataclass(frozen=True)
class NotALayer:
    channels: int


def layers_of_ones_own() -> None:
    pc.Sequential(NotALayer(8))  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
    pc.Sequential(WithoutShape).num_params()  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType]
