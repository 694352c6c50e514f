"""Branches: their outputs, what they count, and how they are shown."""

from __future__ import annotations

from typing import ClassVar

import pytest
from networks import table_of

import paramcalc as pc
from paramcalc.results import ColumnName

BLOCK = pc.Sequential(
    stem=pc.Conv2d(3, 4, 3),
    block=pc.Add(
        body=pc.Sequential(pc.Conv2d(4, 8, 3, padding=1), pc.BatchNorm(8)),
        skip=pc.Conv2d(4, 8, 1),
    ),
    dense=pc.Concat(pc.Identity(), pc.Conv2d(8, 2, 1)),
    gate=pc.Multiply(pc.Identity(), pc.Sequential(pc.GlobalPool(), pc.Reshape((10, 1, 1)))),
)
SHAPE = (3, 8, 8)


@pytest.mark.parametrize(
    ("shapes", "merged"),
    [
        ([(4, 5, 6), (4, 5, 6)], (4, 5, 6)),
        ([(4, 5, 6), (4, 1, 1)], (4, 5, 6)),
        ([(1, 5, 1), (4, 1, 6)], (4, 5, 6)),
        ([(4, 5, 6), (6,)], (4, 5, 6)),
        ([(1,), (5, 6), (4, 1, 1)], (4, 5, 6)),
        ([(4, 5, 6)], (4, 5, 6)),
    ],
)
def test_add_and_multiply_broadcast_the_outputs_of_their_branches(
    shapes: list[tuple[int, ...]], merged: tuple[int, ...]
) -> None:
    for order in shapes, shapes[::-1]:
        branches = [Constant(shape) for shape in order]
        for kind in pc.Add, pc.Multiply:
            assert kind(branches).output_shape((7,)) == merged


class Counts(pc.Layer):
    """Counts how often it is asked for its shape."""

    asked: ClassVar[list[int]] = []

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        self.asked.append(1)
        return input_shape or ()


class Constant(pc.Layer):
    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return self.shape


def test_concat_adds_up_lengths_along_dim() -> None:
    for dim, output in [(0, (9, 5)), (1, (3, 15)), (-1, (3, 15)), (-2, (9, 5))]:
        assert pc.Concat([pc.Identity()] * 3, dim=dim).output_shape((3, 5)) == output


def test_branches_are_a_sequence() -> None:
    branches = pc.Concat(a=pc.Identity(), b=pc.Pool(2), dim=-1)
    assert len(branches) == 2
    assert list(branches) == [pc.Identity(), pc.Pool(2)]
    assert branches["b"] == branches[1] == pc.Pool(2)
    assert branches[1:] == pc.Concat(b=pc.Pool(2), dim=-1)
    with pytest.raises(pc.ShapeError, match="Concat: takes several inputs: call it on tensors"):
        branches[2:].output_shape((3,))


def test_trace_has_a_step_for_each_layer_of_branches_and_one_for_their_merging() -> None:
    steps = pc.trace(BLOCK, SHAPE)
    assert [(step.path, step.output_shape, step.num_params) for step in steps] == [
        ("stem", (4, 6, 6), 112),
        ("block.body[0]", (8, 6, 6), 296),
        ("block.body[1]", (8, 6, 6), 16),
        ("block.skip", (8, 6, 6), 40),
        ("block", (8, 6, 6), 0),
        ("dense[0]", (8, 6, 6), 0),
        ("dense[1]", (2, 6, 6), 18),
        ("dense", (10, 6, 6), 0),
        ("gate[0]", (10, 6, 6), 0),
        ("gate[1][0]", (10,), 0),
        ("gate[1][1]", (10, 1, 1), 0),
        ("gate", (10, 6, 6), 0),
    ]
    assert [step.input_shape for step in steps if step.path.startswith("block")] == [
        (4, 6, 6),
        (8, 6, 6),
        (4, 6, 6),
        (4, 6, 6),
    ]
    assert BLOCK.num_params() == BLOCK.num_params(SHAPE) == 482
    assert [one.name for one in BLOCK["block"].parameters() if one.trainable] == [
        "body[0].weight",
        "body[0].bias",
        "body[1].weight",
        "body[1].bias",
        "skip.weight",
        "skip.bias",
    ]


