"""What is vast, deep or long answers as all else does: soon, in little room, and from any depth."""

from __future__ import annotations

import copy
import itertools
import pickle
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

import paramcalc as pc
from paramcalc.results import ColumnName, Convention

FAR = 10**16
FACES = (
    *("__str__", "to_csv", "to_html", "to_latex", "to_markdown", "to_records", "to_text"),
    *("_repr_html_", "_repr_latex_", "_repr_markdown_"),
)
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
    pc.CenterCrop(FAR),
]
COLUMNS: tuple[ColumnName, ...] = ("name", "receptive_field", "num_uncovered", "num_macs")
CONVENTIONS: list[Convention] = ["torchvision", "fvcore", "torchinfo", "tensorflow"]


def field_at(net: pc.Layer, shape: pc.Shape) -> str:
    field = pc.receptive_field(net, shape)
    return f"{field.interval(0)} {field.interval(1, clipped=True)} {field}"


@pytest.mark.parametrize("layer", VAST, ids=str)
def test_vast_axes_take_no_time_and_no_memory(layer: pc.Layer) -> None:
    """There is no memory for a list as long as such an axis, and no end to a walk along it."""
    asks: list[Callable[[pc.Layer, pc.Shape], object]] = [
        field_at,
        lambda net, shape: pc.summary(net, shape, columns=COLUMNS).to_csv(),
        lambda net, shape: [str(pc.flops(net, shape, convention=one)) for one in CONVENTIONS],
        lambda net, shape: f"{pc.explain(net, shape)} {pc.memory(net, shape)}",
        lambda net, shape: pc.smallest_input(net, (4, None, shape[2])),
    ]
    after: list[pc.Layer] = [pc.Identity(), pc.ConvTranspose2d(None, 4, 3, 2), pc.Pool(3, 5)]
    for last, length, ask in itertools.product(after, [FAR * 100, 1_000_000, 50], asks):
        call = partial(ask, pc.Sequential(layer, last), (4, length, length))
        assert num_calls(call) < 100_000


def num_calls(call: Callable[[], Any]) -> int:
    """How many functions are called: the same on every machine, whatever else it does."""
    number = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        call()
    except pc.ParamcalcError:
        pass  # It was refused: no window fits so short an axis.
    finally:
        sys.setprofile(before)
    return number


# Depth and length.


@pytest.mark.parametrize("kind", [pc.Sequential, pc.Add, pc.Multiply, pc.Concat])
def test_network_more_than_50_deep_is_refused(kind: Any) -> None:
    makers: list[Callable[[pc.Layer], pc.Layer]] = [
        kind,
        lambda layer: kind([layer]),
        lambda layer: kind(part=layer),
    ]
    for make in makers:
        layer: pc.Layer = pc.Identity()
        for _ in range(50):
            layer = make(layer)
        with pytest.raises(pc.ConfigError, match="networks nest at most 50 deep, got 51"):
            make(layer)


def test_layer_frozen_again_and_again_is_frozen_once() -> None:
    layer: pc.Layer = pc.Dense(3, 3)
    for _ in range(10_000):
        layer = pc.freeze(pc.Frozen(layer))
    assert layer == pc.Frozen(pc.Dense(3, 3))


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


def check_all_answers(net: Any, same: Any, shape: pc.Shape, num_params: int) -> None:
    """What any network answers, this one does too."""
    assert net.num_params() == net.num_params(shape) == num_params
    assert net == same
    assert hash(net) == hash(same)
    assert repr(net) == repr(same)
    assert pickle.loads(pickle.dumps(net)) == copy.deepcopy(net) == copy.copy(net) == net
    assert pc.freeze(net).num_params() == 0
    assert str(pc.memory(net, shape))
    assert str(pc.flops(net, shape))


def check_all_faces(net: Any, shape: pc.Shape) -> None:
    """Every result shows itself in every way that it has."""
    for result in (
        pc.summary(net, shape),
        pc.summary(net, shape, depth=1),
        pc.explain(net, shape),
        pc.explain(net),
        pc.memory(net, shape, recomputed="", in_place=True, frozen=("",)),
        pc.flops(net, shape),
        pc.receptive_field(net, shape),
        pc.compare(net, pc.freeze(net), shape),
    ):
        for name in FACES:
            if hasattr(result, name):
                assert len(getattr(result, name)()) > 0


def from_frames_down(number: int, call: Callable[[], Any]) -> Any:
    """The answer of a call out of a stack that is deep already."""
    return from_frames_down(number - 1, call) if number else call()


def test_deepest_network_answers_as_others_do() -> None:
    net, shape = deepest(), (3, 4, 8)
    from_frames_down(200, partial(check_all_answers, net, deepest(), shape, 84))
    from_frames_down(200, partial(check_all_faces, net, shape))
    assert eval(repr(net), {name: getattr(pc, name) for name in pc.__all__}) == net  # noqa: S307  # of our own making
    assert net.output_shape(shape)[:2] == (3, 4)
    assert net.num_macs(shape) == 81 * 32
    assert len(net.parameters()) == 2
    assert pc.explain(net, shape).parts[0].num_params == 84
    assert pc.smallest_input(net, (3, None, None)) == (3, 1, 1)
    assert pc.input_lengths(net, (4,), (3, None, 8)) == (range(4, 5),)


CHAINS: dict[str, Callable[[], pc.Layer]] = {
    "convolutions": lambda: pc.Conv1d(2, 2, 3, padding=1),
    "blocks": lambda: pc.Add(pc.Identity(), pc.Conv1d(2, 2, 3, padding=1)),
}
each_chain = pytest.mark.parametrize("make", CHAINS.values(), ids=CHAINS.keys())


@each_chain
def test_chain_longer_than_the_stack_answers_as_others_do(make: Callable[[], pc.Layer]) -> None:
    number, shape = sys.getrecursionlimit() + 200, (2, 8)
    net, same = [pc.Sequential([make() for _ in range(number)]) for _ in range(2)]
    check_all_answers(net, same, shape, number * make().num_params())
    check_all_faces(net[:50], shape)
    assert net.output_shape(shape) == (2, 8)
    assert net.num_macs(shape) == number * make().num_macs(shape)
    assert len(net.parameters()) == number * 2
    assert len(pc.trace(net, shape)) == number * len(pc.trace(make(), shape))
    assert pc.smallest_input(net, (2, None)) == (2, 1)
    assert pc.receptive_field(net, shape).size == (2 * number + 1,)


@each_chain
def test_chain_ten_times_as_long_takes_ten_times_as_many_calls(
    make: Callable[[], pc.Layer],
) -> None:
    asks: list[Callable[[Any], Any]] = [
        *[partial(verb, input_shape=(2, 8)) for verb in (pc.trace, pc.memory, pc.flops)],
        lambda net: pc.smallest_input(net, (2, None)),
        pc.freeze,
        lambda net: str(pc.summary(net, (2, 8), columns=COLUMNS)),
        lambda net: str(pc.explain(net, (2, 8))),
        lambda net: str(pc.receptive_field(net, (2, 8))),
        lambda net: pickle.loads(pickle.dumps(net)),
    ]
    for ask in asks:
        few, many = [
            num_calls(partial(ask, pc.Sequential([make() for _ in range(number)])))
            for number in (20, 200)
        ]
        assert many < 12 * few + 1_000
