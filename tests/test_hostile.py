"""What hostile callers get: a `TypeError` or a `ParamcalcError` in words, soon, and nothing else.

`formulas` are left out, which compute and do not check, as their first lines say; so are results
made by hand and not by their verb, which hold whatever they are given, as any dataclass does.
"""

from __future__ import annotations

import collections
import copy
import dataclasses
import enum
import inspect
import itertools
import operator
import pickle
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from decimal import Decimal
from fractions import Fraction
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import LAYERS

import paramcalc as pc

REFUSALS = (TypeError, pc.ParamcalcError)
SECONDS = 10
"""Of the processor and for one call: each takes less than a hundredth of that."""
HUGE = 2**63
"""Larger than any axis of a framework."""


class Suit(enum.IntEnum):
    HEARTS = 3


class Point(NamedTuple):
    x: int
    y: int


class Own(pc.Layer):
    """A layer of one's own that answers as it is told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self)

    def __hash__(self) -> int:
        return 0

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        return self.answer

    parameters = num_params = num_macs = output_shape

    def sources(self, input_shape: tuple[int | None, ...]) -> Any:
        return self.answer


class OwnWithMore(Own):
    """One whose shape is right, and nothing else."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> Any:
        return input_shape


def deep_list(depth: int = 10_000) -> list[Any]:
    nested: list[Any] = []
    for _ in range(depth):
        nested = [nested]
    return nested


def deep_tuple(depth: int = 10_000) -> tuple[Any, ...]:
    nested: tuple[Any, ...] = ()
    for _ in range(depth):
        nested = (nested,)
    return nested


HOSTILE: list[Callable[[], Any]] = [
    *[
        lambda value=value: value
        for value in [
            *[None, True, False, 0, -1, 1, 2, 3, 10**30, -(10**30), HUGE, -HUGE, 2**63, 2**31 - 1],
            *[
                float("nan"),
                float("inf"),
                -0.0,
                0.0,
                3.0,
                1e308,
                3 + 0j,
                Fraction(3),
                Fraction(1, 3),
            ],
            *[Decimal(3), Decimal("NaN"), Decimal("sNaN"), Suit.HEARTS, ..., NotImplemented],
            *["", "same", "valid", "SAME", "max", "\x00", "\ud800", "3", "a" * 100_000, "[0]", "."],
            *[b"", b"same", b"\xff" * 1000, bytearray(b"3"), memoryview(b"33"), range(3)],
            *[
                (),
                [],
                {},
                set(),
                frozenset({3}),
                {3: 3},
                (3,),
                [3, 3],
                (3, 3, 3),
                (0, 3),
                (None, 3),
            ],
            *[(3, HUGE), (HUGE,) * 3, (10**30,) * 3, (1,) * 1_000, ((1, 1), (1, 1)), ((HUGE, 1),)],
            *[
                (((1,),),),
                ((1,), (2, 3)),
                (1.0, 2),
                (True, 3),
                ("3", 3),
                ((),),
                ([],),
                (-1, 3),
                ("a",),
            ],
            *[int, str, object, type, len, pc, pc.Dense, pc.Sequential, pc.Layer, OwnWithMore()],
            *[pc.Identity(), pc.Dense(3, 3), pc.Sequential(), pc.Add(pc.Identity()), pc.Window()],
            *[pc.Term(3, "k"), pc.Parameter("w", (3,)), pc.ShapeError("no"), pc.trace, object()],
            *[pc.Sequential, [pc.Identity()], (pc.Identity(), 3), {"a": pc.Identity()}, pc.Shape],
            *[Point(3, 3), slice(3), slice(None, None, 0), itertools.count, ValueError("no")],
            *[pc.Frozen(pc.Dense(3, 3)), pc.Input(3, 8, 8), Own((3,)), Own(), Own(HUGE), Own("x")],
        ]
    ],
    itertools.count,
    lambda: (one for one in [3, 3]),
    lambda: iter([pc.Identity()]),
    lambda: map(int, "33"),
    lambda: collections.UserList([3, 3]),
    lambda: collections.deque([3, 3]),
    deep_list,
    deep_tuple,
]
if find_spec("numpy"):  # Not needed, but where it is, its values are thrown as well.
    import numpy as np

    numpy_values: list[Any] = [
        *[np.int64(3), np.uint8(3), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True)],
        *[np.float64(3), np.float32("nan"), np.complex128(3), np.str_("same"), np.bytes_(b"3")],
        *[np.array(3), np.array([3]), np.array([3, 3]), np.array([]), np.zeros((2, 2), int)],
        *[np.array([3, None], object), np.array("same"), np.datetime64(3, "D"), np.ma.masked],
        *[(np.int64(3), np.int64(3)), [np.float64(3)], np.int64, np.array(True), np.void(b"3")],
    ]
    HOSTILE.extend(
        [partial(operator.itemgetter(number), numpy_values) for number in range(len(numpy_values))]
    )

