"""A table in LaTeX, with the rules of the booktabs package."""

from __future__ import annotations

from paramcalc.render.table import Markup, Table, printable

# Signs by their names in math, which MathJax and KaTeX know within a text as LaTeX does.
SPECIAL = {
    "\\": r"$\backslash$",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "^": r"$\wedge$",
    "_": r"\_",
    "~": r"$\sim$",
    "%": r"\%",
    "|": "$|$",
    "<": "$<$",
    ">": "$>$",
    "[": "{[}",  # After a line's end, a bare one would be an option of it.
    "]": "{]}",
    "×": r"$\times$",
    "→": r"$\to$",
}
TABLE = str.maketrans(SPECIAL)


def escape(text: str) -> str:
    """`text` so that LaTeX shows it as it is."""
    return text if isinstance(text, Markup) else printable(text).translate(TABLE)


def render(table: Table) -> str:
    """A tabular; it needs the package booktabs."""

    def line(cells: list[str]) -> str:
        return " & ".join(cells) + r" \\"

    lines = [
        rf"\begin{{tabular}}{{{''.join(['r' if one.numeric else 'l' for one in table.columns])}}}",
        r"\toprule",
        line([escape(column.title) for column in table.columns]),
        r"\midrule",
    ]
    for row in table.rows:
        cells = [escape(cell) for cell in row.cells]
        if row.kind == "total":
            lines.append(r"\midrule")
        if row.kind != "row":
            cells = [cell and rf"\textbf{{{cell}}}" for cell in cells]
        lines.append(line([r"\quad " * row.level + cells[0], *cells[1:]]))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])
