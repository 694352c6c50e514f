"""The pages: that a reader finds the way, and that examples can be pasted."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import paramcalc as pc

ROOT = Path(__file__).parent.parent
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def anchors(page: Path) -> set[str]:
    """The names of a page's headings in links, as GitHub makes them."""
    titles = re.findall(r"(?m)^#+ (.*)$", page.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]*)\)", page.read_text("utf-8")):
        if not target.startswith("https://"):
            name, _, anchor = target.partition("#")
            other = page.parent / name if name else page
            assert other.exists(), target
            assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_are_short_and_can_be_pasted(page: Path) -> None:
    text = page.read_text("utf-8")
    assert text.count("\n") < (100 if page.name == "README.md" else 400)
    assert "<BLANKLINE>" not in text


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    for page in ROOT.glob("docs/*"):
        if page.suffix in {".md", ".ipynb"} and page.name != "index.md":
            assert f"]({page.name})" in index, page.name


def test_pictures_are_those_that_the_library_draws() -> None:
    pictures = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["PICTURES"]
    for name, picture in pictures.items():
        assert (ROOT / "docs" / name).read_text("utf-8") == picture.to_svg() + "\n", name
    assert {page.name for page in ROOT.glob("docs/*.svg")} == {*pictures}


def test_a_docstring_begins_with_a_few_words() -> None:
    places = [(pc, name) for name in pc.__all__] + [(pc.results, one) for one in pc.results.__all__]
    for place, name in places:
        first = "".join((getattr(place, name).__doc__ or "").splitlines()[:1])  # A type has none.
        assert len(first.split()) <= 10, f"{name}: {first}"