ODD = st.integers(0, len(HOSTILE) - 1).map(lambda number: HOSTILE[number]())
"""A hostile value, made anew each time: some are gone once read."""
NESTED = st.recursive(
    st.one_of(ODD, st.integers(), st.floats(), st.text(), st.binary(), st.none()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
    ),
    max_leaves=6,
)
ANYTHING = st.one_of(ODD, ODD, NESTED)


def answer(call: Callable[[], Any], *usual: type[Exception]) -> Any:
    """What a call returns; None, if it is refused in words, or by an error that is usual there."""
    start = time.process_time()
    words = ""
    try:
        found = call()
    except REFUSALS as error:
        found, words = None, str(error)
    except usual:
        found = None
    assert len(words) < 2_000
    assert time.process_time() - start < SECONDS
    return found


PUBLIC: dict[str, Any] = {name: getattr(pc, name) for name in pc.__all__}
KINDS: list[Any] = [
    one
    for one in PUBLIC.values()
    if isinstance(one, type) and issubclass(one, pc.Layer) and one is not pc.Layer
]
"""Every layer and network."""
RESULTS = {
    *("Explanation", "Flops", "FlopsRow", "Line", "Memory", "ReceptiveField", "Step", "Summary"),
    *("SummaryRow", "Working"),
}
"""What only the verbs make."""
MAKERS: list[Any] = [*KINDS, pc.Parameter, pc.Window, pc.Term]
VERBS: list[Any] = [one for one in PUBLIC.values() if inspect.isfunction(one)]
NET = pc.Sequential(
    stem=pc.Conv2d(3, 8, 3, 2, 1),
    block=pc.Add(pc.Identity(), pc.Sequential(pc.BatchNorm(), pc.Activation("relu"))),
    head=pc.Pool(2),
)
FITTING: dict[str, Any] = {
    "network": NET,
    "input_shape": (3, 16, 16),
    "output": 4,
    "layer": pc.Conv2d(3, 8, 3),
}
"""What parameters of verbs take, that have no default."""
LIKELY: list[Any] = [4, 2, "relu", (0,), (1,), pc.Identity()]
"""Of these a layer can be made."""


def usual_arguments(kind: Any) -> tuple[Any, ...]:
    """Arguments that a class takes, found by trying: so a new layer needs no entry here."""
    for number in range(4):
        for arguments in itertools.product(LIKELY, repeat=number):
            try:
                kind(*arguments)
            except REFUSALS:
                continue
            return arguments
    raise AssertionError(f"LIKELY has nothing that {kind.__name__} takes")


def parameters_of(call: Any) -> list[inspect.Parameter]:
    skipped = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return [one for one in inspect.signature(call).parameters.values() if one.kind not in skipped]


