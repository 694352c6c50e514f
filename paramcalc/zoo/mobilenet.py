"""MobileNetV2: depthwise convolutions between thin layers."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import conv_norm

RELU6 = pc.Activation("relu6")
TABLE = [
    # expansion, channels, repeats, stride of the first
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def inverted_residual(in_channels: int, out_channels: int, stride: int, expansion: int) -> pc.Layer:
    """A block that is wide within and thin at its ends, with a skip if these are alike."""
    within = in_channels * expansion
    expand = [*conv_norm(in_channels, within, 1), RELU6] if expansion > 1 else []
    depthwise = [*conv_norm(within, within, 3, stride, groups=within), RELU6]
    body = pc.Sequential(*expand, *depthwise, *conv_norm(within, out_channels, 1))
    if stride == 1 and in_channels == out_channels:
        return pc.Add(body=body, skip=pc.Identity())
    return body


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
    for expansion, width, repeats, first_stride in TABLE:
        for stride in [first_stride, *[1] * (repeats - 1)]:
            blocks.append(inverted_residual(channels, width, stride, expansion))
            channels = width
    return pc.Sequential(
        stem=pc.Sequential(*conv_norm(in_channels, 32, 3, stride=2), RELU6),
        blocks=pc.Sequential(blocks),
        head=pc.Sequential(*conv_norm(channels, 1280, 1), RELU6, pc.GlobalPool()),
        classifier=pc.Sequential(pc.Dropout(0.2), pc.Dense(1280, num_classes)),
    )
