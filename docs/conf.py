"""How the pages become a site: sphinx-build -W docs site."""

import re
from typing import Any

project = "paramcalc"
extensions = ["myst_parser"]
exclude_patterns = ["*.ipynb"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "paramcalc"
html_show_copyright = html_show_sphinx = html_copy_source = False


def add_sidebar(_: object, page: str, source: list[str]) -> None:
    """Give the sidebar the sections of the index, with the pages that each names."""
    if page != "index":
        return
    for title, section in re.findall(r"(?sm)^\*\*To (.*?)\*\*(.*?)(?=^\*\*|\Z)", source[0]):
        pages = dict.fromkeys(re.findall(r"\]\((\w+)\.md\)", section))
        options = f":hidden:\n:caption: {title.capitalize()}\n"
        source[0] += "\n".join(["\n```{toctree}", options, *pages, "```\n"])


def end_examples(_: object, __: str, source: list[str]) -> None:
    """Drop the empty line at the end of an example, which only doctest needs."""
    source[0] = source[0].replace("\n\n```\n", "\n```\n")


def setup(app: Any) -> None:
    """Have Sphinx do so."""
    app.connect("source-read", add_sidebar)
    app.connect("source-read", end_examples)
