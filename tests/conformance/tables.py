"""Prints the tables of the pages, or puts them there: tables.py --write."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from against_keras import KERAS
from against_onnx import ONNX
from against_torch import TORCH
from layers import ROWS

if TYPE_CHECKING:
    from rows import Row

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / f"{one}.md" for one in ("conformance", "coming_from_pytorch", "coming_from_keras")]
PLACE = re.compile(r"<!-- tables: ([\w ]+) -->\n.*?<!-- end -->", re.DOTALL)
NAMES: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
PLACED = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}


def counterparts(tool: str) -> Iterator[str]:
    """A line per layer of a framework that paramcalc has, by name; then those that it has not.

    Layers that differ in their number of axes alone share a line.
    """
    prefix = "nn." if tool == "torch" else "layers."
    lines: dict[tuple[str, ...], tuple[list[str], list[str]]] = {}
    for row in ROWS:
        for one in getattr(row, tool):
            names = [name.removeprefix(prefix) for name in one.names]
            fields = ", ".join([f"{name}={value!r}" for name, value in one.fields.items()])
            here = f"{row.name}({fields})" if fields else row.name
            arguments = [f"`{theirs}` is `{ours}`" for theirs, ours in one.arguments.items()]
            arguments += [f"with `{name}={value!r}`" for name, value in one.theirs.items()]
            if by_name := moved(row, one.names[0]):
                arguments.append(f"by name: {quoted(by_name)}")
            rest = (re.sub(r"\d", "", here), "; ".join(arguments), one.note)
            all_names, all_here = lines.setdefault((re.sub(r"\d", "", names[0]), *rest), ([], []))
            all_names += names
            all_here += [here] * (here not in all_here)
    yield f"| {tool} | paramcalc | arguments | note |\n| --- | --- | --- | --- |"
    for key, (names, all_here) in sorted(lines.items(), key=lambda line: line[0][0].lower()):
        cells = [quoted(names), quoted(all_here), *key[2:]]
        yield f"| {' | '.join(cells)} |".replace("  ", " ")
    named = {name for row in ROWS for one in getattr(row, tool) for name in one.names}
    others = [one for one in NAMES[tool] if one.startswith(prefix) and one not in named]
    missing = quoted([one.removeprefix(prefix) for one in others if is_layer(one)])
    yield f"\nNo counterpart: {missing}."


def quoted(names: list[str]) -> str:
    """Names as code. After `Conv1d`, `Conv2d` is `2d`."""
    stem = names[0][:-2] if names[0][-2:] in {"1d", "1D"} else None
    others = [name[-2:] if name[:-2] == stem else name for name in names[1:]]
    return ", ".join([f"`{name}`" for name in [names[0], *others]])


def moved(row: Row, name: str) -> list[str]:
    """Fields that need their name: a module of torch has them at another place.

    Keras has all but the first at other places, which is a rule of its page.
    """
    if not name.startswith("nn.") or "functional" in name:
        return []
    places = [one.name for one in signature(row.kind).parameters.values() if one.kind in PLACED]
    given: list[str] = NAMES["torch"][name] or []
    theirs = [one for one in given if one not in NOT_GIVEN or one in places]
    known = [one for one in theirs if one in row.fields]
    return [one for one in known if places[theirs.index(one) :][:1] != [one]]


NOT_GIVEN = {"mode"}
"""What the class of all recurrent layers takes before what a user gives."""


def is_layer(name: str) -> bool:
    """Whether it is a layer of its own: no loss, container, base class or lazy form."""
    return not re.search(NO_LAYERS, name)


NO_LAYERS = (
    r"Loss|Lazy|List$|Dict$|Module$|Base$|RNNCells|Container|Parallel|s\.(Layer$|InputL|Wrap|Norm)"
    r"|(Avg|Max)Pool\dD|Convolution"  # Other names of layers in the table.
    "|Random|Aug|Auto|Mix|Equal|Posteri|Solari|Rescaling|Resizing|Crop|Bounding|Contrast|Hash"
    "|Category|Discretization|Integer|String|Text|STFT|Spectr|Jax|Flax|Torch|TFS"
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
