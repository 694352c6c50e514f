"""Parts of a tensor: slices, positions, splits."""

from __future__ import annotations

from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers.pool import Pool
from paramcalc.layers.reshape import Slice
from paramcalc.readers._torch.shaping import along_axes, size_of, unsqueeze
from paramcalc.readers._torch.tensors import (
    BATCH,
    ONE,
    Rows,
    Tensor,
    axis_of,
    needed,
    own_axis,
    ranked,
    real_axes,
)
from paramcalc.readers._torch.tracer import Tracer


def part(t: Tracer, tensor: Tensor, at: int, start: Any, stop: Any) -> Tensor:
    """The positions of one axis from a first to a last."""
    dims: Any = tensor.dims
    length = dims[at]
    if length is None:
        new = {(0, 1): 1, (-1, None): 1}.get((start, stop))
        if new is None:
            needed(dims, "a part of an axis")
        layer = Slice(start, stop, dim=own_axis(dims, at))
    else:
        start, stop, _ = slice(start, stop).indices(length)
        new = stop - start
        if new == length:
            return tensor
        if new < 1:
            raise ReadError(f"[{start}:{stop}] keeps nothing of an axis of {length}")
        if tensor.frame is None:
            return Tensor((*dims[:at], new, *dims[at + 1 :]))
        from_end = start > 0 and stop == length
        ends = (
            (start - length, None) if from_end and new == 1 else (start, None if from_end else stop)
        )
        layer = Slice(*ends, dim=own_axis(dims, at))
    return t.emit("slice", layer, tensor, dims=(*dims[:at], new, *dims[at + 1 :]))


def index(t: Tracer, x: Any, key: Any) -> Tensor:
    """What brackets give."""
    tensor = t.tensor(x)
    keys = list(key) if isinstance(key, tuple) else [key]
    dims = ranked(tensor.dims, "an index")
    number = len([one for one in keys if one is not None and one is not Ellipsis])
    if keys.count(Ellipsis) > 1 or number > len(dims):
        raise ReadError(f"an index of {number} axes does not fit {len(dims)}")
    if Ellipsis in keys:
        place = keys.index(Ellipsis)
        keys[place : place + 1] = [slice(None)] * (len(dims) - number)
    at = 0
    for one in keys:
        if one is None:
            tensor = unsqueeze(t, tensor, at)
            at += 1
        elif isinstance(one, slice):
            tensor = sliced(t, tensor, at, one)
            at += 1
        else:
            tensor = selected(t, tensor, at, one)
    return tensor


def sliced(t: Tracer, tensor: Tensor, at: int, key: slice) -> Tensor:
    """A slice of one axis."""
    dims: Any = tensor.dims
    ends = [None if one is None else size_of(one) for one in (key.start, key.stop, key.step)]
    if isinstance(dims[at], Rows):
        if ends[0] not in (None, 0) or ends[1] not in (None, BATCH) or ends[2] not in (None, 1):
            raise ReadError("a part of the batch is taken")
        return tensor
    if any(isinstance(one, Rows) for one in ends):
        t.is_length_first = True
        hint = "give input_shape if inputs have the length first"
        raise ReadError(f"an axis is cut at the size of the batch: {hint}")
    step = 1 if ends[2] is None else ends[2]
    if step < 1:
        raise ReadError("the step of a slice is below 1")
    if ends[:2] != [None, None]:
        tensor = part(t, tensor, at, ends[0] or 0, ends[1])
    if step == 1:
        return tensor
    dims = needed(tensor.dims, "a slice with steps")
    new = -(-dims[at] // step)
    found = (*dims[:at], new, *dims[at + 1 :])
    if tensor.frame is None:
        return Tensor(found)
    steps = [1] * len(real_axes(dims))
    steps[own_axis(dims, at)] = step
    return along_axes(t, "slice", tensor, steps, 1, lambda one, **more: Pool(1, one, **more), found)


def selected(t: Tracer, tensor: Tensor, at: int, key: Any) -> Tensor:
    """One position of an axis, which goes."""
    dims: Any = tensor.dims
    if isinstance(dims[at], Rows) and (dims[at] != ONE or key not in (0, -1)):
        raise ReadError("one example of the batch is taken")
    if not isinstance(key, int) or isinstance(key, bool):
        raise ReadError(f"an index {show(key)} is not known")
    if dims[at] is not None and not isinstance(dims[at], Rows):
        if not -dims[at] <= key < dims[at]:
            raise ReadError(f"there is no position {key} on an axis of {dims[at]}")
        key = key if key == -1 else key % dims[at]
    if not isinstance(dims[at], Rows):
        tensor = part(t, tensor, at, key, key + 1 or None)
    return t.without_axis("slice", tensor, at)


def split(t: Tracer, x: Any, split_size: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, "split")
    at = axis_of(dims, dim)
    own_axis(dims, at)
    length = dims[at] if dims[at] is not None else needed(dims, "split")[at]
    if isinstance(split_size, list | tuple):
        sizes = [size_of(one) for one in split_size]
        if sum(sizes) != length:
            raise ReadError(f"split takes {sum(sizes)} positions, got {length}")
    else:
        one = size_of(split_size)
        if isinstance(one, Rows) or one < 1:
            raise ReadError(f"split takes parts of at least 1, got {show(one)}")
        t.meter.spend(length // one)
        sizes = [min(one, length - start) for start in range(0, length, one)]
    ends = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
    return tuple([part(t, tensor, at, *ends[place : place + 2]) for place in range(len(sizes))])


def chunk(t: Tracer, x: Any, chunks: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    tensor, number = t.tensor(x), size_of(chunks)
    dims = ranked(tensor.dims, "chunk")
    length = needed((dims[axis_of(dims, dim)],), "chunk")[0]
    if isinstance(length, Rows) or isinstance(number, Rows) or number < 1:
        raise ReadError("chunk takes no axis of the batch, and at least 1 part")
    return split(t, tensor, -(-length // number), dim)


def unbind(t: Tracer, x: Any, dim: Any = 0) -> tuple[Tensor, ...]:
    tensor = t.tensor(x)
    at = axis_of(ranked(tensor.dims, "unbind"), dim)
    return tuple([t.without_axis("unbind", one, at) for one in split(t, tensor, 1, dim)])


def select(t: Tracer, x: Any, dim: Any, at: Any) -> Tensor:
    tensor = t.tensor(x)
    return selected(t, tensor, axis_of(ranked(tensor.dims, "select"), dim), at)


def narrow(t: Tracer, x: Any, dim: Any, start: Any, length: Any) -> Tensor:
    tensor = t.tensor(x)
    at = axis_of(ranked(tensor.dims, "narrow"), dim)
    return sliced(t, tensor, at, slice(size_of(start), size_of(start) + size_of(length)))