TREE = """\
name     layer                       output      parameters  working
──────────────────────────────────────────────────────────────────────────
stem     Conv2d(3, 4, 3)             4 × 6 × 6          112  (3·3·3 + 1)·4
block    Add                         8 × 6 × 6            0
  body   Sequential
    [0]  Conv2d(4, 8, 3, padding=1)  8 × 6 × 6          296  (3·3·4 + 1)·8
    [1]  BatchNorm(8)                8 × 6 × 6           16  2·8
  skip   Conv2d(4, 8, 1)             8 × 6 × 6           40  (1·1·4 + 1)·8
dense    Concat                      10 × 6 × 6           0
  [0]    Identity()                  8 × 6 × 6            0
  [1]    Conv2d(8, 2, 1)             2 × 6 × 6           18  (1·1·8 + 1)·2
gate     Multiply                    10 × 6 × 6           0
  [0]    Identity()                  10 × 6 × 6           0
  [1]    Sequential
    [0]  GlobalPool()                10                   0
    [1]  Reshape((10, 1, 1))         10 × 1 × 1           0
──────────────────────────────────────────────────────────────────────────
total                                                   482"""
FOLDED = """\
name   layer            output      parameters  buffers
───────────────────────────────────────────────────────
stem   Conv2d(3, 4, 3)  4 × 6 × 6          112        0
block  Add              8 × 6 × 6          352       16
dense  Concat           10 × 6 × 6          18        0
gate   Multiply         10 × 6 × 6           0        0
───────────────────────────────────────────────────────
total                                      482       16"""


def test_summary_shows_branches_as_a_tree() -> None:
    assert table_of(pc.summary(BLOCK, SHAPE)) == TREE
    columns: tuple[ColumnName, ...] = ("name", "layer", "output_shape", "num_params", "num_buffers")
    assert table_of(pc.summary(BLOCK, SHAPE, columns=columns, depth=1)) == FOLDED


def test_summary_rows_are_in_the_order_of_the_trace() -> None:
    summary = pc.summary(BLOCK, SHAPE, columns=("path", "shape_working", "num_buffers"))
    assert [row.path for row in summary.rows] == [step.path for step in pc.trace(BLOCK, SHAPE)]
    assert summary.to_records()[7] == {
        "path": "dense",
        "shape_working": "8 + 2",
        "num_buffers": 0,
    }
    folded = pc.summary(BLOCK, SHAPE, depth=1).rows[1]
    assert [row.path for row in folded.within] == [
        "block.body[0]",
        "block.body[1]",
        "block.skip",
        "block",
    ]


def test_summary_of_branches_that_are_the_whole_network() -> None:
    branches = pc.Add(pc.Conv2d(2, 2, 1), pc.Identity())
    assert table_of(pc.summary(branches, (2, 3, 3), columns=("name", "layer", "num_params"))) == (
        "name   layer            parameters\n"
        "──────────────────────────────────\n"
        "       Add                       0\n"
        "[0]    Conv2d(2, 2, 1)           6\n"
        "[1]    Identity()                0\n"
        "──────────────────────────────────\n"
        "total                            6"
    )
    assert pc.trace(branches, (2, 3, 3))[-1].path == ""


def test_branches_without_layers_are_one_step() -> None:
    network = pc.Sequential(pc.Add(pc.Sequential(), pc.Sequential()), pc.Identity())
    assert [step.path for step in pc.trace(network, (3,))] == ["[0]", "[1]"]
    assert len(pc.summary(network, (3,), depth=1).rows) == 2


def test_explanation_of_concat_adds_up_its_branches() -> None:
    explanation = pc.explain(pc.Concat(pc.Identity(), pc.Conv2d(4, 3, 1)), (4, 5, 5))
    assert "Concat: 4 × 5 × 5 → 7 × 5 × 5; 4 + 3 = 7" in str(explanation).splitlines()
    assert [str(line) for line in explanation.parts[-1].lengths] == [
        "C_1 + C_2 = 4 + 3 = 7", "5", "5",
    ]  # fmt: skip
    last = pc.Concat(pc.Identity(), pc.Identity(), dim=-1)
    assert str(pc.explain(last, (2, 3)).parts[-1].lengths[1]) == "L_1 + L_2 = 3 + 3 = 6"


