"""The summary of a network: a row per layer, and the totals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import groupby
from typing import Any

from paramcalc._branches import Branches
from paramcalc._checks import as_bool, as_depth, as_name, entries, wrong
from paramcalc._columns import (
    BYTES,
    COLUMNS,
    ColumnName,
    SummaryRow,
    add_up,
    cell,
    keys,
    layer_texts,
    live_bytes,
    receptive_fields,
    shares,
    takes_size,
    workings,
)
from paramcalc._notes import notes_of
from paramcalc._plan import plan_of
from paramcalc._repeats import repeats, span, times_text
from paramcalc._trace import Step, walk
from paramcalc.errors import ParamcalcError, join_path
from paramcalc.layers._base import InputShape, Layer
from paramcalc.layers._builtin import Builtin
from paramcalc.render.shown import Shown
from paramcalc.render.table import Row, Table

DEFAULT: tuple[ColumnName, ...] = ("name", "layer", "output_shape", "num_params", "working")


@dataclass(frozen=True, slots=True, repr=False)
class Summary(Shown):
    """A table of a network; `print` it.

    Args:
        network: the network.
        rows: a row per layer, or per folded network.
        columns: the columns that are shown.
        num_params: the number of trainable values.
        num_frozen: the number of frozen weights.
        num_buffers: the number of values that are no weights, such as running means.
        num_macs: the number of multiply-accumulates for one example; None if unknown.
        notes: what was likely not meant, such as a dense layer on an image.

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
    columns: tuple[ColumnName, ...]
    num_params: int
    num_frozen: int
    num_buffers: int
    num_macs: int | None
    notes: tuple[str, ...] = ()  # pyright: ignore[reportIncompatibleMethodOverride]
    _steps: list[Step] = field(default_factory=list[Step], compare=False)
    _shape: Any = field(default=None, compare=False)
    _names: dict[str, tuple[str, int]] = field(default_factory=dict[str, Any], compare=False)

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per row, for pandas or polars."""
        values = zip(*[self._values(column) for column in self.columns], strict=True)
        return [dict(zip(self.columns, row, strict=True)) for row in values]

    def _values(self, column: ColumnName, style: str = "unicode", mark: str = "") -> list[Any]:
        """The plain values of a column, one per row."""
        rows, steps = self.rows, self._steps
        match column:
            case "name":
                known = self._names
                return [known[row.path][0] if row.path in known else row.name for row in rows]
            case "layer":
                return layer_texts(rows, mark)
            case "params_share":
                return shares(self._values("num_params"))
            case "macs_share":
                return shares(self._values("num_macs"))
            case "live_bytes":
                return live_bytes(rows, steps, self.network, self._shape)
            case "receptive_field":
                return receptive_fields(rows, self.network, self._shape)
            case "working" | "shape_working":
                return workings(rows, steps, style, counting=column == "working")
            case _:
                return [getattr(row, column) for row in rows]

    def _total(self, column: ColumnName) -> int | float | None:
        """What stands below a column of numbers."""
        if column in ("num_params", "num_macs", "num_frozen", "num_buffers"):
            found: int | None = getattr(self, column)
            return found
        values: list[Any] = self._values(column)
        if not values or None in values:
            return None
        total: int | float = max(values) if column == "live_bytes" else sum(values)
        return total

    def _below(self) -> tuple[str, ...]:
        frozen, buffers = self.num_frozen, self.num_buffers
        values = self.num_params + frozen + buffers
        parts = f"({frozen:,} frozen weights, {buffers:,} buffers)" if frozen + buffers else ""
        lines = [
            ("All values:", values, f"({size_text(BYTES * values)} in float32)"),
            ("Trainable:", self.num_params, ""),
            ("Not trainable:", frozen + buffers, parts),
        ]
        if self.num_macs is not None:
            lines.append(("MACs:", self.num_macs, "(for one example)"))
        width = max([len(f"{number:,}") for _, number, _ in lines])
        footer = [f"{label:14} {number:{width},} {more}".rstrip() for label, number, more in lines]
        if "layer" in self.columns and any(map(takes_size, self.rows)):
            footer.append("* taken from the input")
        return (*footer, *self.notes)

    def _table(self, style: str = "unicode") -> Table:
        """The rows as texts, with a head per nested network, and the total.

        The row of a merge is the head of its branches.
        """
        columns = [list(map(cell, self._values(name, style, "*"))) for name in self.columns]
        is_tree = self.columns[0] == "name"
        rows: list[Row] = []
        heads: dict[str, int] = {}
        entered: set[tuple[str, ...]] = set()
        if isinstance(self.network, Branches) and is_tree:
            heads[""] = 0
            rows.append(Row(()))
        for row, cells in zip(self.rows, zip(*columns, strict=True), strict=True):
            path = keys(row.path)[:-1] if is_tree else ()
            if path not in entered:
                entered.add(path)
                self._add_heads(rows, heads, path)
            if row.path in heads:
                rows[heads[row.path]] = Row(cells, len(path), "head")
            else:
                rows.append(Row(cells, len(path)))
        first = self.columns[0]
        texts = tuple(
            [
                cell(self._total(name)) if COLUMNS[name].numeric else "total" * (name == first)
                for name in self.columns
            ]
        )
        rows.append(Row(texts, 0, "total"))
        return Table(tuple([COLUMNS[name] for name in self.columns]), tuple(rows))

    def _add_heads(self, rows: list[Row], heads: dict[str, int], path: Sequence[str]) -> None:
        """Add a row for each network on a path that has none yet."""
        where, count = "", 1
        for level, key in enumerate(path):
            where = join_path(where, key)
            name, times = self._names.get(where, (key, 1))
            count *= times
            if where not in heads:
                heads[where] = len(rows)
                layer = plan_of(self.network).networks[where]
                head = {"name": name, "layer": times_text(count) + layer._text()}
                texts = tuple([head.get(column, "") for column in self.columns])
                rows.append(Row(texts, level, "head"))


def summary(
    network: Layer,
    input_shape: InputShape | None = None,
    *,
    columns: Sequence[ColumnName] = DEFAULT,
    depth: int | None = None,
    fold: bool = False,
) -> Summary:
    """A table of the network: shapes, counts and their working.

    Args:
        network: a network or a layer.
        input_shape: its input shape; optional after an `Input`, or to count parameters alone
            where all channels and features are given.
        columns: the columns in order, of path, name, layer, input_shape, output_shape,
            num_params, params_share, num_frozen, num_buffers, num_macs, macs_share,
            memory_bytes (weights and buffers), output_bytes, live_bytes (inputs and outputs in
            use), receptive_field, num_uncovered, working and shape_working. Bytes are in float32.
            If name is the first, nested networks are shown as a tree.
        depth: how many levels are shown; a deeper network is folded into one row. None is all.
        fold: whether equal neighbors share a row, with the counts of all of them.

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
        ─────────────────────────────────────────────────────────────────
        All values:        832 (3.3 kB in float32)
        Trainable:         832
        Not trainable:       0
        MACs:          460,800 (for one example)
    """
    chosen = as_columns(columns)
    depth = as_depth(depth, "summary")
    steps = walk(network, input_shape, "summary")
    shape = network._checked(input_shape)
    rows = [row_of(step, number) for number, step in enumerate(steps)]
    num_params, num_macs = add_up(rows)
    if depth is not None:
        rows = list(cut(network, rows, depth))
    found: dict[str, tuple[str, int]] = {}
    if as_bool(fold, "summary", "fold"):
        rows = folded(network, rows, "", found)
    counts = num_params, *others_of(steps), num_macs
    return Summary(
        network, tuple(rows), chosen, *counts, (*notes_of(network, steps),), steps, shape, found
    )


def row_of(step: Step, number: int) -> SummaryRow:
    """The row of a step."""
    path, layer, shape, output, _, shared, _ = step
    num_macs = step.num_macs if shape else None
    more = 1, (), shared, (number,)
    return SummaryRow(path, layer, shape, output, step.num_params, num_macs, *more)


def others_of(steps: Iterable[Step]) -> tuple[int, int]:
    """The numbers of frozen weights and of buffers; equal layers are asked once."""
    known: dict[object, tuple[int, int]] = {}
    frozen = buffers = 0
    for step in steps:
        layer: Any = step.layer
        if not layer._is_frozen and not layer._thawed._has_buffers:
            continue
        is_builtin = isinstance(layer._bare, Builtin)
        is_stated = is_builtin and not layer._bare._is_open
        shape = None if is_stated else step.input_shape
        key = layer if is_builtin else id(layer), shape, step.shared
        if key not in known:
            sizes = step._sizes
            known[key] = sizes["frozen"], sizes["buffer"]
        frozen, buffers = frozen + known[key][0], buffers + known[key][1]
    return frozen, buffers


def size_text(size: int) -> str:
    """Bytes in decimal units."""
    if size < 1_000_000:
        return f"{size / 1000:,.1f} kB" if size >= 1000 else f"{size} bytes"
    return f"{size / 1_000_000:,.1f} MB"


def as_columns(columns: Any) -> tuple[ColumnName, ...]:
    """The names of columns, checked."""
    names = entries(columns)
    if not names or not all(isinstance(name, str) for name in names):
        raise TypeError(wrong("summary", "columns", "be a tuple of names", columns))
    for name in names:
        as_name(name, "summary", "column", COLUMNS, "columns")
    if len(set(names)) < len(names):
        raise ParamcalcError(wrong("summary", "columns", "name each column once", names))
    return names


def cut(network: Layer, rows: list[SummaryRow], depth: int) -> Iterator[SummaryRow]:
    """The rows, with each network below `depth` folded into one."""
    networks = plan_of(network).networks
    for path, group in groupby(rows, lambda row: reduce(join_path, keys(row.path)[:depth], "")):
        within = tuple(group)
        first, last = within[0], within[-1]
        if first.path == path:
            yield first
        else:
            ends = first.input_shape, last.output_shape
            numbers = tuple([number for row in within for number in row._steps])
            yield SummaryRow(path, networks[path], *ends, *add_up(within), 1, within, (), numbers)


def folded(
    network: Layer, rows: Sequence[SummaryRow], path: str, names: dict[str, tuple[str, int]]
) -> list[SummaryRow]:
    """The rows of what is at a path, with equal neighbors folded into one.

    The names and numbers of those that repeat are entered in `names`, by the path of the first.
    """
    level = len(keys(path))
    parts: list[tuple[str, list[SummaryRow]]] = []
    for where, group in groupby(
        rows, lambda row: reduce(join_path, keys(row.path)[: level + 1], "")
    ):
        below = list(group)
        if below[0].path != where:
            below = folded(network, below, where, names)
        parts.append((where, below))
    networks = plan_of(network).networks
    wires = networks[path]._wires(path) if path in networks else {}
    layers = [
        (
            networks.get(at, below[0].layer),
            (below[0].input_shape, wires.get(at), tuple(map(places_of, below))),
        )
        for at, below in parts
    ]
    found: list[SummaryRow] = []
    for start, size, times in repeats([at for at, _ in parts], layers):
        where = parts[start][0]
        if times > 1:
            names[where] = keys(span(where, (times - 1) * size))[-1], times
        copies = [parts[start + number * size][1] for number in range(times)]
        found += map(joined, zip(*copies, strict=True))
    return found


def places_of(row: SummaryRow) -> tuple[object, ...]:
    """With what a row shares tensors, and the rows in it."""
    return row.shared, tuple(map(places_of, row.within))


def joined(rows: Sequence[SummaryRow]) -> SummaryRow:
    """One row for equal ones."""
    num_params, num_macs = add_up(rows)
    return replace(
        rows[0],
        num_params=num_params,
        num_macs=num_macs,
        count=sum([row.count for row in rows]),
        within=tuple(map(joined, zip(*[row.within for row in rows], strict=True))),
        _steps=tuple([number for row in rows for number in row._steps]),
    )
