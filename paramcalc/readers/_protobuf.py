"""Protobuf's wire format: the fields of a message by their numbers, whatever they mean."""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterator
from mmap import mmap

from paramcalc.errors import ReadError

MAX_COST = 8_000_000
"""The most that is read of a file: as many characters, or half a million fields."""
MAX_TEXT = 2000
"""Names are shorter, and errors quote them."""
FIELD, MESSAGE = 16, 64
"""What a field costs, beside its characters, and what a message does."""
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
SIZES = {FIXED64: 8, FIXED32: 4}


class Message:
    """The fields of a message; what is not asked for is not read, and messages inside not entered.

    A number, text or message that is given several times is the last, as protobuf has it.

    Args:
        data: the whole file.
        start: where the message begins.
        stop: where it ends.
        cost: what has been read of the file so far, as the only entry.
    """

    __slots__ = ("_cost", "_data", "_fields")

    def __init__(self, data: bytes | mmap, start: int, stop: int, cost: list[int]) -> None:
        self._data, self._cost = data, cost
        self._fields: dict[int, array[int]] = {}  # Three for each: the kind, the value, the end.
        self._spend(MESSAGE)
        at, fields, room = start, self._fields, (MAX_COST - cost[0]) // FIELD
        while at < stop:
            begin, room = at, room - 1
            if room < 0:
                self._spend(MAX_COST)
            key, at = varint(data, at, stop)
            number, kind = key >> 3, key & 7
            if kind == VARINT:
                value, at = varint(data, at, stop)
                value = signed(value) if value >> 63 else value
            elif kind == BYTES:
                size, at = varint(data, at, stop)
                value, at = at, at + size
            elif kind in SIZES:
                value, at = at, at + SIZES[kind]
            else:
                raise ReadError("what stands here is no field of protobuf", where=f"byte {begin}")
            if at > stop:
                problem = "a field is longer than what it stands in"
                raise ReadError(problem, where=at_byte(begin))
            if number not in fields:
                fields[number] = array("q")
            fields[number].extend((kind, value, at))
        cost[0] = MAX_COST - room * FIELD

    def _spend(self, cost: int) -> None:
        self._cost[0] += cost
        if self._cost[0] > MAX_COST:
            raise ReadError(f"it has more than {MAX_COST // FIELD:,} fields beside its weights")

    def _each(self, number: int, *kinds: int) -> Iterator[tuple[int, int, int]]:
        triples = iter(self._fields.get(number, ()))
        for kind, value, stop in zip(triples, triples, triples, strict=True):
            if kind not in kinds:
                problem = f"field {number} is of kind {kind}, where {kinds[0]} is expected"
                raise ReadError(problem, where=at_byte(stop))
            yield kind, value, stop

    def has(self, number: int) -> bool:
        """Whether the field is given."""
        return number in self._fields

    def messages(self, number: int) -> list[Message]:
        """All messages that the field has."""
        each = self._each(number, BYTES)
        return [Message(self._data, start, stop, self._cost) for _, start, stop in each]

    def message(self, number: int) -> Message:
        """The message that the field has, or an empty one; two would have to be made one."""
        found = self.messages(number) or [Message(self._data, 0, 0, self._cost)]
        if len(found) > 1:
            raise ReadError(f"field {number} is given {len(found)} times, where one is expected")
        return found[0]

    def raw(self, number: int) -> bytes:
        """The bytes of the field."""
        last = b""
        for _, start, stop in self._each(number, BYTES):
            self._spend(stop - start)
            last = self._data[start:stop]
        return last

    def texts(self, number: int) -> list[str]:
        """All texts that the field has."""
        found: list[str] = []
        for _, start, stop in self._each(number, BYTES):
            self._spend(stop - start)
            if stop - start > MAX_TEXT:
                problem = f"a text has {stop - start:,} bytes, where {MAX_TEXT:,} are the most"
                raise ReadError(problem, where=at_byte(start))
            try:
                found.append(self._data[start:stop].decode())
            except UnicodeDecodeError:
                raise ReadError("a text is not UTF-8", where=at_byte(start)) from None
        return found

    def text(self, number: int) -> str:
        """The text of the field, or an empty one."""
        return (self.texts(number) or [""])[-1]

    def ints(self, number: int) -> list[int]:
        """All integers that the field has, one by one or packed."""
        found: list[int] = []
        for kind, value, stop in self._each(number, VARINT, BYTES):
            if kind == VARINT:
                found.append(value)
                continue
            self._spend(FIELD * (stop - value))
            while value < stop:
                one, value = varint(self._data, value, stop)
                found.append(signed(one))
        return found

    def number(self, number: int, default: int = 0) -> int:
        """The integer of the field."""
        return (self.ints(number) or [default])[-1]

    def floats(self, number: int, kind: int = FIXED32) -> list[float]:
        """All floating-point numbers that the field has, one by one or packed."""
        size, found = SIZES[kind], list[float]()
        for _, start, stop in self._each(number, kind, BYTES):
            self._spend(FIELD * (stop - start) // size)
            if (stop - start) % size:
                problem = f"{stop - start} bytes are not a number of {size} bytes each"
                raise ReadError(problem, where=at_byte(start))
            letter = "f" if size == 4 else "d"
            found += struct.unpack(f"<{(stop - start) // size}{letter}", self._data[start:stop])
        return found


def at_byte(at: int) -> str:
    """The place of an error."""
    return f"byte {at}"


def varint(data: bytes | mmap, at: int, stop: int) -> tuple[int, int]:
    """The number at a place, seven bits per byte, and the place after it."""
    if at < stop and data[at] < 128:
        return data[at], at + 1
    number = shift = 0
    for place in range(at, min(at + 10, stop)):
        byte = data[place]
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place + 1
        shift += 7
    raise ReadError("a number does not end", where=at_byte(at))


def signed(number: int) -> int:
    """The number as an int64."""
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number
