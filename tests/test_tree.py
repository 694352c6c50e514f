"""A network as a tree, by path, and as a terminal or a notebook shows it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from networks import ANSWER, NESTED

import paramcalc as pc
from paramcalc import zoo
from paramcalc._repeats import repeats

ROOT = Path(__file__).parent.parent


def block(channels: int) -> pc.Add:
    body = pc.Sequential(pc.Conv2d(channels, channels, 3, padding=1), pc.BatchNorm(channels))
    return pc.Add(body=body, skip=pc.Identity())


def test_a_tree_writes_equal_neighbors_once() -> None:
    relu = pc.Activation("relu")
    network = pc.Sequential(
        stem=pc.Sequential(pc.Conv2d(3, 8, 3), relu),
        blocks=pc.Sequential([block(8), relu] * 3),
        encoder=pc.Sequential([pc.TransformerEncoderLayer(8, 2)] * 12),
        head=pc.Dense(8, 10),
    )
    assert str(network).splitlines() == [
        "Sequential",
        "  stem     Sequential",
        "    [0]  Conv2d(3, 8, 3)",
        "    [1]  Activation('relu')",
        "  blocks   Sequential",
        "    [0-4]  3 × Add",
        "      body  Sequential",
        "        [0]  Conv2d(8, 8, 3, padding=1)",
        "        [1]  BatchNorm(8)",
        "      skip  Identity()",
        "    [1-5]  3 × Activation('relu')",
        "  encoder  Sequential",
        "    [0-11]  12 × TransformerEncoderLayer(8, 2)",
        "  head     Dense(8, 10)",
    ]
    assert str(pc.Sequential()) == "Sequential"
    assert str(block(8)).splitlines()[:2] == ["Add", "  body  Sequential"]


@pytest.mark.parametrize(
    ("letters", "found"),
    [
        ("", []),
        ("AB", [(0, 1, 1), (1, 1, 1)]),
        ("AAA", [(0, 1, 3)]),
        ("ABABA", [(0, 2, 2), (1, 2, 2), (4, 1, 1)]),
        ("rArAr", [(0, 1, 1), (1, 2, 2), (2, 2, 2)]),  # A block begins with its largest layer.
        ("AABAAB", [(0, 3, 2), (1, 3, 2), (2, 3, 2)]),
        ("AAAABB", [(0, 1, 4), (4, 1, 2)]),
        ("ABCDEFGHIABCDEFGHI", [(at, 1, 1) for at in range(18)]),  # Too long a block.
    ],
)
def test_blocks_that_repeat(letters: str, found: list[tuple[int, int, int]]) -> None:
    kinds = {"r": pc.Activation("relu")} | {
        letter: pc.Dense(number, 3) for number, letter in enumerate("ABCDEFGHI", 1)
    }
    keys = [f"[{number}]" for number in range(len(letters))]
    assert list(repeats(keys, [(kinds[letter], None) for letter in letters])) == found


def test_names_and_layers_of_ones_own_do_not_repeat() -> None:
    class Own(pc.Layer):
        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "Own()"

    own, relu = Own(), pc.Activation("relu")
    assert str(pc.Sequential(a=relu, b=relu)).splitlines()[1:] == [
        "  a  Activation('relu')",
        "  b  Activation('relu')",
    ]
    assert len(str(pc.Sequential(Own(), Own())).splitlines()) == 3
    assert str(pc.Sequential(own, own)).splitlines()[1:] == ["  [0-1]  2 × Own()"]
    assert len(str(pc.Sequential(pc.Add(Own()), pc.Add(Own()))).splitlines()) == 5


def test_a_layer_is_what_the_printed_path_says() -> None:
    network = zoo.resnet50()
    for step in pc.trace(network, (3, 224, 224)):
        assert network[step.path] is step.layer
    assert network["layer1[0].body[0]"] == pc.Conv2d(64, 64, 1, bias=False)
    layer1 = network["layer1"]
    assert isinstance(layer1, pc.Sequential)
    assert network["layer1[0]"] is layer1[0]
    assert pc.Sequential(pc.TransformerEncoderLayer(8, 2))["[0].linear1"] == pc.Dense(8, 2048)
    for path in "", "layer9", "layer1[9]", "layer1.body":
        with pytest.raises(KeyError, match=r"no layer is named .*; the names are \('stem', "):
            network[path]
    with pytest.raises(KeyError, match=r"the names are \('\[0\]', '\[1\]'\)"):
        pc.Sequential(pc.Sequential(pc.Flatten()), pc.Flatten())["[2]"]


def test_a_notebook_shows_the_summary_or_the_tree() -> None:
    assert ANSWER._repr_html_() == pc.summary(ANSWER).to_html()  # pyright: ignore[reportPrivateUsage]
    hidden = pc.Sequential(pc.Input(3, 9, 9), pc.Conv2d(4, 8, 3))
    for network in NESTED, hidden:  # No shape is stated; a layer does not fit.
        page = network._repr_html_()  # pyright: ignore[reportPrivateUsage]
        assert ET.fromstring(page).text == str(network)  # noqa: S314


def test_ipython_shows_a_network_as_a_tree_and_results_as_tables() -> None:
    pretty = pytest.importorskip("IPython.lib.pretty").pretty
    assert pretty(NESTED) == str(NESTED)
    for result in pc.summary(ANSWER), pc.trace(ANSWER), pc.explain(ANSWER):
        assert pretty(result) == str(result)
    assert repr(NESTED).startswith("Sequential(features=Sequential(Conv2d(")


def test_a_trace_shows_itself_as_a_table() -> None:
    network = pc.Sequential(pc.Conv2d(3, 8, 3), pc.Add(pc.Identity(), pc.BatchNorm()))
    found = pc.trace(network, (3, 9, 9))
    assert isinstance(found, tuple)
    assert found == tuple(found)
    assert str(found).splitlines() == [
        "path    layer            input      output     reads",
        "─────────────────────────────────────────────────────────────",
        "[0]     Conv2d(3, 8, 3)  3 × 9 × 9  8 × 7 × 7  input",
        "[1][0]  Identity()       8 × 7 × 7  8 × 7 × 7  [0]",
        "[1][1]  BatchNorm()      8 × 7 × 7  8 × 7 × 7  [0]",
        "[1]     Add              8 × 7 × 7  8 × 7 × 7  [1][0], [1][1]",
    ]
    assert found.to_records()[3] == {
        "path": "[1]",
        "layer": "Add",
        "input_shape": (8, 7, 7),
        "output_shape": (8, 7, 7),
        "inputs": (1, 2),
        "shared": (),
        "merged": ((8, 7, 7), (8, 7, 7)),
    }
    tied = pc.Sequential([pc.Shared("w", pc.Dense(3, 3))] * 2)
    assert pc.trace(tied, (3,)).to_csv().endswith(",3,3,0,weight [0]; bias [0],\n")


def test_a_terminal_without_unicode_gets_ascii() -> None:
    code = """
