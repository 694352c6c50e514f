"""The table that all renderers take."""

from __future__ import annotations

from typing import NamedTuple


class Markup(str):
    """Text that is of the renderer's format already, and not to be escaped."""

    __slots__ = ()


class Column(NamedTuple):
    """A column: its title, and whether its cells are numbers, which stand to the right."""

    title: str
    numeric: bool = False


class Row(NamedTuple):
    """A row of cells, one for each column.

    Args:
        cells: their texts; a Markup is taken as it is.
        level: how deep the row stands in the tree, at its first cell.
        kind: "row", "head" for the name of a group, or "total".
    """

    cells: tuple[str, ...]
    level: int = 0
    kind: str = "row"


class Table(NamedTuple):
    """Columns, and rows of cells."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def printable(text: str) -> str:
    """`text` on one line, with what cannot be printed as its escape."""
    if text.isprintable():
        return text
    return "".join([one if one.isprintable() else repr(one)[1:-1] for one in text])
