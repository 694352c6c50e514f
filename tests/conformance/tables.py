"""Prints the tables of the pages, or puts them there: tables.py --write."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from inspect import Parameter, signature
from itertools import groupby
from pathlib import Path
from typing import Any

from against_keras import KERAS
from against_onnx import ONNX
from against_torch import TORCH

import paramcalc as pc
from paramcalc._counterparts import Counterpart, counterparts

DOCS = Path(__file__).parents[2] / "docs"
PAGES = [DOCS / f"{one}.md" for one in ("conformance", "coming_from_pytorch", "coming_from_keras")]
PLACE = re.compile(r"<!-- tables: ([\w ]+) -->\n.*?<!-- end -->", re.DOTALL)
NAMES: dict[str, Any] = json.loads(Path(__file__).with_name("names.json").read_text("utf-8"))
PLACED = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}


def names(framework: str) -> Iterator[str]:
    """A line per layer of a framework that paramcalc has, by name; then those that it has not.

    Neighbors in the table that differ in their name, or number of axes, alone share a line.
    """
    prefix = "nn." if framework == "torch" else "layers."
    table = counterparts(framework)
    lines: list[list[str]] = []
    for rest, group in groupby(table, cells):
        alike = [*group]
        here = dict.fromkeys([call(one) for one in alike])
        lines.append(
            [quoted([one.name.removeprefix(prefix) for one in alike]), quoted([*here]), *rest[1:]]
        )
    yield f"| {framework} | paramcalc | arguments | note |\n| --- | --- | --- | --- |"
    for line in sorted(lines, key=lambda line: line[0].lower()):
        yield f"| {' | '.join(line)} |".replace("  ", " ")
    named = {one.name for one in table}
    others = [one for one in NAMES[framework] if one.startswith(prefix) and one not in named]
    missing = quoted([one.removeprefix(prefix) for one in others if is_layer(one)])
    yield f"\nNo counterpart: {missing}."


def call(one: Counterpart) -> str:
    """What is written here."""
    fields = ", ".join([f"{name}={value!r}" for name, value in one.fields.items()])
    return f"{one.layer}({fields})" if fields else one.layer


def cells(one: Counterpart) -> tuple[str, ...]:
    """A line of the page without its name, and without numbers of axes."""
    arguments = [
        f"`{theirs}` is `{ours}`" for theirs, ours in one.arguments.items() if theirs != ours
    ]
    arguments += [f"with `{name}={value!r}`" for name, value in one.theirs.items()]
    if by_name := moved(one):
        arguments.append(f"by name: {quoted(by_name)}")
    return re.sub(r"\d", "", call(one)), "; ".join(arguments), one.note


def quoted(names: list[str]) -> str:
    """Names as code. After `Conv1d`, `Conv2d` is `2d`."""
    stem = names[0][:-2] if names[0][-2:] in {"1d", "1D"} else None
    others = [name[-2:] if name[:-2] == stem else name for name in names[1:]]
    return ", ".join([f"`{name}`" for name in [names[0], *others]])


def moved(one: Counterpart) -> list[str]:
    """Fields that need their name: a module of torch has them at another place.

    Keras has all but the first at other places, which is a rule of its page.
    """
    if not one.name.startswith("nn.") or "functional" in one.name:
        return []
    parameters = signature(getattr(pc, one.layer)).parameters
    places = [name for name, parameter in parameters.items() if parameter.kind in PLACED]
    theirs = [*enumerate(one.arguments.values())]
    return [name for at, name in theirs if name in parameters and places[at:][:1] != [name]]


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
    f"{tool} names": "\n".join(names(tool)) + "\n" for tool in ("torch", "keras")
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
