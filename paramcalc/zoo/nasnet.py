"""NASNet-A: cells that read the outputs of the two before them."""

from __future__ import annotations

from collections.abc import Callable

import paramcalc as pc
from paramcalc.zoo.blocks import RELU

SOFTMAX = pc.Activation("softmax")
MEAN = pc.Pool(3, 1, "same", mode="avg")
HALVED_MEAN, HALVED_MAX = pc.Pool(3, 2, "same", mode="avg"), pc.Pool(3, 2, "same")


def pointwise(x: pc.Tensor, filters: int) -> pc.Tensor:
    """Other channels at each position."""
    return pc.Sequential(RELU, pc.Conv2d(None, filters, 1, bias=False), pc.BatchNorm())(x)


def separable(x: pc.Tensor, filters: int, kernel_size: int, stride: int = 1) -> pc.Tensor:
    """Two separable convolutions, of which the first may halve the image."""
    first = pc.SeparableConv2d(filters, kernel_size, stride, "same", bias=False)
    second = pc.SeparableConv2d(filters, kernel_size, 1, "same", bias=False)
    return pc.Sequential(RELU, first, pc.BatchNorm(), RELU, second, pc.BatchNorm())(x)


def adjusted(p: pc.Tensor, x: pc.Tensor, filters: int) -> pc.Tensor:
    """`p` with `filters` channels and the lengths of `x`, unless both are one.

    If it is too long, it is taken twice, at even positions and at odd ones.
    """
    if p is x:
        return p
    if p.shape[1:] == x.shape[1:]:
        return pointwise(p, filters)
    even = RELU(p)
    odd = pc.Crop(((1, 0), (1, 0)))(pc.Pad(((0, 1), (0, 1)))(even))
    halves = [
        pc.Conv2d(None, filters // 2, 1, bias=False)(pc.Pool(1, 2, mode="avg")(one))
        for one in (even, odd)
    ]
    return pc.BatchNorm()(pc.concat(halves))


def normal(x: pc.Tensor, p: pc.Tensor, filters: int) -> pc.Tensor:
    """The cell of figure 4 that keeps lengths."""
    h, p = pointwise(x, filters), adjusted(p, x, filters)
    return pc.concat(
        p,
        separable(h, filters, 5) + separable(p, filters, 3),
        separable(p, filters, 5) + separable(p, filters, 3),
        MEAN(h) + p,
        MEAN(p) + MEAN(p),
        separable(h, filters, 3) + h,
    )


def reduction(x: pc.Tensor, p: pc.Tensor, filters: int) -> pc.Tensor:
    """The cell of figure 4 that halves lengths."""
    h, p = pointwise(x, filters), adjusted(p, x, filters)
    first = separable(h, filters, 5, stride=2) + separable(p, filters, 7, stride=2)
    second = HALVED_MAX(h) + separable(p, filters, 7, stride=2)
    third = HALVED_MEAN(h) + separable(p, filters, 5, stride=2)
    return pc.concat(
        second, third, MEAN(first) + second, separable(first, filters, 3) + HALVED_MAX(h)
    )


def cell(
    name: str, make: Callable[..., pc.Tensor], x: pc.Tensor, p: pc.Tensor, filters: int
) -> pc.Tensor:
    """A cell as one part of the network."""
    inputs = {one: pc.Input(one.shape)() for one in (x, p)}
    graph = pc.Graph([*inputs.values()], make(inputs[x], inputs[p], filters))
    return graph(*inputs, name=name)


def nasnet_large(num_classes: int = 1000, in_channels: int = 3) -> pc.Graph:
    """NASNet-A (6 @ 4032), for images of (3, 331, 331).

    Keras pads with zeros before it strides; the windows are those of "same".

    Args:
        num_classes: features of the output.
        in_channels: channels of the image.

    Source:
        Zoph, Vasudevan, Shlens and Le, "Learning Transferable Architectures for Scalable
        Image Recognition", figures 2 and 4; Keras 3 `applications.NASNetLarge`, whose
        88,949,818 parameters include 196,668 moving statistics.

    Example:
        >>> net = nasnet_large()
        >>> net.num_params(), net.num_params() + 196_668, net.output_shape()
        (88753150, 88949818, (1000,))
    """
    image = pc.Input(in_channels, 331, 331)(name="image")
    stem = pc.Conv2d(in_channels, 96, 3, stride=2, bias=False), pc.BatchNorm(96)
    p = pc.Sequential(stem)(image, name="stem")
    x = cell("stem1", reduction, p, p, 42)
    x, p = cell("stem2", reduction, x, p, 84), x
    for stage, filters in enumerate((168, 336, 672)):
        if stage:
            x = cell(f"reduction{stage}", reduction, x, p, filters)
        for at in range(6):
            x, p = cell(f"normal{stage}_{at}", normal, x, p, filters), x
    head = pc.Sequential(RELU, pc.GlobalPool(), pc.Dense(4032, num_classes), SOFTMAX)
    return pc.Graph(image, head(x, name="head"))
