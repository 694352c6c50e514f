"""Operations by TensorFlow's profiler, against what it counts: make_costs_keras.py."""

from __future__ import annotations

from typing import Any

import pytest
from test_costs import network, read

import paramcalc as pc

HEADER, *LINES = read("costs_keras")
LAYERS = sorted({line["case"][0] for line in LINES if len(line["case"]) > 1})
REFUSED = {"InstanceNorm", "LayerNorm", "RMSNorm", "Reshape", "Crop", "TimeDistributed", "Upsample"}
"""Keras takes some of these that paramcalc refuses, such as a norm over one position."""


def test_the_golden_is_what_it_should_be() -> None:
    assert HEADER == {"tensorflow": "2.21.0", "keras": "3.15.1"}
    assert len(LAYERS) > 35


def is_explained(case: list[Any], more: int) -> bool:
    """Whether paramcalc may count more than the profiler."""
    layer, fields, shape = case
    if layer == "Add":  # Grappler takes equal summands together, if others are smaller.
        names = [str(one) for one in fields["layers"]]
        return more > 0 and len(set(names)) < len(names) > 2
    # Here a convolution with a group per channel is Keras's DepthwiseConv2D.
    return layer in ("Conv1d", "Conv2d") and fields.get("groups") == shape[-1] and more > 0


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_cost_what_the_profiler_says(layer: str) -> None:
    compared = 0
    for line in [one for one in LINES if one["case"][0] == layer]:
        try:
            net = network(line["case"])
        except pc.ParamcalcError:
            assert layer in REFUSED
            continue
        figure, compared = line["costs"]["tensorflow"], compared + 1
        found = pc.flops(net, convention="tensorflow").num_ops
        assert found == figure or is_explained(line["case"], found - figure), line["case"]
    assert compared >= 12


LESS_IN_KERAS = {
    "EfficientNetB0": (-150_516, "the input is scaled and normalized first"),
    "ConvNeXtTiny": (209_911_293, "its depthwise convolutions are grouped ones"),
}
"""By how much the profiler counts less than here, and why."""
MODELS = {one["name"]: one["model"] for one in read("read_keras")}


@pytest.mark.parametrize("line", [one for one in LINES if len(one.get("case", "xx")) == 1], ids=str)
def test_keras_applications_cost_what_the_profiler_says(line: dict[str, Any]) -> None:
    (name,) = line["case"]
    found = pc.flops(pc.readers.keras(MODELS[name]), convention="tensorflow").num_ops
    assert found - LESS_IN_KERAS.get(name, (0, ""))[0] == line["costs"]["tensorflow"]
