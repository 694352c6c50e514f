"""The layer of a transformer's decoder, which is asked about two sequences."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import oracle
import pytest
from hypothesis import given, strategies as st
from layers import ROW_OF

import paramcalc as pc
from paramcalc.results import Convention

Shapes = dict[str, pc.Shape]
SMALL = pc.TransformerDecoderLayer(8, 2, 16)
SHAPES: Shapes = {"tgt": (5, 8), "memory": (7, 8)}
TOOLS: tuple[Convention, ...] = ("torchvision", "fvcore", "torchinfo", "tensorflow")


@st.composite
def decoders_and_shapes(draw: st.DrawFn) -> tuple[pc.TransformerDecoderLayer, Shapes]:
    row = ROW_OF[pc.TransformerDecoderLayer]
    layer: pc.TransformerDecoderLayer = draw(row.layers)
    shapes: Any = draw(row.shapes(layer))
    return layer, shapes


def written_out(layer: pc.TransformerDecoderLayer, shapes: Shapes) -> pc.Graph:
    """The same, as one would write it with the layers that it is made of."""
    features, inner, bias = layer.d_model, layer.dim_feedforward, layer.bias
    attention = pc.MultiheadAttention(features, layer.nhead, bias=bias)
    norm = pc.LayerNorm(features, bias=bias)
    tgt, memory = [pc.Input(shapes[name])(name=name) for name in ("tgt", "memory")]
    x = norm(attention(tgt) + tgt)
    y = norm(attention(x, memory) + x)
    forward = pc.Dense(inner, features, bias)(
        pc.Activation("relu")(pc.Dense(features, inner, bias)(y))
    )
    return pc.Graph((tgt, memory), norm(forward + y))


def test_tensors_are_those_of_torch_in_its_order() -> None:
    """Torch 2.13: `named_parameters()` of `TransformerDecoderLayer(6, 2, 7)`."""
    found = [(one.name, one.shape) for one in pc.TransformerDecoderLayer(6, 2, 7).parameters()]
    assert found == [
        ("self_attn.in_proj_weight", (18, 6)),
        ("self_attn.in_proj_bias", (18,)),
        ("self_attn.out_proj.weight", (6, 6)),
        ("self_attn.out_proj.bias", (6,)),
        ("multihead_attn.in_proj_weight", (18, 6)),
        ("multihead_attn.in_proj_bias", (18,)),
        ("multihead_attn.out_proj.weight", (6, 6)),
        ("multihead_attn.out_proj.bias", (6,)),
        ("linear1.weight", (7, 6)),
        ("linear1.bias", (7,)),
        ("linear2.weight", (6, 7)),
        ("linear2.bias", (6,)),
        ("norm1.weight", (6,)),
        ("norm1.bias", (6,)),
        ("norm2.weight", (6,)),
        ("norm2.bias", (6,)),
        ("norm3.weight", (6,)),
        ("norm3.bias", (6,)),
    ]
    without = pc.TransformerDecoderLayer(6, 2, 7, bias=False).parameters()
    assert [(one.name, one.shape) for one in without] == [
        one for one in found if "bias" not in one[0]
    ]
    assert pc.TransformerDecoderLayer(512, 8).num_params() == 4_204_032


@pytest.mark.parametrize(
    ("layer", "target", "memory", "num_flops"),
    [
        (pc.TransformerDecoderLayer(512, 8), 100, 100, 879_820_800),
        (pc.TransformerDecoderLayer(512, 8), 10, 7, 81_088_512),
        (pc.TransformerDecoderLayer(512, 8), 5, 9, 46_280_704),
        (SMALL, 5, 7, 10_112),
    ],
)
def test_macs_are_half_the_operations_that_torch_counts(
    layer: pc.TransformerDecoderLayer, target: int, memory: int, num_flops: int
) -> None:
    """Torch 2.13: `FlopCounterMode` on the module in training, where it counts attention."""
    shapes = {"tgt": (target, layer.d_model), "memory": (memory, layer.d_model)}
    assert 2 * layer.num_macs(shapes) == num_flops


@given(decoders_and_shapes())
def test_macs_are_products_one_by_one(case: tuple[pc.TransformerDecoderLayer, Shapes]) -> None:
    layer, shapes = case
    features, (target, _), (memory, _) = layer.d_model, shapes["tgt"], shapes["memory"]
    size = features // layer.nhead
    heads = (*[features] * 3, layer.nhead, layer.nhead, size, size)
    forward = [*product(range(target), range(features), range(layer.dim_feedforward))]
    attentions = [oracle.grouped_products((target, keys), heads) for keys in (target, memory)]
    assert layer.num_macs(shapes) == sum(attentions) + 2 * len(forward)


@given(decoders_and_shapes())
def test_a_decoder_is_the_graph_of_its_parts(
    case: tuple[pc.TransformerDecoderLayer, Shapes],
) -> None:
    layer, shapes = case
    graph = written_out(layer, shapes)
    assert layer.output_shape(shapes) == graph.output_shape() == shapes["tgt"]
    assert layer.num_params() == layer.num_params(shapes) == graph.num_params()
    assert layer.num_params() == sum(one.size for one in layer.parameters())
    assert layer.num_macs(shapes) == graph.num_macs()
    ours, theirs = layer.parameters(shapes), graph.parameters()
    assert Counter(one.shape for one in ours) == Counter(one.shape for one in theirs)
    for one, other in zip(pc.trace(layer, shapes), pc.trace(graph), strict=True):
        assert (one.inputs, *one[2:4], one.merged) == (other.inputs, *other[2:4], other.merged)
        assert isinstance(one.layer, pc.Add) or one.layer == other.layer
    used, same = [pc.memory(net, shapes, optimizer="adam", in_place=True) for net in (layer, graph)]
    assert replace(used, network=graph, rows=same.rows) == same
    assert [row[2:] for row in used.rows] == [row[2:] for row in same.rows]
    for tool in TOOLS:
        costs = [pc.flops(net, shapes, convention=tool).num_ops for net in (layer, graph)]
        assert costs[0] == costs[1]
    explained, worked = pc.explain(layer, shapes), pc.explain(graph)
    assert (explained.num_params, explained.num_macs) == (worked.num_params, worked.num_macs)
    assert [part.lines for part in explained.parts] == [part.lines for part in worked.parts]
    for name in "tgt", "memory":
        fields = [pc.receptive_field(net, shapes, of=name) for net in (layer, graph)]
        assert [one.size for one in fields[0].steps] == [one.size for one in fields[1].steps]


@given(decoders_and_shapes())
def test_a_decoder_is_a_value(case: tuple[pc.TransformerDecoderLayer, Shapes]) -> None:
    layer, shapes = case
    assert eval(repr(layer), {name: getattr(pc, name) for name in pc.__all__}) == layer  # noqa: S307  # what repr promises
    assert pickle.loads(pickle.dumps(layer)) == replace(layer) == layer
    assert hash(replace(layer)) == hash(layer)
    fields = layer.d_model, layer.nhead, layer.dim_feedforward
    encoder: pc.Layer = pc.TransformerEncoderLayer(*fields, bias=layer.bias)
    assert layer != encoder
    frozen: Any = pc.freeze(layer)
    assert frozen == pc.Frozen(layer)
    assert frozen.num_params(shapes) == 0
    assert frozen.num_macs(shapes) == layer.num_macs(shapes)
    assert frozen.output_shape(shapes) == shapes["tgt"]
    assert pc.summary(frozen, shapes).num_frozen == layer.num_params()
    assert [one.name for one in frozen.parameters()] == [one.name for one in layer.parameters()]
    assert [step.path for step in pc.trace(frozen, shapes)] == [
        step.path for step in pc.trace(layer, shapes)
    ]


# By hand


def test_the_steps_of_a_decoder() -> None:
    assert str(pc.trace(SMALL, SHAPES)) == (
        "path            layer                     input   output  reads\n"
        "───────────────────────────────────────────────────────────────────────────────\n"
        "self_attn       MultiheadAttention(8, 2)  5 × 8   5 × 8   tgt\n"
        "add1            Add                       5 × 8   5 × 8   self_attn, tgt\n"
        "norm1           LayerNorm(8)              5 × 8   5 × 8   add1\n"
        "multihead_attn  MultiheadAttention(8, 2)  5 × 8   5 × 8   norm1, memory\n"
        "add2            Add                       5 × 8   5 × 8   multihead_attn, norm1\n"
        "norm2           LayerNorm(8)              5 × 8   5 × 8   add2\n"
        "linear1         Dense(8, 16)              5 × 8   5 × 16  norm2\n"
        "relu            Activation('relu')        5 × 16  5 × 16  linear1\n"
        "linear2         Dense(16, 8)              5 × 16  5 × 8   relu\n"
        "add3            Add                       5 × 8   5 × 8   linear2, norm2\n"
        "norm3           LayerNorm(8)              5 × 8   5 × 8   add3"
    )
    assert str(pc.Graph({"x": (5, 8)}, "y", {"y": (SMALL, "x", "x")})) == (
        "Graph\n  y  TransformerDecoderLayer(8, 2, dim_feedforward=16)"
    )
    (own,) = pc.explain(SMALL, SHAPES, at="multihead_attn").parts
    assert own.num_macs == 2 * 5 * 64 + 2 * 7 * 64 + 2 * 5 * 7 * 8
    assert pc.summary(SMALL, SHAPES).num_params == pc.explain(SMALL).num_params == 904


def test_the_peak_of_a_decoder() -> None:
    # linear1 and relu of 5 × 16 each, while norm2 waits to be added; memory is read no more.
    assert pc.memory(SMALL, SHAPES).peak_bytes == 4 * (40 + 80 + 80)
    # Until then the memory stays: beside it the target, what attention makes of it, and the sum.
    long: Shapes = {"tgt": (1, 8), "memory": (100, 8)}
    assert pc.memory(SMALL, long).peak_bytes == 4 * (800 + 8 + 8 + 8)
    assert pc.memory(SMALL, SHAPES).output_bytes == 4 * (9 * 40 + 2 * 80)


def test_what_a_decoder_sees() -> None:
    """Every position sees all of both; of the memory, nothing before the second attention."""
    assert pc.receptive_field(SMALL, SHAPES, of="tgt").size == (None,)
    field = pc.receptive_field(SMALL, SHAPES, of="memory")
    assert field.interval(2) == ((0, 6),)
    assert [one.size for one in field.steps] == [(0,)] * 3 + [(None,)] * 8
    with pytest.raises(pc.ParamcalcError, match=r"of must be one of \('tgt', 'memory'\), got None"):
        pc.receptive_field(SMALL, SHAPES)


def test_the_smallest_input_of_a_decoder() -> None:
    smallest: Any = {"tgt": (1, 8), "memory": (1, 8)}
    for net in SMALL, pc.Frozen(SMALL), pc.Shared("one", SMALL):
        assert pc.smallest_input(net) == pc.smallest_input(net, square=False) == smallest
    stated: dict[str, Any] = {"tgt": (None, 8), "memory": (9, 8)}
    assert pc.smallest_input(SMALL, stated) == {"tgt": (1, 8), "memory": (9, 8)}
    with pytest.raises(pc.ParamcalcError, match="does not keep the spatial axes of its input"):
        pc.input_lengths(SMALL, 5)


def test_the_picture_of_a_decoder() -> None:
    found = pc.diagram(SMALL, SHAPES)
    labels = {one.text: one for one in found._picture.labels}  # pyright: ignore[reportPrivateUsage]
    assert {"tgt", "memory", "5×8", "7×8"} <= {*labels}
    frozen = pc.diagram(pc.Frozen(SMALL), SHAPES)._picture.labels  # pyright: ignore[reportPrivateUsage]
    assert {"tgt", "memory", "5×8", "7×8"} <= {one.text for one in frozen}
    assert labels["tgt"].y < labels["memory"].y
    steps = [step for step in pc.trace(SMALL, SHAPES) if not isinstance(step.layer, pc.Add)]
    assert [one.path for one in found.glyphs] == [step.path for step in steps]
    assert len({one.y for one in found.glyphs}) == 1
    second = found.glyphs[2]
    assert second.title == "multihead_attn MultiheadAttention(8, 2): 5 × 8 → 5 × 8; 288 parameters"
    lines = found._picture.lines  # pyright: ignore[reportPrivateUsage]
    entered = [line[-1][1] for line in lines if line[0] != line[-1] and line[-1][0] == second.x]
    assert len(entered) == 2  # By norm1 and by the memory.
    unknown = {one.text for one in pc.diagram(SMALL)._picture.labels}  # pyright: ignore[reportPrivateUsage]
    assert {"tgt", "memory"} <= unknown
    assert not [one for one in unknown if "×" in one]
    (closed,) = pc.diagram(SMALL, SHAPES, depth=0).glyphs
    assert closed.labels == ("transformerdecoderlayer", "5×8", "904")


def test_a_decoder_in_a_graph() -> None:
    x, memory = pc.Input(5, 8)(name="x"), pc.Input(7, 8)(name="memory")
    shared = pc.Shared("decoder", SMALL)
    once = pc.Graph((x, memory), shared(SMALL(x, memory, name="first"), memory))
    twice = pc.Graph((x, memory), shared(shared(x, memory), memory))
    assert once.num_params() == 2 * twice.num_params() == 2 * SMALL.num_params()
    assert once.num_macs() == twice.num_macs() == 2 * SMALL.num_macs(SHAPES)
    assert once["first.multihead_attn"] == pc.MultiheadAttention(8, 2)
    assert once["first"] == SMALL
    tensors = [one.name for one in once.parameters()]
    assert tensors[:2] == ["first.self_attn.in_proj_weight", "first.self_attn.in_proj_bias"]
    frozen = pc.Graph((x, memory), pc.freeze(SMALL)(x, memory))
    assert (frozen.num_params(), pc.freeze(once).num_params()) == (0, 0)
    copied = pc.Graph(x, SMALL(x, x, name="own"))
    net = pc.Sequential(pc.Embedding(10, 8), copied, pc.Dense(8, 3))
    assert net.output_shape((4,)) == (4, 3)
    assert net.num_params() == 80 + 904 + 27
    assert net["[1].own.norm3"] == pc.LayerNorm(8)
    parts = pc.summary(net, (4,), depth=2).rows
    assert ("[1].own", SMALL, 904) in [(row.path, row.layer, row.num_params) for row in parts]


def test_a_transformer_is_that_of_torch() -> None:
    """Torch 2.13: `torch.nn.Transformer()`, 10 positions of the source and 20 of the target."""
    src, tgt = pc.Input(10, 512)(name="src"), pc.Input(20, 512)(name="tgt")
    layers = [pc.TransformerEncoderLayer(512, 8) for _ in range(6)]
    memory = pc.Sequential(*layers, pc.LayerNorm(512))(src, name="encoder")
    x = tgt
    for number in range(6):
        x = pc.TransformerDecoderLayer(512, 8)(x, memory, name=f"layer{number}")
    net = pc.Graph((src, tgt), pc.LayerNorm(512)(x, name="norm"))
    assert net.output_shape() == (20, 512)
    assert net.num_params() == 44_140_544
    assert net["encoder"].num_params() == 18_915_328
    assert 2 * net.num_macs() == 1_329_807_360  # By FlopCounterMode, in training.
    of_encoder = [step.num_macs for step in pc.trace(net) if step.path.startswith("encoder")]
    assert 2 * sum(of_encoder) == 378_716_160
    assert pc.summary(net).notes == ()
    smallest: Any = {"src": (1, 512), "tgt": (11, 512)}  # They differ as the stated ones do.
    assert pc.smallest_input(net) == smallest
    assert pc.receptive_field(net, of="src").size == (None,)
    assert len(pc.diagram(net, depth=1).glyphs) == 8


# Refusals


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda: SMALL.output_shape(), pc.ShapeError, "self_attn MultiheadAttention: the output shape depends on the input: give input_shape or start with Input(...)"),
        (lambda: SMALL.num_macs(), pc.ShapeError, "self_attn MultiheadAttention: the number of multiply-accumulates depends on the input: give input_shape or start with Input(...)"),
        (lambda: SMALL.output_shape((5, 8)), TypeError, "TransformerDecoderLayer: input_shape must be a dict of the shapes of 'tgt' and 'memory', got (5, 8)"),
        (lambda: SMALL.num_params({"tgt": (5, 8)}), TypeError, "TransformerDecoderLayer: input_shape must be a dict of the shapes of 'tgt' and 'memory', got {'tgt': (5, 8)}"),
        (lambda: pc.Frozen(SMALL).num_params((5, 8)), TypeError, "Frozen: input_shape must be a dict of the shapes of 'tgt' and 'memory', got (5, 8)"),
        (lambda: SMALL.output_shape({**SHAPES, "tgt": (0, 8)}), pc.ShapeError, "TransformerDecoderLayer: input_shape must be at least 1 on every axis, got (0, 8)"),
        (lambda: SMALL.output_shape({**SHAPES, "tgt": (5, 7)}), pc.ShapeError, "self_attn MultiheadAttention: expects 8 features on the last axis, got shape (5, 7)"),
        (lambda: SMALL.num_params({**SHAPES, "tgt": (8,)}), pc.ShapeError, "self_attn MultiheadAttention: expects (length, features), got shape (8,)"),
        (lambda: SMALL.num_params({**SHAPES, "memory": (7, 9)}), pc.ShapeError, "multihead_attn MultiheadAttention: expects 8 features of keys or values, got shape (7, 9)"),
        (lambda: SMALL.num_macs({**SHAPES, "memory": (2, 7, 8)}), pc.ShapeError, "multihead_attn MultiheadAttention: expects (length, features), got shape (2, 7, 8); leave out the batch axis, or wrap the layer in TimeDistributed"),
        (lambda: SMALL(pc.Input(5, 8)()), pc.ConfigError, "TransformerDecoderLayer: is called on 2 tensors, got 1"),
        (lambda: SMALL(pc.Input(5, 8)(), pc.Input(7, 9)(), name="one"), pc.ShapeError, "one.multihead_attn MultiheadAttention: expects 8 features of keys or values, got shape (7, 9)"),
        (lambda: pc.Sequential(SMALL), pc.ConfigError, "Sequential: [0] must have one input and one output, or be in a Graph, got TransformerDecoderLayer(8, 2, dim_feedforward=16)"),
        (lambda: SMALL.sources((5, 8)), pc.ShapeError, "TransformerDecoderLayer: sources() is for single layers; use receptive_field() for a network"),
        (lambda: pc.TransformerDecoderLayer(10, 3), pc.ConfigError, "TransformerDecoderLayer: nhead must divide d_model, got nhead=3, d_model=10"),
        (lambda: pc.TransformerDecoderLayer(8, 2, 0), pc.ConfigError, "TransformerDecoderLayer: dim_feedforward must be at least 1, got 0"),
    ],
)  # fmt: skip
def test_words_of_refusals(call: Callable[[], object], kind: type[Exception], words: str) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == words
