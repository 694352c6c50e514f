"""MobileNets: depthwise convolutions between thin layers."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU, conv_norm, inverted_residual, squeeze_and_excite

RELU6, HARDSWISH = pc.Activation("relu6"), pc.Activation("hardswish")
HARDSIGMOID = pc.Activation("hardsigmoid")
V2 = [
    # expansion, channels, repeats, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]
V3_LARGE = [
    # kernel size, channels within, channels, squeezed to (0: not squeezed), activation, stride
    (3, 16, 16, 0, RELU, 1),
    (3, 64, 24, 0, RELU, 2),
    (3, 72, 24, 0, RELU, 1),
    (5, 72, 40, 24, RELU, 2),
    (5, 120, 40, 32, RELU, 1),
    (5, 120, 40, 32, RELU, 1),
    (3, 240, 80, 0, HARDSWISH, 2),
    (3, 200, 80, 0, HARDSWISH, 1),
    (3, 184, 80, 0, HARDSWISH, 1),
    (3, 184, 80, 0, HARDSWISH, 1),
    (3, 480, 112, 120, HARDSWISH, 1),
    (3, 672, 112, 168, HARDSWISH, 1),
    (5, 672, 160, 168, HARDSWISH, 2),
    (5, 960, 160, 240, HARDSWISH, 1),
    (5, 960, 160, 240, HARDSWISH, 1),
]
V3_SMALL = [
    (3, 16, 16, 8, RELU, 2),
    (3, 72, 24, 0, RELU, 2),
    (3, 88, 24, 0, RELU, 1),
    (5, 96, 40, 24, HARDSWISH, 2),
    (5, 240, 40, 64, HARDSWISH, 1),
    (5, 240, 40, 64, HARDSWISH, 1),
    (5, 120, 48, 32, HARDSWISH, 1),
    (5, 144, 48, 40, HARDSWISH, 1),
    (5, 288, 96, 72, HARDSWISH, 2),
    (5, 576, 96, 144, HARDSWISH, 1),
    (5, 576, 96, 144, HARDSWISH, 1),
]


def mobilenet_v2(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """MobileNetV2: 17 inverted residual blocks.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Sandler and others, "MobileNetV2: Inverted Residuals and Linear
        Bottlenecks", table 2; torchvision `mobilenet_v2`.

    Example:
        >>> mobilenet_v2().num_params()
        3504872
    """
    blocks: list[pc.Layer] = []
    channels = 32
    for expansion, width, repeats, first_stride in V2:
        for stride in [first_stride, *[1] * (repeats - 1)]:
            within = channels * expansion
            blocks.append(inverted_residual(channels, within, width, RELU6, stride=stride))
            channels = width
    return pc.Sequential(
        stem=pc.Sequential(*conv_norm(in_channels, 32, 3, stride=2), RELU6),
        blocks=pc.Sequential(blocks),
        head=pc.Sequential(*conv_norm(channels, 1280, 1), RELU6, pc.GlobalPool()),
        classifier=pc.Sequential(pc.Dropout(0.2), pc.Dense(1280, num_classes)),
    )


def mobilenet_v3(
    table: list[tuple[int, int, int, int, pc.Activation, int]],
    features: int,
    num_classes: int,
    in_channels: int,
) -> pc.Sequential:
    """The network with the blocks of a table, and so many features before the last layer."""
    blocks: list[pc.Layer] = []
    channels = 16
    for kernel_size, within, width, squeezed, activation, stride in table:
        gate = [squeeze_and_excite(within, squeezed, RELU, HARDSIGMOID)] if squeezed else []
        blocks.append(
            inverted_residual(
                channels,
                within,
                width,
                activation,
                kernel_size=kernel_size,
                stride=stride,
                squeezed=gate,
            )
        )
        channels = width
    last = 6 * channels
    return pc.Sequential(
        stem=pc.Sequential(*conv_norm(in_channels, 16, 3, stride=2), HARDSWISH),
        blocks=pc.Sequential(blocks),
        head=pc.Sequential(*conv_norm(channels, last, 1), HARDSWISH, pc.GlobalPool()),
        classifier=pc.Sequential(
            pc.Dense(last, features), HARDSWISH, pc.Dropout(0.2), pc.Dense(features, num_classes)
        ),
    )


def mobilenet_v3_large(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """MobileNetV3-Large: 15 blocks, of which 8 are squeezed. Arguments as of `mobilenet_v2`.

    Source:
        Howard and others, "Searching for MobileNetV3", table 1; torchvision
        `mobilenet_v3_large`.

    Example:
        >>> mobilenet_v3_large().num_params()
        5483032
    """
    return mobilenet_v3(V3_LARGE, 1280, num_classes, in_channels)


def mobilenet_v3_small(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """MobileNetV3-Small: 11 blocks, of which 9 are squeezed. Arguments as of `mobilenet_v2`.

    Source:
        The same paper, table 2; torchvision `mobilenet_v3_small`.

    Example:
        >>> mobilenet_v3_small().num_params()
        2542856
    """
    return mobilenet_v3(V3_SMALL, 1024, num_classes, in_channels)