def test_all_that_is_public_is_thrown_at() -> None:
    others = {name for name, one in PUBLIC.items() if one not in [*MAKERS, *VERBS]}
    errors = {name for name in PUBLIC if name.endswith("Error")}
    assert others - errors - RESULTS == {"Layer", "Shape", "formulas"}
    assert len(KINDS) >= 35
    assert len(VERBS) >= 10


SHAPES_TRIED: list[Any] = [None, (4,), (4, 8), (4, 8, 8), (8, 8, 8, 4), (HUGE, 10**15, 10**15)]


def use(value: Any) -> None:
    """All that can be asked of what was accepted, with no shape and with some that may fit."""
    text = str(value)
    if isinstance(value, pc.Parameter):
        assert value.size >= 1
    if not isinstance(value, pc.Layer):
        return
    assert len(text) < 200_000
    for again in [copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))]:
        assert again == value
        assert hash(again) == hash(value)
    for shape in SHAPES_TRIED:
        for ask in [value.output_shape, value.num_params, value.num_macs, value.parameters]:
            answer(partial(ask, shape))
    for shape in [(4, 8, 8), (4, 10**15)]:
        for verb in VERBS:
            if verb is not pc.same_padding:
                look(verb, value, *([4] if verb is pc.input_lengths else []), shape)


def name_of(value: Any) -> str:
    """The name of its class."""
    return f"{value.__class__.__name__}"


def look(verb: Any, *args: Any, **fields: Any) -> None:
    """The answer of a verb, looked at in every way there is."""

    def shown() -> None:
        result = verb(*args, **fields)
        if name_of(result) in RESULTS:
            for name in {*LOOKS, *SHOWING} & {*dir(result)}:
                getattr(result, name)()

    answer(shown)


SHOWING = {"__str__", "__repr__", "_repr_html_", "_repr_markdown_", "_repr_latex_"}


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
def test_one_hostile_argument_of_a_constructor(kind: Any) -> None:
    usual = usual_arguments(kind)
    names = [one.name for one in parameters_of(kind)]
    for make in HOSTILE:
        for position in range(max(len(usual), 1)):
            arguments = [*usual]
            arguments[position : position + 1] = [make()]
            answer(partial(kind, *arguments))
        for name in names:
            given = dict(zip(names, usual, strict=False)) | {name: make()}
            made = answer(partial(kind, *usual[len(names) :], **given))
            if made is not None:
                use(made)


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_all_arguments_of_a_constructor_are_hostile(kind: Any, data: st.DataObject) -> None:
    names = [one.name for one in parameters_of(kind)]
    positional = data.draw(st.lists(ANYTHING, max_size=len(names) + 1))
    keys = [*names[len(positional) :], "layers", "names", "a", "self"]
    fields = data.draw(st.dictionaries(st.sampled_from(keys), ANYTHING, max_size=3))
    made = answer(partial(kind, *positional, **fields))
    if made is not None:
        use(made)


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_one_hostile_argument_of_a_verb(verb: Any) -> None:
    names = [one.name for one in parameters_of(verb)]
    usual = {name: FITTING[name] for name in names if name in FITTING}
    assert verb(**usual) is not None
    for name, make in itertools.product(names, HOSTILE):
        look(verb, **usual | {name: make()})


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
@settings(max_examples=15)
@given(data=st.data())
def test_all_arguments_of_a_verb_are_hostile(verb: Any, data: st.DataObject) -> None:
    fields = {one.name: data.draw(ANYTHING) for one in parameters_of(verb)}
    look(verb, **fields)
    look(verb, data.draw(LAYERS), **dict([*fields.items()][1:]))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_hostile_shapes_for_a_layer(kind: Any) -> None:
    layer = kind(*usual_arguments(kind))
    asks = [layer.output_shape, layer.num_params, layer.num_macs, layer.parameters, layer.sources]
    for ask, make in itertools.product(asks, HOSTILE):
        answer(partial(ask, make()))


