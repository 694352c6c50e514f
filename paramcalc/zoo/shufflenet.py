"""ShuffleNetV2: half of the channels pass by each block, and then both halves are mixed."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import conv_norm, conv_norm_relu


def shuffle(channels: int, size: int) -> list[pc.Layer]:
    """The channels of two halves in turn, on an image of `size` by `size`."""
    return [
        pc.Reshape((2, channels // 2, size, size)),
        pc.Permute((1, 0, 2, 3)),
        pc.Reshape((channels, size, size)),
    ]


def branch(in_channels: int, half: int, stride: int) -> list[pc.Layer]:
    """Two convolutions of 1 by 1 and a depthwise one between."""
    return [
        *conv_norm_relu(in_channels, half, 1),
        *conv_norm(half, half, 3, stride, groups=half),
        *conv_norm_relu(half, half, 1),
    ]


def stage(in_channels: int, out_channels: int, repeats: int, size: int) -> pc.Sequential:
    """Blocks on an image of `size` by `size`, of which the first halves it."""
    half = out_channels // 2
    shuffled = shuffle(out_channels, size)
    shortcut = [
        *conv_norm(in_channels, in_channels, 3, 2, groups=in_channels),
        *conv_norm_relu(in_channels, half, 1),
    ]
    first = pc.Concat(pc.Sequential(shortcut), pc.Sequential(branch(in_channels, half, 2)))
    other = pc.Concat(pc.Slice(0, half), pc.Sequential(pc.Slice(half), *branch(half, half, 1)))
    return pc.Sequential(first, *shuffled, *[other, *shuffled] * (repeats - 1))


def shufflenet_v2_x1_0(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ShuffleNetV2: 16 blocks in three stages, for images of (3, 224, 224).

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Ma, Zhang, Zheng and Sun, "ShuffleNet V2: Practical Guidelines for
        Efficient CNN Architecture Design", figure 3 and table 5; torchvision
        `shufflenet_v2_x1_0`.

    Example:
        >>> shufflenet_v2_x1_0().num_params()
        2278604
    """
    return pc.Sequential(
        stem=pc.Sequential(
            *conv_norm_relu(in_channels, 24, 3, stride=2), pc.Pool(3, stride=2, padding=1)
        ),
        stage2=stage(24, 116, 4, size=28),
        stage3=stage(116, 232, 8, size=14),
        stage4=stage(232, 464, 4, size=7),
        conv5=pc.Sequential(conv_norm_relu(464, 1024, 1)),
        avgpool=pc.GlobalPool(),
        fc=pc.Dense(1024, num_classes),
    )
