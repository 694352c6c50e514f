"""The sources that torch and its reader are given."""

from __future__ import annotations

import re
from ast import literal_eval
from pathlib import Path
from typing import NamedTuple

TEXT = Path(__file__).with_name("torch_idioms.txt").read_text("utf-8")
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


def idioms() -> dict[str, Idiom]:
    """The networks of torch_idioms.txt, by name."""
    heads = [*HEAD.finditer(TEXT)]
    ends = [*[one.start() for one in heads[1:]], len(TEXT)]
    found: dict[str, Idiom] = {}
    for head, end in zip(heads, ends, strict=True):
        name, call, inputs = head.groups()
        shapes: dict[str, tuple[int, ...]] = {}
        tokens: dict[str, int] = {}
        for one in inputs.split("; "):
            key, _, text = one.partition("=")
            shape, _, words = text.removesuffix(" first").partition(" of ")
            shapes[key] = literal_eval(shape)
            tokens |= {key: int(words)} if words else {}
        source = TEXT[head.end() : end].strip("\n") + "\n"
        found[name] = Idiom(source, call, shapes, tokens, inputs.endswith(" first"))
    return found
