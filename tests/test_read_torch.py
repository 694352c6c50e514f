"""Networks from source code of torch: what is read, what is refused and in which words."""

from __future__ import annotations

from ast import literal_eval
from typing import Any

import pytest
from torch_sources import blocks, idioms, rows

import paramcalc as pc

IDIOMS = idioms()


def forward(code: str, start: str = "pass") -> str:
    """A class whose `forward` returns a value."""
    lines = ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
    lines += [f"        {start}", "    def forward(self, x):", f"        return {code}"]
    return "\n".join(lines)


def answer(source: str, call: str | None, shape: Any, **more: Any) -> str:
    """What comes of a source, in a line."""
    try:
        network = pc.readers.torch(source, call, input_shape=shape, **more)
    except pc.ReadError as error:
        return str(error)
    return repr(network)


@pytest.mark.parametrize(("code", "before", "after"), rows("torch_ops.txt"))
def test_a_function_gives_the_shape_that_torch_gives(code: str, before: str, after: str) -> None:
    shape = literal_eval(before)
    network: Any = pc.readers.torch(forward(code), "Net()", input_shape=shape)
    assert network.output_shape() == (literal_eval(after) or (1,))


@pytest.mark.parametrize(("code", "shape", "expected"), rows("torch_refused.txt"))
def test_a_line_of_forward_is_refused_in_these_words(code: str, shape: str, expected: str) -> None:
    code, _, start = code.partition(" # ")
    found = answer(forward(code, start or "pass"), "Net()", literal_eval(shape))
    assert found.removeprefix("line 6: ") == expected


@pytest.mark.parametrize(("head", "source", "expected"), blocks("torch_blocks.txt"))
def test_a_source_is_read_or_refused_so(head: str, source: str, expected: str) -> None:
    _, call, shape, layers = [one.strip() for one in (head + "| |").split("|")][:4]
    given = eval(layers, {"pc": pc}) if layers else None  # noqa: S307  # it is that of the file
    assert answer(source, call or None, literal_eval(shape or "None"), layers=given) == expected


@pytest.mark.parametrize("name", IDIOMS)
def test_without_a_shape_the_network_is_the_same_or_refused(name: str) -> None:
    idiom = IDIOMS[name]
    whole = pc.readers.torch(idiom.source, idiom.call or None, input_shape=idiom.given)
    found = answer(idiom.source, idiom.call or None, None)
    if not found.startswith(("Sequential(", "Graph(")):
        assert "give input_shape" in found or "is no length" in found
        return
    network = pc.readers.torch(idiom.source, idiom.call or None)
    shape = next(iter(idiom.shapes.values()))
    assert network.num_params(shape) == whole.num_params()
    assert network.output_shape(shape) == whole.output_shape()
