"""A table for a terminal: aligned columns, two spaces apart."""

from __future__ import annotations

from paramcalc.render.table import Table, printable


def render(table: Table) -> str:
    """The table as text, each column as wide as what is in it."""
    titles = [column.title for column in table.columns]
    lines = [
        ["  " * row.level + printable(row.cells[0]), *map(printable, row.cells[1:])]
        for row in table.rows
    ]
    widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)

    def join(cells: list[str]) -> str:
        aligned = [
            cell.rjust(width) if column.numeric else cell.ljust(width)
            for cell, width, column in zip(cells, widths, table.columns, strict=True)
        ]
        return "  ".join(aligned).rstrip()

    text = [join(titles), rule]
    for row, line in zip(table.rows, lines, strict=True):
        if row.kind == "total":
            text.append(rule)
        text.append(join(line))
    return "\n".join(text)
