"""What holds for every layer and every network, whatever it is."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from math import prod
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, strategies as st
from layers import ROW_OF
from strategies import LAYERS, layers_and_shapes, networks_and_shapes

import paramcalc as pc

LayerAndShape = tuple[pc.Layer, pc.Shape]
NetworkAndShape = tuple[pc.Sequential, pc.Shape]
MERGING = (pc.Add, pc.Multiply, pc.Concat)


def replace(layer: Any, **changes: object) -> pc.Layer:
    """`dataclasses.replace`, for any layer: that they are dataclasses is not in their type."""
    changed: pc.Layer = dataclasses.replace(layer, **changes)
    return changed


def data_format(layer: Any) -> str:
    found: str = getattr(layer, "data_format", "")
    return found


def channels_axis(layer: pc.Layer) -> int:
    return ROW_OF[type(layer)].times if data_format(layer) == "channels_first" else -1


def field_names(layer: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(layer)]


def num_trainable(parameters: tuple[pc.Parameter, ...]) -> int:
    return sum(prod(one.shape) for one in parameters if one.trainable)


@given(layers_and_shapes())
def test_layer_has_as_many_parameters_as_its_tensors_have_values(case: LayerAndShape) -> None:
    layer, shape = case
    assert layer.num_params(shape) == num_trainable(layer.parameters(shape))


@given(layers_and_shapes())
def test_output_shape_and_counts_are_plain_ints_whatever_ints_come_in(case: LayerAndShape) -> None:
    class Int(int):
        pass

    layer, shape = case
    output = layer.output_shape(shape)
    given: list[Any] = [list(shape), tuple(map(Int, shape)), shape]
    for same in given:
        again = layer.output_shape(same)
        assert again == output
        assert type(again) is tuple
        assert all(type(length) is int and length >= 1 for length in again)
        assert type(layer.num_params(same)) is type(layer.num_macs(same)) is int


@given(st.one_of(LAYERS, networks_and_shapes().map(itemgetter(0))))
def test_layer_survives_being_written_pickled_copied_and_replaced(layer: pc.Layer) -> None:
    assert eval(repr(layer), {name: getattr(pc, name) for name in pc.__all__}) == layer  # noqa: S307  # what repr promises
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(layer, protocol)) == layer
    assert copy.copy(layer) == copy.deepcopy(layer) == layer
    assert replace(layer) == layer
    assert len({layer, copy.deepcopy(layer)}) == 1


@given(LAYERS)
def test_field_of_a_layer_cannot_be_changed_nor_added(layer: pc.Layer) -> None:
    for field in field_names(layer):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(layer, field, getattr(layer, field))
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(layer, field)
    with pytest.raises(dataclasses.FrozenInstanceError, match="strides cannot be changed"):
        layer.strides = 2  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    assert not hasattr(layer, "__dict__")


@given(networks_and_shapes())
def test_network_is_the_sum_of_its_steps_and_paths_lead_to_them(case: NetworkAndShape) -> None:
    network, shape = case
    steps = pc.trace(network, shape)
    assert steps[-1].output_shape == network.output_shape(shape)
    assert len({step.path for step in steps}) == len(steps)
    for step in steps:
        assert step.layer.output_shape(step.input_shape) == step.output_shape
        is_merging = isinstance(step.layer, MERGING)
        assert step.num_params == (0 if is_merging else step.layer.num_params(step.input_shape))
        assert step.num_macs == (0 if is_merging else step.layer.num_macs(step.input_shape))
        assert at_path(network, step.path) in (None, step.layer)
    assert network.num_params(shape) == sum(step.num_params for step in steps)
    assert network.num_params(shape) == num_trainable(network.parameters(shape))
    assert network.num_macs(shape) == sum(step.num_macs for step in steps)


def at_path(network: Any, path: str) -> pc.Layer | None:
    """The layer there; None inside a layer that is made of layers, which has no keys."""
    for key in path.replace("]", "").replace("[", ".").strip(".").split("."):
        if not hasattr(network, "layers"):
            return None
        network = network[int(key) if key.isdigit() else key]
    found: pc.Layer = network
    return found


@given(networks_and_shapes())
def test_step_reads_the_outputs_of_the_steps_it_names(case: NetworkAndShape) -> None:
    outputs: dict[int, pc.Shape] = {-1: case[1]}
    for number, step in enumerate(pc.trace(*case)):
        read = [outputs[source] for source in step.inputs]
        outputs[number] = step.output_shape
        if isinstance(step.layer, pc.Parameters):
            assert read == []
            continue
        if not isinstance(step.layer, MERGING):
            assert read == [step.input_shape]
            continue
        assert read == [branch.output_shape(step.input_shape) for branch in step.layer]
        if isinstance(step.layer, pc.Concat):
            assert step.output_shape[0] == sum(shape[0] for shape in read)
            assert {shape[1:] for shape in read} == {step.output_shape[1:]}
        else:
            merged = as_array(step.output_shape)
            assert merged == [max(axis) for axis in zip(*map(as_array, read), strict=True)]
            for array in map(as_array, read):
                assert all(one in (1, most) for one, most in zip(array, merged, strict=True))


def as_array(shape: pc.Shape) -> list[int]:
    """The shape with axes of length 1 in front, as arrays are broadcast."""
    return [*[1] * (20 - len(shape)), *shape]


@given(networks_and_shapes(branched=False), st.integers(0, 7), st.integers(0, 7))
def test_nesting_layers_of_a_network_changes_no_shape_count_or_tensor(
    case: NetworkAndShape, start: int, end: int
) -> None:
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
def test_network_is_its_first_part_and_then_the_rest(case: NetworkAndShape, cut: int) -> None:
    network, shape = case
    first, rest = network[:cut], network[cut:]
    between = first.output_shape(shape)
    assert rest.output_shape(between) == network.output_shape(shape)
    assert first.num_params(shape) + rest.num_params(between) == network.num_params(shape)


@given(networks_and_shapes())
def test_leading_input_stands_for_input_shape(case: NetworkAndShape) -> None:
    network, shape = case
    stated = pc.Sequential(pc.Input(*shape), network)
    assert stated.output_shape() == stated.output_shape(shape) == network.output_shape(shape)
    assert stated.num_params() == network.num_params(shape)
    assert stated.num_macs() == network.num_macs(shape)
    assert len(stated.parameters()) == len(network.parameters(shape))
    assert pc.trace(stated) == pc.trace(stated, shape)


@given(layers_and_shapes())
def test_stating_what_the_input_has_changes_nothing(case: LayerAndShape) -> None:
    layer, shape = case
    field = ROW_OF[type(layer)].open_field
    if field and getattr(layer, field) is None:
        stated = replace(layer, **{field: shape[channels_axis(layer)]})
        assert stated.output_shape(shape) == layer.output_shape(shape)
        assert stated.parameters() == layer.parameters(shape)
        assert stated.num_params() == layer.num_params(shape)
        assert stated.num_macs(shape) == layer.num_macs(shape)


@given(layers_and_shapes())
def test_parameters_of_a_spatial_layer_do_not_depend_on_lengths(case: LayerAndShape) -> None:
    layer, shape = case
    is_local = isinstance(layer, pc.LocallyConnected2d)  # It has weights at each position.
    if layer.parameters(shape) and data_format(layer) and not is_local:
        longer = [n + 1 for n in shape]
        longer[channels_axis(layer)] -= 1
        assert layer.parameters(tuple(longer)) == layer.parameters(shape)
        assert layer.num_params(tuple(longer)) == layer.num_params(shape)


@given(layers_and_shapes())
def test_channels_last_is_channels_first_with_the_axis_moved(case: LayerAndShape) -> None:
    layer, shape = case
    if data_format(layer):
        row = ROW_OF[type(layer)]
        if data_format(layer) == "channels_last":
            shape = (*shape[: row.times], shape[-1], *shape[row.times : -1])
        first = replace(layer, data_format="channels_first")
        last = replace(layer, data_format="channels_last")
        moved = row.moved(shape)
        assert last.output_shape(moved) == row.moved(first.output_shape(shape))
        tensors = first.parameters(shape)
        if isinstance(layer, pc.Scale):  # An axis of 1 follows for each axis after the channels.
            assert [one.shape for one in tensors] == [(shape[0], *[1] * (len(shape) - 1))]
            tensors = (pc.Parameter("gamma", shape[:1]),)
        assert last.parameters(moved) == tensors
        assert last.num_macs(moved) == first.num_macs(shape)


@given(st.integers(10**16, 10**18), st.integers(10**16, 10**18), st.integers(1, 10**16))
def test_counts_of_huge_values_are_exact(channels: int, length: int, kernel_size: int) -> None:
    conv = pc.Conv2d(channels, channels + 1, kernel_size)
    shape = (channels, length, length + 1)
    out = length - kernel_size + 1
    weights = kernel_size**2 * channels * (channels + 1)
    assert conv.output_shape(shape) == (channels + 1, out, out + 1)
    assert conv.num_params() == weights + channels + 1
    assert conv.num_macs(shape) == weights * out * (out + 1)
