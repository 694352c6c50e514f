"""Writes ONNX files for tests, as protobuf has them on the wire."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from math import prod
from typing import Any


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def field(number: int, value: int | str | bytes | float) -> bytes:
    """A field: an int, a float of four bytes, or a text or message."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def fields(*pairs: tuple[int, Any]) -> bytes:
    return b"".join([field(number, value) for number, value in pairs])


def tensor(
    name: str, dims: Sequence[int], numbers: Sequence[float] | None = None, kind: int = 1
) -> bytes:
    """A tensor of floats without values, or of int64 or float with them."""
    pairs: list[tuple[int, Any]] = [(1, one) for one in dims]
    raw: list[tuple[int, Any]] = []
    if numbers is not None:
        is_int = all(isinstance(one, int) for one in numbers)
        kind = 7 if is_int else 1
        raw = [(9, struct.pack(f"<{prod(dims)}{'q' if is_int else 'f'}", *numbers))]
    return fields(*pairs, (2, kind), (8, name), *raw)


def ints(name: str, *numbers: int) -> bytes:
    """A vector of int64."""
    return tensor(name, [len(numbers)], numbers)


def scalar(name: str, number: float) -> bytes:
    """A number without axes."""
    return tensor(name, [], [number])


def attribute(name: str, value: Any) -> bytes:
    start = [(1, name)]
    match value:
        case int():
            return fields(*start, (3, value), (20, 2))
        case float():
            return fields(*start, (2, value), (20, 1))
        case str():
            return fields(*start, (4, value), (20, 3))
        case bytes():
            return fields(*start, (5, value), (20, 4))
        case _ if value and isinstance(value[0], float):
            return fields(*start, *[(7, one) for one in value], (20, 6))
        case _:
            return fields(*start, *[(8, one) for one in value], (20, 7))


def node(
    op: str, reads: str, makes: str, /, name: str = "", domain: str = "", **more: Any
) -> bytes:
    """A node; names of inputs and outputs with spaces between, `-` for one that is left out."""
    inputs = [(1, "" if one == "-" else one) for one in reads.split()]
    outputs = [(2, "" if one == "-" else one) for one in makes.split()]
    attributes = [(5, attribute(key, value)) for key, value in more.items()]
    return fields(*inputs, *outputs, (3, name), (4, op), *attributes, (7, domain))


def value(name: str, dims: Sequence[int | str] | None) -> bytes:
    """An input or output; a str is a length that is open."""
    if dims is None:
        return fields((1, name))
    lengths = [(1, fields((1 if isinstance(one, int) else 2, one))) for one in dims]
    return fields((1, name), (2, fields((1, fields((1, 1), (2, fields(*lengths)))))))


def model(
    nodes: Sequence[bytes],
    tensors: Sequence[bytes] = (),
    inputs: Mapping[str, Sequence[int | str] | None] = {"x": ("n", 4, 8, 8)},
    outputs: str = "y",
    opset: int = 21,
) -> bytes:
    """A file."""
    graph = fields(
        *[(1, one) for one in nodes],
        *[(5, one) for one in tensors],
        *[(11, value(name, dims)) for name, dims in inputs.items()],
        *[(12, value(name, None)) for name in outputs.split()],
    )
    return fields((1, 9), (7, graph), (8, fields((2, opset))))
