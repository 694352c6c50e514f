"""GoogLeNet: inception modules, four ways through each."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import conv_norm_relu

POOL = pc.Pool(3, stride=2, ceil_mode=True)


def inception(
    in_channels: int, one: int, reduce3: int, three: int, reduce5: int, five: int, projection: int
) -> pc.Concat:
    """An inception module, from its row of the paper's table."""
    return pc.Concat(
        pc.Sequential(conv_norm_relu(in_channels, one, 1)),
        pc.Sequential(*conv_norm_relu(in_channels, reduce3, 1), *conv_norm_relu(reduce3, three, 3)),
        pc.Sequential(*conv_norm_relu(in_channels, reduce5, 1), *conv_norm_relu(reduce5, five, 3)),
        pc.Sequential(pc.Pool(3, stride=1, padding=1), *conv_norm_relu(in_channels, projection, 1)),
    )


def googlenet(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """GoogLeNet (Inception v1) with batch normalization and without auxiliary classifiers.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Szegedy and others, "Going Deeper with Convolutions", table 1; torchvision
        `googlenet`, which has 3 by 3 convolutions in place of the 5 by 5.

    Example:
        >>> googlenet().num_params()
        6624904
    """
    # fmt: off
    return pc.Sequential(
        stem=pc.Sequential(
            *conv_norm_relu(in_channels, 64, 7, stride=2), POOL,
            *conv_norm_relu(64, 64, 1),
            *conv_norm_relu(64, 192, 3), POOL,
        ),
        inception3a=inception(192,  64,  96, 128, 16,  32,  32),
        inception3b=inception(256, 128, 128, 192, 32,  96,  64),
        pool3=POOL,
        inception4a=inception(480, 192,  96, 208, 16,  48,  64),
        inception4b=inception(512, 160, 112, 224, 24,  64,  64),
        inception4c=inception(512, 128, 128, 256, 24,  64,  64),
        inception4d=inception(512, 112, 144, 288, 32,  64,  64),
        inception4e=inception(528, 256, 160, 320, 32, 128, 128),
        pool4=pc.Pool(2, ceil_mode=True),
        inception5a=inception(832, 256, 160, 320, 32, 128, 128),
        inception5b=inception(832, 384, 192, 384, 48, 128, 128),
        avgpool=pc.GlobalPool(),
        dropout=pc.Dropout(0.2),
        fc=pc.Dense(1024, num_classes),
    )
