"""The matrix product of two inputs."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from paramcalc.errors import show
from paramcalc.formulas import dense_macs
from paramcalc.layers._axes import broadcast
from paramcalc.layers._base import Form, Shape, Sources
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import layer
from paramcalc.layers._saved import Saved
from paramcalc.layers._windows import merged_sources


@layer
class MatMul(Builtin):
    """The matrix product of two inputs.

    In a `Graph` it is `x @ y`. The last axis of the first, of length k, meets the last but one of
    the second. Axes before these broadcast. It has no parameters, and k multiply-accumulates per
    value of the output.

    Source:
        torch 2.13 `torch.matmul`, with a batch; Keras 3 `ops.matmul`.

    Example:
        >>> import paramcalc as pc
        >>> queries, keys = pc.Input(12, 197, 64)(), pc.Input(12, 64, 197)()
        >>> (queries @ keys).shape
        (12, 197, 197)
    """

    _arity = 2, 2
    _is_merge = True

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first, second = outputs
        rule, before = "", broadcast(first[:-2], second[:-2])
        if min(len(first), len(second)) < 2:
            rule = "both inputs must have at least 2 axes"
        elif first[-1] != second[-2]:
            rule = "the last axis of the first must be the last but one of the second"
        elif before is None:
            rule = "axes before the last two must be equal or 1"
        if rule or before is None:
            raise self._misfit(f"{rule}, got {show(first)} and {show(second)}")
        return (*before, first[-2], second[-1])

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        first, second = merged_sources(before, output, None)
        return [(*first[:-1], None), (*second[:-2], None, second[-1])]

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """Each for the gradient of the other; one that is broadcast is mostly copied."""
        found: list[Saved] = []
        for at, one in enumerate(shapes):
            size = prod(output[:-2]) * prod(one[-2:]) * (one[:-2] != output[:-2])
            is_copy = size and prod(one[:-2]) > 1
            found.append(Saved(None if is_copy else at, size, wanted=(1 - at,)))
        return tuple(found)

    def _macs(self, shape: Shape | None, output: Shape | None, *_: Shape) -> int:
        first = self._needed(shape, "the number of multiply-accumulates")
        *others, last = self._needed(output, "that")
        return dense_macs(prod(others), first[-1], last)
