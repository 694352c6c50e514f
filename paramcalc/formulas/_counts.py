"""The number of parameters of a layer, and of its multiply-accumulates for one example.

Arguments have the names and meanings of the layers' fields. Each formula gives their letters.
"""

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
    """The trainable values of a convolution, transposed or not.

    `(k_h·k_w·C_in / g + 1)·C_out`: each output channel has a filter over the input channels of its
    group, and a bias. Without bias, the `+ 1` is left out. Stride, padding and dilation change
    nothing. `groups` divides both numbers of channels.

    Source:
        Raschka, "Machine Learning Q and AI", chapter 11. Groups as in torch 2.13 `Conv2d`, whose
        weight has the shape (C_out, C_in / g, k_h, k_w).

    Example:
        >>> conv_params(3, 5, (5, 5)), conv_params(5, 12, (3, 3))
        (380, 552)
        >>> conv_params(128, 256, (3, 3), bias=False)
        294912
    """
    weights = prod(kernel_size) * (in_channels // groups)
    return (weights + 1) * out_channels if bias else weights * out_channels


def locally_connected_params(
    in_channels: int,
    out_channels: int,
    kernel_size: Iterable[int],
    output_lengths: Iterable[int],
    bias: bool = True,
) -> int:
    """The trainable values of a convolution whose weights differ from position to position.

    `H_out·W_out·(k_h·k_w·C + 1)·C_out`: each position of the output has the filters and biases of a
    convolution. Without bias, the `+ 1` is left out.

    Source:
        Keras 2 `LocallyConnected2D`, whose weight has the shape (H_out·W_out, k_h·k_w·C, C_out) and
        whose bias has (H_out, W_out, C_out).

    Example:
        >>> locally_connected_params(3, 32, (3, 3), (30, 30))
        806400
    """
    filters = conv_params(in_channels, out_channels, kernel_size, bias=bias)
    return prod(output_lengths) * filters


def dense_params(in_features: int, out_features: int, bias: bool = True) -> int:
    """The trainable values of a dense (fully connected, linear) layer.

    `(F_in + 1)·F_out`: each output has a weight per input, and a bias. Without bias, `F_in·F_out`.

    Source:
        Raschka, "Machine Learning Q and AI", chapter 11.

    Example:
        >>> dense_params(192, 128), dense_params(128, 256, bias=False)
        (24704, 32768)
    """
    return (in_features + 1) * out_features if bias else in_features * out_features


def norm_params(size: int, bias: bool = True, scale: bool = True) -> int:
    """The trainable values of a normalization.

    `2·C`: a scale and a shift (`bias`) per channel. With one of them alone, as in RMS
    normalization, `C`. Where each feature has its own scale, as in layer normalization, `size` is
    the product of the normalized axes. The running statistics of a batch normalization are not
    trainable.

    Source:
        Ioffe and Szegedy, "Batch Normalization", algorithm 1: γ and β. Ba, Kiros and Hinton, "Layer
        Normalization", section 3: gain and bias. Zhang and Sennrich, "Root Mean Square Layer
        Normalization", equation 4: the gain alone.

    Example:
        >>> norm_params(64), norm_params(64, bias=False)
        (128, 64)
    """
    return (scale + bias) * size


def embedding_params(num_embeddings: int, embedding_dim: int) -> int:
    """The trainable values of an embedding.

    `V·E`: a vector of E features per entry of the table.

    Source:
        Mikolov and others, "Efficient Estimation of Word Representations in Vector Space", section
        2.1: the projection layer.

    Example:
        >>> embedding_params(50257, 768)
        38597376
    """
    return num_embeddings * embedding_dim


def recurrent_params(
    input_size: int, hidden_size: int, gates: int = 1, biases: int = 2, proj_size: int = 0
) -> int:
    """The trainable values of one layer of a recurrent network, in one direction.

    `G·H·(F + H + b)`: in each gate, each unit has a weight per input, a weight per unit, and b
    biases. If the output is projected to P features, `G·H·(F + P + b) + H·P`. A plain recurrent
    network has 1 gate, a GRU 3, an LSTM 4. `biases` is 2 in torch, cuDNN and Keras's GRU; 1 in
    most papers and Keras's other layers; or 0.

    Source:
        Gers, Schmidhuber and Cummins, "Learning to Forget" (LSTM of four gates). Cho and others,
        "Learning Phrase Representations", equations 5 to 8 (GRU). Sak, Senior and Beaufays, "Long
        Short-Term Memory Based Recurrent Neural Network Architectures", section 2 (projection).
        torch 2.13 `RNN`, `LSTM` and `GRU`.

    Example:
        >>> recurrent_params(128, 64, gates=4), recurrent_params(128, 64, gates=4, biases=1)
        (49664, 49408)
    """
    weights = gates * hidden_size * (input_size + (proj_size or hidden_size) + biases)
    return weights + hidden_size * proj_size if proj_size else weights


def conv_lstm_params(
    in_channels: int, out_channels: int, kernel_size: Iterable[int], bias: bool = True
) -> int:
    """The trainable values of a convolutional LSTM.

    `4·(k_h·k_w·(C_in + C_out) + 1)·C_out`: each channel of each of 4 gates has a filter over the
    channels of the input, one over those of the output before, and a bias. Without bias, the `+ 1`
    is left out.

    Source:
        Keras 3 `ConvLSTM2D`. Shi and others, "Convolutional LSTM Network: A Machine Learning
        Approach for Precipitation Nowcasting", equation 3, without the products with the cell.

    Example:
        >>> conv_lstm_params(3, 16, (3, 3)), conv_lstm_params(3, 16, (3, 3), bias=False)
        (11008, 10944)
    """
    weights = prod(kernel_size) * (in_channels + out_channels)
    return 4 * (weights + 1) * out_channels if bias else 4 * weights * out_channels


def attention_params(
    embed_dim: int, kdim: int, vdim: int, bias: bool = True, bias_kv: bool = False
) -> int:
    """The trainable values of multi-head attention.

    `E·(E + K + V + E) + 4·E`: the projections of queries, keys, values and output, with biases; so
    `4·E² + 4·E` for self-attention, where K = V = E. A trainable key and value (`bias_kv`) add
    `2·E`. The number of heads changes nothing.

    Source:
        Vaswani and others, "Attention Is All You Need", section 3.2.2 (without biases). torch 2.13
        `MultiheadAttention`.

    Example:
        >>> attention_params(512, 512, 512), attention_params(512, 512, 512, bias=False)
        (1050624, 1048576)
    """
    weights = embed_dim * (embed_dim + kdim + vdim + embed_dim)
    biases = 4 * embed_dim if bias else 0
    return weights + biases + (2 * embed_dim if bias_kv else 0)


def grouped_attention_params(
    embed_dim: int,
    kdim: int,
    vdim: int,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    value_dim: int,
    bias: bool = True,
) -> int:
    """The trainable values of attention whose heads have a size of their own.

    `E·H·D + K·G·D + V·G·D_v + E·H·D_v`: the projections of E features to H heads of queries with D
    features each, of keys to G heads, of values to G heads with D_v features each, and of the
    H heads back. Each result of a projection has a bias: `H·D + G·D + G·D_v + E`.

    Source:
        Ainslie and others, "GQA: Training Generalized Multi-Query Transformer Models", section 2.2.
        Vaswani and others, "Attention Is All You Need", section 3.2.2: sizes of d_k and d_v.
        Keras 3 `MultiHeadAttention` and `GroupQueryAttention`.

    Example:
        >>> grouped_attention_params(4096, 4096, 4096, 32, 8, 128, 128, bias=False)
        41943040
    """
    weights = embed_dim * num_heads * head_dim + kdim * num_kv_heads * head_dim
    weights += vdim * num_kv_heads * value_dim + embed_dim * num_heads * value_dim
    biases = num_heads * head_dim + num_kv_heads * head_dim + num_kv_heads * value_dim + embed_dim
    return weights + biases if bias else weights


def conv_macs(
    in_channels: int,
    out_channels: int,
    kernel_size: Iterable[int],
    output_lengths: Iterable[int],
    groups: int = 1,
) -> int:
    """The multiply-accumulates of a convolution, transposed or not.

    `H_out·W_out·k_h·k_w·C_in / g·C_out`: each position of the output uses each weight once. In a
    transposed convolution, each position of the input does: give its lengths instead.

    Source:
        torchvision's weight metadata (`_ops`), which leave out biases.

    Example:
        >>> conv_macs(3, 64, (3, 3), (224, 224))
        86704128
    """
    return prod(output_lengths) * conv_params(
        in_channels, out_channels, kernel_size, groups, bias=False
    )


def dense_macs(in_features: int, out_features: int, positions: int = 1) -> int:
    """The multiply-accumulates of a dense layer.

    `F_in·F_out`, at each position: `positions` is the product of the axes before the last.

    Source:
        torchvision's weight metadata (`_ops`), which leave out biases.

    Example:
        >>> dense_macs(512, 1000)
        512000
    """
    return positions * dense_params(in_features, out_features, bias=False)


def recurrent_macs(
    length: int, input_size: int, hidden_size: int, gates: int = 1, proj_size: int = 0
) -> int:
    """The multiply-accumulates of one layer of a recurrent network, in one direction.

    `L·G·H·(F + H)`, with a projection `L·(G·H·(F + P) + H·P)`: each position of the sequence uses
    each weight once. Products of gates and states are not counted.

    Source:
        The weights of `recurrent_params`.

    Example:
        >>> recurrent_macs(10, 128, 64, gates=4)
        491520
    """
    return length * recurrent_params(input_size, hidden_size, gates, 0, proj_size)


def conv_lstm_macs(
    length: int,
    in_channels: int,
    out_channels: int,
    kernel_size: Iterable[int],
    output_lengths: Iterable[int],
) -> int:
    """The multiply-accumulates of a convolutional LSTM.

    `T·H_out·W_out·4·k_h·k_w·(C_in + C_out)·C_out`: each position of the output uses each weight
    once, at each of T positions in time. Products of gates and states are not counted.

    Source:
        The weights of `conv_lstm_params`.

    Example:
        >>> conv_lstm_macs(10, 3, 16, (3, 3), (64, 64))
        448266240
    """
    weights = conv_lstm_params(in_channels, out_channels, kernel_size, bias=False)
    return length * prod(output_lengths) * weights


def attention_macs(
    length: int,
    embed_dim: int,
    kdim: int,
    vdim: int,
    bias_kv: bool = False,
    key_length: int | None = None,
) -> int:
    """The multiply-accumulates of multi-head attention.

    `L·E·(E + K + V + E) + 2·L·S·E`: each position uses each weight of the projections once; then
    come the products of queries and keys, and of attention and values. S is L, or L + 1 with a
    trainable key and value. If keys and values are of another length, S is that, and the
    projections cost `L·E·(E + E) + S·E·(K + V)`.

    Source:
        Vaswani and others, "Attention Is All You Need", table 1: n²·d for the products.

    Example:
        >>> attention_macs(197, 768, 768, 768)
        524391936
    """
    keys = length if key_length is None else key_length
    projections = length * attention_params(embed_dim, kdim, vdim, bias=False)
    if key_length is not None:
        projections = length * embed_dim * (embed_dim + embed_dim)
        projections += key_length * embed_dim * (kdim + vdim)
    return projections + 2 * length * (keys + 1 if bias_kv else keys) * embed_dim


def grouped_attention_macs(
    length: int,
    embed_dim: int,
    kdim: int,
    vdim: int,
    num_heads: int,
    num_kv_heads: int,
    head_dim: int,
    value_dim: int,
    key_length: int | None = None,
) -> int:
    """The multiply-accumulates of attention whose heads have a size of their own.

    `L·E·H·(D + D_v) + S·G·(K·D + V·D_v) + L·S·H·(D + D_v)`: each of L positions is projected to
    queries and from the heads, each of S to keys and values; then each head of the queries
    multiplies those of its group. S is `key_length`, or L.

    Source:
        The weights of `grouped_attention_params`; for the products, Vaswani and others, "Attention
        Is All You Need", equation 1.

    Example:
        >>> grouped_attention_macs(1024, 4096, 4096, 4096, 32, 8, 128, 128)
        51539607552
    """
    keys = length if key_length is None else key_length
    sizes = head_dim + value_dim
    projections = length * embed_dim * num_heads * sizes
    projections += keys * num_kv_heads * (kdim * head_dim + vdim * value_dim)
    return projections + length * keys * num_heads * sizes
