"""The table that all renderers take."""

from __future__ import annotations

from typing import NamedTuple


class Markup(str):
    """Text already in the renderer's format, which is not escaped."""

    __slots__ = ()


class Column(NamedTuple):
    """The title of a column, and whether it holds numbers, which are right-aligned."""

    title: str
    numeric: bool = False


class Row(NamedTuple):
    """A cell per column, the level of indentation, and the kind: "row", "head" or "total"."""

    cells: tuple[str, ...]
    level: int = 0
    kind: str = "row"


class Table(NamedTuple):
    """Columns, and rows of cells."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def printable(text: str) -> str:
    """`text` on one line, with escapes for characters that cannot be printed."""
    if text.isprintable():
        return text
    return "".join([one if one.isprintable() else repr(one)[1:-1] for one in text])
