"""What torch does to the axes of one tensor: new shapes and orders, means, pads, steps, repeats.

Each function takes the interpreter, the tensor, and torch's arguments. Axes are counted with that
of the batch, which must stay as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers.pool import AdaptivePool, GlobalPool
from paramcalc.layers.reshape import Flatten, Permute, Reshape
from paramcalc.layers.resize import Crop, Pad, Upsample
from paramcalc.readers._torch.tensors import (
    BATCH,
    ONE,
    Dims,
    Rows,
    Tensor,
    axis_of,
    form_of,
    needed,
    own_axis,
    ranked,
    real_axes,
    rows_of,
)
from paramcalc.readers._torch.tracer import Tracer
from paramcalc.readers._torch.values import Known, Unknown, attempt


def spread(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Sizes that are given one by one, or in a list."""
    if len(sizes) == 1 and isinstance(sizes[0], list | tuple):
        return tuple(sizes[0])
    return sizes


def size_of(value: Any) -> Any:
    """A length that a source gives: an int, or the batch."""
    if isinstance(value, Unknown):
        raise ReadError(value.problem)
    if isinstance(value, Rows) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise ReadError(f"{show(value)} is no length")


def view(t: Tracer, x: Any, *shape: Any, **named: Any) -> Tensor:
    tensor, sizes = t.tensor(x), spread(shape or tuple(named.values())[:1])
    if len(sizes) == 1 and isinstance(sizes[0], Known):
        return tensor  # As another type.
    dims = resolved(t, tensor.dims, [size_of(one) for one in sizes])
    form = form_of(dims)
    if form is not None and len(form) == 1 and -1 in sizes and form_of(tensor.dims) != form:
        rows = rows_of(dims)
        if rows == (0, BATCH) and (sizes[-1] == -1 or sizes[0] != -1):
            return t.emit("flatten", Flatten(), tensor, dims=dims)
    return t.to_dims("view", tensor, dims)


def resolved(t: Tracer, dims: Dims | None, sizes: list[Any]) -> Dims:
    """The axes of a view."""
    places = [at for at, one in enumerate(sizes) if isinstance(one, Rows)]
    rows = rows_of(dims)
    if sizes.count(-1) > 1 or len(places) > 1 or (places and rows is None):
        raise ReadError(
            f"a view has {show(sizes.count(-1))} times -1, and the batch {len(places)} times"
        )
    form = form_of(dims)
    if form is None or None in form:
        starts = sizes[0] == (BATCH if places else -1) if sizes else False
        if rows != (0, BATCH) or not starts:
            raise ReadError("a view moves the batch, or joins it with other axes: give input_shape")
        return (BATCH, *[None if one == -1 else one for one in sizes[1:]])
    total = prod([one or 0 for one in form])
    known = prod(
        [max(one.times, 1) if isinstance(one, Rows) else one for one in sizes if one != -1]
    )
    text = f"a view takes {known} values per example, got {total}"
    if known < 1 or total % known or (-1 not in sizes and total != known):
        raise ReadError(f"{text} in shape {show(form)}")
    found = [total // known if one == -1 else one for one in sizes]
    if rows is None:
        return tuple(found)
    if not places:
        if -1 not in sizes:
            raise ReadError("a view has no axis for the batch: write -1, or x.size(0)")
        at, times = sizes.index(-1), total // known
        found[at] = BATCH if times == 1 else Rows(times, f"on {t.line}, {text}")
        if rows[1] == ONE:
            found[at] = times
            return tuple(found)
        places = [at]
    check_order(dims, found, places[0])
    return tuple(found)


def check_order(dims: Any, found: list[Any], place: int) -> None:
    """Refuse a view that moves the batch among other axes."""
    at, rows = rows_of(dims) or (0, BATCH)
    if rows.times == found[place].times and prod(found[:place]) != prod(dims[:at]):
        raise ReadError("a view mixes the batch with other axes: permute them instead")


def flatten(t: Tracer, x: Any, start_dim: Any = 0, end_dim: Any = -1) -> Tensor:
    tensor = t.tensor(x)
    if tensor.dims is None:
        if start_dim == 1 and end_dim == -1:
            return t.emit("flatten", Flatten(), tensor, dims=(BATCH, None))
        ranked(None, "flatten")
    dims: Any = tensor.dims
    start, end = axis_of(dims, start_dim), axis_of(dims, end_dim)
    inside = dims[start : end + 1]
    if len(inside) < 2:
        return tensor
    if any(isinstance(one, Rows) for one in inside):
        return view(t, tensor, *sizes(dims)[:start], -1, *dims[end + 1 :])
    joined = None if None in inside else prod(inside)
    if tensor.frame is None:
        return Tensor((*dims[:start], joined, *dims[end + 1 :]))
    first, last = own_axis(dims, start), own_axis(dims, end)
    whole = first == 0 and last == len(real_axes(dims)) - 1
    layer = Flatten() if whole else Flatten(first, last)
    return t.emit("flatten", layer, tensor, dims=(*dims[:start], joined, *dims[end + 1 :]))


def unflatten(t: Tracer, x: Any, dim: Any, sizes: Any) -> Tensor:
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, "unflatten")
    at, lengths = axis_of(dims, dim), [size_of(one) for one in t.listed(sizes)]
    if isinstance(dims[at], Rows):
        raise ReadError("unflatten takes no axis of the batch")
    if -1 in lengths:
        known = -prod(lengths)
        if dims[at] is None or dims[at] % known:
            raise ReadError(f"unflatten of {show(dims[at])} into {show(lengths)} is not known")
        lengths[lengths.index(-1)] = dims[at] // known
    if dims[at] not in (None, prod(lengths)):
        raise ReadError(f"unflatten takes {prod(lengths)} values, got {dims[at]}")
    return t.to_dims("unflatten", tensor, (*dims[:at], *lengths, *dims[at + 1 :]))


