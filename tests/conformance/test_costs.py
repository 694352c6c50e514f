"""Operations by the tools' conventions, against the figures the tools print: make_costs.py."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc import zoo

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("costs.json").read_text("utf-8"))
NAMES = {name: getattr(pc, name) for name in pc.__all__}
CASES = [
    (tool, name)
    for tool, figures in GOLDEN["tools"].items()
    for name, figure in figures["layers"].items()
    if figure is not None
]
ROUNDED = {"alexnet": 24, "vgg16": 24, "resnet50": -6504, "mobilenet_v2": -104}
"""What Flax prints more: XLA adds up in single precision."""


def test_the_golden_is_what_it_should_be() -> None:
    assert set(GOLDEN["tools"]) == {"fvcore", "torchinfo", "flax", "tensorflow"}
    assert len(GOLDEN["cases"]) == 80
    assert len(CASES) >= 4 * 76
    for figures in GOLDEN["tools"].values():
        assert set(figures["networks"]) == set(ROUNDED)


@pytest.mark.parametrize(("tool", "name"), CASES)
def test_layers_cost_what_the_tool_says(tool: str, name: str) -> None:
    case, figure = GOLDEN["cases"][name], GOLDEN["tools"][tool]["layers"][name]
    network = eval(case["network"], NAMES)  # noqa: S307  # the golden is ours
    shape = tuple(case["input_shape"])
    assert pc.flops(network, shape, convention=tool).num_flops == figure


@pytest.mark.parametrize("tool", GOLDEN["tools"])
@pytest.mark.parametrize("name", ROUNDED)
def test_networks_cost_what_the_tool_says(tool: str, name: str) -> None:
    figure = GOLDEN["tools"][tool]["networks"][name]
    more = ROUNDED[name] if tool == "flax" else 0
    found = pc.flops(getattr(zoo, name)(), (3, 224, 224), convention=tool)
    assert found.num_flops == figure - more
