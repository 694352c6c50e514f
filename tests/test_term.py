"""Ints that remember how they were made: what they say is what they are."""

from __future__ import annotations

import copy
import operator
import pickle
from collections.abc import Callable
from math import prod
from typing import Any

import pytest
from evaluate import evaluate
from hypothesis import given, strategies as st

import paramcalc as pc
from paramcalc import formulas
from paramcalc.formulas import Term


def as_term(value: int) -> Term:
    assert isinstance(value, Term)
    return value


N, K, S, P, D = [
    Term(value, symbol)
    for value, symbol in [(28, "n"), (5, "k_h"), (2, "s_h"), (1, "p_h"), (2, "d_h")]
]
C_IN, C_OUT, G = Term(4, "C_in"), Term(6, "C_out"), Term(2, "g", divides=True)

FORMULAS: list[tuple[int, str, str, str]] = [
    (formulas.window_length(N, K), "n − k_h + 1", "28 − 5 + 1", r"n - k_{h} + 1"),
    (
        formulas.window_length(N, K, S),
        "⌊(n − k_h)/s_h⌋ + 1",
        "⌊(28 − 5)/2⌋ + 1",
        r"\left\lfloor \frac{n - k_{h}}{s_{h}} \right\rfloor + 1",
    ),
    (
        formulas.window_length(N, K, S, P, D),
        "⌊(n + 2·p_h − d_h·(k_h − 1) − 1)/s_h⌋ + 1",
        "⌊(28 + 2·1 − 2·(5 − 1) − 1)/2⌋ + 1",
        (
            r"\left\lfloor \frac{n + 2 \cdot p_{h} - d_{h} \cdot \left(k_{h} - 1\right) - 1}"
            r"{s_{h}} \right\rfloor + 1"
        ),
    ),
    (
        formulas.window_length(N, K, 1, P, D),
        "n + 2·p_h − d_h·(k_h − 1)",
        "28 + 2·1 − 2·(5 − 1)",
        r"n + 2 \cdot p_{h} - d_{h} \cdot \left(k_{h} - 1\right)",
    ),
    (
        formulas.window_length(N, K, S, P, ceil_mode=True),
        "⌈(n + 2·p_h − k_h)/s_h⌉ + 1",
        "⌈(28 + 2·1 − 5)/2⌉ + 1",
        r"\left\lceil \frac{n + 2 \cdot p_{h} - k_{h}}{s_{h}} \right\rceil + 1",
    ),
    (
        formulas.same_length(N, S),
        "⌈n/s_h⌉",
        "⌈28/2⌉",
        r"\left\lceil \frac{n}{s_{h}} \right\rceil",
    ),
    (
        formulas.conv_params(C_IN, C_OUT, (K, K)),
        "(k_h·k_h·C_in + 1)·C_out",
        "(5·5·4 + 1)·6",
        r"\left(k_{h} \cdot k_{h} \cdot C_{\text{in}} + 1\right) \cdot C_{\text{out}}",
    ),
    (
        formulas.conv_params(C_IN, C_OUT, (K,), G, bias=False),
        "k_h·(C_in/g)·C_out",
        "5·(4/2)·6",
        r"k_{h} \cdot \frac{C_{\text{in}}}{g} \cdot C_{\text{out}}",
    ),
    (
        formulas.dense_macs(C_IN, C_OUT, N),
        "n·C_in·C_out",
        "28·4·6",
        r"n \cdot C_{\text{in}} \cdot C_{\text{out}}",
    ),
    (formulas.norm_params(N), "2·n", "2·28", r"2 \cdot n"),
    (5 - N, "5 − n", "5 − 28", "5 - n"),
    (-N, "−n", "−28", "-n"),
    (3 - N - N + K, "k_h + 3 − n − n", "5 + 3 − 28 − 28", "k_{h} + 3 - n - n"),
    (-(N + 1) * K, "(−n − 1)·k_h", "(−28 − 1)·5", r"\left(-n - 1\right) \cdot k_{h}"),
    (N * -3, "(−3)·n", "(−3)·28", r"\left(-3\right) \cdot n"),
    (N - (K - 3), "n − k_h + 3", "28 − 5 + 3", "n - k_{h} + 3"),
    (100 // K, "⌊100/k_h⌋", "⌊100/5⌋", r"\left\lfloor \frac{100}{k_{h}} \right\rfloor"),
    (
        N * K // (S * 3),
        "⌊n·k_h/(3·s_h)⌋",
        "⌊28·5/(3·2)⌋",
        r"\left\lfloor \frac{n \cdot k_{h}}{3 \cdot s_{h}} \right\rfloor",
    ),
    (N // 4, "⌊n/4⌋", "⌊28/4⌋", r"\left\lfloor \frac{n}{4} \right\rfloor"),
    (N // (G * G), "n/(g·g)", "28/(2·2)", r"\frac{n}{g \cdot g}"),
    (N // (2 * G), "⌊n/(2·g)⌋", "⌊28/(2·2)⌋", r"\left\lfloor \frac{n}{2 \cdot g} \right\rfloor"),
    (K // G, "⌊k_h/g⌋", "⌊5/2⌋", r"\left\lfloor \frac{k_{h}}{g} \right\rfloor"),
    (Term(-3, "x") + 1, "x + 1", "(−3) + 1", "x + 1"),
    (Term(-3, "x") * K, "x·k_h", "(−3)·5", r"x \cdot k_{h}"),
    (Term(7, "num_heads") + 1, "num_heads + 1", "7 + 1", r"\text{num\_heads} + 1"),
    (
        (Term(800, "F_in", made_of=as_term(Term(32, "C") * Term(25, "n"))) + 1) * K,
        "(F_in + 1)·k_h",
        "(32·25 + 1)·5",
        r"\left(F_{\text{in}} + 1\right) \cdot k_{h}",
    ),
]


@pytest.mark.parametrize(("value", "symbols", "numbers", "latex"), FORMULAS)
def test_formulas_read_as_a_person_writes_them(
    value: int, symbols: str, numbers: str, latex: str
) -> None:
    assert isinstance(value, Term)
    assert value.symbols() == symbols
    assert value.numbers() == numbers
    assert value.symbols("latex") == latex
    assert evaluate(numbers) == value


def test_formulas_in_ascii_and_html() -> None:
    length = formulas.window_length(N, K, S, P)
    assert as_term(length).symbols("ascii") == "floor((n + 2*p_h - k_h)/s_h) + 1"
    assert as_term(formulas.same_length(N, S)).numbers("ascii") == "ceil(28/2)"
    assert Term(5, "k_h").symbols("html") == "<i>k</i><sub>h</sub>"
    assert Term(5, "k").symbols("html") == "<i>k</i>"
    assert Term(5, "my<field").symbols("html") == "my&lt;field"


def test_neutral_numbers_are_left_out_and_neutral_symbols_are_not() -> None:
    one, zero = Term(1, "c"), Term(0, "p")
    for same in N * 1, 1 * N, N + 0, 0 + N, N - 0, N // 1, N // Term(1, "s"), sum([N]), prod([N]):
        assert same is N
    assert type(N * 0) is int
    product, total = N * one, N + 2 * zero
    assert isinstance(product, Term)
    assert isinstance(total, Term)
    assert product.numbers() == "28·1"
    assert total.numbers() == "28 + 2·0"


def test_terms_are_ints() -> None:
    assert N == 28
    assert {28: "here"}[N] == "here"
    assert repr(N) == str(N) == f"{N}" == "28"
    assert N + True == 29
    assert N + 0.5 == 28.5
    assert (N * 0.5, N - 0.5, 0.5 - N, N // 0.5) == (14.0, 27.5, -27.5, 56.0)
    other: Any = "x"
    for method in N.__add__, N.__mul__, N.__floordiv__, N.__sub__:
        assert method(other) is NotImplemented
    assert type(N % 5) is type(N**2) is type(abs(N)) is int
    with pytest.raises(ZeroDivisionError):
        _ = N // 0
    words = "no style 'morse'; the styles are unicode, ascii, html, latex"
    for write in N.symbols, N.numbers:
        with pytest.raises(pc.ParamcalcError, match=f"^{words}$"):
            write("morse")


@pytest.mark.parametrize(
    ("value", "symbol", "words"),
    [
        ("5", "a", "Term: value must be an int, got '5'"),
        (1.5, "a", "Term: value must be an int, got 1.5"),
        (True, "a", "Term: value must be an int, got True"),
        (5, 5, "Term: symbol must be a str, got 5"),
    ],
)
def test_value_or_symbol_of_a_wrong_type_is_refused(value: Any, symbol: Any, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        Term(value, symbol)
    assert str(caught.value) == words


def test_result_of_too_many_steps_is_a_plain_int() -> None:
    doubled: int = N
    for _ in range(64):
        doubled = doubled + doubled
    assert type(doubled) is int
    assert doubled == 28 * 2**64
    halved, plain = Term(10**100, "n") + 0, 10**100
    for _ in range(300):
        halved, plain = (halved + 1) // 2, (plain + 1) // 2
        if isinstance(halved, Term):
            assert len(halved.numbers()) < 1000
            assert pickle.loads(pickle.dumps(halved)).symbols() == halved.symbols()
    assert halved == plain
    assert type(halved) is int


def test_quotient_of_a_divisor_that_does_not_divide_is_rounded() -> None:
    quotient = as_term(Term(5, "C") // Term(2, "g", divides=True))
    assert (quotient, quotient.symbols(), quotient.numbers()) == (2, "⌊C/g⌋", "⌊5/2⌋")


@pytest.mark.parametrize(
    ("symbol", "text", "latex", "page"),
    [
        ("C_in", "C_in", r"C_{\text{in}}", "<i>C</i><sub>in</sub>"),
        ("_width", "_width", r"\text{\_width}", "_width"),
        ("_", "_", r"\text{\_}", "_"),
        ("<", "<", r"\text{$<$}", "&lt;"),
        ("k_%", "k_%", r"\text{k\_\%}", "k_%"),
        ("a_}", "a_}", r"\text{a\_\}}", "a_}"),
        ("\x1b[1m", r"\x1b[1m", r"\text{$\backslash$x1b{[}1m}", r"\x1b[1m"),
        ("\ud800", r"\ud800", r"\text{$\backslash$ud800}", r"\ud800"),
        ("a\nb", r"a\nb", r"\text{a$\backslash$nb}", r"a\nb"),
    ],
)
def test_hostile_symbols_are_inert(symbol: str, text: str, latex: str, page: str) -> None:
    term = Term(5, symbol)
    assert term.symbols() == term.symbols("ascii") == text
    assert term.symbols("latex") == latex
    assert term.symbols("html") == page


def test_terms_survive_pickling_and_copying() -> None:
    length = as_term(formulas.window_length(N, K, S, P))
    for again in pickle.loads(pickle.dumps(length)), copy.copy(length), copy.deepcopy(length):
        assert again == length
        assert again.symbols() == length.symbols()


OPERATIONS: list[Callable[[int, int], int]] = [
    operator.add,
    operator.sub,
    operator.mul,
    lambda a, b: a // (b or 1),
    lambda a, b: -(-a // (b or 1)),
    lambda a, b: -a + b,
]


VALUES, LETTERS = st.integers(-9, 99), st.sampled_from("abc")
ENDS, OPERATION = st.integers(0, 3), st.sampled_from(OPERATIONS)


def expression(draw: st.DrawFn, depth: int) -> tuple[int, int, dict[str, int]]:
    if depth == 0 or draw(ENDS) == 0:
        value = draw(VALUES)
        if draw(st.booleans()):
            return value, value, {}
        symbol = f"{draw(LETTERS)}_{value}".replace("-", "m")
        return Term(value, symbol), value, {symbol: value}
    left, plain_left, symbols = expression(draw, depth - 1)
    right, plain_right, more = expression(draw, depth - 1)
    operation = draw(OPERATION)
    return operation(left, right), operation(plain_left, plain_right), symbols | more


@st.composite
def expressions(draw: st.DrawFn) -> tuple[int, int, dict[str, int]]:
    """An expression computed on Terms and on plain ints, and what its symbols stand for."""
    return expression(draw, 5)


@given(expressions())
def test_text_of_a_computed_term_evaluates_to_its_value(
    expression: tuple[int, int, dict[str, int]],
) -> None:
    value, plain, symbols = expression
    assert value == plain
    if isinstance(value, Term):
        for style in ("unicode", "ascii", "latex"):
            assert evaluate(value.numbers(style)) == plain
        for style in ("unicode", "ascii"):
            assert evaluate(value.symbols(style), symbols) == plain


@pytest.mark.parametrize("field", ["made_of", "divides", "is_axis"])
def test_option_of_a_term_of_a_wrong_type_is_refused(field: str) -> None:
    with pytest.raises(TypeError, match=f"Term: {field} must be"):
        Term(3, "k", **{field: 3})  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_unknown_style_of_an_explanation_is_refused() -> None:
    part = pc.explain(pc.Dense(4, 3), (4,)).parts[0]
    words = "no style 'tex'; the styles are unicode"
    with pytest.raises(pc.ParamcalcError, match=words):
        part.lengths[0].steps("tex")
    with pytest.raises(pc.ParamcalcError, match=words):
        part.title(style="tex")