def test_explanation_of_concat_of_many_branches_has_no_endless_sum() -> None:
    for number in (12, 13, 101):
        part = pc.explain(pc.Concat([pc.Identity()] * number), (4, 3)).parts[-1]
        assert part.lengths[0].value == 4 * number
        assert len(part.lengths[0].steps()) == (3 if number == 12 else 1)


def test_explanation_asks_each_layer_for_its_shape_twice_at_most() -> None:
    asked = Counts.asked
    asked.clear()
    network: pc.Layer = Counts()
    for _ in range(40):
        network = pc.Concat(network, pc.Sequential(), dim=-1)
    pc.explain(network, (3, 2))
    assert len(asked) == 2  # On ints, and on ints that remember.
    last = pc.summary(network, (3, 2), columns=("path", "shape_working")).to_records()
    assert last[1] == {"path": "[0]" * 39, "shape_working": "2 + 2"}
    assert last[2] == {"path": "[0]" * 38, "shape_working": "4 + 2"}


def test_names_of_axes_in_an_explanation_follow_the_shape_through_branches() -> None:
    """A block of a transformer has no channels, nor has what was permuted."""

    def names(network: pc.Layer, shape: tuple[int, ...]) -> dict[str, list[str]]:
        parts = pc.explain(network, shape).parts
        return {part.path: [line.label for line in part.lengths] for part in parts}

    sequence = ["length", "features"]
    block = pc.Add(pc.Sequential(pc.LayerNorm(8), pc.MultiheadAttention(8, 2)), pc.Identity())
    assert names(pc.Sequential(block, pc.Dropout()), (5, 8)) == {
        "[0][0][0]": ["axis 1", "features"],
        "[0][0][1]": sequence,
        "[0][1]": sequence,
        "[0]": sequence,
        "[1]": sequence,
    }
    assert names(pc.Sequential(pc.Permute((1, 0)), pc.Identity(), pc.LSTM(3, 4)), (3, 5)) == {
        "[0]": ["axis 1", "axis 2"],
        "[1]": ["axis 1", "axis 2"],
        "[2]": sequence,
    }
    assert names(pc.Add(pc.Conv1d(3, 3, 1), pc.Identity()), (3, 5))[""] == ["channels", "length"]
    assert names(pc.Sequential(pc.Dense(4, 4), pc.Dropout()), (3, 4))["[1]"] == [
        "axis 1",
        "features",
    ]


def test_working_of_lengths_follows_the_shape_into_every_branch() -> None:
    network = pc.Sequential(
        pc.Flatten(),
        pc.Add(pc.Dense(None, 1), pc.Sequential(pc.Reshape((6, 2)), pc.Flatten()), pc.Dense(12, 1)),
    )
    first, second = pc.explain(network, (2, 2, 3)).parts[1], pc.explain(network, (2, 2, 3)).parts[4]
    assert str(first.lines[-2]) == "(F_in + 1)·F_out = (2·2·3 + 1)·1 = 13"
    assert str(second.lines[-2]) == "(F_in + 1)·F_out = (2·2·3 + 1)·1 = 13"


def test_input_in_any_branch_states_the_shape() -> None:
    network = pc.Add(pc.Identity(), pc.Sequential(pc.Input(3, 8, 8), pc.Identity()))
    assert network.output_shape() == (3, 8, 8)
    with pytest.raises(pc.ShapeError, match=r"^\[1\]\[0\] Input: expects shape"):
        network.output_shape((3, 9, 9))


def test_nested_branches_ask_each_layer_for_its_shape_once() -> None:
    """Each layer is asked once for its shape, however deep it is."""
    asked = Counts.asked
    asked.clear()
    network: pc.Layer = Counts()
    for _ in range(40):
        network = pc.Add(network, pc.Identity())
    for ask in network.output_shape, network.num_params, network.num_macs, network.parameters:
        asked.clear()
        ask((3,))
        assert len(asked) == 1
    asked.clear()
    pc.summary(network, (3,))
    assert len(asked) == 1
