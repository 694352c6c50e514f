"""Records as comma-separated values."""

from __future__ import annotations

from typing import Any

from paramcalc._checks import entries
from paramcalc.render.table import printable


def cell(value: Any) -> Any:
    """A value in a CSV file, which no spreadsheet takes for a formula."""
    several = entries(value)
    if several is not None:
        is_shape = all(one is None or isinstance(one, int) for one in several)
        if is_shape:
            return "x".join(map(str, several))
        return "; ".join([" ".join(map(str, entries(one) or [one])) for one in several])
    if isinstance(value, int):
        return str(value)
    text = printable(value) if isinstance(value, str) else value
    is_formula = isinstance(text, str) and text.lstrip().startswith(tuple("=+-@＝＋－＠"))
    return f"'{text}" if is_formula else text


def render(records: list[dict[str, Any]]) -> str:
    """The records below the names of their fields."""
    import csv  # Not at the head: seldom needed.
    from io import StringIO

    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerows([list(record) for record in records[:1]])
    writer.writerows([map(cell, record.values()) for record in records])
    return file.getvalue()
