"""What holds for every layer and every network, whatever it is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from itertools import pairwise
from math import prod
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import LAYERS, layers_and_shapes, networks_and_shapes

import paramcalc as pc

LayerAndShape = tuple[pc.Layer, tuple[int, ...]]
NetworkAndShape = tuple[pc.Sequential, tuple[int, ...]]


def replace(layer: Any, **changes: object) -> pc.Layer:
    """`dataclasses.replace`, for any layer: that they are dataclasses is not in their type."""
    changed: pc.Layer = dataclasses.replace(layer, **changes)
    return changed


def field_names(layer: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(layer)]


def learnt(parameters: tuple[pc.Parameter, ...]) -> int:
    return sum(prod(one.shape) for one in parameters if one.trainable)


@given(layers_and_shapes())
def test_two_roads_to_every_count(case: LayerAndShape) -> None:
    layer, shape = case
    assert layer.num_params(shape) == learnt(layer.parameters(shape))


@given(networks_and_shapes())
def test_two_roads_to_every_count_of_a_network(case: NetworkAndShape) -> None:
    network, shape = case
    assert network.num_params(shape) == learnt(network.parameters(shape))


@given(layers_and_shapes())
def test_output_is_a_tuple_of_plain_ints_of_at_least_1(case: LayerAndShape) -> None:
    layer, shape = case
    output = layer.output_shape(shape)
    assert type(output) is tuple
    assert all(type(length) is int and length >= 1 for length in output)
    assert type(layer.num_params(shape)) is type(layer.num_macs(shape)) is int


@given(st.one_of(LAYERS, networks_and_shapes().map(itemgetter(0))))
def test_layers_survive_being_written_pickled_copied_and_replaced(layer: pc.Layer) -> None:
    assert eval(repr(layer), {name: getattr(pc, name) for name in pc.__all__}) == layer  # noqa: S307  # what repr promises
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(layer, protocol)) == layer
    assert copy.copy(layer) == copy.deepcopy(layer) == layer
    assert replace(layer) == layer
    assert len({layer, copy.deepcopy(layer)}) == 1


@given(LAYERS)
def test_layers_cannot_be_changed(layer: pc.Layer) -> None:
    for field in field_names(layer):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(layer, field, getattr(layer, field))
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(layer, field)
    with pytest.raises(dataclasses.FrozenInstanceError, match="strides cannot be changed"):
        layer.strides = 2  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(layer, "__dict__")


@given(networks_and_shapes())
def test_a_network_is_its_trace(case: NetworkAndShape) -> None:
    network, shape = case
    steps = pc.trace(network, shape)
    assert steps[0].input_shape == shape
    assert steps[-1].output_shape == network.output_shape(shape)
    for step in steps:
        assert step.layer.output_shape(step.input_shape) == step.output_shape
        is_merging = isinstance(step.layer, pc.Add | pc.Multiply | pc.Concat)
        assert step.num_params == (0 if is_merging else step.layer.num_params(step.input_shape))
        assert step.num_macs == (0 if is_merging else step.layer.num_macs(step.input_shape))
    assert network.num_params(shape) == sum(step.num_params for step in steps)
    assert network.num_macs(shape) == sum(step.num_macs for step in steps)
    assert len({step.path for step in steps}) == len(steps)


@given(networks_and_shapes(branched=False))
def test_what_leaves_a_layer_of_a_chain_arrives_at_the_next(case: NetworkAndShape) -> None:
    for before, after in pairwise(pc.trace(*case)):
        assert before.output_shape == after.input_shape


@given(networks_and_shapes())
def test_branches_get_the_same_and_give_one(case: NetworkAndShape) -> None:
    for step in pc.trace(*case):
        network = step.layer
        if isinstance(network, pc.Add | pc.Multiply | pc.Concat):
            outputs = [branch.output_shape(step.input_shape) for branch in network]
            if isinstance(network, pc.Concat):
                assert step.output_shape[0] == sum(output[0] for output in outputs)
                assert {output[1:] for output in outputs} == {step.output_shape[1:]}
            else:
                arrays = [numpy_like(output) for output in outputs]
                assert numpy_like(step.output_shape) == [
                    max(one) for one in zip(*arrays, strict=True)
                ]
                for array in arrays:
                    pairs = zip(array, numpy_like(step.output_shape), strict=True)
                    assert all(one in (1, merged) for one, merged in pairs)


def numpy_like(shape: tuple[int, ...]) -> list[int]:
    """The shape with axes of length 1 in front, as arrays are broadcast."""
    return [*[1] * (20 - len(shape)), *shape]


@given(networks_and_shapes())
def test_paths_lead_to_their_layers(case: NetworkAndShape) -> None:
    network, shape = case
    for step in pc.trace(network, shape):
        keys = step.path.replace("]", "").replace("[", ".").strip(".").split(".")
        found: pc.Layer = network
        for key in keys:
            assert isinstance(found, pc.Sequential | pc.Add | pc.Multiply | pc.Concat)
            found = found[int(key) if key.isdigit() else key]
        assert found is step.layer


@given(networks_and_shapes(branched=False), st.integers(0, 7), st.integers(0, 7))
def test_nesting_changes_nothing(case: NetworkAndShape, start: int, end: int) -> None:
    network, shape = case
    layers = [step.layer for step in pc.trace(network, shape)]
    start, end = sorted([start, end])
    nested = pc.Sequential(*layers[:start], pc.Sequential(layers[start:end]), *layers[end:])
    flat = pc.Sequential(layers)
    for ask in "output_shape", "num_params", "num_macs":
        answers = [getattr(one, ask)(shape) for one in (network, nested, flat)]
        assert answers[0] == answers[1] == answers[2]
    for one in network, nested:
        tensors = [(p.name.rpartition(".")[2], p.shape, p.trainable) for p in one.parameters(shape)]
        assert tensors == [
            (p.name.rpartition(".")[2], p.shape, p.trainable) for p in flat.parameters(shape)
        ]


@given(networks_and_shapes(), st.integers(0, 7))
def test_a_network_is_its_first_part_and_then_the_rest(case: NetworkAndShape, cut: int) -> None:
    network, shape = case
    first, rest = network[:cut], network[cut:]
    between = first.output_shape(shape)
    assert rest.output_shape(between) == network.output_shape(shape)
    assert first.num_params(shape) + rest.num_params(between) == network.num_params(shape)


@given(networks_and_shapes())
def test_a_leading_input_stands_for_input_shape(case: NetworkAndShape) -> None:
    network, shape = case
    stated = pc.Sequential(pc.Input(*shape), network)
    assert stated.output_shape() == stated.output_shape(shape) == network.output_shape(shape)
    assert stated.num_params() == network.num_params(shape)
    assert stated.num_macs() == network.num_macs(shape)
    assert len(stated.parameters()) == len(network.parameters(shape))
    assert pc.trace(stated) == pc.trace(stated, shape)


@given(layers_and_shapes())
def test_stating_what_arrives_changes_nothing(case: LayerAndShape) -> None:
    layer, shape = case
    fields = {"in_channels", "num_features", "in_features"}
    for field in field_names(layer):
        if field in fields and getattr(layer, field) is None:
            last = isinstance(layer, pc.Dense) or "last" in getattr(layer, "data_format", "")
            stated = replace(layer, **{field: shape[-1 if last else 0]})
            assert stated.output_shape(shape) == layer.output_shape(shape)
            assert stated.parameters() == layer.parameters(shape)
            assert stated.num_params() == layer.num_params(shape)
            assert stated.num_macs(shape) == layer.num_macs(shape)


@given(layers_and_shapes())
def test_parameters_do_not_depend_on_spatial_lengths(case: LayerAndShape) -> None:
    layer, shape = case
    if isinstance(layer, pc.Conv1d | pc.Conv2d | pc.Conv3d | pc.BatchNorm):
        first = layer.data_format == "channels_first"
        longer = (shape[0], *[n + 1 for n in shape[1:]])
        if not first:
            longer = (*[n + 1 for n in shape[:-1]], shape[-1])
        assert layer.parameters(longer) == layer.parameters(shape)
        assert layer.num_params(longer) == layer.num_params(shape)


@given(layers_and_shapes())
def test_channels_last_is_channels_first_with_the_axis_moved(case: LayerAndShape) -> None:
    layer, shape = case
    if isinstance(layer, pc.Conv1d | pc.Conv2d | pc.Conv3d | pc.BatchNorm | pc.Pool):
        if layer.data_format == "channels_last":
            shape = (shape[-1], *shape[:-1])
        first = replace(layer, data_format="channels_first")
        last = replace(layer, data_format="channels_last")
        moved = (*shape[1:], shape[0])
        output = first.output_shape(shape)
        assert last.output_shape(moved) == (*output[1:], output[0])
        assert last.parameters(moved) == first.parameters(shape)
        assert last.num_macs(moved) == first.num_macs(shape)


@given(layers_and_shapes())
def test_lists_and_int_subclasses_are_shapes_too(case: LayerAndShape) -> None:
    class Int(int):
        pass

    layer, shape = case
    output = layer.output_shape(shape)
    assert layer.output_shape(list(shape)) == output  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    again = layer.output_shape(tuple(map(Int, shape)))
    assert again == output
    assert all(type(length) is int for length in again)


@given(st.integers(10**16, 10**18), st.integers(10**16, 10**18), st.integers(1, 10**16))
def test_huge_values_are_exact(channels: int, length: int, kernel_size: int) -> None:
    conv = pc.Conv2d(channels, channels + 1, kernel_size)
    shape = (channels, length, length + 1)
    out = length - kernel_size + 1
    weights = kernel_size**2 * channels * (channels + 1)
    assert conv.output_shape(shape) == (channels + 1, out, out + 1)
    assert conv.num_params() == weights + channels + 1
    assert conv.num_macs(shape) == weights * out * (out + 1)
