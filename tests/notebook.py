"""Runs the tutorial from top to bottom: python tests/notebook.py [--write].

It fails if a cell fails, or shows other than it shows in the repository; with
--write, what it shows is written there.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "docs" / "tutorial.ipynb"


def shown(cell: Any) -> list[Any]:
    """What a cell shows: texts, in all their formats."""
    return [output.get("data", output.get("text")) for output in cell.get("outputs", [])]


def main() -> None:
    nbformat: Any = import_module("nbformat")  # Not there but where all checks run; no types.
    nbclient: Any = import_module("nbclient")
    before: Any = nbformat.read(PATH, as_version=4)
    after: Any = nbformat.read(PATH, as_version=4)
    nbclient.NotebookClient(after, timeout=120).execute()
    for number, (old, new) in enumerate(zip(before.cells, after.cells, strict=True)):
        if shown(old) != shown(new) and "--write" not in sys.argv:
            sys.exit(f"{PATH.name}: cell {number} shows other than it did:\n{new.source}")
        new.metadata.pop("execution", None)
    if "--write" in sys.argv:
        after.metadata["language_info"] = {"name": "python"}
        nbformat.write(after, PATH)
    print(f"{PATH.name}: {len(after.cells)} cells")


if __name__ == "__main__":
    main()
