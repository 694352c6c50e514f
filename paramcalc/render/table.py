"""The table that all renderers take."""

from __future__ import annotations

from typing import NamedTuple

WIDE = (
    ("\u0300", "\u036f"), ("\u1100", "\u11ff"), ("\u2e80", "\ufaff"), ("\ufe30", "\ufe4f"),
    ("\uff01", "\uff60"), ("\U00010000", "\U0010ffff"),
)  # fmt: skip
"""The characters that may not take one column of a terminal, from the first to the last of each
range. A regular expression would take 3 ms to compile."""


class Markup(str):
    """Text already in the renderer's format, which is not escaped."""

    __slots__ = ()


class Column(NamedTuple):
    """The title of a column, and whether it holds numbers, which are right-aligned.

    In HTML, the cells of a column with percentages have bars.
    """

    title: str
    numeric: bool = False
    is_share: bool = False


class Row(NamedTuple):
    """A cell per column, the level of indentation, and the kind: "row", "head" or "total"."""

    cells: tuple[str, ...]
    level: int = 0
    kind: str = "row"


class Table(NamedTuple):
    """Columns, and rows of cells."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def is_wide(text: str) -> bool:
    """Whether some character does not take one column of a terminal."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return any(first <= one <= last for one in set(text) for first, last in WIDE)
    return False


def width_of(text: str) -> int:
    """The columns of a terminal that a text takes."""
    if not is_wide(text):
        return len(text)
    from unicodedata import combining, east_asian_width  # Not at the head: seldom needed.

    return sum([0 if combining(one) else 2 if east_asian_width(one) in "WF" else 1 for one in text])


def printable(text: str) -> str:
    """`text` on one line, with escapes for characters that cannot be printed."""
    if text.isprintable():
        return text
    return "".join([one if one.isprintable() else repr(one)[1:-1] for one in text])
