"""AlexNet."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU


def alexnet(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """AlexNet in its one-tower form: five convolutions, three dense layers.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Krizhevsky, "One weird trick for parallelizing convolutional neural
        networks"; torchvision `alexnet`.

    Example:
        >>> alexnet().num_params()
        61100840
    """
    # fmt: off
    return pc.Sequential(
        features=pc.Sequential(
            pc.Conv2d(in_channels, 64, 11, stride=4, padding=2), RELU, pc.Pool(3, stride=2),
            pc.Conv2d(64, 192, 5, padding=2), RELU, pc.Pool(3, stride=2),
            pc.Conv2d(192, 384, 3, padding=1), RELU,
            pc.Conv2d(384, 256, 3, padding=1), RELU,
            pc.Conv2d(256, 256, 3, padding=1), RELU, pc.Pool(3, stride=2),
        ),
        avgpool=pc.AdaptivePool(6),
        classifier=pc.Sequential(
            pc.Flatten(),
            pc.Dropout(), pc.Dense(256 * 6 * 6, 4096), RELU,
            pc.Dropout(), pc.Dense(4096, 4096), RELU,
            pc.Dense(4096, num_classes),
        ),
    )
