"""The command line: `paramcalc summary net.onnx`, and the other verbs. Nothing here calculates."""

from __future__ import annotations

import argparse
import codecs
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import BytesIO, TextIOWrapper
from pathlib import Path
from textwrap import dedent, indent
from typing import Any, NamedTuple, NoReturn

import paramcalc as pc
from paramcalc._cli_read import NUMBER, bytes_of, count_of, input_of, read, shape_of
from paramcalc._ledgers import LEDGERS
from paramcalc._stored import DTYPES, OPTIMIZERS
from paramcalc.errors import ParamcalcError, show
from paramcalc.layers._base import Layer
from paramcalc.render.html import escape
from paramcalc.render.shown import for_terminal
from paramcalc.render.table import printable
from paramcalc.render.text import WIDTH, to_ascii

WORDS = {
    "give input_shape or start with Input(...)": "give input_shape",
    "give input_shape": "give --input, as in --input 3x224x224",
    "be a dict of the shapes of": "be NAME=SHAPE for each of",
    "input_shape={": "give --input NAME=SHAPE for each of {",
    "input_shape must be a tuple of ints, got {": "--input has a name where there is one input: {",
    "input_shape": "--input",
    "give depth": "give --depth",
    "memory: batch_size": "--batch-size",
    "explain: at": "PATH",
    "as in call=": "as in --call ",
}
"""Of Python, and the words of the command line for them."""
SUFFIXES = {
    ".csv": "csv", ".html": "html", ".json": "json", ".md": "markdown", ".svg": "svg",
    ".txt": "text",
}  # fmt: skip
"""The formats of files by the ends of their names."""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are those of the library."""

    def error(self, message: str) -> NoReturn:
        raise ParamcalcError(f"{message}; see {self.prog} --help")

    def print_help(self, file: Any = None) -> None:
        write(self.format_help())


def read_all(given: argparse.Namespace, *files: str) -> tuple[list[Layer], Any]:
    """The networks of files, and the input shape if one of them does not state it."""
    if given.call is not None and not any(file.lower().endswith(".py") for file in files):
        raise ParamcalcError("--call is for .py files: other files hold one network")
    shape = shape_of(given.input)
    found = [read(file, given.call, shape) for file in files]
    return [one for one, _ in found], next((rest for _, rest in found if rest is not None), None)


def answer(given: argparse.Namespace) -> Any:
    """The result of a verb. Options that are not given are as usual in the library."""
    (network,), shape = read_all(given, given.file)
    return getattr(pc, given.command)(network, shape, **options(given))


def options(given: argparse.Namespace) -> dict[str, Any]:
    """The options of a verb that are given."""
    names = "at", "batch_size", "convention", "depth", "dtype", "optimizer"
    return {name: one for name, one in vars(given).items() if name in names and one is not None}


def compare(given: argparse.Namespace) -> Any:
    """The result of `pc.compare`; what looks like a number is one."""
    if NUMBER.fullmatch(given.other):
        (network,), shape = read_all(given, given.file)
        return pc.compare(network, count_of(given.other), shape)
    (first, second), shape = read_all(given, given.file, given.other)
    return pc.compare(first, second, shape)


def check(given: argparse.Namespace) -> tuple[str, bool]:
    """A line for each budget that is broken, or one for all, and whether all are kept."""
    (network,), shape = read_all(given, given.file)
    budgets: list[tuple[int | None, str, Callable[[], int]]] = [
        (given.max_params, "parameters", lambda: network.num_params(shape)),
        (given.max_macs, "MACs", lambda: network.num_macs(shape)),
        (
            given.max_memory,
            "bytes at inference",
            lambda: pc.memory(network, shape, **options(given)).inference_bytes,
        ),
    ]
    found = [(most, what, count()) for most, what, count in budgets if most is not None]
    if not found:
        raise ParamcalcError("give a budget: --max-params, --max-macs or --max-memory")
    file = printable(given.file)
    broken = [
        f"{file}: {number:,} {what}, {number - most:,} over the budget of {most:,}\n"
        for most, what, number in found
        if number > most
    ]
    kept = "; ".join([f"{number:,} of {most:,} {what}" for most, what, number in found])
    return "".join(broken) or f"{file}: within budget: {kept}\n", not broken


def face(result: Any, form: str, title: str, file: str | None) -> str:
    """A result as text in a format, for a file or for the standard output."""
    match form:
        case "text" if file:
            return str(result.to_text())
        case "text":
            columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
            return for_terminal(lambda style: result.to_text(style, columns))
        case "json":
            return "[" + ",\n ".join(map(json.dumps, result.to_records())) + "]"
        case "html":
            head = f'<!doctype html>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
            head += '<body style="font-family: system-ui, sans-serif">\n'
            text = head + result.to_html()
        case _:
            text = getattr(result, f"to_{form}")()
    if file or codecs.lookup(sys.stdout.encoding).name == "utf-8":
        return str(text)
    return to_ascii(text) if form == "csv" else text.encode("ascii", "xmlcharrefreplace").decode()


def write(text: str, file: str | None = None) -> None:
    """Write a text to a file or to the standard output, of which the reader may have had enough."""
    text = text.rstrip("\n") + "\n"
    if file:
        Path(file).write_text(text, "utf-8")
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes again.
        if not isinstance(error, BrokenPipeError):
            raise


def form_of(given: argparse.Namespace) -> str:
    """The format that is asked for, or that the name of the file to be written has."""
    forms = COMMANDS[given.command].forms.split()
    form: str = given.format or SUFFIXES.get(Path(given.output or "").suffix.lower(), forms[0])
    if form not in forms:
        what = f"{given.command} is not written as {show(form)[1:-1]}"
        raise ParamcalcError(f"{what}: give --format {', '.join(forms[:-1])} or {forms[-1]}")
    return form


class Command(NamedTuple):
    """What the help says of a command, and the formats it has, the usual one first."""

    about: str
    forms: str
    examples: str


TABLE = "text json csv markdown html"
COMMANDS = {
    "summary": Command(
        "A table of the layers: shapes, parameters and their working.",
        TABLE,
        """\
        paramcalc summary zoo:resnet50 --input 3x224x224 --depth 1
        paramcalc summary net.py --call "Net(10)" --input 3x32x32
        paramcalc summary model.onnx -o layers.csv
        """,
    ),
    "explain": Command(
        "How each number is made.",
        TABLE,
        """\
        paramcalc explain zoo:lenet5 --input 1x32x32
        paramcalc explain zoo:resnet50 "layer1[0]" --input 3x224x224
        """,
    ),
    "memory": Command(
        "The memory that training and inference take.",
        f"{TABLE} svg",
        """\
        paramcalc memory model.keras
        paramcalc memory zoo:vgg16 --input 3x224x224 --batch-size 32 --optimizer adam
        """,
    ),
    "flops": Command(
        "The operations, as a tool counts them.",
        TABLE,
        """\
        paramcalc flops zoo:resnet18 --input 3x224x224 --convention fvcore
        """,
    ),
    "diagram": Command(
        "A picture.",
        "svg html json",
        """\
        paramcalc diagram zoo:unet --input 1x572x572 -o unet.svg
        paramcalc diagram zoo:resnet152 --input 3x224x224 --depth 1 -o resnet.html
        """,
    ),
    "compare": Command(
        "What differs between two networks, or from the number that a tool prints.",
        TABLE,
        """\
        paramcalc compare zoo:resnet50 25,636,712
        paramcalc compare net.json other.json
        """,
    ),
    "check": Command(
        "Whether a network is within its budget: if not, the exit status is 1.",
        "text",
        """\
        paramcalc check model.onnx --max-params 5M
        paramcalc check zoo:resnet50 --input 3x224x224 --max-macs 4.1G
        paramcalc check zoo:unet --input 1x572x572 --max-memory 1GiB
        """,
    ),
}
FILE = """\
FILE is one of
  net.py       source code of torch, which is read and not executed
  model.onnx   an ONNX file
  model.keras  a file of Keras, or model.json with what to_json() returns
  net.json     what paramcalc's readers.to_json writes, or net.txt of repr
  zoo:NAME     a published network, such as zoo:resnet50