@settings(max_examples=100)
@given(LAYERS, ANYTHING)
def test_hostile_shapes_for_any_layer(layer: pc.Layer, shape: Any) -> None:
    for ask in [layer.output_shape, layer.num_params, layer.num_macs, layer.parameters]:
        answer(partial(ask, shape))
    answer(partial(layer.sources, shape))


NETS = [NET, pc.Sequential(pc.Identity()), pc.Add(pc.Identity()), pc.Sequential()]


@pytest.mark.parametrize("net", NETS, ids=str)
def test_hostile_keys_of_a_network(net: Any) -> None:
    for make in HOSTILE:
        answer(partial(net.__getitem__, make()), KeyError, IndexError)
        for ends in [(make(), None), (None, make()), (None, None, make())]:
            answer(partial(net.__getitem__, slice(*ends)))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_hostile_replacements(kind: Any) -> None:
    layer = kind(*usual_arguments(kind))
    for field, make in itertools.product(dataclasses.fields(layer), HOSTILE):
        answer(partial(dataclasses.replace, layer, **{field.name: make()}))


def test_hostile_arguments_of_what_results_are_asked() -> None:
    shape = (3, 16, 16)
    field, explanation = pc.receptive_field(NET, shape), pc.explain(NET, shape)
    working = explanation.parts[0]
    line = working.lengths[1]
    term: Any = pc.Term(3, "k") * pc.Term(4, "n")
    asks = [field.interval, field.centre, term.symbols, term.numbers, explanation.to_text]
    for ask, make in itertools.product([*asks, line.steps], HOSTILE):
        answer(partial(ask, make()))
    for make in HOSTILE:
        answer(partial(field.interval, 1, clipped=make()))
        answer(partial(working.title, style=make()))
        answer(partial(working.title, width=make()))


@pytest.mark.parametrize("own", [Own, OwnWithMore])
@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.__name__)
def test_hostile_answers_of_a_layer_of_ones_own(own: Any, verb: Any) -> None:
    rest = [4] if verb is pc.input_lengths else []
    for make in HOSTILE:
        for net in [own(make()), pc.Sequential(a=pc.Add(own(make()), pc.Identity()))]:
            if verb in (pc.freeze, pc.same_padding):
                look(verb, net)
            else:
                look(verb, net, *rest, (3, 8))
                look(verb, net, *rest)


