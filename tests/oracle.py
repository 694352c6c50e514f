"""The same questions answered by walking and counting, without a formula and without paramcalc."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from itertools import count, product
from math import floor
from typing import Any

Sides = tuple[int, int] | str
"""Padding before and after an axis; or "same", as little as lets every stride-th position see; or
"causal", with which such a position is the last that is seen."""


def windows(
    length: int,
    kernel_size: int,
    stride: int = 1,
    padding: Sides = (0, 0),
    dilation: int = 1,
    *,
    ceil_mode: bool = False,
) -> list[list[int]]:
    """The taps of each window, the axis being at 0 to length - 1 and its padding around it.

    A window counts if each of its taps lies on the axis or its padding. With
    ceil_mode, it may reach past the padding on the right by less than one stride,
    but has to start on the axis or the padding on its left.
    """
    assert min(kernel_size, stride, dilation) >= 1
    if padding == "causal":  # Each window ends where "same" has a position.
        reach = range(dilation * (1 - kernel_size), 1, dilation)
        return [[end + one for one in reach] for end in same_starts(length, stride)]
    if isinstance(padding, str):
        total = least_padding(length, kernel_size, stride, dilation)
        padding = total // 2, total - total // 2
    before, after = padding
    end = length + after + (stride - 1 if ceil_mode else 0)
    found: list[list[int]] = []
    for start in count(-before, stride):
        taps = [start + tap * dilation for tap in range(kernel_size)]
        if max(taps) >= end or (ceil_mode and start >= length):
            return found
        found.append(taps)
    raise AssertionError


def same_starts(length: int, stride: int) -> list[int]:
    """The positions that "same" keeps: every stride-th of the axis."""
    return [position for position in range(length) if position % stride == 0]


@cache
def least_padding(length: int, kernel_size: int, stride: int, dilation: int) -> int:
    """The smallest total padding with which as many windows fit as "same" keeps."""
    for total in count():
        fitting = windows(length, kernel_size, stride, (0, total), dilation)
        if len(fitting) >= len(same_starts(length, stride)):
            return total
    raise AssertionError


def scattered(
    length: int,
    kernel_size: int,
    stride: int = 1,
    padding: Sides = (0, 0),
    more: int = 0,
    dilation: int = 1,
) -> list[set[int]]:
    """The positions that put taps on each position of the output of a transposed convolution.

    Each position puts down the taps of the kernel, a stride further on. The padding is cut off,
    and so much more remains. "same" keeps as much as the positions have strides.
    """
    taps = list(product(range(length), range(kernel_size)))
    places = [position * stride + tap * dilation for position, tap in taps]
    end = max(places) + 1 + more
    if isinstance(padding, str):
        before = least_padding(length * stride, kernel_size, stride, dilation) // 2
        padding = before, end - before - length * stride
    before, after = padding
    found: list[set[int]] = [set() for _ in range(max(end, end - after))]
    for (position, _), place in zip(taps, places, strict=True):
        found[place].add(position)
    return found[before : max(end - after, 0)]


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
    attended = [*range(length), "trainable"] if bias_kv else [*range(length)]
    for _ in product(range(heads), range(length), attended, range(embed_dim // heads)):
        number += 1  # A query and a key,
        number += 1  # and what came of it with a value.
    return number


def projections(
    embed_dim: int, kdim: int, vdim: int, heads: int, groups: int, head_dim: int, value_dim: int
) -> dict[str, list[tuple[int, int]]]:
    """Of attention the pairs of features that each projection has a weight for, head by head."""
    outputs = [(head, one) for head in range(heads) for one in range(value_dim)]
    return {
        "queries": [*product(range(embed_dim), range(heads * head_dim))],
        "keys": [*product(range(kdim), range(groups * head_dim))],
        "values": [*product(range(vdim), range(groups * value_dim))],
        "outputs": [*product(range(len(outputs)), range(embed_dim))],
    }


def grouped_products(lengths: tuple[int, int], sizes: tuple[int, ...]) -> int:
    """The multiplications of attention of grouped queries, one by one."""
    length, keys = lengths
    *_, heads, _, head_dim, value_dim = sizes
    weights = projections(*sizes)
    places = {"queries": length, "keys": keys, "values": keys, "outputs": length}
    number = sum([len([*product(range(places[name]), one)]) for name, one in weights.items()])
    for _ in product(range(heads), range(length), range(keys)):
        number += len(range(head_dim)) + len(range(value_dim))
    return number


def taps(layer: Any, axis: int, length: int, output: int) -> list[set[int]]:
    """For each position of a layer's output the positions of the axis before it that it sees."""

    def of(field: str) -> Any:
        value = getattr(layer, field)
        return value[axis] if value.__class__ is tuple else value

    match type(layer).__name__:
        case "Conv1d" | "Conv2d" | "Conv3d" | "Pool":
            sizes = of("kernel_size"), of("stride"), sides(of("padding")), of("dilation")
            ceil_mode = getattr(layer, "ceil_mode", False)
            return [
                set(window) & set(range(length))
                for window in windows(length, *sizes, ceil_mode=ceil_mode)
            ]
        case "ConvTranspose1d" | "ConvTranspose2d" | "ConvTranspose3d":
            more, dilation = of("output_padding"), of("dilation")
            kernel = of("kernel_size"), of("stride")
            return scattered(length, *kernel, sides(of("padding")), more, dilation)
        case "Pad" | "Crop" | "CenterCrop":
            start = first_kept(layer, of, length, output)
            return [{start + place} & set(range(length)) for place in range(output)]
        case "AdaptivePool":
            starts = [place * length // output for place in range(output)]
            ends = [-(-(place + 1) * length // output) for place in range(output)]
            return [set(range(*pair)) for pair in zip(starts, ends, strict=True)]
        case "Upsample":
            factor = of("scale_factor") or Fraction(output, length)
            return [upsampled_taps(layer.mode, place, length, factor) for place in range(output)]
        case "PixelUnshuffle":
            factor = layer.downscale_factor
            return [{place * factor + i for i in range(factor)} for place in range(output)]
        case "PixelShuffle":
            return [{place // layer.upscale_factor} for place in range(output)]
        case _:
            return [{place} for place in range(length)]


def sides(padding: Any) -> Any:
    """The padding of one axis before and after it; "same" as it is."""
    return (padding, padding) if padding.__class__ is int else padding


def first_kept(layer: Any, of: Callable[[str], Any], length: int, output: int) -> int:
    """The position at the start of the output; negative before the axis."""
    match type(layer).__name__:
        case "Pad":
            return -int(sides(of("padding"))[0])
        case "Crop":
            return int(sides(of("cropping"))[0])
        case _ if length > output:
            return round(Fraction(length - output, 2))  # Halves to the even number.
        case _:
            return -((output - length) // 2)


def upsampled_taps(mode: str, place: int, length: int, factor: Any) -> set[int]:
    ratio = 1 / Fraction(factor).limit_denominator(1000)
    if mode == "nearest":
        return {floor(place * ratio)}
    middle = (place + Fraction(1, 2)) * ratio - Fraction(1, 2)
    if mode == "nearest-exact":
        return {floor(middle + Fraction(1, 2))}
    return {one for one in range(length) if abs(one - middle) < (2 if mode == "bicubic" else 1)}
