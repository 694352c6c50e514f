"""Networks as source code. What frameworks say of it is in conformance/test_written.py."""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from layers import ROWS
from networks import SHAPES
from strategies import networks_and_shapes

import paramcalc as pc
from paramcalc import write, zoo

WRITERS = {"torch": write.torch, "keras": write.keras}


def loaded(statement: ast.stmt) -> set[str]:
    names = [one for one in ast.walk(statement) if isinstance(one, ast.Name)]
    return {one.id for one in names if isinstance(one.ctx, ast.Load)}


def check(source: str) -> None:
    """That it is Python, and that what is called by a name is made before."""
    tree = ast.parse(source)
    nodes = [*ast.walk(tree)]
    imports = [one for one in nodes if isinstance(one, ast.Import | ast.ImportFrom)]
    known = {*dir(builtins), *[name.name for one in imports for name in one.names]}
    known |= {one.name for one in nodes if isinstance(one, ast.ClassDef)}
    functions = [one for one in nodes if isinstance(one, ast.FunctionDef)]
    scopes: list[tuple[list[ast.stmt], list[Any]]] = [(tree.body, [])]
    scopes += [(one.body, [*one.args.args, one.args.kwarg]) for one in functions]
    for body, arguments in scopes:
        made = known | {one.arg for one in arguments if one}
        for statement in body:
            if isinstance(statement, ast.Assign | ast.Return):
                assert loaded(statement) <= made, source
            if isinstance(statement, ast.Assign):
                made |= {one.id for one in statement.targets if isinstance(one, ast.Name)}
    assert "\nmodel = " in source
    assert source == source.strip()


def written(framework: str, network: pc.Layer, shape: Any) -> str:
    """The source, checked; or after ! why it is refused."""
    try:
        source = WRITERS[framework](network, shape)
    except pc.ParamcalcError as error:
        return f"! {error.problem}"
    check(source)
    return source


RELU = pc.Activation("relu")


def forked() -> pc.Graph:
    """Two outputs, a tensor that is read thrice, channels last."""
    image = pc.Input(16, 16, 3, data_format="channels_last")(name="image")
    a = pc.Conv2d(None, 8, 3, padding=1)(image, name="a")
    both = pc.concat(pc.Conv2d(None, 8, 3, padding="same")(RELU(a)) + a, a, dim=-1)
    scores = pc.Dense(None, 4)(both, name="forward")
    return pc.Graph(image, (scores, pc.Flatten()(pc.Pool(2)(both))))


def twins() -> pc.Graph:
    """Two inputs, and one layer for both that is not trained."""
    left, right = pc.Input(1, 8, 8)(name="left"), pc.Input(1, 8, 8)(name="right")
    layer = pc.Shared("w", pc.Frozen(pc.Conv2d(1, 1, 1)))
    product = layer(layer(left)) * layer(right)
    token = pc.Parameters(token=(1, 8, 8))()
    return pc.Graph((left, right), pc.Scale(())(product + token))


