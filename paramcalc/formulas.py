"""The reference arithmetic: one function a rule, whole numbers in and whole numbers out.

The functions compute and do not check: lengths, sizes and counts are ints of at
least 1, paddings ints of at least 0. The layers make sure of that before they
call; whoever calls a formula directly must, too. There is no division but
`//` and no float anywhere, so every result is exact however large it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

__all__ = [
    "attention_macs",
    "attention_params",
    "conv_macs",
    "conv_params",
    "dense_macs",
    "dense_params",
    "dilated_kernel_size",
    "embedding_params",
    "norm_params",
    "recurrent_macs",
    "recurrent_params",
    "same_length",
    "same_padding",
    "transposed_length",
    "window_length",
]


def dilated_kernel_size(kernel_size: int, dilation: int = 1) -> int:
    """How many positions a kernel reaches across along one axis.

    `d·(k − 1) + 1`: k taps with d − 1 positions left out between neighbours.

    Args:
        kernel_size: taps along the axis, k.
        dilation: steps from one tap to the next, d.

    Source:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep
        learning", section 5.1, where it is written k + (k − 1)(d − 1).

    Example:
        >>> dilated_kernel_size(3, dilation=2)
        5
    """
    return dilation * (kernel_size - 1) + 1


def window_length(
    length: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """How many positions a sliding window takes along one axis; 0 if it does not fit even once.

    `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1`, of a convolution or a pooling alike.

    With `ceil_mode` the quotient is rounded up, so that a last window may stick
    out beyond the padding on the right; but it must start inside the axis or
    its left padding: where `(o − 1)·s ≥ n + p`, there is one less.

    Args:
        length: positions along the axis, n.
        kernel_size: taps along the axis, k.
        stride: steps from one window to the next, s.
        padding: positions added on each side, p; or a pair (before, after),
            whose sum stands in for 2p and whose first for p.
        dilation: steps from one tap to the next, d.
        ceil_mode: count a last window that sticks out on the right; padding is at
            most half of kernel_size then, as poolings have it.

    Source:
        Dumoulin and Visin, relationship 6 and section 5.1 (floor). torch 2.13
        `pooling_output_shape` (ceil; the last-window rule is in the code and in
        `MaxPool2d`'s note, not in its formula).

    Example:
        >>> window_length(28, 5)
        24
        >>> window_length(224, 7, stride=2, padding=3)
        112
        >>> window_length(5, 2, stride=2), window_length(5, 2, stride=2, ceil_mode=True)
        (2, 3)
        >>> window_length(4, 5)
        0
    """
    reach = dilation * (kernel_size - 1) + 1  # A call of dilated_kernel_size would be felt here.
    if isinstance(padding, tuple):
        before, after = padding
        room = length + before + after - reach
    else:
        before = padding
        room = length + 2 * padding - reach
    if ceil_mode:
        count = -(-room // stride) + 1
        if (count - 1) * stride >= length + before:
            count -= 1
    else:
        count = room // stride + 1
    return count if count > 0 else 0


def same_length(length: int, stride: int = 1) -> int:
    """The length that "same" padding keeps along one axis, whatever the kernel.

    `⌈n / s⌉`

    Args:
        length: positions along the axis, n.
        stride: steps from one window to the next, s.

    Source:
        TensorFlow, `tf.nn.convolution`, padding="SAME"; Keras 3 as well. torch
        has "same" for stride 1 only.

    Example:
        >>> same_length(32), same_length(32, stride=2), same_length(33, stride=2)
        (32, 16, 17)
    """
    return -(-length // stride)


def same_padding(
    length: int, kernel_size: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """The positions that "same" padding adds along one axis: (before, after).

    Together `max((⌈n / s⌉ − 1)·s + d·(k − 1) + 1 − n, 0)`: what the last window
    needs beyond the axis. Half of it, rounded down, goes before; an odd one
    goes after.

    Args:
        length: positions along the axis, n.
        kernel_size: taps along the axis, k.
        stride: steps from one window to the next, s.
        dilation: steps from one tap to the next, d.

    Source:
        TensorFlow, notes on padding in `tf.nn`. torch 2.13 puts the odd one
        after, too (`_ConvNd`).

    Example:
        >>> same_padding(32, 3), same_padding(32, 4), same_padding(32, 3, stride=2)
        ((1, 1), (1, 2), (0, 1))
    """
    last_start = (same_length(length, stride) - 1) * stride
    total = max(last_start + dilated_kernel_size(kernel_size, dilation) - length, 0)
    return total // 2, total - total // 2


def transposed_length(
    length: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """How many positions a transposed convolution makes of an axis; 0 if padding leaves none.

    `(n − 1)·s − 2p + d·(k − 1) + o + 1`: the length from which a window, with the
    same stride, padding and dilation, takes n positions. Of several such lengths it
    is the shortest, and the output padding o is added.

    Args:
        length: positions along the axis, n.
        kernel_size: taps along the axis, k.
        stride: steps between the places of neighbouring inputs, s.
        padding: positions taken off on each side, p; or a pair (before, after).
        output_padding: positions added at the end, o.
        dilation: steps from one tap to the next, d.

    Source:
        Dumoulin and Visin, relationship 14, where o is a; torch 2.13
        `ConvTranspose2d`.

    Example:
        >>> transposed_length(112, 2, stride=2), transposed_length(16, 3, 2, 1, output_padding=1)
        (224, 32)
    """
    sides = padding[0] + padding[1] if isinstance(padding, tuple) else 2 * padding
    count = (length - 1) * stride - sides + dilation * (kernel_size - 1) + output_padding + 1
    return count if count > 0 else 0


def conv_params(
    in_channels: int,
    out_channels: int,
    kernel_size: Iterable[int],
    groups: int = 1,
    bias: bool = True,
) -> int:
    """The learnable values of a convolution, transposed or not.

    `(k_h·k_w·C_in / g + 1)·C_out`: each output channel has a filter over the
    input channels of its group, and one bias; without bias, the `+ 1` is left
    out. Stride, padding and dilation change nothing.

    Args:
        in_channels: channels that arrive, C_in; a multiple of groups.
        out_channels: filters, C_out; a multiple of groups.
        kernel_size: taps along each spatial axis, k_h and k_w for two.
        groups: parts the channels are divided into, g.
        bias: one more value for each output channel.

    Source:
        Raschka, "Machine Learning Q and AI", chapter 11; groups as in torch
        2.13 `Conv2d`, whose weight has the shape (C_out, C_in / g, k_h, k_w).

    Example:
        >>> conv_params(3, 5, (5, 5)), conv_params(5, 12, (3, 3))
        (380, 552)
        >>> conv_params(128, 256, (3, 3), bias=False)
        294912
    """
    weights = prod(kernel_size) * (in_channels // groups)
    return (weights + 1) * out_channels if bias else weights * out_channels


def dense_params(in_features: int, out_features: int, bias: bool = True) -> int:
    """The learnable values of a dense (fully connected, linear) layer.

    `(F_in + 1)·F_out`: each output has a weight for every input, and one bias;
    without bias, `F_in·F_out`.

    Args:
        in_features: values that arrive, F_in.
        out_features: values that leave, F_out.
        bias: one more value for each output.

    Source:
        Raschka, "Machine Learning Q and AI", chapter 11.

    Example:
        >>> dense_params(192, 128), dense_params(128, 256, bias=False)
        (24704, 32768)
    """
    return (in_features + 1) * out_features if bias else in_features * out_features


def norm_params(size: int, bias: bool = True) -> int:
    """The learnable values of a normalization: a scale, and a shift, for each channel or feature.

    `2·C`; without the shift, as in RMS normalization, `C`. Batch normalization
    keeps as many values again as it learns, the running mean and variance.

    Args:
        size: channels; or, where each feature has a scale of its own, as in
            layer normalization, the product of the axes normalized over.
        bias: whether there is a shift beside the scale.

    Source:
        Ioffe and Szegedy, "Batch Normalization", algorithm 1: γ and β. Ba,
        Kiros and Hinton, "Layer Normalization", section 3: gain and bias.
        Zhang and Sennrich, "Root Mean Square Layer Normalization", equation 4:
        the gain alone.

    Example:
        >>> norm_params(64), norm_params(64, bias=False)
        (128, 64)
    """
    return 2 * size if bias else size


def embedding_params(num_embeddings: int, embedding_dim: int) -> int:
    """The learnable values of an embedding: a vector for each entry of its table.

    `V·E`. Looking one up is no multiplication.

    Args:
        num_embeddings: entries, such as words of a vocabulary, V.
        embedding_dim: features of each vector, E.

    Source:
        Mikolov and others, "Efficient Estimation of Word Representations in
        Vector Space", section 2.1: the projection layer.

    Example:
        >>> embedding_params(50257, 768)
        38597376
    """
    return num_embeddings * embedding_dim


def recurrent_params(
    input_size: int, hidden_size: int, gates: int = 1, biases: int = 2, proj_size: int = 0
) -> int:
    """The learnable values of one layer of a recurrent network, in one direction.

    `G·H·(F + H + b)`: for each of the G gates, each of the H units has a weight
    for every input and for every unit, and b biases. If what it hands on is
    projected to P features, these take the place of its units:
    `G·H·(F + P + b) + H·P`.

    Args:
        input_size: features that arrive at each position, F.
        hidden_size: units, H.
        gates: 1 of a plain recurrent network, 3 of a GRU, 4 of an LSTM, G.
        biases: 2 as torch and cuDNN have it, one with the input and one with the
            units; 1 as in most papers and in Keras; or 0, b.
        proj_size: features after a projection, P; 0 is none.

    Source:
        Gers, Schmidhuber and Cummins, "Learning to Forget" (LSTM of four
        gates); Cho and others, "Learning Phrase Representations", equations 5 to
        8 (GRU); Sak, Senior and Beaufays, "Long Short-Term Memory Based Recurrent
        Neural Network Architectures", section 2 (projection). torch 2.13
        `RNN`, `LSTM` and `GRU`.

    Example:
        >>> recurrent_params(128, 64, gates=4), recurrent_params(128, 64, gates=4, biases=1)
        (49664, 49408)
    """
    if proj_size:
        weights = gates * hidden_size * (input_size + proj_size + biases)
        return weights + hidden_size * proj_size
    return gates * hidden_size * (input_size + hidden_size + biases)


def attention_params(
    embed_dim: int, kdim: int, vdim: int, bias: bool = True, bias_kv: bool = False
) -> int:
    """The learnable values of multi-head attention.

    `E·(E + K + V + E) + 4·E`: projections of queries, keys, values and of what
    comes out, with their biases. Of self-attention, where K = V = E, it is
    `4·E² + 4·E`. The number of heads changes nothing.

    Args:
        embed_dim: features of the queries and of what comes out, E.
        kdim: features of the keys, K.
        vdim: features of the values, V.
        bias: whether the projections have biases.
        bias_kv: whether a key and a value are learnt and added to those that
            arrive: `2·E` more.

    Source:
        Vaswani and others, "Attention Is All You Need", section 3.2.2 (without
        biases); torch 2.13 `MultiheadAttention`.

    Example:
        >>> attention_params(512, 512, 512), attention_params(512, 512, 512, bias=False)
        (1050624, 1048576)
    """
    weights = embed_dim * (embed_dim + kdim + vdim + embed_dim)
    biases = 4 * embed_dim if bias else 0
    return weights + biases + (2 * embed_dim if bias_kv else 0)


def conv_macs(
    in_channels: int,
    out_channels: int,
    kernel_size: Iterable[int],
    output_lengths: Iterable[int],
    groups: int = 1,
) -> int:
    """The multiply-accumulates of a convolution, transposed or not, for one example.

    `H_out·W_out · k_h·k_w · C_in / g · C_out`: each output value sums one
    product for each weight of its filter. The bias is an addition without a
    multiplication and is not counted.

    Args:
        in_channels: channels that arrive, C_in; a multiple of groups.
        out_channels: filters, C_out; a multiple of groups.
        kernel_size: taps along each spatial axis.
        output_lengths: positions along each spatial axis of the output; of a
            transposed convolution, whose every input value meets each weight of its
            channel, those of the input.
        groups: parts the channels are divided into, g.

    Source:
        torchvision's weight metadata (`_ops`), which counts this way.

    Example:
        >>> conv_macs(3, 64, (3, 3), (224, 224))
        86704128
    """
    return prod(output_lengths) * conv_params(
        in_channels, out_channels, kernel_size, groups, bias=False
    )


def dense_macs(in_features: int, out_features: int, positions: int = 1) -> int:
    """The multiply-accumulates of a dense layer for one example.

    `F_in·F_out`, at each of the positions it is applied to. The bias is not
    counted.

    Args:
        in_features: values that arrive at a position, F_in.
        out_features: values that leave it, F_out.
        positions: product of the axes before the last.

    Source:
        torchvision's weight metadata (`_ops`), which counts this way.

    Example:
        >>> dense_macs(512, 1000)
        512000
    """
    return positions * dense_params(in_features, out_features, bias=False)


def recurrent_macs(
    length: int, input_size: int, hidden_size: int, gates: int = 1, proj_size: int = 0
) -> int:
    """The multiply-accumulates of one layer of a recurrent network, in one direction.

    `L·G·H·(F + H)`, with a projection `L·(G·H·(F + P) + H·P)`: each weight once at
    each position. Products of gates and states are not counted.

    Args:
        length: positions of the sequence, L.
        input_size: features that arrive at each, F.
        hidden_size: units, H.
        gates: 1 of a plain recurrent network, 3 of a GRU, 4 of an LSTM, G.
        proj_size: features after a projection, P; 0 is none.

    Source:
        One use of each weight of `recurrent_params` at each position.

    Example:
        >>> recurrent_macs(10, 128, 64, gates=4)
        491520
    """
    return length * recurrent_params(input_size, hidden_size, gates, 0, proj_size)


def attention_macs(length: int, embed_dim: int, kdim: int, vdim: int, bias_kv: bool = False) -> int:
    """The multiply-accumulates of multi-head attention for one example.

    `L·E·(E + K + V + E) + 2·L·S·E`: each weight of the projections at each
    position, then the products of queries and keys, and of the weights these
    give with the values. S is L; with a learnt key and value, L + 1.

    Args:
        length: positions of the sequence, L; of keys and values as many.
        embed_dim: features of the queries and of what comes out, E.
        kdim: features of the keys, K.
        vdim: features of the values, V.
        bias_kv: whether a key and a value are learnt and added to the others.

    Source:
        Vaswani and others, "Attention Is All You Need", table 1: n²·d for
        the products.

    Example:
        >>> attention_macs(197, 768, 768, 768)
        524391936
    """
    attended = length + 1 if bias_kv else length
    projections = length * attention_params(embed_dim, kdim, vdim, bias=False)
    return projections + 2 * length * attended * embed_dim
