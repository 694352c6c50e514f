"""The vision transformer: patches of an image as a sequence."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import transformer_block


def vit_b_16(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """ViT-B/16: 12 encoder blocks on 196 patches of 16 by 16 and a class token.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Dosovitskiy and others, "An Image is Worth 16x16 Words: Transformers for
        Image Recognition at Scale", table 1; torchvision `vit_b_16`.

    Example:
        >>> vit_b_16().num_params()
        86567656
    """
    features = 768
    block = transformer_block(features, pc.MultiheadAttention(features, 12))
    return pc.Sequential(
        patches=pc.Conv2d(in_channels, features, 16, stride=16),
        sequence=pc.Sequential(pc.Reshape((features, -1)), pc.Permute((1, 0))),
        token=pc.Concat(pc.Parameters(class_token=(1, features)), pc.Identity()),
        positions=pc.Add(pc.Identity(), pc.Parameters(pos_embedding=(197, features))),
        encoder=pc.Sequential([block] * 12),
        norm=pc.LayerNorm(features),
        first=pc.Sequential(pc.Slice(0, 1), pc.Flatten()),
        head=pc.Dense(features, num_classes),
    )
