"""Which layers of two networks belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from paramcalc._plan import plan_of
from paramcalc.errors import join_path
from paramcalc.layers._base import Layer

LARGEST = 10**5
"""The most pairs of layers that are compared; longer networks are paired by place."""


def aligned(a: Layer, b: Layer, path: str = "", other: str = "") -> Iterator[tuple[str, str]]:
    """Yield the paths of layers that belong together: one in `a` at `path`, one in `b` at `other`.

    Parts with names belong together by name. Others do by their order: equal ones, and between
    these ones of a class.
    """
    parts, others = a._parts(path), b._parts(other)
    if not parts or not others:
        inside = {at for at, *_ in plan_of(b).nodes}
        for at in [at for at, *_ in plan_of(a).nodes if at in inside]:
            yield join_path(path, at), join_path(other, at)
        return
    yield path, other
    names, rest = (
        {at[len(path) :]: one for at, one in parts},
        [at[len(other) :] for at, _ in others],
    )
    if any(name in names and not name.endswith("]") for name in rest):
        pairs = [([*names].index(name), at) for at, name in enumerate(rest) if name in names]
    else:
        pairs = [*in_order([one for _, one in parts], [one for _, one in others])]
    for one, two in sorted(pairs):
        yield from aligned(parts[one][1], others[two][1], parts[one][0], others[two][0])


def in_order(layers: Sequence[Layer], others: Sequence[Layer]) -> Iterator[tuple[int, int]]:
    """Yield the places of layers in a row that belong together."""
    if len(layers) * len(others) > LARGEST:
        yield from [(at, at) for at in range(min(len(layers), len(others)))]
        return
    texts = [*map(repr, layers)], [*map(repr, others)]
    for tag, *ends in SequenceMatcher(None, *texts, False).get_opcodes():
        gap, gap_there = range(*ends[:2]), range(*ends[2:])
        if tag == "equal":
            yield from zip(gap, gap_there, strict=True)
            continue
        kinds = [type(layers[at]) for at in gap], [type(others[at]) for at in gap_there]
        for kind, *inner in SequenceMatcher(None, *kinds, False).get_opcodes():
            one, two = gap[slice(*inner[:2])], gap_there[slice(*inner[2:])]
            if kind == "equal" or len(one) == len(two):
                yield from zip(one, two, strict=True)
