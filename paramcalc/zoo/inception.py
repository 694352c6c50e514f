"""Inception v3: modules whose convolutions of 7 by 7 are a row and a column."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import conv_norm_relu as conv

POOL = pc.Pool(3, stride=2)
ROW, COLUMN = (1, 7), (7, 1)


def pooled(in_channels: int, out_channels: int) -> pc.Sequential:
    """The branch of a module that takes means first."""
    mean = pc.Pool(3, stride=1, padding=1, mode="avg")
    return pc.Sequential(mean, *conv(in_channels, out_channels, 1))


def module_a(in_channels: int, projection: int) -> pc.Concat:
    """The module of figure 5, with a convolution of 5 by 5, and two of 3 by 3 that see as far."""
    return pc.Concat(
        pc.Sequential(conv(in_channels, 64, 1)),
        pc.Sequential(*conv(in_channels, 48, 1), *conv(48, 64, 5)),
        pc.Sequential(*conv(in_channels, 64, 1), *conv(64, 96, 3), *conv(96, 96, 3)),
        pooled(in_channels, projection),
    )


def reduction_a(in_channels: int) -> pc.Concat:
    """The module of figure 10, which halves the image."""
    return pc.Concat(
        pc.Sequential(conv(in_channels, 384, 3, 2, padded=False)),
        pc.Sequential(
            *conv(in_channels, 64, 1), *conv(64, 96, 3), *conv(96, 96, 3, 2, padded=False)
        ),
        POOL,
    )


def module_b(within: int) -> pc.Concat:
    """The module of figure 6, on 768 channels."""
    return pc.Concat(
        pc.Sequential(conv(768, 192, 1)),
        pc.Sequential(
            *conv(768, within, 1), *conv(within, within, ROW), *conv(within, 192, COLUMN)
        ),
        pc.Sequential(
            *conv(768, within, 1),
            *conv(within, within, COLUMN),
            *conv(within, within, ROW),
            *conv(within, within, COLUMN),
            *conv(within, 192, ROW),
        ),
        pooled(768, 192),
    )


def reduction_b() -> pc.Concat:
    """The second module that halves the image, from 768 channels to 1280."""
    return pc.Concat(
        pc.Sequential(*conv(768, 192, 1), *conv(192, 320, 3, 2, padded=False)),
        pc.Sequential(
            *conv(768, 192, 1),
            *conv(192, 192, ROW),
            *conv(192, 192, COLUMN),
            *conv(192, 192, 3, 2, padded=False),
        ),
        POOL,
    )


def module_c(in_channels: int) -> pc.Concat:
    """The module of figure 7: a row beside a column, at the end of two branches."""

    def split() -> pc.Concat:
        row, column = conv(384, 384, (1, 3)), conv(384, 384, (3, 1))
        return pc.Concat(pc.Sequential(row), pc.Sequential(column))

    return pc.Concat(
        pc.Sequential(conv(in_channels, 320, 1)),
        pc.Sequential(*conv(in_channels, 384, 1), split()),
        pc.Sequential(*conv(in_channels, 448, 1), *conv(448, 384, 3), split()),
        pooled(in_channels, 192),
    )


def inception_v3(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """Inception v3 without its auxiliary classifier, for images of (3, 299, 299).

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Szegedy and others, "Rethinking the Inception Architecture for Computer
        Vision", table 1 and figures 5, 6, 7 and 10; torchvision `inception_v3`,
        whose 27,161,264 parameters include 3,326,696 of the auxiliary classifier.

    Example:
        >>> inception_v3().num_params(), inception_v3().output_shape((3, 299, 299))
        (23834568, (1000,))
    """
    return pc.Sequential(
        stem=pc.Sequential(
            *conv(in_channels, 32, 3, stride=2, padded=False),
            *conv(32, 32, 3, padded=False),
            *conv(32, 64, 3),
            POOL,
            *conv(64, 80, 1),
            *conv(80, 192, 3, padded=False),
            POOL,
        ),
        mixed5b=module_a(192, 32),
        mixed5c=module_a(256, 64),
        mixed5d=module_a(288, 64),
        mixed6a=reduction_a(288),
        mixed6b=module_b(128),
        mixed6c=module_b(160),
        mixed6d=module_b(160),
        mixed6e=module_b(192),
        mixed7a=reduction_b(),
        mixed7b=module_c(1280),
        mixed7c=module_c(2048),
        avgpool=pc.GlobalPool(),
        dropout=pc.Dropout(),
        fc=pc.Dense(2048, num_classes),
    )
