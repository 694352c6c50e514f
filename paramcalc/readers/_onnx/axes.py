"""The operators of ONNX that move values, or take parts of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from paramcalc._checks import MAX_AXES
from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.pool import Pool
from paramcalc.layers.reshape import Permute, Slice
from paramcalc.layers.resize import Crop, Pad
from paramcalc.readers._onnx.layers import embedding
from paramcalc.readers._onnx.network import Call, Operators, sequence
from paramcalc.readers._onnx.values import Flow, Held, flat, reshaped, spread


def become(call: Call, target: Sequence[int]) -> None:
    """The same values in another shape."""
    value, lengths = call.value(0), tuple(target)
    if len(lengths) > MAX_AXES:
        raise ReadError(f"a shape has {MAX_AXES} axes at most, got {len(lengths):,}")
    if isinstance(value, Flow):
        made = reshaped(value, lengths, call.reading.batch)
        return call.put(made._replace(by=call.named()))
    if prod(lengths) != prod(value.dims):
        raise ReadError(f"a shape of {show(value.dims)} does not become {show(lengths)}")
    numbers = None if value.counts else value.numbers()
    return call.put(value._replace(dims=lengths, known=numbers, stored=None))


def reshape(call: Call) -> None:
    full, given = call.full(), call.given("shape", 1)
    target = list(given or ())
    if given is None:
        raise ReadError("its shape is not given")
    if not call.attribute("allowzero", 0):
        target = [
            full[axis] if one == 0 and axis < len(full) else one for axis, one in enumerate(target)
        ]
    values, rest = prod(full), prod([one for one in target if one != -1])
    if target.count(-1) == 1 and rest > 0 and values % rest == 0:
        target[target.index(-1)] = values // rest
    if min(target, default=1) < 0:
        raise ReadError(f"a shape of {show(full)} does not become {show(given)}")
    become(call, target)


def flatten(call: Call) -> None:
    full = call.full()
    axis = call.attribute("axis", 1)
    if not -len(full) <= axis <= len(full):
        raise ReadError(f"there is no axis {show(axis)} in shape {show(full)}")
    axis += len(full) * (axis < 0)
    become(call, [prod(full[:axis]), prod(full[axis:])])


def squeeze(call: Call) -> None:
    full, given = call.full(), call.given("axes", 1)
    if given is None and full[:1] == (1,) and isinstance(call.value(0), Flow):
        raise ReadError(f"removes all axes of length 1 of {show(full)}, and one may be the batch")
    axes = [axis for axis, n in enumerate(full) if n == 1] if given is None else given
    at = {call.axis(one, len(full)) for one in axes}
    if any(full[axis] != 1 for axis in at):
        raise ReadError(f"axes {show(tuple(axes))} of shape {show(full)} are not all of length 1")
    become(call, [n for axis, n in enumerate(full) if axis not in at])


def unsqueeze(call: Call) -> None:
    full, axes = call.full(), call.given("axes", 1) or ()
    rank = len(full) + len(axes)
    at, lengths = {call.axis(one, rank) for one in axes}, iter(full)
    if len(at) != len(axes):
        raise ReadError(f"axes {show(axes)} name one twice")
    become(call, [1 if axis in at else next(lengths) for axis in range(rank)])


def transpose(call: Call) -> None:
    value = call.value(0)
    rank = len(value.axes if isinstance(value, Flow) else value.dims)
    order: list[int] = [*sequence(call.ints("perm"), range(rank)[::-1])]
    if sorted(order) != list(range(rank)):
        raise ReadError(f"perm {show(tuple(order))} does not name each of {rank} axes once")
    if isinstance(value, Held):
        back = [order.index(axis) for axis in range(rank)]
        dims = [value.dims[axis] for axis in order]
        return call.put(value.picked(dims, lambda at: [at[axis] for axis in back]))
    axes = tuple([value.axes[axis] for axis in order])
    batch = None if value.batch is None else order.index(value.batch)
    moved = value._replace(axes=axes, batch=batch)
    alone = value.batch if value.has_own_axis else None
    own = tuple([value.own(axis) for axis in order if axis != alone])
    if own == tuple(range(len(own))):
        return call.put(moved._replace(made=value.made))
    node, shape = call.layer(Permute(own), value)
    return call.put(moved._replace(node=node, made=shape))


def expand(call: Call) -> None:
    value, target = call.value(0), call.numbers(1)
    if min(target, default=0) < 0:
        raise ReadError(f"no tensor has the shape {show(target)}")
    dims = spread(call.full(), target)
    if isinstance(value, Held):
        if value.counts:
            return call.put(value._replace(dims=dims, known=None))
        return call.put(value.stretched(dims))
    batch, full = call.reading.batch, value.full(call.reading.batch)
    if dims == full:
        return call.put(value)
    first = (1,) * (len(dims) - len(full)) + full
    if value.batch is None and dims == (batch, *first[1:]):
        return call.put(value._replace(axes=first, batch=0))
    raise ReadError(f"repeats values: {show(full)} to {show(dims)}: {call.way_out}")


def tile(call: Call) -> None:
    if any(one != 1 for one in call.numbers(1)):
        raise ReadError(f"repeats values: {call.way_out}")
    call.put(call.value(0))


def part(call: Call, flow: Flow, axis: int, ends: tuple[int, int, int]) -> Flow:
    """From a start to an end of an axis, in steps."""
    length = flow.axes[axis]
    start, stop, step = ends
    if axis == flow.batch:
        length *= call.reading.batch
    kept = range(length)[start:stop:step]
    if kept == range(length):
        return flow
    own = call.own_axis(axis, flow)
    if step < 1 or not kept:
        raise ReadError(f"[{start}:{stop}:{step}] of axis {axis}: {call.way_out}")
    first = (
        start if -length <= start < 0 and (stop >= length or -length <= stop < 0) else kept.start
    )
    last = None if stop >= length else stop if stop < 0 else kept.stop
    if range(length)[start:stop] != range(length):
        flow = flow.with_shape(*call.layer(Slice(first, last, dim=own), flow))
    if step > 1:
        flow = flow.with_shape(*call.layer(strided(call, flow.shape, own, step), flow))
    return flow


def strided(call: Call, shape: Shape, own: int, step: int) -> Layer:
    """A pooling of single positions, which keeps one in `step`."""
    if len(shape) < 2:
        raise ReadError(f"takes one of {step} features: {call.way_out}")
    steps = [1] * (len(shape) - 1)
    steps[own - (own > 0)] = step
    return Pool(1, tuple(steps), data_format=None if own else "channels_last")


def slices(call: Call) -> None:
    value, rank = call.value(0), len(call.full())
    starts, stops = sequence(call.given("starts", 1), ()), sequence(call.given("ends", 2), ())
    axes = sequence(call.given("axes", 3), range(len(starts)))
    steps = sequence(call.numbers(4) if call.has(4) else None, [1] * len(starts))
    if not len(starts) == len(stops) == len(axes) == len(steps):
        raise ReadError(f"{len(starts)} starts, {len(stops)} ends, {len(axes)} axes")
    if 0 in steps:
        raise ReadError(f"steps must not be 0, got {show(tuple(steps))}")
    at = [call.axis(one, rank) for one in axes]
    ends = list(zip(at, zip(starts, stops, steps, strict=True), strict=True))
    if isinstance(value, Held) and not value.counts:
        kept = [range(n) for n in value.dims]
        for axis, one in ends:
            kept[axis] = kept[axis][slice(*one)]
        dims = [len(one) for one in kept]
        picked = value.picked(dims, lambda at: [r[i] for r, i in zip(kept, at, strict=True)])
        return call.put(picked)
    flow = call.flow(0)
    for axis, one in ends:
        flow = part(call, flow, axis, one)
    return call.put(flow)


def split(call: Call) -> None:
    flow, rank = call.flow(0), len(call.full())
    axis = call.axis(call.attribute("axis", 0), rank)
    length, number = flow.axes[axis], len(call.step.outputs)
    call.attribute("num_outputs", number)
    sizes = call.given("split", 1)
    if sizes is None:
        size = -(-length // max(number, 1))
        sizes = (*[size] * (number - 1), length - size * (number - 1))
    call.own_axis(axis, flow)
    if len(sizes) != number or sum(sizes) != length or min(sizes) < 1:
        raise ReadError(f"sizes {show(sizes)} do not divide {length} into {number}")
    start = 0
    for index, size in enumerate(sizes):
        call.put(part(call, flow, axis, (start, start + size, 1)), index)
        start += size


def gather(call: Call) -> None:
    value, indices = call.value(0), call.value(1)
    axis = call.axis(call.attribute("axis", 0), len(call.full()))
    if isinstance(value, Held) and (value.counts or isinstance(indices, Flow)):
        if isinstance(indices, Flow) or run_of(value.dims[axis], indices) is None:
            if axis or len(value.dims) != 2:
                raise ReadError(f"looks up in a table of {show(value.dims)}: {call.way_out}")
            return embedding(call, value, call.flow(1))
    elif isinstance(value, Held) and isinstance(indices, Held):
        return call.put(gathered(value, indices, axis))
    flow = call.flow(0)
    call.own_axis(axis, flow)
    run = run_of(flow.axes[axis], indices) if isinstance(indices, Held) else None
    if run is None or not isinstance(indices, Held):
        raise ReadError(f"picks positions in no order: {call.way_out}")
    numbers: Any = indices.numbers()
    flow = part(call, flow, axis, (numbers[0], run.stop, 1))
    full = flow.full(call.reading.batch)
    made = reshaped(flow, (*full[:axis], *indices.dims, *full[axis + 1 :]), call.reading.batch)
    return call.put(made._replace(by=call.named()))


def run_of(length: int, indices: Held) -> range | None:
    """Indices that follow each other."""
    numbers: Any = indices.numbers()
    if not numbers or not all(isinstance(one, int) for one in numbers):
        return None
    first = numbers[0] + length * (numbers[0] < 0)
    run = range(first, first + len(numbers))
    if not 0 <= first < run.stop <= length:
        raise ReadError(f"there are no indices {show(numbers)} in an axis of length {length}")
    return run if tuple([one + length * (one < 0) for one in numbers]) == tuple(run) else None


def gathered(value: Held, indices: Held, axis: int) -> Held:
    """Numbers that the file holds, by indices that it holds."""
    length, after = value.dims[axis], axis + len(indices.dims)
    dims = (*value.dims[:axis], *indices.dims, *value.dims[axis + 1 :])
    numbers: Any = indices.numbers()
    if numbers is None:
        return Held(value.name, dims)
    if not all(isinstance(one, int) and -length <= one < length for one in numbers):
        raise ReadError(f"there are no indices {show(numbers)} in an axis of length {length}")

    def place(at: tuple[int, ...]) -> Sequence[int]:
        one = numbers[flat(at[axis:after], indices.dims)]
        return (*at[:axis], one % length, *at[after:])

    return value.picked(dims, place)


def pad(call: Call) -> None:
    flow, mode = call.flow(0), call.attribute("mode", "constant")
    rank, pads = len(flow.axes), sequence(call.given("pads", 1), ())
    axes = [call.axis(one, rank) for one in call.numbers(3)] if call.has(3) else range(rank)
    names = {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}
    if mode not in names or len(pads) != 2 * len(axes):
        raise ReadError(f"mode {show(mode)} with pads {show(tuple(pads))} is not known")
    pairs = [(0, 0)] * len(flow.shape)
    for axis, pair in zip(
        axes, zip(pads[: len(axes)], pads[len(axes) :], strict=True), strict=True
    ):
        if pair != (0, 0):
            pairs[call.own_axis(axis, flow)] = pair
    for kind, sign in ((Crop, -1), (Pad, 1)):
        sides = [(max(sign * a, 0), max(sign * b, 0)) for a, b in pairs]
        more: dict[str, Any] = {}
        if kind is Pad and mode != "constant":
            more["mode"] = names[mode]
        for first in (True, False):
            chosen = sides[1:] if first else [sides[0], *[(0, 0)] * (len(sides) - 2)]
            if any(one != (0, 0) for one in chosen if sides):
                more["data_format"] = None if first else "channels_last"
                layer: Any = kind(tuple(chosen), **more)
                flow = flow.with_shape(*call.layer(layer, flow))
    call.put(flow)


AXES: Operators = {
    "Expand": (expand, ""),
    "Flatten": (flatten, ""),
    "Gather": (gather, ""),
    "Pad": (pad, "value"),
    "Reshape": (reshape, "consumed_inputs"),
    "Slice": (slices, ""),
    "Split": (split, ""),
    "Squeeze": (squeeze, ""),
    "Tile": (tile, ""),
    "Transpose": (transpose, ""),
    "Unsqueeze": (unsqueeze, ""),
}
"""As `LAYERS`."""
