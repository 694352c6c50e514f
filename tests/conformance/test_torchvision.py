"""The zoo's tensors against those of torchvision's networks, read from what it made of them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from paramcalc import zoo

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress(Path(__file__).with_name("torchvision.json.gz").read_bytes())
)


def test_golden_is_of_torchvision_0_21_0_with_26_networks() -> None:
    assert GOLDEN["torchvision"].startswith("0.21.0")
    assert len(GOLDEN["networks"]) == 26
    assert len(GOLDEN["networks"]["resnet50"]["parameters"]) == 161
    assert len(GOLDEN["networks"]["densenet121"]["parameters"]) == 364


@pytest.mark.parametrize("name", GOLDEN["networks"])
def test_tensors_of_a_zoo_network_are_torchvisions(name: str) -> None:
    """Paths differ, and so may the order: theirs is that of definition, here it is of use."""
    golden = GOLDEN["networks"][name]
    tensors = getattr(zoo, name)().parameters()
    assert len({one.name for one in tensors}) == len(tensors)
    for kind, trainable in [("parameters", True), ("buffers", False)]:
        named = [(last(key), tuple(shape[last(key) in BATCHED :])) for key, shape in golden[kind]]
        theirs = Counter([(RENAMED.get(key, key), shape) for key, shape in named])
        ours = [(last(one.name), one.shape) for one in tensors if one.trainable == trainable]
        assert Counter(ours) == theirs


RENAMED = {"layer_scale": "gamma"}
"""What is called otherwise: `Scale` calls its tensor as timm and Keras do."""


BATCHED = {"class_token", "pos_embedding"}
"""What begins with an axis of 1 for the batch there."""


def last(name: str) -> str:
    """What a tensor is called within its layer."""
    return name.rpartition(".")[2]
