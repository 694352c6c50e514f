"""Floating-point operations by the conventions of the tools that report them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from paramcalc._checks import as_name
from paramcalc._ledgers import LEDGERS
from paramcalc._trace import walk
from paramcalc.layers._base import InputShape, Layer
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table


@dataclass(frozen=True, slots=True)
class FlopsRow:
    """The operations of one layer by a convention.

    Example:
        >>> import paramcalc as pc
        >>> pc.flops(pc.Dense(7, 5), (7,), convention="tensorflow").rows
        (FlopsRow(path='', layer=Dense(7, 5), num_flops=75),)
    """

    path: str
    layer: Layer
    num_flops: int


@dataclass(frozen=True, slots=True, repr=False)
class Flops(Shown):
    """The operations of a network, by a tool's convention.

    Example:
        >>> import paramcalc as pc
        >>> from paramcalc import zoo
        >>> pc.flops(zoo.resnet50(), (3, 224, 224), convention="fvcore").num_flops
        4111512576
    """

    convention: str
    rows: tuple[FlopsRow, ...]

    @property
    def num_flops(self) -> int:
        """The number of operations of the network."""
        return sum([row.num_flops for row in self.rows])

    @property
    def ledger(self) -> tuple[str, ...]:
        """The rules of the convention in words, with their source."""
        return tuple(LEDGERS[self.convention].lines())

    @property
    def notes(self) -> tuple[str, ...]:
        """What counts as one operation."""
        return self.ledger[:1]

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values per layer, as pandas and polars take them."""
        return [
            {"path": row.path, "layer": row.layer._text(), "num_flops": row.num_flops}
            for row in self.rows
        ]

    def _table(self, style: str = "unicode") -> Table:
        cells = [(one.path, one.layer._text(), f"{one.num_flops:,}") for one in self.rows]
        rows = [*map(Row, cells), Row(("total", "", f"{self.num_flops:,}"), kind="total")]
        title = f"operations by {self.convention}"
        return Table((Column("path"), Column("layer"), Column(title, numeric=True)), tuple(rows))


def flops(
    network: Layer, input_shape: InputShape | None = None, *, convention: str = "torchvision"
) -> Flops:
    """The operations of one example, by a tool's convention.

    `torchvision`, `fvcore` and `torchinfo` ("mult-adds") count one for each multiply-accumulate,
    with differences; `tensorflow` (its profiler) counts each multiplication and addition.
    `ledger` of the result has the rules. A layer of your own costs its `num_macs`; but
    `torchinfo` counts its parameters.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, without the batch axis; not needed after an `Input`.
        convention: "torchvision", "fvcore", "torchinfo" or "tensorflow".

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown convention.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(pc.Dense(7, 5), pc.Dense(5, 2))
        >>> print(pc.flops(net, (7,), convention="torchinfo"))
        path   layer        operations by torchinfo
        ───────────────────────────────────────────
        [0]    Dense(7, 5)                       40
        [1]    Dense(5, 2)                       12
        ───────────────────────────────────────────
        total                                    52
        ───────────────────────────────────────────
        torchinfo: one for each use of a parameter, biases included
    """
    tool = as_name(convention, "flops", "convention", LEDGERS, "conventions")
    steps = walk(network, input_shape, "flops", counting=False)
    counts = zip(steps, LEDGERS[tool].count(steps), strict=True)
    return Flops(tool, tuple([FlopsRow(step.path, step.layer, number) for step, number in counts]))
