"""Memory: hand-computed, against an oracle of intervals, and every face of the table."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace
from math import prod
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import assume, given, strategies as st
from networks import ANSWER
from strategies import layers_and_shapes, networks_and_shapes

import paramcalc as pc
from paramcalc import _live, _memory, _stored, zoo
from paramcalc._network import Network
from paramcalc.layers._builtin import Builtin
from paramcalc.results import Dtype, Optimizer

NetworkAndShape = tuple[pc.Sequential, tuple[int, ...]]
RELU = pc.Activation("relu")
NET = pc.Sequential(
    features=pc.Sequential(pc.Conv2d(3, 8, 3, padding=1, bias=False), pc.BatchNorm(8), RELU),
    pool=pc.GlobalPool(),
    head=pc.Dense(8, 10),
)
IMAGE = (3, 16, 16)
WEIGHTS, TRAINED, BUFFERS = 216, 216 + 16 + 90, 16
OUTPUTS = 3 * 8 * 16 * 16 + 8 + 10
KEPT, STATISTICS = 3 * 16 * 16 + 2 * 8 * 16 * 16 + 8, 2 * 8
"""The image, what the convolution and the relu give, and what is pooled; and those of a norm."""
BYTES = ("parameter", "buffer", "gradient", "optimizer", "activation", "peak")
OPTIMIZERS = st.sampled_from(sorted(_stored.OPTIMIZERS))
DTYPES = st.sampled_from(sorted(_stored.DTYPES))


def numbers(used: pc.results.Memory) -> tuple[int, ...]:
    return tuple([int(getattr(used, f"{one}_bytes")) for one in BYTES])


# By hand


def test_a_small_network_by_hand() -> None:
    used = pc.memory(NET, IMAGE)
    peak = 2 * 8 * 16 * 16
    kept = KEPT + STATISTICS
    assert numbers(used) == (4 * TRAINED, 4 * BUFFERS, 4 * TRAINED, 0, 4 * kept, 4 * peak)
    assert used.output_bytes == 4 * OUTPUTS
    assert used.training_bytes == 4 * (2 * TRAINED + BUFFERS + kept)
    assert used.inference_bytes == 4 * (TRAINED + BUFFERS + peak)
    assert type(used.training_bytes) is type(used.inference_bytes) is int
    assert (used.network, used.batch_size, used.dtype, used.optimizer) == (NET, 1, "float32", "sgd")


def test_a_batch_multiplies_outputs_and_the_peak_alone() -> None:
    one, many = numbers(pc.memory(NET, IMAGE)), numbers(pc.memory(NET, IMAGE, batch_size=7))
    assert many == (*one[:4], 4 * (7 * KEPT + STATISTICS), 7 * one[5])


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        ("float64", 8),
        ("float32", 4),
        ("float16", 2),
        ("bfloat16", 2),
        ("float8", 1),
        ("int8", 1),
    ],
)
def test_bytes_of_a_value(dtype: Dtype, size: int) -> None:
    used = numbers(pc.memory(NET, IMAGE, dtype=dtype, optimizer="adam"))
    peak = 2 * 8 * 16 * 16
    assert used == tuple(
        [size * one for one in (TRAINED, BUFFERS, TRAINED, 2 * TRAINED, KEPT + STATISTICS, peak)]
    )


def test_int4_takes_half_a_byte_and_what_is_left_over_one_of_its_own() -> None:
    layer = pc.Sequential(pc.Dense(5, 3), pc.BatchNorm(3), pc.Dense(3, 1))  # 15 3, 3 3 3 3, 3 1
    used = pc.memory(layer, (5,), dtype="int4", optimizer="adam", batch_size=3)
    weights = 8 + 2 + 2 + 2 + 2 + 1
    kept = 8 + (5 + 3) + 5  # 15, 9 and statistics of 6, 9
    assert numbers(used) == (weights, 2 + 2, weights, 2 * weights, kept, 8 + 5)
    assert used.output_bytes == 5 + 5 + 2
    assert type(used.parameter_bytes) is type(used.activation_bytes) is int
    even = pc.memory(pc.Dense(5, 4), (5,), dtype="int4", optimizer="lion", batch_size=2)
    assert numbers(even) == (12, 0, 12, 12, 5, 9)
    assert [row["working"] for row in even.to_records()[:6]] == [
        "⌈24/2⌉", "", "⌈24/2⌉", "⌈24/2⌉", "⌈5·2/2⌉", "⌈9·2/2⌉",
    ]  # fmt: skip


def test_mixed_with_adam_is_16_bytes_a_parameter() -> None:
    used = pc.memory(NET, IMAGE, dtype="mixed", optimizer="adam")
    assert used.parameter_bytes == used.gradient_bytes == 2 * TRAINED
    assert used.optimizer_bytes == 12 * TRAINED
    assert used.buffer_bytes == 4 * BUFFERS
    assert used.activation_bytes == 2 * (KEPT + STATISTICS)
    assert used.output_bytes == 2 * OUTPUTS
    assert used.peak_bytes == 2 * 2 * 8 * 16 * 16
    dense = pc.memory(pc.Dense(100, 9), (100,), dtype="mixed", optimizer="adam")
    assert dense.training_bytes == 16 * 909 + 2 * 100
    plain = pc.memory(pc.Dense(100, 9), (100,), dtype="mixed")
    assert plain.optimizer_bytes == 4 * 909  # The copy alone.
    factored = pc.memory(pc.Dense(100, 9), (100,), dtype="mixed", optimizer="adafactor")
    assert factored.optimizer_bytes == 4 * (909 + 109 + 9)
    kept = pc.memory(NET, IMAGE, dtype="mixed", optimizer="adam", frozen="")
    assert numbers(kept)[:4] == (2 * TRAINED, 4 * BUFFERS, 0, 0)


@pytest.mark.parametrize(
    ("optimizer", "values"),
    [
        ("sgd", 0),
        ("sgd_momentum", TRAINED),
        ("nesterov", TRAINED),
        ("adagrad", TRAINED),
        ("rmsprop", TRAINED),
        ("adam", 2 * TRAINED),
        ("adamw", 2 * TRAINED),
        ("adafactor", 8 * 3 * (3 + 3) + 8 + 8 + (10 + 8) + 10),
        ("lion", TRAINED),
    ],
)
def test_what_an_optimizer_keeps(optimizer: Optimizer, values: int) -> None:
    assert pc.memory(NET, IMAGE, optimizer=optimizer).optimizer_bytes == 4 * values
    assert set(_stored.OPTIMIZERS) == {
        "sgd", "sgd_momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "adafactor",
        "lion",
    }  # fmt: skip


def test_resnet_50_with_adam() -> None:
    network = zoo.resnet50()
    used = pc.memory(network, (3, 224, 224), optimizer="adam")
    outputs = sum(prod(step.output_shape) for step in pc.trace(network, (3, 224, 224)))
    weights = 4 * 25_557_032
    assert numbers(used)[:4] == (weights, 4 * 53_120, weights, 2 * weights)
    assert used.output_bytes == 4 * outputs


# The peak


def peak(network: pc.Layer, shape: tuple[int, ...], *, in_place: bool = False) -> int:
    """In values."""
    return pc.memory(network, shape, in_place=in_place).peak_bytes // 4


def dense(features: int) -> pc.Dense:
    return pc.Dense(None, features)


@pytest.mark.parametrize(
    ("network", "values"),
    [
        (pc.Sequential(), 100),
        (pc.Identity(), 100),
        (pc.Sequential(pc.Input(100), pc.Identity(), pc.Dropout(), pc.Flatten()), 100),
        (pc.Reshape((4, 25)), 100),
        (pc.Permute((0,)), 200),
        (pc.Slice(0, 10), 100),  # All of the input stays while a part of it is in use.
        (RELU, 200),
        (pc.Sequential(dense(10), dense(200), dense(10)), 210),
        (pc.Sequential(dense(1), dense(1)), 101),
        (pc.Sequential(dense(1), dense(60), dense(60)), 120),
        (pc.Add(dense(100), pc.Identity()), 300),  # The input, what is added to it, and the sum.
        (pc.Add(pc.Identity(), dense(100)), 300),
        (pc.Add(dense(100)), 200),
        (pc.Add(pc.Identity()), 200),
        (pc.Add(dense(100), dense(100)), 300),  # The input is gone when the sum is made.
        (pc.Add(dense(100), dense(100), pc.Sequential()), 400),
        (pc.Concat(dense(10), dense(20)), 130),
        (pc.Concat(dense(60), dense(70)), 260),
        (pc.Concat(dense(60), pc.Sequential(dense(1), dense(500), dense(70))), 60 + 500 + 70),
        (pc.Concat(pc.Sequential(dense(1), dense(500), dense(70)), dense(60)), 100 + 500 + 70),
        (pc.Add(pc.Add(dense(100), pc.Identity()), pc.Identity()), 300),
        (pc.Add(pc.Identity(), pc.Identity()), 200),
        (pc.Sequential(pc.Add(dense(1), dense(1)), dense(50), dense(60)), 110),
    ],
)
def test_the_peak_by_hand(network: pc.Layer, values: int) -> None:
    assert peak(network, (100,)) == values


@pytest.mark.parametrize(
    ("network", "values"),
    [
        (RELU, 100),
        (pc.Activation("LeakyReLU"), 100),
        (pc.Activation("leaky_relu"), 100),
        (pc.Activation("softmax"), 200),
        (pc.Activation("my_own"), 200),
        (pc.PReLU(), 200),
        (pc.Frozen(RELU), 100),
        (pc.Dropout(), 100),
        (pc.Sequential(pc.Flatten(), pc.Identity(), pc.Reshape((-1,)), pc.Input(100)), 100),
        (pc.Sequential(dense(100), RELU, pc.Dropout()), 200),
        (pc.Add(RELU, pc.Identity()), 300),  # The skip connection reads the input, too.
        (pc.Add(pc.Identity(), RELU), 300),
        (pc.Add(pc.Sequential(pc.Identity(), RELU), pc.Identity()), 300),
        (pc.Sequential(pc.Identity(), pc.Add(RELU, pc.Identity())), 300),
        (pc.Add(pc.Add(RELU), pc.Identity()), 300),
        (pc.Add(RELU), 200),
        (pc.Concat(dense(7), pc.Sequential(dense(10), RELU)), 117),
        (pc.Sequential(pc.Add(dense(100), pc.Identity()), RELU), 300),
    ],
)
def test_in_place_by_hand(network: pc.Layer, values: int) -> None:
    assert peak(network, (100,), in_place=True) == values
    steps = pc.trace(network, (100,))
    for in_place in False, True:
        used = pc.memory(network, (100,), in_place=in_place)
        assert used.output_bytes == 4 * sum(prod(step.output_shape) for step in steps)


def test_an_output_lives_until_its_last_reader_has_run() -> None:
    """In graphs that no nesting of branches makes; sizes tell which outputs are in the sum."""
    layer, add = dense(1), pc.Add(pc.Identity(), pc.Identity())

    def run(*steps: tuple[pc.Layer, tuple[int, ...]]) -> tuple[list[int], int]:
        sizes = [2 * 10**number for number in range(len(steps))] + [1]
        written = [pc.results.Step("", one, (1,), (1,), inputs) for one, inputs in steps]
        owners = _live.owners_of(written, in_place=True)
        own = [owners[number] for number in range(len(steps))]
        ends = {*range(len(steps))} - {at for _, inputs in steps for at in inputs}
        return own, max(_live.live_sizes(written, owners, sizes, [*ends]))

    chain = (layer, (-1,)), (layer, (0,)), (RELU, (1,))
    assert run(*chain, (add, (0, 2)), (add, (1, 3))) == ([0, 1, 2, 3, 4], 22_020)
    assert run(*chain, (add, (0, 2)), (add, (0, 3))) == ([0, 1, 1, 3, 4], 22_002)
    assert run(*chain, (add, (-1, 2))) == ([0, 1, 1, 3], 2_021)
    # An output of the network stays.
    assert run((layer, (-1,)), (layer, (-1,)), (layer, (1,))) == ([0, 1, 2], 222)
    assert run((pc.Identity(), (-1,)), (layer, (-1,)), (layer, (1,))) == ([-1, 1, 2], 221)


def written_out(layer: pc.Layer) -> pc.Layer:
    """A layer made of layers as the network that it is, in chains and branches."""
    if isinstance(layer, pc.SeparableConv1d | pc.SeparableConv2d):
        given = {one: getattr(layer, one) for one in ("data_format", "stride", "dilation")}
        given |= {"padding": layer.padding, "depth_multiplier": layer.depth_multiplier}
        is_image = isinstance(layer, pc.SeparableConv2d)
        depthwise = pc.DepthwiseConv2d if is_image else pc.DepthwiseConv1d
        pointwise = pc.Conv2d if is_image else pc.Conv1d
        last = pointwise(None, layer.out_channels, 1, data_format=layer.data_format)
        return pc.Sequential(depthwise(layer.kernel_size, **given), last)
    if not isinstance(layer, pc.TransformerEncoderLayer):
        return layer
    features, inner = layer.d_model, layer.dim_feedforward
    attention = pc.MultiheadAttention(features, layer.nhead)
    body = pc.Sequential(pc.Dense(features, inner), RELU, pc.Dense(inner, features))
    norm, skip = pc.LayerNorm(features), pc.Identity()
    return pc.Sequential(pc.Add(attention, skip), norm, pc.Add(body, skip), norm)


class Buffers:
    """An oracle: which buffers a network writes, from which operation to which each is needed.

    It lists the operations first, and looks at the intervals then.
    """

    def __init__(self, network: pc.Layer, shape: tuple[int, ...], *, in_place: bool) -> None:
        self.in_place = in_place
        self.sizes, self.born, self.last = [prod(shape)], [0], [0]
        self.shared: set[int] = set()
        self.now = 0
        end, _ = self.add(network, shape, 0)
        self.last[end] = self.now

    def add(
        self, layer: pc.Layer, shape: tuple[int, ...], buffer: int
    ) -> tuple[int, tuple[int, ...]]:
        whole, layer = layer, written_out(getattr(layer, "layer", layer))
        if isinstance(layer, pc.Sequential):
            for part in layer:
                buffer, shape = self.add(part, shape, buffer)
            return buffer, shape
        read = [buffer]
        if isinstance(layer, pc.Add | pc.Multiply | pc.Concat):
            if len(layer) > 1:
                self.shared.add(buffer)
            read = [self.add(branch, shape, buffer)[0] for branch in layer]
        self.now += 1
        for one in read:
            self.last[one] = self.now
        each = isinstance(whole, pc.TimeDistributed)
        output = (whole if each else layer).output_shape(shape)
        passes = pc.Identity, pc.Input, pc.Flatten, pc.Reshape, pc.Slice, pc.Dropout
        writes_over = self.in_place and layer == RELU and buffer not in self.shared
        if isinstance(layer, passes) or writes_over:
            return buffer, output
        self.sizes.append(prod(output))
        self.born.append(self.now)
        self.last.append(self.now)
        return len(self.sizes) - 1, output

    def peak(self) -> int:
        return max(
            [
                sum(
                    [
                        size
                        for size, born, last in zip(self.sizes, self.born, self.last, strict=True)
                        if born <= now <= last
                    ]
                )
                for now in range(self.now + 1)
            ]
        )


def with_relus(layer: pc.Layer) -> pc.Layer:
    """The same network, each activation a relu, and one after each dense layer."""
    if isinstance(layer, pc.Sequential | pc.Add | pc.Multiply | pc.Concat):
        return replace(layer, layers=tuple([with_relus(one) for one in layer]))
    if isinstance(layer, pc.Dense):
        return pc.Sequential(layer, RELU)
    return RELU if isinstance(layer, pc.Activation | pc.PReLU) else layer


def size_of(step: pc.results.Step) -> int:
    """The values that a step gives; those of a learned tensor are there already."""
    return prod(step.output_shape) if step.inputs else 0


@given(networks_and_shapes(), st.booleans(), st.integers(1, 5))
def test_the_peak_is_that_of_buffers_and_their_intervals(
    case: NetworkAndShape, in_place: bool, batch_size: int
) -> None:
    network, shape = with_relus(case[0]), case[1]
    assume(all(step.inputs for step in pc.trace(network, shape)))
    oracle = Buffers(network, shape, in_place=in_place)
    used = pc.memory(network, shape, in_place=in_place, batch_size=batch_size)
    assert used.peak_bytes == 4 * batch_size * oracle.peak()
    assert used.peak_bytes <= used.output_bytes + 4 * batch_size * prod(shape)


# Laws


def thawed(layer: pc.Layer) -> pc.Layer:
    """The layer, or what is frozen or shared in it."""
    inside: pc.Layer = getattr(layer, "layer", layer)
    return layer if isinstance(layer, pc.TimeDistributed) else inside


@given(networks_and_shapes(), st.integers(1, 9), DTYPES, OPTIMIZERS)
def test_totals_add_up_and_outputs_are_the_trace(
    case: NetworkAndShape, batch_size: int, dtype: Dtype, optimizer: Optimizer
) -> None:
    network, shape = case
    used = pc.memory(network, shape, batch_size=batch_size, dtype=dtype, optimizer=optimizer)
    parameters, buffers, gradients, state, kept_bytes, most = numbers(used)
    assert used.training_bytes == parameters + buffers + gradients + state + kept_bytes
    assert used.inference_bytes == parameters + buffers + most
    bits = _stored.DTYPES[dtype]
    sizes = [batch_size * size_of(step) for step in pc.trace(network, shape)]
    assert used.output_bytes == sum((size * bits + 7) // 8 for size in sizes)
    assert [row.output_bytes for row in used.rows] == [(size * bits + 7) // 8 for size in sizes]
    assert sum(row.kept_bytes for row in used.rows) == kept_bytes
    trained = [one.size for one in network.parameters(shape) if one.trainable]
    assert gradients == sum((size * bits + 7) // 8 for size in trained)
    # What is frozen is a weight all the same, and no buffer.
    layers = [step for step in pc.trace(network, shape) if not hasattr(step.layer, "layers")]
    tensors = [one for step in layers for one in thawed(step.layer).parameters(step.input_shape)]
    weights = [one.size for one in tensors if one.trainable]
    assert parameters == sum((size * bits + 7) // 8 for size in weights)
    full = 32 if dtype == "mixed" else bits
    kept = [one.size for one in tensors if not one.trainable]
    assert buffers == sum((size * full + 7) // 8 for size in kept)
    if optimizer != "adafactor" and bits >= 8:
        copies = {"sgd": 0, "adam": 2, "adamw": 2}.get(optimizer, 1) + (dtype == "mixed")
        assert state == copies * sum(trained) * full // 8


@given(networks_and_shapes(), DTYPES, OPTIMIZERS)
def test_what_is_frozen_takes_no_gradient_and_no_state(
    case: NetworkAndShape, dtype: Dtype, optimizer: Optimizer
) -> None:
    network, shape = case
    plain = pc.memory(network, shape, dtype=dtype, optimizer=optimizer)
    for used in (
        pc.memory(network, shape, dtype=dtype, optimizer=optimizer, frozen=""),
        pc.memory(pc.freeze(network), shape, dtype=dtype, optimizer=optimizer),
    ):
        parameters, buffers, *_, most = numbers(plain)
        assert numbers(used) == (parameters, buffers, 0, 0, 0, most)
        assert used.output_bytes == plain.output_bytes


@given(networks_and_shapes(), st.data())
def test_what_is_recomputed_keeps_what_it_reads_at_most(
    case: NetworkAndShape, data: st.DataObject
) -> None:
    network, shape = case
    steps = pc.trace(network, shape)
    prefixes = {step.path[:end] for step in steps for end in range(len(step.path))}
    paths = sorted({step.path for step in steps} | {one for one in prefixes if one.endswith("]")})
    chosen = data.draw(st.lists(st.sampled_from(["", *paths]), max_size=3))
    plain, used = pc.memory(network, shape), pc.memory(network, shape, recomputed=chosen)
    around = [
        [step for step in steps if step.path == one or is_in(step.path, one) or not one]
        for one in dict.fromkeys(chosen)
    ]
    read = {at for part in around for step in part for at in step.inputs}
    sizes = [prod(shape) if at < 0 else size_of(steps[at]) for at in read]
    assert used.activation_bytes <= plain.activation_bytes + 4 * sum(sizes)
    assert sum(row.kept_bytes for row in used.rows) == used.activation_bytes
    assert numbers(used)[:4] == numbers(plain)[:4]
    if not chosen:
        assert used == plain
    if chosen == [""]:
        assert used.activation_bytes >= plain.activation_bytes


def is_in(path: str, other: str) -> bool:
    """Whether a path leads further into what stands at the other."""
    return path != other and (not other or path.startswith((f"{other}.", f"{other}[")))


# Options by hand


def test_frozen_parts() -> None:
    head = pc.memory(NET, IMAGE, optimizer="adam", frozen="features")
    assert numbers(head)[:4] == (4 * TRAINED, 4 * BUFFERS, 4 * 90, 8 * 90)
    some = pc.memory(NET, IMAGE, optimizer="adam", frozen=["features[1]", "head"])
    assert numbers(some)[:4] == (4 * TRAINED, 4 * BUFFERS, 4 * WEIGHTS, 8 * WEIGHTS)
    assert pc.memory(NET, IMAGE, frozen=()) == pc.memory(NET, IMAGE)
    assert pc.memory(pc.Sequential(pc.Sequential()), (1,), frozen="[0]").gradient_bytes == 0
    # One that only begins alike is another.
    alike = pc.Sequential(a=pc.Dense(2, 2), ab=pc.Dense(2, 3))
    assert pc.memory(alike, (2,), frozen="a").gradient_bytes == 4 * 9
    many = pc.Sequential([pc.Dense(2, 2)] * 12)
    assert pc.memory(many, (2,), frozen="[1]").gradient_bytes == 4 * 6 * 11
    assert pc.memory(pc.Add(a=many), (2,), frozen="a[1]").gradient_bytes == 4 * 6 * 11


def test_recomputed_parts() -> None:
    net = pc.Sequential(
        a=pc.Sequential(dense(50), dense(60), dense(7)),
        b=pc.Sequential(dense(30), RELU, dense(8)),
        c=dense(9),
    )

    def kept(*paths: str, in_place: bool = False) -> int:
        used = pc.memory(net, (1,), recomputed=paths, in_place=in_place)
        return used.activation_bytes // 4

    assert kept() == 1 + 50 + 60 + 7 + 30 + 8  # What dense layers read; 30 is the relu's, too.
    assert kept("a") == kept("b") == kept("") == kept("c") == kept()
    assert kept("a", "b") == 1 + 7 + 8 + (50 + 60)
    assert kept("a", "b", "a[0]") == kept("a", "b")
    assert kept("b", "a[0]") == kept()
    assert kept("a", "b", in_place=True) == 1 + 7 + 8 + (50 + 60)
    assert kept("", "a", "b") == kept()
    passing = pc.Sequential(a=pc.Sequential(dense(5), RELU), b=pc.Sequential(pc.Identity()))
    used = pc.memory(passing, (1,), recomputed=("a", "b"), in_place=True)
    assert used.activation_bytes == 4 * (1 + 5)
    ending = pc.Sequential(
        a=pc.Sequential(dense(50), dense(5), RELU), b=pc.Sequential(dense(60), dense(6), RELU)
    )
    used = pc.memory(ending, (1,), recomputed=("a", "b"), in_place=True)
    assert used.activation_bytes == 4 * (1 + 5 + 60 + 6)
    skips = pc.Sequential(pc.Sequential(dense(6), dense(5), pc.Add(RELU, pc.Sequential())))
    used = pc.memory(skips, (1,), recomputed="[0][2]")
    assert used.activation_bytes == 4 * (1 + 6 + 5 + 5)
    frozen = pc.memory(skips, (1,), recomputed="[0][2]", frozen="")
    assert frozen.activation_bytes == 0


def test_the_largest_part_is_that_of_most_bytes_not_of_most_layers() -> None:
    net = pc.Sequential(
        pc.Sequential(*[dense(1)] * 9), pc.Sequential(dense(70), dense(1)), dense(1)
    )
    used = pc.memory(net, (1,), recomputed=("[0]", "[1]"))
    assert used.activation_bytes == 4 * (1 + 1 + 1 + 70)


@pytest.mark.parametrize(
    ("arguments", "kind", "words"),
    [
        (
            {"dtype": "float12"},
            pc.ParamcalcError,
            (
                "memory: no dtype 'float12'; there are float64, float32, float16, bfloat16, "
                "float8, int8, int4, int2, int1, mixed"
            ),
        ),
        ({"dtype": 32}, TypeError, "memory: dtype must be a str, got 32"),
        (
            {"optimizer": "adma"},
            pc.ParamcalcError,
            (
                "memory: no optimizer 'adma'; there are sgd, sgd_momentum, nesterov, adagrad, "
                "rmsprop, adam, adamw, adafactor, lion"
            ),
        ),
        ({"optimizer": None}, TypeError, "memory: optimizer must be a str, got None"),
        ({"batch_size": 0}, pc.ParamcalcError, "memory: batch_size must be at least 1, got 0"),
        ({"batch_size": 2.0}, TypeError, "memory: batch_size must be an int, got 2.0"),
        ({"batch_size": True}, TypeError, "memory: batch_size must be an int, got True"),
        ({"in_place": 1}, TypeError, "memory: in_place must be True or False, got 1"),
        (
            {"frozen": 5},
            TypeError,
            "memory: frozen must be a path or a tuple of paths, got 5",
        ),
        (
            {"recomputed": ("head", 5)},
            TypeError,
            "memory: recomputed must be a path or a tuple of paths, got ('head', 5)",
        ),
        (
            {"frozen": "body"},
            pc.ParamcalcError,
            (
                "memory: frozen must name parts of the network, such as "
                "('features', 'pool', 'head'), got 'body'"
            ),
        ),
        (
            {"recomputed": ("head", "features[3]")},
            pc.ParamcalcError,
            (
                "memory: recomputed must name parts of the network, such as "
                "('features[0]', 'features[1]', 'features[2]'), got 'features[3]'"
            ),
        ),
        (
            {"frozen": "head.weight"},
            pc.ParamcalcError,
            (
                "memory: frozen must name parts of the network, such as "
                "('features', 'pool', 'head'), got 'head.weight'"
            ),
        ),
    ],
)
def test_words_of_refusals(arguments: Any, kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        pc.memory(NET, IMAGE, **arguments)
    assert str(caught.value) == words
    assert type(caught.value) is kind


def test_errors_say_where() -> None:
    with pytest.raises(TypeError, match=r"^memory: network must be a Layer, got 5$"):
        pc.memory(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(
        pc.ShapeError, match=r"^\[0\] Conv2d: in_channels is None, so the number of"
    ):
        pc.memory(pc.Sequential(pc.Conv2d(None, 5, 5)))
    with pytest.raises(pc.ShapeError, match=r"^features\[0\] Conv2d: expects 3 input channels"):
        pc.memory(NET, (4, 16, 16))
    with pytest.raises(pc.ParamcalcError, match=r"such as \('',\), got 'x'$"):
        pc.memory(pc.Dense(1, 1), (1,), frozen="x")
    with pytest.raises(pc.ShapeError, match=r"^a Own: no tensors today$"):
        pc.memory(pc.Sequential(a=Own()), (3,))
    with pytest.raises(pc.ShapeError, match=r"^a Own: no tensors today$"):
        pc.memory(pc.Sequential(a=pc.Frozen(Own())), (3,))


class Own(pc.Layer):
    """A layer of one's own that cannot say what it keeps."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return (1,)

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        raise pc.ShapeError("no tensors today", layer=self)


