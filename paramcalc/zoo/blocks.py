"""What several networks are made of."""

from __future__ import annotations

import paramcalc as pc

RELU = pc.Activation("relu")


def conv_norm(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> list[pc.Layer]:
    """A convolution that keeps lengths but for its stride, and a normalization in place of bias."""
    padding = kernel_size // 2
    return [
        pc.Conv2d(
            in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False
        ),
        pc.BatchNorm(out_channels),
    ]


def conv_norm_relu(
    in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, groups: int = 1
) -> list[pc.Layer]:
    """The same with a rectifier after it."""
    return [*conv_norm(in_channels, out_channels, kernel_size, stride, groups), RELU]
