"""The layers against what torch, Keras and ONNX say, and the page that tells how far they agree.

Each case of a golden is asked once, and looked at by the layer and by the difference it is of.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import make_keras
import make_onnx
import make_torch
import pytest
from golden import HERE, Golden, read
from layers import ROWS
from tables import GOLDENS, PAGES, PLACE, TABLES, filled

if TYPE_CHECKING:
    from pathlib import Path

LAYERS = [(golden, layer) for golden in GOLDENS.values() for layer in golden.layers]
DIFFERENCES = [(golden, name) for golden in GOLDENS.values() for name in golden.differences]


def of_layer(case: tuple[Golden, str]) -> str:
    return f"{case[0].tool} {case[1]}"


@pytest.mark.parametrize("case", LAYERS, ids=of_layer)
def test_layer_agrees_with_the_framework(case: tuple[Golden, str]) -> None:
    golden, layer = case
    plain = [one for one in golden.judged[layer] if not one.difference]
    wrong = [one for one in plain if one.here != one.there]
    assert not wrong, f"{len(wrong)} of {len(plain)} cases, the first: {wrong[0]}"


@pytest.mark.parametrize("case", LAYERS, ids=of_layer)
def test_layer_has_enough_cases_right_and_wrong_and_all_different(
    case: tuple[Golden, str],
) -> None:
    golden, layer = case
    cases = [one.case for one in golden.judged[layer]]
    assert len({f"{one.fields} {one.shape}" for one in cases}) == len(cases) >= golden.least
    plain = [one for one in golden.judged[layer] if not one.difference]
    assert {one.there is None for one in plain} == {layer not in golden.never_refused, False}
    assert sum(one.there is not None for one in plain) >= golden.least // 3


@pytest.mark.parametrize("case", DIFFERENCES, ids=of_layer)
def test_difference_is_as_stated(case: tuple[Golden, str]) -> None:
    golden, name = case
    stated = golden.differences[name]
    assert golden.by_difference[name], "no case"
    for one in golden.by_difference[name]:
        here, there = one.here, one.there
        refuses = "here" if here is None else "there" if there is None else "neither"
        assert refuses == stated.refuses, one
        if here is None:
            continue
        assert stated.gives is not None
        assert here.output == stated.gives(one.case), one
        if there is not None:
            assert here.output != there.output, one
            assert (here.parameters, here.buffers) == (there.parameters, there.buffers), one


@pytest.mark.parametrize("golden", GOLDENS.values(), ids=GOLDENS.keys())
def test_golden_has_every_layer_that_the_framework_has(golden: Golden) -> None:
    assert {*golden.judged} == {*golden.layers} <= {row.name for row in ROWS}


MAKERS = {"torch": make_torch, "keras": make_keras, "onnx": make_onnx}


@pytest.mark.parametrize("golden", GOLDENS.values(), ids=GOLDENS.keys())
def test_golden_has_the_cases_that_its_script_asks(golden: Golden) -> None:
    maker: Any = MAKERS[golden.tool]
    for layer in maker.LAYERS:
        asked = [json.dumps(case) for case in maker.cases(layer)]
        answered = [one.case for one in golden.judged[layer]]
        assert asked == [json.dumps([one.fields, one.shape]) for one in answered]


@pytest.mark.parametrize("golden", GOLDENS.values(), ids=GOLDENS.keys())
def test_missing_or_empty_golden_is_an_error(golden: Golden, tmp_path: Path) -> None:
    path = tmp_path / f"{golden.tool}.jsonl.gz"
    with pytest.raises(FileNotFoundError):
        read(path, golden.tool, golden.version)
    path.write_bytes(gzip.compress(b""))
    with pytest.raises(ValueError, match="not enough values"):
        read(path, golden.tool, golden.version)


def test_pages_have_the_tables_of_the_goldens_and_of_the_names() -> None:
    pages = [page.read_text("utf-8") for page in PAGES]
    assert [place[1] for page in pages for place in PLACE.finditer(page)] == [*TABLES]
    for page in pages:
        assert filled(page) == page, "run conformance/tables.py --write in tests"


def test_page_with_another_number_is_filled_anew() -> None:
    page = PAGES[0].read_text("utf-8")
    for golden in GOLDENS.values():
        sums = golden.rows()[-1][1]
        assert f"| all | {sums} " in page
        assert filled(page.replace(f"| all | {sums} ", "| all | 1 ")) == page


def test_goldens_have_cases_enough_in_little_room() -> None:
    number = sum([len(one) for golden in GOLDENS.values() for one in golden.judged.values()])
    assert number >= 20_000
    assert f"{number:,} layers" in PAGES[0].read_text("utf-8")
    assert sum([one.stat().st_size for one in HERE.glob("*.gz")]) <= 5_000_000
