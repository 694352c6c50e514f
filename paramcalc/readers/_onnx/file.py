"""What an ONNX file says: its messages as plain values, without the weights."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from math import prod
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any, NamedTuple

from paramcalc._checks import MAX_AXES
from paramcalc.errors import ReadError, counted, show
from paramcalc.readers._protobuf import FIXED64, Message

Numbers = tuple[float, ...]
"""Ints of the file are ints."""

MAX_NODES = 10_000
MAX_ENDS = 100_000
MAX_NUMBERS = 1024
"""The most numbers of a tensor that are read: shapes, indices and the like."""
LAST_OPSET = 28
"""The version of ONNX's operators in onnx 1.23."""

FORMATS = {
    1: "f",
    2: "B",
    3: "b",
    4: "H",
    5: "h",
    6: "i",
    7: "q",
    9: "?",
    10: "e",
    11: "d",
    12: "I",
    13: "Q",
}
"""How `struct` calls the types of numbers that can be read."""
FLOATS = {1, 10, 11, 16, 17, 18, 19, 20, 23}
TYPED = {7: 7, 1: 4, 11: 10, 12: 11, 13: 11}
"""The field with the numbers of a type, if they are not raw; of others it is 5."""


class Stored(NamedTuple):
    """A tensor in the file."""

    name: str
    dims: tuple[int, ...]
    kind: int
    message: Message

    @property
    def is_float(self) -> bool:
        """Whether it may be a weight."""
        return self.kind in FLOATS

    def numbers(self) -> Numbers | None:
        """Its numbers; None if they are many, in another file, or of a rare type."""
        size, fields = prod(self.dims), self.message
        letter = FORMATS.get(self.kind)
        if size > MAX_NUMBERS or not letter or fields.number(14):
            return None
        if fields.has(9):
            raw = fields.raw(9)
            if len(raw) != struct.calcsize(f"<{size}{letter}"):
                expected = counted(size, "number")
                raise ReadError(f"{expected} in {counted(len(raw), 'byte')}", where=self.where)
            numbers: Numbers = struct.unpack(f"<{size}{letter}", raw)
            return numbers
        field = TYPED.get(self.kind, 5)
        found: list[Any] = (
            fields.floats(field, FIXED64 if self.kind == 11 else 5)
            if self.kind in (1, 11)
            else fields.ints(field)
        )
        if len(found) != size or self.kind == 10:
            return None if self.kind == 10 else self._refuse(size, len(found))
        return tuple(found)

    def _refuse(self, expected: int, got: int) -> None:
        raise ReadError(f"has {counted(got, 'number')} for {expected}", where=self.where)

    @property
    def where(self) -> str:
        """Its place in an error."""
        return f"tensor {show(self.name)}"


class Step(NamedTuple):
    """A node of the file."""

    op_type: str
    domain: str
    name: str
    inputs: list[str]
    outputs: list[str]
    message: Message
    number: int

    @property
    def where(self) -> str:
        """Its place in an error."""
        return f"node {self.name or self.number} ({self.op_type})"

    def attributes(self) -> dict[str, Any]:
        """What it is configured with."""
        found: dict[str, Any] = {}
        for one in self.message.messages(5):
            name, read = one.text(1), KINDS.get(one.number(20))
            if name in found:
                raise ReadError(f"attribute {show(name)} is given twice", where=self.where)
            if read is None:
                problem = f"attribute {show(name)} holds no number, text or tensor"
                raise ReadError(problem, where=self.where)
            found[name] = read(one)
        return found


def stored(message: Message) -> Stored:
    """A tensor, of which the numbers are not read."""
    dims = tuple(message.ints(1))
    tensor = Stored(message.text(8), dims, message.number(2), message)
    if len(dims) > MAX_AXES or min(dims, default=0) < 0:
        raise ReadError(f"no tensor has the shape {show(dims)}", where=tensor.where)
    return tensor


def a_subgraph(_: Message) -> None:
    """Nothing: who meets it refuses its node."""


KINDS: dict[int, Callable[[Message], Any]] = {
    1: lambda one: (one.floats(2) or [0.0])[-1],
    2: lambda one: one.number(3),
    3: lambda one: one.raw(4).decode(errors="replace"),
    4: lambda one: stored(one.message(5)),
    5: a_subgraph,
    6: lambda one: tuple(one.floats(7)),
    7: lambda one: tuple(one.ints(8)),
    8: lambda one: tuple(one.texts(9)),
}
"""How each type of attribute is read."""


class Given(NamedTuple):
    """An input of the file: its lengths, with a name, or an empty one, where they are open."""

    name: str
    dims: tuple[int | str, ...] | None


class File(NamedTuple):
    """What a file says."""

    inputs: list[Given]
    outputs: list[str]
    steps: list[Step]
    tensors: dict[str, Stored]
    opset: int


def given_input(message: Message) -> Given:
    """An input; without lengths if it is no tensor, or its shape is not stated."""
    tensor = message.message(2).message(1)
    if not tensor.has(2):
        return Given(message.text(1), None)
    dims = [
        one.number(1) if one.number(1) > 0 else one.text(2) for one in tensor.message(2).messages(1)
    ]
    if len(dims) > MAX_AXES:
        problem = f"has {len(dims):,} axes, where {MAX_AXES} are the most"
        raise ReadError(problem, where=f"input {message.text(1)}")
    return Given(message.text(1), tuple(dims))


def parsed(data: bytes | mmap) -> File:
    """What the bytes of a file say."""
    model = Message(data, 0, len(data), [0])
    if not model.has(7):
        raise ReadError("it is no ONNX file: there is no graph in it")
    graph = model.message(7)
    versions = [one.number(2) for one in model.messages(8) if one.text(1) in ("", "ai.onnx")]
    opset = max(versions, default=1)
    if opset > LAST_OPSET:
        problem = f"it uses opset {opset}, and {LAST_OPSET} is the last that is known"
        raise ReadError(f"{problem}: export it with opset_version={LAST_OPSET}")
    nodes = graph.messages(1)
    if len(nodes) > MAX_NODES:
        raise ReadError(f"it has {len(nodes):,} nodes, where {MAX_NODES:,} are the most")
    steps = [
        Step(one.text(4), one.text(7), one.text(3), one.texts(1), one.texts(2), one, number)
        for number, one in enumerate(nodes)
    ]
    if sum([len(one.inputs) + len(one.outputs) for one in steps]) > MAX_ENDS:
        raise ReadError(f"its nodes have more than {MAX_ENDS:,} inputs and outputs")
    tensors: dict[str, Stored] = {}
    for tensor in map(stored, graph.messages(5)):
        if tensor.name in tensors:
            raise ReadError("is stored twice", where=tensor.where)
        tensors[tensor.name] = tensor
    inputs = [given_input(one) for one in graph.messages(11)]
    inputs = [one for one in inputs if one.name not in tensors]
    outputs = [one.text(1) for one in graph.messages(12)]
    if not outputs:
        raise ReadError("it has no outputs")
    return File(inputs, outputs, steps, tensors, opset)


def opened(source: Any) -> bytes | mmap:
    """The bytes of a file, of which only what is looked at comes into memory."""
    if isinstance(source, bytes):
        return source
    path = Path(os.fsdecode(source))
    try:
        if not path.is_file():
            raise ReadError("there is no such file", where=show(str(path)))
        with path.open("rb") as file:
            return mmap(file.fileno(), 0, access=ACCESS_READ) if path.stat().st_size else b""
    except OSError as error:
        raise ReadError(f"it cannot be opened: {error}", where=show(str(path))) from None
