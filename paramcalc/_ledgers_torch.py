"""What tools for torch count as operations: a ledger for each."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from paramcalc._branches import Add, Concat, Multiply
from paramcalc._checks import entries
from paramcalc._ledger import (
    CONV_LSTMS,
    CONVS,
    MACS,
    MERGES,
    MOVING,
    NOTHING,
    RECURRENT,
    TRANSPOSED,
    UNKNOWN,
    At,
    Ledger,
    Rule,
    lengths_of,
)
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, PReLU, Scale
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.deform_conv import DeformConv2d
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.keras_conv import LocallyConnected2d
from paramcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
from paramcalc.layers.product import MatMul
from paramcalc.layers.recurrent import GRU, LSTM, RNN
from paramcalc.layers.resize import Upsample

NORMS = (BatchNorm, LayerNorm, GroupNorm, InstanceNorm, RMSNorm)
POOLS = (Pool, AdaptivePool, GlobalPool)
NOT_IN_TORCH = LocallyConnected2d


def products(factor: int) -> dict[tuple[type[Layer], ...], Rule]:
    """Matrix products and convolutions count; all else is 0, but for what the tool cannot see."""
    counted = (*CONVS, *TRANSPOSED, *CONV_LSTMS, *RECURRENT, Dense, MatMul, MultiheadAttention)
    words = "multiply-accumulates" if factor == 1 else f"{factor}·multiply-accumulates"
    return {
        (*counted, Layer): (words, lambda at: factor * at.macs),
        (*MOVING, *NORMS, *POOLS, *MERGES, Activation, PReLU, Scale, Upsample): NOTHING,
        (DeformConv2d, NOT_IN_TORCH): UNKNOWN,
    }


TORCHVISION = Ledger(
    "torchvision",
    "MACs",
    "one for each multiply-accumulate of a matrix product or convolution",
    "torchvision 0.21, `_ops` of its weights",
    products(1),
    per_mac=1,
)
TORCH = Ledger(
    "torch",
    "FLOPs",
    "two for each multiply-accumulate of a matrix product or convolution",
    "torch 2.13, utils/flop_counter.py, `FlopCounterMode`, on the meta device; on a CPU it counts "
    "no LSTM, and no products of attention without weights",
    products(2),
    per_mac=2,
)


def fvcore_conv(at: At) -> int | None:
    """Only convolutions that skip nothing are "same" in torch; others are after a padding."""
    is_same = at.layer.padding == "same" and max(at.layer.stride) == 1
    return None if is_same else at.macs


def fvcore_norm(at: At) -> int | None:
    return (4 + at.scale) * at.n


def fvcore_upsample(at: At) -> int | None:
    """Nothing but images has a rule."""
    factors = {"nearest": 1, "bilinear": 4}
    factor = factors.get(at.layer.mode)
    return factor * at.o if factor and at.rank == 2 else None


FVCORE = Ledger(
    "fvcore",
    "MACs",
    "one for each multiply-accumulate, and estimates for normalizations and resizing",
    "fvcore 0.1.5, nn/flop_count.py and nn/jit_handles.py, of `model.eval()`",
    {
        CONVS: (
            (
                "multiply-accumulates; not counted where padding is 'same', nor in a module that "
                "says 'valid', which is 0 here"
            ),
            fvcore_conv,
        ),
        (*TRANSPOSED, *CONV_LSTMS, Dense, MatMul, Layer): MACS,
        (MultiheadAttention,): (
            (
                "multiply-accumulates of the four projections, called with need_weights=False as "
                "torchvision does"
            ),
            lambda at: at.macs - at.products,
        ),
        (BatchNorm,): (
            "2·N; without scale N; without running statistics 5·N and 4·N",
            lambda at: (1 + at.scale) * at.n if at.layer.track_running_stats else fvcore_norm(at),
        ),
        (LayerNorm, GroupNorm, InstanceNorm): ("5·N; without scale 4·N", fvcore_norm),
        (AdaptivePool, GlobalPool): (
            "N of an average over an image; others not counted",
            lambda at: at.n if at.layer.mode == "avg" and at.rank == 2 else None,
        ),
        (Upsample,): ("O over an image; bilinear 4·O; others not counted", fvcore_upsample),
        (Activation,): (
            "0 of relu; others not counted",
            lambda at: 0 if at.layer._plain_name == "relu" else None,
        ),
        (*MOVING, Concat): NOTHING,
        (*RECURRENT, Add, Multiply, PReLU, Pool, RMSNorm, Scale): UNKNOWN,
        (DeformConv2d, NOT_IN_TORCH): UNKNOWN,
    },
)


def torchinfo_conv_lstm(at: At) -> int:
    """A convolutional LSTM: at each time, a convolution of the input and one of the output."""
    times = 1 if at.layer.return_sequences else at.shape[0]
    return int(at.step.num_params * times * at.o // at.layer.out_channels)


TORCHINFO = Ledger(
    "torchinfo",
    "mult-adds",
    "one for each use of a parameter, biases included",
    "torchinfo 1.8.0, layer_info.py, `calculate_macs`",
    {
        (*CONVS, *TRANSPOSED, DeformConv2d): (
            "parameters · output positions",
            lambda at: at.step.num_params * at.positions,
        ),
        CONV_LSTMS: ("parameters · output positions, at each time", torchinfo_conv_lstm),
        RECURRENT: ("parameters · length", lambda at: at.step.num_params * at.shape[0]),
        (MultiheadAttention,): (
            "not counted; its projections, where each is a layer, have their parameters once",
            lambda at: at.step.num_params if at.layer._is_projected else None,
        ),
        (*NORMS, Dense, Embedding, LocallyConnected2d, PReLU, Layer): (
            "parameters, once, wherever they are used",
            lambda at: at.step.num_params,
        ),
        (
            *[one for one in MOVING if one is not Embedding],
            *(*POOLS, *MERGES, Activation, Upsample),
        ): NOTHING,
        (MatMul, Scale): UNKNOWN,
    },
)


def thop_cell(gates: int, others: int) -> Callable[[At], int]:
    """A recurrent layer: per unit and gate its weights, biases and 1; and other operations.

    Further layers count as if the output were not projected.
    """

    def count(at: At) -> int:
        layer = at.layer
        units, directions, more = layer.hidden_size, layer._directions, layer.num_layers - 1
        features = at.shape[-1] + more * directions * units
        each = units + 2 * layer.bias + 1
        cells = gates * (features + layer.num_layers * each) + layer.num_layers * others
        return int(at.shape[0] * directions * units * cells)

    return count


def thop_activation(at: At) -> int | None:
    name = at.layer._plain_name
    if name == "softmax":
        return 3 * at.n - at.n // at.shape[-1]
    return 0 if name in ("relu", "relu6", "leakyrelu") else None


def thop_adaptive_pool(at: At) -> int:
    """The tool multiplies quotients, and may lose 1 by that."""
    output = lengths_of(at) or (1,) * at.rank
    sizes = zip(at.layer._split(at.shape)[1], output, strict=True)
    window = prod([before / after for before, after in sizes])
    return int((window + 1) * at.o) if at.layer.mode == "avg" else 0


def thop_upsample(at: At) -> int | None:
    factors = {"nearest": 1, "linear": 5, "bilinear": 11, "bicubic": 259}
    factor = factors.get(at.layer.mode)
    return None if factor is None else factor * at.o


THOP = Ledger(
    "thop",
    "MACs",
    "one for each multiply-accumulate, and estimates for other layers",
    "thop 0.1.1, profile.py, vision/basic_hooks.py and rnn_hooks.py",
    {
        (*CONVS, *CONV_LSTMS, Dense, Layer): MACS,
        TRANSPOSED: (
            "O·k_h·k_w·C_in / groups",
            lambda at: at.o * prod(at.layer.kernel_size) * at.c // at.layer.groups,
        ),
        (MultiheadAttention,): (
            "not counted; its projections, where each is a layer, are multiply-accumulates",
            lambda at: at.macs - at.products if at.layer._is_projected else None,
        ),
        (BatchNorm, LayerNorm, InstanceNorm): (
            "4·N; not affine 2·N",
            lambda at: (4 if at.scale or at.shift else 2) * at.n,
        ),
        (PReLU,): ("N", lambda at: at.n),
        (Activation,): (
            "softmax 3·N - P; 0 of relu, relu6, leaky_relu; others not counted",
            thop_activation,
        ),
        (Pool,): ("O of an average; maximum 0", lambda at: at.o if at.layer.mode == "avg" else 0),
        (AdaptivePool, GlobalPool): (
            "N + O of an average, rounded down by floats; maximum 0",
            thop_adaptive_pool,
        ),
        (Upsample,): (
            "O; linear 5·O, bilinear 11·O, bicubic 259·O; others not counted",
            thop_upsample,
        ),
        (RNN,): ("(F + H)·H + 3·H, at each position; without bias 2·H less", thop_cell(1, 0)),
        (LSTM,): (
            "4·(F + H)·H + 16·H, at each position; without bias 8·H less",
            thop_cell(4, 4),
        ),
        (GRU,): (
            "3·(F + H)·H + 13·H, at each position; without bias 6·H less",
            thop_cell(3, 4),
        ),
        (*MOVING, Concat): NOTHING,
        (Add, Multiply, MatMul, Scale, GroupNorm, RMSNorm, DeformConv2d, NOT_IN_TORCH): UNKNOWN,
    },
)
PTFLOPS_ACTIVATIONS = {"relu": 2, "elu": 2, "gelu": 2, "relu6": 1, "leakyrelu": 1, "softmax": 1}


def ptflops_activation(at: At) -> int | None:
    factor = {**PTFLOPS_ACTIVATIONS, "silu": 1, "swish": 1}.get(at.layer._plain_name)
    return None if factor is None else factor * at.n


def ptflops_norm(at: At) -> int:
    return (1 + bool(at.scale or at.shift)) * at.n


def ptflops_cell(others: int) -> Callable[[At], int]:
    """A recurrent layer: its parameters, and other operations per unit, at each position."""

    def count(at: At) -> int:
        layer = at.layer
        units = layer.hidden_size * layer.num_layers * layer._directions
        each = at.step.num_params + units * (others - layer._projected)
        return int(at.shape[0] * each)

    return count


def ptflops_conv_lstm(at: At) -> int:
    """Convolutions of the input and of the output, of which one has biases."""
    times = 1 if at.layer.return_sequences else at.shape[0]
    return int(at.macs + at.layer.bias * 4 * times * at.o)


def ptflops_attention(at: At) -> int:
    """Attention: its biases of keys and values are always as long as the queries."""
    if at.layer._is_projected:
        return at.macs - at.products + at.projection_biases
    length, keys = at.shape[0], at.keys
    embed_dim, kdim, vdim = at.layer._dims()
    heads = at.layer.num_heads
    projections = length * embed_dim**2 + keys * (kdim**2 + vdim**2) + length * vdim * (vdim + 1)
    biases = at.layer.bias * (length + 2 * keys) * embed_dim
    scores = length * keys * (embed_dim // heads + 1 + vdim // heads)
    return int(length * embed_dim + projections + biases + heads * scores)


def ptflops_upsample(at: At) -> int:
    """The module counts the output, and the function it calls the input times the factors."""
    if at.layer.size is not None:
        return 2 * at.o
    factor = at.layer.scale_factor
    factors = entries(factor)
    product = factor**at.rank if factors is None else prod([int(one) for one in factors])
    return int(at.o + at.n * product)


PTFLOPS = Ledger(
    "ptflops",
    "MACs",
    "one for each multiply-accumulate, bias or value; two where a module and its function count",
    "ptflops 0.7.5, pytorch_ops.py and pytorch_engine.py, the default backend",
    {
        (*CONVS, *TRANSPOSED, Dense): (
            "multiply-accumulates + O of a bias",
            lambda at: at.macs + at.bias,
        ),
        CONV_LSTMS: ("multiply-accumulates + biases, at each time", ptflops_conv_lstm),
        (DeformConv2d,): (
            "multiply-accumulates + 24·k_h·k_w·positions, 25 with a mask, + O of a bias",
            lambda at: (
                at.macs
                + (24 + (len(at.step.merged) > 2)) * prod(at.layer.kernel_size) * at.positions
                + at.bias
            ),
        ),
        (MultiheadAttention,): (
            (
                "projections as if those of keys and values kept their features, with biases, "
                "products, and L·E + H·L² of scaling and softmax; of layers, the projections alone"
            ),
            ptflops_attention,
        ),
        (Layer,): MACS,
        (BatchNorm, InstanceNorm, GroupNorm): ("2·N; not affine N", ptflops_norm),
        (LayerNorm,): ("N", lambda at: at.n),
        (Activation,): (
            "2·N of relu, elu, gelu; N of relu6, leaky_relu, softmax, silu; others not counted",
            ptflops_activation,
        ),
        (PReLU, *POOLS): ("2·N", lambda at: 2 * at.n),
        (Upsample,): ("2·O; with a factor, O + N times the factors", ptflops_upsample),
        (RNN,): ("parameters + H, at each position", ptflops_cell(1)),
        (LSTM,): ("parameters + 10·H, at each position", ptflops_cell(10)),
        (GRU,): ("parameters + 7·H, at each position", ptflops_cell(7)),
        (*MOVING, Concat): NOTHING,
        (Add, Multiply, MatMul, Scale, RMSNorm, NOT_IN_TORCH): UNKNOWN,
    },
)
TORCH_LEDGERS = (TORCHVISION, TORCH, FVCORE, TORCHINFO, THOP, PTFLOPS)
