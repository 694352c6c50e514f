"""Networks as text: what `repr` writes, and JSON."""

from __future__ import annotations

import json
import re
from ast import literal_eval
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from paramcalc._checks import as_str, wrong
from paramcalc._graph import Graph
from paramcalc._network import Container
from paramcalc.errors import ParamcalcError, ReadError, join_path, show
from paramcalc.layers._base import Layer
from paramcalc.layers._builtin import Builtin

MAX_LENGTH = 1_000_000
MAX_NESTING = 200
"""Of brackets. A network nests 50 deep, and each of its levels has three, if it is a `Graph`."""
VERSION = 1
TOKEN = re.compile(
    r"""
    (?: \s++ | \#.*+ )*+  # Blanks and comments, and then:
    (?: (?P<sign> [][(){},:] )
    | (?P<whole> -?\d++ (?![.\w]) )
    | (?P<key> [^\W\d]\w*+ \s*+ = )
    | (?P<name> [^\W\d]\w*+ (?: \.[^\W\d]\w*+ )*+ )
    | (?P<text> ' (?: [^'\\\n]++ | \\. )*+ ' | " (?: [^"\\\n]++ | \\. )*+ " )
    | (?P<number> -?\.?\d (?: [eE][-+] | [.\w] )*+ )
    | (?P<other> . ) )
    """,
    re.VERBOSE,
)
PART = re.compile(r"[^\s,()\[\]{}](?:[^\n,()\[\]{}]{0,79}[^\s,()\[\]{}])?|\S")
ESCAPES = re.compile(r"""(?:[^\\]++|\\(?:['"\\nrt]|x\w\w|u\w{4}|U\w{8}))*+""", re.DOTALL)
MAX_DIGITS = 400
NUMBERS = re.compile(r'(?<=\[)\n[^][{}"]*(?=\])')
BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[][{}]')
CONSTANTS = {"None": None, "True": True, "False": False}
UNREAD = "{} is not a number, a text, a tuple or a layer"

Layers = Mapping[str, Layer | Callable[..., Layer]]
"""What the caller supplies: by name a layer, or a function of its arguments that returns one."""


def parse(text: str, *, layers: Layers | None = None) -> Layer:
    """The network that a text describes: `repr`, read back.

    A text has calls of public layers, with or without `pc.` or `paramcalc.` before their names;
    within them numbers, texts, tuples, lists and dicts. There may be line breaks and comments.
    Nothing else is understood, and nothing is executed.

    Args:
        text: at most 1,000,000 characters.
        layers: other layers, by name: each is a layer, or a function that takes the arguments and
            returns one, such as a class of your own.

    Raises:
        TypeError: `text` is not a str.
        ReadError: it is anything else, or a layer refuses its arguments.

    Example:
        >>> net = parse("pc.Sequential(features=pc.Conv2d(1, 32, 5), pool=pc.Pool(2))")
        >>> net.output_shape((1, 28, 28)), parse(repr(net)) == net
        ((32, 12, 12), True)
    """
    read = Text(as_bounded(text, "parse"), layers or {})
    network = read.value()
    if read.kind:
        raise read.error("{} stands after the network", read.start)
    if not isinstance(network, Layer):
        raise read.error("{} is not a layer", 0)
    return network


def as_bounded(text: str, function: str) -> str:
    """A text of at most `MAX_LENGTH`."""
    if len(as_str(text, function, "text")) > MAX_LENGTH:
        raise ReadError(
            f"{function}: a text has at most {MAX_LENGTH:,} characters, got {len(text):,}"
        )
    return text


def made(
    name: str, layers: Layers | None, where: Callable[[], str], given: Any, fields: dict[str, Any]
) -> Layer:
    """The layer of a name, with arguments; `where` says where an error is."""
    package, _, word = name.rpartition(".")
    public: Any = import_module("paramcalc")  # It loads a layer when that is asked for.
    kind: Any = (layers or {}).get(name)
    if kind is None and package in ("", "pc", "paramcalc") and word in public.__all__:
        kind = getattr(public, word)
        kind = kind if isinstance(kind, type) and issubclass(kind, Builtin) else None
    if kind is None:
        hint = "" if layers is None else f": give it, as layers={{{show(name)}: ...}}"
        raise ReadError(f"no layer is named {show(name)}{hint}", where=where())
    try:
        layer: Any = kind if isinstance(kind, Layer) else kind(*given, **fields)
    except (ParamcalcError, TypeError) as error:
        raise ReadError(str(error), where=where()) from error
    if not isinstance(layer, Layer):
        raise ReadError(f"layers[{name!r}] must return a Layer, got {show(layer)}", where=where())
    return layer


