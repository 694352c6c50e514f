"""Layers that share their tensors: what is counted once, and what at every place."""

from __future__ import annotations

import pytest
from hypothesis import given
from strategies import networks_and_shapes

import paramcalc as pc

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
    with pytest.raises(TypeError, match="Shared: layer must be a Layer, got 'w'"):
        pc.Shared("w", "w")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
