"""Layers that share their tensors: what is counted once, and what at every place."""

from __future__ import annotations

import pytest
from hypothesis import given
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc.results import ColumnName

TOKENS = pc.Shared("wte", pc.Embedding(50_257, 768))
HEAD = pc.Shared("wte", pc.Dense(768, 50_257, bias=False))
TIED = pc.Sequential(TOKENS, pc.Dense(768, 768), HEAD)
ENCODER = pc.Sequential(pc.Conv2d(1, 8, 3), pc.BatchNorm(8), pc.Flatten())


def test_tied_weights_are_counted_once() -> None:
    assert TOKENS.num_params() == HEAD.num_params() == 50_257 * 768
    assert TIED.num_params() == 50_257 * 768 + 768 * 769
    assert TIED.num_params((5,)) == TIED.num_params()
    assert [(one.name, one.shape) for one in TIED.parameters()] == [
        ("[0].weight", (50_257, 768)),
        ("[1].weight", (768, 768)),
        ("[1].bias", (768,)),
    ]
    assert TIED.num_macs((5,)) == 5 * 768 * (768 + 50_257)
    assert TIED.output_shape((5,)) == (5, 50_257)
    assert pc.Sequential(pc.Embedding(50_257, 768), HEAD).num_params() == 2 * 50_257 * 768


def test_a_bias_of_its_own_is_counted() -> None:
    head = pc.Shared("w", pc.Dense(6, 9))
    network = pc.Sequential(
        pc.Shared("w", pc.Embedding(9, 6)), head, pc.Shared("v", pc.Dense(9, 9))
    )
    assert network.num_params() == 9 * 6 + 9 + 90
    second = pc.trace(network, (3,))[1]
    assert second.shared == (("weight", "[0]"),)
    assert [one.name for one in second.parameters] == ["bias"]
    assert second.num_params == 9


@given(networks_and_shapes())
def test_two_shared_networks_have_the_parameters_of_one(
    case: tuple[pc.Sequential, tuple[int, ...]],
) -> None:
    network, shape = case
    twin = pc.Shared("twin", network)
    both = pc.Add(twin, twin)
    assert both.num_params(shape) == network.num_params(shape)
    assert both.num_macs(shape) == 2 * network.num_macs(shape)
    assert both.output_shape(shape) == network.output_shape(shape)
    assert sum(one.size for one in both.parameters(shape)) == sum(
        one.size for one in network.parameters(shape)
    )
    summary, alone = pc.summary(both, shape), pc.summary(network, shape)
    for field in "num_params", "num_buffers", "num_frozen":
        assert getattr(summary, field) == getattr(alone, field)
        assert sum(getattr(row, field) for row in summary.rows) == getattr(alone, field)
        folded = pc.summary(both, shape, fold=True)
        assert sum(getattr(row, field) for row in folded.rows) == getattr(alone, field)
    assert pc.explain(both, shape).num_params == network.num_params(shape)
    ours, theirs = (
        pc.memory(both, shape, optimizer="adam"),
        pc.memory(network, shape, optimizer="adam"),
    )
    for field in "parameter_bytes", "buffer_bytes", "gradient_bytes", "optimizer_bytes":
        assert getattr(ours, field) == getattr(theirs, field)
    frozen = pc.freeze(both)
    assert frozen.num_params(shape) == 0
    assert pc.memory(frozen, shape).parameter_bytes == theirs.parameter_bytes
    one, other = [
        [step.path for step in pc.trace(net, shape)] for net in (both, pc.Add(network, network))
    ]
    assert one == other
    assert pc.diagram(both, shape).glyphs or not pc.diagram(network, shape).glyphs


def test_texts_say_with_what_a_layer_is_shared() -> None:
    records = pc.summary(TIED, (5,), columns=("layer", "num_params")).to_records()
    assert records[2] == {
        "layer": "Shared('wte', Dense(768, 50257, bias=False)), shared with [0]",
        "num_params": 0,
    }
    lines = [line.strip() for line in str(pc.explain(TIED, (5,), at="[2]")).splitlines()]
    assert "weight (shared with [0])  F_out·F_in = 50,257·768 = 38,597,376" in lines
    assert "parameters                0" in lines
    assert pc.trace(TIED, (5,))[0].shared == ()