TIED = pc.Sequential(
    embed=pc.Shared("table", pc.Embedding(10, 4)),
    body=pc.Add(pc.Sequential(pc.Shared("block", pc.Sequential(pc.Dense(4, 4), RELU))), RELU),
    again=pc.Shared("block", pc.Sequential(pc.Dense(4, 4), RELU)),
    head=pc.Shared("table", pc.Dense(4, 10, bias=False)),
)
ROW = pc.Sequential(
    features=pc.Sequential(
        pc.Input(3, 32, 32), pc.Conv2d(None, 8, 3, 2, "same"), pc.Identity(), pc.GlobalPool()
    ),
    type=pc.Frozen(pc.Dense(None, 10)),
)
TORCH: dict[str, tuple[pc.Layer, Any, str]] = {
    "row": (
        ROW,
        None,
        """
        from collections import OrderedDict

        from torch import nn

        model = nn.Sequential(OrderedDict(
            features=nn.Sequential(
                nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(3, 8, 3, stride=2)),
                nn.Identity(),
                nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
            ),
            type_=nn.Linear(8, 10).requires_grad_(False),
        ))
        """,
    ),
    "forked": (
        forked(),
        None,
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Conv2d(3, 8, 3, padding=1)
                self.layer1 = nn.ReLU()
                self.layer2 = nn.Conv2d(8, 8, 3, padding="same")
                self.forward_ = nn.Linear(16, 4)
                self.layer6 = nn.MaxPool2d(2)
                self.layer7 = nn.Flatten()

            def forward(self, x):
                a = self.a(x.movedim(-1, 1))
                x = self.layer1(a)
                x = self.layer2(x)
                x = x + a
                layer4 = torch.cat([x, a], 1)
                forward = self.forward_(layer4.movedim(1, -1))
                x = self.layer6(layer4)
                x = self.layer7(x.movedim(1, -1))
                return forward, x


        model = Net()
        """,
    ),
    "twins": (
        twins(),
        None,
        """
        import torch
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Conv2d(1, 1, 1).requires_grad_(False)
                self.layer4 = nn.Parameter(torch.zeros(1, 8, 8))
                self.layer6 = nn.Parameter(torch.ones(()))

            def forward(self, left, right):
                x = self.w(left)
                layer1 = self.w(x)
                x = self.w(right)
                layer3 = layer1 * x
                x = self.layer4.expand(len(left), -1, -1, -1)
                x = layer3 + x
                x = x * self.layer6
                return x


        model = Net()
        """,
    ),
    "tied": (
        TIED,
        (7,),
        """
        from torch import nn


        class Net(nn.Module):
            def __init__(self):
                super().__init__()
                self.table = nn.Embedding(10, 4)
                self.block = nn.Sequential(nn.Linear(4, 4), nn.ReLU())
                self.body_1 = nn.ReLU()
                self.head = nn.Linear(4, 10, bias=False)
                self.head.weight = self.table.weight

            def forward(self, x):
                embed = self.table(x)
                body_0_0 = self.block(embed)
                x = self.body_1(embed)
                x = body_0_0 + x
                x = self.block(x)
                x = self.head(x)
                return x


        model = Net()
        """,
    ),
}
KERAS: dict[str, tuple[pc.Layer, Any, str]] = {
    "row": (
        ROW,
        None,
        """
        import keras
        from keras import layers

        model = keras.Sequential([
            keras.Input((3, 32, 32)),
            layers.Conv2D(8, 3, strides=2, padding="same", data_format="channels_first", name="features_1"),
            layers.GlobalAveragePooling2D(data_format="channels_first", name="features_3"),
            layers.Dense(10, name="type", trainable=False),
        ])
        """,  # noqa: E501
    ),
    "forked": (
        forked(),
        None,
        """
        import keras
        from keras import layers

        image = keras.Input((16, 16, 3))
        a = layers.Conv2D(8, 3, padding="same", name="a")(image)
        x = layers.Activation("relu", name="layer1")(a)
        x = layers.Conv2D(8, 3, padding="same", name="layer2")(x)
        x = layers.Add(name="layer3")([x, a])
        layer4 = layers.Concatenate(axis=-1, name="layer4")([x, a])
        forward = layers.Dense(4, name="forward")(layer4)
        x = layers.MaxPooling2D(2, name="layer6")(layer4)
        x = layers.Flatten(name="layer7")(x)
        model = keras.Model(image, [forward, x])
        """,
    ),
    "twins": (
        twins(),
        None,
        """
        import keras
        from keras import layers, ops


        class Weight(layers.Layer):
            \"\"\"A tensor that is trained, for each example.\"\"\"

            def __init__(self, shape, **options):
                super().__init__(**options)
                self.value = self.add_weight(shape=shape, initializer="zeros", name="value")

            def call(self, x):
                return ops.repeat(self.value[None], ops.shape(x)[0], axis=0)


        class Scale(layers.Layer):
            \"\"\"The input times a tensor that is trained.\"\"\"

            def __init__(self, shape, **options):
                super().__init__(**options)
                self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")

            def call(self, x):
                return x * self.gamma


        left = keras.Input((1, 8, 8), name="left")
        right = keras.Input((1, 8, 8), name="right")
        w = layers.Conv2D(1, 1, data_format="channels_first", name="w", trainable=False)
        x = w(left)
        layer1 = w(x)
        x = w(right)
        layer3 = layers.Multiply(name="layer3")([layer1, x])
        x = Weight((1, 8, 8), name="layer4")(left)
        x = layers.Add(name="layer5")([layer3, x])
        x = Scale((), name="layer6")(x)
        model = keras.Model([left, right], x)
        """,
    ),
    "tied": (
        TIED,
        (7,),
        """
        import keras
        from keras import layers

        inputs = keras.Input((7,))
        table = layers.ReversibleEmbedding(10, 4, name="table")
        embed = table(inputs)
        block = keras.Sequential([layers.Dense(4), layers.Activation("relu")], name="block")
        body_0_0 = block(embed)
        x = layers.Activation("relu", name="body_1")(embed)
        x = layers.Add(name="body")([body_0_0, x])
        x = block(x)
        x = table(x, reverse=True)
        model = keras.Model(inputs, x)
        """,
    ),
}


@pytest.mark.parametrize("name", TORCH)
def test_source_of_torch(name: str) -> None:
    network, shape, text = TORCH[name]
    assert write.torch(network, shape) == dedent(text).strip()


@pytest.mark.parametrize("name", KERAS)
def test_source_of_keras(name: str) -> None:
    network, shape, text = KERAS[name]
    assert write.keras(network, shape) == dedent(text).strip()


LINES = (Path(__file__).parent / "written.txt").read_text("utf-8").splitlines()


def brief(source: str) -> str:
    """The lines of a source that depend on its layers, without the input."""
    lines = source.splitlines()
    if "class Net(nn.Module):" in lines:
        inside = lines[lines.index("class Net(nn.Module):") :]
        return "; ".join([one.strip() for one in inside if re.match(" {8}(?!super)", one)])
    start = [one.startswith(("model = ", "inputs = ")) for one in lines].index(True)
    text = " ".join(map(str.strip, lines[start:]))
    text = re.sub(r"^model = |^inputs = keras\.Input\(\(.*?\)\) ", "", text)
    text = text.removesuffix(" model = keras.Model(inputs, x)")
    return re.sub(r"^keras\.Sequential\(\[ ?keras\.Input\(\(.*?\)\), (.*?),? ?\]\)$", r"\1", text)


@pytest.mark.parametrize("line", range(0, len(LINES), 3))
def test_source_of_layers(line: int) -> None:
    """A line has a layer and its input; the next ones what is written, or after ! why it is not."""
    text, _, shape = LINES[line].partition(" | ")
    layer = pc.readers.parse(text)
    for framework, wanted in zip(WRITERS, LINES[line + 1 :], strict=False):
        source = written(framework, layer, ast.literal_eval(shape))
        assert (source if source.startswith("!") else brief(source)) == wanted.strip()


def in_graph(make: Any, *shapes: pc.Shape) -> pc.Graph:
    inputs = [pc.Input(shape)(name=name) for name, shape in zip("abc", shapes, strict=False)]
    return pc.Graph(inputs, make(*inputs))


CALLS: dict[str, tuple[pc.Layer, str, str]] = {
    "ranks": (
        in_graph(pc.Multiply(), (3,), (2, 4, 3)),
        "x = a[:, None, None] * b",
        "x = layers.Multiply()([a, b])",
    ),
    "product": (
        in_graph(pc.MatMul(), (2, 3), (5, 3, 4)),
        "x = a[:, None] @ b",
        "x = ops.matmul(ops.expand_dims(a, (1,)), b)",
    ),
    "product of a rank": (
        in_graph(pc.MatMul(), (2, 3), (3, 4)),
        "x = a @ b",
        "x = ops.matmul(a, b)",
    ),
    "partner": (
        in_graph(pc.CenterCrop(), (2, 9, 9), (1, 5, 9)),
        "x = self.layer0(a)",
        'x = layers.Cropping2D((2, 0), data_format="channels_first")(a)',
    ),
    "memory": (
        in_graph(pc.MultiheadAttention(4, 2, kdim=3, vdim=3), (5, 4), (6, 3)),
        "x = self.layer0(a, b, b)[0]",
        "x = layers.MultiHeadAttention(2, key_dim=2)(a, b)",
    ),
    "keys and values": (
        in_graph(pc.MultiheadAttention(4, 2, kdim=3, vdim=2), (5, 4), (6, 3), (6, 2)),
        "x = self.layer0(a, b, c)[0]",
        "x = layers.MultiHeadAttention(2, key_dim=2)(a, value=c, key=b)",
    ),
    "decoder": (
        in_graph(pc.TransformerDecoderLayer(8, 2, 16), (5, 8), (6, 8)),
        "x = self.layer0_multihead_attn(layer0_norm1, b, b)[0]",
        "x = layers.MultiHeadAttention(2, key_dim=4)(layer0_norm1, b)",
    ),
    "concatenation": (
        in_graph(pc.Concat(dim=1), (2, 3), (2, 4)),
        "x = torch.cat([a, b], 2)",
        "x = layers.Concatenate(axis=2)([a, b])",
    ),
    "last axes": (
        in_graph(pc.Concat(pc.Activation("softmax"), pc.Pool(1), dim=1), (4, 4, 2)),
        "x = torch.cat([layer0_0, x], 2)",
        "x = layers.Concatenate(axis=2)([layer0_0, x])",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_source_of_what_reads_several(name: str) -> None:
    network, torch, keras = CALLS[name]
    assert torch in map(str.strip, write.torch(network).splitlines())
    assert keras in write.keras(network).splitlines()


def last(*layers: pc.Layer) -> pc.Sequential:
    return pc.Sequential(pc.Input(6, 6, 4, data_format="channels_last"), *layers)


def test_torch_moves_channels_where_it_has_to() -> None:
    conv, norm = pc.Conv2d(None, 4, 1), pc.BatchNorm()
    found = brief(write.torch(last(pc.Sequential(conv, norm, pc.Dropout(), RELU), pc.Dense(4, 2))))
    assert found.endswith(
        "x = self.layer1(x.movedim(-1, 1)); x = self.layer2(x.movedim(1, -1)); return x"
    )
    branches = pc.Add(conv, pc.Sequential(pc.Activation("softmax"), norm))
    assert "return x.movedim(1, -1)" in write.torch(last(branches))
    both = pc.Concat(conv, norm, dim=0)
    assert "x = torch.cat([layer1_0, x], 2)" in write.torch(last(both))
    mixed = pc.Concat(conv, pc.Dense(4, 4), dim=2)
    assert "x = torch.cat([layer1_0.movedim(1, -1), x], 3)" in write.torch(last(mixed))
    ranks = pc.Add(conv, pc.Sequential(pc.GlobalPool(), pc.Dense(4, 4)))
    assert "x = layer1_0.movedim(1, -1) + x[:, None, None]" in write.torch(last(ranks))
    alone = pc.Sequential(pc.Input(4, data_format="channels_last"), norm)
    assert brief(write.torch(alone)) == "nn.Sequential(nn.BatchNorm1d(4))"


def test_indices_are_converted_unless_embeddings_alone_read_them() -> None:
    table = pc.Embedding(10, 4)
    assert ".long()" not in write.torch(pc.Sequential(pc.Identity(), table), (3,))
    assert "self.layer1(x.long())" in write.torch(pc.Sequential(pc.Flatten(), table), (3,))
    both = pc.Add(table, pc.Sequential(pc.Dense(3, 4)))
    assert "self.layer0(inputs.long())" in write.torch(both, (3,))


def test_names_are_those_of_the_network_where_they_can_be() -> None:
    net = pc.Sequential(
        train=pc.Conv2d(1, 2, 1),
        x=pc.Add(pc.Pool(1), pc.Identity()),
        pad=pc.Add(pc.Slice(0), pc.Slice(0, dim=1)),
        pad_1=pc.Add(pc.Sequential(pc.Dense(4, 4)), pc.Dense(4, 4)),
        pad_1_=pc.Add(pc.Dense(4, 4), pc.Dense(4, 4)),
        _modules=pc.Pool(1),
    )
    torch, keras = write.torch(net, (1, 4, 4)), write.keras(net, (1, 4, 4))
    for name in ("train_", "x_0", "pad_1_0", "pad_1_1", "pad_1__0", "modules_"):
        assert f"self.{name} = nn." in torch
    for name in ("train", "x_0", "layer_pad", "layer_pad_1", "layer_pad_1_", "modules"):
        assert f'name="{name}"' in keras
    check(torch)
    check(keras)
    nodes: dict[str, Any] = dict.fromkeys(("class", "fi", "ﬁ"), (RELU, "len"))
    graph = pc.Graph({"len": (4,)}, [*nodes], nodes)
    assert brief(write.torch(graph)).endswith(
        "class_ = self.class_(len_); fi = self.fi(len_); x = self.fi_(len_); return class_, fi, x"
    )
    assert write.keras(graph).endswith("model = keras.Model(len, [class_, fi, x])")
    again = pc.Sequential(pc.Sequential(a=pc.Dense(4, 4)), pc.Add(pc.Dense(4, 4), pc.Identity()))
    assert "self.layer0 = nn.Sequential(OrderedDict(a=nn.Linear(4, 4)))" in write.torch(again, (4,))
    empty = pc.Sequential(a=pc.Sequential(), b=pc.Add(RELU), c=pc.Concat(pc.Identity()))
    assert brief(write.torch(empty, (4,))) == "nn.ReLU()"
    assert brief(write.keras(empty, (4,))) == 'layers.Activation("relu", name="b_0")'
    assert brief(write.torch(pc.Sequential(a=pc.Sequential(), b=RELU), (4,))) == (
        "nn.Sequential(OrderedDict(a=nn.Identity(), b=nn.ReLU()))"
    )


def test_blocks_are_whole_or_made_of_their_layers() -> None:
    blocks = pc.Sequential(
        pc.TransformerEncoderLayer(4, 2, 8), pc.freeze(pc.TransformerEncoderLayer(4, 2, 8))
    )
    one = "nn.TransformerEncoderLayer(4, 2, dim_feedforward=8, batch_first=True)"
    assert brief(write.torch(blocks, (5, 4))) == (
        f"nn.Sequential( {one}, {one}.requires_grad_(False), )"
    )
    separable = last(pc.SeparableConv2d(2, 3), pc.SeparableConv2d(2, 3))
    assert brief(write.keras(separable)) == (
        "layers.SeparableConv2D(2, 3), layers.SeparableConv2D(2, 3)"
    )
    shared = pc.Shared("block", pc.TransformerEncoderLayer(4, 2, 8))
    assert brief(write.torch(pc.Sequential(shared, shared), (5, 4))) == (
        f"self.block = {one}; x = self.block(x); x = self.block(x); return x"
    )


def shared(*layers: pc.Layer) -> pc.Sequential:
    return pc.Sequential([pc.Shared("w", one) for one in layers])


def test_what_layers_share_is_one() -> None:
    net = shared(pc.Conv2d(2, 2, 1), pc.Conv2d(2, 2, 1, stride=2, bias=False))
    assert brief(write.torch(net, (2, 4, 4))) == (
        "self.w = nn.Conv2d(2, 2, 1); "
        "self.layer1 = nn.Conv2d(2, 2, 1, stride=2, bias=False); "
        "self.layer1.weight = self.w.weight; x = self.w(x); x = self.layer1(x); return x"
    )
    net = shared(pc.Parameters(a=(4,)), pc.Parameters(b=(4,)), pc.Parameters(a=(4,)))
    assert write.torch(net, (4,)).count("nn.Parameter(") == 2
    net = shared(RELU, pc.Activation("gelu"), RELU)
    assert brief(write.torch(net, (4,))).startswith("self.w = nn.ReLU(); self.w_ = nn.GELU(); x =")
    table = pc.Sequential(pc.Embedding(9, 4), pc.Shared("w", pc.Dense(4, 9, bias=False)))
    assert "ReversibleEmbedding" not in write.keras(table, (3,))


class Gain(pc.Layer):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        return input_shape or ()


DEPENDS = "depends on the input: give input_shape or start with Input(...)"
SHARE = "has no tensors that layers like these share: write 'w' by hand"
REFUSED: list[tuple[str, pc.Layer, Any, str]] = [
    (
        "torch",
        pc.Sequential(body=Gain()),
        (4,),
        "body Gain: torch has no Gain, a layer of your own: replace it by layers that it has",
    ),
    (
        "keras",
        pc.Sequential(body=pc.Sequential(pc.Pad(1, "circular"))),
        (2, 4),
        'body[0] Pad: Keras has no padding in mode "circular": give "reflect" or "constant"',
    ),
    (
        "torch",
        shared(pc.Scale(4), pc.Parameters(gamma=4)),
        (4,),
        f"[1] Parameters: torch {SHARE}",
    ),
    (
        "torch",
        shared(pc.Sequential(pc.Dense(4, 4), RELU), pc.Sequential(pc.Dense(4, 4), pc.Dropout())),
        (4,),
        f"[1] Sequential: torch {SHARE}",
    ),
    (
        "torch",
        shared(pc.BatchNorm(scale=False), pc.BatchNorm(bias=False, track_running_stats=True)),
        (4,),
        f"[1] BatchNorm: torch {SHARE}",
    ),
    (
        "keras",
        shared(pc.Dense(4, 4), pc.Dense(4, 4, bias=False)),
        (4,),
        f"[1] Dense: Keras {SHARE}",
    ),
    (
        "keras",
        pc.Sequential(pc.Dense(4, 4), pc.Parameters(a=(3,))),
        (4,),
        "[0] Dense: Keras has no place for a layer whose output nothing reads: leave it out",
    ),
    (
        "torch",
        pc.Sequential(pc.Flatten()),
        None,
        f"[0] Flatten: the output shape {DEPENDS}",
    ),
]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case[-1])
def test_a_layer_that_a_framework_has_not_is_refused(case: tuple[str, pc.Layer, Any, str]) -> None:
    framework, network, shape, message = case
    with pytest.raises(pc.ParamcalcError) as caught:
        WRITERS[framework](network, shape)
    assert str(caught.value) == message


def test_what_is_no_network_is_refused() -> None:
    writer: Any
    for framework, writer in WRITERS.items():
        with pytest.raises(TypeError, match=f"write.{framework}: network must be a Layer, got 3"):
            writer(3)
        with pytest.raises(pc.ShapeError, match="takes several inputs"):
            writer(pc.Add(), (3,))


@pytest.mark.parametrize("name", zoo.__all__)
def test_networks_of_the_zoo_are_written(name: str) -> None:
    network: pc.Layer = getattr(zoo, name)()
    has_input = "Input(" in f"{network!r}" or isinstance(network, pc.Graph)
    shape = None if has_input else SHAPES.get(name, (3, 224, 224))
    for framework, writer in WRITERS.items():
        if name == "swin_t":
            with pytest.raises(pc.ParamcalcError, match=f"(?i){framework} has no WindowAttention"):
                writer(network, shape)
        else:
            check(writer(network, shape))


@given(networks_and_shapes())
def test_networks_are_written_or_refused(case: tuple[pc.Sequential, pc.Shape]) -> None:
    network, shape = case
    x = pc.Input(shape)(name="x")
    for one in (network, pc.Graph(x, network(x, name="y"))):
        for framework in WRITERS:
            source = written(framework, one, shape)
            assert source[0] != "!" or " has no " in source


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_layer_is_written_or_refused(row: Any) -> None:
    for layer in row.examples():
        for framework in WRITERS:
            shape = None if isinstance(layer, pc.Input | pc.Graph) else row.shape
            source = written(framework, layer, shape)
            assert source[0] != "!" or f"{framework} has no " in source.lower()
