"""Sequential as a container and as a layer; trace; layers of one's own."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, replace
from typing import Any

import pytest

import paramcalc as pc

POOL, FLATTEN, DENSE = pc.Pool(2), pc.Flatten(), pc.Dense(None, 10)
PLAIN = pc.Sequential(POOL, FLATTEN, DENSE)
NAMED = pc.Sequential(pool=POOL, flatten=FLATTEN, dense=DENSE)


def test_sequential_of_arguments_a_list_or_a_tuple_is_the_same() -> None:
    assert PLAIN == pc.Sequential([POOL, FLATTEN, DENSE]) == pc.Sequential((POOL, FLATTEN, DENSE))


def test_sequential_is_a_sequence() -> None:
    assert len(PLAIN) == 3
    assert list(PLAIN) == [POOL, FLATTEN, DENSE]
    assert DENSE in PLAIN
    assert PLAIN[0] is NAMED[0] is POOL
    assert PLAIN[-1] is NAMED["dense"] is DENSE


def test_slices_are_networks_and_keep_names() -> None:
    assert PLAIN[1:] == pc.Sequential(FLATTEN, DENSE)
    assert NAMED[:2] == pc.Sequential(pool=POOL, flatten=FLATTEN)
    assert PLAIN[3:] == NAMED[3:] == pc.Sequential()
    assert PLAIN[::-1] == pc.Sequential(DENSE, FLATTEN, POOL)


def test_replace_of_layers_or_names_makes_a_network() -> None:
    changed = replace(NAMED, names=("a", "b", "c"))
    assert changed == pc.Sequential(a=POOL, b=FLATTEN, c=DENSE)
    assert replace(NAMED, layers=(POOL, FLATTEN, POOL))["dense"] == POOL


def test_a_part_may_have_any_name() -> None:
    network = pc.Sequential(layers=pc.Sequential(FLATTEN), names=DENSE, self=POOL)
    assert pc.Sequential(größe=POOL)["größe"] is POOL
    assert network["layers"] == pc.Sequential(FLATTEN)
    assert network.names == ("layers", "names", "self")


def test_an_empty_network_changes_nothing() -> None:
    assert pc.Sequential().output_shape((3, 4)) == (3, 4)
    assert pc.Sequential().num_params() == pc.Sequential().num_macs((3, 4)) == 0
    assert pc.trace(pc.Sequential(), (3, 4)) == ()


def test_parameters_of_a_network_are_named_by_their_paths() -> None:
    network = pc.Sequential(features=pc.Sequential(pc.Conv2d(3, 4, 1, bias=False)), head=DENSE)
    names = [one.name for one in network.parameters((3, 2, 2))]
    assert names == ["features[0].weight", "head.weight", "head.bias"]


def test_parameters_of_a_network_within_a_layer_of_ones_own_have_paths() -> None:
    class Wrapped(Scale):
        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            return pc.Sequential(pc.Dense(3, 2, bias=False)).parameters(input_shape)

    assert [one.name for one in pc.Sequential(Wrapped()).parameters((3,))] == ["[0][0].weight"]


def test_counting_needs_no_shape_and_checks_none() -> None:
    network = pc.Sequential(pc.Conv2d(3, 16, 3), pc.Dense(128, 64))
    assert network.num_params() == 448 + 8_256
    assert len(network.parameters()) == 4
    with pytest.raises(pc.ShapeError):
        network.num_params((3, 6, 6))


def test_input_within_a_network_checks_the_shape_there() -> None:
    network = pc.Sequential(pc.Flatten(), pc.Input(12), pc.Dense(12, 1))
    assert network.output_shape((3, 4)) == (1,)
    assert network.num_params() == 13
    with pytest.raises(pc.ShapeError):
        network.output_shape((3, 5))


def test_input_in_the_first_of_nested_networks_states_the_shape() -> None:
    network = pc.Sequential(stem=pc.Sequential(pc.Input(3, 4)), head=pc.Flatten())
    assert network.output_shape() == (12,)


def test_the_same_layer_twice_is_two_layers() -> None:
    dense = pc.Dense(8, 8)
    assert pc.Sequential(dense, dense).num_params() == 2 * dense.num_params()


def test_trace_of_a_single_layer() -> None:
    (step,) = pc.trace(FLATTEN, (3, 4))
    assert step == pc.results.Step("", FLATTEN, (3, 4), (12,))
    assert repr(step) == (
        "Step(path='', layer=Flatten(), input_shape=(3, 4), output_shape=(12,), inputs=(-1,), "
        "shared=(), merged=())"
    )


def test_trace_computes_each_layer_once() -> None:
    asked: list[tuple[int, ...] | None] = []

    class Counted(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            asked.append(input_shape)
            assert input_shape
            return (input_shape[0] + 1,)

    network = pc.Sequential(Counted(), pc.Sequential(pc.Sequential(Counted()), Counted()))
    pc.trace(network, (1,))
    assert asked == [(1,), (2,), (3,)]
    asked.clear()
    network.num_params((1,))
    assert asked == [(1,), (2,), (3,)]


def test_shapes_that_do_not_change_are_not_copied() -> None:
    for shape in (3, 4), (1, 1):
        for step in pc.trace(pc.Sequential(pc.Identity(), pc.BatchNorm()), shape):
            assert step.input_shape is step.output_shape is shape


@dataclass(frozen=True)
class Scale(pc.Layer):
    """A layer of one's own, as the guide has it."""

    per_channel: bool = True

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        if input_shape is None:
            raise pc.ShapeError("wants a shape")
        return input_shape

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        if not self.per_channel:
            return (pc.Parameter("scale", ()), pc.Parameter("steps", (), trainable=False))
        return (pc.Parameter("scale", self.output_shape(input_shape)[:1]),)


