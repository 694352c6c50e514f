"""Prints the tables of the pages, or puts them there: tables.py --write."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from against_keras import KERAS
from against_onnx import ONNX
from against_torch import TORCH
from layers import ROWS

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / f"{one}.md" for one in ("conformance", "coming_from_pytorch", "coming_from_keras")]
PLACE = re.compile(r"<!-- tables: ([\w ]+) -->\n.*?<!-- end -->", re.DOTALL)
NAMES: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))


def counterparts(tool: str) -> Iterator[str]:
    """A line per layer of a framework that paramcalc has, by name; then those that it has not."""
    prefix = "nn." if tool == "torch" else "layers."
    lines: dict[str, str] = {}
    named: set[str] = set()
    for row in ROWS:
        for one in getattr(row, tool):
            named |= {*one.names}
            names = [f"`{name.removeprefix(prefix)}`" for name in one.names]
            stem = one.names[0].removeprefix(prefix)[:-2]
            names[1:] = [name.replace(stem, "") if "1" in names[0] else name for name in names[1:]]
            fields = ", ".join([f"{name}={value!r}" for name, value in one.fields.items()])
            arguments = [f"`{theirs}` is `{ours}`" for theirs, ours in one.arguments.items()]
            arguments += [f"with `{name}={value!r}`" for name, value in one.theirs.items()]
            here = f"`{row.name}({fields})`" if fields else f"`{row.name}`"
            line = " | ".join([", ".join(names), here, ", ".join(arguments), one.note])
            lines[f"| {line} |".replace("  ", " ")] = names[0].lower()
    yield f"| {tool} | paramcalc | arguments | note |\n| --- | --- | --- | --- |"
    yield from sorted(lines, key=lambda line: lines[line])
    others = [one for one in NAMES[tool] if one.startswith(prefix) and one not in named]
    missing = ", ".join([f"`{one.removeprefix(prefix)}`" for one in others if is_layer(one)])
    yield f"\nNo counterpart: {missing}."


def is_layer(name: str) -> bool:
    """Whether it is a layer of its own: no loss, container, base class or lazy form."""
    return not re.search(NO_LAYERS, name)


NO_LAYERS = (
    "Loss|Lazy|List$|Dict$|Module$|Base$|Cell|Container|Parallel|^layers.(Layer|InputL|Wrap)"
    r"|(Avg|Max)Pool\dD|Convolution"  # Other names of layers in the table.
    "|Random|Aug|Auto|Mix|Equal|Posteri|Solari|Rescaling|Resizing|Crop|Bounding|Contrast|Hash"
    "|Category|Discretization|Integer|String|Text|STFT|Spectr|Normalization$|Jax|Flax|Torch|TFS"
)
"""Losses, containers, base classes; preprocessing and what wraps other code."""


GOLDENS = {one.tool: one for one in (TORCH, KERAS, ONNX)}
TABLES = {tool: one.tables for tool, one in GOLDENS.items()} | {
    f"{tool} names": "\n".join(counterparts(tool)) + "\n" for tool in ("torch", "keras")
}


def filled(page: str) -> str:
    """The page, with the tables as they are now."""
    return PLACE.sub(
        lambda place: f"<!-- tables: {place[1]} -->\n\n{TABLES[place[1]]}\n<!-- end -->", page
    )


def main() -> None:
    if "--write" in sys.argv:
        for page in PAGES:
            page.write_text(filled(page.read_text("utf-8")), "utf-8")
    else:
        print(*[f"{name}\n\n{one}" for name, one in TABLES.items()], sep="\n")


if __name__ == "__main__":
    main()
