"""Deformable convolutions against what torchvision made of them: make_deform_convs.py."""

from __future__ import annotations

import gzip
import json
from math import prod
from pathlib import Path
from typing import Any

import pytest
from records import entries, tuples

import paramcalc as pc

GOLDEN = Path(__file__).with_name("deform_convs.jsonl.gz")
with gzip.open(GOLDEN, "rt", encoding="utf-8") as file:
    HEAD, *CASES = map(json.loads, file)
Answer = tuple[pc.Shape, dict[str, pc.Shape]] | None
"""The output shape and the tensors; None where it is refused."""


def theirs(case: dict[str, Any]) -> Answer:
    if case["output"] is None:
        return None
    return tuple(case["output"]), {name: tuple(shape) for name, shape in case["parameters"]}


def graph_of(fields: dict[str, Any], shapes: list[pc.Shape]) -> pc.Graph:
    """The layer with its offsets; if none are given, with the convolution that makes them."""
    groups, is_modulated = fields.pop("deform_groups", 1), fields.pop("modulated", False)
    conv = pc.DeformConv2d(**fields)
    inputs = [pc.Input(one)() for one in shapes]
    image, *others = inputs
    if not others:
        taps, dim = groups * prod(conv.kernel_size), -1 if fields.get("data_format") else 0
        theirs: dict[str, Any] = fields | {
            "out_channels": (2 + is_modulated) * taps,
            "groups": 1,
            "bias": True,
        }
        parts = pc.Conv2d(**theirs)(image, name="conv_offset").chunk(2 + is_modulated, dim)
        others = [pc.concat(*parts[:2], dim=dim), *map(pc.Activation("sigmoid"), parts[2:])]
    return pc.Graph(inputs, conv(image, *others, name="deform_conv"))


def ours(case: dict[str, Any]) -> Answer:
    fields = {key: tuples(one) for key, one in case["fields"].items()}
    try:
        net = graph_of(fields, [tuple(one) for one in case["shapes"]])
    except (pc.ParamcalcError, TypeError):
        return None
    (output,) = net.output_shapes().values()
    tensors = net.parameters()
    assert net.num_params() == sum([one.size for one in tensors])
    is_alone = len(case["shapes"]) == 1
    names = [one.name if is_alone else one.name.rpartition(".")[2] for one in tensors]
    return output, dict(zip(names, [one.shape for one in tensors], strict=True))


def pair(value: Any) -> tuple[Any, ...]:
    return entries(value) or (value, value)


def is_stricter(case: dict[str, Any]) -> bool:
    """Whether it is one of those that torchvision takes and paramcalc does not mean to."""
    fields, shape = case["fields"], case["shapes"][0]
    last = fields.get("data_format") == "channels_last"
    channels, lengths = (shape[-1], shape[:-1]) if last else (shape[0], shape[1:])
    size, padding = pair(fields["kernel_size"]), fields.get("padding", 0)
    sides = [sum(entries(one) or (one, one)) for one in pair(0 if padding == "valid" else padding)]
    axes = zip(lengths, sides, size, pair(fields.get("dilation", 1)), strict=False)
    return (
        # More channels than the layer states, as more groups.
        fields["in_channels"] not in (None, channels)
        # A third entry is not looked at.
        or len(size) != 2
        # The window is too large by less than a stride: it divides towards 0.
        or any(length + both < step * (taps - 1) + 1 for length, both, taps, step in axes)
        # There are no filters.
        or fields["out_channels"] == 0
    )


def test_the_golden_is_what_it_should_be() -> None:
    assert HEAD["torch"].startswith("2.13.0")
    assert HEAD["torchvision"].startswith("0.28.0")
    for is_alone in False, True:
        cases = [case for case in CASES if (len(case["shapes"]) == 1) == is_alone]
        assert len(cases) == 400
        assert 150 < sum(theirs(case) is not None for case in cases) < 300
    with_mask = [case for case in CASES if len(case["shapes"]) == 3 and theirs(case)]
    modulated = [case for case in CASES if case["fields"].get("modulated") and theirs(case)]
    assert min(len(with_mask), len(modulated)) > 40


@pytest.mark.parametrize("start", range(0, 800, 200))
def test_shapes_tensors_and_refusals_are_torchvisions(start: int) -> None:
    for case in CASES[start : start + 200]:
        here, there = ours(case), theirs(case)
        assert here == there or (here is None and is_stricter(case)), case


def test_few_are_refused_here_alone() -> None:
    assert 0 < sum(theirs(case) is not None and ours(case) is None for case in CASES) < 30
