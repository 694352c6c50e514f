"""Which memory holds each output, and how much is in use while each layer runs at inference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import prod

from paramcalc._trace import Step
from paramcalc.layers._base import Shape


def owners_of(steps: Sequence[Step], in_place: bool, training: bool = False) -> dict[int, int]:
    """The step whose memory holds each output; -1 and below are the network's inputs.

    A view shares the memory of its input. So does the output of a layer that works in place, which
    is allowed if no other branch reads that input.
    """
    readers = Counter([source for step in steps for source in step.inputs])
    owners: dict[int, int] = {}
    shared = {one for one, times in readers.items() if one < 0 and times > 1}
    for number, step in enumerate(steps):
        before = step.inputs[0] if step.inputs else number  # Nothing is read by `Parameters`.
        layer, owner = step.layer._bare, owners.setdefault(before, before)
        is_view = layer._is_view and not (training and layer._drops)
        is_overwritten = in_place and layer._overwrites and owner not in shared
        owners[number] = owner if is_view or is_overwritten else number
        if readers[number] > 1:
            shared.add(owners[number])
    return owners


def live_sizes(
    steps: Sequence[Step], owners: dict[int, int], sizes: Sequence[int], ends: Sequence[int]
) -> list[int]:
    """The bytes in use while each step runs, found by a scan backwards over the steps.

    An output is in use from its own step to the last one that reads it; those of the network, at
    `ends`, stay. `sizes` are the bytes of the outputs and, at -1 and below, of the inputs.
    """
    live = {owners.get(one, one) for one in ends}
    in_use = sum([sizes[one] for one in live])
    found: list[int] = []
    for number in reversed(range(len(steps))):
        needed = {owners.get(one, one) for one in (number, *steps[number].inputs)} - live
        in_use += sum([sizes[one] for one in needed])
        live |= needed
        found.append(in_use)
        if owners[number] == number:  # Nothing before it is held there.
            live.remove(number)
            in_use -= sizes[number]
    return found[::-1]


def output_sizes(steps: Sequence[Step], given: Sequence[Shape]) -> list[int]:
    """The number of values of each output, and at -1 and below of the inputs, `given`.

    The output of `Parameters`, which read nothing, is among the weights.
    """
    outputs = [prod(step.output_shape) if step.inputs else 0 for step in steps]
    return outputs + [prod(shape) for shape in reversed(given)]
