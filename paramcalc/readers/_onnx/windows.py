"""The operators of ONNX that pool and resize."""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import floor
from typing import Any

from paramcalc.errors import ReadError, counted, show
from paramcalc.layers._base import Layer
from paramcalc.layers._fields import DataFormat
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Mode, Pool
from paramcalc.layers.resize import Interpolation, PixelShuffle, PixelUnshuffle, Upsample
from paramcalc.readers._onnx.layers import windows
from paramcalc.readers._onnx.network import Call, Operators, sequence
from paramcalc.readers._onnx.values import Flow


def pool(mode: Mode) -> Callable[[Call], None]:
    """The reader of a pooling."""

    def read(call: Call) -> None:
        flow, kernel_size = call.example(), call.ints("kernel_shape")
        more = windows(call, len(kernel_size or ()))
        ceil_mode = bool(call.attribute("ceil_mode", 0))
        call.keep(Pool(kernel_size or (), **more, ceil_mode=ceil_mode, mode=mode), flow)

    return read


def global_pool(mode: Mode) -> Callable[[Call], None]:
    """The reader of a pooling of whole channels, which keeps the axes."""
    return lambda call: call.keep(AdaptivePool(1, mode=mode), call.example())


def reduced(mode: Mode) -> Callable[[Call], None]:
    """The reader of an average or maximum along axes."""

    def read(call: Call) -> None:
        flow, given = call.flow(0), call.given("axes", 1)
        keeps, empty = call.attribute("keepdims", 1), call.attribute("noop_with_empty_axes", 0)
        if not given and empty:
            return call.put(flow)
        rank = len(flow.axes)
        axes = {call.axis(one, rank) for one in given or range(rank)}
        own = {call.own_axis(one, flow) for one in axes}
        last = len(flow.shape) - 1
        if own >= {0, last}:
            problem = "works along the first axis and the last, so that neither has channels"
            raise ReadError(f"{problem}: {call.way_out}")
        form: DataFormat | None = "channels_last" if 0 in own else None
        spatial = range(last) if 0 in own else range(1, last + 1)
        sizes = tuple([1 if one in own else None for one in spatial])
        layer: Layer = AdaptivePool(1 if own == {*spatial} else sizes, mode=mode, data_format=form)
        if not keeps and own == {*spatial}:
            layer = GlobalPool(mode=mode, data_format=form)
        node, shape = call.layer(layer, flow)
        lengths = [1 if axis in axes else n for axis, n in enumerate(flow.axes)]
        kept = [axis for axis in range(rank) if keeps or axis not in axes]
        batch = None if flow.batch is None else kept.index(flow.batch)
        axes_after = tuple([lengths[axis] for axis in kept])
        return call.put(Flow(node, shape, axes_after, batch, flow.before, call.named()))

    return read


def shuffled(kind: Any) -> Callable[[Call], None]:
    """The reader of a rearrangement between channels and image."""

    def read(call: Call) -> None:
        call.attribute("mode", "DCR")  # The order of the channels, which changes no shape.
        call.keep(kind(call.attribute("blocksize", 0)), call.example())

    return read


MODES: dict[tuple[str, int], Interpolation] = {
    ("nearest", 1): "nearest",
    ("nearest", 2): "nearest",
    ("nearest", 3): "nearest",
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
    ("cubic", 2): "bicubic",
}


def resized(call: Call) -> None:
    """An interpolation, by scales or to sizes."""
    flow, mode = call.example(), call.attribute("mode", "nearest")
    rank = len(flow.axes)
    scales: Any = call.attribute("scales", ()) or None
    sizes, chosen = None, call.ints("axes")
    if call.step.op_type == "Resize" and call.reading.opset > 10:
        scales, sizes = call.floats(2) or None, call.numbers(3) if call.has(3) else None
    elif call.has(1):
        scales = call.floats(1)
    mode_of_place = call.attribute("coordinate_transformation_mode", "half_pixel")
    policy = call.attribute("keep_aspect_ratio_policy", "stretch")
    if mode_of_place == "tf_crop_and_resize" or policy != "stretch":
        raise ReadError(f"{mode_of_place} with {policy} is not known: {call.way_out}")
    axes = [call.axis(one, rank) for one in sequence(chosen, range(rank))]
    given = sizes or scales or ()
    if len(given) != len(axes) or len({*axes}) != len(axes):
        raise ReadError(f"expects {len(axes)} sizes or scales, got {show(given)}")
    full = flow.full(call.reading.batch)
    wanted, factors = list(full), [1.0] * rank
    for axis, one in zip(axes, given, strict=True):
        wanted[axis] = int(one) if sizes else scaled(full[axis], one)
        factors[axis] = one
    if tuple(wanted[:2]) != full[:2]:
        raise ReadError(f"resizes the batch or the channels: {show(full)} to {show(tuple(wanted))}")
    if tuple(wanted) == full:
        return call.put(flow)
    known = MODES.get((mode, rank - 2))
    if known is None:
        number = counted(rank - 2, "axis", "axes")
        raise ReadError(f"mode {show(mode)} is not known for {number}: {call.way_out}")
    layer = Upsample(size=tuple(wanted[2:]), mode=known)
    if not sizes:
        by_factor = Upsample(scale_factor=tuple(factors[2:]), mode=known)
        layer = by_factor if by_factor._shape(flow.shape) == layer._shape(flow.shape) else layer
    return call.keep(layer, flow)


def scaled(length: int, factor: float) -> int:
    """The length after a resizing; ONNX multiplies in single precision."""
    if factor == 1:
        return length
    if not 0 < factor < 2**31 or length > 2**31:
        raise ReadError(f"a factor of {show(factor)} for a length of {show(length)}")
    (single,) = struct.unpack("<f", struct.pack("<f", length * factor))
    return floor(float(single))


WINDOWS: Operators = {
    "AveragePool": (pool("avg"), "count_include_pad"),
    "DepthToSpace": (shuffled(PixelShuffle), ""),
    "GlobalAveragePool": (global_pool("avg"), ""),
    "GlobalMaxPool": (global_pool("max"), ""),
    "MaxPool": (pool("max"), "storage_order"),
    "ReduceMax": (reduced("max"), ""),
    "ReduceMean": (reduced("avg"), ""),
    "Resize": (resized, "antialias cubic_coeff_a exclude_outside extrapolation_value nearest_mode"),
    "SpaceToDepth": (shuffled(PixelUnshuffle), ""),
    "Upsample": (resized, ""),
}
"""As `LAYERS`."""
