"""What is kept for the backward pass of training."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from paramcalc._stored import added_up, num_bytes
from paramcalc._trace import Step, outermost
from paramcalc.formulas._term import Term
from paramcalc.layers._saved import OUTPUT, WEIGHTS, Saved

Key = int | tuple[int, int]
"""The step whose memory a tensor is in, or the step and the number of one of its own."""


class Kept(NamedTuple):
    """A tensor that is kept: by which step first, its values, and their bits."""

    step: int
    size: int
    """The number of values per example."""
    fixed: int
    """The number of values besides, whatever the batch."""
    bits: int

    def values(self, batch: int) -> int:
        """The number of all values."""
        return self.size * batch + self.fixed

    def num_bytes(self, batch: int) -> int:
        """The bytes of all of them."""
        return num_bytes(self.values(batch), self.bits)


def bytes_of(tensors: Sequence[Kept], batch: int, symbol: str) -> int:
    """The bytes of tensors, with the working for each number of bits."""
    piles: dict[int, list[Kept]] = {}
    for one in tensors:
        piles.setdefault(one.bits, []).append(one)
    parts: list[tuple[int, list[int], int]] = []
    for bits, pile in piles.items():
        mark = "" if len(piles) == 1 else f"_{bits}"
        values = Term(sum([one.size for one in pile]), f"{symbol}{mark}") * Term(batch, "n")
        fixed = sum([one.fixed for one in pile])
        if fixed:
            values += Term(fixed, f"S{mark}")
        parts.append((bits, [one.values(batch) for one in pile], values))
    return added_up(parts)


def enter(found: dict[Key, Kept], key: Key, one: Kept) -> None:
    """Enter a tensor, once; an input may be read as indices, of more bits, by some layers alone."""
    known = found.setdefault(key, one)
    if known.bits < one.bits:
        found[key] = known._replace(bits=one.bits)


class Backward:
    """The tensors that each step of a training network keeps.

    Args:
        steps: the steps.
        owners: the step whose memory holds each output, in training.
        sizes: the number of values of each output, and at -1 and below of the inputs.
        bits: likewise the bits of a value.
        trained: whether each step has weights that are trained.
        batch: the number of examples.
    """

    def __init__(
        self,
        steps: Sequence[Step],
        owners: dict[int, int],
        sizes: Sequence[int],
        bits: Sequence[int],
        trained: Sequence[bool],
        batch: int,
    ) -> None:
        self.steps, self.owners, self.batch = steps, owners, batch
        self.sizes, self.bits = sizes, bits
        self.has_gradient: list[bool] = []
        self.saved: list[dict[Key, Kept]] = []
        for number, step in enumerate(steps):
            given = [at >= 0 and self.has_gradient[at] for at in step.inputs]
            self.has_gradient.append(trained[number] or any(given))
            found: dict[Key, Kept] = {}
            if self.has_gradient[number]:
                shapes = step.merged or (step.input_shape,)
                for one in step.layer._saved(shapes, step.output_shape):
                    wanted = (
                        one.wanted is None
                        or (WEIGHTS in one.wanted and trained[number])
                        or any(given[at] for at in one.wanted if at != WEIGHTS)
                    )
                    if wanted:
                        self.add(found, number, one)
            self.saved.append(found)

    def add(self, found: dict[Key, Kept], number: int, one: Saved) -> None:
        """Enter a tensor that a step keeps, but for weights."""
        step, key = self.steps[number], (number, len(found))
        bits = max(one.bits or 0, self.bits[number])
        at = number if one.source in (None, OUTPUT) else step.inputs[one.source]
        is_copied = one.bits > self.bits[at] if one.bits else self.batch > 1
        if one.source is None or (one.size and is_copied):
            found[key] = Kept(number, one.size, one.fixed, bits)
            return
        owner, layer = self.owners.get(at, at), step.layer._bare
        is_overwritten = layer._overwrites and at != number and self.owners[number] == owner
        if is_overwritten and not layer._inverts:
            found[key] = Kept(number, prod(step.input_shape), 0, bits)
        elif self.sizes[owner]:
            found[owner] = Kept(number, self.sizes[owner], 0, max(one.bits or 0, self.bits[owner]))

    def at_once(self, parts: frozenset[str]) -> list[Kept]:
        """What is in memory when the backward pass needs most; each tensor once.

        Of a recomputed part its inputs are kept. But when its turn comes, what is kept inside it
        is there again, so that of the largest part counts as well: Chen and others, "Training
        Deep Nets with Sublinear Memory Cost", equation 1; torch 2.13 `torch.utils.checkpoint`.
        """
        part_of = [outermost(step.path, parts) for step in self.steps]
        found: dict[Key, Kept] = {}
        inside: dict[str, dict[Key, Kept]] = {}
        for number, part in enumerate(part_of):
            saved = self.saved[number]
            if part is not None:
                for key, one in saved.items():
                    enter(inside.setdefault(part, {}), key, one)
                saved = self.read(number, part, part_of)
            for key, one in saved.items():
                enter(found, key, one)
        rest: list[list[Kept]] = []
        for tensors in inside.values():
            rest.append([one for key, one in tensors.items() if key not in found])
            for key in tensors.keys() & found.keys():
                enter(found, key, tensors[key])
        sizes = [sum([one.num_bytes(self.batch) for one in part]) for part in rest]
        most = rest[sizes.index(max(sizes))] if rest else []
        return [*found.values(), *most]

    def read(self, number: int, part: str, part_of: list[str | None]) -> dict[Key, Kept]:
        """What a step of a recomputed part reads from outside, for gradients."""
        if not self.has_gradient[number]:
            return {}
        outside = [at for at in self.steps[number].inputs if at < 0 or part_of[at] != part]
        owners = [self.owners.get(at, at) for at in outside]
        saved = self.saved[number]
        return {
            owner: saved.get(owner, Kept(number, self.sizes[owner], 0, self.bits[owner]))
            for owner in owners
            if self.sizes[owner]
        }
