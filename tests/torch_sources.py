"""The sources that torch and its reader are given."""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
HEAD = re.compile(r"(?m)^### (\w+) \| (.*?) ?\| (.*)$")


class Idiom(NamedTuple):
    """A network in source code.

    Args:
        call: how it is made; empty if the source says it.
        shapes: of each input, by name, without the batch.
        tokens: for inputs that are indices, the number of values.
        is_first: whether the length comes before the batch.
    """

    source: str
    call: str
    shapes: dict[str, tuple[int, ...]]
    tokens: dict[str, int]
    is_first: bool

    @property
    def given(self) -> Any:
        """The shape of the input, or those of several."""
        first, *others = self.shapes.values()
        return self.shapes if others else first


def rows(name: str) -> list[list[str]]:
    """The rows of a file, after its first paragraph: what stands between bars."""
    text = (FOLDER / name).read_text("utf-8").partition("\n\n")[2]
    return [
        [one.strip() for one in line.rsplit(" | ", 2)] for line in text.splitlines() if line.strip()
    ]


def blocks(name: str) -> list[list[str]]:
    """The sources of a file, after its first paragraph: a head, the source, the answer."""
    text = (FOLDER / name).read_text("utf-8").partition("\n\n")[2]
    found: list[list[str]] = []
    for block in text.split("### ")[1:]:
        head, _, rest = block.partition("\n")
        source, _, expected = rest.rpartition("\n=> ")
        found.append([head, source, expected.strip()])
    return found


def idioms() -> dict[str, Idiom]:
    """The networks of torch_idioms.txt, by name."""
    text = (FOLDER / "torch_idioms.txt").read_text("utf-8")
    heads = [*HEAD.finditer(text)]
    ends = [*[one.start() for one in heads[1:]], len(text)]
    found: dict[str, Idiom] = {}
    for head, end in zip(heads, ends, strict=True):
        name, call, inputs = head.groups()
        shapes: dict[str, tuple[int, ...]] = {}
        tokens: dict[str, int] = {}
        for one in inputs.split("; "):
            key, _, given = one.partition("=")
            shape, _, words = given.removesuffix(" first").partition(" of ")
            shapes[key] = literal_eval(shape)
            tokens |= {key: int(words)} if words else {}
        source = text[head.end() : end].strip("\n") + "\n"
        found[name] = Idiom(source, call, shapes, tokens, inputs.endswith(" first"))
    return found
