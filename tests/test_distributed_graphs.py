"""Graphs, and layers of several inputs, at each position of a leading axis."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import paramcalc as pc
from paramcalc._ledgers import LEDGERS


def cross() -> pc.Graph:
    """Attention of a sequence to another, with a residual connection."""
    queries, memory = pc.Input(7, 8)(), pc.Input(9, 6)()
    found = pc.MultiheadAttention(8, 2, kdim=6, vdim=6)(queries, memory)
    return pc.Graph([queries, memory], pc.LayerNorm(8)(found + queries))


def skip() -> pc.Graph:
    """A crop to the size of another image, and a concatenation."""
    image, other = pc.Input(3, 16, 14)(), pc.Input(4, 12, 10)()
    found = pc.Conv2d(4, 5, 3)(other)
    return pc.Graph([image, other], pc.concat(pc.CenterCrop()(image, found), found))


def alone() -> pc.Graph:
    """One input that is read several times, and a network inside."""
    image = pc.Input(3, 16, 16)()
    first = pc.Conv2d(None, 8, 3, padding=1)(image)
    second = pc.Sequential(pc.SeparableConv2d(8, 3, padding=1), pc.BatchNorm())(first) + first
    gate = pc.Dense(8, 8)(pc.GlobalPool()(second))
    return pc.Graph(image, pc.concat(second, first) * pc.Reshape((1, 1, 1))(pc.Dense(8, 1)(gate)))


def tokens() -> pc.Sequential:
    """A class token, which reads nothing, and a layer made of layers."""
    patches = pc.Sequential(pc.Conv2d(3, 8, 4, stride=4), pc.Flatten(1), pc.Permute((1, 0)))
    token = pc.Concat(pc.Parameters(token=(1, 8)), pc.Identity())
    return pc.Sequential(patches, token, pc.TransformerEncoderLayer(8, 2, 16))


def product() -> pc.Graph:
    one, other = pc.Input(5, 7)(), pc.Input(7, 4)()
    return pc.Graph([one, other], one @ other)


LAYERS: list[tuple[pc.Layer, list[pc.Shape]]] = [
    (cross(), [(7, 8), (9, 6)]),
    (skip(), [(3, 16, 14), (4, 12, 10)]),
    (product(), [(5, 7), (7, 4)]),
    (alone(), [(3, 16, 16)]),
    (pc.Frozen(alone()), [(3, 16, 16)]),
    (tokens(), [(3, 16, 16)]),
    (pc.Frozen(tokens()), [(3, 16, 16)]),
    (pc.SeparableConv2d(8, 3), [(3, 16, 16)]),
    (pc.TransformerEncoderLayer(8, 2, 16), [(7, 8)]),
    (pc.MultiheadAttention(8, 2), [(7, 8)]),
    (pc.MultiheadAttention(8, 2, kdim=6, vdim=6), [(7, 8), (9, 6)]),
    (pc.MultiheadAttention(8, 2, kdim=6, vdim=4), [(7, 8), (9, 6), (9, 4)]),
    (pc.Frozen(pc.MultiheadAttention(8, 2, kdim=6, vdim=6)), [(7, 8), (9, 6)]),
    (pc.Shared("mixed", pc.MultiheadAttention(8, 2)), [(7, 8), (7, 8)]),
    (pc.CenterCrop(), [(3, 16, 14), (4, 8, 10)]),
    (pc.Add(), [(3, 8, 8), (3, 1, 1), (8,)]),
    (pc.Multiply(), [(3, 8, 8), (3, 1, 1)]),
    (pc.Concat(dim=1), [(3, 8), (3, 4), (3, 1)]),
    (pc.Concat(dim=-1), [(3, 8), (3, 4)]),
    (pc.MatMul(), [(3, 5, 7), (1, 7, 4)]),
    (pc.Scale(), [(3, 8, 8)]),
    (pc.Add(pc.Identity(), pc.Parameters(positions=(7, 8))), [(7, 8)]),
]
CASES = pytest.mark.parametrize(("layer", "shapes"), LAYERS)
TIMES = 5


def pair(layer: pc.Layer, shapes: list[pc.Shape]) -> tuple[pc.Graph, pc.Graph]:
    """A graph of a layer, and one of the same at each position."""
    found: list[pc.Graph] = []
    for one, before in (layer, ()), (pc.TimeDistributed(layer), (TIMES,)):
        inputs = [pc.Input(*before, *shape)() for shape in shapes]
        found.append(pc.Graph(inputs, one(*inputs)))
    return found[0], found[1]


@CASES
def test_each_position_is_as_the_layer_alone(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    assert each.output_shape() == (TIMES, *alone.output_shape())
    assert each.parameters() == alone.parameters()
    assert each.num_params() == alone.num_params()
    assert each.num_macs() == TIMES * alone.num_macs()
    for tool in LEDGERS:
        count = pc.flops(alone, convention=tool).num_ops
        assert pc.flops(each, convention=tool).num_ops == TIMES * count
    for one, other in zip(pc.trace(each), pc.trace(alone), strict=True):
        assert one.layer == pc.TimeDistributed(other.layer)
        assert (one.path, one.inputs) == (other.path, other.inputs)
        assert one.input_shape == (TIMES, *other.input_shape)
        assert one.output_shape == (TIMES, *other.output_shape)
        assert one.merged == tuple([(TIMES, *shape) for shape in other.merged])
        assert (one.num_params, one.num_macs) == (other.num_params, TIMES * other.num_macs)
        assert one.num_uncovered in ((), (0, *other.num_uncovered))


@CASES
def test_each_position_sees_itself_alone(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    for name, _ in alone.inputs:
        one, other = pc.receptive_field(alone, of=name), pc.receptive_field(each, of=name)
        seen = 0 if set(one.size) == {0} else 1  # The second input of a crop gives only lengths.
        assert other.size == (seen, *one.size)
        assert other.axes == ("time", *one.axes)
        for step, before in zip(other.steps, one.steps, strict=True):
            assert step.size[1:] == before.size
            assert step.padding[1:] == before.padding


@CASES
def test_memory_is_that_of_each_position(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    for in_place in (False, True):
        one = pc.memory(alone, batch_size=TIMES, in_place=in_place)
        other = pc.memory(each, in_place=in_place)
        assert other.training_bytes == one.training_bytes
        assert other.inference_bytes == one.inference_bytes


@CASES
def test_explanation_and_summary_have_the_numbers(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    found = pc.explain(each)
    assert (found.num_params, found.num_macs) == (each.num_params(), each.num_macs())
    for part, step in zip(found.parts, pc.trace(each), strict=True):
        assert tuple([int(line.value) for line in part.lengths]) == step.output_shape
        assert part.lengths[0].label == "time"
        assert (part.num_macs, part.num_params) == (step.num_macs, step.num_params)
        assert not part.num_macs or str(part.lines[-1]).startswith("T·")
    assert found.notes == pc.explain(alone).notes
    for depth in (0, 1, None):
        one, other = pc.summary(each, depth=depth), pc.summary(alone, depth=depth)
        assert len(one.rows) == len(other.rows)
        assert (one.num_params, one.num_buffers) == (other.num_params, other.num_buffers)
    frozen = pc.summary(pc.freeze(each))
    assert frozen.num_params == 0
    assert frozen.num_frozen == sum([one.size for one in pc.freeze(alone).parameters()]) - (
        frozen.num_buffers
    )


@CASES
def test_smallest_input_has_one_position(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    for square in (True, False):
        one, other = [found_by(graph, square=square) for graph in (alone, each)]
        assert other == [(1, *shape) for shape in one]


def found_by(graph: pc.Graph, *, square: bool) -> list[pc.Shape]:
    """The smallest shapes of all inputs."""
    found: Any = pc.smallest_input(graph, square=square)
    return [*found.values()] if len(graph.inputs) > 1 else [found]


@CASES
def test_picture_is_that_of_a_position(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    alone, each = pair(layer, shapes)
    pairs = zip(pc.diagram(each).glyphs, pc.diagram(alone).glyphs, strict=True)
    for one, other in pairs:
        assert (one.path, one.kind, one.labels[0]) == (other.path, other.kind, other.labels[0])
        assert (one.width, one.heights) == (other.width, other.heights)
        assert one.layer == f"TimeDistributed({other.layer})"


@CASES
def test_texts_and_copies(layer: pc.Layer, shapes: list[pc.Shape]) -> None:
    each = pc.TimeDistributed(layer)
    assert eval(repr(each), {**vars(pc)}) == each  # noqa: S307
    assert pickle.loads(pickle.dumps(each)) == each
    (_, graph) = pair(layer, shapes)
    assert eval(repr(graph), {**vars(pc)}) == graph  # noqa: S307


def test_what_reads_nothing_is_repeated_at_each_position() -> None:
    token = pc.TimeDistributed(pc.Parameters(token=(1, 8)))
    first, frames = pc.Input(3, 8)(), pc.Input(5, 4, 8)()
    assert token(frames).shape == (5, 1, 8)
    assert pc.Sequential(token, pc.TimeDistributed(pc.Flatten())).output_shape((6, 2)) == (6, 8)
    # In a graph inside, it is repeated as often as what that reads, and not as the first input.
    rows = pc.Input(4, 8)()
    inner = pc.Graph(rows, pc.concat(pc.Parameters(token=(1, 8))(), rows))
    found = pc.TimeDistributed(inner)(frames)
    graph = pc.Graph([first, frames], [first, found])
    assert graph.output_shapes() == {"input_1": (3, 8), "[0]": (5, 5, 8)}
    assert [one.output_shape for one in pc.trace(graph)] == [(5, 1, 8), (5, 5, 8)]
    assert graph.num_params() == 8
    field = pc.receptive_field(pc.Graph(frames, found))
    assert field.steps[0].size == (0, 0)
    assert field.size == (1, 1)
    with pytest.raises(pc.ShapeError) as caught:
        pc.receptive_field(pc.TimeDistributed(pc.Sequential(pc.Conv1d(3, 8, 3), token.layer)))
    assert str(caught.value) == (
        "[1] TimeDistributed: the receptive field depends on the input: "
        "give input_shape or start with Input(...)"
    )


def test_graph_inside_reads_either_input() -> None:
    """The positions of the two, and the channels, are told apart."""
    vector, frames = pc.Input(3)(), pc.Input(5, 3, 8, 8)()
    found = pc.TimeDistributed(pc.Sequential(pc.Activation("relu"), pc.Conv2d(3, 4, 3)))(frames)
    pooled = pc.TimeDistributed(pc.GlobalPool())(found)
    graph = pc.Graph([vector, frames], pc.Dense(3, 4)(vector) + pooled)
    field = pc.receptive_field(graph, of="input_2")
    assert (field.axes, field.size) == (("time", "height", "width"), (1, None, None))
    assert pc.receptive_field(graph, of="input_1").axes == ()
    assert pc.smallest_input(graph, {"input_1": (3,), "input_2": (None, 3, None, None)}) == {
        "input_1": (3,),
        "input_2": (1, 3, 3, 3),
    }
    lengths = pc.input_lengths(pc.TimeDistributed(skip_alone()), 6)
    assert lengths == (range(6, 7), range(8, 9), range(8, 9))


def skip_alone() -> pc.Graph:
    image = pc.Input(3, 16, 16)()
    found = pc.Conv2d(3, 4, 3)(image)
    return pc.Graph(image, pc.concat(pc.CenterCrop()(image, found), found))


def test_notes_and_equal_branches_of_a_graph_inside() -> None:
    image, dense = pc.Input(4, 8)(), pc.Dense(8, 8)
    twice = pc.Graph(image, pc.Activation("relu")(dense(dense(image))))
    for wrapped in (pc.TimeDistributed(twice), pc.Frozen(twice)):
        (note,) = pc.explain(
            wrapped, (5, 4, 8)[1 - isinstance(wrapped, pc.TimeDistributed) :]
        ).notes
        assert note.startswith("[1] Dense: called at [0] too, and counted again")
    heads = [pc.Dense(8, 8)(image) for _ in range(3)]
    beside = pc.Graph(image, pc.concat(*heads))
    for wrapped in (pc.TimeDistributed(beside), pc.Frozen(beside)):
        rows = pc.summary(wrapped, fold=True).rows
        assert [row.count for row in rows] == [1, 1, 1, 1]


def test_layers_that_need_several_inputs_have_no_uncovered_positions() -> None:
    graph, _ = pair(pc.CenterCrop(), [(3, 16, 14), (4, 8, 10)])
    assert [step.num_uncovered for step in pc.trace(graph)] == [()]
    graph, _ = pair(pc.MatMul(), [(3, 5, 7), (1, 7, 4)])
    assert pc.summary(graph, columns=("num_uncovered",)).rows[0].num_uncovered is None


def test_words() -> None:
    frames, fewer = pc.Input(5, 3, 8)(), pc.Input(4, 3, 8)()
    for layer in (pc.Add(), pc.Concat(), pc.MultiheadAttention(8, 2)):
        with pytest.raises(pc.ShapeError) as caught:
            pc.TimeDistributed(layer)(frames, fewer)
        assert str(caught.value) == (
            "TimeDistributed: the first axes of all inputs must be equal, "
            "got (5, 3, 8) and (4, 3, 8)"
        )
    with pytest.raises(pc.ShapeError) as caught:
        pc.TimeDistributed(pc.Add())(frames, pc.Input(5)())
    assert str(caught.value) == (
        "TimeDistributed: expects an axis before those of Add, got shape (5,)"
    )
    rows = pc.Input(3, 8)()
    outputs = pc.Graph(rows, [pc.Dense(8, 3)(rows), pc.Dense(8, 4)(rows)])
    for wrapped in (pc.TimeDistributed(outputs), pc.Frozen(outputs), pc.Shared("two", outputs)):
        with pytest.raises(pc.ConfigError) as config:
            wrapped(frames)
        assert str(config.value) == "Graph: has outputs ('[0]', '[1]'): call a graph per output"
        with pytest.raises(pc.ConfigError) as config:
            wrapped.num_params()
        assert str(config.value) == "Graph: has outputs ('[0]', '[1]'): wrap a graph per output"
    with pytest.raises(pc.ShapeError) as caught:
        pc.TimeDistributed(pc.Add()).output_shape((5, 3))
    assert str(caught.value) == (
        "TimeDistributed: takes several inputs: call it on tensors of a Graph"
    )


def test_a_graph_of_several_inputs_is_asked_with_a_dict() -> None:
    graph = cross()
    each = pc.TimeDistributed(graph)
    shapes = {"input_1": (4, 7, 8), "input_2": (4, 9, 6)}
    assert each.num_params() == graph.num_params()
    assert each.output_shape(shapes) == (4, 7, 8)
    assert each.num_macs(shapes) == 4 * graph.num_macs()
    assert pc.trace(each, shapes)[0].output_shape == (4, 7, 8)


def test_explanation_of_a_step_with_more_inputs_than_steps() -> None:
    tensors = [pc.Input(3, 8)() for _ in range(3)]
    (part,) = pc.explain(pc.Graph(tensors, pc.concat(*tensors))).parts
    assert str(part.lengths[0]) == "C_1 + C_2 + C_3 = 3 + 3 + 3 = 9"


def test_axes_of_an_input_are_its_own() -> None:
    frames, image = pc.Input(5, 3, 8, 8)(), pc.Input(4, 16, 16)()
    pooled = pc.TimeDistributed(pc.Pool(2))(frames)
    both = pc.Graph([frames, image], [pooled, pc.Slice(0, 2)(image, name="part")])
    (alone,) = pc.diagram(pc.Slice(0, 2), (4, 16, 16)).glyphs
    (found,) = [one for one in pc.diagram(both).glyphs if one.path == "part"]
    assert (found.width, found.heights) == (alone.width, alone.heights)


def test_smallest_input_of_a_graph_inside() -> None:
    assert pc.smallest_input(pc.TimeDistributed(skip_alone())) == (1, 3, 3, 3)
    open_ends = pc.TimeDistributed(pc.Conv2d(None, 1, 1))
    network = pc.Sequential(open_ends, pc.Flatten(), pc.Dense(8, 1))
    # The positions are found first, and the side of the square after them.
    assert pc.smallest_input(network, (None, 3, None, None)) == (2, 3, 2, 2)
    image = pc.Input(3, 16, 16)()
    pooled = pc.Graph(image, pc.GlobalPool()(pc.Conv2d(None, 4, 3)(image)))
    assert pc.smallest_input(pc.TimeDistributed(pooled)) == (1, 3, 3, 3)
    frames, one = pc.Input(2, 3, 9, 9)(name="frames"), pc.Input(3, 9, 9)(name="image")
    ends = [pc.TimeDistributed(pc.Conv2d(3, 8, 5))(frames), pc.Conv2d(3, 8, 3)(one)]
    found = pc.smallest_input(
        pc.Graph([frames, one], ends), {"frames": (None, 3, None, None), "image": (3, None, None)}
    )
    assert found == {"frames": (1, 3, 5, 5), "image": (3, 5, 5)}  # A time is no side of a square.
