"""The length of each axis of an output.

The letters: n is the length of the input, k the kernel size, s the stride, p the padding of each
side, d the dilation. Padding may differ: a pair (before, after).
"""

from __future__ import annotations


def dilated_kernel_size(kernel_size: int, dilation: int = 1) -> int:
    """The number of positions from the first tap of a kernel to the last.

    `d·(k − 1) + 1`

    Source:
        Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", section 5.1,
        where it is written k + (k − 1)(d − 1).

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
    """The length after a convolution or pooling; 0 if not even one window fits.

    `⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1`

    With `ceil_mode` the quotient is rounded up, so that the last window may reach past the padding.
    It must start inside the input or the padding before it, so there are at most `⌈(n + p) / s⌉`.
    Poolings, which alone have `ceil_mode`, are padded by at most half the kernel.

    Source:
        Dumoulin and Visin, relationship 6 and section 5.1 (floor). torch 2.13
        `pooling_output_shape` (ceil; the rule of the last window, one less if `(o − 1)·s ≥ n + p`,
        is in the code and in the note of `MaxPool2d`, not in its formula).

    Example:
        >>> window_length(28, 5), window_length(224, 7, stride=2, padding=3)
        (24, 112)
        >>> window_length(5, 2, stride=2), window_length(5, 2, stride=2, ceil_mode=True)
        (2, 3)
        >>> window_length(4, 5)
        0
    """
    reach = dilation * (kernel_size - 1) + 1  # A call of dilated_kernel_size would be slower.
    if isinstance(padding, tuple):
        before, after = padding
        room = length + before + after - reach
    else:
        before = padding
        room = length + 2 * padding - reach
    if ceil_mode:
        count = min(-(-room // stride) + 1, -(-(length + before) // stride))
    else:
        count = room // stride + 1
    return count if count > 0 else 0


def same_length(length: int, stride: int = 1) -> int:
    """The length after a convolution or pooling with "same" padding, whatever the kernel.

    `⌈n / s⌉`

    Source:
        TensorFlow `tf.nn.convolution`, padding="SAME"; Keras 3. torch has it for stride 1 only.

    Example:
        >>> same_length(32), same_length(32, stride=2), same_length(33, stride=2)
        (32, 16, 17)
    """
    return -(-length // stride)


def same_padding(
    length: int, kernel_size: int, stride: int = 1, dilation: int = 1
) -> tuple[int, int]:
    """The "same" padding of an axis: (before, after).

    In all `max((⌈n / s⌉ − 1)·s + d·(k − 1) + 1 − n, 0)`: what the last window needs past the input.
    Half of it, rounded down, is before; if it is odd, the extra position is after.

    Source:
        TensorFlow, notes on padding in `tf.nn`. torch 2.13 `_ConvNd` puts an odd position after,
        too.

    Example:
        >>> same_padding(32, 3), same_padding(32, 4), same_padding(32, 3, stride=2)
        ((1, 1), (1, 2), (0, 1))
    """
    last_start = (same_length(length, stride) - 1) * stride
    total = max(last_start + dilated_kernel_size(kernel_size, dilation) - length, 0)
    return total // 2, total - total // 2


def slice_length(length: int, start: int = 0, stop: int | None = None) -> int:
    """The length of the part of an axis from a up to, not including, b; 0 if it is empty.

    `b − a`, where a negative number has n added to it; without b, `n − a`. Numbers past an end of
    the axis are that end. If a is negative, so is b.

    Source:
        Python, "Common Sequence Operations", notes 3 and 4; torch 2.13 slices alike.

    Example:
        >>> slice_length(116, 0, 58), slice_length(116, 58), slice_length(116, -8)
        (58, 58, 8)
        >>> slice_length(40, 58)
        0
    """
    start = max(start, -length)
    if stop is None:
        return -start if start < 0 else max(length - start, 0)
    stop = max(stop, -length) if stop < 0 else min(stop, length)
    count = stop - start if (start < 0) == (stop < 0) else length + stop - start
    return count if count > 0 else 0


def center_cropping(length: int, size: int) -> tuple[int, int]:
    """What a crop to the center removes from each side: (before, after); negative where it pads.

    In all `n − m`, where m is the size, half of it before. Half a position is rounded to the even
    number where it is removed, and down where it is added.

    Source:
        torchvision 0.21 `center_crop`, on tensors.

    Example:
        >>> center_cropping(64, 56), center_cropping(5, 2), center_cropping(7, 2)
        ((4, 4), (2, 1), (2, 3))
        >>> center_cropping(2, 5)
        (-1, -2)
    """
    more = length - size
    before = more // 2 + (more % 4 == 3) if more > 0 else -(-more // 2)
    return before, more - before


def scaled_length(length: int, numerator: int, denominator: int = 1) -> int:
    """The length after a resizing by a ratio; 0 if nothing remains.

    `⌊n·a / b⌋`

    Source:
        torch 2.13 `interpolate`, scale_factor: the ratio of output to input, a / b.

    Example:
        >>> scaled_length(28, 2), scaled_length(7, 3, 2)
        (56, 10)
    """
    return length * numerator // denominator


def transposed_length(
    length: int,
    kernel_size: int,
    stride: int = 1,
    padding: int | tuple[int, int] = 0,
    output_padding: int = 0,
    dilation: int = 1,
) -> int:
    """The length after a transposed convolution; 0 if padding removes everything.

    `(n − 1)·s − 2p + d·(k − 1) + o + 1`: the shortest length from which a convolution with the
    same fields makes n, plus o, the output padding, at the end.

    Source:
        Dumoulin and Visin, relationship 14, where o is a; torch 2.13 `ConvTranspose2d`.

    Example:
        >>> transposed_length(112, 2, stride=2), transposed_length(16, 3, 2, 1, output_padding=1)
        (224, 32)
    """
    sides = padding[0] + padding[1] if isinstance(padding, tuple) else 2 * padding
    count = (length - 1) * stride - sides + dilation * (kernel_size - 1) + output_padding + 1
    return count if count > 0 else 0
