"""The Swin transformer: attention within windows of an image, which are shifted in turn."""

from __future__ import annotations

from dataclasses import dataclass

import paramcalc as pc
from paramcalc.errors import show
from paramcalc.layers._windows import Window
from paramcalc.zoo.blocks import transformer_block

SIDE = 7
"""The length and height of a window."""
POSITIONS = SIDE * SIDE
SHIFT = SIDE // 2


@dataclass(frozen=True)
class WindowAttention(pc.Layer):
    """Attention within each window, with a trainable bias for each relative position and head.

    It takes (windows, positions, features), and is a layer like one of your own.

    Args:
        features: features of the input and of the output.
        heads: parts of the features.

    Example:
        >>> WindowAttention(96, 3).num_params()
        37755
    """

    features: int
    heads: int

    _kind = "sequence"

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        if input_shape is None:
            raise pc.ShapeError("the output shape depends on the input: give input_shape")
        if len(input_shape) != 3 or input_shape[1:] != (POSITIONS, self.features):
            wanted = f"(windows, {POSITIONS}, {self.features})"
            raise pc.ShapeError(f"expects {wanted}, got shape {show(input_shape)}")
        return input_shape

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        features, distances = self.features, 2 * SIDE - 1
        return (
            pc.Parameter("relative_position_bias_table", (distances * distances, self.heads)),
            pc.Parameter("relative_position_index", (POSITIONS * POSITIONS,), trainable=False),
            pc.Parameter("qkv.weight", (3 * features, features)),
            pc.Parameter("qkv.bias", (3 * features,)),
            pc.Parameter("proj.weight", (features, features)),
            pc.Parameter("proj.bias", (features,)),
        )

    def num_macs(self, input_shape: pc.Shape | None = None) -> int:
        windows, positions, features = self.output_shape(input_shape)
        projections = positions * 4 * features * features
        return windows * (projections + 2 * positions * positions * features)

    def sources(self, input_shape: tuple[int | None, ...]) -> tuple[tuple[int, Window] | None, ...]:
        return ((0, Window()), None, None)


def rolled(by: int) -> list[pc.Layer]:
    """The first positions of both axes moved to the end; of a negative number, the last back."""
    return [pc.Concat(pc.Slice(by, dim=d), pc.Slice(0, by, dim=d), dim=d) for d in (0, 1)]


def windowed(features: int, heads: int, size: int, shift: int) -> list[pc.Layer]:
    """Attention within the windows of an image of `size` by `size`."""
    number, turned = size // SIDE, pc.Permute((0, 2, 1, 3, 4))
    return [
        *(rolled(shift) if shift else []),
        pc.Reshape((number, SIDE, number, SIDE, features)),
        turned,
        pc.Reshape((number * number, POSITIONS, features)),
        WindowAttention(features, heads),
        pc.Reshape((number, number, SIDE, SIDE, features)),
        turned,
        pc.Reshape((size, size, features)),
        *(rolled(-shift) if shift else []),
    ]


def stage(features: int, heads: int, size: int, repeats: int) -> pc.Sequential:
    """Pairs of blocks, of which the second shifts the windows if there are several."""
    shifts = (0, SHIFT if size > SIDE else 0)
    pair = [transformer_block(features, *windowed(features, heads, size, one)) for one in shifts]
    return pc.Sequential(pair * (repeats // 2))


def merging(features: int) -> pc.Sequential:
    """Four neighbors become one position, with twice the features."""
    four = 4 * features
    return pc.Sequential(
        pc.PixelUnshuffle(2, data_format="channels_last"),
        pc.LayerNorm(four),
        pc.Dense(four, 2 * features, bias=False),
    )


def swin_t(num_classes: int = 1000, in_channels: int = 3) -> pc.Sequential:
    """Swin-T: 2, 2, 6 and 2 blocks in four stages, for images of (3, 224, 224).

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Liu and others, "Swin Transformer: Hierarchical Vision Transformer using
        Shifted Windows", table 7; torchvision `swin_t`, which drops whole blocks
        in training.

    Example:
        >>> swin_t().num_params()
        28288354
    """
    parts: dict[str, pc.Layer] = {}
    features, heads, size = 96, 3, 56
    for number, repeats in enumerate((2, 2, 6, 2), 1):
        if number > 1:
            parts[f"merge{number}"] = merging(features)
            features, heads, size = 2 * features, 2 * heads, size // 2
        parts[f"stage{number}"] = stage(features, heads, size, repeats)
    return pc.Sequential(
        patches=pc.Sequential(
            pc.Conv2d(in_channels, 96, 4, stride=4), pc.Permute((1, 2, 0)), pc.LayerNorm(96)
        ),
        **parts,
        norm=pc.LayerNorm(features),
        avgpool=pc.GlobalPool(data_format="channels_last"),
        head=pc.Dense(features, num_classes),
    )
