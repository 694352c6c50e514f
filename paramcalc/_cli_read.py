"""What the command line is given: numbers with units, shapes, and the networks of files."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from paramcalc import readers, zoo
from paramcalc.errors import ParamcalcError, ReadError, show
from paramcalc.layers._base import Layer, Shape

COUNTS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
BYTES = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12} | {
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
NUMBER = re.compile(
    r"([0-9]{1,3}(?:[,_][0-9]{3}){1,6})|([0-9]{1,20})(?:\.([0-9]{1,20}))?([A-Za-z]*)"
)
INPUT = re.compile(r"(?:(.+)=)?([0-9]{1,19}(?:x[0-9]{1,19})*)", re.DOTALL)


def number_of(given: str, units: dict[str, int]) -> int:
    """An exact int, with a unit or with separators."""
    found = NUMBER.fullmatch(given)
    if not found or (found[4] or "") not in units:
        *others, last = filter(None, units)
        known = f"with one of {', '.join(others)} and {last} after it"
        raise ArgumentTypeError(f"{show(given)} is not a number, plain or {known}")
    if found[1]:
        return int(re.sub("[,_]", "", found[1]))
    fraction = found[3] or ""
    scale: int = 10 ** len(fraction)
    number, rest = divmod(int(found[2] + fraction) * units[found[4]], scale)
    if rest:
        raise ArgumentTypeError(f"{show(given)} is not a whole number")
    return number


def count_of(given: str) -> int:
    """A number of parameters or operations, such as 5M."""
    return number_of(given, COUNTS)


def bytes_of(given: str) -> int:
    """A number of bytes, such as 2GiB."""
    return number_of(given, BYTES)


def input_of(given: str) -> tuple[str, Shape]:
    """The name of an input, empty if there is none, and its shape."""
    found = INPUT.fullmatch(given)
    if not found:
        example = "lengths without the batch, as in 3x224x224 or image=3x224x224"
        raise ArgumentTypeError(f"{show(given)} is not a shape: {example}")
    return found[1] or "", tuple(map(int, found[2].split("x")))


def shape_of(inputs: Sequence[tuple[str, Shape]]) -> Any:
    """The shape of the input, or those of several by name; None if there is none."""
    shapes = dict(inputs)
    if len(shapes) < len(inputs) or ("" in shapes and len(shapes) > 1):
        example = "--input image=3x224x224 --input mask=1x224x224"
        raise ParamcalcError(f"each of several inputs has a name of its own, as in {example}")
    return shapes.get("", shapes or None)


def text_of(file: str) -> str:
    """The text in a file."""
    try:
        return Path(file).read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ReadError("it is not text in UTF-8") from None


def read_json(file: str, shape: Any) -> tuple[Layer, Any]:
    """The network in a document of paramcalc, which has that name in it, or of Keras."""
    document = text_of(file)
    if document.lstrip()[:1] != "{" or re.search(r'"paramcalc"\s*:', document):
        return readers.from_json(document), shape
    return readers.keras(document, input_shape=shape), None


def read_file(file: str, call: str | None, shape: Any) -> tuple[Layer, Any]:
    """The network that a file has, and the input shape if that does not state it."""
    match Path(file).suffix.lower():
        case ".json":
            return read_json(file, shape)
        case ".keras":
            return readers.keras(file, input_shape=shape), None
        case ".onnx":
            return readers.onnx(file, input_shape=shape), None
        case ".py":
            return readers.torch(text_of(file), call, input_shape=shape), None
        case ".txt":
            return readers.parse(text_of(file)), shape
        case suffix:
            known = ".py, .json, .keras, .onnx and .txt can be read, and zoo:NAME"
            raise ReadError(f"{suffix or 'a file without a suffix'} cannot be read: {known}")


def read(file: str, call: str | None, shape: Any) -> tuple[Layer, Any]:
    """The network of a file or of the zoo, and the input shape if that does not state it."""
    place, _, name = file.partition(":")
    if place == "zoo":
        if name not in zoo.__all__:
            near = get_close_matches(name, zoo.__all__, 1)
            hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(zoo.__all__)}"
            raise ReadError(f"the zoo has no {show(name)}; {hint}")
        return getattr(zoo, name)(), shape
    Path(file).stat()  # Its error is the same for all files.
    try:
        return read_file(file, call, shape)
    except ReadError as error:
        words = str(error)
        raise ReadError(words, where="" if show(file) in words else file) from error
