"""The summary of a network: a row per layer, and the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import groupby
from typing import Any

from paramcalc._branches import Branches
from paramcalc._checks import as_int, as_name, entries, wrong
from paramcalc._explain import layer_text, layer_texts, shape_text
from paramcalc._lift import Lifted, work_all
from paramcalc._trace import Step, plan_of, walk
from paramcalc.errors import ParamcalcError, counted, join_path
from paramcalc.formulas import Term
from paramcalc.layers._base import Layer, Shape
from paramcalc.render import table
from paramcalc.render.shown import Shown

COLUMNS = {
    "path": table.Column("path"),
    "name": table.Column("name"),
    "layer": table.Column("layer"),
    "input_shape": table.Column("input"),
    "output_shape": table.Column("output"),
    "num_params": table.Column("parameters", numeric=True),
    "num_buffers": table.Column("buffers", numeric=True),
    "num_macs": table.Column("MACs", numeric=True),
    "receptive_field": table.Column("receptive field"),
    "num_uncovered": table.Column("not covered"),
    "working": table.Column("working"),
    "shape_working": table.Column("working of the output"),
}
DEFAULT = ("name", "layer", "output_shape", "num_params", "working")


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One layer, or a nested network folded into one row.

    Args:
        path: its place: `[2]`, `features[2]`; empty for a layer on its own.
        layer: the layer.
        input_shape: its input; None if the network is only counted.
        output_shape: its output.
        num_params: the number of trainable values.
        num_macs: the number of multiply-accumulates for one example; None if unknown.
        within: the rows folded into this one.

    Example:
        >>> import paramcalc as pc
        >>> row = pc.summary(pc.Sequential(head=pc.Dense(4, 3))).rows[0]
        >>> row.path, row.layer, row.num_params
        ('head', Dense(4, 3), 15)
    """

    path: str
    layer: Layer
    input_shape: Shape | None
    output_shape: Shape | None
    num_params: int
    num_macs: int | None
    within: tuple[SummaryRow, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path."""
        return keys(self.path)[-1] if self.path else ""

    @property
    def num_buffers(self) -> int:
        """The number of values that are not trainable, such as running means."""
        if self.within:
            return sum([row.num_buffers for row in self.within])
        return sum([one.size for one in self._step.parameters if not one.trainable])

    @property
    def num_uncovered(self) -> tuple[int, ...] | None:
        """Per axis that windows slide along, the number of positions that none covers."""
        if self.within or self.input_shape is None or self.output_shape is None:
            return None
        return self._step.num_uncovered or None

    @property
    def _step(self) -> Step:
        shapes: Any = self.input_shape, self.output_shape
        return Step(self.path, self.layer, *shapes)


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Shown):
    """A table of a network; `print` it.

    Args:
        network: the network.
        rows: a row per layer, or per folded network.
        columns: the columns that are shown.
        num_params: the number of trainable values.
        num_macs: the number of multiply-accumulates for one example; None if unknown.

    Example:
        >>> import paramcalc as pc
        >>> summary = pc.summary(pc.Dense(4, 3), (4,), columns=("layer", "num_params", "working"))
        >>> summary.to_records()
        [{'layer': 'Dense(4, 3)', 'num_params': 15, 'working': '(4 + 1)·3'}]
        >>> print(summary.to_csv(), end="")
        layer,num_params,working
        "Dense(4, 3)",15,(4 + 1)·3
    """

    network: Layer
    rows: tuple[SummaryRow, ...]
    columns: tuple[str, ...]
    num_params: int
    num_macs: int | None
    _steps: Sequence[Step] = field(compare=False)

    @property
    def num_buffers(self) -> int:
        """The number of values that are not trainable, such as running means."""
        return sum([row.num_buffers for row in self.rows])

    def _gist(self) -> str:
        return f" of {counted(len(self.rows), 'row')}"

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per row, for pandas or polars."""
        values = zip(*[self._values(column) for column in self.columns], strict=True)
        return [dict(zip(self.columns, row, strict=True)) for row in values]

    def to_csv(self) -> str:
        """Comma-separated values below the names of the columns; shapes as 32x24x24."""
        import csv  # Not at the head: seldom needed.
        from io import StringIO

        file = StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(self.columns)
        for record in self.to_records():
            writer.writerow(map(csv_cell, record.values()))
        return file.getvalue()

    def _values(self, column: str, style: str = "unicode") -> list[Any]:
        """The plain values of a column, one per row."""
        if column == "layer":
            return layer_texts([row.layer for row in self.rows])
        if column == "receptive_field":
            # Not at the head: a fifth of the time to load paramcalc, for one column.
            from paramcalc._receptive_field import receptive_field

            shape = self.rows[0].input_shape if self.rows else None
            if shape is None:
                return [None for _ in self.rows]
            fields = {one.path: one.size for one in receptive_field(self.network, shape).steps}
            return [fields[(row.within or (row,))[-1].path] for row in self.rows]
        if column not in ("working", "shape_working"):
            return [getattr(row, column) for row in self.rows]

        def work(lifted: Lifted) -> str:
            return formula([lifted.num_params()] if counting else lifted.lengths(), style)

        counting = column == "working"
        texts = dict(work_all(self._steps, work, counting=counting))
        return ["" if row.within else texts[row.path] for row in self.rows]

    def _table(self, style: str = "unicode") -> table.Table:
        """The rows as texts, with a head per nested network, and the total.

        The row of a merge is the head of its branches.
        """
        columns = [[cell(one) for one in self._values(name, style)] for name in self.columns]
        networks = plan_of(self.network).networks
        is_tree = self.columns[0] == "name"
        rows: list[table.Row] = []
        heads: dict[str, int] = {}
        if isinstance(self.network, Branches) and is_tree:
            heads[""] = 0
            rows.append(table.Row(()))
        for row, cells in zip(self.rows, zip(*columns, strict=True), strict=True):
            path = keys(row.path) if is_tree else []
            where = ""
            for level, key in enumerate(path[:-1]):
                where = join_path(where, key)
                if where not in heads:
                    heads[where] = len(rows)
                    head = {"name": key, "layer": layer_text(networks[where])}
                    texts = tuple([head.get(column, "") for column in self.columns])
                    rows.append(table.Row(texts, level, "head"))
            level = max(len(path) - 1, 0)
            if row.path in heads:
                rows[heads[row.path]] = table.Row(cells, level, "head")
            else:
                rows.append(table.Row(cells, level))
        totals = {name: cell(getattr(self, name)) for name in self.columns if COLUMNS[name].numeric}
        first = self.columns[0]
        texts = tuple([totals.get(name, "total" if name == first else "") for name in self.columns])
        rows.append(table.Row(texts, 0, "total"))
        return table.Table(tuple([COLUMNS[name] for name in self.columns]), tuple(rows))


def keys(path: str) -> list[str]:
    """The keys of a path: `features` and `[2]` of `features[2]`."""
    return path.replace("[", ".[").removeprefix(".").split(".") if path else []


def formula(numbers: Iterable[int], style: str) -> str:
    """The working of numbers, in numbers; empty for plain ones."""
    made = [one.numbers(style) for one in numbers if isinstance(one, Term) and not one.is_plain()]
    if style != "latex":
        return ", ".join(dict.fromkeys(made))
    return table.Markup(", ".join([f"${one}$" for one in dict.fromkeys(made)]))


def cell(value: str | int | tuple[Any, ...] | None) -> str:
    """The text of a value in a table."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "all" if None in value else shape_text(value)
    return "" if value is None else format(value, ",")


def csv_cell(value: Any) -> Any:
    """A value in a CSV file, which no spreadsheet takes for a formula."""
    shape = entries(value)
    if shape is not None:
        return "x".join(map(str, shape))
    if isinstance(value, int):
        return str(value)
    text = table.printable(value) if isinstance(value, str) else value
    is_formula = isinstance(text, str) and text.lstrip().startswith(tuple("=+-@＝＋－＠"))
    return f"'{text}" if is_formula else text


def summary(
    network: Layer,
    input_shape: Shape | None = None,
    *,
    columns: Sequence[str] = DEFAULT,
    depth: int | None = None,
) -> Summary:
    """A table of the network: shapes, counts and their working.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`, or to count parameters alone
            where all channels and features are given.
        columns: the columns in order, of path, name, layer, input_shape, output_shape,
            num_params, num_buffers, num_macs, receptive_field, num_uncovered, working and
            shape_working. If name is the first, nested networks are shown as a tree.
        depth: how many levels are shown; a deeper network is folded into one row. None is all.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: a column is unknown, or depth is negative.
        ShapeError: a layer does not fit its input, or the shape is needed and missing.

    Example:
        >>> import paramcalc as pc
        >>> print(pc.summary(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28)))
        name   layer             output        parameters  working
        ─────────────────────────────────────────────────────────────────
        [0]    Conv2d(1, 32, 5)  32 × 24 × 24         832  (5·5·1 + 1)·32
        [1]    Pool(2)           32 × 12 × 12           0
        ─────────────────────────────────────────────────────────────────
        total                                         832
    """
    chosen = as_columns(columns)
    depth = None if depth is None else as_int(depth, "summary", "depth")
    if depth is not None and depth < 0:
        raise ParamcalcError(wrong("summary", "depth", "be at least 0", depth))
    steps = walk(network, input_shape, "summary")
    rows = [
        SummaryRow(*step[:4], step.num_params, step.num_macs if step.input_shape else None)
        for step in steps
    ]
    num_params, num_macs = add_up(rows)
    if depth is not None:
        rows = list(folded(network, rows, depth))
    return Summary(network, tuple(rows), chosen, num_params, num_macs, steps)


def as_columns(columns: Any) -> tuple[str, ...]:
    """The names of columns, checked."""
    names = entries(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(wrong("summary", "columns", "be a tuple of names", columns))
    for name in names:
        as_name(name, "summary", "column", COLUMNS, "columns")
    if len(set(names)) < len(names):
        raise ParamcalcError(wrong("summary", "columns", "name each column once", names))
    return names


def add_up(rows: Sequence[SummaryRow]) -> tuple[int, int | None]:
    """The sums of parameters and of multiply-accumulates, if all are known."""
    macs = [row.num_macs for row in rows if row.num_macs is not None]
    return sum([row.num_params for row in rows]), sum(macs) if len(macs) == len(rows) else None


def folded(network: Layer, rows: list[SummaryRow], depth: int) -> Iterator[SummaryRow]:
    """The rows, with each network below `depth` folded into one."""
    networks = plan_of(network).networks
    for path, group in groupby(rows, lambda row: reduce(join_path, keys(row.path)[:depth], "")):
        within = list(group)
        first, last = within[0], within[-1]
        if first.path == path:
            yield first
        else:
            ends = first.input_shape, last.output_shape
            yield SummaryRow(path, networks[path], *ends, *add_up(within), tuple(within))
