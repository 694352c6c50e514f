"""What a layer keeps for the backward pass of training."""

from __future__ import annotations

from typing import NamedTuple

WEIGHTS = -1
"""In `Saved.wanted`: what the gradients of weights need."""
OUTPUT = -1
"""In `Saved.source`: the output."""


class Saved(NamedTuple):
    """A tensor that is kept for the backward pass, as torch saves it.

    Args:
        source: which it is: an input by position, or `OUTPUT`; None is one of its own.
        size: the number of values per example of one of its own. With a source, it is a copy: of
            these bits, if the source has fewer; or rearranged, which one example does not need.
        fixed: the number of values that it has besides, whatever the batch.
        bits: of a value, if not those of an output.
        wanted: the inputs, by position, and `WEIGHTS`, whose gradients need it; None is any.
    """

    source: int | None = None
    size: int = 0
    fixed: int = 0
    bits: int | None = None
    wanted: tuple[int, ...] | None = None


INPUT = (Saved(0),)
"""The input alone."""
INT64, FLOAT32 = 64, 32


def own(size: int, *wanted: int, bits: int | None = None) -> Saved:
    """A tensor of its own, of so many values per example."""
    return Saved(size=size, bits=bits, wanted=wanted or None)
