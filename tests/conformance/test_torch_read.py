"""What the reader of torch makes of sources, against what torch made of them."""

from __future__ import annotations

import gzip
import json
from ast import literal_eval
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from torch_sources import Idiom, idioms, rows
from torchvision_sources import TORCHVISION

import paramcalc as pc

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress(Path(__file__).with_name("torch_read.json.gz").read_bytes())
)
IDIOMS = idioms()
MERGES = pc.Add, pc.Concat, pc.Multiply, pc.MatMul
TABLES = {"gpt_causal": [(32 * 32, (16, 32))]}
"""Embeddings of 0, 1, 2 and so on, which are `Parameters` and a `Slice` here."""


def read(idiom: Idiom) -> Any:
    """The network of an idiom."""
    return pc.readers.torch(idiom.source, idiom.call or None, input_shape=idiom.given)


def layer_of(step: Any) -> Any:
    """The layer of a step, and whether it is frozen."""
    layer, is_frozen = step.layer, False
    while isinstance(layer, pc.Shared | pc.Frozen):
        is_frozen = is_frozen or isinstance(layer, pc.Frozen)
        layer = layer.layer
    return layer, is_frozen


def called(network: Any) -> Counter[tuple[int, tuple[int, ...]]]:
    """The parameters and the output of each layer that has tensors, without axes of 1."""
    found: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for step in pc.trace(network):
        layer, is_frozen = layer_of(step)
        if isinstance(layer, MERGES):
            continue
        sizes = [one.size for one in layer.parameters(step.input_shape) if one.trainable]
        if sizes:
            shape = tuple([one for one in step.output_shape if one > 1])
            found[0 if is_frozen else sum(sizes), shape] += 1
    return found


def test_the_golden_is_of_all_sources() -> None:
    assert GOLDEN["torch"].startswith("2.13.0")
    assert GOLDEN["idioms"].keys() == IDIOMS.keys()
    assert GOLDEN["torchvision"].keys() == TORCHVISION.keys()
    assert {code: list(literal_eval(one)) for code, _, one in rows("torch_ops.txt")} == (
        GOLDEN["functions"]
    )
    assert len(IDIOMS) == 101
    assert len(TORCHVISION) == 70


@pytest.mark.parametrize("name", IDIOMS)
def test_a_network_has_the_parameters_and_shapes_of_torch(name: str) -> None:
    golden, network = GOLDEN["idioms"][name], read(IDIOMS[name])
    assert sum(step.num_params for step in pc.trace(network)) == golden["parameters"]
    if isinstance(network, pc.Graph):
        shapes = list(network.output_shapes().values())
    else:
        shapes = [network.output_shape()]
        assert network.num_params() == golden["parameters"]
    assert [list(shape) for shape in shapes] == [one or [1] for one in golden["outputs"]]
    torchs = Counter(
        {
            (number, tuple([one for one in shape if one > 1])): times
            for number, shape, times in golden["layers"] or ()
        }
    )
    # Parameters without a layer are here alone.
    assert torchs - called(network) == Counter(dict.fromkeys(TABLES.get(name, ()), 1))
