"""Evaluates formulas as they are printed, in exact arithmetic, with Python's operators put back."""

from __future__ import annotations

import math
import re
from fractions import Fraction


def python(text: str) -> str:
    """A formula in Unicode, ASCII or LaTeX as a Python expression."""
    text = text.replace("{,}", "").replace(",", "")
    text = text.replace("·", "*").replace("−", "-").replace(r"\cdot", "*")
    for opening, closing, name in [
        (r"\left\lfloor", r"\right\rfloor", "floor"),
        (r"\left\lceil", r"\right\rceil", "ceil"),
        ("⌊", "⌋", "floor"),
        ("⌈", "⌉", "ceil"),
        (r"\left(", r"\right)", ""),
    ]:
        text = text.replace(opening, f"{name}(").replace(closing, ")")
    fraction = re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}")
    while fraction.search(text):
        text = fraction.sub(r"((\1)/(\2))", text)
    return text


def evaluate(text: str, symbols: dict[str, int] | None = None) -> Fraction:
    """The value of a formula in numbers, or in symbols of which the values are given."""
    names = {name: Fraction(value) for name, value in (symbols or {}).items()}
    exact = re.sub(r"(?<![\w])\d+", r"Fraction(\g<0>)", python(text))
    known = {"Fraction": Fraction, "floor": math.floor, "ceil": math.ceil, **names}
    return Fraction(eval(exact, known))  # noqa: S307  # what our own formulas say
