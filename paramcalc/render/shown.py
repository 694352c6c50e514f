"""What a result that is a table to look at has in common with all others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from paramcalc.render import html, markdown, text
from paramcalc.render.table import Table


class Shown:
    """A result that shows itself in a terminal, in a notebook and on a page, by its `_table`."""

    __slots__ = ()

    if TYPE_CHECKING:

        def _table(self, style: str = "unicode") -> Table:
            """The table; its formulas in a style of `Term`."""
            ...

        def _gist(self) -> str:
            """What is said of it behind its name, where there is room for a line alone."""
            ...

    # Here and not in a subclass: IPython takes the first class that has either of the two.

    def __repr__(self) -> str:
        return f"<{type(self).__name__}{self._gist()}: print() shows it>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows in a terminal."""
        printer.text(str(self))

    def __str__(self) -> str:
        return text.render(self._table())

    def to_markdown(self) -> str:
        """A table in GitHub's Markdown."""
        return markdown.render(self._table())

    def to_html(self) -> str:
        """A table in HTML: no script, nothing from outside, well-formed XML."""
        return html.render(self._table("html"))

    def _repr_html_(self) -> str:
        return self.to_html()

    def _repr_markdown_(self) -> str:
        return self.to_markdown()
