"""SqueezeNet: what a layer sees is squeezed by 1 by 1 convolutions first."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU

POOL = pc.Pool(3, stride=2, ceil_mode=True)


def fire(in_channels: int, squeeze: int, expand: int) -> list[pc.Layer]:
    """A fire module: one convolution, and two side by side that each give `expand` channels."""
    return [
        pc.Conv2d(in_channels, squeeze, 1), RELU,
        pc.Concat(pc.Conv2d(squeeze, expand, 1), pc.Conv2d(squeeze, expand, 3, padding=1)), RELU,
    ]  # fmt: skip


def classifier(num_classes: int) -> pc.Sequential:
    """A convolution with a channel for each class, averaged."""
    return pc.Sequential(pc.Dropout(), pc.Conv2d(512, num_classes, 1), RELU, pc.GlobalPool())


def squeezenet1_0(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """SqueezeNet 1.0: a convolution, eight fire modules, a convolution.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Iandola and others, "SqueezeNet", table 1; torchvision `squeezenet1_0`.

    Example:
        >>> squeezenet1_0().num_params()
        1248424
    """
    # fmt: off
    return pc.Sequential(
        features=pc.Sequential(
            pc.Conv2d(in_channels, 96, 7, stride=2), RELU, POOL,
            *fire(96, 16, 64), *fire(128, 16, 64), *fire(128, 32, 128), POOL,
            *fire(256, 32, 128), *fire(256, 48, 192), *fire(384, 48, 192), *fire(384, 64, 256),
            POOL,
            *fire(512, 64, 256),
        ),
        classifier=classifier(num_classes),
    )
    # fmt: on


def squeezenet1_1(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """SqueezeNet 1.1: poolings earlier, and 2.4 times cheaper. Arguments as of `squeezenet1_0`.

    Source:
        The authors' repository; torchvision `squeezenet1_1`.

    Example:
        >>> squeezenet1_1().num_params()
        1235496
    """
    # fmt: off
    return pc.Sequential(
        features=pc.Sequential(
            pc.Conv2d(in_channels, 64, 3, stride=2), RELU, POOL,
            *fire(64, 16, 64), *fire(128, 16, 64), POOL,
            *fire(128, 32, 128), *fire(256, 32, 128), POOL,
            *fire(256, 48, 192), *fire(384, 48, 192), *fire(384, 64, 256), *fire(512, 64, 256),
        ),
        classifier=classifier(num_classes),
    )