# What is kept, by hand; conformance/test_kept.py compares it with torch.


@pytest.mark.parametrize(
    ("layers", "values"),
    [
        ((dense(3),), 100),  # The input, for the weights.
        ((pc.Frozen(dense(3)),), 0),
        ((RELU, dense(3)), 100),  # Nothing before what is trained has a gradient.
        ((dense(3), RELU), 100 + 3),
        ((dense(3), RELU, dense(5)), 100 + 3),  # One tensor, which both keep.
        ((dense(3), RELU, pc.Flatten(), dense(5)), 100 + 3),
        ((dense(3), pc.Activation("gelu"), dense(5)), 100 + 3 + 3),
        ((dense(3), pc.Frozen(dense(5)), dense(6)), 100 + 5),
        ((dense(3), pc.Dropout(0.3), dense(6)), 100 + 3 + 3),  # The mask, and what it gives.
        ((dense(3), pc.Dropout(0.0), dense(6)), 100 + 3),
        ((dense(3), pc.Dropout(1.0)), 100 + 1),
        ((dense(3), pc.Activation("linear")), 100),
        ((dense(3), pc.Multiply(pc.Identity(), pc.Identity())), 100 + 3),
        ((dense(3), pc.Multiply(pc.Parameters(p=3), RELU)), 100 + 3),
        ((dense(3), pc.Add(pc.Identity(), dense(1))), 100 + 3),
        ((dense(4), pc.Reshape((2, 2)), pc.Slice(1), dense(2)), 100 + 4),  # A view holds it whole.
    ],
)
def test_what_is_kept(layers: tuple[pc.Layer, ...], values: int) -> None:
    assert pc.memory(pc.Sequential(*layers), (100,)).activation_bytes == 4 * values


