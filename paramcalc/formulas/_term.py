"""Ints that remember how they were made, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeGuard

from paramcalc._checks import as_bool, as_int, as_str, wrong
from paramcalc.errors import ParamcalcError, show
from paramcalc.render import html, latex
from paramcalc.render.table import printable

Sum = tuple[tuple[tuple[int, "Term"], ...], int]
Product = tuple[int, tuple["Term", ...]]


class Term(int):
    r"""An int that remembers how it was made.

    It computes like an int. `+`, `-`, `*` and `//` are remembered, up to a hundred steps; anything
    else gives a plain int. The text omits what a person omits: + 0, × 1 and / 1, unless
    they are symbols; and it adds up neighboring numbers.

    `kind` and `parts` say how it was made: "symbol", "sum", "product", "floor", "ceil", or
    "quotient" for a division without remainder.

    Args:
        value: the int.
        symbol: its symbol, such as `k` or `C_in`.
        divides: whether it always divides without remainder.
        is_axis: whether it is the length of an axis of an input.
        made_of: the Term to write in place of its number.

    Example:
        >>> import paramcalc as pc
        >>> size, channels, filters = Term(5, "k"), Term(3, "C_in"), Term(8, "C_out")
        >>> params = pc.formulas.conv_params(channels, filters, (size, size))
        >>> params, params.symbols(), params.numbers()
        (608, '(k·k·C_in + 1)·C_out', '(5·5·3 + 1)·8')
        >>> pc.formulas.window_length(Term(28, "n"), size, Term(2, "s")).symbols("latex")
        '\\left\\lfloor \\frac{n - k}{s} \\right\\rfloor + 1'
    """

    kind: str
    parts: Any
    size: int

    def __new__(
        cls,
        value: int,
        symbol: str,
        *,
        divides: bool = False,
        is_axis: bool = False,
        made_of: Term | None = None,
    ) -> Term:
        number = value if type(value) is int else as_int(value, "Term", "value")
        if not isinstance(made_of, Term | None):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(wrong("Term", "made_of", "be a Term", made_of))
        flags = as_bool(divides, "Term", "divides"), as_bool(is_axis, "Term", "is_axis")
        return named(number, Symbol(as_str(symbol, "Term", "symbol"), *flags, made_of))

    def __repr__(self) -> str:
        return str(int(self))

    def symbols(self, style: str = "unicode") -> str:
        """The formula in symbols; the style is "unicode", "ascii", "latex" or "html"."""
        return write(self, STYLES[as_style(style)], in_numbers=False)[0]

    def numbers(self, style: str = "unicode") -> str:
        """The formula in numbers, in a style of `symbols`."""
        return write(self, STYLES[as_style(style)], in_numbers=True)[0]

    def __add__(self, other: int) -> int:
        return add(self, other, int.__add__(self, other), 1)

    def __radd__(self, other: int) -> int:
        return add(other, self, int.__radd__(self, other), 1)

    def __sub__(self, other: int) -> int:
        return add(self, other, int.__sub__(self, other), -1)

    def __rsub__(self, other: int) -> int:
        return add(other, self, int.__rsub__(self, other), -1)

    def __neg__(self) -> int:
        if self.kind == "floor":  # -(a // b) is how to round up.
            over, under = self.parts
            return term(int.__neg__(self), "ceil", (-over, under), (over, under))
        return add(0, self, int.__neg__(self), -1)

    def __mul__(self, other: int) -> int:
        return multiply(self, other, int.__mul__(self, other))

    def __rmul__(self, other: int) -> int:
        return multiply(other, self, int.__rmul__(self, other))

    def __floordiv__(self, other: int) -> int:
        return divide(self, other, int.__floordiv__(self, other))

    def __rfloordiv__(self, other: int) -> int:
        return divide(other, self, int.__rfloordiv__(self, other))

    def is_plain(self) -> bool:
        """Whether it is its number alone."""
        return self.kind == "symbol" and self.parts.made_of is None

    def is_product_of_axes(self) -> bool:
        """Whether it is the length of several axes joined."""
        if self.kind != "product":
            return False
        return all(one.kind == "symbol" and one.parts.is_axis for one in self.parts[1])

    def __reduce__(self) -> tuple[Any, ...]:
        return remade, (int(self), self.kind, self.parts, self.size)


class Symbol(NamedTuple):
    """What stands for an int, as `Term` takes it."""

    text: str
    divides: bool = False
    is_axis: bool = False
    made_of: Term | None = None


def is_made(value: int) -> TypeGuard[Term]:
    """Whether a number has a working."""
    return isinstance(value, Term) and not value.is_plain()


def named(value: int, symbol: Symbol) -> Term:
    """A `Term` of checked arguments."""
    size = 1 if symbol.made_of is None else 1 + symbol.made_of.size
    return remade(value, "symbol", symbol, size)


MAX_SIZE = 100
"""After more steps it is a plain int: nobody would read the formula."""


def term(value: int, kind: str, parts: object, operands: Iterable[int]) -> int:
    """A Term of operands; a plain int if there are too many."""
    size = 1 + sum([one.size if isinstance(one, Term) else 1 for one in operands])
    if size > MAX_SIZE:
        return int(value)
    return remade(value, kind, parts, size)


def remade(value: int, kind: str, parts: object, size: int) -> Term:
    """A Term from its parts."""
    made = int.__new__(Term, value)
    made.kind, made.parts, made.size = kind, parts, size
    return made


def as_sum(value: int) -> Sum:
    """The signed parts of a sum, and the number added to them."""
    if not isinstance(value, Term):
        return (), value
    parts: Sum = value.parts if value.kind == "sum" else (((1, value),), 0)
    return parts


def add(left: int, right: int, value: int, sign: int) -> int:
    """One sum of `left` and the signed `right`."""
    if value is NotImplemented:
        return value  # type: ignore[no-any-return]
    parts, number = as_sum(left)
    more, other = as_sum(right)
    parts = (*parts, *[(sign * side, part) for side, part in more])
    number += sign * other
    if not number and len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    return term(value, "sum", (parts, number), [part for _, part in parts])


def as_product(value: int) -> Product:
    """The number and the other factors of a product."""
    if not isinstance(value, Term):
        return value, ()
    parts: Product = value.parts if value.kind == "product" else (1, (value,))
    return parts


def multiply(left: int, right: int, value: int) -> int:
    """One product of `left` and `right`."""
    if value is NotImplemented:
        return value  # type: ignore[no-any-return]
    number, factors = as_product(left)
    other, more = as_product(right)
    number, factors = number * other, factors + more
    if not number:
        return 0
    if number == 1 == len(factors):
        return factors[0]
    return term(value, "product", (number, factors), factors)


def divide(over: int, under: int, value: int) -> int:
    """`over` divided by `under`, and rounded down unless that is never needed."""
    if value is NotImplemented:
        return value  # type: ignore[no-any-return]
    if under == 1:
        return over
    number, factors = as_product(under)
    divides = number == 1 and all(one.kind == "symbol" and one.parts.divides for one in factors)
    kind = "quotient" if divides and value * under == over else "floor"
    return term(value, kind, (over, under), (over, under))


class Style(NamedTuple):
    """The signs of a style."""

    times: str
    minus: str
    over: str
    floor: str
    ceil: str
    brackets: str
    symbol: Callable[[str], str]


def split_symbol(text: str) -> tuple[str, str]:
    """The letter and the index of a symbol such as `C_in`; empty for other text."""
    letter, line, index = text.partition("_")
    is_index = index.replace("_", "").isalnum() if line else True
    return (letter, index) if len(letter) == 1 and letter.isalpha() and is_index else ("", "")


def latex_symbol(text: str) -> str:
    """`C_in` with a subscript; a longer name upright."""
    letter, index = split_symbol(text)
    if not letter:
        return text if text.isdigit() else rf"\text{{{latex.escape(text)}}}"
    below = index if len(index) == 1 else rf"\text{{{latex.escape(index)}}}"
    return f"{letter}_{{{below}}}" if index else letter


def html_symbol(text: str) -> str:
    """`C_in` with a subscript."""
    letter, index = split_symbol(text)
    if not letter:
        return html.escape(text)
    return f"<i>{letter}</i>" + (f"<sub>{index}</sub>" if index else "")


UNICODE = Style("·", "−", "{}/{}", "⌊{}⌋", "⌈{}⌉", "({})", printable)
STYLES = {
    "unicode": UNICODE,
    "ascii": Style("*", "-", "{}/{}", "floor({})", "ceil({})", "({})", printable),
    "html": UNICODE._replace(symbol=html_symbol),
    "latex": Style(
        r" \cdot ",
        "-",
        r"\frac{{{}}}{{{}}}",
        r"\left\lfloor {} \right\rfloor",
        r"\left\lceil {} \right\rceil",
        r"\left({}\right)",
        latex_symbol,
    ),
}


def as_style(name: str) -> str:
    """The name of a style, checked."""
    text = as_str(name, "Term", "style")
    if text not in STYLES:
        raise ParamcalcError(f"no style {show(text)}; the styles are {', '.join(STYLES)}")
    return text


SUM, PRODUCT, ATOM = 1, 2, 3
"""How tightly a text binds; a SUM needs brackets in a product."""


def write(value: int, style: Style, *, in_numbers: bool) -> tuple[str, int]:
    """The formula of an int, and how tightly it binds."""

    def inner(value: int, tightness: int) -> str:
        text, own = write(value, style, in_numbers=in_numbers)
        return text if own >= tightness else style.brackets.format(text)

    kind = value.kind if isinstance(value, Term) else "number"
    parts: Any = value.parts if isinstance(value, Term) else None
    if kind == "symbol" and not in_numbers:
        return style.symbol(parts.text), ATOM
    if kind == "symbol" and parts.made_of is not None:
        return write(parts.made_of, style, in_numbers=True)
    if kind in ("number", "symbol"):
        text = str(abs(int(value)))
        return (text, ATOM) if value >= 0 else (style.minus + text, SUM)
    if kind == "sum":
        signed, number = parts
        return write_sum(signed, number, style, inner), SUM
    if kind == "product":
        number, factors = parts
        # A factor after a quotient could be read as part of its denominator.
        tight = [ATOM if factor.kind == "quotient" else PRODUCT for factor in factors[:-1]]
        texts = [inner(*pair) for pair in zip(factors, [*tight, PRODUCT], strict=True)]
        return style.times.join(texts if number == 1 else [inner(number, ATOM), *texts]), PRODUCT
    over, under = parts
    flat = "/" in style.over
    numerator = inner(over, PRODUCT if flat else SUM)
    fraction = style.over.format(numerator, inner(under, ATOM if flat else SUM))
    if kind == "quotient":
        return fraction, PRODUCT if flat else ATOM
    return (style.floor if kind == "floor" else style.ceil).format(fraction), ATOM


def write_sum(parts: Any, number: int, style: Style, inner: Callable[[int, int], str]) -> str:
    """A sum, with a positive part first if there is one."""
    signed = [(sign, inner(part, PRODUCT)) for sign, part in parts]
    if number:
        signed.append((1 if number > 0 else -1, str(abs(number))))
    if signed[0][0] < 0:
        signed.sort(key=lambda one: one[0] < 0)
    text = "".join([f" {style.minus if sign < 0 else '+'} {part}" for sign, part in signed])
    return text[3:] if signed[0][0] > 0 else style.minus + text[3:]
