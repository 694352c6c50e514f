"""How cases are written to goldens, and what is read of them. paramcalc is not imported."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def entries(value: Any) -> tuple[Any, ...] | None:
    """What stands in a list or tuple; None for all else."""
    return tuple(value) if isinstance(value, list | tuple) else None  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]


def window_rank(fields: dict[str, Any], before: int) -> int:
    """As many axes as the first tuple has; with none, as many as the input has."""
    given = [len(one) for one in map(entries, fields.values()) if one is not None]
    return given[0] if given else before


def tuples(value: Any) -> Any:
    given = entries(value)
    return value if given is None else tuple([tuples(one) for one in given])


def refusal(error: Exception) -> dict[str, Any]:
    return {"output": None, "error": f"{type(error).__name__}: {error}"[:80]}


def write(path: Path, lines: list[dict[str, Any]]) -> None:
    """Compressed, without name and time of writing: the same cases are the same bytes."""
    text = "".join([json.dumps(line, separators=(",", ":")) + "\n" for line in lines])
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.write(text.encode())


def read_lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]
