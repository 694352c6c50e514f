"""What the table of counterparts says of torch and Keras, against what make_names.py read."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from layers import ROWS

from paramcalc._counterparts import Counterpart, counterparts

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
TABLE = [(tool, one) for tool in ("torch", "keras") for one in counterparts(tool)]
ROW_OF = {row.name: row for row in ROWS}
TAKEN = {"layers.MultiHeadAttention": "embed_dim", "layers.GroupQueryAttention": "embed_dim"}
"""Fields without a default that Keras takes from the input."""


def test_names_are_of_the_versions_of_the_goldens() -> None:
    assert {name: one.partition("+")[0] for name, one in GOLDEN["versions"].items()} == {
        "torch": "2.13.0",
        "keras": "3.15.1",
    }


def test_the_table_names_public_layers_each_pair_once() -> None:
    pairs = [(tool, one.name, one.layer) for tool, one in TABLE]
    assert len(pairs) == len({*pairs}) > 150
    assert {one.layer for _, one in TABLE} <= {*ROW_OF}


@pytest.mark.parametrize(("tool", "one"), TABLE, ids=lambda one: getattr(one, "name", one))
def test_counterparts_have_the_names_and_arguments_of_the_table(
    tool: str, one: Counterpart
) -> None:
    row, theirs = ROW_OF[one.layer], GOLDEN[tool][one.name]
    renamed = {theirs: ours for theirs, ours in one.arguments.items() if theirs != ours}
    assert {*renamed.values(), *one.fields} <= {*row.fields}
    if theirs is not None:
        assert {*one.arguments, *one.theirs} <= {*theirs}
        assert {*renamed.values()}.isdisjoint(theirs), "it is called the same"
        known = {*theirs, *renamed.values(), *one.fields}
        assert needed(one) - {TAKEN.get(one.name, "")} <= known


@pytest.mark.parametrize("one", counterparts("torch"), ids=lambda one: one.name)
def test_arguments_of_torch_are_all_there_in_their_order(one: Counterpart) -> None:
    theirs = GOLDEN["torch"][one.name]
    if theirs is not None and one.layer not in {"Activation", "Slice", "Sequential", "Identity"}:
        assert [*one.arguments, *one.theirs] == [name for name in theirs if name != "self"]


def needed(one: Counterpart) -> set[str]:
    """The fields without a default, but for what is taken from the input or is no number."""
    row = ROW_OF[one.layer]
    parameters = inspect.signature(row.kind).parameters.values()
    names = {one.name for one in parameters if one.default is one.empty}
    return names - {row.open_field} if row.is_compared and not row.is_network else set()
