"""VGG: 3 by 3 convolutions, and nothing else before the dense layers."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU

WIDTHS = (64, 128, 256, 512, 512)


def vgg(
    repeats: tuple[int, ...], num_classes: int, in_channels: int, batch_norm: bool = False
) -> pc.Sequential:
    """The network with so many convolutions of each width."""
    features: list[pc.Layer] = []
    channels = in_channels
    for width, number in zip(WIDTHS, repeats, strict=True):
        for _ in range(number):
            features.append(pc.Conv2d(channels, width, 3, padding=1))
            features += [pc.BatchNorm(width), RELU] if batch_norm else [RELU]
            channels = width
        features.append(pc.Pool(2))
    # fmt: off
    return pc.Sequential(
        features=pc.Sequential(features),
        avgpool=pc.AdaptivePool(7),
        classifier=pc.Sequential(
            pc.Flatten(),
            pc.Dense(512 * 7 * 7, 4096), RELU, pc.Dropout(),
            pc.Dense(4096, 4096), RELU, pc.Dropout(),
            pc.Dense(4096, num_classes),
        ),
    )
    # fmt: on


def vgg11(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """VGG-11: 8 convolutions, 3 dense layers.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Simonyan and Zisserman, "Very Deep Convolutional Networks", table 1,
        column A; torchvision `vgg11`.

    Example:
        >>> vgg11().num_params()
        132863336
    """
    return vgg((1, 1, 2, 2, 2), num_classes, in_channels)


def vgg13(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """VGG-13: 10 convolutions, 3 dense layers. Arguments as of `vgg11`.

    Source:
        The same table, column B; torchvision `vgg13`.

    Example:
        >>> vgg13().num_params()
        133047848
    """
    return vgg((2, 2, 2, 2, 2), num_classes, in_channels)


def vgg16(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """VGG-16: 13 convolutions, 3 dense layers. Arguments as of `vgg11`.

    Source:
        The same table, column D; torchvision `vgg16`.

    Example:
        >>> vgg16().num_params()
        138357544
    """
    return vgg((2, 2, 3, 3, 3), num_classes, in_channels)


def vgg16_bn(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """VGG-16 with a batch normalization after each convolution. Arguments as of `vgg11`.

    Source:
        torchvision `vgg16_bn`.

    Example:
        >>> vgg16_bn().num_params() - vgg16().num_params()  # 2 for each of 4,224 channels
        8448
    """
    return vgg((2, 2, 3, 3, 3), num_classes, in_channels, batch_norm=True)


def vgg19(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """VGG-19: 16 convolutions, 3 dense layers. Arguments as of `vgg11`.

    Source:
        The same table, column E; torchvision `vgg19`.

    Example:
        >>> vgg19().num_params()
        143667240
    """
    return vgg((2, 2, 4, 4, 4), num_classes, in_channels)
