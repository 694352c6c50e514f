"""Networks as text and as JSON, read back."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from layers import ROWS
from networks import Scale
from strategies import LAYERS, networks_and_shapes

import paramcalc as pc
from paramcalc import readers, zoo
from paramcalc.zoo.swin import WindowAttention

OWN = {"WindowAttention": WindowAttention}


def with_package(text: str, package: str) -> str:
    """The text with a package before the name of each layer."""
    return re.sub(r"\b(?=[A-Z]\w*\()", package, text)


@pytest.mark.parametrize("name", zoo.__all__)
def test_networks_of_the_zoo_come_back(name: str) -> None:
    network: pc.Layer = getattr(zoo, name)()
    text = repr(network)
    assert readers.parse(text, layers=OWN) == network
    spread = (
        text.replace("(", "(\n  # a comment, with ( and '\n  ")
        .replace(",", " ,\t")
        .replace("=", " = ")
    )
    assert readers.parse(spread, layers=OWN) == network
    if name != "swin_t":
        for package in ("pc.", "paramcalc."):
            assert readers.parse(with_package(text, package)) == network
        assert readers.from_json(readers.to_json(network)) == network


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_examples_of_all_layers_come_back(row: Any) -> None:
    for layer in row.examples():
        for one in (
            layer,
            *([] if layer._is_merge else [pc.Sequential(a=layer), pc.Frozen(layer)]),
        ):
            assert readers.parse(repr(one)) == one
            assert readers.from_json(readers.to_json(one)) == one


@given(LAYERS)
def test_layers_come_back(layer: pc.Layer) -> None:
    assert readers.parse(repr(layer)) == layer
    assert readers.from_json(readers.to_json(layer)) == layer


@given(networks_and_shapes())
def test_networks_come_back(case: tuple[pc.Sequential, pc.Shape]) -> None:
    network, shape = case
    x = pc.Input(shape)(name="x")
    for one in (network, pc.freeze(network), pc.Graph(x, network(x, name="y"))):
        assert readers.parse(repr(one)) == one
        assert readers.from_json(readers.to_json(one)) == one


def test_the_deepest_network_comes_back() -> None:
    network: pc.Layer = pc.Dense(4, 4)
    for _ in range(50):
        x = pc.Input(4)(name="x")
        network = pc.Graph(x, network(x, name="y"))
    assert readers.parse(repr(network)) == network
    assert readers.from_json(readers.to_json(network)) == network


TEXTS = {
    "": "the text ends too early",
    "# pc.Dense(4, 3)": "the text ends too early",
    "Dense": "Dense is not a number, a text, a tuple or a layer",
    "Dense(4, 3": "the text ends too early",
    "Dense(4, 3,": "the text ends too early",
    "Dense(4, 2 + 3)": "2 + 3 is not a number, a text, a tuple or a layer",
    "Dense(4, lambda: 3)": "lambda: 3 is not a number, a text, a tuple or a layer",
    "Dense(4, [one for one in x])": "one for one in x is not a number, a text, a tuple or a layer",
    "Dense(4, 3))": ") stands after the network",
    "Dense(4, 3)(x)": "( stands after the network",
    "Dense(4, 3) + 1": "+ 1 stands after the network",
    "Sequential(Dense(4, 3) Dense(3, 4))": "a comma or ) is missing before Dense",
    "Sequential(Dense(4, 3), *Dense)": "*Dense is not a number, a text, a tuple or a layer",
    "Graph({'x': (4,) 'y': (3,)})": "a comma or } is missing before 'y':",
    "(1, 2)": "( is not a layer",
    "'Dense(4, 3)'": "'Dense is not a layer",
    "Dense(4, out_features=3, out_features=3)": "out_features is given twice",
    "Dense(in_features=4, 3)": "3 has no name, but stands after what has one",
    "Graph({'x': (4,), 'x': (4,)})": "x is given twice",
    "Graph({3: (4,)})": "3: is not a name in quotes with a colon after it",
    "Graph({'x', 'y'})": "'x' is not a name in quotes with a colon after it",
    "Activation(b'relu')": "b'relu' is not a number, a text, a tuple or a layer",
    "Activation(f'{x}')": "f' is not a number, a text, a tuple or a layer",
    "Activation('re' 'lu')": "'re' 'lu' is not a number, a text, a tuple or a layer",
    r"Activation('\N{BULLET}')": r"'\N is not a number, a text, a tuple or a layer",
    r"Activation('\U99999999')": r"'\U99999999' is not a number, a text, a tuple or a layer",
    "Activation('relu": "'relu is not a number, a text, a tuple or a layer",
    "Dropout(1.2.3)": "1.2.3 is not a number, a text, a tuple or a layer",
    f"Dense(4, {'9' * 401})": f"{'9' * 81} is not a number, a text, a tuple or a layer",
    "Dense(4, 0x3)": "0x3 is not a number, a text, a tuple or a layer",
    "-Dense(4, 3)": "-Dense is not a number, a text, a tuple or a layer",
    "(" * 300: "brackets nest at most 200 deep",
    "Conv4d(3, 8, 3)": "no layer is named 'Conv4d': give it, as layers={'Conv4d': ...}",
    "torch.Dense(4, 3)": "no layer is named 'torch.Dense': give it, as layers={'torch.Dense': ...}",
    "os.system('x')": "no layer is named 'os.system': give it, as layers={'os.system': ...}",
    "Layer()": "no layer is named 'Layer': give it, as layers={'Layer': ...}",
    "freeze(Dense(4, 3))": "no layer is named 'freeze': give it, as layers={'freeze': ...}",
    "Conv2d(3, 8, 3, stride=0)": "Conv2d: stride must be at least 1 on every axis, got 0",
    "Dense(4, '3')": "Dense: out_features must be an int, got '3'",
    "Dense(4)": "Dense: out_features is missing; Dense(None, 4) takes in_features from the input",
}  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(pc.ReadError) as caught:
        readers.parse(text)
    assert str(caught.value) == f"line 1: {TEXTS[text]}"
    assert (caught.value.where, caught.value.problem) == ("line 1", TEXTS[text])


def test_an_error_names_the_line() -> None:
    text = "Sequential(\n  # first\n  Conv2d(\n    3, 8, 3, stride=0,\n  ),\n)"
    for one, line in (text, 3), (text.replace("0", "1 + 1"), 4), (text.replace("0,", "1"), 0):
        if line:
            with pytest.raises(pc.ReadError, match=f"^line {line}: "):
                readers.parse(one)
        else:
            assert readers.parse(one) == pc.Sequential(pc.Conv2d(3, 8, 3))


def linear(one: int, other: int, bias: bool = True) -> pc.Layer:
    return pc.Dense(one, other, bias)


def test_the_caller_supplies_layers() -> None:
    layers: dict[str, Any] = {
        "nn.ReLU": pc.Activation("relu"),
        "Linear": linear,
        "Conv2d": pc.Conv1d,
        "number": len,
    }
    text = (
        "Sequential(Linear(4, 3, bias=False), nn.ReLU(True), pc.Conv2d(1, 1, 1), Conv2d(1, 1, 1))"
    )
    wanted = (
        pc.Dense(4, 3, bias=False),
        pc.Activation("relu"),
        pc.Conv2d(1, 1, 1),
        pc.Conv1d(1, 1, 1),
    )
    assert readers.parse(text, layers=layers) == pc.Sequential(wanted)
    with pytest.raises(pc.ReadError) as caught:
        readers.parse("Sequential(number((1, 2)))", layers=layers)
    assert str(caught.value) == "line 1: layers['number'] must return a Layer, got 2"


def test_what_is_too_long_or_no_text_is_refused() -> None:
    read: Any
    for read in (readers.parse, readers.from_json):
        name = read.__name__
        with pytest.raises(pc.ReadError) as caught:
            read(" " * 1_000_001)
        assert (
            str(caught.value) == f"{name}: a text has at most 1,000,000 characters, got 1,000,001"
        )
        with pytest.raises(TypeError, match=f"{name}: text must be a str, got b'x'"):
            read(b"x")


DENSE = '{"type": "Dense", "in_features": 4, "out_features": 3}'
NO_DOCUMENT = 'a document is {"paramcalc": 1, "network": ...}'
NETWORKS = {
    "null": "from_json: network must be a Layer, got None",
    '{"a": [1]}': "from_json: network must be a Layer, got {'a': (1,)}",
    '{"type": "Dense", "out_features": 3}': "network: Dense: in_features is missing; "
    "None takes it from the input",
    '{"type": "Sequential", "layers": {"a": {"type": "Conv4d"}}}': "network.layers.a: no layer is "
    "named 'Conv4d'",
    '{"type": "Add", "layers": [{"type": "RepeatVector", "n": 0}]}': "network.layers[0]: "
    "RepeatVector: n must be at least 1, got 0",
    '{"type": "Add", "layers": 3}': "network: paramcalc._branches.Add() argument after * must be "
    "an iterable, not int",
}
DOCUMENTS = {
    "[1": "this is not JSON: Expecting ',' delimiter: line 1 column 3 (char 2)",
    "[" * 300: "brackets nest at most 200 deep",
    "[]": NO_DOCUMENT,
    DENSE: NO_DOCUMENT,
    f'{{"paramcalc": 2, "network": {DENSE}}}': NO_DOCUMENT,
    '{"a": 1, "a": 2}': "this is not JSON: an object has a name twice, among ('a',)",
    **{f'{{"paramcalc": 1, "network": {one}}}': problem for one, problem in NETWORKS.items()},
}


@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
def test_a_document_that_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(pc.ReadError) as caught:
        readers.from_json(text)
    assert str(caught.value) == DOCUMENTS[text]


def test_json_is_plain_data() -> None:
    network = pc.Sequential(
        pc.Input(3, 8, 8),
        pc.Concat(type=pc.Conv2d(None, 4, (1, 3), padding=((0, 0), (1, 1))), skip=pc.Identity()),
        pc.Activation("[\n1,  2]"),
    )
    assert json.loads(readers.to_json(network)) == {
        "paramcalc": 1,
        "network": {
            "type": "Sequential",
            "layers": [
                {"type": "Input", "shape": [3, 8, 8]},
                {
                    "type": "Concat",
                    "layers": {
                        "type": {
                            "type": "Conv2d",
                            "in_channels": None,
                            "out_channels": 4,
                            "kernel_size": [1, 3],
                            "padding": [0, 1],
                        },
                        "skip": {"type": "Identity"},
                    },
                    "dim": 0,
                },
                {"type": "Activation", "name": "[\n1,  2]"},
            ],
        },
    }
    assert readers.from_json(readers.to_json(network)) == network


def test_a_layer_of_ones_own_is_no_json() -> None:
    with pytest.raises(TypeError, match=r"to_json: a layer must be one of this library, got <"):
        readers.to_json(pc.Sequential(Scale()))


PIECES = st.sampled_from(
    [
        *"()[]{},=:'\"\\-#4\n",
        *("Dense", "Sequential", "pc.", "None", "1e9", "in_features", "out_features=", "layers"),
        *('"type":', '"Dense"', '{"paramcalc": 1, "network": '),
    ]
)


@settings(max_examples=400)
@given(st.one_of(st.lists(PIECES).map("".join), st.text()))
def test_any_text_is_a_network_or_refused(text: str) -> None:
    for read in (readers.parse, readers.from_json):
        try:
            network = read(text)
        except pc.ReadError:
            continue
        assert isinstance(network, pc.Layer)


@settings(max_examples=400)
@given(networks_and_shapes(), st.data())
def test_a_changed_text_is_a_network_or_refused(case: Any, data: st.DataObject) -> None:
    for text, read in (repr(case[0]), readers.parse), (readers.to_json(case[0]), readers.from_json):
        at, length = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 3))
        changed = text[:at] + data.draw(PIECES) + text[at + length :]
        with suppress(pc.ReadError):
            assert isinstance(read(changed), pc.Layer)
