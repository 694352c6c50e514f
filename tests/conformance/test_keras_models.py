"""Models as Keras writes them: each layer, its shape and what it keeps, against Keras itself."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc._counterparts import counterparts
from paramcalc.readers._build import identifier

HERE = Path(__file__).parent


def lines_of(framework: str) -> list[dict[str, Any]]:
    with gzip.open(HERE / f"read_{framework}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


CASES = lines_of("keras") + lines_of("tf_keras")
NAMES = [f"{case['name']}-{case['keras']}" for case in CASES]
LATER = {"time_distributed": "TimeDistributed", "conv_lstm": "ConvLSTM2D"}
"""Models with layers that the table of counterparts need not have."""
KNOWN = {one.name for one in counterparts("keras")}
SHAPES: dict[str, Any] = {"open_lengths": (16, 24, 3), "MobileNetV3Small": (224, 224, 3)}
GRAPHS = {
    *("NASNetMobile", "operations", "shared_layers", "siamese", "transformer", "two_outputs"),
    *("channels_first", "one_and_three_axes"),
}


def read(case: dict[str, Any]) -> Any:
    return pc.readers.keras(case["model"], input_shape=SHAPES.get(case["name"]))


def owner(path: str, names: set[str]) -> str:
    """The layer of Keras at a path, or the one that it is a part of."""
    for part in reversed([one for one in re.split(r"[.\[\]]+", path) if not one.isdecimal()]):
        while part not in names and "_" in part:
            part = part.rpartition("_")[0]
        if part in names:
            return part
    return ""


def fits(shape: pc.Shape, wanted: list[int | None]) -> bool:
    pairs = zip(shape, wanted, strict=False)
    return len(shape) == len(wanted) and all(one in (None, own) for own, one in pairs)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_network_is_that_of_keras(case: dict[str, Any]) -> None:
    kind = LATER.get(case["name"], "")
    if kind and f"layers.{kind}" not in KNOWN:
        with pytest.raises(pc.ReadError, match=f"{kind} is not known"):
            read(case)
        return
    network = read(case)
    assert isinstance(network, pc.Graph) == (case["name"] in GRAPHS)
    steps = pc.trace(network)
    names = {identifier(name) for name, *_ in case["layers"]}
    found: dict[str, list[pc.results.Step]] = {name: [] for name in [*names, ""]}
    for step in steps:
        found[owner(step.path, names)].append(step)
    for name, shapes, *kept in case["layers"]:
        own = found[identifier(name)]
        values = [one for step in own for one in step.parameters]
        trained = [sum(one.size for one in values if one.trainable is is_) for is_ in (True, False)]
        assert trained == kept, name
        if own and shapes:
            assert any(fits(own[-1].output_shape, shape) for shape in shapes), name
    values = [one for step in steps for one in step.parameters]
    total = [sum(one.size for one in values if one.trainable is is_) for is_ in (True, False)]
    assert total == case["count"]
    assert network.num_params() == total[0]
    ends = (
        network.output_shapes() if isinstance(network, pc.Graph) else {"": network.output_shape()}
    )
    assert len(ends) == len(case["outputs"])
    assert all(map(fits, ends.values(), case["outputs"]))


def test_goldens_are_of_both_formats() -> None:
    assert {case["keras"] for case in CASES} == {"3.15.1", "2.21.0"}
    assert len(CASES) == 39
    layers = [layer for case in CASES for layer in case["model"]["config"]["layers"]]
    nodes = [node for layer in layers for node in layer.get("inbound_nodes", [])]
    assert {type(node) for node in nodes} == {dict, list}