def test_each_layer_with_tensors_says_what_it_keeps() -> None:
    """Otherwise it would keep nothing, without a word."""
    usual: Any = Builtin
    kinds: list[Any] = [getattr(pc, name) for name in pc.__all__]
    silent = {
        kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, Builtin) and not issubclass(kind, Network)
        if kind._tensors is not usual._tensors and kind._saved is usual._saved  # pyright: ignore[reportPrivateUsage]
    }
    assert silent == {pc.Parameters}  # Its output is a weight.


@pytest.mark.parametrize(
    ("layer", "shape", "values"),
    [
        (pc.Activation("gelu"), (7,), 7),
        (pc.Activation("Softsign"), (7,), 7 + 7),
        (pc.Activation("tanhshrink"), (7,), 7),
        (pc.Activation("softmax"), (7,), 7),
        (pc.Scale(7), (7,), 7),
        (pc.GroupNorm(2, 4), (4, 5), 20 + 2 * 2),
        (pc.InstanceNorm(4, affine=True, track_running_stats=True), (4, 5), 20 + 5 * 4),
        (pc.LayerNorm(5), (4, 5), 20 + 2 * 4),
        (pc.RMSNorm(5), (4, 5), 20 + 4 + 20),
        (pc.RMSNorm(5, elementwise_affine=False), (4, 5), 20 + 4),
        (pc.AdaptivePool(1), (4, 6), 0),
        (pc.AdaptivePool(3), (4, 6), 24),
        (pc.AdaptivePool(3, mode="max"), (4, 6), 24 + 2 * 12),
        (pc.GlobalPool(), (4, 6), 0),
        (pc.GlobalPool(mode="max"), (4, 6), 24 + 4),
        (pc.Pad(1, "reflect"), (4, 6), 24),
        (pc.Pad(1), (4, 6), 0),
        (pc.GRU(3, 4), (5, 3), 15 + 5 * (6 + 1) * 4),
        (pc.LSTM(3, 4), (5, 3), 15 + 5 * (6 + 1) * 4),
        (pc.LSTM(3, 4, 2, proj_size=2), (5, 3), 15 + 5 * 2 + 2 * 5 * (6 * 4 + 2 + 4)),
        (pc.RNN(3, 4, bidirectional=True), (5, 3), 15 + 2 * (5 + 1) * 4),
        (pc.MultiheadAttention(8, 2), (5, 8), 5 * 8 * 5 + 2 * 5),
        (pc.MultiheadAttention(8, 2, add_bias_kv=True), (5, 8), 5 * 8 * 5 + 2 * 6 * 8 + 2 * 5),
        (pc.MultiheadAttention(8, 4, num_kv_heads=2), (5, 8), 5 * (8 + 8 + 8 + 8) + 4 * 5),
        (
            pc.MultiheadAttention(8, 2, head_dim=3, value_dim=5),
            (4, 8),
            4 * 8 + 2 * 4 * 3 + 2 * 4 * (3 + 5 + 4) + 4 * 10,
        ),
    ],
)
def test_what_layers_keep(layer: pc.Layer, shape: pc.Shape, values: int) -> None:
    start = pc.Add(pc.Identity(), pc.Parameters(p=shape))
    assert pc.memory(pc.Sequential(start, layer), shape).activation_bytes == 4 * values