def test_equal_blocks_of_which_the_first_has_the_tensors() -> None:
    block = pc.Shared("block", pc.Sequential(pc.Dense(8, 8), pc.LayerNorm(8)))
    network = pc.Sequential([block] * 12)
    assert network.num_params() == 8 * 9 + 16
    rows = pc.summary(network, (8,), fold=True).rows
    assert [(row.path, row.count, row.num_params) for row in rows] == [
        ("[0][0]", 1, 72), ("[0][1]", 1, 16), ("[1][0]", 11, 0), ("[1][1]", 11, 0),
    ]  # fmt: skip
    again = pc.Sequential([block, pc.Shared("block", pc.Sequential(pc.Dense(8, 8)))])
    assert again.num_params() == 8 * 9 + 16  # By their names inside: block[0].
    frozen = pc.Sequential(
        pc.Frozen(pc.Shared("w", pc.Dense(2, 2))), pc.Shared("w", pc.Dense(2, 2))
    )
    assert frozen.num_params() == 0  # It is the first that says whether they are trained.


def test_a_name_inside_a_shared_network_is_kept() -> None:
    tied = pc.Sequential(pc.Shared("w", pc.Embedding(9, 6)), pc.Shared("w", pc.Dense(6, 9, False)))
    inside = pc.Shared("e", pc.Sequential(pc.Shared("w", pc.Dense(6, 9, False)), pc.Dense(9, 2)))
    assert tied.num_params() == pc.Shared("e", tied).num_params() == 54
    assert pc.Sequential(pc.Shared("e", tied)).num_params() == 54
    assert pc.summary(pc.Shared("e", tied)).num_params == 54
    both = pc.Sequential(pc.Shared("w", pc.Embedding(9, 6)), inside)
    assert both.num_params() == 54 + 20
    assert pc.Concat(inside, inside).num_params((6,)) == 54 + 20


def test_what_wraps_a_network_is_found_by_its_path_and_shown() -> None:
    dense = pc.Dense(4, 4)
    plain = pc.Sequential(a=pc.Sequential(dense))
    frozen = pc.Frozen(plain)
    network = pc.Sequential(frozen, plain, pc.Shared("s", plain), pc.Shared("t", plain))
    for path in "[0]", "[0].a", "[0].a[0]":
        assert network[path].num_params() == 0, path
    assert network["[0]"] is frozen
    assert network["[2].a"] == pc.Shared("s.a", pc.Sequential(dense))
    summary = pc.summary(network, (4,), fold=True)
    assert [row.count for row in summary.rows] == [1, 1, 1, 1]
    assert [row.num_frozen for row in summary.rows] == [20, 0, 0, 0]
    (first, *_) = pc.summary(network, (4,), depth=1).rows
    assert first.layer is frozen
    assert "Frozen(Sequential)" in str(pc.summary(network, (4,)))


@pytest.mark.parametrize("depth", [0, 1, 2, None])
def test_folded_rows_of_shared_networks_add_up_at_every_depth(depth: int | None) -> None:
    block = pc.Shared("b", pc.Sequential(pc.BatchNorm(8), pc.Frozen(pc.Dense(4, 4))))
    columns: tuple[ColumnName, ...] = ("num_params", "num_frozen", "num_buffers", "memory_bytes")
    found = pc.summary(pc.Sequential([block] * 12), (8, 4), fold=True, depth=depth, columns=columns)
    assert (found.num_params, found.num_frozen, found.num_buffers) == (16, 20, 16)
    for field in columns[:3]:
        assert sum(getattr(row, field) for row in found.rows) == getattr(found, field)


def test_operations_are_those_of_every_place() -> None:
    for layer, shape in (pc.Dense(4, 4), (4,)), (pc.BatchNorm(4), (4, 3)):
        shared = pc.Sequential([pc.Shared("w", layer)] * 2)
        for tool in "torchvision", "fvcore", "torchinfo", "tensorflow":
            ours, theirs = [
                pc.flops(net, shape, convention=tool).num_ops
                for net in (shared, pc.Sequential([layer] * 2))
            ]
            assert ours == theirs