class Text:
    """A text of layers, and its next token."""

    def __init__(self, text: str, layers: Layers) -> None:
        self.text, self.layers = text, layers
        self.start = self.end = 0
        self.next()

    def next(self) -> None:
        """Go to the next token; at the end, its kind is empty."""
        found = TOKEN.match(self.text, self.end)
        if found is None:
            self.kind, self.word, self.start = "", "", len(self.text)
            return
        self.kind = kind = found.lastgroup or ""
        self.word = found[kind]
        self.start, self.end = found.span(kind)

    def error(self, problem: str, start: int) -> ReadError:
        """The error at a place; `{}` is what stands there, up to a bracket or comma."""
        part = PART.match(self.text, start)
        problem = problem.replace("{}", part[0]) if part else "the text ends too early"
        return ReadError(problem, where=self.line(start))

    def line(self, start: int) -> str:
        number = self.text.count("\n", 0, start) + 1
        return f"line {number}"

    def value(self, depth: int = 0) -> Any:
        """The value that begins with the next token."""
        start, kind, word = self.start, self.kind, self.word
        if depth > MAX_NESTING:
            raise self.error(f"brackets nest at most {MAX_NESTING} deep", start)
        self.next()
        if kind == "whole" and len(word) <= MAX_DIGITS:
            return int(word)
        if word == "[":
            return [one for _, one in self.items("]", depth)]
        if word == "{":
            return dict(self.items("}", depth))
        if word == "(":
            many = tuple([one for _, one in self.items(")", depth)])
            return many[0] if self.is_single else many
        if kind == "name" and self.word == "(":
            self.next()
            pairs = self.items(")", depth, is_call=True)
            given = [one for name, one in pairs if name is None]
            fields = {name: one for name, one in pairs if name is not None}
            return made(word, self.layers, lambda: self.line(start), given, fields)
        return self.literal(kind, word, start)

    def literal(self, kind: str, word: str, start: int) -> Any:
        """The value of a single token."""
        if kind == "name" and word in CONSTANTS:
            return CONSTANTS[word]
        try:
            if kind == "number":
                return float(word)
            if kind == "text" and ESCAPES.fullmatch(word):
                return literal_eval(word)
        except (SyntaxError, ValueError):  # Such as 1.2.3, or a character beyond Unicode.
            pass
        raise self.error(UNREAD, start)

    def items(self, closing: str, depth: int, *, is_call: bool = False) -> list[tuple[Any, Any]]:
        """The values up to a closing bracket, each with its name or None."""
        found: list[tuple[Any, Any]] = []
        names: set[str] = set()
        comma = True
        while self.word != closing:
            start, name = self.start, self.name(closing, depth, is_call=is_call)
            if name in names:
                raise self.error(f"{name} is given twice", start)
            if name is not None:
                names.add(name)
            elif names:
                raise self.error("{} has no name, but stands after what has one", start)
            start, one = self.start, self.value(depth + 1)
            found.append((name, one))
            comma = self.word == ","
            if comma:
                self.next()
            elif self.word != closing:
                if self.kind and not isinstance(one, Layer | tuple | list | dict):
                    raise self.error(UNREAD, start)
                raise self.error(f"a comma or {closing} is missing before {{}}", self.start)
        self.next()
        self.is_single = len(found) == 1 and not comma
        return found

    def name(self, closing: str, depth: int, *, is_call: bool) -> str | None:
        """The name before the next value, in a call or a dict."""
        start = self.start
        if is_call and self.kind == "key":
            name = self.word[:-1].rstrip()
        elif closing == "}":
            name = self.value(depth + 1)
            if not isinstance(name, str) or self.word != ":":
                raise self.error("{} is not a name in quotes with a colon after it", start)
        else:
            return None
        self.next()
        return name


