"""Layers and networks at each position of a leading axis, against what they say alone."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, strategies as st
from networks import Scale, table_of
from strategies import layers_and_shapes, networks_and_shapes

import paramcalc as pc
from paramcalc._ledgers import LEDGERS

Case = tuple[pc.Layer, pc.Shape]
TIMES = st.integers(1, 4)
FRAMES = (10, 3, 32, 32)
EACH = pc.TimeDistributed(pc.Conv2d(3, 8, 3))
VIDEO = pc.Sequential(
    pc.TimeDistributed(
        pc.Sequential(
            pc.Conv2d(3, 8, 3),
            pc.Concat(pc.Conv2d(8, 4, 3, padding=1), pc.Identity()),
            pc.BatchNorm(),
            pc.Pool(2),
        )
    ),
    pc.TimeDistributed(pc.Flatten()),
    pc.LSTM(None, 16, return_sequences=False),
)


def timed(times: int, shape: pc.Shape) -> pc.Shape:
    return (times, *shape)


@given(st.one_of(layers_and_shapes(), networks_and_shapes()), TIMES)
def test_each_position_is_as_the_layer_alone(case: Case, times: int) -> None:
    layer, shape = case
    each, before = pc.TimeDistributed(layer), timed(times, shape)
    assert each.output_shape(before) == timed(times, layer.output_shape(shape))
    assert each.num_params(before) == layer.num_params(shape)
    assert each.parameters(before) == layer.parameters(shape)
    assert each.num_macs(before) == times * layer.num_macs(shape)
    for tool in LEDGERS:
        alone = pc.flops(layer, shape, convention=tool).num_flops
        assert pc.flops(each, before, convention=tool).num_flops == times * alone


@given(st.one_of(layers_and_shapes(), networks_and_shapes()), TIMES)
def test_each_step_is_that_of_the_layer_alone(case: Case, times: int) -> None:
    layer, shape = case
    each, before = pc.TimeDistributed(layer), timed(times, shape)
    for one, alone in zip(pc.trace(each, before), pc.trace(layer, shape), strict=True):
        assert (one.path, one.inputs) == (alone.path, alone.inputs)
        assert one.layer == pc.TimeDistributed(alone.layer)
        assert one.input_shape == timed(times, alone.input_shape)
        assert one.output_shape == timed(times, alone.output_shape)
        assert (one.num_params, one.num_macs) == (alone.num_params, times * alone.num_macs)
        assert one.num_uncovered in ((), (0, *alone.num_uncovered))
    rows = zip(pc.summary(each, before).rows, pc.summary(layer, shape).rows, strict=True)
    for row, other in rows:
        assert (row.num_buffers, row.memory_bytes) == (other.num_buffers, other.memory_bytes)
    frozen = pc.summary(pc.freeze(each), before)
    whole = pc.summary(layer, shape)
    assert (frozen.num_params, frozen.num_frozen) == (0, whole.num_params + whole.num_frozen)
    assert pc.summary(pc.Frozen(each), before).num_frozen == frozen.num_frozen


@given(st.one_of(layers_and_shapes(), networks_and_shapes()), TIMES)
def test_each_position_sees_itself_alone(case: Case, times: int) -> None:
    layer, shape = case
    each, before = pc.TimeDistributed(layer), timed(times, shape)
    alone, found = pc.receptive_field(layer, shape), pc.receptive_field(each, before)
    steps, seeing = pc.trace(layer, shape), {-1}
    for number, step in enumerate(steps):
        seeing |= {number} if seeing.intersection(step.inputs) else set()
    size, stride, padding = (1, 1, 0) if len(steps) - 1 in seeing else (0, None, None)
    assert found.size == (size, *alone.size)
    assert found.stride == (stride, *alone.stride)
    assert found.padding == (padding, *alone.padding)
    assert found.axes == ("time", *alone.axes)
    assert found.misaligned == alone.misaligned


@given(st.one_of(layers_and_shapes(), networks_and_shapes()), TIMES)
def test_memory_of_outputs_is_that_of_each_position(case: Case, times: int) -> None:
    layer, shape = case
    each, before = pc.TimeDistributed(layer), timed(times, shape)
    for in_place in (False, True):
        alone = pc.memory(layer, shape, batch_size=times, in_place=in_place)
        found = pc.memory(each, before, in_place=in_place)
        assert found.training_bytes == alone.training_bytes
        assert found.inference_bytes == alone.inference_bytes


@given(st.one_of(layers_and_shapes(), networks_and_shapes()), TIMES)
def test_explanation_has_the_numbers_of_the_steps(case: Case, times: int) -> None:
    layer, shape = case
    each, before = pc.TimeDistributed(layer), timed(times, shape)
    for part, step in zip(pc.explain(each, before).parts, pc.trace(each, before), strict=True):
        assert part.num_params == step.num_params
        assert part.num_macs == step.num_macs
        assert tuple(int(line.value) for line in part.lengths) == step.output_shape
        assert part.lengths[0].label == "time" or len(part.lengths) == 1


def test_working_has_the_positions() -> None:
    text = str(pc.explain(EACH, FRAMES))
    macs = "MACs        T·H_out·W_out·k_h·k_w·C_in·C_out = 10·30·30·3·3·3·8 = 1,944,000"
    assert f"  {macs}\nwhere T = time, C_out = out_channels" in text
    assert "  time        T = 10\n  channels    C_out = 8\n" in text
    twice = pc.TimeDistributed(pc.TimeDistributed(pc.Dense(3, 4)))
    assert str(pc.explain(twice, (5, 6, 3)).parts[0].lines[-1]) == "T·T·F_in·F_out = 5·6·3·4 = 360"
    merge = pc.explain(VIDEO, FRAMES).parts[3]
    assert merge.title().startswith("[0][1] TimeDistributed(Concat): 10 × 8 × 30 × 30")
    assert str(merge.lengths[1]) == "C_1 + C_2 = 4 + 8 = 12"
    flat = pc.explain(VIDEO, FRAMES).parts[6]
    assert str(flat.lengths[1]) == "C·H·W = 12·15·15 = 2,700"
    assert "4·H·(F + H + 2) = 4·16·(12·15·15 + 16 + 2)" in str(pc.explain(VIDEO, FRAMES))
    own = pc.explain(pc.TimeDistributed(Scale(num_macs=7)), (5, 3)).parts[0]
    assert (own.num_macs, own.num_params) == (35, 0)


def test_what_the_axes_are_is_carried_on() -> None:
    relu = pc.Sequential(EACH, pc.Activation("relu"), pc.TimeDistributed(pc.Activation("relu")))
    for part in pc.explain(relu, FRAMES).parts:
        assert [line.label for line in part.lengths] == ["time", "channels", "height", "width"]
    whole = pc.explain(pc.Sequential(EACH, pc.Flatten()), FRAMES).parts[1]
    assert str(whole.lengths[0]) == "T·C·H·W = 10·8·30·30 = 72,000"
    last = pc.TimeDistributed(pc.Conv2d(3, 8, 3, data_format="channels_last"))
    (part,) = pc.explain(last, (10, 32, 32, 3)).parts
    assert [line.label for line in part.lengths] == ["time", "height", "width", "channels"]
    tokens = pc.explain(pc.TimeDistributed(pc.Embedding(10, 4)), (5, 7)).parts[0]
    assert [line.label for line in tokens.lengths] == ["time", "axis 1", "axis 2"]


def test_merges_of_different_ranks_are_merged_at_each_position() -> None:
    last: Final = "channels_last"
    gate = pc.Multiply(pc.Identity(), pc.GlobalPool(data_format=last))
    for times in (1, 5, 8):  # One would broadcast, and the others look like a width or channels.
        for network in pc.TimeDistributed(gate), pc.Sequential(pc.TimeDistributed(gate)):
            assert network.output_shape((times, 6, 5, 8)) == (times, 6, 5, 8)
    field = pc.receptive_field(pc.TimeDistributed(gate), (5, 6, 5, 8))
    assert field.size == (1, None, None)
    with pytest.raises(pc.ShapeError) as caught:
        pc.TimeDistributed(pc.Add(pc.Identity(), pc.Dense(8, 3))).output_shape((5, 8))
    assert str(caught.value) == (
        "Add: axes, compared from the last, must be equal or 1, got (8,) from [0] and (3,) from [1]"
    )


@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2, -3])
def test_concat_joins_the_axis_of_each_position(dim: int) -> None:
    joined = pc.Concat(pc.Identity(), pc.Identity(), dim=dim)
    shape = joined.output_shape((3, 4, 5))
    assert pc.TimeDistributed(joined).output_shape((6, 3, 4, 5)) == (6, *shape)
    alone = pc.receptive_field(joined, (3, 4, 5))
    found = pc.receptive_field(pc.TimeDistributed(joined), (6, 3, 4, 5))
    assert found.size == (1, *alone.size)
    at = [length - 1 for length in (*shape[1:],)]
    assert found.interval((0, *at)) == ((0, 0), *alone.interval(tuple(at)))
    lines = pc.explain(pc.TimeDistributed(joined), (6, 3, 4, 5)).parts[-1].lengths
    assert sum(" + " in str(line) for line in lines) == 1


def test_smallest_input_has_one_position() -> None:
    assert pc.smallest_input(EACH) == (1, 3, 3, 3)
    assert pc.smallest_input(EACH, square=False) == (1, 3, 3, 3)
    assert pc.smallest_input(VIDEO[:2]) == (1, 3, 4, 4)
    assert pc.smallest_input(EACH, (7, 3, None, None)) == (7, 3, 3, 3)
    later = pc.Sequential(EACH, pc.Permute((1, 0, 2, 3)), pc.Conv3d(8, 8, (4, 1, 1)))
    assert pc.smallest_input(later) == (4, 3, 3, 3)
    assert pc.input_lengths(EACH, (2, 5, 6)) == (range(2, 3), range(7, 8), range(8, 9))
    fixed = pc.TimeDistributed(pc.Sequential(pc.Input(3, 8, 8), pc.Conv2d(3, 8, 3)))
    assert pc.smallest_input(fixed) == (1, 3, 8, 8)
    with pytest.raises(pc.ShapeError, match=r"give input_shape=\(None, channels, None, None\)"):
        pc.smallest_input(pc.TimeDistributed(pc.Conv2d(None, 8, 3)))
    with pytest.raises(pc.ShapeError, match=r"give input_shape=\(None, channels, None, None\)"):
        pc.smallest_input(pc.TimeDistributed(pc.Pool(3)))


def test_tensors_are_shared_in_either_order() -> None:
    dense = pc.Dense(3, 3)
    one, other = (
        pc.Shared("w", pc.TimeDistributed(dense)),
        pc.TimeDistributed(pc.Shared("w", dense)),
    )
    steps = pc.trace(pc.Sequential(one, other, pc.Shared("w", dense)), (5, 3))
    assert [step.num_params for step in steps] == [12, 0, 0]
    assert [step.num_macs for step in steps] == [45, 45, 45]
    network = pc.TimeDistributed(pc.Shared("n", pc.Sequential(dense, pc.BatchNorm(3))))
    assert pc.Sequential(network, network).num_params((5, 3)) == network.num_params((5, 3)) == 18


def test_it_is_frozen_in_either_order() -> None:
    for frozen in pc.Frozen(EACH), pc.TimeDistributed(pc.Frozen(EACH.layer)), pc.freeze(EACH):
        assert frozen.num_params() == 0
        assert frozen.num_macs(FRAMES) == EACH.num_macs(FRAMES)
        assert [one.trainable for one in frozen.parameters()] == [False, False]
        assert pc.summary(frozen).num_frozen == 224
        assert pc.memory(frozen, FRAMES).gradient_bytes == 0
        for tool in LEDGERS:
            alone = pc.flops(EACH, FRAMES, convention=tool)
            assert pc.flops(frozen, FRAMES, convention=tool).num_flops == alone.num_flops > 0
    assert pc.freeze(pc.TimeDistributed(pc.Pool(2))) == pc.TimeDistributed(pc.Pool(2))
    inside = pc.trace(pc.Frozen(pc.TimeDistributed(pc.Sequential(pc.Pool(2)))), FRAMES)
    assert inside[0].layer == pc.TimeDistributed(pc.Pool(2))


def test_data_format_reaches_the_layer_inside() -> None:
    network = pc.Sequential(pc.TimeDistributed(pc.Pool(2)), data_format="channels_last")
    assert network.output_shape((5, 8, 8, 3)) == (5, 4, 4, 3)
    inside = pc.Input(8, 8, 3, data_format="channels_last")
    each = pc.TimeDistributed(pc.Sequential(inside, pc.Pool(2)))
    assert each.output_shape((5, 8, 8, 3)) == (5, 4, 4, 3)


def test_tables_show_what_is_taken_from_the_input() -> None:
    table = pc.summary(pc.TimeDistributed(pc.Conv2d(None, 8, 3)), FRAMES, columns=("layer",))
    assert "TimeDistributed(Conv2d(3*, 8, 3))" in table_of(table)
    assert "* taken from the input" in str(
        pc.summary(pc.TimeDistributed(pc.Dense(None, 3)), (5, 3))
    )


def test_picture_is_that_of_a_position() -> None:
    inside = pc.Sequential(pc.Conv2d(3, 8, 3), pc.BatchNorm(), pc.TransformerEncoderLayer(30, 2, 8))
    network = pc.Sequential(inside[:2], pc.Reshape((-1, 30)), inside[2])
    alone = pc.diagram(network, FRAMES[1:]).glyphs
    each = pc.diagram(pc.TimeDistributed(network), FRAMES).glyphs
    for one, other in zip(each, alone, strict=True):
        assert (one.path, one.kind) == (other.path, other.kind)
        assert (one.width, one.heights) == (other.width, other.heights)
        assert one.labels[0] == other.labels[0]
        assert one.layer == f"TimeDistributed({other.layer})"
    assert [one.labels[1] for one in each[:2]] == ["10×8×30×30"] * 2
    assert pc.diagram(pc.TimeDistributed(pc.Identity()), (5, 3)).glyphs == ()
    assert pc.diagram(pc.TimeDistributed(network), FRAMES, depth=0).glyphs[0].layer == (
        "TimeDistributed(Sequential)"
    )
    after = pc.diagram(pc.Sequential(EACH, pc.Activation("relu")), FRAMES).glyphs
    assert after[1].heights[0] == after[0].heights[1]


def test_notes_are_those_of_a_position() -> None:
    conv = pc.Conv2d(None, 8, 3)
    (note,) = pc.explain(pc.TimeDistributed(conv), (5, 32, 32, 3)).notes
    assert note == (
        "TimeDistributed: takes 32 of shape (32, 32, 3) for the channels; "
        'data_format="channels_last" takes 3'
    )
    assert not pc.explain(pc.TimeDistributed(conv), (5, 3, 32, 32)).notes
    vectors = pc.Sequential(EACH, pc.TimeDistributed(pc.GlobalPool()), pc.Conv1d(None, 8, 3))
    (note,) = pc.explain(vectors, FRAMES).notes
    assert note.startswith(
        "[2] Conv1d: takes 10 of shape (10, 8) for the channels, not its features"
    )


WORDS = [
    (EACH, (10,), "TimeDistributed: expects an axis before those of Conv2d, got shape (10,)"),
    (EACH, (10, 4, 8, 8), "Conv2d: expects 3 input channels, got 4 in shape (4, 8, 8)"),
    (
        pc.Sequential(pc.Identity(), pc.TimeDistributed(pc.Sequential(pc.Pool(2), pc.Pool(2)))),
        (5, 3, 2, 2),
        "[1][1] Pool: a window of 2 does not fit height 1 (padding 0)",
    ),
    (
        pc.Dense(3, 4),
        None,
        (
            "Dense: the number of multiply-accumulates depends on the input: "
            "give input_shape or start with Input(...)"
        ),
    ),
]


@pytest.mark.parametrize(("layer", "shape", "words"), WORDS)
def test_words(layer: pc.Layer, shape: pc.Shape | None, words: str) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        layer.output_shape(shape) if shape else pc.TimeDistributed(layer).num_macs()
    assert str(caught.value) == words


def test_macs_are_none_where_nothing_is_multiplied() -> None:
    assert pc.TimeDistributed(pc.Pool(2)).num_macs() == 0


def test_relu_works_in_place_at_each_position() -> None:
    leaky = pc.TimeDistributed(pc.Activation("leaky_relu"))
    used, alone = [
        pc.memory(net, FRAMES, in_place=True)
        for net in (pc.Sequential(EACH, leaky), pc.Sequential(EACH))
    ]
    output = pc.memory(EACH, FRAMES).output_bytes
    assert used.activation_bytes == alone.activation_bytes + output
    after = pc.Sequential(EACH, leaky, pc.PReLU())
    both, one = [pc.memory(after, FRAMES, in_place=flag).activation_bytes for flag in (False, True)]
    assert both == one + output
