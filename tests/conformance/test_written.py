"""What is written for torch and Keras against what they say when it is run.

A source that changes in any character has to be run again: make_written.py does so.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.zoo.swin import WindowAttention

GOLDEN = Path(__file__).with_name("written.jsonl.gz")
with gzip.open(GOLDEN, "rt", encoding="utf-8") as file:
    HEAD, *CASES = map(json.loads, file)
OWN = {"WindowAttention": WindowAttention}
PARTS = range(0, len(CASES), 100)


def test_the_golden_is_what_it_should_be() -> None:
    assert {name: one.partition("+")[0] for name, one in HEAD.items()} == {
        "torch": "2.13.0",
        "keras": "3.15.1",
    }
    assert len(CASES) > 1800
    assert sum(case["torch"] is not None for case in CASES) > 1700
    assert sum(case["keras"] is not None for case in CASES) > 1400
    assert GOLDEN.stat().st_size < 150_000


@pytest.mark.parametrize("start", PARTS)
@pytest.mark.parametrize("framework", ["torch", "keras"])
def test_shapes_and_counts_are_those_of_the_framework(framework: str, start: int) -> None:
    for case in CASES[start : start + 100]:
        network: Any = pc.readers.parse(case["network"], layers=OWN)
        shape = case["shape"]
        if case[framework] is None:
            with pytest.raises(pc.ParamcalcError, match=" has no "):
                getattr(pc.write, framework)(network, shape)
            continue
        mark, count, outputs = case[framework]
        source = getattr(pc.write, framework)(network, shape)
        assert hashlib.sha256(source.encode()).hexdigest()[:16] == mark, "run make_written.py"
        assert network.num_params(shape) == count
        if isinstance(network, pc.Graph):
            shapes = [*network.output_shapes(shape).values()]
        else:
            shapes = [network.output_shape(shape)]
        assert [list(one) for one in shapes] == outputs


def test_what_is_written_for_torch_is_read_again() -> None:
    """Some of it is refused, such as a mask, or skips in a network whose input is not stated."""
    written, read = 0, 0
    for case in CASES[::8]:
        shape: Any = case["shape"]
        if case["torch"] is None or "WindowAttention" in case["network"]:
            continue
        source = pc.write.torch(pc.readers.parse(case["network"]), shape)
        if isinstance(shape, dict):
            named: dict[str, Any] = case["shape"]
            shape = {"inputs" if name == "input" else name: one for name, one in named.items()}
        written += 1
        try:
            network: Any = pc.readers.torch(source, "model", input_shape=shape)
        except pc.ReadError:
            continue
        read += 1
        _, count, outputs = case["torch"]
        assert network.num_params(shape) == count
        ends = network.output_shapes(shape).values() if isinstance(network, pc.Graph) else ()
        assert list(map(list, ends or [network.output_shape(shape)])) == outputs
    assert read / written > 0.85
