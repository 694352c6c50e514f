"""A table for a terminal: aligned columns, two spaces apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import zip_longest

from paramcalc.render.table import Table, is_wide, printable, width_of

WIDTH, LEAST = 80, 16
"""The usual width of a terminal, and the least width of a wrapped column."""
PLAIN = str.maketrans({"×": "x", "→": "->", "─": "-", "–": "-", "−": "-", "·": "*", "‖": "|"})


def to_ascii(text: str) -> str:
    """The text in ASCII, with escapes for letters that it lacks."""
    return text.translate(PLAIN).encode("ascii", "backslashreplace").decode()


def wrap_words(words: str, width: int) -> list[str]:
    """Words in lines of a width, indented as the first; a longer word is broken."""
    margin = words[: min(len(words) - len(words.lstrip(" ")), width // 2)]
    width -= len(margin)
    lines = [""]
    for word in words.split():
        if len(lines[-1]) + 1 + len(word) <= width and lines[-1]:
            lines[-1] += f" {word}"
            continue
        pieces = [word[at : at + width] for at in range(0, len(word), width)]
        lines += pieces if lines[-1] else [lines.pop() + pieces[0], *pieces[1:]]
    return [margin + line for line in lines]


def render(table: Table, width: int = WIDTH) -> str:
    """The table as text. If that makes it fit, its widest column of words is wrapped."""
    titles = [column.title for column in table.columns]
    lines = [
        ["  " * row.level + printable(row.cells[0]), *map(printable, row.cells[1:])]
        for row in table.rows
    ]
    has_wide = is_wide("".join(["".join(line) for line in lines]))
    measure = width_of if has_wide else len
    widths = [max(map(measure, column)) for column in zip(titles, *lines, strict=True)]
    too_wide = sum(widths) + 2 * len(widths) - 2 - width
    text_widths = [
        0 if column.numeric else size for column, size in zip(table.columns, widths, strict=True)
    ]
    widest = text_widths.index(max(text_widths))
    if too_wide > 0 and text_widths[widest] - too_wide >= LEAST:
        widths[widest] -= too_wide
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)

    signs = [">" if column.numeric else "<" for column in table.columns]
    pairs = [*zip(signs, widths, strict=True)]
    template = "  ".join([f"{{:{sign}{width}}}" for sign, width in pairs])

    def line_of(cells: Sequence[str]) -> str:
        if not has_wide:
            return template.format(*cells).rstrip()
        sized = [
            f"{cell:{sign}{width - width_of(cell) + len(cell)}}"
            for cell, (sign, width) in zip(cells, pairs, strict=True)
        ]
        return "  ".join(sized).rstrip()

    wrap = cache(partial(wrap_words, width=widths[widest]))  # Many cells are equal.

    def join(cells: list[str]) -> Iterator[str]:
        if len(cells[widest]) <= widths[widest]:
            yield line_of(cells)
            return
        parts = [[cell] for cell in cells]
        parts[widest] = wrap(cells[widest])
        for line in zip_longest(*parts, fillvalue=""):
            yield line_of(line)

    text = [*join(titles), rule]
    for row, line in zip(table.rows, lines, strict=True):
        if row.kind == "total":
            text.append(rule)
        text += join(line)
    return "\n".join(text)
