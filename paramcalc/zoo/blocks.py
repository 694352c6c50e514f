"""What several networks are made of."""

from __future__ import annotations

from collections.abc import Sequence

import paramcalc as pc

RELU = pc.Activation("relu")


def conv_norm(
    in_channels: int,
    out_channels: int,
    kernel_size: int | tuple[int, int],
    stride: int = 1,
    groups: int = 1,
    *,
    padded: bool = True,
) -> list[pc.Layer]:
    """A convolution that keeps lengths but for its stride, and a normalization in place of bias.

    If it is not `padded`, the border is lost.
    """
    padding: int | tuple[int, int] = 0
    if padded and isinstance(kernel_size, int):
        padding = kernel_size // 2
    elif padded and isinstance(kernel_size, tuple):
        padding = kernel_size[0] // 2, kernel_size[1] // 2
    return [
        pc.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False
        ),
        pc.BatchNorm(out_channels),
    ]


def conv_norm_relu(
    in_channels: int,
    out_channels: int,
    kernel_size: int | tuple[int, int],
    stride: int = 1,
    groups: int = 1,
    *,
    padded: bool = True,
) -> list[pc.Layer]:
    """The same with a rectifier after it."""
    return [
        *conv_norm(in_channels, out_channels, kernel_size, stride, groups, padded=padded),
        RELU,
    ]


def squeeze_and_excite(
    channels: int, within: int, activation: pc.Layer, gate: pc.Layer
) -> pc.Multiply:
    """Each channel times a factor that depends on the means of all channels."""
    squeeze, excite = pc.Conv2d(channels, within, 1), pc.Conv2d(within, channels, 1)
    factor = pc.Sequential(pc.AdaptivePool(1), squeeze, activation, excite, gate)
    return pc.Multiply(pc.Identity(), factor)


def inverted_residual(
    in_channels: int,
    within: int,
    out_channels: int,
    activation: pc.Layer,
    *,
    kernel_size: int = 3,
    stride: int = 1,
    squeezed: Sequence[pc.Layer] = (),
) -> pc.Layer:
    """A block that is wide within and thin at its ends, with a skip if these are alike."""
    expand = [*conv_norm(in_channels, within, 1), activation] if within > in_channels else []
    depthwise = [*conv_norm(within, within, kernel_size, stride, groups=within), activation]
    body = pc.Sequential(*expand, *depthwise, *squeezed, *conv_norm(within, out_channels, 1))
    if stride == 1 and in_channels == out_channels:
        return pc.Add(body=body, skip=pc.Identity())
    return body


def transformer_block(features: int, *attention: pc.Layer) -> pc.Sequential:
    """Attention, then two dense layers, each after a normalization and beside a skip."""
    widened, narrowed = pc.Dense(features, 4 * features), pc.Dense(4 * features, features)
    dense = pc.Sequential(pc.LayerNorm(features), widened, pc.Activation("gelu"), narrowed)
    return pc.Sequential(
        attn=pc.Add(body=pc.Sequential(pc.LayerNorm(features), *attention), skip=pc.Identity()),
        mlp=pc.Add(body=dense, skip=pc.Identity()),
    )
