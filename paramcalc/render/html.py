"""A table in HTML, for notebooks: no script, nothing from outside, at home in light and dark."""

from __future__ import annotations

from html import escape as escape_html

from paramcalc.render.table import Markup, Table, printable

# Colors are the page's own, from the notebook's theme where it has one. The header and the total
# have a ground of their own to stand on when the rows scroll below, always with its own ink.
STYLE = """
.paramcalc { max-height: 40em; overflow: auto; width: fit-content; max-width: 100%; }
.paramcalc table { border-collapse: collapse; border: 0; margin: 0; font-size: 0.95em;
  font-variant-numeric: tabular-nums; color: inherit; background: none; }
.paramcalc th, .paramcalc td { padding: 0.3em 0.9em; border: 0; text-align: left;
  vertical-align: baseline; white-space: nowrap; background: none; }
.paramcalc tbody td { border-top: 1px solid rgba(128, 128, 128, 0.22); }
.paramcalc .number { text-align: right; }
.paramcalc thead th, .paramcalc tfoot td { position: sticky; font-weight: 600;
  color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText));
  background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas)); }
.paramcalc thead th { top: 0; border-bottom: 2px solid rgba(128, 128, 128, 0.6); }
.paramcalc tfoot td { bottom: 0; border-top: 2px solid rgba(128, 128, 128, 0.6); }
.paramcalc .head td { font-weight: 600; padding-top: 0.8em; }
.paramcalc sub { font-size: 0.7em; line-height: 0; }
"""


def escape(text: str) -> str:
    """`text` so that HTML shows it as it is."""
    return text if isinstance(text, Markup) else escape_html(printable(text))


def render(table: Table) -> str:
    """The table, with its style; well-formed XML."""

    def cells(tag: str, texts: tuple[str, ...], level: int = 0) -> str:
        written: list[str] = []
        for column, text in zip(table.columns, texts, strict=True):
            attribute = ' class="number"' if column.numeric else ""
            if level and not written:
                attribute += f' style="padding-left: {0.9 + 1.2 * level:.1f}em"'
            written.append(f"<{tag}{attribute}>{escape(text)}</{tag}>")
        return "".join(written)

    titles = cells("th", tuple([column.title for column in table.columns]))
    parts = {"body": list[str](), "foot": list[str]()}
    for row in table.rows:
        attribute = ' class="head"' if row.kind == "head" else ""
        part = parts["foot" if row.kind == "total" else "body"]
        part.append(f"<tr{attribute}>{cells('td', row.cells, row.level)}</tr>")
    return "\n".join(
        [
            f'<div class="paramcalc"><style>{STYLE}</style>',
            f"<table><thead><tr>{titles}</tr></thead>",
            "<tbody>",
            *parts["body"],
            "</tbody>",
            *(["<tfoot>", *parts["foot"], "</tfoot>"] if parts["foot"] else []),
            "</table></div>",
        ]
    )
