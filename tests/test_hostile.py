"""What callers get who pass the wrong thing: a `TypeError` or a `ParamcalcError` in words.

`formulas` are left out, which compute and do not check, as their first lines say; so are results
made by hand and not by their verb, which hold whatever they are given, as any dataclass does.
"""

from __future__ import annotations

import copy
import dataclasses
import enum
import inspect
import itertools
import pickle
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from layers import ROWS

import paramcalc as pc
from paramcalc.formulas import Term
from paramcalc.layers import Window

if TYPE_CHECKING:
    from rows import Row

REFUSALS = (TypeError, pc.ParamcalcError)
LARGEST = 2**63 - 1
"""No framework has a longer axis; it is taken, and all above is refused."""
HUGE = LARGEST + 1

# What is passed by mistake.


class Suit(enum.IntEnum):
    HEARTS = 3


class Point(NamedTuple):
    x: int
    y: int


class Own(pc.Layer):
    """A layer of one's own that answers what it is told to, but for its shape if that is right."""

    def __init__(self, answer: Any, *, is_shaped: bool = False) -> None:
        self.answer, self.is_shaped = answer, is_shaped

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Own)

    def __hash__(self) -> int:
        return 0

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        return input_shape if self.is_shaped else self.answer

    def parameters(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answer

    num_params = num_macs = parameters

    def sources(self, input_shape: tuple[int | None, ...]) -> Any:
        return self.answer


def deep(around: Callable[[Any], Any]) -> Any:
    nested: Any = ()
    for _ in range(10_000):
        nested = around(nested)
    return nested


refused: list[Any] = [
    *[..., NotImplemented, object(), ValueError("no"), slice(3), range(3), pc.Parameter("w", ())],
    *[-(10**30), -HUGE, HUGE, 10**30, 3 + 0j, float("nan"), float("inf"), 1e308],
    *[Fraction(1, 10**400), Decimal("sNaN"), b"", b"same", b"\xff" * 1000, bytearray(b"3")],
    *[memoryview(b"3"), {}, set(), frozenset({3}), {3: 3}, {"a": pc.Identity()}],
    *[deep(lambda one: [one]), deep(lambda one: (one,))],
    *[(True, 3), ("3", 3), (3j,), (HUGE, 3), ((HUGE, 1),), ((1,), (2, 3)), (((1,),),)],
    *[((),), ([],), (pc.Identity(), 3), int, str, len, pc, pc.trace, pc.Dense, pc.Layer, pc.Shape],
]
"""What no field takes."""
taken_by_some: list[Any] = [
    *[None, True, False, -1, 0, 1, 2, 3, 2**31, LARGEST, Suit.HEARTS, -0.0, 0.5],
    *[3.0, (3.0, 3), 1.5, (0.1, 3), Fraction(3), Fraction(2, 7)],
    *["", "3", "same", "SAME", "max", "\x00", "\ud800", "[0]", "a" * 100_000, ("a",)],
    *[(), [], (3,), [3, 3], (3, 3, 3), (0, 3), (-1, 3), (None, 3), Point(3, 3), (3, LARGEST)],
    *[(1,) * 100, ((1, 1), (1, 1)), [pc.Identity()], pc.Identity(), pc.Dense(3, 3)],
    *[pc.Sequential(), pc.Add(pc.Identity()), pc.Frozen(pc.Dense(3, 3)), pc.Input(3, 8, 8)],
    *[Own((3,)), Own(None), Own("x"), Own(None, is_shaped=True)],
]
if find_spec("numpy"):  # Not needed, but where it is, its values are passed as well.
    import numpy as np

    refused += [
        *[np.uint64(HUGE), np.bool_(True), np.float32("nan"), np.complex128(3), np.bytes_(b"3")],
        *[np.ma.masked, np.array([3]), np.array([3, 3]), np.array([]), np.array(True), np.int64],
        np.array([3, None], object),
    ]
    taken_by_some += [
        np.int64(3),
        np.uint8(3),
        np.int8(-3),
        np.float64(0.5),
        np.str_("same"),
        [np.float64(3)],
    ]
    taken_by_some += [np.array(3), (np.int64(3), np.int64(3))]


def too_long() -> Iterator[int]:
    """As good as endless, but no machine is lost where it is read."""
    yield from range(1_000)
    raise AssertionError("an iterator without an end is read")


USED_UP: list[Callable[[], Any]] = [
    lambda: iter([3, 3]),
    lambda: (one for one in [3, 3]),
    lambda: map(int, "33"),
    lambda: iter([pc.Identity()]),
    too_long,
]
"""What can be read once, and is made for each call. No field takes it."""


def refused_values() -> list[Any]:
    return [*refused, *[make() for make in USED_UP]]


def bad_values() -> list[Any]:
    return [*taken_by_some, *refused_values()]


def asked(call: Callable[[], Any], *usual: type[Exception]) -> Any:
    """What a call returns; None, if it is refused in words, or by an error that is usual there."""
    words = "none needed"
    try:
        return call()
    except REFUSALS as error:
        words = str(error)
    except usual:
        pass
    assert 0 < len(words) < 2_000
    return None


# Where it is passed.

PUBLIC: dict[str, Any] = {name: getattr(pc, name) for name in pc.__all__}
VERBS: list[Any] = [
    one for one in PUBLIC.values() if inspect.isfunction(one) and one is not pc.concat
]
NET = pc.Sequential(
    stem=pc.Conv2d(3, 8, 3, 2, 1),
    block=pc.Add(pc.Identity(), pc.Sequential(pc.BatchNorm(), pc.Activation("relu"))),
    head=pc.Pool(2),
)
FITTING: dict[str, Any] = {
    "network": NET,
    "input_shape": (3, 16, 16),
    "near": (3, 16, 16),
    "output": 4,
    "layer": pc.Conv2d(3, 8, 3),
    "conv": pc.Conv2d(3, 8, 3),
    "a": NET,
    "b": 1000,
}
"""What verbs take, by the name of the argument."""
SHOWN = ("__str__", "to_csv", "to_html", "to_latex", "to_markdown", "to_records", "to_text")
IN_NOTEBOOKS = ("_repr_html_", "_repr_latex_", "_repr_markdown_")


def shown(result: Any) -> None:
    """Shows a result in all ways there are."""
    for name in (*SHOWN, *IN_NOTEBOOKS):
        if hasattr(result, name):
            getattr(result, name)()


def methods_of(layer: pc.Layer) -> list[Callable[[Any], Any]]:
    return [layer.output_shape, layer.num_params, layer.num_macs, layer.parameters, layer.sources]


def name_of(one: Any) -> str:
    name: str = getattr(one, "name", "") or one.__name__
    return name


each_layer = pytest.mark.parametrize("row", ROWS, ids=name_of)
each_verb = pytest.mark.parametrize("verb", VERBS, ids=name_of)


@each_layer
def test_bad_value_in_a_field_of_a_layer_is_refused_or_does_no_harm(row: Row) -> None:
    made: set[Any] = set()
    for layer, field in itertools.product(row.examples(), row.fields):
        for value in taken_by_some:
            made.add(asked(partial(dataclasses.replace, layer, **{field: value})))
        for value in refused_values():
            assert asked(partial(dataclasses.replace, layer, **{field: value})) is None
    for layer in made - {None}:
        assert len(repr(layer)) < 200_000
        assert pickle.loads(pickle.dumps(layer)) == copy.deepcopy(layer) == layer
        for ask, shape in itertools.product(
            methods_of(layer), (None, row.shape, (LARGEST,) * len(row.shape))
        ):
            asked(partial(ask, shape))
        if str(LARGEST) in repr(layer):
            for verb in VERBS:
                str(asked(partial(of_network, verb, layer, row.shape)))


def of_network(verb: Any, network: pc.Layer, shape: pc.Shape | None) -> Any:
    """The answer of a verb about a network and, if it takes one, an input."""
    first, *others = inspect.signature(verb).parameters
    given: dict[str, Any] = FITTING | {first: network, "input_shape": shape, "near": shape}
    return verb(**{name: given[name] for name in (first, *others) if name in given})


def shown_of(verb: Any, network: pc.Layer, shape: pc.Shape | None) -> None:
    shown(of_network(verb, network, shape))


@each_layer
def test_bad_values_for_all_arguments_of_a_layer_are_refused(row: Row) -> None:
    chance = random.Random(row.name)  # noqa: S311  # not for secrets
    for value in bad_values():
        asked(partial(row.kind, value))
    for _ in range(100):
        values = chance.sample(bad_values(), 8)
        names = chance.sample([*row.fields, "names", "a", "self"], 2)
        positional = values[: chance.randint(0, len(row.fields) + 1)]
        asked(partial(row.kind, *positional, **dict(zip(names, values[-2:], strict=True))))


@each_layer
def test_bad_shape_for_a_layer_is_refused(row: Row) -> None:
    for layer in row.examples():
        for ask, value in itertools.product(methods_of(layer), bad_values()):
            asked(partial(ask, value))


@pytest.mark.parametrize("kind", [pc.Parameter, Window, Term])
def test_bad_argument_of_what_layers_are_asked_for_is_refused(kind: Any) -> None:
    usual: dict[Any, Any] = {
        pc.Parameter: ["w", (3,), True],
        Window: [1] * 5,
        Term: [3, "k"],
    }
    for position, value in itertools.product(range(len(usual[kind])), bad_values()):
        arguments = [*usual[kind]]
        arguments[position] = value
        assert len(repr(asked(partial(kind, *arguments)))) < 200_000


@each_verb
def test_bad_argument_of_a_verb_is_refused_or_does_no_harm(verb: Any) -> None:
    names = [*inspect.signature(verb).parameters]
    usual = {name: FITTING[name] for name in names if name in FITTING}
    assert verb(**usual) is not None
    for name, value in itertools.product(names, bad_values()):
        shown(asked(partial(verb, **usual | {name: value})))


@each_verb
def test_bad_values_for_all_arguments_of_a_verb_are_refused(verb: Any) -> None:
    chance = random.Random(verb.__name__)  # noqa: S311  # not for secrets
    layers = [layer for row in ROWS for layer in row.examples()]
    names = [*inspect.signature(verb).parameters]
    for _ in range(200):
        values = chance.choices([*bad_values(), *FITTING.values()], k=len(names))
        asked(partial(verb, *values[:1], **dict(zip(names[1:], values[1:], strict=True))))
        asked(partial(verb, chance.choice(layers), **dict(zip(names[1:], values[1:], strict=True))))


@each_verb
def test_bad_answer_of_a_layer_of_ones_own_is_refused(verb: Any) -> None:
    for value, is_shaped in itertools.product(bad_values(), (True, False)):
        own = Own(value, is_shaped=is_shaped)
        network = pc.Sequential(a=pc.Add(own, pc.Identity()))
        cases: list[tuple[Any, Any]] = [(own, (3, 8)), (network, (3, 8)), (network, None)]
        for layer, shape in cases:
            asked(partial(shown_of, verb, layer, shape))


def test_bad_key_of_a_network_is_refused() -> None:
    networks: list[Any] = [
        NET,
        pc.Sequential(pc.Identity()),
        pc.Add(pc.Identity()),
        pc.Sequential(),
    ]
    for net, value in itertools.product(networks, bad_values()):
        asked(partial(net.__getitem__, value), KeyError, IndexError)
        for ends in [(value, None), (None, value), (None, None, value)]:
            asked(partial(net.__getitem__, slice(*ends)))


def test_bad_argument_of_a_result_is_refused() -> None:
    field, explanation = pc.receptive_field(NET, (3, 16, 16)), pc.explain(NET, (3, 16, 16))
    part, term = explanation.parts[0], explanation.parts[0].lengths[1].value
    assert isinstance(term, Term)
    asks: list[Callable[..., Any]] = [field.interval, field.center, term.symbols, term.numbers]
    asks += [explanation.to_text, part.lengths[1].steps]
    for ask, value in itertools.product(asks, bad_values()):
        asked(partial(ask, value))
    for name, value in itertools.product(("style", "width"), bad_values()):
        asked(partial(part.title, **{name: value}))
    for value in bad_values():
        asked(partial(field.interval, 1, clipped=value))
