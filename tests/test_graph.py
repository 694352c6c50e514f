"""Graphs: networks that are written with symbolic tensors."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, strategies as st
from strategies import networks_and_shapes

import paramcalc as pc

NetworkAndShape = tuple[pc.Sequential, pc.Shape]
RELU = pc.Activation("relu")


def residual() -> pc.Graph:
    """A graph that branches cannot say: a tensor is read across the merge of two others."""
    x = pc.Input(3, 9, 9)(name="image")
    stem = pc.Conv2d(None, 4, 3)(x, name="stem")
    left = pc.Conv2d(None, 4, 3, padding=1)(stem, name="left")
    both = left + stem
    right = pc.Conv2d(None, 4, 3, padding=1)(both)
    return pc.Graph(x, pc.concat(right, stem, left))


def twins() -> pc.Graph:
    tower = pc.Shared("tower", pc.Sequential(pc.Dense(8, 16), RELU, pc.Dense(16, 4)))
    left, right = pc.Input(8)(name="left"), pc.Input(8)(name="right")
    return pc.Graph((left, right), pc.Dense(None, 1)(tower(left) * tower(right)))


# Tensors


def test_a_tensor_knows_its_shape() -> None:
    x = pc.Input(4, 6, 8)()
    cases: list[tuple[pc.Tensor, pc.Shape]] = [
        (x, (4, 6, 8)),
        (pc.Conv2d(None, 5, 3)(x), (5, 4, 6)),
        (x + pc.Parameters(scale=(4, 1, 1))(), (4, 6, 8)),
        (x * pc.AdaptivePool(1)(x), (4, 6, 8)),
        (x @ pc.Input(8, 3)(), (4, 6, 3)),
        (pc.concat(x, x), (8, 6, 8)),
        (pc.concat([x, x, x], dim=-1), (4, 6, 24)),
        (pc.concat(x), (4, 6, 8)),
        (pc.Add()(x, x, x), (4, 6, 8)),
        (x[0:2], (2, 6, 8)),
        (x[2:], (2, 6, 8)),
        (x[-1:], (1, 6, 8)),
        (x[:, 1:4], (4, 3, 8)),
        (x[..., :5], (4, 6, 5)),
        (x[1:3, ..., 2:], (2, 6, 6)),
        (x[0], (6, 8)),
        (x[-1], (6, 8)),
        (x[:, 2], (4, 8)),
        (x[..., 7], (4, 6)),
        (x[..., -1], (4, 6)),
        (x[0, 1], (8,)),
        (x[1, :, 3], (6,)),
        (x[:], (4, 6, 8)),
    ]
    for tensor, shape in cases:
        assert tensor.shape == shape


def test_split_and_chunk_are_those_of_torch() -> None:
    """Torch 2.13: the last part is smaller, and there may be fewer chunks than were asked for."""
    x = pc.Input(2, 7)()

    def lengths(parts: tuple[pc.Tensor, ...]) -> list[int]:
        assert all(len(part.shape) == 2 for part in parts)
        return [part.shape[1] for part in parts]

    assert lengths(x.split(3, dim=1)) == [3, 3, 1]
    assert lengths(x.split(7, dim=-1)) == lengths(x.split(9, dim=-1)) == [7]
    assert lengths(x.split((2, 5), dim=-1)) == [2, 5]
    assert lengths(x.chunk(3, dim=1)) == [3, 3, 1]
    assert lengths(x.chunk(5, dim=1)) == [2, 2, 2, 1]
    assert lengths(x.chunk(9, dim=1)) == [1] * 7
    assert [part.shape for part in x.chunk(2)] == [(1, 7), (1, 7)]
    net = pc.Graph(x, x.split((2, 5), dim=1))
    assert net.output_shapes() == {"[0]": (2, 2), "[1]": (2, 5)}
    assert net["[1]"] == pc.Slice(2, 7, dim=1)


def test_a_tensor_is_a_value_without_numbers() -> None:
    x = pc.Input(4)(name="x")
    assert repr(x) == "<Tensor x: (4,)>"
    assert repr(RELU(x)) == "<Tensor (4,)>"
    assert x != pc.Input(4)(name="x")
    assert len({x, x, RELU(x)}) == 2
    with pytest.raises(AttributeError):
        x.shape = (5,)  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]
    any_x: Any = x
    for wrong in (lambda: any_x + 1, lambda: 2 * any_x, lambda: any_x @ None, lambda: [*any_x]):
        with pytest.raises(TypeError):
            wrong()


def test_the_data_format_is_that_of_the_input() -> None:
    x = pc.Input(9, 9, 3, data_format="channels_last")()
    y = pc.Sequential(pc.Conv2d(None, 8, 3), RELU, pc.Pool(2))(x)
    assert y.shape == (3, 3, 8)
    assert (pc.BatchNorm()(y) + y).shape == (3, 3, 8)
    net = pc.Graph(x, pc.Conv2d(None, 2, 3)(y + y))
    assert net.output_shape() == (1, 1, 2)
    assert net.num_params() == 8 * 28 + 2 * (9 * 8 + 1)


# Graphs by hand


def test_a_graph_in_all_it_answers() -> None:
    net = residual()
    assert net.output_shape() == (12, 7, 7)
    assert net.num_params() == 112 + 2 * 148
    assert net.num_macs() == 49 * (4 * 27 + 2 * 4 * 36)
    assert net.num_params((3, 20, 20)) == net.num_params()
    assert net.output_shape((3, 20, 10)) == (12, 18, 8)
    assert net.output_shape({"image": (3, 20, 10)}) == (12, 18, 8)
    assert [(step.path, step.inputs) for step in pc.trace(net)] == [
        ("stem", (-1,)),
        ("left", (0,)),
        ("[2]", (1, 0)),
        ("[3]", (2,)),
        ("[4]", (3, 0, 1)),
    ]
    assert net[0] == net["stem"] == pc.Conv2d(None, 4, 3)
    assert [*net] == [net[at] for at in range(len(net))]
    assert [one.name for one in net.parameters()][:3] == ["stem.weight", "stem.bias", "left.weight"]
    assert pc.freeze(net).num_params() == 0
    assert pc.smallest_input(net) == (3, 3, 3)
    assert pc.smallest_input(net, (3, None, 9)) == (3, 3, 9)
    assert pc.smallest_input(pc.Graph(X, RELU(X))) == (4,)  # No layer says what its axis is.
    assert pc.Parameters(a=4, b=(2, 3)).num_params() == 10
    assert pc.input_lengths(net, 7) == (range(9, 10), range(9, 10))
    field = pc.receptive_field(net)
    assert (field.size, field.stride, field.misaligned) == ((7, 7), (1, 1), ())
    assert str(pc.explain(net, at="[3]")).startswith("[3] Conv2d(None, 4, 3, padding=1): 4 × 7 × 7")


def test_what_is_read_again_stays_in_memory() -> None:
    """Of 196 values each: the stem and what follows it live until the concatenation."""
    used = pc.memory(residual())
    assert used.peak_bytes == 4 * (3 + 3) * 196  # stem, left, right; and the output of all three
    assert used.output_bytes == 4 * (4 + 3) * 196


def test_several_inputs_are_a_dict_of_shapes() -> None:
    net, shapes = twins(), {"left": (8,), "right": (8,)}
    smallest: Any = shapes
    assert net.output_shape() == net.output_shape(shapes) == (1,)
    assert net.num_params() == 9 * 16 + 17 * 4 + 5
    assert net.num_macs(shapes) == 2 * (8 * 16 + 16 * 4) + 4
    assert pc.memory(net).peak_bytes == 4 * (8 + 16 + 16)
    assert pc.trace(net).to_text().count("right") == 1
    for around in pc.Frozen(net), pc.Shared("net", net):
        assert around.output_shape() == around.output_shape(shapes) == (1,)
        assert around.num_macs(shapes) == net.num_macs()
        assert pc.smallest_input(around) == pc.smallest_input(net) == smallest
        assert len(pc.diagram(around, shapes).glyphs) == len(pc.diagram(net).glyphs)
    with pytest.raises(pc.ShapeError, match=r"\[0\]\[0\] Dense: expects 8 features"):
        net.output_shape({"left": (9,), "right": (8,)})


def test_a_twin_is_counted_once() -> None:
    """A siamese network of 37,787,777 values, if its tower were there twice, has 18,894,017.

    The published counts are Keras's, with the statistics of normalizations. The layers are the
    usual ones that give them: five convolutions, and 256 features of what remains of an image.
    """
    convs = [(1, 16), (16, 16), (16, 16), (16, 32), (32, 32)]
    layers = [one for a, b in convs for one in (pc.Conv2d(a, b, 3), pc.BatchNorm(b), RELU)]
    tower = pc.Sequential(*layers, pc.AdaptivePool(48), pc.Flatten(), pc.Dense(None, 256))
    left, right = pc.Input(1, 64, 64)(name="left"), pc.Input(1, 64, 64)(name="right")

    def values(twin: pc.Layer) -> int:
        net = pc.Graph((left, right), pc.Dense(256, 1)(twin(left) + twin(right)))
        return sum(one.size for one in net.parameters())

    assert values(pc.Shared("tower", tower)) == 18_894_017
    assert values(tower) == 37_787_777


def test_the_receptive_field_of_each_input() -> None:
    a, b = pc.Input(3, 32, 32)(name="a"), pc.Input(3, 40, 40)(name="b")
    y = pc.concat(pc.Conv2d(3, 4, 5)(a), pc.Conv2d(3, 4, 13)(b))
    net = pc.Graph((a, b), pc.Conv2d(None, 4, 3)(y))
    assert pc.receptive_field(net, of="a").size == (7, 7)
    assert pc.receptive_field(net, of="b").size == (15, 15)
    assert [one.size for one in pc.receptive_field(net, of="b").steps][:2] == [(0, 0), (13, 13)]
    smallest: Any = {"a": (3, 7, 7), "b": (3, 15, 15)}
    assert pc.smallest_input(net) == pc.smallest_input(net, square=False) == smallest
    wide: dict[str, Any] = {"a": (3, None, 20), "b": (3, None, 28)}
    assert pc.smallest_input(net, wide) == {"a": (3, 7, 20), "b": (3, 15, 28)}


def test_misaligned_merges_are_reported() -> None:
    x = pc.Input(1, 9)()
    y = pc.Graph(x, pc.Conv1d(1, 1, 3)(x)[:, :5] + x[:, 2:7])
    assert pc.receptive_field(y).misaligned == ("[3]",)
    assert pc.receptive_field(y).size == (3,)


def test_a_matrix_product() -> None:
    queries, keys = pc.Input(12, 197, 64)(name="queries"), pc.Input(12, 64, 197)(name="keys")
    net = pc.Graph((queries, keys), queries @ keys)
    assert net.output_shape() == (12, 197, 197)
    assert net.num_macs() == 12 * 197 * 197 * 64
    counts = {tool: pc.flops(net, convention=tool).num_flops for tool in ("fvcore", "tensorflow")}
    assert counts == {"fvcore": net.num_macs(), "tensorflow": 2 * net.num_macs()}
    assert pc.flops(net, convention="torchinfo").num_flops == 0
    # A value sees its row of the first, and its column of the second.
    assert pc.receptive_field(net, of="queries").size == (1, None)
    assert pc.receptive_field(net, of="keys").size == (None, 1)


def test_attention_to_another_sequence() -> None:
    """Torch 2.13: projections of 5 queries and 9 keys and values, then their products."""
    x, memory = pc.Input(5, 8)(name="x"), pc.Input(9, 6)(name="memory")
    attention = pc.MultiheadAttention(8, 2, kdim=6, vdim=6)
    net = pc.Graph((x, memory), attention(x, memory))
    assert net.output_shape() == (5, 8)
    assert net.num_params() == attention.num_params()
    projections = 5 * 8 * 8 + 2 * 9 * 6 * 8 + 5 * 8 * 8
    assert net.num_macs() == projections + 2 * 5 * 9 * 8
    assert net.num_macs({"x": (4, 8), "memory": (3, 6)}) == 2 * 4 * 64 + 2 * 3 * 48 + 2 * 12 * 8
    # Twice the projections, their biases, and 6 for each weight of attention; not its products.
    registered = 2 * projections + 8 * (5 + 9 + 9 + 5) + 6 * 2 * 5 * 9
    assert pc.flops(net, convention="tensorflow").num_flops == registered
    three = pc.Graph((x, memory), attention(x, memory, memory))
    assert three.num_macs() == net.num_macs()
    same = pc.MultiheadAttention(8, 2)
    other = pc.Input(9, 8)(name="other")
    twice = pc.Graph((x, other), same(same(x), other))  # Equal layers, one of another sequence.
    assert [part.num_macs for part in pc.explain(twice).parts] == [
        4 * 5 * 64 + 2 * 25 * 8,
        2 * 5 * 64 + 2 * 9 * 64 + 2 * 45 * 8,
    ]
    grouped = pc.MultiheadAttention(8, 2, kdim=6, vdim=6, num_kv_heads=1, head_dim=3)
    sizes = 5 * 8 * 2 * 6 + 9 * 6 * 6 + 5 * 9 * 2 * 6
    assert pc.Graph((x, memory), grouped(x, memory)).num_macs() == sizes
    assert pc.MultiheadAttention(8, 2)(x, x).shape == pc.MultiheadAttention(8, 2)(x).shape
    both = pc.Graph(x, pc.MultiheadAttention(8, 2)(x, x))
    assert both.num_macs() == pc.MultiheadAttention(8, 2).num_macs((5, 8))
    assert pc.receptive_field(both).size == (None,)
    # A position is made of its own query, and of all keys and values.
    assert pc.receptive_field(net, of="x").size == (1,)
    assert pc.receptive_field(net, of="x").interval(2) == ((2, 2),)
    assert pc.receptive_field(net, of="memory").interval(2) == ((0, 8),)


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ([(9, 7)], "MultiheadAttention: expects 6 features of keys or values, got shape (9, 7)"),
        ([(9, 6), (8, 6)], "MultiheadAttention: keys and values must be of one length, got (9, 6) and (8, 6)"),
        ([(2, 9, 6)], "MultiheadAttention: expects (length, features), got shape (2, 9, 6); leave out the batch axis, or wrap the layer in TimeDistributed"),
    ],
)  # fmt: skip
def test_words_of_attention_to_what_does_not_fit(shapes: list[pc.Shape], words: str) -> None:
    tensors = [pc.Input(shape)() for shape in [(5, 8), *shapes]]
    with pytest.raises(pc.ShapeError) as caught:
        pc.MultiheadAttention(8, 2, kdim=6, vdim=6)(*tensors)
    assert str(caught.value) == words


def test_several_outputs() -> None:
    x = pc.Input(3, 8, 8)()
    features = pc.Conv2d(3, 8, 3)(x, name="features")
    net = pc.Graph(x, (features, pc.Dense(None, 10)(pc.Flatten()(features), name="logits")))
    assert net.output_shapes() == {"features": (8, 6, 6), "logits": (10,)}
    for wrong in (net.output_shape, lambda: net(x)):
        with pytest.raises(pc.ConfigError, match=r"Graph: has outputs \('features', 'logits'\)"):
            wrong()
    assert pc.smallest_input(net) == (3, 3, 3)
    # Both are there at the end, though the second was made from the first.
    assert pc.memory(net).peak_bytes == 4 * (192 + 288)
    dense = pc.memory(pc.Graph(x, (x, features)))
    assert dense.peak_bytes == 4 * (192 + 288)


def test_graphs_nest() -> None:
    block = residual()
    net = pc.Sequential(block, pc.Flatten(), pc.Dense(None, 2))
    assert net.output_shape() == (2,)
    assert net["[0].stem"] == block["stem"]
    assert net.num_params() == block.num_params() + (12 * 49 + 1) * 2
    x = pc.Input(3, 9, 9)()
    inner = pc.Graph(x, block(x, name="block"))
    assert inner.num_params() == block.num_params()
    assert [one.path for one in pc.trace(inner)][:2] == ["block.stem", "block.left"]
    left, right = pc.Input(8)(), pc.Input(8)()
    outer = pc.Graph((left, right), RELU(twins()(left, right)))
    assert outer.num_params() == twins().num_params()


def test_a_tree_and_a_table_fold_only_what_reads_alike() -> None:
    x = pc.Input(4, 9, 9)()
    conv = pc.Conv2d(4, 4, 3, padding=1)
    row = pc.Graph(x, conv(conv(conv(x))))
    fan = pc.Graph(x, pc.Add()(conv(x), conv(x), conv(x)))
    assert "3 × " in str(row)
    assert "3 × " not in str(fan)
    assert [one.count for one in pc.summary(row, fold=True).rows] == [3]
    assert [one.count for one in pc.summary(fan, fold=True).rows] == [1, 1, 1, 1]


def test_a_layer_that_is_called_twice_is_two_unless_it_is_shared() -> None:
    x = pc.Input(4)()
    dense = pc.Dense(4, 4)
    assert pc.Graph(x, dense(dense(x))).num_params() == 40
    note = '[1] Dense: called at [0] too, and counted again; Shared("name", layer) counts it once'
    assert pc.summary(pc.Graph(x, dense(dense(x)))).notes == (note,)
    shared = pc.Shared("dense", dense)
    once = pc.Graph(x, shared(shared(x)))
    assert once.num_params() == 20
    assert pc.summary(once).notes == pc.summary(pc.Graph(x, RELU(RELU(x)))).notes == ()
    net = pc.Sequential(pc.Dense(4, 4), RELU)
    assert pc.summary(pc.Sequential(pc.Graph(x, net(net(x))))).notes == (
        note.replace("[1] Dense", "[0][1] Sequential").replace("at [0]", "at [0][0]"),
    )
    near = pc.Dense(4, 4)(RELU(RELU(x), name="a"), name="ab")  # No part of "a".
    assert pc.summary(pc.Graph(x, near)).notes == ()


# Values


@pytest.mark.parametrize("net", [residual(), twins()], ids=["residual", "twins"])
def test_a_graph_is_a_value(net: pc.Graph) -> None:
    assert eval(repr(net), {name: getattr(pc, name) for name in pc.__all__}) == net  # noqa: S307
    assert pickle.loads(pickle.dumps(net)) == net
    assert replace(net) == net
    assert hash(replace(net)) == hash(net)
    assert net != replace(net, outputs=net.outputs * 2)


def test_nodes_are_put_in_order() -> None:
    nodes = {"b": (RELU, "a"), "a": (pc.Dense(4, 4), "x")}
    assert [name for name, _, _ in pc.Graph({"x": (4,)}, "b", nodes).nodes] == ["a", "b"]


# Refusals

graph: Any = pc.Graph
X: Any = pc.Input(4)(name="x")
Y: Any = pc.Input(3, 8, 8)()
DENSE: Any = pc.Dense(4, 4)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: graph({"x": (4,)}, "b", {"a": (pc.Add(), "x", "b"), "b": (RELU, "a")}), "Graph: there is a cycle: a reads b reads a"),
        (lambda: graph({"x": (4,)}, "a", {"a": (RELU, "y")}), "Graph: what is read must be one of ('x', 'a'), got 'y'"),
        (lambda: graph({"x": (4,)}, "b", {"a": (RELU, "x")}), "Graph: what is read must be one of ('x', 'a'), got 'b'"),
        (lambda: graph({"x": (4,)}, "x", {"x": (RELU, "x")}), "Graph: a name must be given once, got 'x'"),
        (lambda: graph({"x": (4,)}, "a", {"a": (RELU, "x"), "b": (RELU, "x")}), "Graph: b leads to no output"),
        (lambda: graph({"x": (4,), "y": (4,)}, "a", {"a": (RELU, "x")}), "Graph: input y leads to no output"),
        (lambda: graph((X, pc.Input(4)(name="y")), RELU(X)), "Graph: input y leads to no output"),
        (lambda: graph(X, RELU(Y)), "Graph: <Tensor (3, 8, 8)> is an Input that leads to an output, and is not among the inputs"),
        (lambda: graph(X, (RELU(X), pc.Parameters(w=4)())), "Graph: no input leads to output '[1]'"),
        (lambda: graph({}, "x", {}), "Graph: inputs must not be empty"),
        (lambda: graph(X, ()), "Graph: outputs must not be empty"),
        (lambda: graph({"x y": (4,)}, "x y", {}), "Graph: the name of an input must be a Python identifier, or a number in brackets, got 'x y'"),
        (lambda: graph({"x": (4,)}, "a", {"a": (DENSE, "x", "x")}), "Graph: a Dense: is called on 1 tensor, got 2"),
        (lambda: graph({"x": (4,)}, "a", {"a": (DENSE,)}), "Graph: a Dense: is called on 1 tensor, got 0"),
        (lambda: graph({"x": (4,)}, "a", {"b": (pc.Input(4),), "a": (pc.Add(), "x", "b")}), "Graph: b Input: give its shape among the inputs"),
        (lambda: DENSE(X, X), "Dense: is called on 1 tensor, got 2"),
        (lambda: DENSE(), "Dense: is called on 1 tensor, got 0"),
        (lambda: pc.MatMul()(X), "MatMul: is called on 2 tensors, got 1"),
        (lambda: pc.MultiheadAttention(4, 2)(X, X, X, X), "MultiheadAttention: is called on 1 to 3 tensors, got 4"),
        (lambda: pc.Add()(), "Add: is called on 1 tensor or more, got 0"),
        (lambda: pc.Parameters(w=4)(X), "Parameters: is called on 0 tensors, got 1"),
        (lambda: DENSE(X, name="a b"), "Dense: a name must be a Python identifier, got 'a b'"),
        (lambda: Y[0, 0, 0], "Tensor: an index must leave an axis, got (0, 0, 0)"),
        (lambda: Y[:, :, :, 0], "Tensor: an index must have at most 3 axes, got (slice(None, None, None), slice(None, None, None), slice(None, None, None), 0)"),
        (lambda: Y[::2], "Tensor: an index must have no steps, got slice(None, None, 2)"),
        (lambda: Y.split((1, 1)), "split: sizes must be at least 1 each, and 3 together, got (1, 1)"),
        (lambda: Y.split((4, -1)), "split: sizes must be at least 1 each, and 3 together, got (4, -1)"),
        (lambda: Y.split(0), "split: sizes must be at least 1, got 0"),
        (lambda: Y.chunk(0), "chunk: chunks must be at least 1, got 0"),
        (lambda: Y.chunk(2, dim=3), "chunk: dim must be an axis of shape (3, 8, 8), got 3"),
    ],
)  # fmt: skip
def test_words_of_config_errors(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(pc.ConfigError) as caught:
        make()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: pc.Conv2d(4, 8, 3)(Y, name="stem"), "stem Conv2d: expects 4 input channels, got 3 in shape (3, 8, 8)"),
        (lambda: pc.Sequential(pc.Dense(8, 2), pc.Dense(3, 2))(Y), "[1] Dense: expects 3 features on the last axis, got shape (3, 8, 2)"),
        (lambda: X + pc.Dense(4, 3)(X), "Add: axes, compared from the last, must be equal or 1, got (4,) from input 1 and (3,) from input 2"),
        (lambda: pc.concat(X, Y), "Concat: outputs must have the same number of axes, got (4,) from input 1 and (3, 8, 8) from input 2"),
        (lambda: pc.concat(X, X, dim=1), "Concat: there is no dim 1 in (4,) from input 1"),
        (lambda: Y[:, :, :4] @ Y, "MatMul: the last axis of the first must be the last but one of the second, got (3, 8, 4) and (3, 8, 8)"),
        (lambda: X @ Y, "MatMul: both inputs must have at least 2 axes, got (4,) and (3, 8, 8)"),
        (lambda: Y @ Y[:2], "MatMul: axes before the last two must be equal or 1, got (3, 8, 8) and (2, 8, 8)"),
        (lambda: pc.Parameters(a=4, b=(2, 3))(), "Parameters: has one output, got 2 tensors: use a Parameters for each"),
        (lambda: pc.CenterCrop()(Y, X), "CenterCrop: both inputs must have the same number of axes, got (3, 8, 8) and (4,)"),
        (lambda: Y[3:], "Slice: [3:] keeps nothing of dim 0, of length 3 in shape (3, 8, 8)"),
        (lambda: pc.MatMul().output_shape((3, 3)), "MatMul: takes several inputs: call it on tensors of a Graph"),
        (lambda: pc.summary(pc.Add(), (3, 3)), "Add: takes several inputs: call it on tensors of a Graph"),
    ],
)  # fmt: skip
def test_words_of_shape_errors(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        make()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DENSE((4,)), "Dense: what it is called on must be a Tensor, got 4; for a shape there is output_shape()"),
        (lambda: DENSE(None), "Dense: what it is called on must be a Tensor, got None; for a shape there is output_shape()"),
        (lambda: DENSE(X, name=3), "Dense: name must be a str, got 3"),
        (lambda: graph(X, "y"), "Graph: outputs must be tensors, unless nodes are given, got 'y'"),
        (lambda: graph((4,), X), "Graph: inputs must be tensors, unless nodes are given, got (4,)"),
        (lambda: graph({"x": (4,)}, "y", {"y": RELU}), "Graph: nodes must be a dict of (layer, names of what it reads) for each name, got {'y': Activation('relu')}"),
        (lambda: graph({"x": (4,)}, "y", {"y": ("x", RELU)}), "Graph: y must be a Layer, got 'x'"),
        (lambda: Y["a"], "Tensor: an index must be of ints and slices, got 'a'"),
        (lambda: twins().output_shape((8,)), "Graph: input_shape must be a dict of the shapes of 'left' and 'right', got (8,)"),
        (lambda: twins().output_shape({"left": (8,)}), "Graph: input_shape must be a dict of the shapes of 'left' and 'right', got {'left': (8,)}"),
        (lambda: pc.smallest_input(twins(), (None,)), "smallest_input: input_shape must be a dict of the shapes of 'left' and 'right', got (None,)"),
    ],
)  # fmt: skip
def test_words_of_type_errors(make: Callable[[], Any], words: str) -> None:
    with pytest.raises(TypeError) as caught:
        make()
    assert str(caught.value) == words


def test_an_input_must_be_named_where_there_are_several() -> None:
    with pytest.raises(pc.ParamcalcError, match="receptive_field: of must be one of"):
        pc.receptive_field(twins())
    with pytest.raises(pc.ParamcalcError, match="receptive_field: no input 'up'; the inputs are"):
        pc.receptive_field(twins(), of="up")


# Laws


def as_graph(layer: pc.Layer, tensor: pc.Tensor) -> pc.Tensor:
    """The output of a network, written with tensors."""
    if isinstance(layer, pc.Sequential):
        for one in layer:
            tensor = as_graph(one, tensor)
        return tensor
    if isinstance(layer, pc.Add | pc.Multiply | pc.Concat):
        return replace(layer, layers=(), names=())(*[as_graph(one, tensor) for one in layer])
    return layer(*[] if isinstance(layer, pc.Parameters) else [tensor])


@given(networks_and_shapes())
def test_a_network_that_is_written_with_tensors_is_the_same(case: NetworkAndShape) -> None:
    network, shape = case
    x = pc.Input(shape)()
    y = as_graph(network, x)
    if x == y or any(not step.inputs for step in pc.trace(network, shape)):
        return
    graph = pc.Graph(x, y)
    assert graph.output_shape() == network.output_shape(shape) == y.shape
    assert graph.num_params() == network.num_params(shape)
    assert graph.num_macs() == network.num_macs(shape)
    assert [one.shape for one in graph.parameters()] == [
        one.shape for one in network.parameters(shape)
    ]
    plain = pc.memory(network, shape)
    assert pc.memory(graph).peak_bytes == plain.peak_bytes
    assert pc.memory(graph).activation_bytes == plain.activation_bytes
    assert pc.memory(graph).output_bytes == plain.output_bytes
    fields = pc.receptive_field(graph), pc.receptive_field(network, shape)
    assert [(one.size, one.stride, one.padding) for one in fields[:1]] == [
        (one.size, one.stride, one.padding) for one in fields[1:]
    ]
    workings = [
        [line.value for line in pc.explain(one, shape).parts[-1].lines] for one in (graph, network)
    ]
    assert workings[0] == workings[1]
    assert pickle.loads(pickle.dumps(graph)) == graph


@given(st.data())
def test_the_peak_of_a_graph_is_that_of_a_simulation(data: st.DataObject) -> None:
    """Run a random graph step by step and free what nobody needs any more."""
    tensors = [pc.Input(1, 4)()]
    for _ in range(data.draw(st.integers(1, 8))):
        read = data.draw(st.lists(st.sampled_from(tensors), min_size=1, max_size=3))
        size = data.draw(st.integers(1, 3))
        tensors.append(pc.Dense(None, 4 * size, bias=False)(pc.concat(*read, dim=1)))
    outputs = [tensors[-1], data.draw(st.sampled_from(tensors[1:]))]
    graph = pc.Graph(tensors[0], [*dict.fromkeys(outputs)])
    steps = pc.trace(graph)
    sizes = {-1: 4} | {
        at: step.output_shape[0] * step.output_shape[1] for at, step in enumerate(steps)
    }
    kept = {at for at, step in enumerate(steps) if step.path in graph.outputs}
    alive, peak = {-1}, 4
    for at in range(len(steps)):
        alive.add(at)
        peak = max(peak, sum(sizes[one] for one in alive))
        needed = {one for later in steps[at + 1 :] for one in later.inputs} | kept
        alive &= needed
    assert pc.memory(graph).peak_bytes == 4 * peak


@pytest.mark.parametrize(("skip", "partner"), [((2, 64, 64), (3, 56, 57)), ((2, 9, 5), (1, 12, 4))])
def test_a_skip_connection_is_cut_or_padded_to_its_partner(
    skip: pc.Shape, partner: pc.Shape
) -> None:
    x, y = pc.Input(skip)(name="skip"), pc.Input(partner)(name="partner")
    net = pc.Graph((x, y), pc.concat(pc.CenterCrop()(x, y), y))
    assert net.output_shape() == (skip[0] + partner[0], *partner[1:])
    assert pc.receptive_field(net, of="skip").misaligned == ()
    assert net.num_macs() == pc.summary(net).num_macs == net.num_params() == 0
    for ask in pc.explain, pc.memory, pc.diagram, pc.smallest_input, pc.trace, pc.flops:
        assert str(ask(net))
    alone = pc.receptive_field(pc.CenterCrop(partner[1:]), skip)
    cut = pc.receptive_field(pc.Graph((x, y), pc.CenterCrop()(x, y)), of="skip")
    assert (cut.size, cut.padding) == (alone.size, alone.padding)
    assert pc.receptive_field(pc.Graph((x, y), pc.CenterCrop()(x, y)), of="partner").size == (0, 0)


def several() -> list[tuple[pc.Layer, pc.Shape, pc.Shape]]:
    x, y = pc.Input(4, 8, 8)(name="a"), pc.Input(4, 8, 8)(name="b")
    return [
        (pc.Add(), (4, 8, 8), (4, 8, 8)),
        (pc.Concat(dim=-1), (4, 8, 8), (4, 8, 3)),
        (pc.MatMul(), (4, 8), (8, 3)),
        (pc.CenterCrop(), (4, 8, 8), (4, 6, 9)),
        (pc.MultiheadAttention(8, 2, kdim=4, vdim=4), (5, 8), (7, 4)),
        (pc.Graph((x, y), x * y), (4, 8, 8), (4, 8, 8)),
    ]


def itself(layer: pc.Layer) -> pc.Layer:
    return layer


def shared(layer: pc.Layer) -> pc.Layer:
    return pc.Shared("s", layer)


@pytest.mark.parametrize("around", [itself, pc.Frozen, shared])
@pytest.mark.parametrize(("layer", "first", "second"), several())
def test_every_verb_takes_a_layer_of_several_inputs(
    around: Any, layer: pc.Layer, first: pc.Shape, second: pc.Shape
) -> None:
    x, y = pc.Input(*first)(name="x"), pc.Input(*second)(name="y")
    bare, net = (pc.Graph((x, y), one(x, y)) for one in (layer, around(layer)))
    for verb in (pc.summary, pc.explain, pc.memory, pc.flops, pc.trace, pc.diagram):
        assert str(verb(net))
    for name in ("x", "y"):
        assert pc.receptive_field(net, of=name).size == pc.receptive_field(bare, of=name).size
    learned = pc.Graph(x, around(layer)(x, pc.Parameters(p=second)()))
    assert pc.diagram(learned)
    assert pc.receptive_field(learned).size == pc.receptive_field(bare, of="x").size
    with pytest.raises(pc.ShapeError, match="input"):
        pc.Sequential(pc.Add(learned)).output_shape()
