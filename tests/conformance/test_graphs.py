"""Random graphs against what torch made of them."""

from __future__ import annotations

import gzip
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc

GOLDEN = Path(__file__).with_name("graphs.jsonl.gz")
with gzip.open(GOLDEN, "rt", encoding="utf-8") as file:
    HEAD, *CASES = map(json.loads, file)
LAYERS: dict[str, Any] = {
    "conv": partial(pc.Conv1d, None),
    "pool": partial(pc.Pool, mode="avg"),
    "norm": pc.BatchNorm,
    "slice": pc.Slice,
    "add": pc.Add,
    "multiply": pc.Multiply,
    "concat": pc.Concat,
    "concat_lengths": partial(pc.Concat, dim=1),
}


def build(case: dict[str, Any]) -> tuple[pc.Graph, list[pc.Tensor]]:
    """The graph of a case, and all its tensors."""
    inputs = [pc.Input(shape)() for shape in case["inputs"]]
    made: list[pc.Tensor] = []
    nodes: list[tuple[str, dict[str, Any], list[int]]] = case["nodes"]
    for name, fields, reads in nodes:
        read: list[pc.Tensor] = [made[at] if at >= 0 else inputs[-1 - at] for at in reads]
        layer: pc.Layer = LAYERS[name](**fields)
        made.append(layer(*read))
    ends: list[int] = case["outputs"]
    return pc.Graph(inputs, [made[at] for at in ends]), made


def test_the_golden_is_what_it_should_be() -> None:
    assert HEAD["torch"].startswith("2.13.0")
    assert len(CASES) == 400
    assert sum(len(case["inputs"]) > 1 for case in CASES) > 80
    assert sum(len(case["outputs"]) > 1 for case in CASES) > 80
    kinds = [name for case in CASES for name, _, _ in case["nodes"]]
    assert min(map(kinds.count, LAYERS)) > 100


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_shapes_and_counts_are_torchs(start: int) -> None:
    for case in CASES[start : start + 100]:
        graph, _ = build(case)
        shapes = [list(shape) for shape in graph.output_shapes().values()]
        assert shapes == case["shapes"], case
        assert graph.num_params() == case["num_params"], case
        assert sum(one.num_params for one in pc.trace(graph)) == case["num_params"]


@pytest.mark.parametrize("start", range(0, 400, 100))
def test_an_output_sees_what_has_a_gradient(start: int) -> None:
    for case in CASES[start : start + 100]:
        graph, _ = build(case)
        for place, (name, _) in enumerate(graph.inputs):
            field = pc.receptive_field(graph, of=name)
            for position, seen in case["seen"]:
                (found,) = field.interval(position, clipped=True)
                assert found == (seen[place] and tuple(seen[place])), (case, name, position)