"""


def parser_of() -> Parser:
    """The parser of all commands."""
    about = "Shapes and parameter counts of neural networks, with the working."
    end = f"{FILE}\nparamcalc COMMAND --help has examples."
    form = argparse.RawDescriptionHelpFormatter
    new: dict[str, Any] = {"formatter_class": form, "allow_abbrev": False}
    parser = Parser("paramcalc", description=about, epilog=end, **new)
    version = f"paramcalc {pc.__version__}"
    parser.add_argument("--version", action="version", version=version, help="print the version")
    commands = parser.add_subparsers(metavar="COMMAND", dest="command", required=True)
    for name, (about, _, examples) in COMMANDS.items():
        end = f"{FILE}\nexamples:\n{indent(dedent(examples), '  ')}"
        one = commands.add_parser(name, help=about, description=about, epilog=end, **new)
        add_arguments(one, name)
    return parser


def add_arguments(parser: Parser, name: str) -> None:
    """Add the arguments of a command."""
    add = parser.add_argument
    add("file", metavar="FILE", help="a network: see below")
    if name == "compare":
        add("other", metavar="OTHER", help="another FILE, or a number of parameters")
    if name == "explain":
        add("at", metavar="PATH", nargs="?", help="the part to explain, as tables name it")
    lengths = "lengths without the batch, as in 3x224x224; of several inputs each, as in a=3x8x8"
    add("--input", metavar="SHAPE", type=input_of, action="append", default=[], help=lengths)
    add("--call", metavar="CODE", help='how the network in a .py file is made, as in "Net(10)"')
    if name in ("summary", "diagram"):
        add("--depth", metavar="N", type=int, help="how many levels of networks are shown")
    if name == "flops":
        add("--convention", metavar="NAME", help=", ".join(LEDGERS))
    if name == "check":
        add("--max-params", metavar="N", type=count_of, help="parameters, as in 5M")
        add("--max-macs", metavar="N", type=count_of, help="multiply-accumulates, as in 1.5G")
        add("--max-memory", metavar="N", type=bytes_of, help="bytes at inference, as in 2GiB")
    if name in ("memory", "check"):
        add("--batch-size", metavar="N", type=int, help="examples in a batch")
        add("--dtype", metavar="NAME", help=", ".join(DTYPES))
    if name == "memory":
        add("--optimizer", metavar="NAME", help=", ".join(OPTIMIZERS))
    if name != "check":
        forms = COMMANDS[name].forms.replace(" ", ", ")
        add("--format", metavar="NAME", help=f"{forms}; or else by the name of the output")
        add("-o", "--output", metavar="FILE", help="the file to write")


def run(argv: Sequence[str] | None) -> int:
    """Do what is asked, and return the exit status."""
    given, rest = parser_of().parse_known_args(argv)
    if rest and not rest[0].startswith("-") and vars(given).get("at", "") is None:
        given.at = rest.pop(0)  # Some versions of argparse find it beside FILE alone.
    if rest:
        what = f"unrecognized arguments: {' '.join(rest)}"
        raise ParamcalcError(f"{what}; see paramcalc {given.command} --help")
    if given.command == "check":
        lines, is_kept = check(given)
        write(for_terminal(lambda style: lines if style == "unicode" else to_ascii(lines)))
        return 0 if is_kept else 1
    form = form_of(given)
    result = compare(given) if given.command == "compare" else answer(given)
    title = printable(f"{given.command} {given.file}")
    write(face(result, form, title, given.output), given.output)
    return 0


def words_of(error: Exception) -> str:
    """An error in one line, in the words of the command line."""
    if isinstance(error, OSError):
        return ": ".join(map(str, filter(None, (error.filename, error.strerror or error))))
    words = " ".join(str(error).split())
    for old, new in WORDS.items():
        words = words.replace(old, new)
    return re.sub(r"(layers=\{[^{}]*\})", r"\1 to the reader, in Python", words)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of a command: 0, or 1 for a broken budget, or 2 for an error.

    Args:
        argv: the arguments; those of the process if it is None.
    """
    sys.stdout = sys.stdout or TextIOWrapper(BytesIO())  # None, if the caller closed it.
    try:
        return run(argv)
    except KeyboardInterrupt:
        return 130
    except (ParamcalcError, argparse.ArgumentTypeError, OSError, TypeError) as error:
        if isinstance(error, TypeError) and "input_shape must" not in str(error):
            raise  # No fault of the user's.
        with suppress(OSError, AttributeError):  # It may be closed too.
            sys.stderr.write(f"paramcalc: error: {printable(words_of(error))}\n")
        return 2
