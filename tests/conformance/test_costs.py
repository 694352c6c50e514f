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
NETWORKS = ("alexnet", "vgg16", "resnet50", "mobilenet_v2")


def test_the_golden_is_what_it_should_be() -> None:
    assert set(GOLDEN["tools"]) == {"fvcore", "torchinfo", "tensorflow"}
    assert len(GOLDEN["cases"]) == 80
    assert len(CASES) == 80 + 80 + 78
    for figures in GOLDEN["tools"].values():
        assert set(figures["networks"]) == set(NETWORKS)


@pytest.mark.parametrize(("tool", "name"), CASES)
def test_layers_cost_what_the_tool_says(tool: str, name: str) -> None:
    case, figure = GOLDEN["cases"][name], GOLDEN["tools"][tool]["layers"][name]
    network = eval(case["network"], NAMES)  # noqa: S307  # the golden is ours
    shape = tuple(case["input_shape"])
    assert pc.flops(network, shape, convention=tool).num_flops == figure


@pytest.mark.parametrize("tool", GOLDEN["tools"])
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_cost_what_the_tool_says(tool: str, name: str) -> None:
    found = pc.flops(getattr(zoo, name)(), (3, 224, 224), convention=tool)
    assert found.num_flops == GOLDEN["tools"][tool]["networks"][name]
