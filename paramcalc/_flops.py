"""Operations by the conventions of the tools that report them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from paramcalc._checks import as_bool, as_name, wrong
from paramcalc._gradients import gradients_of
from paramcalc._ledger import LETTERS, Convention
from paramcalc._ledgers import LEDGERS
from paramcalc._trace import Step, walk
from paramcalc.errors import ParamcalcError
from paramcalc.layers._base import InputShape, Layer
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

PARTS = "num_forward_ops", "num_input_gradient_ops", "num_weight_gradient_ops"


@dataclass(frozen=True, slots=True)
class FlopsRow:
    """The operations of one layer by a convention.

    Args:
        path: the place of the layer in the network.
        layer: the layer.
        rule: how the convention counts it, in words.
        is_counted: whether it has a rule for it; without one, all numbers are 0.
        num_forward_ops: operations of the forward pass.
        num_input_gradient_ops: in training, those for the gradients of the inputs.
        num_weight_gradient_ops: in training, those for the gradients of the weights.

    Example:
        >>> import paramcalc as pc
        >>> row, = pc.flops(pc.Dense(7, 5), (7,), convention="tensorflow").rows
        >>> row.num_ops, row.rule
        (75, '2·multiply-accumulates + O of a bias')
    """

    path: str
    layer: Layer
    rule: str
    is_counted: bool
    num_forward_ops: int
    num_input_gradient_ops: int
    num_weight_gradient_ops: int

    @property
    def _parts(self) -> tuple[int, int, int]:
        return self.num_forward_ops, self.num_input_gradient_ops, self.num_weight_gradient_ops

    @property
    def num_ops(self) -> int:
        """All operations of the layer."""
        return sum(self._parts)


def listed(rows: Iterable[FlopsRow]) -> str:
    """The layers by their class, each with the place of the first."""
    places: dict[str, list[str]] = {}
    for row in rows:
        places.setdefault(type(row.layer._thawed).__name__, []).append(row.path)
    words: list[str] = []
    for name, paths in places.items():
        more = f" and {len(paths) - 1:,} more" if len(paths) > 1 else ""
        words.append(f"{name} at {paths[0]}{more}" if paths[0] else name)
    return ", ".join(words)


@dataclass(frozen=True, slots=True, repr=False)
class Flops(Shown):
    """The operations of a network, by a tool's convention.

    Args:
        convention: the tool.
        unit: "MACs", "FLOPs", or "mult-adds", as torchinfo has it.
        rows: a row per layer.
        training: whether the backward pass is included.

    Example:
        >>> import paramcalc as pc
        >>> from paramcalc import zoo
        >>> found = pc.flops(zoo.resnet50(), (3, 224, 224), convention="fvcore")
        >>> found.num_ops, found.unit
        (4111512576, 'MACs')
    """

    convention: Convention
    unit: str
    rows: tuple[FlopsRow, ...]
    training: bool

    @property
    def num_ops(self) -> int:
        """The number of operations of the network, in the unit."""
        return sum([row.num_ops for row in self.rows])

    @property
    def not_counted(self) -> tuple[str, ...]:
        """The paths of the layers that the convention has no rule for."""
        return tuple([row.path for row in self.rows if not row.is_counted])

    @property
    def ledger(self) -> tuple[str, ...]:
        """The rules of the convention in words, with their source."""
        return tuple(LEDGERS[self.convention].lines())

    @property
    def notes(self) -> tuple[str, ...]:
        """What counts as one operation, and what is not counted."""
        missing = listed([row for row in self.rows if not row.is_counted])
        return (*self.ledger[:1], f"not counted: {missing}") if missing else self.ledger[:1]

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per layer, as pandas and polars take them."""
        return [
            {
                "path": row.path,
                "layer": row.layer._text(),
                **(dict(zip(PARTS, row._parts, strict=True)) if self.training else {}),
                "num_ops": row.num_ops,
                "is_counted": row.is_counted,
            }
            for row in self.rows
        ]

    def _table(self, style: str = "unicode") -> Table:
        titles = [f"{self.unit} by {self.convention}"]
        if self.training:
            titles = ["forward", "for inputs", "for weights", *titles]
        lines: list[tuple[int | None, ...]] = [
            ((*row._parts, row.num_ops) if self.training else (row.num_ops,))
            if row.is_counted
            else (None,) * len(titles)
            for row in self.rows
        ]
        return table(self.rows, titles, lines)


def table(
    rows: Iterable[FlopsRow], titles: list[str], lines: list[tuple[int | None, ...]]
) -> Table:
    """Numbers per layer, and their sums; None is not counted."""
    cells = [
        (row.path, row.layer._text(), *["–" if one is None else f"{one:,}" for one in line])
        for row, line in zip(rows, lines, strict=True)
    ]
    sums = [f"{sum([line[at] or 0 for line in lines]):,}" for at in range(len(titles))]
    columns = [Column(title, numeric=True) for title in titles]
    last = Row(("total", "", *sums), kind="total")
    return Table((Column("path"), Column("layer"), *columns), (*map(Row, cells), last))


def counted(steps: list[Step], tool: Convention, training: bool = False) -> Flops:
    """The operations of steps by the convention of a tool."""
    ledger = LEDGERS[tool]
    gradients = gradients_of(steps) if training else [(0, 0)] * len(steps)
    rows: list[FlopsRow] = []
    for step, (rule, number), parts in zip(steps, ledger.count(steps), gradients, strict=True):
        is_counted = number is not None
        inputs, weights = [ledger.per_mac * one * is_counted for one in parts]
        rows.append(FlopsRow(step.path, step.layer, rule, is_counted, number or 0, inputs, weights))
    return Flops(tool, ledger.unit, tuple(rows), training)


