"""What tools count as operations: TensorFlow's profiler, and all ledgers by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod
from typing import Any

from paramcalc._branches import Add, Concat, Multiply
from paramcalc._ledger import (
    CONV_LSTMS,
    CONVS,
    MOVING,
    NOTHING,
    TRANSPOSED,
    UNKNOWN,
    At,
    Convention,
    Ledger,
    lengths_of,
)
from paramcalc._ledgers_torch import TORCH_LEDGERS
from paramcalc._trace import Step
from paramcalc.layers._axes import broadcast
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, PReLU, Scale
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv_lstm import ConvLSTM
from paramcalc.layers.deform_conv import DeformConv2d
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.keras_conv import LocallyConnected2d
from paramcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
from paramcalc.layers.product import MatMul
from paramcalc.layers.recurrent import GRU, LSTM, RNN
from paramcalc.layers.reshape import RepeatVector
from paramcalc.layers.resize import Upsample


def keras_conv(at: At) -> int:
    """A convolution, with each length rounded up to a multiple of the dilation."""
    if at.layer.groups > 1 and (at.layer.groups < at.c or at.rank > 2):
        return at.bias
    pairs = zip(lengths_of(at), at.layer.dilation, strict=True)
    positions = prod([-(-one // step) * step for one, step in pairs])
    return int(2 * at.macs // at.positions * positions + at.bias)


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
    """A transposed convolution: each output uses a part of the kernel; over a volume, no rule."""
    taps = at.o * prod(at.layer.kernel_size) * at.c if at.rank < 3 else 0
    return int(2 * taps // prod(at.layer.stride) + at.bias)


def keras_layer_norm(at: At) -> int:
    """A layer normalization: with a scale, as many deviations as values are negated."""
    return (6 + 2 * at.scale + at.shift) * at.n + (5 - at.scale) * at.p


def keras_pool(at: At) -> int | None:
    """A pooling: the size of the window per output."""
    size = at.layer.kernel_size
    window = size**at.rank if isinstance(size, int) else prod(size)
    return None if at.rank > 2 else window * at.o


def keras_adaptive_pool(at: At) -> int | None:
    """An adaptive pooling: an average over all, or a pooling if all windows are equal."""
    before, after = at.layer._split(at.shape)[1], lengths_of(at)
    if before == after:
        return 0
    if max(after) == 1:
        return at.n if at.layer.mode == "avg" else None
    is_even = not any(one % other for one, other in zip(before, after, strict=True))
    return at.n if is_even and at.rank < 3 else None


def keras_attention(at: At) -> int:
    """Attention: the projections with their biases, and softmax."""
    heads, layer = at.layer.num_heads, replace(at.layer, add_bias_kv=False)
    plain = At(at.step._replace(layer=layer))
    projections = 2 * (plain.macs - plain.products) + plain.projection_biases
    softmax = 6 * heads * at.shape[0] * at.keys
    return projections + int(softmax) + 2 * (layer.num_kv_heads is not None)


def keras_recurrent(per_unit: int) -> Callable[[At], int]:
    """A recurrent layer: per unit and gate, 2 per feature and a bias; and others of the unit."""

    def count(at: At) -> int:
        layer = at.layer
        unit = layer._gates * layer.bias + per_unit
        first = 2 * layer._gates * at.shape[-1] + unit
        others = (layer.num_layers - 1) * (2 * layer._gates * layer._features() + unit)
        return int(layer._directions * layer.hidden_size * (first + others))

    return count


def keras_merge(at: At) -> int:
    """What is merged one by one, each time as large as both broadcast to."""
    first, *others = at.step.merged
    total = 0
    for one in others:
        first = broadcast(first, one) or ()
        total += prod(first)
    return total


KERAS_ACTIVATIONS = {"mish": 1, "silu": 2, "swish": 2, "hardsigmoid": 2, "gelu": 4, "softmax": 5}


def keras_activation(at: At) -> int | None:
    factor = {**KERAS_ACTIVATIONS, "hardsilu": 3, "hardswish": 3}.get(at.layer._plain_name)
    return None if factor is None else factor * at.n


TENSORFLOW = Ledger(
    "tensorflow",
    "FLOPs",
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
        TRANSPOSED: (
            "2·O·k_h·k_w·C_in / (s_h·s_w), + O of a bias; over a volume only the bias",
            keras_transposed,
        ),
        (Dense, LocallyConnected2d): (
            "2·multiply-accumulates + O of a bias",
            lambda at: 2 * at.macs + at.bias,
        ),
        (MatMul, Layer): ("2·multiply-accumulates", lambda at: 2 * at.macs),
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
            (
                "mish N, silu and hard_sigmoid 2·N, hard_silu 3·N, gelu 4·N, softmax 5·N; "
                "others not counted"
            ),
            keras_activation,
        ),
        (Scale,): ("N", lambda at: at.n),
        (PReLU,): ("3·N + parameters", lambda at: 3 * at.n + at.step.num_params),
        (Pool,): ("window·O; over a volume not counted", keras_pool),
        (AdaptivePool,): (
            (
                "N, as a pooling with equal windows; 0 where nothing changes; "
                "others, to 1 by a maximum, or over a volume not counted"
            ),
            keras_adaptive_pool,
        ),
        (GlobalPool,): (
            "N of an average; maximum not counted",
            lambda at: at.n if at.layer.mode == "avg" else None,
        ),
        (Add, Multiply): ("the values of each sum or product of two", keras_merge),
        (MultiheadAttention,): (
            "L·(2·weights + biases) + 6·H·L²; 2 more with fewer key and value heads",
            keras_attention,
        ),
        (Embedding,): ("2·N", lambda at: 2 * at.n),
        (Upsample,): (
            "1 for each axis; interpolated, or to a size, not counted",
            lambda at: at.rank if at.layer.mode == "nearest" and not at.layer.size else None,
        ),
        (RNN,): ("2·F·H + H of a bias, of one position", keras_recurrent(0)),
        (LSTM,): ("8·F·H + 5·H + 4·H of a bias, of one position", keras_recurrent(5)),
        (GRU,): ("6·F·H + 3·H of a bias, of one position", keras_recurrent(0)),
        (RepeatVector,): ("1", lambda _: 1),
        (*[one for one in MOVING if one not in (Embedding, RepeatVector)], Concat): NOTHING,
        (DeformConv2d,): UNKNOWN,
    },
)
LEDGERS: dict[Convention, Ledger] = {one.tool: one for one in (*TORCH_LEDGERS, TENSORFLOW)}
