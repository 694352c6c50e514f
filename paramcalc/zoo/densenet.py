"""DenseNet: each layer sees the outputs of all before it."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU, conv_norm_relu

GROWTH = 32


def dense_layer(in_channels: int) -> pc.Concat:
    """The input, and `GROWTH` more channels made from it."""
    within = 4 * GROWTH
    more = pc.Sequential(
        pc.BatchNorm(in_channels), RELU, pc.Conv2d(in_channels, within, 1, bias=False),
        pc.BatchNorm(within), RELU, pc.Conv2d(within, GROWTH, 3, padding=1, bias=False),
    )  # fmt: skip
    return pc.Concat(pc.Identity(), more)


def densenet121(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """DenseNet-121: blocks of 6, 12, 24 and 16 layers, with half the channels taken between.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Huang, Liu, van der Maaten and Weinberger, "Densely Connected
        Convolutional Networks", table 1; torchvision `densenet121`.

    Example:
        >>> densenet121().num_params()
        7978856
    """
    parts: dict[str, pc.Layer] = {}
    channels = 64
    for block, number in enumerate((6, 12, 24, 16), 1):
        layers = [dense_layer(channels + GROWTH * layer) for layer in range(number)]
        parts[f"block{block}"] = pc.Sequential(layers)
        channels += GROWTH * number
        if block < 4:
            half = channels // 2
            parts[f"transition{block}"] = pc.Sequential(
                pc.BatchNorm(channels), RELU,
                pc.Conv2d(channels, half, 1, bias=False), pc.Pool(2, mode="avg"),
            )  # fmt: skip
            channels = half
    return pc.Sequential(
        stem=pc.Sequential(
            *conv_norm_relu(in_channels, 64, 7, stride=2), pc.Pool(3, stride=2, padding=1)
        ),
        **parts,
        head=pc.Sequential(pc.BatchNorm(channels), RELU, pc.GlobalPool()),
        classifier=pc.Dense(channels, num_classes),
    )