def flops(
    network: Layer,
    input_shape: InputShape | None = None,
    *,
    convention: Convention = "torchvision",
    training: bool = False,
) -> Flops:
    """The operations of one example, by a tool's convention.

    `torchvision`, `fvcore`, `torchinfo` ("mult-adds"), `thop` and `ptflops` count one for each
    multiply-accumulate, with differences; `torch` (its FlopCounterMode) two; `tensorflow` (its
    profiler) each multiplication and addition. `ledger` of the result has the rules. What a
    convention has no rule for is in `not_counted`, and in a note. A layer of your own costs its
    `num_macs`; but `torchinfo` counts its parameters.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, without the batch axis; not needed after an `Input`.
        convention: "torchvision", "torch", "fvcore", "torchinfo", "thop", "ptflops" or
            "tensorflow".
        training: whether the backward pass is counted too, for inputs and for weights, by
            "torchvision" or "torch". `Frozen` layers need no gradients of weights, and nothing
            before the first layer that trains needs one.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown convention, or one that does not count training.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Dense(7, 5), pc.Dense(5, 2))
        >>> print(pc.flops(net, (7,), convention="torchinfo"))
        path   layer        mult-adds by torchinfo
        ──────────────────────────────────────────
        [0]    Dense(7, 5)                      40
        [1]    Dense(5, 2)                      12
        ──────────────────────────────────────────
        total                                   52
        ──────────────────────────────────────────
        torchinfo: mult-adds, one for each use of a parameter, biases included
        >>> pc.flops(net, (7,), convention="torch", training=True).num_ops
        200
    """
    tool = as_name(convention, "flops", "convention", LEDGERS, "conventions")
    if as_bool(training, "flops", "training") and not LEDGERS[tool].per_mac:
        trained = " or ".join([repr(one.tool) for one in LEDGERS.values() if one.per_mac])
        raise ParamcalcError(wrong("flops", "convention", f"be {trained} for training", tool))
    return counted(walk(network, input_shape, "flops", counting=False), tool, training)


@dataclass(frozen=True, slots=True, repr=False)
class FlopsComparison(Shown):
    """The operations of a network, by all conventions.

    Args:
        columns: the `Flops` by each convention.

    Example:
        >>> import paramcalc as pc
        >>> found = pc.compare_flops(pc.Dense(7, 5), (7,))
        >>> {one.convention: one.num_ops for one in found.columns}["tensorflow"]
        75
    """

    columns: tuple[Flops, ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """For each class of layers whose numbers differ, what each convention counts."""
        found: dict[str, dict[str, list[str]]] = {}
        for rows in zip(*[one.rows for one in self.columns], strict=True):
            if len({(row.num_ops, row.is_counted) for row in rows}) > 1:
                words = found.setdefault(type(rows[0].layer._thawed).__name__, {})
                for column, row in zip(self.columns, rows, strict=True):
                    tools = words.setdefault(row.rule, [])
                    if column.convention not in tools:
                        tools.append(column.convention)
        lines: list[str] = []
        for name, words in found.items():
            parts = [f"{rule} ({', '.join(tools)})" for rule, tools in words.items()]
            lines.append(f"{name}: {' | '.join(parts)}")
        return tuple(lines)

    @property
    def notes(self) -> tuple[str, ...]:
        """The units, what is not counted, and the rules that make the differences."""
        units: dict[str, list[str]] = {}
        for one in self.columns:
            units.setdefault(one.unit, []).append(one.convention)
        lines = [f"{unit}: {', '.join(tools)}" for unit, tools in units.items()]
        missing = ["–: not counted"] if any(one.not_counted for one in self.columns) else []
        return (*lines, *missing, *self.rules, LETTERS)

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per layer: operations by each convention, None if not counted."""
        return [
            {
                "path": row.path,
                "layer": row.layer._text(),
                **dict(zip(self._tools, line, strict=True)),
            }
            for row, line in zip(self.columns[0].rows, self._lines(), strict=True)
        ]

    @property
    def _tools(self) -> list[str]:
        return [one.convention for one in self.columns]

    def _lines(self) -> list[tuple[int | None, ...]]:
        return [
            tuple([row.num_ops if row.is_counted else None for row in rows])
            for rows in zip(*[one.rows for one in self.columns], strict=True)
        ]

    def _table(self, style: str = "unicode") -> Table:
        return table(self.columns[0].rows, self._tools, self._lines())


def compare_flops(network: Layer, input_shape: InputShape | None = None) -> FlopsComparison:
    """The operations of one example, by all conventions.

    They stand side by side, a row per layer. Below are the units and, for each kind of layer whose
    numbers differ, the rules that make them.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, without the batch axis; not needed after an `Input`.

    Raises:
        TypeError: an argument is of the wrong type.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> print(pc.compare_flops(pc.Dense(7, 5), (7,)).to_text().split("Dense: ")[0])
        path   layer        torchvision  torch  fvcore  torchinfo  thop  ptflops  tensorflow
        ────────────────────────────────────────────────────────────────────────────────────
               Dense(7, 5)           35     70      35         40    35       40          75
        ────────────────────────────────────────────────────────────────────────────────────
        total                        35     70      35         40    35       40          75
        ────────────────────────────────────────────────────────────────────────────────────
        MACs: torchvision, fvcore, thop, ptflops
        FLOPs: torch, tensorflow
        mult-adds: torchinfo
        <BLANKLINE>
    """
    steps = walk(network, input_shape, "compare_flops", counting=False)
    return FlopsComparison(tuple([counted(steps, tool) for tool in LEDGERS]))
