"""Code as users write it, with all public names. Type checkers must accept it; and it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, assert_type

import pytest

import paramcalc as pc
from paramcalc import formulas, zoo


@pytest.mark.parametrize("module", [pc, formulas, zoo])
def test_every_public_name_is_here(module: ModuleType) -> None:
    prefix = "pc" if module is pc else module.__name__.rpartition(".")[2]
    source = Path(__file__).read_text(encoding="utf-8")
    used = set(re.findall(rf"\b{prefix}\.(\w+)", source))
    assert [name for name in module.__all__ if name not in used] == []


def test_layers_take_what_torch_takes() -> None:
    layers: list[pc.Layer] = [
        pc.Input(3, 32, 32),
        pc.Input((3, 32, 32)),
        pc.Input(shape=(3, 32, 32)),
        pc.Conv1d(3, 8, 3, 2, "valid", 1, 1, False),
        pc.Conv2d(None, 8, 3, padding="same"),
        pc.Conv2d(3, 8, (3, 5), (1, 2), (1, 2), (1, 1), groups=1, bias=False),
        pc.Conv2d(3, out_channels=8, kernel_size=3, padding=((0, 1), (1, 1))),
        pc.Conv3d(3, 8, (1, 3, 3), data_format="channels_last"),
        pc.Conv1d(3, 8, 3, padding="causal"),
        pc.DepthwiseConv1d(3, 2, "same", 2, 2, False),
        pc.DepthwiseConv2d((3, 3), padding=((0, 1), (0, 1)), depth_multiplier=2),
        pc.LocallyConnected2d(8, (3, 3), 2, False),
        pc.SeparableConv1d(8, 3, 2, "same", 2, 2, False),
        pc.SeparableConv2d(8, 3, padding=1, data_format="channels_last"),
        pc.ConvTranspose1d(3, 8, 3, 2, 1, 1, 1, True, 1),
        pc.ConvTranspose2d(None, 8, 2, stride=2, output_padding=(1, 0)),
        pc.ConvTranspose3d(3, 8, 2, 2, padding="same", data_format="channels_last"),
        pc.Dense(None, 8),
        pc.Dense(8, 8, False),
        pc.Embedding(100, 8),
        pc.Parameters(scale=8),
        pc.BatchNorm(),
        pc.BatchNorm(8, affine=False, track_running_stats=False),
        pc.InstanceNorm(8, affine=True, bias=False),
        pc.GroupNorm(2, None, scale=False),
        pc.LayerNorm(),
        pc.LayerNorm((8, 8), bias=False),
        pc.RMSNorm(8, elementwise_affine=False),
        pc.PReLU(shared_axes=(1, 2)),
        pc.Pool(2),
        pc.Pool((3, 3), None, (1, 1), 1, True, mode="avg"),
        pc.AdaptivePool((1, None)),
        pc.GlobalPool(mode="max"),
        pc.Flatten(0, -1),
        pc.Reshape((8, -1)),
        pc.Permute((1, 0)),
        pc.Slice(1, dim=-1),
        pc.RepeatVector(8),
        pc.Pad(1),
        pc.Pad(((0, 1), (0, 1)), "reflect"),
        pc.Crop((1, 2)),
        pc.CenterCrop(24),
        pc.Upsample(scale_factor=2, mode="nearest"),
        pc.Upsample((8, 8)),
        pc.Upsample(scale_factor=(1.5, 2)),
        pc.PixelShuffle(2),
        pc.PixelUnshuffle(2),
        pc.RNN(8, 16),
        pc.GRU(None, 16, 2, True, bidirectional=True),
        pc.LSTM(8, 16, proj_size=4, recurrent_bias=False, return_sequences=False),
        pc.MultiheadAttention(8, 2, kdim=4, vdim=4, add_bias_kv=True),
        pc.TransformerEncoderLayer(8, 2, 32, bias=False),
        pc.Activation("relu"),
        pc.PReLU(None),
        pc.Scale(),
        pc.Scale((8, 1, 1)),
        pc.Dropout(),
        pc.Dropout(0.1),
        pc.Identity(),
        pc.Frozen(pc.Dense(8, 8)),
        pc.TimeDistributed(pc.Dense(8, 8)),
        pc.ConvLSTM1d(3, 4, 3),
        pc.ConvLSTM2d(3, 4, (3, 5), 2, padding=((0, 1), (2, 2)), return_sequences=True),
        pc.ConvLSTM3d(None, 4, 3),
    ]
    network = pc.Sequential(layers)
    assert_type(network.layers, tuple[pc.Layer, ...])
    assert len({*layers}) == len(network) - 2  # An Input is the same, however it is written.


def test_a_graph_is_written_with_tensors() -> None:
    x, y = pc.Input(3, 8, 8)(name="x"), pc.Input((3, 8, 8))()
    assert_type(x, pc.Tensor)
    assert_type(x.shape, pc.Shape)
    merged: list[pc.Tensor] = [x + y, x * y, x @ y, pc.concat(x, y, dim=-1), pc.concat([x, y])]
    merged += [pc.Add()(x, y), pc.MatMul()([x, y]), *x.chunk(3), *x.split((1, 2)), x[0, :4]]
    merged += [pc.TransformerDecoderLayer(8, 2, 32, bias=False)(*[pc.Input(5, 8)()] * 2)]
    graph = pc.Graph((x, y), x @ y + x)
    deform = pc.DeformConv2d(3, 8, 3, 2, 1, 1, 1, False)
    merged += [deform(pc.Input(3, 9, 9)(), pc.Input(18, 5, 5)())]
    shapes = {"x": (3, 4, 4), "input_2": (3, 4, 4)}
    assert_type(graph.output_shapes(shapes), dict[str, pc.Shape])
    assert_type(graph.num_params(shapes), int)
    assert_type(graph[0], pc.Layer)
    assert_type(graph["[0]"], pc.Layer)
    assert_type(pc.receptive_field(graph, shapes, of="x").size, tuple[int | None, ...])
    assert_type(
        pc.smallest_input(graph, {"x": (3, None, None), "input_2": (3, 1, 1)}), dict[str, pc.Shape]
    )
    pc.Graph({"x": (3,)}, "y", {"y": (pc.Dense(3, 3), "x")})


def test_what_layers_hold() -> None:
    conv = pc.Conv2d(3, 8, 3)
    assert_type(conv.in_channels, int | None)
    assert_type(conv.out_channels, int)
    assert_type(conv.kernel_size, tuple[int, ...])
    assert_type(
        conv.padding, Literal["same", "causal"] | tuple[int, ...] | tuple[tuple[int, int], ...]
    )
    assert_type(conv.bias, bool)
    assert_type(conv.data_format, Literal["channels_first", "channels_last"] | None)
    assert_type(pc.Pool(2).stride, int | tuple[int, ...])
    assert_type(pc.Input(3, 32, 32).shape, pc.Shape)
    assert_type(pc.Dense(None, 8).in_features, int | None)
    assert_type(pc.Frozen(conv).layer, pc.Layer)
    assert_type(replace(conv, out_channels=16, kernel_size=(5, 5)), pc.Conv2d)
    assert_type({conv: "a dictionary key"}, dict[pc.Conv2d, str])
    match conv:
        case pc.Conv2d(in_channels, out_channels, kernel_size=(height, width)):
            assert_type(in_channels, int | None)
            assert_type(out_channels, int)
            assert_type((height, width), tuple[int, int])
        case _:
            raise AssertionError(conv)


@pytest.mark.parametrize("shape", [(3, 32, 32), None])
def test_every_layer_is_asked_alike(shape: pc.Shape | None) -> None:
    layers = (pc.Conv2d(3, 8, 3), pc.Sequential(pc.Conv2d(3, 8, 3)), pc.Add(pc.Conv2d(3, 8, 3)))
    for layer in layers:
        assert_type(layer.num_params(shape), int)
        assert_type(layer.num_params(), int)
        for tensor in layer.parameters(shape):
            assert_type(tensor, pc.Parameter)
            assert_type(tensor.name, str)
            assert_type(tensor.shape, tuple[int, ...])
            assert_type(tensor.size, int)
            assert_type(tensor.trainable, bool)
        if shape is not None:
            assert_type(layer.output_shape(shape), tuple[int, ...])
            assert_type(layer.output_shape(input_shape=shape), pc.Shape)
            assert_type(layer.num_macs(shape), int)


def test_a_layer_says_what_it_sees() -> None:
    sources = pc.Conv2d(3, 8, 3).sources((3, 32, 32))
    assert_type(sources, tuple[tuple[int, pc.layers.Window] | None, ...])
    assert sources[0] is None


def test_networks_nest_and_are_taken_apart() -> None:
    block = pc.Add(body=pc.Conv2d(8, 8, 3, padding=1), skip=pc.Identity())
    gate = pc.Multiply(pc.Identity(), pc.Sequential(pc.AdaptivePool(1), pc.Conv2d(8, 8, 1)))
    net = pc.Sequential(
        features=pc.Sequential(pc.Input(3, 32, 32), pc.Conv2d(None, 8, 3), block, gate),
        ends=pc.Concat(pc.Identity(), pc.Identity(), dim=-1),
        classifier=pc.Sequential([pc.Flatten(), pc.Dense(None, 10)]),
    )
    assert_type(net.output_shape(), tuple[int, ...])
    assert_type(len(net), int)
    assert_type(net.names, tuple[str, ...])
    assert_type(net[0], pc.Layer)
    assert_type(net[-1:], pc.Sequential)
    assert_type(block[:1], pc.Add)
    features = net["features"]
    assert_type(features, pc.Layer)
    if isinstance(features, pc.Sequential):  # What stands there is known to the one who built it.
        assert_type(features[1], pc.Layer)
    for layer in net:
        assert_type(layer, pc.Layer)
    assert_type(replace(net, layers=net.layers[::-1], names=net.names[::-1]), pc.Sequential)
    assert_type(pc.freeze(net), pc.Sequential)
    assert_type(pc.freeze(pc.Dense(8, 8)), pc.Layer)


def test_layers_of_ones_own() -> None:
    @dataclass(frozen=True)
    class Scale(pc.Layer):
        bias: bool = False

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            if input_shape is None:
                raise pc.ShapeError("the output shape is that of the input", layer=self)
            return input_shape

        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            channels = self.output_shape(input_shape)[:1]
            scale = pc.Parameter("scale", channels)
            shift = pc.Parameter("shift", shape=channels, trainable=False)
            return (scale, shift) if self.bias else (scale,)

        def num_macs(self, input_shape: pc.Shape | None = None) -> int:
            return 0

        def sources(
            self, input_shape: tuple[int | None, ...]
        ) -> tuple[tuple[int, pc.layers.Window] | None, ...]:
            return tuple([(axis, pc.layers.Window()) for axis in range(len(input_shape))])

    net = pc.Sequential(pc.Conv2d(3, 8, 3), Scale(bias=True))
    assert_type(net.num_params((3, 32, 32)), int)
    assert_type(Scale().num_params((8,)), int)
    assert_type(pc.receptive_field(net).size, tuple[int | None, ...])
    window = pc.layers.Window(3, stride=2, padding=-1, dilation=1, spacing=1)
    assert_type(window.kernel_size + window.stride + window.padding, int)


def test_traces() -> None:
    steps = pc.trace(pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2)), (3, 32, 32))
    assert_type(steps, pc.results.Trace)
    step = steps[0]
    assert_type(step.path, str)
    assert_type(step.layer, pc.Layer)
    assert_type((step.input_shape, step.output_shape), tuple[pc.Shape, pc.Shape])
    assert_type((step.num_params, step.num_macs), tuple[int, int])
    assert_type(step.num_uncovered, tuple[int, ...])


def test_summaries() -> None:
    found = pc.summary(pc.Dense(8, 8), columns=["path", "num_params"], depth=2)
    assert_type(found, pc.results.Summary)
    assert_type((found.num_params, found.num_buffers), tuple[int, int])
    assert_type(found.num_macs, int | None)
    assert_type(found.rows, tuple[pc.results.SummaryRow, ...])
    assert_type(found.rows[0].output_shape, pc.Shape | None)
    assert_type(found.rows[0].num_macs, int | None)
    assert_type(found.rows[0].within, tuple[pc.results.SummaryRow, ...])
    assert_type(found.to_records(), list[dict[str, Any]])
    texts = [found.to_csv(), found.to_html(), found.to_latex(), found.to_markdown(), str(found)]
    assert_type(texts, list[str])


def test_explanations() -> None:
    found = pc.explain(pc.Conv2d(3, 8, 3), (3, 32, 32))
    assert_type(found, pc.results.Explanation)
    assert_type(found.num_params, int)
    assert_type(found.num_macs, int | None)
    assert_type(found.parts, tuple[pc.results.Working, ...])
    part = found.parts[0]
    assert_type(part.lengths, tuple[pc.results.Line, ...])
    assert_type(part.output_shape, pc.Shape | None)
    assert_type(part.title(style="ascii", width=60), str)
    for line in (*part.lines, *found.totals):
        assert_type((line.label, line.value), tuple[str, int])
        assert_type(line.steps("latex"), list[str])
    if isinstance(part.num_params, pc.formulas.Term):  # An int that knows how it was made.
        assert_type(part.num_params.symbols(), str)
    assert_type(found.to_text("ascii") + found.to_latex(), str)
    length = formulas.window_length(formulas.Term(28, "n"), pc.formulas.Term(5, "k", divides=True))
    assert_type(length, int)


def test_pictures_and_parts() -> None:
    found = pc.diagram(pc.Sequential([pc.Dense(8, 8)], data_format="channels_last"), (8,), depth=2)
    assert_type(found, pc.results.Diagram)
    assert_type(found.glyphs, tuple[pc.results.Glyph, ...])
    assert_type(found.glyphs[0].labels, tuple[str, ...])
    assert_type(found.to_svg() + found.to_csv(), str)
    parts: dict[str, pc.Layer] = {"a": pc.Dense(8, 8)}
    named = pc.Sequential(**parts)
    assert_type(named["a"], pc.Layer)
    nested = pc.Sequential(features=named)
    assert_type(nested["features"]["a"], pc.Layer)
    assert_type(nested["features"][0].num_params(), int)
    assert_type(pc.explain(named, (8,), at="a").notes, tuple[str, ...])
    assert_type(pc.trace(pc.Shared("w", named), (8,))[0].shared, tuple[tuple[str, str], ...])
    folded = pc.summary(named, (8,), fold=True)
    assert_type((folded.notes, folded.num_frozen), tuple[tuple[str, ...], int])


def test_costs() -> None:
    operations = pc.flops(pc.Dense(8, 8), (8,), convention="torchinfo")
    assert_type(operations, pc.results.Flops)
    assert_type(operations.num_ops, int)
    assert_type(operations.ledger, tuple[str, ...])
    assert_type(operations.rows, tuple[pc.results.FlopsRow, ...])
    assert_type(operations.rows[0].num_ops, int)
    assert_type((operations.unit, operations.training), tuple[str, bool])
    assert_type(operations.not_counted, tuple[str, ...])
    assert_type(operations.rows[0].num_input_gradient_ops, int)
    side_by_side = pc.compare_flops(pc.Dense(8, 8), (8,))
    assert_type(side_by_side, pc.results.FlopsComparison)
    assert_type(side_by_side.columns, tuple[pc.results.Flops, ...])
    assert_type(side_by_side.rules, tuple[str, ...])
    compared = pc.compare(pc.Dense(8, 8), 64)
    assert_type(compared, pc.results.Comparison)
    assert_type(compared.differences, tuple[pc.results.Difference, ...])
    assert_type((compared.num_params, compared.unexplained), tuple[tuple[int, int], int])
    needed = pc.memory(
        pc.Sequential(body=pc.Dense(8, 8), head=pc.Dense(8, 8)),
        (8,),
        batch_size=64,
        dtype="mixed",
        optimizer="adam",
        frozen=["body"],
        in_place=True,
        recomputed="head",
    )
    dtypes: dict[str, pc.results.Dtype] = {"body": "int8"}
    columns: list[pc.results.ColumnName] = ["path"]
    mixed = pc.memory(needed.network, (8,), dtype=dtypes, optimizer=needed.optimizer)
    pc.summary(mixed.network, (8,), columns=columns)
    pc.flops(mixed.network, (8,), convention=operations.convention)
    assert_type(needed, pc.results.Memory)
    assert_type(needed.parameter_bytes + needed.peak_bytes + needed.training_bytes, int)
    assert_type(needed.to_records(), list[dict[str, Any]])
    assert_type(needed.notes, tuple[str, ...])


def test_receptive_fields() -> None:
    field = pc.receptive_field(pc.Sequential(pc.Conv2d(3, 8, 7, 2, 3), pc.Pool(3, 2, 1)))
    assert_type(field, pc.results.ReceptiveField)
    assert_type(field.axes, tuple[str, ...])
    assert_type(field.size, tuple[int | None, ...])
    assert_type(field.stride, tuple[int | Fraction | None, ...])
    assert_type(field.steps, tuple[pc.results.ReceptiveField, ...])
    assert_type(field.interval((0, 10), clipped=False), tuple[tuple[int, int] | None, ...])
    assert_type(field.center(0), tuple[Fraction | None, ...])


def test_inverse_questions() -> None:
    net = pc.Sequential(pc.Pool(2), pc.Conv2d(None, 8, 3))
    assert_type(pc.smallest_input(net, (1, None, None), square=False), tuple[int, ...])
    lengths = pc.input_lengths(net, 12, (1, None, None))
    assert_type(lengths, tuple[range | tuple[int, ...], ...])
    assert_type([max(axis) for axis in pc.input_lengths(net, (12, 12), lengths_of(1))], list[int])
    found = pc.valid_inputs(net, (1, 28, 28), square=False)
    assert_type(found, pc.results.ValidInputs)
    assert_type(found.fits, bool)
    assert_type(found.rules, tuple[pc.results.LengthRule | None, ...])
    assert_type([32 in rule for rule in found.rules if rule], list[bool])
    pc.valid_inputs(net, near={"input": (1, 28, 28)})
    pc.transposed_conv(pc.Conv2d(3, 8, 3), (3, 32, 32)).output_shape((8, 30, 30))
    pc.Conv2d(3, 8, 5, padding=pc.same_padding(pc.Conv2d(3, 8, 5)))
    pc.Pool(3, padding=pc.same_padding(pc.Pool(3, stride=1)))


def lengths_of(channels: int) -> tuple[int | None, ...]:
    return channels, None, None


def test_errors() -> None:
    error: pc.ParamcalcError
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(pc.Dense(8, 8)).output_shape((7,))
    error = caught.value
    assert_type((error.problem, error.path), tuple[str, str])
    assert_type(error.layer, object)
    assert_type(error.input_shape, tuple[int, ...] | None)
    with pytest.raises(ValueError, match="stride") as refused:
        pc.Conv2d(3, 8, 3, stride=0)
    assert isinstance(refused.value, pc.ConfigError | pc.ParamcalcError)


def test_formulas() -> None:
    counts = [
        formulas.attention_macs(10, 8, 8, 8),
        formulas.attention_params(8, 8, 8, bias=False),
        formulas.grouped_attention_macs(10, 8, 8, 8, 4, 2, 2, 2),
        formulas.grouped_attention_params(8, 8, 8, 4, 2, 2, 2),
        formulas.conv_lstm_macs(10, 3, 4, (3, 3), (8, 8)),
        formulas.conv_lstm_params(3, 4, (3, 3), bias=False),
        formulas.conv_macs(3, 8, (3, 3), [30, 30]),
        formulas.conv_params(3, 8, [3, 3], groups=1, bias=True),
        formulas.dense_macs(8, 8),
        formulas.dense_params(8, 8),
        formulas.dilated_kernel_size(3, 2),
        formulas.embedding_params(100, 8),
        formulas.norm_params(8),
        formulas.locally_connected_params(3, 8, (3, 3), (6, 6), bias=False),
        formulas.recurrent_macs(10, 8, 8),
        formulas.recurrent_params(8, 8, gates=4),
        formulas.same_length(32, 2),
        formulas.center_cropping(64, 56)[0],
        formulas.slice_length(16, -2),
        formulas.scaled_length(7, 3, 2),
        formulas.transposed_length(16, 2, 2, output_padding=1),
        formulas.window_length(32, 3, padding=(0, 1), ceil_mode=True),
        pc.formulas.dense_params(8, 8),
    ]
    assert_type(counts, list[int])
    assert_type(formulas.same_padding(32, 3), tuple[int, int])


def test_zoo() -> None:
    networks = [
        zoo.alexnet(),
        zoo.convnext_tiny(),
        zoo.cross_validated_question(),
        zoo.densenet121(num_classes=10),
        zoo.efficientnet_b0(),
        zoo.googlenet(),
        zoo.gpt2(vocab_size=100),
        zoo.inception_v3(),
        zoo.lenet5(),
        zoo.mobilenet_v2(),
        zoo.mobilenet_v3_large(),
        zoo.mobilenet_v3_small(),
        zoo.parameters_tutorial(),
        zoo.parameters_tutorial_3d(),
        zoo.raschka_chapter_11(),
        zoo.resnet101(),
        zoo.resnet152(),
        zoo.resnet18(num_classes=10, in_channels=1),
        zoo.resnet34(),
        zoo.resnet50(),
        zoo.resnext50_32x4d(),
        zoo.shufflenet_v2_x1_0(),
        zoo.squeezenet1_0(),
        zoo.squeezenet1_1(),
        zoo.stack_overflow_answer(),
        zoo.swin_t(),
        zoo.unet(),
        zoo.vgg11(),
        zoo.vgg13(),
        zoo.vgg16(),
        zoo.vgg16_bn(),
        zoo.vgg19(),
        zoo.vit_b_16(),
        zoo.wide_resnet50_2(),
    ]
    assert_type(networks, list[pc.Sequential])
    assert_type([zoo.nasnet_large(), zoo.siamese()], list[pc.Graph])


def test_readers_return_networks() -> None:
    assert_type(pc.readers.parse("Dense(8, 3)"), pc.Layer)
    assert_type(pc.readers.from_json(pc.readers.to_json(pc.Dense(8, 3))), pc.Layer)
    with pytest.raises(pc.ReadError) as unread:
        pc.readers.parse("Dense(8, 3")
    assert_type(unread.value.where, str)
