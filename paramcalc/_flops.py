"""Floating-point operations by the conventions of the tools that report them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

from paramcalc._checks import as_str
from paramcalc._explain import layer_text
from paramcalc._network import Add
from paramcalc._trace import ask, walk
from paramcalc.errors import ParamcalcError, counted, locate, show
from paramcalc.layers._axes import spread
from paramcalc.layers._base import (
    Builtin,
    Layer,
    Shape,
    Sources,
    Window,
)
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.attention import MultiheadAttention, TransformerEncoderLayer
from paramcalc.layers.dense import Dense
from paramcalc.layers.norm import LayerNorm
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Row, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class At:
    """A layer with what arrives and leaves, as the rules of a ledger name it."""

    def __init__(self, layer: Layer, input_shape: Shape, output_shape: Shape) -> None:
        self.layer: Any = layer
        self.kind: str = type(layer).__name__ if isinstance(layer, Builtin) else "Layer"
        self.input_shape = input_shape
        self.output_shape = output_shape
        self.arriving: int = prod(input_shape)
        self.leaving: int = prod(output_shape)

    @property
    def macs(self) -> int:
        macs: int = ask(self.layer, "num_macs", self.input_shape, self.output_shape)
        return macs

    @property
    def params(self) -> int:
        params: int = ask(self.layer, "num_params", self.input_shape)
        return params

    @property
    def channels(self) -> int:
        last = getattr(self.layer, "data_format", "") == "channels_last"
        return self.input_shape[-1 if last else 0]

    @property
    def rank(self) -> int:
        """How many spatial axes there are."""
        return len(self.input_shape) - 1

    @property
    def places(self) -> int:
        """How many times there are features, or channels, side by side."""
        return self.leaving // int(self.layer.out_channels)

    @property
    def bias(self) -> int:
        """An addition for each value that leaves, if there is a bias."""
        return self.leaving if self.layer.bias else 0

    @property
    def window(self) -> int:
        """How many positions the window of a pooling has."""
        return prod(spread(self.layer.kernel_size, self.rank))

    @property
    def rows(self) -> int:
        """How many times the last axes are normalized over; or the last one, by an activation."""
        axes = getattr(self.layer, "normalized_shape", None) or self.input_shape[-1:]
        return self.arriving // prod(axes)

    @property
    def activation(self) -> str:
        """The name of an activation, however it is spelled."""
        name: str = self.layer.name.replace("_", "").lower()
        return "silu" if name == "swish" else name

    @property
    def merges(self) -> int:
        """How many times two outputs of branches are put together."""
        return len(self.layer) - 1

    def valid_taps(self) -> int:
        """How many taps of all windows lie on the input and not on its padding."""
        known: Sources = self.layer.sources(self.input_shape)
        sources = [one for one in known if one is not None]
        outputs: Shape = self.layer._split(self.output_shape)[1]
        pairs = zip(sources, outputs, strict=True)
        return prod(
            [taps(window, self.input_shape[axis], count) for (axis, window), count in pairs]
        )


def taps(window: Window, length: int, count: int) -> int:
    """How many taps of `count` windows lie on an axis and not on its padding.

    A position o of the output meets position i of the axis by tap t where
    spacing·i = stride·o − padding + dilation·t; stride or spacing is 1.
    """
    size, step = window.kernel_size, window.dilation
    if window.spacing == 1:  # stride·o + dilation·t, from padding on.
        start, stop = window.padding, window.padding + length
        across, stride = count, window.stride
    else:  # spacing·i + dilation·t with the taps counted from the last, so that o is from 0 on.
        start = step * (size - 1) - window.padding
        stop = start + count
        across, stride = length, window.spacing
    return pairs_below(stop, across, stride, size, step) - pairs_below(
        start, across, stride, size, step
    )


def pairs_below(limit: int, many: int, step: int, others: int, other_step: int) -> int:
    """How many pairs, of `many` numbers and of `others` from 0 on, have step·i + other·j < limit.

    Not one by one: there may be more of them than anybody could count.
    """
    if limit <= 0:
        return 0
    full = min(max((limit - 1 - step * (many - 1)) // other_step + 1, 0), others)
    last = min((limit - 1) // other_step + 1, others)
    # Of the first, all pairs; of those up to the last, those with i below (limit − other·j) / step.
    left = last - full
    return (
        full * many + floor_sum(left, step, other_step, limit - 1 - other_step * (last - 1)) + left
    )


def floor_sum(number: int, under: int, factor: int, start: int) -> int:
    """The sum of ⌊(factor·j + start) / under⌋ for j from 0 to number − 1, as Euclid divides."""
    total = 0
    while number > 0:
        total += number * (number - 1) // 2 * (factor // under) + number * (start // under)
        factor, start = factor % under, start % under
        highest = factor * number + start
        number, start = divmod(highest, under)
        factor, under = under, factor
    return total


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of a ledger: for which layers, in words, and the count."""

    layers: str
    words: str
    count: Callable[[At], int]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a tool counts, layer by layer; what no rule is for, it does not count."""

    tool: str
    unit: str
    source: str
    rules: tuple[Rule, ...]


CONVS = "Conv1d Conv2d Conv3d"
TRANSPOSED = "ConvTranspose1d ConvTranspose2d ConvTranspose3d"


def is_affine(at: At) -> bool:
    """Whether a normalization has a scale."""
    return bool(getattr(at.layer, "affine", True) and getattr(at.layer, "elementwise_affine", True))


def has_bias(at: At) -> bool:
    """Whether a normalization has a shift."""
    return bool(at.layer.bias)


def recurrent(at: At, layer: Callable[[int, int], int]) -> int:
    """The sum over layers and directions of what one costs by its features and units."""
    units: int = at.layer.hidden_size
    directions = 2 if at.layer.bidirectional else 1
    others: int = (at.layer.num_layers - 1) * layer(directions * units, units)
    return directions * (layer(at.input_shape[-1], units) + others)


def groups_of(at: At) -> int:
    """The groups of channels normalized over; each channel is one in an instance normalization."""
    return int(at.layer.num_groups) if at.kind == "GroupNorm" else at.channels


def is_grouped(at: At) -> bool:
    """Whether there are groups of several channels."""
    return bool(1 < at.layer.groups < max(at.channels, at.layer.out_channels))


def dilated_places(at: At) -> int:
    """Output positions, each length rounded up to a multiple of the dilation."""
    lengths = at.layer._split(at.output_shape)[1]
    pairs = zip(lengths, at.layer.dilation, strict=True)
    return prod([-(-length // step) * step for length, step in pairs])


TORCHVISION = Ledger(
    "torchvision",
    "one for each multiply-accumulate",
    "torchvision 0.21, `_ops` of its weights",
    (Rule(f"{CONVS} {TRANSPOSED} Dense Layer", "multiply-accumulates", lambda at: at.macs),),
)
FVCORE = Ledger(
    "fvcore",
    "one for each multiply-accumulate",
    "fvcore 0.1.5, nn/flop_count.py and nn/jit_handles.py",
    (
        Rule(
            CONVS,
            "multiply-accumulates; none where padding is 'same'",
            lambda at: 0 if at.layer.padding == "same" else at.macs,
        ),
        Rule(
            f"{TRANSPOSED} Dense MultiheadAttention Layer",
            "multiply-accumulates",
            lambda at: at.macs,
        ),
        Rule(
            "BatchNorm",
            "2·N; without scale and shift N",
            lambda at: at.arriving * (1 + is_affine(at)),
        ),
        Rule(
            "LayerNorm GroupNorm InstanceNorm",
            "5·N; without scale and shift 4·N",
            lambda at: at.arriving * (4 + is_affine(at)),
        ),
        Rule(
            "AdaptivePool GlobalPool",
            "N of an average over an image",
            lambda at: at.arriving if at.layer.mode == "avg" and at.rank == 2 else 0,
        ),
        Rule(
            "Upsample",
            "O; bilinear 4·O",
            lambda at: at.leaving * (4 if at.layer.mode == "bilinear" else 1),
        ),
    ),
)
TORCHINFO = Ledger(
    "torchinfo",
    "one for each use of a parameter, biases included",
    "torchinfo 1.8.0, layer_info.py, `calculate_macs`",
    (
        Rule(
            f"{CONVS} {TRANSPOSED}",
            "parameters · output positions",
            lambda at: at.params * at.places,
        ),
        Rule("RNN LSTM GRU", "parameters · length", lambda at: at.params * at.input_shape[0]),
        Rule("MultiheadAttention", "0", lambda _: 0),
        Rule("Add Multiply Concat", "0", lambda _: 0),
        Rule("", "parameters, once, wherever they are used", lambda at: at.params),
    ),
)
FLAX = Ledger(
    "flax",
    "two for each multiply-accumulate, one for each operation on a value",
    "Flax 0.12, linen/summary.py, which asks XLA: service/hlo_cost_analysis.cc",
    (
        Rule(
            CONVS,
            "2·C_out·C_in/g · taps that lie on the input, + O of a bias",
            lambda at: (
                2 * at.layer.out_channels * (at.channels // at.layer.groups) * at.valid_taps()
                + at.bias
            ),
        ),
        Rule(
            TRANSPOSED,
            "2·C_in·C_out/g · taps that lie on the input, + O of a bias",
            lambda at: (
                2 * at.channels * (at.layer.out_channels // at.layer.groups) * at.valid_taps()
                + at.bias
            ),
        ),
        Rule("Dense", "2·multiply-accumulates + O of a bias", lambda at: 2 * at.macs + at.bias),
        Rule("Layer", "2·multiply-accumulates", lambda at: 2 * at.macs),
        Rule(
            "BatchNorm",
            "3·N + 2·C; without scale and shift 2·N + C",
            lambda at: (2 + is_affine(at)) * at.arriving + (1 + is_affine(at)) * at.channels,
        ),
        Rule(
            "LayerNorm",
            "7·N + 4·P; without shift 6·N, without scale 5·N",
            lambda at: (
                (5 + is_affine(at) + (is_affine(at) and has_bias(at))) * at.arriving + 4 * at.rows
            ),
        ),
        Rule("RMSNorm", "4·N + P", lambda at: 4 * at.arriving + at.rows),
        Rule(
            "GroupNorm InstanceNorm",
            "6·N + 3·G + 2·C; without scale and shift 5·N + 3·G + C",
            lambda at: (
                (5 + is_affine(at)) * at.arriving
                + 3 * groups_of(at)
                + (1 + is_affine(at)) * at.channels
            ),
        ),
        Rule(
            "Activation",
            "relu N, relu6 2·N, sigmoid 3·N, silu 4·N, gelu 8·N, softmax 4·N − P, others 0",
            lambda at: (
                {"relu": 1, "relu6": 2, "sigmoid": 3, "silu": 4, "gelu": 8, "softmax": 4}.get(
                    at.activation, 0
                )
                * at.arriving
                - (at.rows if at.activation == "softmax" else 0)
            ),
        ),
        Rule(
            "Pool",
            "(window − 1)·O; average window·O",
            lambda at: (at.window - (at.layer.mode == "max")) * at.leaving,
        ),
        Rule(
            "AdaptivePool GlobalPool",
            "N − O; average N; 0 where nothing changes",
            lambda at: (
                0
                if at.input_shape == at.output_shape
                else at.arriving - (at.leaving if at.layer.mode == "max" else 0)
            ),
        ),
        Rule("Add Multiply", "O for each two branches", lambda at: at.merges * at.leaving),
        Rule(
            "MultiheadAttention",
            "2·multiply-accumulates + 4·L·E of biases + L·E + 4·H·L² − H·L",
            lambda at: (
                2 * at.macs
                + (5 if at.layer.bias else 1) * at.arriving
                + at.layer.num_heads * (4 * at.input_shape[0] ** 2 - at.input_shape[0])
            ),
        ),
        Rule("Embedding", "O + 6·N", lambda at: at.leaving + 6 * at.arriving),
        Rule("Pad", "1", lambda _: 1),
        Rule(
            "RNN",
            "2·F·H + 2·H² + 2·H + 2, of one position",
            lambda at: recurrent(at, lambda f, h: 2 * f * h + 2 * h * h + 2 * h + 2),
        ),
        Rule(
            "LSTM",
            "8·(F·H + H²) + 21·H + 2, of one position",
            lambda at: recurrent(at, lambda f, h: 8 * (f * h + h * h) + 21 * h + 2),
        ),
        Rule(
            "GRU",
            "6·(F·H + H²) + 18·H + 2, of one position",
            lambda at: recurrent(at, lambda f, h: 6 * (f * h + h * h) + 18 * h + 2),
        ),
    ),
)
TENSORFLOW = Ledger(
    "tensorflow",
    "two for each multiply-accumulate, one for each operation on a value that is registered",
    "TensorFlow 2.21 with Keras 3.15, python/profiler/internal/flops_registry.py, "
    "python/ops/nn_ops.py",
    (
        Rule(
            CONVS,
            "2·multiply-accumulates + O of a bias; in groups the bias alone; with dilation lengths "
            "are rounded up to its multiples",
            lambda at: (
                at.bias
                if is_grouped(at)
                else 2 * at.macs // at.places * dilated_places(at) + at.bias
            ),
        ),
        Rule(
            TRANSPOSED,
            "2·O·k_h·k_w·C_in / (s_h·s_w), + O of a bias",
            lambda at: (
                2 * at.leaving * prod(at.layer.kernel_size) * at.channels // prod(at.layer.stride)
                + at.bias
            ),
        ),
        Rule("Dense", "2·multiply-accumulates + O of a bias", lambda at: 2 * at.macs + at.bias),
        Rule("Layer", "2·multiply-accumulates", lambda at: 2 * at.macs),
        Rule(
            "BatchNorm",
            "2·N + 6·C; without scale and shift 2·N + 5·C",
            lambda at: 2 * at.arriving + (5 + is_affine(at)) * at.channels,
        ),
        Rule(
            "LayerNorm",
            "9·N + 4·P; without shift 8·N + 4·P, without scale 6·N + 5·P",
            lambda at: (
                (8 + has_bias(at)) * at.arriving + 4 * at.rows
                if is_affine(at)
                else 6 * at.arriving + 5 * at.rows
            ),
        ),
        Rule("RMSNorm", "4·N + 3·P", lambda at: 4 * at.arriving + 3 * at.rows),
        Rule(
            "GroupNorm InstanceNorm",
            "6·N + 4·G + 3·C; without scale and shift 6·N + 5·G",
            lambda at: (
                6 * at.arriving
                + (4 * groups_of(at) + 3 * at.channels if is_affine(at) else 5 * groups_of(at))
            ),
        ),
        Rule(
            "Activation",
            "silu 2·N, gelu 4·N, softmax 5·N, others 0",
            lambda at: {"silu": 2, "gelu": 4, "softmax": 5}.get(at.activation, 0) * at.arriving,
        ),
        Rule("PReLU", "3·N + C", lambda at: 3 * at.arriving + at.channels),
        Rule(
            "Pool",
            "window·O; 0 over a volume",
            lambda at: 0 if at.rank > 2 else at.window * at.leaving,
        ),
        Rule(
            "AdaptivePool",
            "N; 0 where nothing changes",
            lambda at: 0 if at.input_shape == at.output_shape else at.arriving,
        ),
        Rule("GlobalPool", "N; maximum 0", lambda at: at.arriving if at.layer.mode == "avg" else 0),
        Rule("Add Multiply", "O for each two branches", lambda at: at.merges * at.leaving),
        Rule(
            "MultiheadAttention",
            "8·L·E² + 4·L·E of biases + 6·H·L²",
            lambda at: (
                8 * at.arriving * at.layer.embed_dim
                + (4 * at.arriving if at.layer.bias else 0)
                + 6 * at.layer.num_heads * at.input_shape[0] ** 2
            ),
        ),
        Rule("Embedding", "2·N", lambda at: 2 * at.arriving),
        Rule(
            "Upsample",
            "1 for each axis; interpolated 0",
            lambda at: at.rank if at.layer.mode == "nearest" else 0,
        ),
        Rule(
            "RNN",
            "2·F·H + H, of one position",
            lambda at: recurrent(at, lambda f, h: 2 * f * h + h),
        ),
        Rule(
            "LSTM",
            "8·F·H + 9·H, of one position",
            lambda at: recurrent(at, lambda f, h: 8 * f * h + 9 * h),
        ),
        Rule(
            "GRU",
            "6·F·H + 3·H, of one position",
            lambda at: recurrent(at, lambda f, h: 6 * f * h + 3 * h),
        ),
    ),
)
LEDGERS = {one.tool: one for one in (TORCHVISION, FVCORE, TORCHINFO, FLAX, TENSORFLOW)}


@dataclass(frozen=True, slots=True)
class FlopsRow:
    """What one layer costs by a convention.

    Args:
        path: where it stands; empty for a layer on its own.
        layer: the layer.
        num_flops: its operations.

    Example:
        >>> import paramcalc as pc
        >>> pc.flops(pc.Dense(7, 5), (7,), convention="flax").rows
        (FlopsRow(path='', layer=Dense(7, 5), num_flops=75),)
    """

    path: str
    layer: Layer
    num_flops: int


@dataclass(frozen=True, slots=True, repr=False)
class Flops(Shown):
    """The operations of a network by a convention, as `flops` returns them.

    `str()` of it is for a terminal; in a notebook it shows itself.

    Args:
        convention: the tool whose count it is.
        rows: the count of each layer in turn.

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
        """How many operations there are in all."""
        return sum([row.num_flops for row in self.rows])

    def ledger(self) -> tuple[str, ...]:
        """The convention in words: what is counted, of which layers, and where that is written."""
        ledger = LEDGERS[self.convention]
        letters = (
            "N values arrive and O leave, C channels, P places on the axes before the last, "
            "L positions of E features, H heads or units, F features, G groups"
        )
        rules: list[str] = []
        for rule in ledger.rules:
            names = ["your own" if name == "Layer" else name for name in rule.layers.split()]
            rules.append(f"{', '.join(names) or 'all others'}: {rule.words}")
        return (f"{ledger.tool}: {ledger.unit}", f"source: {ledger.source}", *rules, letters)

    def __str__(self) -> str:
        ledger = LEDGERS[self.convention]
        return f"{Shown.__str__(self)}\n{ledger.tool}: {ledger.unit}"

    def _gist(self) -> str:
        rows = counted(len(self.rows), "layer")
        return f" of {rows} by {self.convention}"

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values for each layer, as pandas and polars take them."""
        return [
            {"path": row.path, "layer": layer_text(row.layer), "num_flops": row.num_flops}
            for row in self.rows
        ]

    def _table(self, style: str = "unicode") -> Table:
        rows = [
            Row((one.path, layer_text(one.layer), format(one.num_flops, ","))) for one in self.rows
        ]
        rows.append(Row(("total", "", format(self.num_flops, ",")), 0, "total"))
        title = f"operations by {self.convention}"
        return Table((Column("path"), Column("layer"), Column(title, numeric=True)), tuple(rows))


def made_of(layer: Layer, shape: Shape, output: Shape) -> list[At]:
    """What tools count a layer as: itself, or its parts."""
    if not isinstance(layer, TransformerEncoderLayer):
        return [At(layer, shape, output)]
    features, inner, bias = layer.d_model, layer.dim_feedforward, layer.bias
    wide = (shape[0], inner)
    norm, both = LayerNorm(features, bias=bias), Add(Identity(), Identity())
    return [
        At(MultiheadAttention(features, layer.nhead, bias=bias), shape, shape),
        At(Dense(features, inner, bias), shape, wide),
        At(Activation("relu"), wide, wide),
        At(Dense(inner, features, bias), wide, shape),
        *[At(one, shape, shape) for one in (both, norm, both, norm)],
    ]


def count(ledger: Ledger, at: At) -> int:
    """What a ledger has for a layer."""
    for rule in ledger.rules:
        if not rule.layers or at.kind in rule.layers.split():
            return rule.count(at)
    return 0


def flops(
    network: Layer, input_shape: Shape | None = None, *, convention: str = "torchvision"
) -> Flops:
    """The floating-point operations of one example, by the convention of a tool that reports them.

    `torchvision` counts the multiply-accumulates that it publishes with its weights, `fvcore` and
    `torchinfo` ("mult-adds") likewise one for each, with differences; `flax` (its `tabulate`) and
    `tensorflow` (its profiler) count each multiplication and addition. `ledger()` of the result
    has the rules. What a layer of one's own costs is its `num_macs`, but to torchinfo, which
    goes by parameters.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis; it may be left out behind an
            `Input`.
        convention: "torchvision", "fvcore", "torchinfo", "flax" or "tensorflow".

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown convention.
        ShapeError: a layer does not fit what arrives at it, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> print(pc.flops(pc.Sequential(pc.Dense(7, 5), pc.Dense(5, 2)), (7,), convention="flax"))
        path   layer        operations by flax
        ──────────────────────────────────────
        [0]    Dense(7, 5)                  75
        [1]    Dense(5, 2)                  22
        ──────────────────────────────────────
        total                               97
        flax: two for each multiply-accumulate, one for each operation on a value
    """
    tool = as_str(convention, "flops", "convention")
    if tool not in LEDGERS:
        known = ", ".join(LEDGERS)
        raise ParamcalcError(f"flops: no convention {show(tool)}; the conventions are {known}")
    ledger = LEDGERS[tool]
    rows: list[FlopsRow] = []
    found: Any = walk(network, input_shape, "flops", counting=False)
    for path, layer, shape, output, _ in found:
        try:
            number = sum([count(ledger, at) for at in made_of(layer._thawed, shape, output)])
        except ParamcalcError as error:
            locate(error, path, layer)
            raise
        rows.append(FlopsRow(path, layer, number))
    return Flops(tool, tuple(rows))
