"""What torch makes of several tensors: sums, products, concatenations, products of matrices."""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc._branches import Concat
from paramcalc.errors import ReadError, show
from paramcalc.layers.activation import Activation
from paramcalc.layers.product import MatMul
from paramcalc.readers._torch.shaping import expand, permute, size_of, spread, transpose, unsqueeze
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
    rows_of,
)
from paramcalc.readers._torch.tracer import Tracer


def fitting(one: Any, other: Any) -> Any:
    """The length of an axis of two tensors that are merged value by value."""
    if one in (other, ONE):
        return other
    for length, wide in ((other, one), (one, other)):
        if length == ONE or length == 1:
            return wide
        if length is None and not isinstance(wide, Rows):
            return wide
    if isinstance(one, Rows) or isinstance(other, Rows):
        raise ReadError("the batch meets an axis of another length")
    raise ReadError(f"lengths {show(one)} and {show(other)} do not fit")


def broadcast(one: Dims, other: Dims) -> Dims:
    """The axes of two tensors that are merged value by value."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    start = len(longer) - len(shorter)
    pairs = zip(longer[start:], shorter, strict=True)
    dims = (*longer[:start], *[fitting(*pair) for pair in pairs])
    if dims.count(BATCH) > 1:
        raise ReadError("the batch meets itself on another axis")
    return dims


def aligned(t: Tracer, tensor: Tensor, dims: Dims) -> Tensor:
    """A tensor without its axis of length 1 where others have the batch."""
    own: Any = tensor.dims
    rows = rows_of(dims)
    if rows is None:
        return tensor
    at = rows[0] - len(dims) + len(own)
    if at >= 0 and own[at] == 1:
        return t.to_dims("squeeze", tensor, (*own[:at], ONE, *own[at + 1 :]))
    return tensor


def combine(t: Tracer, name: str, layer: Any, left: Any, right: Any) -> Tensor:
    """A sum or product of two values; a number, or a constant, changes nothing."""
    tensors = [t.tensor(one) for one in (left, right)]
    known = [one.dims for one in tensors]
    moving = [one for one in tensors if one.frame is not None]
    still = [one.dims for one in tensors if one.frame is None]
    if len(moving) == 1 and still[0] is not None:
        is_one = all(one == 1 or isinstance(one, Rows) for one in still[0])
        if is_one and len(still[0]) <= len(moving[0].dims or (BATCH,)):
            return moving[0]
    if None in known:
        if still or any(one and len(one) > 1 and not rows_of(one) for one in known):
            ranked(None, name)
        return t.emit(name, layer, *tensors)
    dims = broadcast(known[0] or (), known[1] or ())
    if not moving:
        return Tensor(dims)
    if len(moving) == 2:
        return t.emit(name, layer, *[aligned(t, each, dims) for each in tensors], dims=dims)
    if dims != moving[0].dims:
        needed(moving[0].dims, name)
        raise ReadError(f"{name} with a constant of {show(form_of(still[0]))} makes it larger")
    return moving[0]


def cat(t: Tracer, tensors: Any, dim: Any = 0, axis: Any = None) -> Tensor:
    given = [t.tensor(one) for one in t.listed(tensors)]
    dim = dim if axis is None else axis
    if not given:
        raise ReadError("cat takes at least one tensor")
    if len(given) == 1:
        return given[0]
    every = [one.dims for one in given]
    if len({len(one) for one in every if one is not None}) > 1:
        raise ReadError("cat takes tensors of one number of axes")
    if None in every:
        if not isinstance(dim, int) or dim == 0 or any(one.frame is None for one in given):
            ranked(None, "cat")
        return t.emit("cat", Concat(dim=dim - 1 if dim > 0 else dim), *given)
    first: Any = every[0]
    at, own = axis_of(first, dim), 0
    if any(one.frame is None for one in given):
        if any(one.frame is not None for one in given):
            raise ReadError("cat with a constant is not known")
    else:
        own = own_axis(first, at)
    return t.emit("cat", Concat(dim=own), *given, dims=joined_dims(every, at))


def joined_dims(every: list[Any], at: int) -> Dims:
    """The axes of tensors that are put in a row along one."""
    found = list(every[0])
    for dims in every[1:]:
        for place, (one, other) in enumerate(zip(found, dims, strict=True)):
            if place == at:
                found[at] = None if None in (one, other) else one + other
            elif one is None or other is None:
                found[place] = other if one is None else one
            elif one != other:
                lengths = f"{show(one)} and {show(other)}"
                raise ReadError(f"cat: lengths {lengths} of axis {place} differ")
    return tuple(found)


def stack(t: Tracer, tensors: Any, dim: Any = 0) -> Tensor:
    return cat(t, [unsqueeze(t, one, dim) for one in t.listed(tensors)], dim)


def repeat(t: Tracer, x: Any, *sizes: Any) -> Tensor:
    tensor, times = t.tensor(x), [size_of(one) for one in spread(sizes)]
    while len(ranked(tensor.dims, "repeat")) < len(times):
        tensor = unsqueeze(t, tensor, 0)
    dims: Any = tensor.dims
    if len(times) != len(dims):
        raise ReadError(f"repeat takes {len(dims)} numbers, got {len(times)}")
    if any(isinstance(one, Rows) for one in times):
        tensor = expand(t, tensor, [one if isinstance(one, Rows) else -1 for one in times])
    for at, number in enumerate(times):
        if isinstance(number, Rows) or number == 1:
            continue
        if number < 1 or number > 1000:
            raise ReadError(f"repeat takes from 1 to 1,000 times, got {number}")
        tensor = cat(t, [tensor] * number, at)
    return tensor


def matmul(t: Tracer, x: Any, other: Any) -> Tensor:
    """A matrix product; a vector is a matrix with one row or column."""
    left, right = t.tensor(x), t.tensor(other)
    one, two = ranked(left.dims, "matmul"), ranked(right.dims, "matmul")
    if not one or not two:
        raise ReadError("matmul takes no single numbers")
    if len(two) == 1:
        return t.without_axis("matmul", matmul(t, left, unsqueeze(t, right, 1)), len(one) - 1)
    if len(one) == 1:
        made = matmul(t, unsqueeze(t, t.to_dims("matmul", left, one), 0), right)
        return t.without_axis("matmul", made, len(made.dims or ()) - 2)
    if isinstance(one[-1], Rows) or isinstance(two[-1], Rows) or isinstance(two[-2], Rows):
        raise ReadError("matmul takes in the batch")
    if isinstance(one[-2], Rows):
        if len(two) > 2:
            raise ReadError("matmul takes in the batch")
        made = matmul(t, unsqueeze(t, left, -2), right)
        return t.without_axis("matmul", made, len(made.dims or ()) - 2)
    if one[-1] != two[-2] and None not in (one[-1], two[-2]):
        raise ReadError(f"matmul: lengths {show(one[-1])} and {show(two[-2])} differ")
    before = broadcast(one[:-2], two[:-2])
    dims = (*before, one[-2], two[-1])
    if left.frame is None and right.frame is None:
        return Tensor(dims)
    if None in (left.frame, right.frame):
        raise ReadError("matmul with a constant is not known")
    return t.emit("matmul", MatMul(), aligned(t, left, dims), aligned(t, right, dims), dims=dims)


def attention(t: Tracer, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> Tensor:
    """`scaled_dot_product_attention`."""
    scores = matmul(t, query, transpose(t, key, -2, -1))
    return matmul(t, t.emit("softmax", Activation("softmax"), scores), value)


def einsum(t: Tracer, equation: Any, *operands: Any) -> Tensor:
    """The product, as one of matrices: rows and columns are joined axes."""
    given = [t.tensor(one) for one in spread(operands)]
    one, two, out = words_of(equation, len(given))
    lengths = lengths_of([one, two], given)
    both = [letter for letter in out if letter in one and letter in two]
    summed = [letter for letter in one if letter in two and letter not in out]
    first = [letter for letter in out if letter not in two]
    second = [letter for letter in out if letter not in one]
    if len(both + summed + first) != len(one) or len(both + summed + second) != len(two):
        raise ReadError(f"einsum {show(equation)} sums an axis of one tensor alone")
    left = ordered(t, given[0], one, both + first + summed)
    right = ordered(t, given[1], two, both + summed + second)
    order = both + first + second
    if both or len(summed) != 1 or len(second) != 1:
        if any(isinstance(lengths[letter], Rows) for letter in first + second + summed):
            raise ReadError("einsum takes in the batch")
        needed(tuple(lengths.values()), "einsum")
        before = [lengths[letter] for letter in both]
        rows, middle, columns = [
            prod([lengths[letter] for letter in letters]) for letters in (first, summed, second)
        ]
        left = t.to_dims("einsum", left, (*before, rows, middle))
        right = t.to_dims("einsum", right, (*before, middle, columns))
    made = matmul(t, left, right)
    made = t.to_dims("einsum", made, tuple([lengths[letter] for letter in order]))
    return ordered(t, made, "".join(order), list(out))


def words_of(equation: Any, number: int) -> list[str]:
    """The letters of both tensors, and those of the product."""
    before, _, out = str(equation).replace(" ", "").partition("->")
    words = [*before.split(","), out]
    is_known = len(words) == 3 and number == 2 and all(word.isalpha() for word in words)
    if not is_known or any(len({*word}) < len(word) for word in words):
        raise ReadError(f"einsum {show(equation)} is not known: two tensors, each letter once")
    return words


def lengths_of(words: list[str], given: list[Tensor]) -> dict[str, Any]:
    """The length of each letter."""
    lengths: dict[str, Any] = {}
    for word, each in zip(words, given, strict=True):
        dims = ranked(each.dims, "einsum")
        if len(word) != len(dims):
            raise ReadError(f"einsum: {word} does not name each of {len(dims)} axes")
        for letter, length in zip(word, dims, strict=True):
            if lengths.setdefault(letter, length) != length:
                raise ReadError(f"einsum: {letter} has two lengths")
    return lengths


def ordered(t: Tracer, tensor: Tensor, word: str, order: list[str]) -> Tensor:
    """The axes in an order of their letters."""
    return permute(t, tensor, *[word.index(letter) for letter in order])
