"""A table in GitHub's Markdown."""

from __future__ import annotations

import re

from paramcalc.render.table import Table, printable


def escape(text: str) -> str:
    """`text` so that Markdown shows it as it is, in a table cell too."""
    return re.sub(r"([\\`*_\[\]<>|~$&:@]|(?<=www)\.)", r"\\\1", printable(text))


def render(table: Table) -> str:
    """The table; rows of a group are indented, its name and the total are bold."""
    lines = [
        [column.title for column in table.columns],
        ["---:" if column.numeric else "---" for column in table.columns],
    ]
    for row in table.rows:
        cells = [escape(cell) for cell in row.cells]
        if row.kind != "row":
            cells = [cell and f"**{cell}**" for cell in cells]
        lines.append(["&emsp;" * row.level + cells[0], *cells[1:]])
    return "\n".join([f"| {' | '.join(line)} |" for line in lines])
