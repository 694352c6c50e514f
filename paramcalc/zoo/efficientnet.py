"""EfficientNet: inverted residual blocks, each squeezed, found by a search."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import conv_norm, inverted_residual, squeeze_and_excite

SILU, SIGMOID = pc.Activation("silu"), pc.Activation("sigmoid")
TABLE = [
    # expansion, kernel size, stride of the first, channels, repeats
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
]


def efficientnet_b0(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """EfficientNet-B0: 16 blocks in seven stages.

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional
        Neural Networks", table 1; torchvision `efficientnet_b0`, which drops
        whole blocks in training.

    Example:
        >>> efficientnet_b0().num_params()
        5288548
    """
    stages: dict[str, pc.Layer] = {}
    channels = 32
    for stage, (expansion, kernel_size, first_stride, width, repeats) in enumerate(TABLE, 1):
        blocks: list[pc.Layer] = []
        for stride in [first_stride, *[1] * (repeats - 1)]:
            within = channels * expansion
            gate = squeeze_and_excite(within, channels // 4, SILU, SIGMOID)
            blocks.append(
                inverted_residual(
                    channels,
                    within,
                    width,
                    SILU,
                    kernel_size=kernel_size,
                    stride=stride,
                    squeezed=[gate],
                )
            )
            channels = width
        stages[f"stage{stage}"] = pc.Sequential(blocks)
    return pc.Sequential(
        stem=pc.Sequential(*conv_norm(in_channels, 32, 3, stride=2), SILU),
        **stages,
        head=pc.Sequential(*conv_norm(channels, 1280, 1), SILU, pc.GlobalPool()),
        classifier=pc.Sequential(pc.Dropout(0.2), pc.Dense(1280, num_classes)),
    )