import paramcalc as pc
net = pc.Sequential([pc.Conv2d(1, 1, 3, padding=1)] * 2, data_format="channels_last")
for verb in pc.summary, pc.explain, pc.memory, pc.flops, pc.trace, pc.receptive_field:
    print(verb(net, (9, 9, 1)))
print(net, pc.explain(net).totals[0])
"""
    for encoding in "ascii", "cp1252", "utf-8":
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT, check=True, capture_output=True, env={"PYTHONIOENCODING": encoding},
        )  # fmt: skip
        text = done.stdout.decode(encoding)
        assert ("2 x Conv2d" in text) == (encoding == "ascii")
        assert ("─" in text) == (encoding == "utf-8")
        assert ("(3·3·1 + 1)·1" in text) == (encoding == "utf-8")


def test_text_is_ascii_while_the_standard_output_is(monkeypatch: pytest.MonkeyPatch) -> None:
    summary = pc.summary(ANSWER)
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert str(summary) == summary.to_text("ascii")
    monkeypatch.setattr(sys, "stdout", None)  # As in a program without a console.
    assert str(summary) == summary.to_text()


def test_wide_characters_take_two_columns() -> None:
    network = pc.Sequential(卷积=pc.Conv2d(1, 2, 3), é=pc.Pool(2), ñ=pc.Flatten())
    lines = str(pc.summary(network, (1, 9, 9), columns=("name", "output_shape"))).splitlines()
    assert lines[2:5] == ["卷积   2 × 7 × 7", "é      2 × 3 × 3", "ñ      18"]
    assert pc.summary(network, (1, 9, 9)).to_text("ascii").isascii()
