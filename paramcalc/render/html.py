"""A table in HTML, for notebooks: no script, nothing from outside, at home in light and dark."""

from __future__ import annotations

from paramcalc.render.table import Markup, Table, printable

# Colors come from the notebook's theme, or else from the page. The header and the total stay in
# view while the table scrolls, so they set both background and text color; on paper nothing
# scrolls. The class is named twice to take precedence over a notebook's rules for all tables.
STYLE = """
.paramcalc { width: fit-content; max-width: 100%; }
@media screen { .paramcalc { max-height: 40em; overflow: auto; }
  .paramcalc thead, .paramcalc tfoot { position: sticky; } }
@media print { .paramcalc tfoot { display: table-row-group; } }
.paramcalc.paramcalc table { border-collapse: collapse; border: 0; margin: 0; color: inherit;
  font-variant-numeric: tabular-nums; }
.paramcalc.paramcalc th, .paramcalc.paramcalc td { padding: 0.3em 0.9em; border: 0;
  text-align: left; vertical-align: baseline; white-space: nowrap; }
.paramcalc.paramcalc .number { text-align: right; }
.paramcalc.paramcalc td[style*="--share"] { background: linear-gradient(to right,
  rgba(0, 114, 178, 0.4) var(--share), transparent var(--share)) no-repeat; }
.paramcalc p, p.paramcalc { margin: 0.2em 0.9em; }
.paramcalc.paramcalc tbody tr { border-top: 1px solid rgba(128, 128, 128, 0.25); }
.paramcalc.paramcalc thead, .paramcalc.paramcalc tfoot { z-index: 1;
  color: var(--jp-ui-font-color1, var(--vscode-editor-foreground, CanvasText));
  background: var(--jp-layout-color1, var(--vscode-editor-background, Canvas)); }
.paramcalc.paramcalc thead { top: 0; box-shadow: inset 0 -2px rgba(128, 128, 128, 0.6); }
.paramcalc.paramcalc tfoot { bottom: 0; box-shadow: inset 0 2px rgba(128, 128, 128, 0.6); }
.paramcalc.paramcalc th, .paramcalc.paramcalc tfoot td, .paramcalc.paramcalc .head td {
  font-weight: 600; }
.paramcalc.paramcalc .head td { padding-top: 0.9em; }
.paramcalc.paramcalc sub { font-size: 0.7em; line-height: 0; }
"""


def escape(text: str) -> str:
    """`text` so that HTML shows it as it is."""
    import html  # Not at the head: with the names of all entities, slow to load.

    return text if isinstance(text, Markup) else html.escape(printable(text))


def escape_lines(text: str) -> str:
    """Several lines of text, likewise."""
    return "\n".join(map(escape, text.split("\n")))


def indent(level: int) -> str:
    """The attribute that sets a cell in."""
    return f' style="padding-left: {0.9 + 1.4 * level:.1f}em"' if level else ""


def render(table: Table) -> str:
    """The table, with its style; well-formed XML."""

    def cells(tag: str, texts: tuple[str, ...], kind: str = "row", level: int = 0) -> str:
        is_title = kind != "row" and not table.columns[0].numeric and not any(texts[1:])
        if is_title and len(texts) > 1:
            return f'<td colspan="{len(texts)}"{indent(level)}>{escape(texts[0])}</td>'
        written: list[str] = []
        for column, text in zip(table.columns, texts, strict=True):
            attribute = ' class="number"' if column.numeric else ""
            attribute += "" if written else indent(level)
            if column.is_share and text.endswith("%") and kind == "row":
                attribute += f' style="--share: {text.removesuffix(" %")}%"'
            written.append(f"<{tag}{attribute}>{escape(text)}</{tag}>")
        return "".join(written)

    titles = cells("th", tuple([column.title for column in table.columns]))
    parts = {"body": list[str](), "foot": list[str]()}
    for row in table.rows:
        attribute = ' class="head"' if row.kind == "head" else ""
        part = parts["foot" if row.kind == "total" else "body"]
        part.append(f"<tr{attribute}>{cells('td', row.cells, row.kind, row.level)}</tr>")
    return "\n".join(
        [
            f'<div class="paramcalc tex2jax_ignore mathjax_ignore"><style>{STYLE}</style>',
            f"<table><thead><tr>{titles}</tr></thead>",
            "<tbody>",
            *parts["body"],
            "</tbody>",
            *(["<tfoot>", *parts["foot"], "</tfoot>"] if parts["foot"] else []),
            "</table></div>",
        ]
    )
