"""Residual networks: ResNet, ResNeXt and Wide ResNet."""

from __future__ import annotations

from collections.abc import Callable

import paramcalc as pc
from paramcalc.zoo.blocks import RELU, conv_norm, conv_norm_relu

Body = Callable[[int, int, int], list[pc.Layer]]
"""Makes the body of a block from input channels, output channels and stride."""


def basic(in_channels: int, out_channels: int, stride: int) -> list[pc.Layer]:
    """Two convolutions of 3 by 3."""
    return [
        *conv_norm_relu(in_channels, out_channels, 3, stride),
        *conv_norm(out_channels, out_channels, 3),
    ]


def bottleneck(narrower: int = 4, groups: int = 1) -> Body:
    """Convolutions of 1 by 1, 3 by 3 and 1 by 1, with so many times fewer channels between."""

    def body(in_channels: int, out_channels: int, stride: int) -> list[pc.Layer]:
        between = out_channels // narrower
        return [
            *conv_norm_relu(in_channels, between, 1),
            *conv_norm_relu(between, between, 3, stride, groups),
            *conv_norm(between, out_channels, 1),
        ]

    return body


def resnet(
    body: Body,
    widths: tuple[int, ...],
    repeats: tuple[int, ...],
    num_classes: int,
    in_channels: int,
) -> pc.Sequential:
    """The network with so many blocks in each stage, whose outputs have so many channels."""
    stages: dict[str, pc.Layer] = {}
    channels = 64
    for stage, (width, number) in enumerate(zip(widths, repeats, strict=True)):
        stride = 2 if stage else 1
        skip: pc.Layer = pc.Identity()
        if (channels, stride) != (width, 1):
            skip = pc.Sequential(conv_norm(channels, width, 1, stride))
        first = pc.Add(body=pc.Sequential(body(channels, width, stride)), skip=skip)
        other = pc.Add(body=pc.Sequential(body(width, width, 1)), skip=pc.Identity())
        stages[f"layer{stage + 1}"] = pc.Sequential(first, RELU, *[other, RELU] * (number - 1))
        channels = width
    return pc.Sequential(
        stem=pc.Sequential(
            *conv_norm_relu(in_channels, 64, 7, stride=2), pc.Pool(3, stride=2, padding=1)
        ),
        **stages,
        avgpool=pc.GlobalPool(),
        fc=pc.Dense(channels, num_classes),
    )


BASIC = (64, 128, 256, 512)
BOTTLENECK = (256, 512, 1024, 2048)


def resnet18(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNet-18: two blocks of two convolutions in each of four stages.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition",
        table 1; torchvision `resnet18`.

    Example:
        >>> resnet18().num_params()
        11689512
    """
    return resnet(basic, BASIC, (2, 2, 2, 2), num_classes, in_channels)


def resnet34(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNet-34: 3, 4, 6 and 3 blocks of two convolutions. Arguments as of `resnet18`.

    Source:
        The same table; torchvision `resnet34`.

    Example:
        >>> resnet34().num_params()
        21797672
    """
    return resnet(basic, BASIC, (3, 4, 6, 3), num_classes, in_channels)


def resnet50(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNet-50: 3, 4, 6 and 3 blocks of three convolutions. Arguments as of `resnet18`.

    Source:
        The same table; torchvision `resnet50`, which has the strides in the
        3 by 3 convolutions (the paper in the 1 by 1 before them).

    Example:
        >>> resnet50().num_params()
        25557032
    """
    return resnet(bottleneck(), BOTTLENECK, (3, 4, 6, 3), num_classes, in_channels)


def resnet101(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNet-101: 3, 4, 23 and 3 blocks of three convolutions. Arguments as of `resnet18`.

    Source:
        The same table; torchvision `resnet101`.

    Example:
        >>> resnet101().num_params()
        44549160
    """
    return resnet(bottleneck(), BOTTLENECK, (3, 4, 23, 3), num_classes, in_channels)


def resnet152(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNet-152: 3, 8, 36 and 3 blocks of three convolutions. Arguments as of `resnet18`.

    Source:
        The same table; torchvision `resnet152`.

    Example:
        >>> resnet152().num_params()
        60192808
    """
    return resnet(bottleneck(), BOTTLENECK, (3, 8, 36, 3), num_classes, in_channels)


def resnext50_32x4d(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ResNeXt-50: ResNet-50 with 32 groups of 4 channels. Arguments as of `resnet18`.

    Source:
        Xie and others, "Aggregated Residual Transformations for Deep Neural
        Networks", table 1; torchvision `resnext50_32x4d`.

    Example:
        >>> resnext50_32x4d().num_params()
        25028904
    """
    return resnet(bottleneck(2, groups=32), BOTTLENECK, (3, 4, 6, 3), num_classes, in_channels)


def wide_resnet50_2(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """Wide ResNet-50-2: ResNet-50, its blocks twice as wide within. Arguments as of `resnet18`.

    Source:
        Zagoruyko and Komodakis, "Wide Residual Networks"; torchvision
        `wide_resnet50_2`.

    Example:
        >>> wide_resnet50_2().num_params()
        68883240
    """
    return resnet(bottleneck(2), BOTTLENECK, (3, 4, 6, 3), num_classes, in_channels)
