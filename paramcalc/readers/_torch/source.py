"""Python text as a syntax tree, of bounded size and depth. Nothing of it is executed."""

from __future__ import annotations

import ast
import re
from textwrap import dedent
from warnings import catch_warnings, simplefilter

from paramcalc.errors import ReadError

MAX_LENGTH = 1_000_000
MAX_TOKENS = 60_000
"""A tree of more would take long to make, and much memory."""
MAX_DEPTH = 100
"""The parser calls itself for what is inside; deeper, it would fail in ways of its own."""

TOKEN = re.compile(
    r"""
    (?P<skipped> [ \t\f]+ | \#[^\n]* | \\\n )
    | (?P<prefix> [a-z]{0,2} ) (?P<string> \"{3} (?: \\. | [^\\] )*? \"{3}
        | '{3} (?: \\. | [^\\] )*? '{3} | \" (?: \\. | [^\\"\n] )* \" | ' (?: \\. | [^\\'\n] )* ' )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<line> \n (?P<margin> [ \t\f]* ) (?= (?P<blank> [\n#] )? ) )
    | (?P<word> \w+ )
    | (?P<sign> . )
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
NESTING = {"await", "else", "for", "if", "in", "is", "lambda", "not", "yield"}
"""Words after which an expression is inside another; others stand side by side."""


class Depth:
    """An upper bound of how deep what the parser makes of tokens is nested.

    A row of operators, calls or attributes is as deep as it is long: each is inside the next; and
    so is a row of words, for the parser looks for what it could mean. A comma begins a new row, and
    so does a line outside brackets. A branch is inside the one before.
    """

    def __init__(self) -> None:
        self.rows = [0]
        self.blocks: list[list[int]] = [[0, 0]]
        """The margin of each open block, and how many branches its last statement has."""
        self.starts, self.after_a_word = True, False

    def read(self, token: re.Match[str]) -> int:
        """The depth after one more token."""
        kind, text = token.lastgroup, token.group()
        if kind == "line":
            if len(self.rows) == 1 and not token["blank"]:
                self.begin(len(token["margin"].expandtabs()))
        elif kind == "open":
            self.rows.append(0)
        elif kind == "close":
            self.rows[-2:] = [self.rows[max(len(self.rows) - 2, 0)] + 1]
        elif text in ",;":
            self.rows[-1] = 0
        elif kind == "sign" or text in NESTING or (kind == "word" and self.after_a_word):
            self.rows[-1] += 1
        if kind == "word" and self.starts:
            self.branch(text)
        self.after_a_word = kind == "word"
        self.starts = kind == "line" or (self.starts and kind != "word")
        branches = sum([number for _, number in self.blocks])
        return sum(self.rows) + branches + 2 * (len(self.rows) + len(self.blocks))

    def begin(self, margin: int) -> None:
        """A new line begins a statement."""
        self.rows = [0]
        while margin < self.blocks[-1][0]:
            self.blocks.pop()
        if margin > self.blocks[-1][0]:
            self.blocks.append([margin, 0])

    def branch(self, word: str) -> None:
        """The first word of a statement."""
        if word == "elif":
            self.blocks[-1][1] += 1
        elif word not in ("else", "except", "finally"):
            self.blocks[-1][1] = 0


def parse(text: str) -> ast.Module:
    """The tree of Python text.

    Raises:
        ReadError: it is no Python, or too long, or nested too deep.
    """
    if len(text) > MAX_LENGTH:
        raise ReadError(f"the source has more than {MAX_LENGTH:,} characters")
    text = dedent(text.replace("\r\n", "\n").replace("\r", "\n"))
    line, number, depth = 1, 0, Depth()
    for token in TOKEN.finditer(text):
        if token.lastgroup == "skipped":
            line += token.group() == "\\\n"
            continue
        number += 1
        if number > MAX_TOKENS:
            raise ReadError(f"the source has more than {MAX_TOKENS:,} words and signs")
        line += token.group().count("\n")
        inside = len(re.findall(r"\w+|[^\w\s]", code_in(token)))
        if depth.read(token) + inside > MAX_DEPTH:
            raise ReadError("the source is nested too deep", where=f"line {line}")
    try:
        with catch_warnings():
            simplefilter("ignore")  # Of what a string escapes: not of ours to say.
            return ast.parse(text)
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else ""
        raise ReadError(f"this is no Python: {error.msg}", where=where) from None
    except ValueError:  # A null byte, or half of a character.
        raise ReadError("the source has a character that Python does not take") from None


def code_in(token: re.Match[str]) -> str:
    """What stands in the braces of an f-string."""
    if "f" not in (token["prefix"] or "").lower():
        return ""
    text = (token["string"] or "").replace("{{", "")
    return text[text.find("{") : text.rfind("}")] if "{" in text else ""
