"""U-Net: a way down, a way up, and a skip at each level."""

from __future__ import annotations

import paramcalc as pc
from paramcalc.zoo.blocks import RELU


def two_convs(in_channels: int, out_channels: int) -> pc.Sequential:
    """Two convolutions without padding: 4 positions fewer."""
    first, second = (
        pc.Conv2d(in_channels, out_channels, 3),
        pc.Conv2d(out_channels, out_channels, 3),
    )
    return pc.Sequential(first, RELU, second, RELU)


def unet(num_classes: int = 2, in_channels: int = 1) -> pc.Sequential:
    """U-Net: from an image of (1, 572, 572) to a map of (2, 388, 388).

    The border that is lost below is cropped from each skip, so other sizes fit, too:
    `smallest_input` finds them.

    Args:
        num_classes: channels of the output.
        in_channels: channels of the image.

    Source:
        Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical
        Image Segmentation", figure 1.

    Example:
        >>> net = unet()
        >>> net.num_params(), net.output_shape((1, 572, 572))
        (31030658, (2, 388, 388))
    """
    level, lost = two_convs(512, 1024), 4
    for channels in (512, 256, 128, 64):
        up = pc.ConvTranspose2d(2 * channels, channels, 2, stride=2)
        level = pc.Sequential(
            down=two_convs(in_channels if channels == 64 else channels // 2, channels),
            merge=pc.Concat(
                skip=pc.Crop(lost),  # A position below is two positions here, one at each side.
                below=pc.Sequential(pool=pc.Pool(2), level=level, up=up),
            ),
            up=two_convs(2 * channels, channels),
        )
        lost = 4 + 2 * lost + 4
    return pc.Sequential(body=level, head=pc.Conv2d(64, num_classes, 1))