@pytest.mark.parametrize(
    ("name", "apart", "in_place"),
    [("relu", 7, 7), ("leaky_relu", 14, 7), ("relu6", 14, 14), ("silu", 14, 14), ("gelu", 14, 14)],
)
def test_what_is_overwritten_is_kept_as_the_output_or_a_copy(
    name: str, apart: int, in_place: int
) -> None:
    net = pc.Sequential(dense(7), pc.Activation(name), dense(1))
    found = [pc.memory(net, (1,), in_place=one).activation_bytes for one in (False, True)]
    assert found == [4 * (1 + apart), 4 * (1 + in_place)]


def test_a_batch_copies_the_sequences_of_attention() -> None:
    attention = pc.MultiheadAttention(8, 2)
    one, two = [pc.memory(attention, (5, 8), batch_size=n).activation_bytes for n in (1, 2)]
    assert two == 2 * one
    net = pc.Sequential(dense(8), pc.LayerNorm(8), attention, dense(3))
    alone, many = [pc.memory(net, (5, 8), batch_size=n).activation_bytes for n in (1, 2)]
    assert many == 2 * alone
    relu = pc.Sequential(dense(8), RELU, attention)  # Its output is the sequence, of a batch of 1.
    alone, many = [pc.memory(relu, (5, 8), batch_size=n).activation_bytes for n in (1, 2)]
    assert many == 2 * (alone + 4 * 5 * 8)