def test_a_picture_counts_a_shared_or_frozen_encoder_once() -> None:
    encoder = pc.TransformerEncoderLayer(8, 2, 16)
    network = pc.Sequential(pc.Shared("t", encoder), pc.Dense(8, 8), pc.Shared("t", encoder))
    titles = [glyph.title for glyph in pc.diagram(network, (5, 8)).glyphs]
    counted = [title.split()[0] for title in titles if title.endswith("parameters")]
    assert counted == [
        "[0].self_attn", "[0].norm1", "[0].linear1", "[0].linear2", "[0].norm2", "[1]",
    ]  # fmt: skip
    frozen = pc.diagram(pc.Frozen(encoder), (5, 8)).glyphs
    assert not any("parameters" in glyph.title for glyph in frozen)


def test_a_network_too_large_is_refused_whatever_wraps_it() -> None:
    layer: pc.Layer = pc.Dropout()
    for _ in range(22):
        layer = pc.Frozen(pc.Shared("a", pc.Sequential(layer, layer)))
    with pytest.raises(pc.ConfigError, match="at most 10,000,000 layers"):
        pc.Sequential(layer, layer)


def test_verbs_that_count_nothing_do_not_ask_for_tensors() -> None:
    class Own(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return input_shape or ()

        def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
            assert input_shape
            return (pc.Parameter("scale", input_shape[:1]),)

        def sources(
            self, input_shape: tuple[int | None, ...]
        ) -> tuple[tuple[int, pc.layers.Window], ...]:
            return tuple([(axis, pc.layers.Window()) for axis in range(len(input_shape))])

    network = pc.Sequential(pc.Conv2d(3, 4, 3), pc.Shared("o", Own()))
    assert pc.smallest_input(network) == (3, 3, 3)
    assert pc.receptive_field(network).size == (3, 3)
    assert network.num_params((3, 9, 9)) == 112 + 4


def test_shared_layers_are_written_and_read_like_others() -> None:
    both = pc.Concat(pc.Shared("enc", ENCODER), pc.Shared("enc", pc.Frozen(ENCODER)))
    assert eval(repr(both), dict(vars(pc))) == both  # noqa: S307
    assert repr(pc.Frozen(ENCODER)) == f"Frozen({ENCODER!r})"
    assert both["[0][1]"] == pc.Shared("enc[1]", pc.BatchNorm(8))
    named = pc.Sequential(x=pc.Shared("enc", pc.Sequential(body=pc.Dense(2, 2))))
    assert named["x.body"] == pc.Shared("enc.body", pc.Dense(2, 2))
    last = pc.Sequential(pc.Shared("w", pc.Conv2d(None, 8, 3)), data_format="channels_last")
    assert last[0] == pc.Shared("w", pc.Conv2d(None, 8, 3, data_format="channels_last"))
    assert last.num_params((9, 9, 3)) == 224


def test_different_shapes_under_one_name_are_refused() -> None:
    words = (
        r"^b Shared: weight of all Shared\('w'\) must have one shape, "
        r"got \(4, 3\) at a and \(3, 4\) at b$"
    )
    network = pc.Sequential(a=pc.Shared("w", pc.Dense(3, 4)), b=pc.Shared("w", pc.Dense(4, 3)))
    for ask in network.num_params, network.parameters, lambda: pc.summary(network, (3,)):
        with pytest.raises(pc.ConfigError, match=words) as caught:
            ask()
        assert (caught.value.path, caught.value.layer) == ("b", network["b"])
    assert network.output_shape((3,)) == (3,)


def test_a_shape_that_is_needed_is_asked_for_as_ever() -> None:
    network = pc.Sequential(pc.Shared("w", pc.Conv2d(None, 8, 3)))
    assert pc.receptive_field(network).size == (3, 3)
    assert network.num_params((3, 9, 9)) == 224
    with pytest.raises(pc.ShapeError, match=r"^\[0\] Conv2d: in_channels is None"):
        network.num_params()
    with pytest.raises(TypeError, match="Shared: name must be a str, got 3"):
        pc.Shared(3, pc.Flatten())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(pc.ConfigError, match="Shared: name must not be empty, got ''"):
        pc.Shared("", pc.Flatten())
    with pytest.raises(TypeError, match="Shared: layer must be a Layer, got 'w'"):
        pc.Shared("w", "w")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
