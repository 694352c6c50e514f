"""How many parameters a layer has, and how many multiply-accumulates it costs."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod


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
