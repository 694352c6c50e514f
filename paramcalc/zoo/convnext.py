"""ConvNeXt: a convolutional network in the manner of a transformer."""

from __future__ import annotations

import paramcalc as pc

CHANNELS_LAST, CHANNELS_FIRST = pc.Permute((1, 2, 0)), pc.Permute((2, 0, 1))


def norm(channels: int) -> list[pc.Layer]:
    """A normalization over the channels of each position."""
    return [CHANNELS_LAST, pc.LayerNorm(channels), CHANNELS_FIRST]


def block(channels: int) -> pc.Add:
    """A depthwise convolution of 7 by 7, then two dense layers at each position."""
    body = pc.Sequential(
        pc.Conv2d(channels, channels, 7, padding=3, groups=channels),
        CHANNELS_LAST,
        pc.LayerNorm(channels),
        pc.Dense(channels, 4 * channels),
        pc.Activation("gelu"),
        pc.Dense(4 * channels, channels),
        CHANNELS_FIRST,
        pc.Scale((channels, 1, 1)),
    )
    return pc.Add(body=body, skip=pc.Identity())


def convnext_tiny(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ConvNeXt-T: 3, 3, 9 and 3 blocks in four stages.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Liu and others, "A ConvNet for the 2020s", figure 4 and table 9;
        torchvision `convnext_tiny`, which drops whole blocks in training.

    Example:
        >>> convnext_tiny().num_params()
        28589128
    """
    parts: dict[str, pc.Layer] = {}
    channels = 96
    for stage, repeats in enumerate((3, 3, 9, 3), 1):
        if stage > 1:
            half = pc.Conv2d(channels, 2 * channels, 2, stride=2)
            parts[f"downsample{stage}"] = pc.Sequential(*norm(channels), half)
            channels *= 2
        parts[f"stage{stage}"] = pc.Sequential([block(channels)] * repeats)
    return pc.Sequential(
        stem=pc.Sequential(pc.Conv2d(in_channels, 96, 4, stride=4), *norm(96)),
        **parts,
        avgpool=pc.GlobalPool(),
        classifier=pc.Sequential(pc.LayerNorm(channels), pc.Dense(channels, num_classes)),
    )
