"""The product of two tensors by the letters of their axes."""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.merging import matmul
from paramcalc.readers._torch.shaping import permute, spread
from paramcalc.readers._torch.tensors import Rows, Tensor, needed, ranked
from paramcalc.readers._torch.tracer import Tracer


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
    """The axes in an order of their letters; what is not there is left out."""
    if {*word} != {*order}:
        raise ReadError(f"einsum gives no {''.join(order)}")
    return permute(t, tensor, *[word.index(letter) for letter in order])
