"""Operations by the tools' conventions, against what the tools count: make_costs.py."""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from golden import make
from records import tuples

import paramcalc as pc
from paramcalc import zoo
from paramcalc.results import Convention

HERE = Path(__file__).parent
IMAGE = (3, 224, 224)


def read(name: str) -> list[dict[str, Any]]:
    with gzip.open(HERE / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


TORCH = read("costs")
LINES = TORCH[1:]
LAYERS = sorted({line["case"][0] for line in LINES if len(line["case"]) > 1})
MOVING = {"Reshape", "Permute", "Slice", "Flatten", "Crop", "Dropout"}


def relus(net: pc.Layer, shape: Any) -> int:
    """The values that activations make."""
    steps = [step for step in pc.trace(net, shape) if isinstance(step.layer, pc.Activation)]
    return sum([pc.Flatten().output_shape(step.output_shape)[0] for step in steps])


def shapes_of(layer: str, fields: dict[str, Any], shape: pc.Shape) -> list[pc.Shape]:
    """The inputs of a layer."""
    if layer == "DeformConv2d":
        conv = pc.Conv2d(**{key: one for key, one in fields.items() if key != "modulated"})
        taps, lengths = conv.kernel_size[0] * conv.kernel_size[1], conv.output_shape(shape)[1:]
        masks = [(taps, *lengths)] if fields["modulated"] else []
        return [shape, (2 * taps, *lengths), *masks]
    return [shape, fields["memory"]] if "memory" in fields else [shape]


def layer_of(name: str, fields: dict[str, Any]) -> pc.Layer:
    if name == "Chain":
        layers = [layer_of(*one) for one in fields["layers"]]
        parts = enumerate(layers)
        return pc.Sequential(
            [pc.freeze(one) if at in fields["frozen"] else one for at, one in parts]
        )
    return make(
        name.replace("WeightedAttention", "MultiheadAttention"),
        {key: one for key, one in fields.items() if key not in ("memory", "modulated")},
    )


def network(case: list[Any], after: bool = False, frozen: bool = False) -> pc.Layer:
    """The layer of a case on its inputs, perhaps after layers that train, and cost nothing."""
    name, fields, shape = case[0], {key: tuples(one) for key, one in case[1].items()}, case[2]
    inputs = [pc.Input(*one)() for one in shapes_of(name, fields, tuple(shape))]
    given = [pc.Scale(())(one) for one in inputs] if after else inputs
    if name == "MatMul":
        axes = [*range(len(shape))]
        return pc.Graph(inputs, given[0] @ pc.Permute((*axes[:-2], axes[-1], axes[-2]))(given[0]))
    layer = layer_of(name, fields)
    return pc.Graph(inputs, (pc.freeze(layer) if frozen else layer)(*given))


def explained(tool: Convention, case: list[Any], net: pc.Layer) -> int:
    """By how much the tool counts less for a reason that is not the layer's."""
    is_plain = case[0] in ("Conv1d", "Conv2d", "Conv3d")
    if tool == "fvcore" and is_plain and case[1].get("padding") == "valid":  # It is 0 here.
        return pc.flops(net, convention=tool).num_ops
    if tool == "ptflops" and "Transformer" in case[0]:  # relu is a function there, and not seen.
        return 2 * relus(net, None)
    if case[0] == "WeightedAttention" and tool in ("fvcore", "ptflops"):
        products = pc.flops(net).num_ops - pc.flops(net, convention="fvcore").num_ops
        fields, (length, _) = case[1:]
        softmax = fields["num_heads"] * length * (length + fields.get("add_bias_kv", False))
        return -products - (softmax if tool == "ptflops" else 0)
    return 0


def test_the_goldens_are_what_they_should_be() -> None:
    assert {name: TORCH[0][name].partition("+")[0] for name in TORCH[0]} == {
        "torchvision": "0.21.0",
        "torch": "2.13.0",
        "fvcore": "0.1.5.post20221221",
        "torchinfo": "1.8.0",
        "thop": "0.1.1-2209072238",
        "ptflops": "0.7.5",
    }
    assert len({json.dumps(line["case"]) for line in TORCH[1:]}) == len(TORCH) - 1
    cases = Counter([line["case"][0] for line in TORCH[1:] if len(line["case"]) > 1])
    few = {name for name, number in cases.items() if number < 100}
    assert few <= {*MOVING, "Activation", "ConvTranspose1d", "PixelShuffle", "PixelUnshuffle"}


@pytest.mark.parametrize("layer", LAYERS)
def test_layers_cost_what_the_tools_say(layer: str) -> None:
    compared: defaultdict[str, int] = defaultdict(int)
    for line in [one for one in LINES if one["case"][0] == layer]:
        try:
            net = network(line["case"])
        except pc.ParamcalcError:  # What would keep nothing is refused.
            assert layer in {*MOVING, "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"}
            continue
        for tool, figure in line["costs"].items():
            if figure is None:
                continue
            found, compared[tool] = pc.flops(net, convention=tool), compared[tool] + 1
            less = explained(tool, line["case"], net)
            said = figure[0] if tool == "torch" else figure
            assert found.num_ops - less == said, (tool, line["case"])
            if tool == "torch":
                check_training(line["case"], figure)
    assert sum(compared.values()) > 50


def check_training(case: list[Any], figure: list[int]) -> None:
    """The backward pass, first in a network, after what trains, and frozen."""
    nets = network(case), network(case, after=True), network(case, after=True, frozen=True)
    for net, said in zip(nets, figure[1:], strict=True):
        found = pc.flops(net, convention="torch", training=True)
        assert found.num_ops == said, (case, said)
        half = pc.flops(net, training=True)
        assert [2 * row.num_ops for row in half.rows] == [row.num_ops for row in found.rows]


FUNCTIONS = "it calls a function where a module is counted"
WINDOWS = "windowed attention gives the weights of its modules to functions"
LESS: dict[tuple[str, str], tuple[int, str]] = {
    ("thop", "convnext_tiny"): (4 * 828_672, "LayerNorm2d is a class of its own"),
    ("ptflops", "convnext_tiny"): (828_672, "LayerNorm2d is a class of its own"),
    ("thop", "densenet121"): (51_200, f"{FUNCTIONS}: the last pooling"),
    ("ptflops", "densenet121"): (2 * 50_176, f"{FUNCTIONS}: the last relu and pooling"),
    ("ptflops", "googlenet"): (3_226_160, f"{FUNCTIONS}: each relu"),
    ("thop", "inception_v3"): (985_568, f"{FUNCTIONS}: the average poolings in blocks"),
    ("ptflops", "inception_v3"): (5_924_496, f"{FUNCTIONS}: each relu, and poolings in blocks"),
    ("thop", "mobilenet_v2"): (64_000, f"{FUNCTIONS}: the last pooling"),
    ("ptflops", "mobilenet_v2"): (62_720, f"{FUNCTIONS}: the last pooling"),
    ("fvcore", "shufflenet_v2_x1_0"): (50_176, "a mean in place of a pooling"),
    ("thop", "shufflenet_v2_x1_0"): (51_200, "a mean in place of a pooling"),
    ("ptflops", "shufflenet_v2_x1_0"): (2 * 50_176, "a mean in place of a pooling"),
    ("torchinfo", "swin_t"): (8_667_162, f"{WINDOWS}: all parameters of attention"),
    ("thop", "swin_t"): (1_527_407_616, f"{WINDOWS}: all of attention"),
    ("ptflops", "swin_t"): (
        1_387_266_048 - 2_189_712,
        f"{WINDOWS}: the projections; the products are seen, and each softmax besides",
    ),
}
"""By how much a tool counts less in torchvision's networks than here, and why."""


@pytest.mark.parametrize("line", [one for one in TORCH if len(one.get("case", "xx")) == 1], ids=str)
def test_networks_cost_what_the_tools_say(line: dict[str, Any]) -> None:
    (name,) = line["case"]
    net = getattr(zoo, name)()
    for tool, figure in line["costs"].items():
        less = LESS.get((tool, name), (0, ""))[0]
        said = figure[0] if tool == "torch" else figure
        assert pc.flops(net, IMAGE, convention=tool).num_ops - less == said, tool
    after = [pc.Sequential(pc.Scale(()), one) for one in (net, pc.freeze(net))]
    for one, figure, less in zip((net, *after), line["costs"]["torch"][1:], (0, 0, 1), strict=True):
        trained = pc.flops(one, IMAGE, convention="torch", training=True)
        assert trained.num_ops + less * LESS_IF_FROZEN.get(name, 0) == figure


LESS_IF_FROZEN = {"swin_t": 2 * 140_141_568}
"""What is counted less here: its attention is a layer of one's own, and has products inside."""
