"""Memory against what torch really keeps, read from what it answered."""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc import _stored, zoo
from paramcalc.layers import activation
from paramcalc.results import Optimizer

GOLDEN: dict[str, Any] = json.loads(Path(__file__).with_name("saved.json").read_text("utf-8"))
IMAGE = (3, 224, 224)
RESNET = zoo.resnet50()
STEPS = pc.trace(RESNET, IMAGE)


def shapes_of(*kinds: type[pc.Layer]) -> Counter[tuple[int, ...]]:
    """The output shapes of layers of some kinds, with how often."""
    return Counter([step.output_shape for step in STEPS if isinstance(step.layer, kinds)])


def test_the_golden_is_what_it_should_be() -> None:
    assert GOLDEN["torch"].startswith("2.13.0")
    assert GOLDEN["torchvision"].startswith("0.29.2")
    assert len(GOLDEN["operations"]) == 175
    assert len(GOLDEN["saved"]) == len(GOLDEN["saved_in_place"]) == 212
    assert len(GOLDEN["peaks"]) == 7
    assert set(GOLDEN["states"]) == set(_stored.OPTIMIZERS) - {"lion"}


def test_outputs_are_torchs() -> None:
    """A global pooling is two operations there, and a skip connection is none."""
    theirs = Counter([tuple(shape) for _, shape in GOLDEN["operations"]])
    ours = Counter([step.output_shape for step in STEPS]) - shapes_of(pc.Identity)
    assert theirs - ours == Counter([(2048, 1, 1)])
    assert not ours - theirs


def test_weights_gradients_and_adams_state() -> None:
    used = pc.memory(RESNET, IMAGE, optimizer="adam")
    assert used.parameter_bytes == used.gradient_bytes == 4 * 25_557_032
    assert used.optimizer_bytes == 2 * 4 * 25_557_032


def saved(key: str = "saved") -> Counter[tuple[int, ...]]:
    """The shapes of the activations that torch keeps, without the batch of one.

    A batch normalization keeps two vectors beside, and a max pooling its indices, in int64.
    """
    tensors: list[tuple[str, list[int]]] = GOLDEN[key]
    vectors = [shape for _, shape in tensors if len(shape) == 1]
    assert len(vectors) == 2 * sum(shapes_of(pc.BatchNorm).values())
    indices = [shape for dtype, shape in tensors if dtype == "torch.int64"]
    assert indices == [[1, 64, 56, 56]]
    return Counter(
        [tuple(shape[1:]) for dtype, shape in tensors if len(shape) > 1 and dtype != "torch.int64"]
    )


@pytest.mark.parametrize("in_place", [False, True])
def test_what_torch_keeps_are_outputs_and_the_input(in_place: bool) -> None:
    """Those of convolutions, activations and poolings; for nobody needs what others give."""
    kinds = pc.Conv2d, pc.Activation, pc.Pool, pc.GlobalPool
    found = saved("saved_in_place" if in_place else "saved")
    assert found == shapes_of(*kinds) + Counter([IMAGE])
    used = pc.memory(RESNET, IMAGE, in_place=in_place)
    assert used.output_bytes == 4 * sum(prod(step.output_shape) for step in STEPS)
    sizes = [prod(shape) * (8 if dtype == "torch.int64" else 4) for dtype, shape in GOLDEN["saved"]]
    assert used.activation_bytes == sum(sizes)


@pytest.mark.parametrize("name", GOLDEN["peaks"])
def test_the_peak_is_that_of_torchs_graph(name: str) -> None:
    """DenseNet is left out: torchvision's holds a list of all outputs, and no branches."""
    network = getattr(zoo, name)()
    peaks = [pc.memory(network, IMAGE, in_place=one).peak_bytes for one in (False, True)]
    assert peaks == GOLDEN["peaks"][name]


@pytest.mark.parametrize("name", GOLDEN["states"])
def test_states_are_those_of_torchs_optimizers(name: Optimizer) -> None:
    for shape, number in GOLDEN["states"][name]:
        assert sum(_stored.state_sizes(name, tuple(shape))) == number


def test_what_can_write_over_its_input_is_torchs() -> None:
    activations = [name for name in GOLDEN["in_place"] if "Dropout" not in name]
    assert {name.lower() for name in activations} == set(activation.OVERWRITING)
