"""The rows of a summary, and the values of its columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Any, Literal

from paramcalc._lift import Lifted, lift_all, work_all
from paramcalc._plan import inputs_of, plan_of
from paramcalc._repeats import times_text
from paramcalc._trace import Step
from paramcalc.formulas import Term
from paramcalc.formulas._term import is_made
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.render.table import Column, Markup

ColumnName = Literal[
    "path", "name", "layer", "input_shape", "output_shape", "num_params", "params_share",
    "num_frozen", "num_buffers", "num_macs", "macs_share", "memory_bytes", "output_bytes",
    "live_bytes", "receptive_field", "num_uncovered", "working", "shape_working",
]  # fmt: skip
COLUMNS: dict[ColumnName, Column] = {
    "path": Column("path"),
    "name": Column("name"),
    "layer": Column("layer"),
    "input_shape": Column("input"),
    "output_shape": Column("output"),
    "num_params": Column("parameters", numeric=True),
    "params_share": Column("% params", numeric=True, is_share=True),
    "num_frozen": Column("frozen", numeric=True),
    "num_buffers": Column("buffers", numeric=True),
    "num_macs": Column("MACs", numeric=True),
    "macs_share": Column("% MACs", numeric=True, is_share=True),
    "memory_bytes": Column("bytes", numeric=True),
    "output_bytes": Column("output bytes", numeric=True),
    "live_bytes": Column("live bytes", numeric=True),
    "receptive_field": Column("receptive field"),
    "num_uncovered": Column("not covered"),
    "working": Column("working"),
    "shape_working": Column("working of the output"),
}
BYTES = 4
"""The bytes of a value in float32."""


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One layer; or equal neighbors or a nested network.

    Args:
        path: its place: `[2]`, `features[2]`; empty for a layer on its own.
        layer: the layer.
        input_shape: its input; None if the network is only counted.
        output_shape: its output.
        num_params: the number of trainable values.
        num_macs: the number of multiply-accumulates for one example; None if unknown.
        count: how many equal layers the row stands for; counts are those of all of them.
        within: the rows of a nested network that is folded into this one.
        shared: the tensors that are counted in an earlier row: their names, and its path.

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
    count: int = 1
    within: tuple[SummaryRow, ...] = ()
    shared: tuple[tuple[str, str], ...] = ()
    _steps: tuple[int, ...] = field(default=(), compare=False, repr=False)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return keys(self.path)[-1] if self.path else ""

    @property
    def num_frozen(self) -> int:
        """The number of weights that are frozen."""
        return self._number("frozen")

    @property
    def num_buffers(self) -> int:
        """The number of values that are no weights, such as running means."""
        return self._number("buffer")

    @property
    def memory_bytes(self) -> int:
        """The bytes of weights and buffers in float32."""
        return BYTES * (self.num_params + self.num_frozen + self.num_buffers)

    @property
    def output_bytes(self) -> int | None:
        """The bytes of the output in float32."""
        shape = self.output_shape
        return None if shape is None else BYTES * prod(shape) * self.count

    @property
    def num_uncovered(self) -> tuple[int, ...] | None:
        """Per axis that windows slide along, the number of positions that none covers."""
        if self.within or self.input_shape is None or self.output_shape is None:
            return None
        return self._step.num_uncovered or None

    def _number(self, kind: str) -> int:
        if self.within:
            return sum([row._number(kind) for row in self.within])
        return self.count * self._step._sizes[kind]

    @property
    def _step(self) -> Step:
        shapes: Any = self.input_shape, self.output_shape
        return Step(self.path, self.layer, *shapes)._replace(shared=self.shared)


@lru_cache(1024)
def keys(path: str) -> tuple[str, ...]:
    """The keys of a path: `features` and `[2]` of `features[2]`."""
    return tuple(path.replace("[", ".[").removeprefix(".").split(".")) if path else ()


def takes_size(row: SummaryRow) -> bool:
    """Whether the text of its layer has a size that is taken from the input."""
    layer = row.layer._bare
    return row.input_shape is not None and getattr(layer, layer._stating, "") is None


def add_up(rows: Sequence[SummaryRow]) -> tuple[int, int | None]:
    """The sums of parameters and of multiply-accumulates, if all are known."""
    macs = [row.num_macs for row in rows if row.num_macs is not None]
    return sum([row.num_params for row in rows]), sum(macs) if len(macs) == len(rows) else None


def formula(numbers: Iterable[int], style: str) -> str:
    """The working of numbers, in numbers; empty for plain ones."""
    made = [one.numbers(style) for one in numbers if is_made(one)]
    if style != "latex":
        return ", ".join(dict.fromkeys(made))
    return Markup(", ".join([f"${one}$" for one in dict.fromkeys(made)]))


def cell(value: str | float | tuple[Any, ...] | None) -> str:
    """The text of a value in a table."""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{100 * value:.1f} %"
    if value is None:
        return ""
    if set(value) == {None}:
        return "all"
    return " × ".join(["all" if one is None else str(one) for one in value])


def layer_texts(rows: Sequence[SummaryRow], mark: str) -> list[str]:
    """The text of each layer; equal layers are written once."""
    known: dict[object, str] = {}
    texts: list[str] = []
    for row in rows:
        layer, shape = row.layer, row.input_shape
        key = (layer, shape) if isinstance(layer._bare, Builtin) else id(layer)
        if key not in known:
            known[key] = layer._text(shape, mark)
        places = ", ".join(dict.fromkeys([path for _, path in row.shared]))
        shared = f", shared with {places}" if places else ""
        texts.append(times_text(row.count) + known[key] + shared)
    return texts


def shares(numbers: Sequence[int | None]) -> list[float | None]:
    """The part of the sum that each number is."""
    total = sum([one or 0 for one in numbers])
    return [None if one is None else one / total if total else 0.0 for one in numbers]


def live_bytes(
    rows: Sequence[SummaryRow], steps: list[Step], network: Layer, shape: Any
) -> list[int | None]:
    """The bytes of inputs and outputs in use while each row runs, at inference in float32."""
    # Not at the head: for one column.
    from paramcalc._live import live_sizes, output_sizes, owners_of

    if shape is None:
        return [None for _ in rows]
    sizes = [BYTES * one for one in output_sizes(steps, inputs_of(network, shape))]
    found = live_sizes(steps, owners_of(steps, False), sizes, plan_of(network).ends)
    return [max([found[at] for at in row._steps]) for row in rows]


def receptive_fields(rows: Sequence[SummaryRow], network: Layer, shape: Any) -> list[Any]:
    """The size of the receptive field after each row."""
    # Not at the head: a fifth of the time to load paramcalc, for one column.
    from paramcalc._receptive_field import receptive_field

    if shape is None:
        return [None for _ in rows]
    found = receptive_field(network, shape).steps
    return [found[row._steps[-1]].size for row in rows]


def workings(
    rows: Sequence[SummaryRow], steps: Sequence[Step], style: str, *, counting: bool
) -> list[str]:
    """The working of the number of parameters, or of the output shape."""

    def work(lifted: Lifted) -> tuple[str, Sequence[int]]:
        made = [lifted.num_params()] if counting else lifted.lengths()
        return formula(made, style), made

    found = dict(work_all(lift_all(steps), work, counting=counting))
    nothing: tuple[str, Sequence[int]] = "", ()
    texts: list[str] = []
    for row in rows:
        text, made = nothing if row.within else found[row.path]
        if counting and row.count > 1 and any(made):
            text = formula([Term(row.count, str(row.count)) * next(iter(made))], style)
        texts.append(text)
    return texts
