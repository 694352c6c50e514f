"""What all results have in common: how they show themselves."""

from __future__ import annotations

import sys
from collections.abc import Callable
from textwrap import fill
from typing import TYPE_CHECKING, Any

from paramcalc._checks import as_choice, as_count
from paramcalc.render import csv, html, latex, markdown, text
from paramcalc.render.table import Table


def for_terminal(write: Callable[[str], str]) -> str:
    """Text in the style "unicode", or "ascii" if the standard output cannot encode that."""
    found = write("unicode")
    try:
        found.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return write("ascii")
    return found


class Shown:
    """A result that shows its `_table`, with notes below, in a terminal, a notebook or a page."""

    __slots__ = ()

    if TYPE_CHECKING:

        def _table(self, style: str = "unicode") -> Table:
            """The table, with formulas in a style of `Term`."""
            ...

        def to_records(self) -> list[dict[str, Any]]:
            """A dict of plain values per row, as pandas and polars take them."""
            ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know about the numbers."""
        return ()

    def _below(self) -> tuple[str, ...]:
        """The sentences below the table."""
        return self.notes

    def __repr__(self) -> str:
        return for_terminal(self.to_text)

    def to_text(self, style: str = "unicode", width: int = text.WIDTH) -> str:
        """The table as text, in the style "unicode" or "ascii", and if possible of some width.

        `str` gives the first, or the second if the standard output cannot encode that.
        """
        style = as_choice(style, self, "style", ("unicode", "ascii"))
        width = as_count(width, self, "width")
        table = text.render(self._table(style), width)
        notes = [note if len(note) <= width else fill(note, width) for note in self._below()]
        if notes:
            rule = "─" * max(map(len, table.split("\n")))
            table = "\n".join([table, rule, *notes])
        return text.to_ascii(table) if style == "ascii" else table

    def to_markdown(self) -> str:
        """A table in GitHub's Markdown, and the notes."""
        return "\n\n".join([markdown.render(self._table()), *map(markdown.escape, self._below())])

    def to_html(self) -> str:
        """The same in HTML: well-formed XML without a script or anything from outside."""
        below = [html.escape(note) for note in self._below()]
        notes = "".join([f'\n<p class="paramcalc">{note}</p>' for note in below])
        table = html.render(self._table("html"))
        return f"<div>{table}{notes}</div>" if notes else table

    def to_latex(self) -> str:
        """The same as a LaTeX tabular, which needs booktabs."""
        return "\n\n".join([latex.render(self._table("latex")), *map(latex.escape, self._below())])

    def to_csv(self) -> str:
        """The records as comma-separated values below their names; shapes as 32x24x24."""
        return csv.render(self.to_records())

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
