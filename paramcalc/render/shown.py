"""What all results have in common: how they show themselves."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING, Any

from paramcalc.render import html, latex, markdown, text
from paramcalc.render.table import Table


class Shown:
    """A result that shows its `_table`, with notes below, in a terminal, a notebook or a page."""

    __slots__ = ()

    if TYPE_CHECKING:

        def _table(self, style: str = "unicode") -> Table:
            """The table, with formulas in a style of `Term`."""
            ...

        def _gist(self) -> str:
            """The rest of a line that begins with its name."""
            ...

    def notes(self) -> tuple[str, ...]:
        """The sentences below the table."""
        return ()

    # Here and not in a subclass: IPython takes the first class that has either of the two.

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{self._gist()}: print() shows it>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows in a terminal."""
        printer.text(str(self))

    def __str__(self) -> str:
        table = text.render(self._table())
        notes = [fill(note, 80) for note in self.notes()]
        if not notes:
            return table
        rule = "─" * max(map(len, table.split("\n")))
        return "\n".join([table, rule, *notes])

    def to_markdown(self) -> str:
        """A table in GitHub's Markdown, and the notes."""
        return "\n\n".join([markdown.render(self._table()), *map(markdown.escape, self.notes())])

    def to_html(self) -> str:
        """The same in HTML: well-formed XML without a script or anything from outside."""
        notes = "".join([f"\n<p>{html.escape(note)}</p>" for note in self.notes()])
        table = html.render(self._table("html"))
        return f"<div>{table}{notes}</div>" if notes else table

    def to_latex(self) -> str:
        """The same as a LaTeX tabular, which needs booktabs."""
        return "\n\n".join([latex.render(self._table("latex")), *map(latex.escape, self.notes())])

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
