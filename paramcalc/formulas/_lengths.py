"""How long each axis of an output is: convolutions, poolings, transposed convolutions."""

from __future__ import annotations


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
