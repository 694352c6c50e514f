"""Neighbors that repeat: how a long network is shown once per kind of block."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from paramcalc.layers._base import Layer
from paramcalc.layers._builtin import Builtin

LONGEST = 8
"""The most layers of a block that is looked for."""
THIN = "normalization", "activation"
"""The kinds that serve the layer before them: a block begins with another, if it can."""


def repeats(
    keys: Sequence[str], layers: Iterable[tuple[Layer, object]]
) -> Iterator[tuple[int, int, int]]:
    """Yield the position, the distance and the number of equal layers, in order of the first.

    A block of several layers may repeat too: then they are further apart than one.

    Args:
        keys: the keys of the layers; one with a name of its own repeats nothing.
        layers: each layer, and what else must be equal, such as its input shape.
    """
    layers = list(layers)
    codes = list(codes_of(keys, layers))
    weights = [2 * one._network_size - (one._kind in THIN) for one, _ in layers]
    start = 0
    while start < len(codes):
        size, times, rest = longest_run(codes, start)
        # A block begins with its largest layer, if it can: a residual block, not an activation.
        if max(weights[start : start + rest + 1]) > weights[start]:
            size, times = 1, 1
        for position in range(start, start + size):
            yield position, size, times
        start += size * times


def longest_run(codes: Sequence[int], start: int) -> tuple[int, int, int]:
    """The size of the block that repeats from `start` on, how often, and what is left of one."""
    best = 1, 1, 0
    for size in range(1, min(LONGEST, (len(codes) - start) // 2) + 1):
        end = start + size
        while end < len(codes) and codes[end] == codes[end - size]:
            end += 1
        times, rest = divmod(end - start, size)
        if times > 1 and size * times > best[0] * best[1]:
            best = size, times, rest
    return best


def codes_of(keys: Sequence[str], layers: Iterable[tuple[Layer, object]]) -> Iterator[int]:
    """Yield a number per layer, the same for equal ones."""
    known: dict[object, int] = {}
    for key, (layer, more) in zip(keys, layers, strict=True):
        same: object = key
        if key.endswith("]"):
            same = (layer if isinstance(layer, Builtin) else id(layer), more)
        try:
            yield known.setdefault(same, len(known))
        except TypeError:  # A user's own layer inside need not be hashable.
            yield known.setdefault(key, len(known))


def times_text(count: int) -> str:
    """How many equal layers there are, if they are several."""
    return f"{count} × " if count > 1 else ""


def span(key: str, further: int) -> str:
    """The key of layers up to one that is further: `[2-10]` for `[2]` to `[10]`.

    They may alternate with others.
    """
    if not further:
        return key
    before, _, index = key.removesuffix("]").rpartition("[")
    return f"{before}[{index}-{int(index) + further}]"
