"""What is kept for the backward pass, against the bytes of storages that torch keeps."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from records import tuples

import paramcalc as pc
from paramcalc import zoo

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("kept.json").read_text("utf-8"))
LAYERS: list[dict[str, Any]] = GOLDEN["layers"]
NETWORKS: list[dict[str, Any]] = GOLDEN["networks"]
WRITTEN_OUT = {"swin_t": "torchvision computes attention step by step, and keeps its weights"}
"""The networks that are another one in memory, and why."""


def test_the_golden_is_what_it_should_be() -> None:
    assert GOLDEN["torch"].startswith("2.13.0")
    numbers = Counter([case["layer"] for case in LAYERS])
    assert len(numbers) == 39
    assert min(numbers.values()) >= 20
    assert len({case["network"] for case in NETWORKS}) == 14
    assert len(NETWORKS) == 4 * 14


def network_of(case: dict[str, Any]) -> pc.Layer:
    """The layer; but for the first, after what has a gradient and keeps nothing."""
    fields = {key: tuples(one) for key, one in case["fields"].items() if key != "inplace"}
    layer: Any = getattr(pc, case["layer"])(**fields)
    shapes = [tuple(one) for one in case["inputs"]]
    names = [f"x{number}" for number in range(len(shapes))]
    inputs = dict(zip(names, shapes, strict=True))
    nodes: dict[str, Any] = {}
    if case["place"] != "first":
        for name, shape in inputs.items():
            nodes[f"{name}_p"] = (pc.Parameters(p=shape),)
            nodes[f"{name}_y"] = (pc.Add(), name, f"{name}_p")
        names = [f"{name}_y" for name in names]
    nodes["end"] = (pc.freeze(layer) if case["place"] == "frozen" else layer, *names)
    return pc.Graph(inputs, "end", nodes)


@pytest.mark.parametrize("name", sorted({case["layer"] for case in LAYERS}))
def test_layers_keep_what_torch_keeps(name: str) -> None:
    for case in LAYERS:
        if case["layer"] == name:
            used = pc.memory(
                network_of(case),
                batch_size=case["batch"],
                in_place=bool(case["fields"].get("inplace")),
                dtype="bfloat16" if case["place"] == "bfloat16" else "float32",
            )
            assert used.activation_bytes == case["bytes"], case
            assert sum(row.kept_bytes for row in used.rows) == case["bytes"]


@pytest.mark.parametrize("name", sorted({case["network"] for case in NETWORKS}))
def test_networks_keep_what_torch_keeps(name: str) -> None:
    """In training; whole, and with all but the last layer frozen."""
    network: pc.Layer = getattr(zoo, name)()
    for case in NETWORKS:
        if case["network"] != name:
            continue
        shape = tuple(case["shape"])
        weights = [step.path for step in pc.trace(network, shape) if step.num_params]
        used = pc.memory(
            network,
            shape,
            batch_size=2,
            in_place=case["in_place"],
            frozen=weights[:-1] if case["frozen"] else (),
        )
        if name in WRITTEN_OUT and not case["frozen"]:
            assert 0.7 * case["bytes"] < used.activation_bytes < case["bytes"]
        else:
            assert used.activation_bytes == case["bytes"], case
