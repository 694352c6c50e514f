"""What tools count as floating-point operations: a ledger for each, by the class of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from paramcalc._branches import Add, Concat, Multiply
from paramcalc._trace import Step
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers.activation import Activation, Dropout, Identity, PReLU, Scale
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from paramcalc.layers.conv_lstm import ConvLSTM, ConvLSTM1d, ConvLSTM2d, ConvLSTM3d
from paramcalc.layers.deform_conv import DeformConv2d
from paramcalc.layers.dense import Dense
from paramcalc.layers.distributed import TimeDistributed
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.input import Input
from paramcalc.layers.keras_conv import DepthwiseConv1d, DepthwiseConv2d, LocallyConnected2d
from paramcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
from paramcalc.layers.product import MatMul
from paramcalc.layers.recurrent import GRU, LSTM, RNN
from paramcalc.layers.reshape import Flatten, Permute, RepeatVector, Reshape, Slice
from paramcalc.layers.resize import CenterCrop, Crop, Pad, PixelShuffle, PixelUnshuffle, Upsample

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


def at_a_position(step: Step) -> tuple[Step, int]:
    """A step as it is at each position of a `TimeDistributed`, and the number of positions."""
    layer, times = step.layer._thawed, 1
    while isinstance(layer, TimeDistributed):
        times *= step.input_shape[0]
        layer, shapes = layer.layer, (step.input_shape[1:], step.output_shape[1:])
        merged = tuple([one[1:] for one in step.merged])
        step = step._replace(input_shape=shapes[0], output_shape=shapes[1], merged=merged)
    return step._replace(layer=layer, shared=()), times


Kinds = tuple[type[Layer], ...]
Rule = tuple[str, Callable[[At], int]]
"""How some layers are counted: in words, and as a function."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a tool counts as one, where it says so, and its rule for every class of layers.

    `Layer` stands for a user's own. The rule is None for layers that the tool does not count.
    """

    tool: str
    unit: str
    source: str
    rules: dict[Kinds, Rule | None]

    def count(self, steps: Sequence[Step]) -> list[int]:
        """The operations of each step."""
        rule_of = {kind: rule for kinds, rule in self.rules.items() for kind in kinds}
        counts: list[int] = []
        for step in steps:
            one, times = at_a_position(step)
            rule = rule_of[type(one.layer) if isinstance(one.layer, Builtin) else Layer]
            counts.append(times * rule[1](At(one)) if rule else 0)
        return counts

    def lines(self) -> list[str]:
        """The convention in words."""
        lines = [f"{self.tool}: {self.unit}", f"source: {self.source}"]
        for kinds, rule in self.rules.items():
            if rule:
                names = ["your own" if one is Layer else one.__name__ for one in kinds]
                is_rest = Layer in kinds and None not in self.rules.values()
                lines.append(f"{'all others' if is_rest else ', '.join(names)}: {rule[0]}")
        return [*lines, LETTERS]


CONVS: Kinds = (Conv1d, Conv2d, Conv3d, DepthwiseConv1d, DepthwiseConv2d)
TRANSPOSED: Kinds = (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)
CONV_LSTMS: Kinds = (ConvLSTM1d, ConvLSTM2d, ConvLSTM3d)
POOLS: Kinds = (Pool, AdaptivePool, GlobalPool)
NORMS: Kinds = (BatchNorm, LayerNorm, GroupNorm, InstanceNorm, RMSNorm)
RECURRENT: Kinds = (RNN, LSTM, GRU)
MOVING: Kinds = (
    CenterCrop, Crop, Dropout, Flatten, Identity, Input, Pad, Parameters, Permute, PixelShuffle,
    PixelUnshuffle, Reshape, Slice,
)  # fmt: skip
"""What only moves values, when a network is run."""


def num_macs(at: At) -> int:
    """The multiply-accumulates."""
    return at.step.num_macs


def keras_conv(at: At) -> int:
    """A convolution, with each length rounded up to a multiple of the dilation."""
    if 1 < at.layer.groups < max(at.c, at.layer.out_channels):
        return at.bias
    lengths: Shape = at.layer._split(at.step.output_shape)[1]
    steps: Shape = at.layer.dilation
    positions = prod([-(-one // step) * step for one, step in zip(lengths, steps, strict=True)])
    return 2 * at.step.num_macs // prod(lengths) * positions + at.bias


def torch_conv_lstm(at: At) -> int:
    """A convolutional LSTM: at each time, a convolution of the input and one of the output."""
    times = 1 if at.layer.return_sequences else at.shape[0]
    return int(at.step.num_params * times * at.o // at.layer.out_channels)


def keras_conv_lstm(at: At) -> int:
    """A convolutional LSTM: the convolution of the input of one position."""
    layer: ConvLSTM = at.layer
    kind: Any = CONVS[layer._rank - 1]
    windows = layer.kernel_size, layer.stride, layer.padding, layer.dilation
    gates = 4 * layer.out_channels
    conv = kind(at.c, gates, *windows, bias=layer.bias, data_format=layer.data_format)
    frame = at.shape[1:]
    output = conv.output_shape(frame)
    return keras_conv(At(Step("", conv, frame, output)))


def keras_transposed(at: At) -> int:
    """A transposed convolution: each output uses a part of the kernel."""
    taps = at.o * prod(at.layer.kernel_size) * at.c
    return int(2 * taps // prod(at.layer.stride) + at.bias)


def keras_layer_norm(at: At) -> int:
    """A layer normalization: with a scale, as many deviations as values are negated."""
    return (6 + 2 * at.scale + at.shift) * at.n + (5 - at.scale) * at.p


def keras_pool(at: At) -> int:
    """A pooling: the size of the window per output."""
    size = at.layer.kernel_size
    window = size**at.rank if isinstance(size, int) else prod(size)
    return 0 if at.rank > 2 else window * at.o


def keras_attention(at: At) -> int:
    """Attention: the projections with their biases, and softmax."""
    length, layer = at.shape[0], replace(at.layer, add_bias_kv=False)
    keys = at.step.merged[1][0] if at.step.merged else length
    heads, groups, *sizes = layer._heads()
    products = length * keys * heads * sum(sizes)
    projections = layer._macs(at.shape, None, *at.step.merged[1:]) - products
    biases = length * (heads * sizes[0] + layer.embed_dim) + keys * groups * sum(sizes)
    softmax = 6 * heads * length * keys
    shared = 2 * (layer.num_kv_heads is not None)
    return int(2 * projections + layer.bias * biases + softmax + shared)


def keras_recurrent(per_feature: int, per_unit: int) -> Callable[[At], int]:
    """A recurrent layer: per unit, operations per feature and operations of the unit."""

    def count(at: At) -> int:
        units, directions = at.layer.hidden_size, 2 if at.layer.bidirectional else 1
        first = per_feature * at.shape[-1] + per_unit
        others = (at.layer.num_layers - 1) * (per_feature * directions * units + per_unit)
        return int(directions * units * (first + others))

    return count


KERAS_ACTIVATIONS = {"silu": 2, "swish": 2, "gelu": 4, "softmax": 5}
TORCHVISION = Ledger(
    "torchvision",
    "one for each multiply-accumulate",
    "torchvision 0.21, `_ops` of its weights",
    {
        (*CONVS, *TRANSPOSED, *CONV_LSTMS, Dense, Layer, MatMul): (
            "multiply-accumulates",
            num_macs,
        ),
        (*MOVING, *NORMS, *POOLS, *RECURRENT, Activation, Add, Concat): None,
        (Embedding, LocallyConnected2d, MultiheadAttention, Multiply, PReLU): None,
        (DeformConv2d, RepeatVector, Scale, Upsample): None,
    },
)
FVCORE = Ledger(
    "fvcore",
    "one for each multiply-accumulate",
    "fvcore 0.1.5, nn/flop_count.py and nn/jit_handles.py",
    {
        CONVS: (
            "multiply-accumulates; none where padding is 'same'",
            lambda at: 0 if at.layer.padding == "same" else at.step.num_macs,
        ),
        (*TRANSPOSED, *CONV_LSTMS, Dense, MatMul, MultiheadAttention, Layer): (
            "multiply-accumulates",
            num_macs,
        ),
        (BatchNorm,): ("2·N; without scale N", lambda at: (1 + at.scale) * at.n),
        (LayerNorm, GroupNorm, InstanceNorm): (
            "5·N; without scale 4·N",
            lambda at: (4 + at.scale) * at.n,
        ),
        (AdaptivePool, GlobalPool): (
            "N of an average over an image",
            lambda at: at.n if at.layer.mode == "avg" and at.rank == 2 else 0,
        ),
        (Upsample,): (
            "O; bilinear 4·O",
            lambda at: (4 if at.layer.mode == "bilinear" else 1) * at.o,
        ),
        (*MOVING, *RECURRENT, Activation, Add, Concat): None,
        (Embedding, LocallyConnected2d, Multiply, PReLU, Pool, RepeatVector, RMSNorm): None,
        (DeformConv2d, Scale): None,
    },
)
TORCHINFO = Ledger(
    "torchinfo",
    "one for each use of a parameter, biases included",
    "torchinfo 1.8.0, layer_info.py, `calculate_macs`",
    {
        (*CONVS, *TRANSPOSED, DeformConv2d): (
            "parameters · output positions",
            lambda at: at.step.num_params * prod(at.layer._split(at.step.output_shape)[1]),
        ),
        CONV_LSTMS: (
            "parameters · output positions, at each time",
            torch_conv_lstm,
        ),
        RECURRENT: ("parameters · length", lambda at: at.step.num_params * at.shape[0]),
        (Scale,): ("0", lambda _: 0),
        (MultiheadAttention,): (
            "0; parameters, once, of four projections",
            lambda at: at.step.num_params if at.layer._is_projected else 0,
        ),
        (Add, Multiply, Concat, MatMul): ("0", lambda _: 0),
        (
            *(*MOVING, *NORMS, *POOLS, Activation, Dense, Embedding),
            *(LocallyConnected2d, PReLU, RepeatVector, Upsample, Layer),
        ): (
            "parameters, once, wherever they are used",
            lambda at: at.step.num_params,
        ),
    },
)
TENSORFLOW = Ledger(
    "tensorflow",
    "two for each multiply-accumulate, one for each operation on a value that is registered",
    "TensorFlow 2.21 with Keras 3.15, python/profiler/internal/flops_registry.py, "
    "python/ops/nn_ops.py",
    {
        CONVS: (
            (
                "2·multiply-accumulates + O of a bias; with groups, only the bias; "
                "with dilation, each length is rounded up to a multiple of it"
            ),
            keras_conv,
        ),
        CONV_LSTMS: (
            "a convolution of the input to 4·C_out channels, of one position",
            keras_conv_lstm,
        ),
        TRANSPOSED: ("2·O·k_h·k_w·C_in / (s_h·s_w), + O of a bias", keras_transposed),
        (Dense, LocallyConnected2d): (
            "2·multiply-accumulates + O of a bias",
            lambda at: 2 * at.step.num_macs + at.bias,
        ),
        (MatMul, Layer): ("2·multiply-accumulates", lambda at: 2 * at.step.num_macs),
        (BatchNorm,): (
            "2·N + 6·C; without scale 2·N + 5·C",
            lambda at: 2 * at.n + (5 + at.scale) * at.c,
        ),
        (LayerNorm,): (
            "8·N + 4·P; without scale 6·N + 5·P; + N of a shift",
            keras_layer_norm,
        ),
        (RMSNorm,): ("4·N + 3·P", lambda at: 4 * at.n + 3 * at.p),
        (GroupNorm, InstanceNorm): (
            "6·N + 4·G + 2·C; without scale 6·N + 5·G; + C of a shift",
            lambda at: 6 * at.n + (5 - at.scale) * at.g + (2 * at.scale + at.shift) * at.c,
        ),
        (Activation,): (
            "silu 2·N, gelu 4·N, softmax 5·N, others 0",
            lambda at: KERAS_ACTIVATIONS.get(at.layer._plain_name, 0) * at.n,
        ),
        (Scale,): ("N", lambda at: at.n),
        (PReLU,): ("3·N + parameters", lambda at: 3 * at.n + at.step.num_params),
        (Pool,): ("window·O; 0 over a volume", keras_pool),
        (AdaptivePool,): (
            "N; 0 where nothing changes",
            lambda at: 0 if at.shape == at.step.output_shape else at.n,
        ),
        (GlobalPool,): ("N; maximum 0", lambda at: at.n if at.layer.mode == "avg" else 0),
        (Add, Multiply): ("O for each two branches", lambda at: (len(at.step.inputs) - 1) * at.o),
        (MultiheadAttention,): (
            "L·(2·weights + biases) + 6·H·L²; 2 more with fewer key and value heads",
            keras_attention,
        ),
        (Embedding,): ("2·N", lambda at: 2 * at.n),
        (Upsample,): (
            "1 for each axis; interpolated 0",
            lambda at: at.rank if at.layer.mode == "nearest" else 0,
        ),
        (RNN,): ("2·F·H + H, of one position", keras_recurrent(2, 1)),
        (LSTM,): ("8·F·H + 9·H, of one position", keras_recurrent(8, 9)),
        (GRU,): ("6·F·H + 3·H, of one position", keras_recurrent(6, 3)),
        (RepeatVector,): ("1", lambda _: 1),
        (*MOVING, Concat, DeformConv2d): None,
    },
)
LEDGERS = {one.tool: one for one in (TORCHVISION, FVCORE, TORCHINFO, TENSORFLOW)}
