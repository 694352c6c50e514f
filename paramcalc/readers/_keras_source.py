"""What a Keras model says of itself, from JSON text, a mapping or a file, within limits."""

from __future__ import annotations

import io
import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from paramcalc._checks import wrong
from paramcalc.errors import ReadError, show

Config = Mapping[str, Any]
MAX_LENGTH = 8 * 2**20
"""Of a text; that of NASNetLarge, with 1,041 layers, has a million characters."""
MAX_STRINGS = 1_000_000
MAX_VALUES = 250_000
"""Of lists and dicts; NASNetLarge has 20,000."""
MAX_DEPTH = 100
"""Of lists and dicts in each other. A model in a model is three deeper."""
MAX_DIRECTORY = 2**20
"""Bytes of the list of what an archive holds."""


def config_of(source: object) -> Config:
    """The dict that a source is or holds."""
    given = mapping(source)
    if given is not None:
        check_values(given)
        return given
    if isinstance(source, str) and source.lstrip()[:1] in {"{", "[", ""}:
        text = source
    elif isinstance(source, str | os.PathLike):
        text = text_of_file(cast("Any", source))
    else:
        raise TypeError(wrong("keras", "source", "be JSON text, a mapping or a path", source))
    check_text(text)
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ReadError(f"the text is not JSON: {error}") from None
    model = mapping(found)
    if model is None:
        raise ReadError(f"the JSON of a model is an object, got {show(found)}")
    return model


def mapping(value: Any) -> Config | None:
    """A dict; None for anything else."""
    given: Any = value  # The types of what is in it are unknown.
    return given if isinstance(value, Mapping) else None


def check_values(source: Any) -> None:
    """Refuse a mapping of too many values or levels: one that holds itself has no end of them."""
    level, number, depth = [source], 0, 0
    while level:
        depth += 1
        check_limit(depth, MAX_DEPTH, "lists and dicts in each other")
        below: list[Any] = []
        for value in level:
            named = mapping(value)
            inside: Any = value if named is None else named.values()
            below += [one for one in inside if isinstance(one, Mapping | list | tuple)]
            check_limit(number + len(below), MAX_VALUES, "lists and dicts")
        level, number = below, number + len(below)


def check_text(text: str) -> None:
    """Refuse a text of which Python would make too much, or for which it would go too deep."""
    check_limit(len(text), MAX_LENGTH, "characters")
    check_limit(text.count("[") + text.count("{"), MAX_VALUES, "lists and dicts")
    check_limit(text.count('"') // 2, MAX_STRINGS, "strings")
    depth = 0
    for between in text.replace("\\\\", "").replace('\\"', "").split('"')[::2]:
        for mark in between:
            if mark in "[{":
                depth += 1
                check_limit(depth, MAX_DEPTH, "lists and dicts in each other")
            elif mark in "]}":
                depth -= 1


def check_limit(number: int, most: int, things: str) -> None:
    """Refuse a number of things that is too large."""
    if number > most:
        raise ReadError(f"a model has at most {most:,} {things}, got more")


class Sparing(io.FileIO):
    """A file of which no large piece is read at once."""

    def read(self, size: int | None = -1, /) -> bytes:
        """No more than the list of what an archive holds may have."""
        if size is not None and size > MAX_DIRECTORY:
            raise BadZipFile("the list of what it holds is too long")
        return super().read(size)


UNREADABLE = (
    BadZipFile,
    NotImplementedError,
    OSError,
    EOFError,
    ValueError,
    zlib.error,
    struct.error,
)
"""What Python raises for a file that cannot be opened or is no archive."""


def text_of_file(path: str | os.PathLike[str]) -> str:
    """The text of `config.json` in a `.keras` file."""
    name = show(os.fspath(path))
    try:
        if Path(path).is_dir():
            raise ReadError(f"{name} is a folder, such as a SavedModel: save the model as .keras")
        if not Path(path).is_file():
            raise ReadError(f"{name} is neither JSON text nor a file")
        with Sparing(path) as file:
            if file.read(4) == b"\x89HDF":
                raise ReadError(f"{name} is HDF5: save the model as .keras, or give its to_json()")
            with ZipFile(cast("Any", file)) as archive:
                return member_of(archive)
    except ReadError:
        raise
    except UNREADABLE as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ReadError(f"{name} is not a .keras file: {why}") from None


def member_of(archive: ZipFile) -> str:
    """The text of `config.json`, of which no more is unpacked than a text may have."""
    if "config.json" not in archive.namelist():
        raise BadZipFile("it has no config.json")
    info = archive.getinfo("config.json")
    if info.file_size > MAX_LENGTH:
        raise BadZipFile(f"config.json has more than {MAX_LENGTH:,} bytes")
    if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED} or info.flag_bits & 1:
        raise BadZipFile("config.json is encrypted, or not compressed as zip files are")
    with archive.open(info) as member:
        return member.read(MAX_LENGTH).decode()