def sizes(dims: Dims) -> tuple[Any, ...]:
    """The lengths as the source sees them."""
    unknown = [Unknown(f"the length of axis {at}") for at in range(len(dims))]
    return tuple(
        [unknown[at] if one is None else 1 if one == ONE else one for at, one in enumerate(dims)]
    )


def permute(t: Tracer, x: Any, *order: Any) -> Tensor:
    tensor, given = t.tensor(x), spread(order)
    dims = (BATCH, *[None] * (len(given) - 1)) if tensor.dims is None else tensor.dims
    if sorted([axis_of(dims, one) for one in given]) != list(range(len(dims))):
        raise ReadError(f"{show(given)} does not name each of {len(dims)} axes once")
    places = [axis_of(dims, one) for one in given]
    real = real_axes(dims)
    moved = tuple([real.index(at) for at in places if at in real])
    found = tuple([dims[at] for at in places])
    if moved == tuple(range(len(real))) or tensor.frame is None:
        return Tensor(found, tensor.frame, tensor.name)
    return t.emit("permute", Permute(moved), tensor, dims=found)


def transpose(t: Tracer, x: Any, dim0: Any, dim1: Any) -> Tensor:
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, "transpose")
    order = list(range(len(dims)))
    one, other = axis_of(dims, dim0), axis_of(dims, dim1)
    order[one], order[other] = other, one
    return permute(t, tensor, *order)


def movedim(t: Tracer, x: Any, source: Any, destination: Any) -> Tensor:
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, "movedim")
    order = list(range(len(dims)))
    order.insert(axis_of(dims, destination), order.pop(axis_of(dims, source)))
    return permute(t, tensor, *order)


def turned(t: Tracer, x: Any) -> Tensor:
    """The attribute T."""
    tensor = t.tensor(x)
    return permute(t, tensor, *reversed(range(len(ranked(tensor.dims, "T")))))


def unsqueeze(t: Tracer, x: Any, dim: Any) -> Tensor:
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, "unsqueeze")
    at = axis_of((*dims, 1), dim)
    has_rows = rows_of(dims) is not None
    one = ONE if at == 0 and not has_rows and tensor.frame is not None else 1
    return t.to_dims("unsqueeze", tensor, (*dims[:at], one, *dims[at:]))


def squeeze(t: Tracer, x: Any, dim: Any = None) -> Tensor:
    tensor = t.tensor(x)
    if dim is None:
        dims = needed(tensor.dims, "squeeze")
        places = [at for at, one in enumerate(dims) if one in (1, ONE)]
    else:
        dims = ranked(tensor.dims, "squeeze")
        given = dim if isinstance(dim, list | tuple) else [dim]
        places = [at for at in {axis_of(dims, one) for one in given} if dims[at] in (1, ONE)]
        if any(dims[axis_of(dims, one)] is None for one in given):
            needed(dims, "squeeze")
    for at in sorted(places, reverse=True):
        tensor = t.without_axis("squeeze", tensor, at)
    return tensor


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
    t: Tracer, x: Any, dim: Any = None, keepdim: Any = False, mode: Any = "avg", name: str = "mean"
) -> Tensor:
    """A mean, a sum, a maximum and so on along axes."""
    tensor = t.tensor(x)
    dims = ranked(tensor.dims, name)
    if dim is None:
        raise ReadError(f"{name} of all axes takes in the batch: give dim")
    given = dim if isinstance(dim, list | tuple) else [dim]
    if not given:
        raise ReadError(f"{name} of no axis means all axes, and takes in the batch: give dim")
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


def pool_of(own: list[bool], mode: Any) -> GlobalPool | None:
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
        raise ReadError("pad keeps nothing of an axis")
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
        is_batch = len(dims) + 1 == len(given) and rows_of(tuple(dims)) is None
        dims.insert(0, ONE if is_batch else 1)
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