def to_json(network: Layer) -> str:
    """The network as a JSON document, which `from_json` reads.

    It has the version of the format, and each layer as an object: its type, and the fields that are
    not as usual.

    Args:
        network: a network, or a layer, of the layers of this library.

    Raises:
        TypeError: a layer is of another kind.

    Example:
        >>> import paramcalc as pc
        >>> print(to_json(pc.Sequential(features=pc.Conv2d(1, 32, 5), pool=pc.Pool(2))))
        {
         "paramcalc": 1,
         "network": {
          "type": "Sequential",
          "layers": {
           "features": {
            "type": "Conv2d",
            "in_channels": 1,
            "out_channels": 32,
            "kernel_size": [5, 5]
           },
           "pool": {
            "type": "Pool",
            "kernel_size": 2
           }
          }
         }
        }
    """
    text = json.dumps({"paramcalc": VERSION, "network": data_of(network)}, indent=1)
    return NUMBERS.sub(lambda found: " ".join(found[0].split()), text)


def data_of(value: Any) -> Any:
    """A layer, or the value of a field, as JSON has it."""
    many: Any = value  # The types of its entries are unknown.
    if isinstance(value, dict):
        return {name: data_of(one) for name, one in many.items()}
    if isinstance(value, tuple):
        return [data_of(one) for one in many]
    if not isinstance(value, Layer):
        return value
    if not isinstance(value, Builtin):
        raise TypeError(wrong("to_json", "a layer", "be one of this library", value))
    fields = {name: getattr(value, name) for name in value._specs}
    if isinstance(value, Container):
        if names := fields.pop("names"):
            fields["layers"] = dict(zip(names, value.layers, strict=True))
    elif isinstance(value, Graph):
        fields["inputs"] = dict(value.inputs)
        fields["nodes"] = {name: (one, *reads) for name, one, reads in value.nodes}
    elif not value._network_depth:
        usual = value._usual()
        fields = {name: one for name, one in fields.items() if usual.get(name, value) != one}
    return {"type": type(value).__name__, **data_of(fields)}


def from_json(text: str) -> Layer:
    """The network of a JSON document that `to_json` wrote.

    Raises:
        TypeError: `text` is not a str.
        ReadError: it is anything else, or a layer refuses its fields.

    Example:
        >>> import paramcalc as pc
        >>> from_json(to_json(pc.Dense(4, 3)))
        Dense(4, 3)
    """
    depth = 0
    for found in BRACKETS.finditer(as_bounded(text, "from_json")):
        depth += (found[0] in "[{") - (found[0] in "]}")
        if depth > MAX_NESTING:
            raise ReadError(f"brackets nest at most {MAX_NESTING} deep")
    try:
        read: Any = json.loads(text, object_pairs_hook=as_object)
    except ValueError as error:
        raise ReadError(f"this is not JSON: {error}") from None
    usual = {"paramcalc": VERSION, "network": None}
    document: Any = read if isinstance(read, dict) else {}  # pyright: ignore[reportUnknownVariableType]
    if document | {"network": None} != usual:
        raise ReadError(f'a document is {{"paramcalc": {VERSION}, "network": ...}}')
    network = layer_of(document.get("network"), "network")
    if not isinstance(network, Layer):
        raise ReadError(wrong("from_json", "network", "be a Layer", network))
    return network


def as_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, without a name twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"an object has a name twice, among {show(tuple(found))}")
    return found


def layer_of(value: Any, where: str) -> Any:
    """What JSON has for a layer, or for the value of a field."""
    many: Any = value
    if isinstance(value, list):
        return tuple([layer_of(one, f"{where}[{at}]") for at, one in enumerate(many)])
    if not isinstance(value, dict):
        return value
    fields = {name: layer_of(one, join_path(where, name)) for name, one in many.items()}
    if not isinstance(fields.get("type"), str):
        return fields
    kind, parts = fields.pop("type"), fields.pop("layers", ())
    if isinstance(parts, dict):
        return made(kind, None, lambda: where, (), {**fields, **parts})
    return made(kind, None, lambda: where, parts, fields)
