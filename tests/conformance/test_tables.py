"""The page that says how far paramcalc agrees with the frameworks, against what the suite finds."""

from __future__ import annotations

from golden import HERE
from tables import GOLDENS, PAGE, PLACE, filled


def test_the_page_has_the_tables_of_the_suite() -> None:
    page = PAGE.read_text("utf-8")
    assert [place[1] for place in PLACE.finditer(page)] == [*GOLDENS] == ["torch", "keras", "onnx"]
    assert filled(page) == page, "run tests/conformance/tables.py --write"


def test_a_table_that_is_not_the_suites_is_seen() -> None:
    page = PAGE.read_text("utf-8")
    for golden in GOLDENS.values():
        sums = golden.tables().partition("| all | ")[2].partition(" ")[0]
        assert sums in page
        assert filled(page.replace(f"| all | {sums} ", "| all | 1 ")) == page


def test_there_are_cases_enough_in_little_room() -> None:
    numbers = [sum(map(len, one.cases.values())) for one in GOLDENS.values()]
    assert sum(numbers) >= 20_000
    assert f"{sum(numbers):,} layers" in PAGE.read_text("utf-8")
    assert sum([one.stat().st_size for one in HERE.glob("*.gz")]) <= 5_000_000
