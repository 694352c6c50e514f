"""What a ledger is: a tool's rules for operations, by the class of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal

from paramcalc._branches import Add, Concat, Multiply
from paramcalc._trace import Step
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers.activation import Dropout, Identity
from paramcalc.layers.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from paramcalc.layers.conv_lstm import ConvLSTM1d, ConvLSTM2d, ConvLSTM3d
from paramcalc.layers.distributed import TimeDistributed
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.input import Input
from paramcalc.layers.keras_conv import DepthwiseConv1d, DepthwiseConv2d
from paramcalc.layers.norm import GroupNorm
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.recurrent import GRU, LSTM, RNN
from paramcalc.layers.reshape import Flatten, Permute, RepeatVector, Reshape, Slice
from paramcalc.layers.resize import CenterCrop, Crop, Pad, PixelShuffle, PixelUnshuffle

Convention = Literal[
    "torchvision", "torch", "fvcore", "torchinfo", "thop", "ptflops", "tensorflow"
]  # fmt: skip
LETTERS = (
    "N input and O output values, C channels, P positions on the axes before the last, "
    "L positions of E features, H heads or units, F features, G groups"
)


class At:
    """A step as rules see it, with some of the `LETTERS`."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.layer: Any = step.layer
        self.shape, self.rank = step.input_shape, len(step.input_shape) - 1
        self.n, self.o = prod(step.input_shape), prod(step.output_shape)

    @property
    def macs(self) -> int:
        """The multiply-accumulates."""
        return self.step.num_macs

    @property
    def c(self) -> int:
        return int(self.layer._split(self.shape)[0])

    @property
    def g(self) -> int:
        """The number of groups; in an instance normalization, each channel is a group."""
        return int(self.layer.num_groups) if isinstance(self.layer, GroupNorm) else self.c

    @property
    def p(self) -> int:
        return self.n // int(prod(self.layer._sizes(self.shape)))

    @property
    def positions(self) -> int:
        """The positions of the output."""
        return prod(self.layer._split(self.step.output_shape)[1])

    @property
    def bias(self) -> int:
        """One per value of the output, if there is a bias."""
        return self.o if self.layer.bias else 0

    @property
    def scale(self) -> int:
        """1 if a normalization has a scale; the same for a shift."""
        return int(self.layer._has_scale)

    @property
    def shift(self) -> int:
        return int(self.layer._has_shift)

    @property
    def keys(self) -> int:
        """The number of keys in attention, without a trainable one."""
        return self.step.merged[1][0] if self.step.merged else self.shape[0]

    @property
    def products(self) -> int:
        """The multiply-accumulates of attention after its projections of queries, keys, values."""
        heads, _, *sizes = self.layer._heads()
        return int(self.shape[0] * (self.keys + self.layer.add_bias_kv) * heads * sum(sizes))

    @property
    def projection_biases(self) -> int:
        """One per value of the four projections of attention, if they have biases."""
        heads, groups, *sizes = self.layer._heads()
        queries = self.shape[0] * (heads * sizes[0] + self.layer.embed_dim)
        return int(self.layer.bias * (queries + self.keys * groups * sum(sizes)))


Kinds = tuple[type[Layer], ...]
Count = Callable[[At], int | None]
"""The operations of a layer; None if the tool has no rule for one with these fields."""
Rule = tuple[str, Count]
"""How some layers are counted: in words, and as a function."""
NOTHING: Rule = "0", lambda _: 0
UNKNOWN: Rule = "not counted", lambda _: None
MACS: Rule = "multiply-accumulates", lambda at: at.macs


def at_a_position(step: Step) -> tuple[Step, int]:
    """A step as it is at each position of a `TimeDistributed`, and the number of positions."""
    layer, times = step.layer._thawed, 1
    while isinstance(layer, TimeDistributed):
        times *= step.input_shape[0]
        layer, shapes = layer.layer, (step.input_shape[1:], step.output_shape[1:])
        merged = tuple([one[1:] for one in step.merged])
        step = step._replace(input_shape=shapes[0], output_shape=shapes[1], merged=merged)
    return step._replace(layer=layer, shared=()), times


def class_of(layer: Layer) -> type[Layer]:
    """The class under which tables have a layer: `Layer` for a user's own."""
    return type(layer) if isinstance(layer, Builtin) else Layer


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a tool counts as one, where it says so, and its rule for every class of layers.

    `Layer` stands for a user's own. `per_mac` is what a multiply-accumulate counts, if the tool
    counts a backward pass too.
    """

    tool: Convention
    unit: str
    meaning: str
    source: str
    rules: dict[Kinds, Rule]
    per_mac: int = 0

    def count(self, steps: Sequence[Step]) -> list[tuple[str, int | None]]:
        """The rule of each step in words, and its operations, if there is a rule."""
        rule_of = {kind: rule for kinds, rule in self.rules.items() for kind in kinds}
        counts: list[tuple[str, int | None]] = []
        for step in steps:
            one, times = at_a_position(step)
            words, count = rule_of[class_of(one.layer)]
            found = count(At(one))
            counts.append((words, None if found is None else times * found))
        return counts

    def lines(self) -> list[str]:
        """The convention in words."""
        lines = [f"{self.tool}: {self.unit}, {self.meaning}", f"source: {self.source}"]
        for kinds, (words, _) in self.rules.items():
            names = ["your own" if one is Layer else one.__name__ for one in kinds]
            lines.append(f"{', '.join(names)}: {words}")
        return [*lines, LETTERS]


CONVS: Kinds = (Conv1d, Conv2d, Conv3d, DepthwiseConv1d, DepthwiseConv2d)
TRANSPOSED: Kinds = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
CONV_LSTMS: Kinds = (ConvLSTM1d, ConvLSTM2d, ConvLSTM3d)
RECURRENT: Kinds = (RNN, LSTM, GRU)
MERGES: Kinds = (Add, Multiply, Concat)
MOVING: Kinds = (
    CenterCrop, Crop, Dropout, Embedding, Flatten, Identity, Input, Pad, Parameters, Permute,
    PixelShuffle, PixelUnshuffle, RepeatVector, Reshape, Slice,
)  # fmt: skip
"""What only moves values, when a network is run."""


def lengths_of(at: At) -> Shape:
    """The lengths of the output."""
    lengths: Shape = at.layer._split(at.step.output_shape)[1]
    return lengths
