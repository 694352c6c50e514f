"""Networks read from ONNX files against what came out of the nodes of these when they were run."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.readers._onnx import reading_of
from paramcalc.readers._onnx.file import parsed
from paramcalc.readers._onnx.values import Flow

GOLDEN: dict[str, Any] = json.loads(
    gzip.decompress(Path(__file__).with_name("onnx_files.json.gz").read_bytes())
)
REFUSED = {
    "Softplus dynamo": "node n10 (Where): merges values by Where",
    "shared by two kinds": "tensor 'w': is used by n2, n0 in ways that differ",
    "upsample 1d dynamo": "node node_GatherND_21 (GatherND): operator GatherND is not known",
}
"""What cannot be read, by the beginning of the error."""
FILES = {one["name"]: one for one in GOLDEN["files"]}


def test_golden_is_of_onnx_1_23_2_and_torch_2_13_0() -> None:
    assert GOLDEN["onnx"] == "1.23.2"
    assert GOLDEN["torch"].startswith("2.13.0")
    assert len(FILES) == len(GOLDEN["files"]) == 304
    assert sum([len(one["values"]) for one in GOLDEN["files"]]) > 3500
    assert FILES["resnet50 open"]["count"] == 25_557_032


@pytest.mark.parametrize("name", [name for name in FILES if name not in REFUSED])
def test_a_network_has_the_count_and_the_shapes_of_its_file(name: str) -> None:
    golden = FILES[name]
    data = golden["file"].encode("latin-1")
    network = pc.readers.onnx(data)
    outputs = [network.output_shape()] if not isinstance(network, pc.Graph) else None
    if isinstance(network, pc.Graph):
        outputs = [*network.output_shapes().values()]
    assert [[*shape] for shape in outputs or ()] == golden["outputs"]
    assert network.num_params() == golden["count"]
    assert eval(repr(network), vars(pc) | {one: getattr(pc, one) for one in pc.__all__}) == network  # noqa: S307
    values = reading_of(parsed(data), None, {}).values
    known = [(values.get(one), shape) for one, shape in golden["values"]]
    compared = [(one.shape, tuple(shape)) for one, shape in known if isinstance(one, Flow)]
    for ours, theirs in compared:
        assert ours == theirs
    assert len(compared) >= len(golden["values"]) // 3


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str) -> None:
    with pytest.raises(pc.ReadError) as caught:
        pc.readers.onnx(FILES[name]["file"].encode("latin-1"))
    assert str(caught.value).startswith(REFUSED[name])
