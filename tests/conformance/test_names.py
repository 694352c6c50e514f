"""What the table of layers says that torch and Keras call them, against what make_names.py read."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from layers import ROWS

if TYPE_CHECKING:
    from rows import Elsewhere, Row

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))


def elsewhere(row: Row, tool: str) -> list[Elsewhere]:
    found: list[Elsewhere] = getattr(row, tool)
    return found


def test_names_are_of_the_versions_of_the_goldens() -> None:
    assert {name: one.partition("+")[0] for name, one in GOLDEN["versions"].items()} == {
        "torch": "2.13.0",
        "keras": "3.15.1",
    }


@pytest.mark.parametrize("tool", ["torch", "keras"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_counterparts_have_the_names_and_arguments_of_the_table(row: Row, tool: str) -> None:
    for one in elsewhere(row, tool):
        assert {*one.arguments.values(), *one.fields} <= {*row.fields}
        for theirs in [GOLDEN[tool][name] for name in one.names]:
            if theirs is not None:
                assert {*one.arguments, *one.theirs} <= {*theirs}
                assert {*one.arguments.values()}.isdisjoint(theirs), "it is called the same"
                known = {*theirs, *one.arguments.values(), *one.fields}
                assert needed(row) - {one.taken} <= known


def needed(row: Row) -> set[str]:
    """The fields without a default, but for what is taken from the input or is no number."""
    parameters = inspect.signature(row.kind).parameters.values()
    names = {one.name for one in parameters if one.default is one.empty}
    return names - {row.open_field} if row.is_compared and not row.is_network else set()