def test_factors_of_products_are_kept() -> None:
    x, y = pc.Input(2, 3, 4)(), pc.Input(2, 4, 5)()
    factors = [pc.Dense(4, 4, bias=False)(x), pc.Dense(5, 5, bias=False)(y)]
    product = pc.memory(pc.Graph((x, y), factors[0] @ factors[1]))
    assert product.activation_bytes == 4 * 2 * (24 + 40)
    thin = pc.Input(4, 5)()
    graph = pc.Graph((x, thin), factors[0] @ pc.Dense(5, 5)(thin))
    alone, wide = [pc.memory(graph, batch_size=n).activation_bytes for n in (1, 2)]
    assert alone == 4 * (24 + 24 + 20 + 20)
    assert wide == 4 * 2 * (24 + 24 + 20 + 2 * 20)  # The second is spread.
    many = pc.Graph({"x": (2, 3, 4, 5), "y": (2, 1, 5, 6)}, "xy", {
        "p": (pc.Dense(5, 5), "x"), "q": (pc.Dense(6, 6), "y"), "xy": (pc.MatMul(), "p", "q")
    })  # fmt: skip
    kept = 4 * (120 + 120 + 60 + 2 * 3 * 30)  # Inputs, the first, and the second three times.
    assert pc.memory(many).activation_bytes == kept
    ends = pc.Identity(), pc.Identity(), pc.Identity()
    third = pc.memory(pc.Sequential(dense(7), pc.Multiply(*ends)), (1,))
    assert third.activation_bytes == 4 * (1 + 7 + 7)  # The first two make one of its own.


def test_what_layers_that_torch_lacks_keep() -> None:
    class Double(pc.Layer):
        """A layer of one's own: its input and its output."""

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return tuple(input_shape or ())

    def kept(layer: pc.Layer, *shape: int) -> int:
        start = pc.Add(pc.Identity(), pc.Parameters(p=shape))
        return pc.memory(pc.Sequential(start, layer), shape).activation_bytes // 4

    assert kept(Double(), 7) == 7 + 7
    assert kept(pc.LocallyConnected2d(5, 3), 2, 8, 8) == 36 * 2 * 9
    assert kept(pc.DepthwiseConv2d(3), 2, 8, 8) == 2 * 8 * 8
    assert kept(pc.DepthwiseConv2d(2, padding="same"), 2, 8, 8) == 2 * 9 * 9
    assert kept(pc.ConvLSTM2d(2, 5, 3), 4, 2, 8, 8) == 4 * 2 * 64 + 7 * 4 * 5 * 36
    assert kept(pc.RepeatVector(3), 7) == 0
    assert kept(pc.TimeDistributed(pc.Pool(2)), 5, 4, 6, 6) == 5 * 4 * 36 + 2 * 5 * 4 * 9
    # With more than one position, the sequences are transposed, as in a batch.
    assert kept(pc.TimeDistributed(pc.RNN(3, 4)), 5, 6, 3) == 5 * (6 * 3 + 4 + 6 * 4)
    alone = kept(pc.RNN(3, 4), 6, 3)
    assert alone == kept(pc.TimeDistributed(pc.RNN(3, 4)), 1, 6, 3) == 6 * 3 + 4 + 6 * 4
    x, offset = pc.Input(4, 6, 6)(), pc.Input(18, 6, 6)()
    conv = pc.DeformConv2d(4, 5, 3, padding=1)
    plain = pc.memory(pc.Graph((x, offset), conv(x, offset)))
    assert plain.activation_bytes == 4 * (4 * 36 + 18 * 36 + 1)
    mask = pc.Input(9, 6, 6)()
    masked = pc.memory(pc.Graph((x, offset, mask), conv(x, offset, mask)))
    assert masked.activation_bytes == 4 * (4 * 36 + 18 * 36 + 9 * 36)


