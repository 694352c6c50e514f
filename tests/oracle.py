"""The same questions answered by walking and counting, without a formula and without paramcalc."""

from __future__ import annotations

from fractions import Fraction
from itertools import count, product
from math import floor
from typing import Any


def window_starts(
    length: int,
    kernel_size: int,
    stride: int,
    before: int,
    after: int,
    dilation: int,
    *,
    ceil_mode: bool = False,
) -> list[int]:
    """Where windows start, the axis being at 0 to length - 1 and its padding around it.

    A window counts if each of its taps lies on the axis or its padding. With
    ceil_mode, it may reach past the padding on the right by less than one stride,
    but has to start on the axis or the padding on its left.
    """
    end = length + after + (stride - 1 if ceil_mode else 0)
    starts: list[int] = []
    for start in count(-before, stride):
        taps = [start + tap * dilation for tap in range(kernel_size)]
        if not all(-before <= tap < end for tap in taps):
            return starts
        if ceil_mode and start >= length:
            return starts
        starts.append(start)
    raise AssertionError


def same_starts(length: int, stride: int) -> list[int]:
    """The positions that "same" keeps: every stride-th of the axis."""
    return [position for position in range(length) if position % stride == 0]


def least_padding(length: int, kernel_size: int, stride: int, dilation: int) -> int:
    """The smallest total padding with which as many windows fit as "same" keeps."""
    for total in count():
        fitting = window_starts(length, kernel_size, stride, 0, total, dilation)
        if len(fitting) >= len(same_starts(length, stride)):
            return total
    raise AssertionError


def conv_weights(
    in_channels: int, out_channels: int, kernel_size: tuple[int, ...], groups: int
) -> list[tuple[int, ...]]:
    """Every weight of a convolution as (output channel, input channel, tap along each axis)."""
    weights: list[tuple[int, ...]] = []
    for filter_, channel in product(range(out_channels), range(in_channels)):
        same_group = filter_ * groups // out_channels == channel * groups // in_channels
        if same_group:
            taps = product(*[range(size) for size in kernel_size])
            weights += [(filter_, channel, *tap) for tap in taps]
    return weights


def scattered(
    length: int, kernel_size: int, stride: int, before: int, after: int, more: int, dilation: int
) -> list[int]:
    """The positions that a transposed convolution fills or skips over, cropped, and some more.

    Each input position puts down the taps of the kernel, a stride further on.
    """
    places = [
        position * stride + tap * dilation
        for position in range(length)
        for tap in range(kernel_size)
    ]
    return list(range(max(places) + 1 + more))[before:][: -after or None]


def recurrent_weights(
    input_size: int, hidden_size: int, gates: int, biases: int, proj_size: int
) -> list[tuple[object, ...]]:
    """Everything that the units of a recurrent layer learn, one by one."""
    handed_on = [f"projection {i}" for i in range(proj_size)]
    units = [f"unit {i}" for i in range(hidden_size)]
    sources = [f"input {i}" for i in range(input_size)] + (handed_on or units)
    sources += [f"bias {i}" for i in range(biases)]
    return [*product(range(gates), units, sources), *product(units, handed_on)]


def attention_products(
    length: int, heads: int, embed_dim: int, kdim: int, vdim: int, *, bias_kv: bool
) -> int:
    """The multiplications of attention, one by one."""
    number = 0
    for size in (embed_dim, kdim, vdim, embed_dim):  # What is projected, and what comes out.
        for _ in product(range(length), range(size), range(embed_dim)):
            number += 1
    attended = [*range(length), "learnt"] if bias_kv else [*range(length)]
    for _ in product(range(heads), range(length), attended, range(embed_dim // heads)):
        number += 1  # A query and a key,
        number += 1  # and what came of it with a value.
    return number


def taps(layer: Any, axis: int, length: int, output: int) -> list[set[int]]:
    """For each position behind a layer the positions of the axis before it that it sees."""

    def of(field: str) -> Any:
        value = getattr(layer, field)
        return value[axis] if value.__class__ is tuple else value

    match type(layer).__name__:
        case "Conv1d" | "Conv2d" | "Conv3d" | "Pool":
            return window_taps(layer, of, length, output)
        case "ConvTranspose1d" | "ConvTranspose2d" | "ConvTranspose3d":
            return scattered_taps(layer, of, length, output)
        case "Pad" | "Crop":
            is_pad = type(layer).__name__ == "Pad"
            before = first_side(of("padding" if is_pad else "cropping"))
            shift = -before if is_pad else before
            return [{place + shift} & set(range(length)) for place in range(output)]
        case "AdaptivePool":
            starts = [place * length // output for place in range(output)]
            ends = [-(-(place + 1) * length // output) for place in range(output)]
            return [set(range(*pair)) for pair in zip(starts, ends, strict=True)]
        case "Upsample":
            return [upsampled_taps(layer.mode, place, length, output) for place in range(output)]
        case "PixelUnshuffle":
            factor = layer.downscale_factor
            return [{place * factor + i for i in range(factor)} for place in range(output)]
        case "PixelShuffle":
            return [{place // layer.upscale_factor} for place in range(output)]
        case _:
            return [{place} for place in range(length)]


def first_side(sides: Any) -> int:
    side: int = sides[0] if sides.__class__ is tuple else sides
    return side


def window_taps(layer: Any, of: Any, length: int, output: int) -> list[set[int]]:
    size, stride, dilation = of("kernel_size"), of("stride"), of("dilation")
    if layer.padding == "same":
        before = least_padding(length, size, stride, dilation) // 2
    else:
        before = first_side(of("padding"))
    places = [range(stride * place - before, 10**6, dilation)[:size] for place in range(output)]
    return [set(place) & set(range(length)) for place in places]


def scattered_taps(layer: Any, of: Any, length: int, output: int) -> list[set[int]]:
    size, stride, dilation = of("kernel_size"), of("stride"), of("dilation")
    if layer.padding == "same":
        before = least_padding(output, size, stride, dilation) // 2
    else:
        before = first_side(of("padding"))
    found: list[set[int]] = [set() for _ in range(output)]
    for place in range(length):
        for tap in range(size):
            to = int(place * stride + tap * dilation - before)
            if 0 <= to < output:
                found[to].add(place)
    return found


def upsampled_taps(mode: str, place: int, length: int, output: int) -> set[int]:
    if mode == "nearest":
        return {floor(Fraction(place * length, output))}
    middle = (place + Fraction(1, 2)) * length / output - Fraction(1, 2)
    if mode == "nearest-exact":
        return {floor(middle + Fraction(1, 2))}
    return {one for one in range(length) if abs(one - middle) < (2 if mode == "bicubic" else 1)}
