"""Prints the tables of docs/conformance.md, or puts them there: tables.py --write."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from against_keras import KERAS
from against_onnx import ONNX
from against_torch import TORCH

PAGE = Path(__file__).parents[2] / "docs" / "conformance.md"
GOLDENS = {one.tool: one for one in (TORCH, KERAS, ONNX)}
PLACE = re.compile(r"<!-- tables: (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(page: str) -> str:
    """The page, with the tables as they are now."""
    return PLACE.sub(
        lambda place: f"<!-- tables: {place[1]} -->\n\n{GOLDENS[place[1]].tables}\n<!-- end -->",
        page,
    )


def main() -> None:
    if "--write" in sys.argv:
        PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
    else:
        print(*[f"{name}\n\n{one.tables}" for name, one in GOLDENS.items()], sep="\n")


if __name__ == "__main__":
    main()