def test_an_uneven_padding_is_a_copy() -> None:
    lengths: dict[Any, int] = {"same": 10, ((1, 2),): 12, 1: 9, "causal": 10}
    for padding, length in lengths.items():
        conv = pc.Conv1d(3, 4, 2, padding=padding)
        assert pc.memory(conv, (3, 9)).activation_bytes == 4 * 3 * length
    strided = pc.Conv1d(3, 4, 3, stride=2, padding="same")
    assert pc.memory(strided, (3, 8)).activation_bytes == 4 * 3 * 9
    used = pc.memory(pc.Sequential(dense(8), pc.Pool(2, 1, "same")), (3, 5))
    assert used.activation_bytes == 4 * (3 * 5 + 3 * 9) + 8 * 3 * 8


def test_what_is_divided_by_its_root_mean_square_is_kept_in_32_bits() -> None:
    """It is the output of `relu`, or a copy of it; beside it a deviation and the quotient."""
    net = pc.Sequential(pc.Dense(8, 8), pc.Activation("relu"), pc.RMSNorm(8))
    kept = {"float64": 8 * (3 * 48 + 6), "float32": 4 * (3 * 48 + 6)}
    kept["bfloat16"] = 2 * 2 * 48 + 4 * (48 + 6 + 48)
    types: tuple[Dtype, ...] = ("float64", "float32", "bfloat16")
    for dtype in types:
        used = pc.memory(net, (3, 8), batch_size=2, dtype=dtype)
        assert used.activation_bytes == kept[dtype]


def test_indices_take_64_bits_whatever_the_type() -> None:
    net = pc.Sequential(pc.Embedding(10, 6), pc.Activation("relu"))
    sizes: dict[Dtype, int] = {"float64": 8, "float32": 4, "float16": 2, "int8": 1}
    for dtype, size in sizes.items():
        used = pc.memory(net, (5,), dtype=dtype, batch_size=3)
        assert used.activation_bytes == 3 * (5 * 8 + 30 * size)
    used = pc.memory(net, (5,), batch_size=3)
    assert isinstance(used.activation_bytes, pc.formulas.Term)
    assert used.activation_bytes.symbols() == "A_64·n·b_64 + A_32·n·b_32"
    twice = pc.Add(pc.PReLU(), pc.Sequential(pc.Slice(0), pc.Embedding(10, 1), pc.Flatten()))
    for parts in (), "[0]", "[1]":
        found = pc.memory(twice, (5,), recomputed=parts)
        assert [row.kept_bytes for row in found.rows][:2] == [5 * 8, 0]
    half = pc.memory(pc.MultiheadAttention(8, 2), (5, 8), dtype="float16")
    assert half.activation_bytes == 2 * 5 * 8 * 5 + 4 * 2 * 5  # The logarithms stay in 32 bits.


# Without an input shape


def test_counts_need_no_input_shape() -> None:
    """Those of a tutorial, "How to calculate the number of parameters in CNN"."""
    tutorial = pc.Sequential(
        pc.Conv2d(3, 16, 3), pc.BatchNorm(16), pc.Conv2d(16, 32, 3), pc.BatchNorm(32)
    )
    head = pc.Dense(128, 64)
    tutorial = pc.Sequential(*tutorial, head)
    used = pc.memory(tutorial, optimizer="adam")
    assert used.num_params == 13_440
    assert used.num_optimizer_values == 26_880
    assert (used.num_frozen, used.num_buffers, used.rows) == (0, 96, ())
    assert (used.parameter_bytes, used.buffer_bytes) == (53_760, 384)
    assert (used.gradient_bytes, used.optimizer_bytes) == (53_760, 107_520)
    volumes = pc.Sequential(pc.Conv3d(3, 16, 3), pc.BatchNorm(16), pc.Conv3d(16, 32, 3))
    volumes = pc.Sequential(volumes, pc.BatchNorm(32), head)
    assert pc.memory(volumes, optimizer="sgd_momentum").num_optimizer_values == 23_520
    assert len(used.to_records()) == 4
    assert str(used).splitlines()[2:6] == [
        "parameters       52.5 KiB   53,760  13,440·4",
        "buffers             384 B      384  96·4",
        "gradients        52.5 KiB   53,760  13,440·4",
        "optimizer state   105 KiB  107,520  2·13,440·4",
    ]
    assert used.notes[-1] == "Activations and the peak depend on the input shape."


@pytest.mark.parametrize(
    "name", ["activation_bytes", "output_bytes", "peak_bytes", "peak_path", "training_bytes",
             "inference_bytes"]
)  # fmt: skip
def test_what_needs_a_shape_says_so(name: str) -> None:
    used = pc.memory(pc.Sequential(pc.Conv2d(3, 5, 5)))
    with pytest.raises(
        pc.ShapeError, match=r"^\[0\] Conv2d: the size of outputs depends on the in"
    ):
        getattr(used, name)
    with pytest.raises(pc.ShapeError):
        used.to_svg()


def test_the_exercise_on_optimizers() -> None:
    """Raschka, "Machine Learning Q and AI", 11-1: two more each with Adam, one with momentum."""
    net = zoo.raschka_chapter_11()
    assert pc.memory(net).num_params == 26_926
    numbers_by: dict[Optimizer, int] = {"sgd": 0, "sgd_momentum": 26_926, "adam": 53_852}
    for optimizer, number in numbers_by.items():
        assert pc.memory(net, optimizer=optimizer).num_optimizer_values == number


def test_counts_of_frozen_parts() -> None:
    for used in (
        pc.memory(NET, IMAGE, frozen="features", optimizer="adam"),
        pc.memory(pc.Sequential(pc.freeze(NET[0]), *NET[1:]), IMAGE, optimizer="adam"),
    ):
        assert (used.num_params, used.num_frozen, used.num_buffers) == (90, WEIGHTS + 16, BUFFERS)
        assert used.num_optimizer_values == 180
    mixed = pc.memory(NET, IMAGE, dtype="mixed", optimizer="adam")
    assert mixed.num_optimizer_values == 3 * TRAINED  # With the copy of the weights.


# Types by part


def test_types_by_part() -> None:
    used = pc.memory(NET, IMAGE, dtype={"features": "int8", "features[1]": "float16"})
    other = pc.memory(NET, IMAGE, dtype={"features": "mixed"}, optimizer="adafactor")
    assert other.optimizer_bytes == 4 * (232 + 8 * 3 * 6 + 16) + 4 * (10 + 8 + 10)
    assert used.dtype == (("", "float32"), ("features", "int8"), ("features[1]", "float16"))
    assert used.parameter_bytes == 216 + 2 * 16 + 4 * 90
    assert used.buffer_bytes == 2 * 16
    assert used.gradient_bytes == used.parameter_bytes
    size = 8 * 16 * 16
    assert used.output_bytes == size * (1 + 2 + 1) + 4 * 18
    assert used.activation_bytes == 4 * 768 + size + 2 * 16 + size + 4 * 8
    assert used.peak_bytes == size + 2 * size  # Between the convolution and the norm.
    assert used.peak_path == "features[1]"
    assert used.notes[0] == (
        "Batches of 1, sgd, float32: 4 bytes a value; features int8: 1 byte a value; "
        "features[1] float16: 2 bytes a value."
    )
    working = used.to_records()[0]["working"]
    assert working == "90·4 + 216·1 + 16·2"
    whole = pc.memory(NET, IMAGE, dtype={"": "int8"})
    assert whole == pc.memory(NET, IMAGE, dtype="int8")
    assert pc.memory(NET, IMAGE, dtype={}) == pc.memory(NET, IMAGE)
    assert isinstance(used.dtype, tuple)
    assert hash(used) == hash(pc.memory(NET, IMAGE, dtype=dict(used.dtype)))


