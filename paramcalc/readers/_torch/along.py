"""What torch does along axes of one tensor: means, pads, steps, repeats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers.pool import AdaptivePool, GlobalPool
from paramcalc.layers.reshape import Reshape
from paramcalc.layers.resize import Crop, Pad, Upsample
from paramcalc.readers._torch.shaping import size_of, spread
from paramcalc.readers._torch.tensors import (
    BATCH,
    ONE,
    Dims,
    Rows,
    Tensor,
    axis_of,
    form_of,
    needed,
    ranked,
    real_axes,
    rows_of,
)
from paramcalc.readers._torch.tracer import Tracer
from paramcalc.readers._torch.values import attempt


def along_axes(
    t: Tracer,
    name: str,
    tensor: Tensor,
    values: list[Any],
    neutral: Any,
    make: Callable[..., Any],
    dims: Dims,
) -> Tensor:
    """A layer for spatial axes, on any axes: one value per axis here, or a neutral one.

    If neither the first nor the last axis can be that of channels, there is one more before them.
    """
    if len(values) > 1 and values[0] == neutral:
        layer = attempt("", lambda: make(tuple(values[1:])))
        return t.emit(name, layer, tensor, dims=dims)
    if len(values) > 1 and values[-1] == neutral:
        layer = attempt("", lambda: make(tuple(values[:-1]), data_format="channels_last"))
        return t.emit(name, layer, tensor, dims=dims)
    old: Any = form_of(needed(tensor.dims, name))
    new: Any = form_of(dims)
    layer = attempt("", lambda: make(tuple(values)))
    inside = t.emit(name, attempt("", lambda: Reshape((1, *old))), tensor, dims=(BATCH, 1, *old))
    inside = t.emit(name, layer, inside, dims=(BATCH, 1, *new))
    return t.emit(name, attempt("", lambda: Reshape(new)), inside, dims=dims)


def reduce(
    t: Tracer, x: Any, dim: Any = None, keepdim: Any = False, mode: str = "avg", name: str = "mean"
) -> Tensor:
    """A mean, a sum, a maximum and so on along axes."""
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, name)
    if dim is None:
        raise ReadError(f"{name} of all axes takes in the batch: give dim")
    given = dim if isinstance(dim, list | tuple) else [dim]
    places = {axis_of(dims, one) for one in given}
    if any(isinstance(dims[at], Rows) and dims[at] != ONE for at in places):
        raise ReadError(f"{name} takes in the batch")
    kept = tuple([1 if at in places and one != ONE else one for at, one in enumerate(dims)])
    left = tuple([one for at, one in enumerate(dims) if at not in places])
    if tensor.frame is None:
        return Tensor(kept if t.truth(keepdim) else left)
    own = [at in places for at in real_axes(dims)]
    layer = pool_of(own, mode)
    if layer is not None and not t.truth(keepdim):
        return t.emit(name, layer, tensor, dims=left)

    def make(sizes: Any, **more: Any) -> AdaptivePool:
        return AdaptivePool(1 if {*sizes} == {1} else sizes, mode=mode, **more)

    if any(own):
        values = [1 if one else None for one in own]
        tensor = along_axes(t, name, tensor, values, None, make, kept)
    for at in () if t.truth(keepdim) else sorted(places, reverse=True):
        tensor = t.without_axis(name, tensor, at)
    return tensor


def pool_of(own: list[bool], mode: str) -> GlobalPool | None:
    """The layer that takes all axes but the first, or all but the last, into one."""
    others = [True] * (len(own) - 1)
    if others and own == [False, *others]:
        return GlobalPool(mode=mode)
    if others and own == [*others, False]:
        return GlobalPool(mode=mode, data_format="channels_last")
    return None


def pad(t: Tracer, x: Any, pad: Any, mode: Any = "constant", value: Any = 0) -> Tensor:
    tensor = t.tensor(x)
    sides = [size_of(one) for one in t.listed(pad)]
    dims = ranked(tensor.dims, "pad")
    if len(sides) % 2 or len(sides) > 2 * len(dims) or any(isinstance(one, Rows) for one in sides):
        raise ReadError(f"pad takes two sides per axis, got {show(sides)}")
    pairs = [(0, 0)] * (len(dims) - len(sides) // 2)
    pairs += [(sides[at], sides[at + 1]) for at in range(len(sides) - 2, -1, -2)]
    if any(isinstance(one, Rows) and pair != (0, 0) for one, pair in zip(dims, pairs, strict=True)):
        raise ReadError("pad takes in the batch")
    pairs = [pairs[at] for at in real_axes(dims)]
    for layer, sign in ((Pad, 1), (Crop, -1)):
        amounts = [(max(sign * one, 0), max(sign * other, 0)) for one, other in pairs]
        if any(one != (0, 0) for one in amounts):
            tensor = padded(t, tensor, amounts, layer, mode)
    return tensor


def padded(t: Tracer, tensor: Tensor, pairs: list[Any], kind: Any, mode: Any) -> Tensor:
    """Positions added to axes, or removed."""
    dims: Any = tensor.dims
    sign = 1 if kind is Pad else -1
    found = list(dims)
    for at, pair in zip(real_axes(dims), pairs, strict=True):
        found[at] = None if dims[at] is None else dims[at] + sign * sum(pair)
    if any(isinstance(one, int) and one < 1 for one in found):
        raise ReadError("pad leaves nothing of an axis")
    if tensor.frame is None:
        return Tensor(tuple(found))

    def make(sides: Any, **more: Any) -> Any:
        first = sides[0][0]
        amount = first if {*sides} == {(first, first)} else sides
        return kind(amount, **({"mode": mode} if kind is Pad else {}), **more)

    return along_axes(t, "pad", tensor, pairs, (0, 0), make, tuple(found))


def expand(t: Tracer, x: Any, *sizes: Any) -> Tensor:
    """Axes of length 1 made longer."""
    tensor, given = t.tensor(x), [size_of(one) for one in spread(sizes)]
    dims = list(ranked(tensor.dims, "expand"))
    while len(dims) < len(given):
        dims.insert(0, ONE if len(dims) + 1 == len(given) else 1)
    if len(given) != len(dims):
        raise ReadError(f"expand takes {len(dims)} sizes, got {len(given)}")
    found = list(dims)
    for at, (one, wanted) in enumerate(zip(dims, given, strict=True)):
        if wanted in (-1, one):
            continue
        if isinstance(wanted, Rows) and one in (1, ONE):
            dims[at], found[at] = ONE, wanted
        elif one == 1 or (one == ONE and wanted == 1):
            found[at] = wanted if one == 1 else ONE
        else:
            raise ReadError(
                f"expand makes axes of length 1 longer, got {show(one)} for {show(wanted)}"
            )
    if found.count(BATCH) > 1:
        raise ReadError("expand has the batch on two axes")
    tensor = t.to_dims("expand", tensor, tuple(dims))
    if rows_of(tuple(found)) != rows_of(tuple(dims)):
        dims = [found[at] if isinstance(found[at], Rows) else one for at, one in enumerate(dims)]
        tensor = Tensor(tuple(dims), tensor.frame, tensor.name)
    lengths = [1 if found[at] == dims[at] else found[at] for at in real_axes(tuple(dims))]
    if tensor.frame is None or {*lengths} <= {1}:
        return Tensor(tuple(found), tensor.frame, tensor.name)
    return along_axes(
        t, "expand", tensor, lengths, 1,
        lambda one, **more: Upsample(scale_factor=one, **more), tuple(found),
    )  # fmt: skip