def test_a_layer_of_ones_own_counts_its_tensors() -> None:
    assert Scale().num_params((5, 2)) == 5
    assert Scale(per_channel=False).num_params() == 1
    assert Scale().num_macs((5, 2)) == 0


def test_a_layer_of_ones_own_in_a_network() -> None:
    network = pc.Sequential(pc.Conv2d(3, 5, 3), Scale(), Scale(per_channel=False))
    assert network.output_shape((3, 9, 9)) == (5, 7, 7)
    assert network.num_params((3, 9, 9)) == 140 + 5 + 1
    assert network.num_macs((3, 9, 9)) == pc.Conv2d(3, 5, 3).num_macs((3, 9, 9))
    assert [one.name for one in network.parameters((3, 9, 9))][2:] == [
        "[1].scale",
        "[2].scale",
        "[2].steps",
    ]
    assert pc.trace(network, (3, 9, 9))[1] == pc.results.Step(
        "[1]", Scale(), (5, 7, 7), (5, 7, 7), (0,)
    )


def test_a_layer_of_ones_own_may_multiply() -> None:
    class Product(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (2,)

        def num_macs(self, input_shape: pc.Shape | None = None) -> int:
            return sum(input_shape or ())

    assert pc.Sequential(Product(), Product()).num_macs((3, 4)) == (3 + 4) + 2


def test_a_layer_of_ones_own_may_answer_with_a_list() -> None:
    class Listing(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return [7]  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    assert pc.Sequential(Listing()).output_shape((3,)) == (7,)
    assert pc.trace(Listing(), (3,))[0].output_shape == (7,)


def test_a_layer_of_ones_own_may_use_any_names() -> None:
    class Own(pc.Layer):
        def __init__(self) -> None:
            self._parameters = self._num_params = self._depth = self._num_layers = "mine"

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return (1,)

    network = pc.Sequential(Own(), pc.Dense(1, 1))
    assert network.num_params((3,)) == 2
    assert len(network.parameters((3,))) == 2


def test_layers_can_be_referenced_weakly() -> None:
    layer = pc.Pool(2)
    assert weakref.ref(layer)() is layer


def test_network_50_deep_has_paths_and_counts() -> None:
    network: pc.Layer = pc.Sequential(pc.Flatten(), pc.Dense(None, 2))
    for _ in range(49):
        network = pc.Sequential(network)
    assert network.output_shape((3, 4)) == (2,)
    assert network.num_params((3, 4)) == 26
    assert pc.trace(network, (3, 4))[1].path == "[0]" * 49 + "[1]"
    empty = pc.Sequential()
    for _ in range(49):
        empty = pc.Sequential(empty)
    assert empty.output_shape((3, 4)) == (3, 4)
    names = {name: getattr(pc, name) for name in pc.__all__}
    assert hash(network) == hash(eval(repr(network), names))  # noqa: S307


@pytest.mark.parametrize("key", [None, 1.0, (0,)], ids=lambda key: type(key).__name__)
def test_key_of_a_wrong_type_is_a_type_error(key: Any) -> None:
    network: Any = pc.Sequential(pc.Flatten())
    with pytest.raises(TypeError, match="Sequential: a key must be an int, a name or a slice, got"):
        network[key]
    if key is not None:
        with pytest.raises(TypeError, match="Sequential: a slice must be of ints, got slice"):
            network[:key]


def test_words_of_refused_slices_and_sources() -> None:
    network = pc.Sequential(pc.Flatten())
    with pytest.raises(pc.ConfigError) as caught:
        _ = network[::0]
    assert str(caught.value) == (
        "Sequential: a slice must have a step that is not 0, got slice(None, None, 0)"
    )
    with pytest.raises(pc.ShapeError) as refused:
        network.sources((3,))
    assert str(refused.value) == (
        "Sequential: sources() is for single layers; use receptive_field() for a network"
    )


def test_a_frozen_network_is_its_layers_each_frozen() -> None:
    branch = pc.Add(body=pc.Conv2d(4, 4, 3, padding=1), skip=pc.Identity())
    net = pc.Sequential(pc.Conv2d(3, 4, 3), pc.Activation("relu"), branch)
    inside = pc.Sequential(pc.Frozen(net), pc.Flatten(), pc.Dense(None, 2))
    outside = pc.Sequential(pc.freeze(net), pc.Flatten(), pc.Dense(None, 2))
    shape = (3, 6, 6)
    assert inside.num_params(shape) == outside.num_params(shape) == (4 * 4 * 4 + 1) * 2
    assert inside.num_macs(shape) == outside.num_macs(shape)
    assert inside.parameters(shape) == outside.parameters(shape)
    steps = [(step.path, type(step.layer).__name__) for step in pc.trace(inside, shape)]
    assert steps == [(step.path, type(step.layer).__name__) for step in pc.trace(outside, shape)]
    kinds = ["Frozen", "Activation", "Frozen", "Identity", "Add", "Flatten", "Dense"]
    assert [kind for _, kind in steps] == kinds
    assert pc.Frozen(net).output_shape(shape) == net.output_shape(shape) == (4, 4, 4)