@pytest.mark.parametrize(("dtype", "bits"), [("int4", 4), ("int2", 2), ("int1", 1)])
def test_types_of_less_than_a_byte_are_rounded_up_per_tensor(dtype: Dtype, bits: int) -> None:
    used = pc.memory(pc.Dense(5, 3), (5,), dtype=dtype)
    assert used.parameter_bytes == (15 * bits + 7) // 8 + (3 * bits + 7) // 8
    even = pc.memory(pc.Dense(16, 8), (16,), dtype=dtype)
    assert even.parameter_bytes == 136 * bits // 8
    assert even.to_records()[0]["working"] == f"⌈136/{8 // bits}⌉"
    assert pc.memory(NET, IMAGE, dtype="int1").notes[0].endswith("int1: 1 bit a value.")


# Layers, and the staircase


def test_rows_say_what_each_layer_takes() -> None:
    used = pc.memory(NET, IMAGE, batch_size=2)
    image, size = 4 * 2 * 768, 4 * 2 * 2048
    found = [row[0:1] + row[2:] for row in used.rows]
    assert found == [
        ("features[0]", size, image, image + size),
        ("features[1]", size, size + 4 * 16, 2 * size),
        ("features[2]", size, size, 2 * size),
        ("pool", 4 * 2 * 8, 0, size + 4 * 2 * 8),
        ("head", 4 * 2 * 10, 4 * 2 * 8, 4 * 2 * 18),
    ]
    assert [row.layer for row in used.rows] == [step.layer for step in pc.trace(NET, IMAGE)]
    assert used.peak_path == "features[1]"
    assert max(row.live_bytes for row in used.rows) == used.peak_bytes
    assert pc.memory(pc.Sequential(), (3,)).peak_path == ""


def test_the_staircase_is_a_picture() -> None:
    used = pc.memory(NET, IMAGE)
    svg = used.to_svg()
    tree = ET.fromstring(svg)  # noqa: S314  # of our own making
    space = "{http://www.w3.org/2000/svg}"
    bars = tree.findall(f"{space}polygon")
    assert len(bars) == len(used.rows)
    titles = [bar.findtext(f"{space}title") for bar in bars]
    assert titles[1] == "features[1] BatchNorm(8): 16.0 KiB"
    corners = [
        [float(one) for one in bar.attrib["points"].replace(",", " ").split()] for bar in bars
    ]
    heights = [one[1] - one[3] for one in corners]
    for row, height in zip(used.rows, heights, strict=True):
        assert abs(height - row.live_bytes * 160 / used.peak_bytes) < 0.11
    assert [bar.attrib.get("fill") for bar in bars][:2] == ["#0072b2", "#e69f00"]
    assert [one.text for one in tree.findall(f"{space}text")] == ["peak 16.0 KiB at features[1]"]
    assert "prefers-color-scheme: dark" in svg
    for word in "script", "url(", "import", "href":
        assert word not in svg
    for few in pc.memory(pc.Sequential(), (3,)), pc.memory(Quote(), (3,)):
        ET.fromstring(few.to_svg())  # noqa: S314  # of our own making
    wide = ET.fromstring(pc.memory(zoo.densenet121(), (3, 64, 64)).to_svg())  # noqa: S314
    assert 640 < float(wide.attrib["width"]) < 1100