FAR = 10**16
VAST: list[Any] = [
    pc.Conv2d(4, 4, FAR),
    pc.Conv2d(4, 4, FAR, dilation=3),
    pc.Conv2d(4, 4, FAR, stride=FAR // 7, dilation=FAR // 3),
    pc.Conv2d(4, 4, FAR, 2, "same"),
    pc.Conv2d(4, 4, 3, dilation=FAR),
    pc.ConvTranspose2d(4, 4, FAR),
    pc.ConvTranspose2d(4, 4, FAR, stride=FAR // 3),
    pc.Pool(FAR, 2, FAR // 2, 3),
    pc.AdaptivePool(FAR),
    pc.Upsample(scale_factor=FAR, mode="bicubic"),
    pc.Pad(FAR),
    pc.Crop(FAR),
]
BEHIND: list[pc.Layer] = [pc.Identity(), pc.ConvTranspose2d(None, 4, 3, 2), pc.Pool(3, 5)]
COLUMNS = ("name", "receptive_field", "num_uncovered", "num_macs")


@pytest.mark.parametrize("layer", VAST, ids=str)
def test_vast_axes_take_no_time_and_no_memory(layer: pc.Layer) -> None:
    def field_at(net: pc.Layer, shape: pc.Shape) -> str:
        field = pc.receptive_field(net, shape)
        return f"{field.interval(0)} {field.interval(1, clipped=True)} {field}"

    asks: list[Callable[[pc.Layer, pc.Shape], object]] = [
        field_at,
        lambda net, shape: pc.summary(net, shape, columns=COLUMNS).to_csv(),
        *[
            lambda net, shape, tool=tool: str(pc.flops(net, shape, convention=tool))
            for tool in ["torchvision", "fvcore", "torchinfo", "tensorflow"]
        ],
        lambda net, shape: f"{pc.explain(net, shape)} {pc.memory(net, shape)}",
        lambda net, shape: pc.smallest_input(net, (4, None, shape[2])),
    ]
    for behind, length, ask in itertools.product(BEHIND, [FAR * 100, 1_000_000, 50], asks):
        tracemalloc.start()
        answer(partial(ask, pc.Sequential(layer, behind), (4, length, length)))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 50_000_000


# Depth.


def nested(make: Callable[[pc.Layer], pc.Layer], depth: int) -> pc.Layer:
    layer: pc.Layer = pc.Conv2d(3, 3, 3, padding=1)
    for _ in range(depth):
        layer = make(layer)
    return layer


@pytest.mark.parametrize("kind", [pc.Sequential, pc.Add, pc.Multiply, pc.Concat])
def test_a_network_too_deep_is_refused_in_words(kind: Any) -> None:
    def named(layer: Any) -> pc.Layer:
        made: pc.Layer = kind(part=layer)
        return made

    def listed(layer: Any) -> pc.Layer:
        made: pc.Layer = kind([layer])
        return made

    makers: list[Callable[[Any], pc.Layer]] = [kind, named, listed]
    for make in makers:
        with pytest.raises(pc.ConfigError, match="networks nest at most 50 deep, got 51"):
            nested(make, 10_000)
    for value in [deep_list(), deep_tuple()]:
        for make in makers:
            with pytest.raises(TypeError, match="must be a Layer, got"):
                make(value)


@pytest.mark.parametrize("make", [pc.Frozen, pc.freeze])
def test_what_is_nested_cannot_be_frozen_but_as_a_network(make: Any) -> None:
    for value in [deep_list(), deep_tuple()]:
        with pytest.raises(TypeError, match="must be a Layer, got"):
            make(value)


def test_what_is_frozen_again_and_again_is_frozen_once() -> None:
    layer = nested(pc.Frozen, 10_000)
    assert layer == pc.Frozen(pc.Conv2d(3, 3, 3, padding=1))
    assert nested(pc.freeze, 10_000) == layer


def deepest() -> pc.Layer:
    """As deep as it goes, of all kinds of networks."""
    kinds: list[Callable[[pc.Layer], pc.Layer]] = [
        pc.Sequential,
        lambda layer: pc.Add(layer, pc.Identity()),
        lambda layer: pc.Sequential(part=layer),
        lambda layer: pc.Concat(layer, dim=-1),
        lambda layer: pc.Multiply(gate=layer, body=pc.Identity()),
    ]
    layer: pc.Layer = pc.Conv2d(3, 3, 3, padding="same")
    for number in range(50):
        layer = kinds[number % 5](layer)
    return layer


def from_frames_down(number: int, call: Callable[[], Any]) -> Any:
    """The answer of a call out of a stack that is deep already."""
    return from_frames_down(number - 1, call) if number else call()


def test_the_deepest_network_does_all_that_others_do() -> None:
    net, same, shape = deepest(), deepest(), (3, 4, 8)

    def whole() -> None:
        assert net.output_shape(shape)[:2] == (3, 4)
        assert net.num_params(shape) == net.num_params() == 84
        assert net.num_macs(shape) == 81 * 32
        assert len(net.parameters()) == 2
        assert net == same
        assert hash(net) == hash(same)
        assert repr(net) == repr(same)
        assert eval(repr(net), {**PUBLIC}) == net  # noqa: S307  # of our own making
        for again in [pickle.loads(pickle.dumps(net)), copy.deepcopy(net), copy.copy(net)]:
            assert again == net
        frozen = pc.freeze(net)
        assert frozen.num_params() == 0
        assert pc.explain(net, shape).parts[0].num_params == 84
        for name in (*LOOKS, "_repr_html_", "_repr_markdown_", "_repr_latex_"):
            for result in [*results(net, shape), pc.explain(net)]:
                if hasattr(result, name):
                    assert getattr(result, name)()
        assert pc.smallest_input(net, (3, None, None)) == (3, 1, 1)
        assert pc.input_lengths(net, (4,), (3, None, 8)) == (range(4, 5),)

    from_frames_down(200, whole)


LOOKS = ("__str__", "to_html", "to_markdown", "to_latex", "to_text", "to_csv", "to_records")


def results(net: pc.Layer, shape: pc.Shape) -> Iterator[Any]:
    yield pc.summary(net, shape)
    yield pc.summary(net, shape, depth=1)
    yield pc.explain(net, shape)
    yield pc.memory(net, shape, recomputed="", in_place=True, frozen=("",))
    yield pc.flops(net, shape, convention="tensorflow")
    yield pc.receptive_field(net, shape)


# Length.

CHAINS: dict[str, Callable[[], pc.Layer]] = {
    "identities": pc.Identity,
    "convolutions": lambda: pc.Conv1d(2, 2, 3, padding=1),
    "blocks": lambda: pc.Add(pc.Identity(), pc.Conv1d(2, 2, 3, padding=1)),
}


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS.keys())
def test_a_long_chain_does_all_that_others_do(make: Callable[[], pc.Layer]) -> None:
    number, shape = 3_000, (2, 8)
    net, same = [pc.Sequential([make() for _ in range(number)]) for _ in range(2)]
    alone, steps = make(), len(pc.trace(make(), shape))
    assert net.output_shape(shape) == alone.output_shape(shape)
    assert net.num_params() == net.num_params(shape) == number * alone.num_params()
    assert net.num_macs(shape) == number * alone.num_macs(shape)
    assert len(net.parameters()) == number * len(alone.parameters())
    assert len(pc.trace(net, shape)) == number * steps
    assert net == same
    assert hash(net) == hash(same)
    assert repr(net).count(repr(alone)) == number
    assert pickle.loads(pickle.dumps(net)) == copy.deepcopy(net) == net
    assert pc.freeze(net).num_params() == 0
    assert pc.smallest_input(net, (2, None)) == (2, 1)
    assert str(pc.memory(net, shape))
    assert str(pc.flops(net, shape, convention="tensorflow"))
    for result in results(net[:100], shape):
        for name in LOOKS:
            if hasattr(result, name):
                assert len(getattr(result, name)()) > 5
    seen = pc.receptive_field(net, shape).size
    assert seen == (1 if isinstance(alone, pc.Identity) else 2 * number + 1,)


@pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS.keys())
def test_a_chain_ten_times_as_long_takes_about_ten_times_as_long(
    make: Callable[[], pc.Layer],
) -> None:
    """Counted in calls of functions, so that no other load on the machine is measured."""
    asks: list[Callable[[Any], Any]] = [
        *[lambda net, verb=verb: verb(net, (2, 8)) for verb in VERBS if verb.__name__ in LINEAR],
        lambda net: pc.smallest_input(net, (2, None)),
        lambda net: pc.freeze(net),
        lambda net: str(pc.summary(net, (2, 8), columns=COLUMNS)),
        lambda net: str(pc.explain(net, (2, 8))),
        lambda net: str(pc.receptive_field(net, (2, 8))),
        lambda net: pickle.loads(pickle.dumps(net)),
    ]
    for ask in asks:
        few, many = [
            num_calls(partial(ask, pc.Sequential([make() for _ in range(number)])))
            for number in (30, 300)
        ]
        assert many < 12 * few + 1_000


LINEAR = {"trace", "summary", "explain", "memory", "flops", "receptive_field"}


def num_calls(call: Callable[[], Any]) -> int:
    """How many functions are called."""
    number = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    finally:
        sys.setprofile(before)
    return number
