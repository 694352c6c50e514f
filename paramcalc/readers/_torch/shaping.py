"""What torch does to the axes of one tensor: new shapes and orders.

Each function takes the interpreter, the tensor, and torch's arguments. Axes are counted with that
of the batch, which must stay as it is.
"""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers.reshape import Flatten, Permute
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
from paramcalc.readers._torch.values import Known, Unknown


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
            if rows[1] == ONE and found[:1] == [1]:
                return (ONE, *found[1:])
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