class Quote(pc.Layer):
    """A layer whose text has signs of XML."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return (1,)

    def __repr__(self) -> str:
        return "<&>"


# How it is shown

SHOWN = """\
memory               size   bytes  working
──────────────────────────────────────────────────────────────
parameters       1.26 KiB   1,288  322·4
buffers              64 B      64  16·4
gradients        1.26 KiB   1,288  322·4
optimizer state  1.26 KiB   1,288  322·4
activations      38.1 KiB  39,040  (4,872·2 + 16)·4
peak             32.0 KiB  32,768  4,096·2·4
──────────────────────────────────────────────────────────────
training         42.0 KiB  42,968  all but the peak
──────────────────────────────────────────────────────────────
inference        33.3 KiB  34,120  parameters + buffers + peak
──────────────────────────────────────────────────────────────
Batches of 2, lion, float32: 4 bytes a value.
1 KiB = 1024 bytes, 1 MiB = 1024 KiB, 1 GiB = 1024 MiB.
Not counted: the framework, its allocator and workspaces; and the gradients of
activations."""


def test_the_table_to_the_letter() -> None:
    used = pc.memory(NET, IMAGE, optimizer="lion", batch_size=2)
    assert str(used) == SHOWN


def test_the_convention_is_written_out() -> None:
    def first(**arguments: Any) -> str:
        return pc.memory(NET, IMAGE, **arguments).notes[0]

    assert first(batch_size=1000) == "Batches of 1,000, sgd, float32: 4 bytes a value."
    assert first(dtype="float64") == "Batches of 1, sgd, float64: 8 bytes a value."
    assert first(dtype="int8") == "Batches of 1, sgd, int8: 1 byte a value."
    assert first(dtype="int4") == "Batches of 1, sgd, int4: 4 bits a value."
    assert first(dtype="mixed") == (
        "Batches of 1, sgd, mixed: 2 bytes a weight, gradient or output; 4 a buffer, for the "
        "optimizer's state and its copy of the weights."
    )


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.00 KiB"),
        (1029, "1.00 KiB"),
        (1030, "1.01 KiB"),
        (1034, "1.01 KiB"),
        (10 * 1024 - 6, "9.99 KiB"),
        (10 * 1024 - 5, "10.0 KiB"),
        (100 * 1024 - 52, "99.9 KiB"),
        (100 * 1024 - 51, "100 KiB"),
        (1000 * 1024, "1,000 KiB"),
        (1024**2 - 513, "1,023 KiB"),
        (1024**2 - 512, "1.00 MiB"),
        (5 * 1024**3 // 2, "2.50 GiB"),
        (1024**4, "1.00 TiB"),
        (1024**5, "1.00 PiB"),
        (1024**6, "1.00 EiB"),
        (1024**7, "1,024 EiB"),
        (12345 * 1024**6, "12,345 EiB"),
    ],
)
def test_binary_units(number: int, shown: str) -> None:
    assert _memory.binary(number) == shown


@given(st.integers(0, 2**80))
def test_binary_units_are_right_to_three_digits(number: int) -> None:
    text, unit = _memory.binary(number).replace(",", "").split()
    size = 1024 ** (["B", *_memory.UNITS].index(unit))
    whole, _, part = text.partition(".")
    one = 10 ** len(part)
    assert abs(int(whole + part) * size - number * one) * 2 <= size
    assert len(whole + part) >= 3 or unit == "B"
    assert int(whole) < 1024 or unit == "EiB"


def test_its_faces() -> None:
    used = pc.memory(pc.Dense(784, 10), (784,), batch_size=32, optimizer="adam")
    assert used.to_records() == [
        {"part": "parameters", "size_bytes": 31_400, "working": "7,850·4"},
        {"part": "buffers", "size_bytes": 0, "working": ""},
        {"part": "gradients", "size_bytes": 31_400, "working": "7,850·4"},
        {"part": "optimizer state", "size_bytes": 62_800, "working": "2·7,850·4"},
        {"part": "activations", "size_bytes": 100_352, "working": "784·32·4"},
        {"part": "peak", "size_bytes": 101_632, "working": "794·32·4"},
        {"part": "training", "size_bytes": 225_952, "working": "all but the peak"},
        {"part": "inference", "size_bytes": 133_032, "working": "parameters + buffers + peak"},
    ]
    assert {type(record["size_bytes"]) for record in used.to_records()} == {int}
    lines = used.to_markdown().splitlines()
    assert lines[:3] == [
        "| memory | size | bytes | working |",
        "| --- | ---: | ---: | --- |",
        "| parameters | 30.7 KiB | 31,400 | 7,850·4 |",
    ]
    assert lines[8] == "| **training** | **221 KiB** | **225,952** | **all but the peak** |"
    assert lines[10:13] == ["", r"Batches of 32, adam, float32\: 4 bytes a value.", ""]
    latex = used.to_latex().splitlines()
    assert latex[4] == r"parameters & 30.7 KiB & 31,400 & $7{,}850 \cdot 4$ \\"
    assert latex[11] == (
        r"\textbf{training} & \textbf{221 KiB} & \textbf{225,952} & \textbf{all but the peak} \\"
    )
    assert latex[16:19] == ["", "Batches of 32, adam, float32: 4 bytes a value.", ""]
    tree = ET.fromstring(used.to_html())  # noqa: S314  # of our own making
    assert [node.text for node in tree.findall("p")] == list(used.notes)
    rows = ["|".join(cell.text or "" for cell in row) for row in tree.iter("tr")]
    assert rows[0] == "memory|size|bytes|working"
    assert rows[4] == "optimizer state|61.3 KiB|62,800|2·7,850·4"
    foot = tree.findall("div/table/tfoot/tr")
    assert ["".join(row.itertext())[:9] for row in foot] == ["training2", "inference"]
    for word in "script", "http", "url(", "import", "src", "href":
        assert word not in used.to_html().lower()


def test_a_notebook_shows_what_the_methods_make() -> None:
    used = pc.memory(ANSWER)
    assert used._repr_html_() == used.to_html()  # pyright: ignore[reportPrivateUsage]
    assert used._repr_markdown_() == used.to_markdown()  # pyright: ignore[reportPrivateUsage]
    assert repr(used) == str(used)


def test_the_text_fits_a_terminal() -> None:
    used = pc.memory(
        zoo.vgg19(), (3, 224, 224), batch_size=4096, dtype="mixed", optimizer="sgd_momentum"
    )
    assert max(map(len, str(used).splitlines())) <= 80


def test_numbers_say_how_they_were_made() -> None:
    used: Any = pc.memory(NET, IMAGE, dtype="mixed", optimizer="adam", batch_size=3)
    assert [getattr(used, f"{one}_bytes").symbols() for one in BYTES] == [
        "P·b_16", "B·b_32", "T·b_16", "(T + 2·T)·b_32", "(A·n + S)·b_16", "M·n·b_16",
    ]  # fmt: skip
    assert used.optimizer_bytes.numbers() == "(322 + 2·322)·4"
    factored: Any = pc.memory(NET, IMAGE, optimizer="adafactor")
    assert factored.optimizer_bytes.symbols() == "S·b_32"
    copied: Any = pc.memory(NET, IMAGE, dtype="mixed", optimizer="adafactor")
    assert copied.optimizer_bytes.numbers() == "(322 + 188)·4"


def test_networks_nest_as_deep_as_they_may() -> None:
    network = pc.Sequential(pc.Dense(2, 2))
    for _ in range(49):
        network = pc.Sequential(network)
    assert pc.memory(network, (2,), frozen="[0]" * 50).gradient_bytes == 0
    assert pc.memory(pc.freeze(network), (2,)).parameter_bytes == 24


# Frozen layers


def test_freeze_keeps_paths_names_and_branches() -> None:
    network = pc.Sequential(
        body=pc.Concat(a=pc.Dense(4, 3), b=pc.Identity(), dim=-1), rest=pc.Sequential(RELU)
    )
    frozen = pc.freeze(network)
    assert repr(frozen) == (
        "Sequential(body=Concat(a=Frozen(Dense(4, 3)), b=Identity(), dim=-1), "
        "rest=Sequential(Activation('relu')))"
    )
    assert pc.freeze(frozen) == frozen
    assert pc.freeze(RELU) is RELU
    assert isinstance(pc.freeze(Own()), pc.Frozen)
    assert pc.freeze(pc.Sequential()) == pc.Sequential()


@given(networks_and_shapes())
def test_a_frozen_network_is_the_same_but_for_what_is_learnt(case: NetworkAndShape) -> None:
    network, shape = case
    frozen = pc.freeze(network)
    assert frozen.output_shape(shape) == network.output_shape(shape)
    assert frozen.num_macs(shape) == network.num_macs(shape)
    assert frozen.num_params(shape) == frozen.num_params() == 0
    ours, theirs = frozen.parameters(shape), network.parameters(shape)
    assert [(one.name, one.shape) for one in ours] == [(one.name, one.shape) for one in theirs]
    assert not any(one.trainable for one in ours)
    assert [step.path for step in pc.trace(frozen, shape)] == [
        step.path for step in pc.trace(network, shape)
    ]
    summary = pc.summary(frozen, shape)
    assert summary.num_params == 0
    assert summary.num_frozen + summary.num_buffers == sum(one.size for one in theirs)
    assert summary.num_buffers == pc.summary(network, shape).num_buffers
    explanation = pc.explain(frozen, shape)
    assert explanation.num_params == 0
    for part, step in zip(explanation.parts, pc.trace(network, shape), strict=True):
        assert tuple([line.value for line in part.lengths]) == step.output_shape
        assert part.num_macs == step.num_macs


@given(layers_and_shapes())
def test_frozen_layers_are_layers(case: tuple[pc.Layer, tuple[int, ...]]) -> None:
    layer, shape = case
    frozen = pc.Frozen(layer)
    assert eval(repr(frozen), {name: getattr(pc, name) for name in pc.__all__}) == frozen  # noqa: S307  # what repr promises
    for again in copy.copy(frozen), copy.deepcopy(frozen), pickle.loads(pickle.dumps(frozen)):
        assert again == frozen
    assert frozen != layer or isinstance(layer, pc.Frozen)
    assert pc.Frozen(frozen) == frozen
    assert replace(frozen) == frozen
    # Every question reaches the layer inside.
    assert frozen.output_shape(shape) == layer.output_shape(shape)
    assert frozen.num_macs(shape) == layer.num_macs(shape)
    networks = pc.TransformerEncoderLayer, pc.SeparableConv1d, pc.SeparableConv2d
    if not isinstance(getattr(layer, "layer", layer), networks):  # A network has no sources.
        assert frozen.sources(shape) == layer.sources(shape)
    tensors = [replace(one, trainable=False) for one in layer.parameters(shape)]
    assert list(frozen.parameters(shape)) == tensors
    assert pc.Frozen(pc.Input(*shape)).output_shape() == shape


def test_words_of_what_cannot_be_frozen() -> None:
    words = {
        5: "freeze: network must be a Layer, got 5",
        pc.Dense: "freeze: network must be a Layer, got <class 'paramcalc.layers.dense.Dense'>",
    }
    for value, text in words.items():
        with pytest.raises(TypeError) as caught:
            pc.freeze(value)  # type: ignore[call-overload]  # pyright: ignore[reportArgumentType, reportCallIssue]
        assert str(caught.value) == text
    with pytest.raises(TypeError, match=r"^Frozen: layer must be a Layer, got 5$"):
        pc.Frozen(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
