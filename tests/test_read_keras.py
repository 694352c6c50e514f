"""Keras models, read: what each layer is here, what is refused and how, and hostile files."""

# Models are JSON, whose types are not known.
# pyright: reportUnknownArgumentType=false, reportUnknownVariableType=false
# pyright: reportUnknownMemberType=false, reportUnknownLambdaType=false

from __future__ import annotations

import copy
import json
import random
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

import paramcalc as pc
from paramcalc import readers
from paramcalc._counterparts import Counterpart
from paramcalc.errors import show
from paramcalc.readers import _keras_layers

LAST: Any = {"data_format": "channels_last"}
FIRST: Any = {"data_format": "channels_first"}
Model = dict[str, Any]


def layer(kind: str, name: str = "", /, **config: Any) -> Model:
    """As in a Sequential of Keras 2 and 3."""
    return {"class_name": kind, "config": {"name": name or kind.lower(), **config}}


def sequential(*layers: Model, shape: Any = (8, 8, 3)) -> Model:
    return {"layers": list(layers), "build_input_shape": [None, *shape]}


def new(kind: str, name: str, *args: Any, module: str = "keras.layers", **config: Any) -> Model:
    """A layer of Keras 3 with a call on tensors; they may be of calls."""
    kwargs = config.pop("kwargs", {})
    node = {"args": [*map(tensor, args)], "kwargs": {key: tensor(kwargs[key]) for key in kwargs}}
    made = layer(kind, name, **config)
    return {**made, "module": module, "name": name, "inbound_nodes": [node]}


def tensor(value: Any, shape: Any = None) -> Any:
    """`"x"`, or `("x", 1, 0)`, or any structure of them, as Keras 3 writes it."""
    if isinstance(value, str):
        value = (value, 0, 0)
    if isinstance(value, tuple):
        config = {"keras_history": list(value), "shape": shape}
        return {"class_name": "__keras_tensor__", "config": config}
    if isinstance(value, list):
        return [tensor(one) for one in value]
    return value


def op(kind: str, name: str, *args: Any, **config: Any) -> Model:
    return new(kind, name, *args, module="keras.src.ops.numpy", **config)


def start(name: str = "x", shape: Any = (8, 4)) -> Model:
    config = {"name": name, "batch_shape": [None, *shape]}
    return {"class_name": "InputLayer", "name": name, "config": config, "inbound_nodes": []}


def old(kind: str, name: str, *nodes: Any, **config: Any) -> Model:
    """A layer of Keras 2, with its calls."""
    return {**layer(kind, name, **config), "name": name, "inbound_nodes": list(nodes)}


def functional(*layers: Model, inputs: Any = "x", outputs: Any = "y", **config: Any) -> Model:
    ends = [side.split() if isinstance(side, str) else side for side in (inputs, outputs)]
    refs = [[[one, 0, 0] if isinstance(one, str) else one for one in side] for side in ends]
    return {"layers": list(layers), "input_layers": refs[0], "output_layers": refs[1], **config}


def read(source: Any, **options: Any) -> Any:
    network: Any = readers.keras(source, **options)
    return network


def only(kind: str, shape: Any, **config: Any) -> Any:
    """What the only layer of a model is here."""
    (_, found) = read(sequential(layer(kind, "one", **config), shape=shape))._parts()
    return found[1]


def refused(source: Any, **options: Any) -> str:
    with pytest.raises(pc.ReadError) as caught:
        read(source, **options)
    return str(caught.value)


def test_a_sequential_is_one_with_its_names() -> None:
    model = sequential(
        layer("Conv2D", "conv/1", filters=4, kernel_size=[3, 3], activation="relu"),
        layer("Flatten"),
        layer("Dense", "data_format", units=2, use_bias=False),
        layer("Activation", activation="linear"),
    )
    wanted = pc.Sequential(
        input=pc.Input(8, 8, 3),
        conv_1=pc.Conv2d(3, 4, 3, **LAST),
        conv_1_relu=pc.Activation("relu"),
        flatten=pc.Flatten(),
        data_format_=pc.Dense(144, 2, bias=False),
        activation=pc.Activation("linear"),
    )
    assert read(model) == wanted
    assert read({"class_name": "Sequential", "config": model}) == wanted
    assert read(json.dumps(model)) == wanted
    assert readers.parse(repr(wanted)) == wanted


@pytest.mark.parametrize(
    ("kind", "shape", "config", "wanted"),
    [
        ("Conv1D", (9, 2), {"filters": 4, "kernel_size": [3], "strides": [2], "padding": "causal"},
         pc.Conv1d(2, 4, 3, stride=2, padding="causal", **LAST)),
        ("Conv2D", (3, 8, 8), {"filters": 4, "kernel_size": 3, "groups": 1, **FIRST},
         pc.Conv2d(3, 4, 3, **FIRST)),
        ("Conv2DTranspose", (5, 5, 3), {"filters": 2, "kernel_size": 2, "strides": [3, 1]},
         pc.ConvTranspose2d(3, 2, 2, stride=(3, 1), output_padding=(1, 0), **LAST)),
        ("Conv1DTranspose", (5, 3),
         {"filters": 2, "kernel_size": 4, "strides": 3, "padding": "same", "output_padding": 1},
         pc.ConvTranspose1d(3, 2, 4, stride=3, padding=2, output_padding=1, **LAST)),
        ("Conv1DTranspose", (5, 3),
         {"filters": 2, "kernel_size": 4, "padding": "same", "output_padding": None},
         pc.ConvTranspose1d(3, 2, 4, padding="same", **LAST)),
        ("Conv1DTranspose", (5, 3),
         {"filters": 2, "kernel_size": 4, "strides": 3, "output_padding": 2},
         pc.ConvTranspose1d(3, 2, 4, stride=3, output_padding=2, **LAST)),
        ("SeparableConv2D", (8, 8, 3), {"filters": 4, "kernel_size": 3, "groups": 1},
         pc.SeparableConv2d(4, 3, **LAST)),
        ("DepthwiseConv2D", (8, 8, 3), {"kernel_size": 3, "depth_multiplier": 2},
         pc.DepthwiseConv2d(3, depth_multiplier=2, **LAST)),
        ("MaxPooling2D", (8, 8, 3), {"pool_size": [2, 2], "strides": None, "padding": "valid"},
         pc.Pool((2, 2), **LAST)),
        ("AveragePooling1D", (8, 3), {"pool_size": 2, "strides": 1, "padding": "same"},
         pc.Pool(2, stride=1, padding="same", mode="avg", **LAST)),
        ("GlobalMaxPooling1D", (8, 3), {}, pc.GlobalPool(mode="max", **LAST)),
        ("GlobalAveragePooling2D", (8, 8, 3), {"keepdims": True}, pc.AdaptivePool(1, **LAST)),
        ("AdaptiveAveragePooling2D", (8, 8, 3), {"output_size": [2, 3]},
         pc.AdaptivePool((2, 3), **LAST)),
        ("ZeroPadding1D", (8, 3), {"padding": [1, 2]}, pc.Pad(((1, 2),), **LAST)),
        ("ZeroPadding1D", (8, 3), {"padding": 1}, pc.Pad(1, **LAST)),
        ("ZeroPadding2D", (8, 8, 3), {"padding": [[1, 0], [2, 2]]},
         pc.Pad(((1, 0), (2, 2)), **LAST)),
        ("Cropping1D", (8, 3), {"cropping": [1, 0]}, pc.Crop(((1, 0),), **LAST)),
        ("UpSampling2D", (8, 8, 3), {"size": [2, 3], "interpolation": "bilinear"},
         pc.Upsample(scale_factor=(2, 3), mode="bilinear", **LAST)),
        ("Resizing", (8, 8, 3), {"height": 4, "width": 5, "interpolation": "nearest"},
         pc.Upsample((4, 5), **LAST)),
        ("CenterCrop", (8, 8, 3), {"height": 4, "width": 5}, pc.CenterCrop((4, 5), **LAST)),
        ("BatchNormalization", (8, 8, 3), {"axis": [3], "center": False},
         pc.BatchNorm(3, bias=False, **LAST)),
        ("BatchNormalization", (3, 8, 8), {"axis": 1}, pc.BatchNorm(3, **FIRST)),
        ("BatchNormalization", (7,), {}, pc.BatchNorm(7)),
        ("GroupNormalization", (8, 4), {"groups": 2, "axis": -1}, pc.GroupNorm(2, 4, **LAST)),
        ("GroupNormalization", (8, 4), {"groups": -1, "scale": False},
         pc.InstanceNorm(4, affine=True, scale=False, **LAST)),
        ("LayerNormalization", (8, 4), {"axis": [1, 2]}, pc.LayerNorm((8, 4))),
        ("LayerNormalization", (8, 4), {"scale": False, "rms_scaling": False},
         pc.LayerNorm(4, scale=False)),
        ("RMSNormalization", (8, 4), {"axis": [-1]}, pc.RMSNorm(4)),
        ("PReLU", (8, 4), {"shared_axes": [1]}, pc.PReLU(shared_axes=(0,))),
        ("PReLU", (8, 4), {"shared_axes": None}, pc.PReLU(shared_axes=())),
        ("LeakyReLU", (4,), {"negative_slope": 0.3}, pc.Activation("leaky_relu")),
        ("ELU", (4,), {"alpha": 1}, pc.Activation("elu")),
        ("Rescaling", (4,), {"scale": 2, "offset": 0}, pc.Activation("rescaling")),
        ("Dropout", (4,), {"rate": 0.25, "seed": 1}, pc.Dropout(0.25)),
        ("SpatialDropout2D", (8, 8, 3), {"rate": 0.25, **FIRST}, pc.Dropout(0.25)),
        ("GaussianNoise", (4,), {"stddev": 1}, pc.Identity()),
        ("RandomFlip", (8, 8, 3), {"mode": "horizontal"}, pc.Identity()),
        ("Reshape", (8, 3), {"target_shape": [-1, 6]}, pc.Reshape((-1, 6))),
        ("Permute", (8, 3), {"dims": [2, 1]}, pc.Permute((1, 0))),
        ("RepeatVector", (8,), {"n": 3}, pc.RepeatVector(3)),
        ("Embedding", (8,), {"input_dim": 9, "output_dim": 4, "mask_zero": True},
         pc.Embedding(9, 4)),
        ("LSTM", (8, 3), {"units": 4, "activation": "tanh", "recurrent_activation": "sigmoid"},
         pc.LSTM(3, 4, recurrent_bias=False, return_sequences=False)),
        ("GRU", (8, 3), {"units": 4, "reset_after": False, "return_sequences": True},
         pc.GRU(3, 4, recurrent_bias=False)),
        ("SimpleRNN", (8, 3), {"units": 4, "use_bias": False, "time_major": False},
         pc.RNN(3, 4, bias=False, recurrent_bias=False, return_sequences=False)),
        ("Normalization", (8, 3), {"mean": [1], "axis": [1]}, pc.Activation("normalization")),
    ],
)  # fmt: skip
def test_layers(kind: str, shape: Any, config: Model, wanted: pc.Layer) -> None:
    assert only(kind, shape, **config) == wanted


def test_activations_inside_a_layer_follow_it() -> None:
    inside = {"class_name": "LeakyReLU", "config": {"name": "a"}}
    function = {"class_name": "function", "config": "hard_silu", "module": "builtins"}
    model = sequential(
        layer("Dense", "a", units=4, activation=inside),
        layer("Dense", "b", units=4, activation=function),
        layer("Dense", "c", units=4, activation="linear"),
        layer("Dense", "a_leaky_re_lu", units=4),
        layer("Activation", "d", activation=inside),
        shape=(4,),
    )
    found = dict(read(model)._parts())
    assert list(found) == ["input", "a", "a_leaky_relu", "b", "b_hard_silu", "c", "a_leaky_re_lu",
                           "d"]  # fmt: skip
    assert found["d"] == pc.Activation("leaky_relu")


def test_a_normalization_counts_its_examples() -> None:
    net = read(sequential(layer("Normalization", "norm")))
    assert net[1:] == pc.Sequential(
        norm=pc.BatchNorm(3, affine=False, **LAST), norm_count=pc.Frozen(pc.Scale(()))
    )
    net = read(sequential(layer("Normalization", "norm", axis=[1])))
    assert sum(one.size for one in net.parameters()) == 8 + 8 + 1


def test_recurrent_layers_in_both_directions() -> None:
    lstm = layer("LSTM", units=4)
    one = pc.LSTM(3, 4, recurrent_bias=False, return_sequences=False)
    both = pc.LSTM(3, 4, bidirectional=True, recurrent_bias=False, return_sequences=False)
    assert only("Bidirectional", (8, 3), layer=lstm, backward_layer=lstm) == both
    added = pc.Add(forward_layer=one, backward_layer=one)
    assert only("Bidirectional", (8, 3), layer=lstm, merge_mode="ave") == added
    multiplied = pc.Multiply(forward_layer=one, backward_layer=one)
    assert only("Bidirectional", (8, 3), layer=lstm, merge_mode="mul") == multiplied
    frozen = layer("LSTM", units=4, trainable=False)
    assert only("Bidirectional", (8, 3), layer=frozen) == pc.Frozen(both)


def test_a_layer_at_each_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table need not have it yet; another layer around a layer takes its place."""
    known = _keras_layers.by_name()
    if "layers.TimeDistributed" not in known:
        entry = Counterpart("layers.TimeDistributed", "Frozen", {}, {}, {}, "")
        more = {**known, "layers.TimeDistributed": [entry]}
        monkeypatch.setattr(_keras_layers, "by_name", lambda: more)
    distributed: Any = getattr(pc, "TimeDistributed", pc.Frozen)
    dense = layer("Dense", units=2, activation="relu")
    inside = pc.Sequential(dense=pc.Dense(4, 2), relu=pc.Activation("relu"))
    assert only("TimeDistributed", (3, 4), layer=dense) == distributed(inside)


def test_applications_have_layers_of_their_own() -> None:
    scale = new("LayerScale", "scale", "x", module="keras.src.applications.convnext",
                projection_dim=4, init_values=1)  # fmt: skip
    depth = new("StochasticDepth", "depth", "scale", module="keras.src.applications.convnext",
                drop_path_rate=0.1)  # fmt: skip
    add = new("CustomScaleLayer", "add", ["x", "depth"], scale=0.2,
              module="keras.src.applications.inception_resnet_v2")  # fmt: skip
    net = read(functional(start(), scale, depth, add, outputs="add"))
    branch = pc.Sequential(scale=pc.Scale(4), depth=pc.Identity())
    assert net == pc.Sequential(x=pc.Input(8, 4), add=pc.Add(pc.Identity(), branch))


# Functional models.


def test_a_functional_model_has_branches_where_it_can() -> None:
    for make in (
        functional(start(), new("Dense", "a", "x", units=4), new("Add", "y", ["a", "x"])),
        functional(
            start(),
            old("Dense", "a", [["x", 0, 0, {}]], units=4),
            old("Add", "y", [["a", 0, 0, {}], ["x", 0, 0, {}]]),
        ),
    ):
        wanted = pc.Add(pc.Sequential(a=pc.Dense(4, 4)), pc.Identity())
        assert read(make) == pc.Sequential(x=pc.Input(8, 4), y=wanted)


def test_several_inputs_and_outputs_are_a_graph() -> None:
    a, b = start("b"), start("a")
    model = functional(
        a, b, new("Concatenate", "c", ["a", "b"]), new("Dense", "d", "a", units=2),
        inputs="b a", outputs="c d",
    )  # fmt: skip
    net = read(model)
    assert net.inputs == (("b", (8, 4)), ("a", (8, 4)))
    assert net.output_shapes() == {"c": (8, 8), "d": (8, 2)}
    assert net["c"] == pc.Concat(dim=-1)
    model["input_layers"] = {"b": ["b", 0, 0], "a": ["a", 0, 0]}
    assert read(model).inputs == (("a", (8, 4)), ("b", (8, 4)))


def test_a_layer_that_is_called_again_is_shared() -> None:
    dense = new("Dense", "dense", "x", units=4, activation="relu")
    dense["inbound_nodes"].append({"args": [tensor("other")], "kwargs": {}})
    model = functional(
        start(), dense, new("Dense", "other", "dense", units=4), new("Dense", "dense_call_2",
        ("dense", 1, 0), units=3), outputs="dense_call_2",
    )  # fmt: skip
    net = read(model)
    shared = pc.Shared("dense", pc.Dense(4, 4))
    relu = pc.Activation("relu")
    assert net == pc.Sequential(
        x=pc.Input(8, 4), dense=shared, dense_relu=relu, other=pc.Dense(4, 4),
        dense_call_2_2=shared, dense_call_2_2_relu=relu, dense_call_2=pc.Dense(4, 3),
    )  # fmt: skip
    assert net.num_params() == 2 * 20 + 15


def nested(*calls: Any, outputs: str = "z", **more: Any) -> Model:
    """A functional model in another, with calls."""
    inside = functional(
        start("inner"), new("Dense", "z", "inner", units=4), new("Dense", "w", "z", units=4),
        inputs="inner", outputs=outputs, **more,
    )  # fmt: skip
    made = new("Functional", "m", *calls[:1], **inside)
    made["inbound_nodes"] += [{"args": [tensor(one)], "kwargs": {}} for one in calls[1:]]
    return made


def test_a_model_in_a_model_is_a_network() -> None:
    model = functional(start(), nested("x"), outputs=[["m", 1, 0]])  # Outputs count from 1.
    inside = pc.Sequential(inner=pc.Input(8, 4), z=pc.Dense(4, 4))
    assert read(model) == pc.Sequential(x=pc.Input(8, 4), m=inside)
    model = functional(start(), nested("x", ("m", 0, 0)), outputs=[["m", 2, 0]])
    shared = pc.Shared("m", inside)
    assert read(model) == pc.Sequential(x=pc.Input(8, 4), m=shared, m_call_2=shared)


@pytest.mark.parametrize("first", [0, 1])
def test_keras_2_counts_calls_of_models_from_0_or_1(first: int) -> None:
    config = {**sequential(layer("Dense", "d", units=4), shape=(8, 4)), "name": "m"}
    calls: Any = [[["x", 0, 0, {}]], [["m", first, 0, {}]]]
    made: Any = {"class_name": "Sequential", "name": "m", "config": config, "inbound_nodes": calls}
    net = read(functional(start(), made, outputs=[["m", first + 1, 0]]))
    assert [name for name, _ in net._parts()] == ["x", "m", "m_call_2"]
    assert net.num_params() == 20


def test_a_sequential_of_old_is_a_list() -> None:
    dense = layer("Dense", "d", units=2, batch_input_shape=[None, 4])
    net = pc.Sequential(input=pc.Input(4), d=pc.Dense(4, 2))
    assert read({"class_name": "Sequential", "config": [dense]}) == net
    inner = {"class_name": "Sequential", "name": "m", "config": [dense]}
    assert read({"layers": [inner]}) == pc.Sequential(input=pc.Input(4), m=net)


def test_the_shape_of_the_input_is_where_keras_states_it() -> None:
    wanted = pc.Sequential(input=pc.Input(4), d=pc.Dense(4, 2))
    for model in (
        {"layers": [layer("Dense", "d", units=2)], "build_input_shape": [None, 4]},
        {"layers": [layer("Dense", "d", units=2, batch_input_shape=[None, 4])]},
        {"layers": [{**layer("Dense", "d", units=2), "build_config": {"input_shape": [None, 4]}}]},
    ):
        assert read(model) == wanted
    model = {"layers": [start(shape=(4,)), layer("Dense", "d", units=2)]}
    assert read(model) == pc.Sequential(x=pc.Input(4), d=pc.Dense(4, 2))


def test_a_model_with_several_outputs_is_taken_apart() -> None:
    pair = [new("Dense", "l", ("m", 0, 0), units=2), new("Dense", "r", ("m", 0, 1), units=3)]
    model = functional(start(), nested("x", outputs="z w"), *pair, outputs="l r")
    net = read(model)
    assert [name for name, _ in net._parts()] == ["m_z", "m_w", "l", "r"]
    assert net.num_params() == 20 + 20 + 10 + 15
    add = [new("Add", "l", [("m", 0, 0), ("m", 0, 1)]), new("Add", "r", [("m", 1, 0), ("m", 1, 1)])]
    model = functional(start(), nested("x", "l", outputs="z w"), *add, outputs="r")
    net = read(model)
    assert net.num_params() == 40
    assert net["m_z"] == pc.Shared("m.z", pc.Dense(4, 4))


def test_what_is_not_trained_is_frozen() -> None:
    dense, frozen = pc.Dense(4, 4), pc.Frozen(pc.Dense(4, 4))
    one = layer("Dense", "a", units=4, trainable=False)
    net = read(sequential(one, layer("Dense", "b", units=4), shape=(4,)))
    assert (net["a"], net["b"]) == (frozen, dense)
    net = read({**sequential(layer("Dense", "a", units=4), shape=(4,)), "trainable": False})
    assert net["a"] == frozen
    for outputs, path in ("z", "m.z"), ("z w", "m_z"):
        model = functional(
            start(), nested("x", outputs=outputs, trainable=False),
            outputs=[["m", 1, at] for at in range(len(outputs.split()))],
        )  # fmt: skip
        assert read(model)._at(path) == frozen


def test_a_file_numbers_what_several_models_share() -> None:
    number = {"shared_object_id": 7}
    inner = [{**layer("Dense", "d", units=4), **number}]
    models: Any = [{"class_name": "Sequential", "config": {"name": name, "layers": inner}}
              for name in ("a", "b")]  # fmt: skip
    net = read(sequential(*models, shape=(4,)))
    assert net.num_params() == 20
    assert "Shared('object_7', Dense(4, 4))" in repr(net)
    inner = [{**layer("Dense", "d", units=5), **number}]
    models[1]["config"]["layers"] = inner
    assert refused(sequential(*models, shape=(4,))).startswith("b.d Shared: weight of all")
    lstm = {**layer("LSTM", units=2), **number}
    assert "of another layer than a recurrent one" in refused(
        sequential(layer("Bidirectional", layer=lstm), shape=(8, 3))
    )


def test_masks_change_nothing() -> None:
    model = functional(
        start(shape=(8,)),
        new("Embedding", "e", "x", input_dim=9, output_dim=4, mask_zero=True),
        op("NotEqual", "not_equal", "x", 0),
        new("LSTM", "y", "e", units=3, kwargs={"mask": "not_equal", "training": False}),
    )
    lstm = pc.LSTM(4, 3, recurrent_bias=False, return_sequences=False)
    assert read(model) == pc.Sequential(x=pc.Input(8), e=pc.Embedding(9, 4), y=lstm)


def test_attention_to_itself_and_to_others() -> None:
    memory, keys = start("memory", (5, 6)), start("keys", (5, 7))
    config: Model = {"num_heads": 2, "key_dim": 3, "output_shape": None, "attention_axes": [1]}

    def made(*args: Any, **kwargs: Any) -> Any:
        one = new("MultiHeadAttention", "y", *args, kwargs=kwargs, **config)
        text = repr(one)
        more = [two for two in (memory, keys) if f"'{two['name']}', 0" in text]
        names = " ".join(["x", *[two["name"] for two in more]])
        return read(functional(start(), *more, one, inputs=names))

    alone = pc.MultiheadAttention(4, 2, head_dim=3)
    assert made("x", "x") == pc.Sequential(x=pc.Input(8, 4), y=alone)
    assert made("x", "x", "x", use_causal_mask=True) == made(query="x", value="x")
    other = pc.MultiheadAttention(4, 2, head_dim=3, kdim=6, vdim=6)
    assert made("x", "memory").nodes == (("y", other, ("x", "memory")),)
    assert made("x", value="memory", key="memory") == made("x", "memory")
    third = pc.MultiheadAttention(4, 2, head_dim=3, kdim=7, vdim=6)
    assert made("x", "memory", "keys").nodes == (("y", third, ("x", "keys", "memory")),)
    grouped = new("GroupQueryAttention", "y", "x", "x", head_dim=3, num_query_heads=4,
                  num_key_value_heads=2)  # fmt: skip
    net = read(functional(start(), grouped))
    assert net["y"] == pc.MultiheadAttention(4, 4, head_dim=3, num_kv_heads=2)


# Operations.


def cut(start: int | None, stop: int | None, step: int | None = None) -> Model:
    return {"class_name": "__slice__", "config": {"start": start, "stop": stop, "step": step}}


ALL = cut(None, None)
DOTS: Model = {"class_name": "__ellipsis__", "config": {}}


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (op("Multiply", "y", "x", 2), [pc.Activation("multiply")]),
        (op("TrueDivide", "y", 1.5, "x"), [pc.Activation("true_divide")]),
        (op("Power", "y", "x", 2), [pc.Activation("power")]),
        (op("LeakyRelu", "y", "x", negative_slope=0.1), [pc.Activation("leaky_relu")]),
        (op("Cast", "y", "x", dtype="float16"), [pc.Identity()]),
        (op("Reshape", "y", "x", newshape=[-1, 32]), [pc.Reshape((32,))]),
        (op("Reshape", "y", "x", newshape=[None, -1, 2]), [pc.Reshape((-1, 2))]),
        (op("Transpose", "y", "x", axes=[0, 2, 1]), [pc.Permute((1, 0))]),
        (op("Swapaxes", "y", "x", axis1=-1, axis2=1), [pc.Permute((1, 0))]),
        (op("ExpandDims", "y", "x", axis=-1), [pc.Reshape((8, 4, 1))]),
        (op("ExpandDims", "y", "x", axis=1), [pc.Reshape((1, 8, 4))]),
        (op("Mean", "y", "x", axis=1, keepdims=False), [pc.GlobalPool(**LAST)]),
        (op("Max", "y", "x", axis=[-1], keepdims=True),
         [pc.AdaptivePool(1, mode="max", **FIRST)]),
        (op("GetItem", "y", "x", [ALL, cut(1, 3)]), [pc.Slice(1, 3)]),
        (op("GetItem", "y", "x", [ALL, 0]), [pc.Slice(0, 1), pc.Flatten(0, 1)]),
        (op("GetItem", "y", "x", [DOTS, cut(1, None)]), [pc.Slice(1, dim=1)]),
        (op("GetItem", "y", "x", ALL), [pc.Identity()]),
        (old("TFOpLambda", "y", ["x", 0, 0, {"y": 2.0, "name": None}], function="math.multiply"),
         [pc.Activation("multiply")]),
        (old("TFOpLambda", "y", ["_CONSTANT_VALUE", -1, 1.0, {"y": ["x", 0, 0]}],
             function="math.subtract"), [pc.Activation("subtract")]),
        (old("TFOpLambda", "y", ["x", 0, 0, {"shape": [-1, 32]}], function="reshape"),
         [pc.Reshape((32,))]),
        (old("SlicingOpLambda", "y",
             ["x", 0, 0, {"slice_spec": [{"start": None, "stop": None, "step": None},
                                         {"start": 2, "stop": None, "step": None}]}],
             function="__operators__.getitem"), [pc.Slice(2)]),
    ],
)  # fmt: skip
def test_operations(made: Model, wanted: list[pc.Layer]) -> None:
    (_, *found) = read(functional(start(), made))._parts()
    assert [one for _, one in found] == wanted
    assert [name for name, _ in found] == ["y", "y_flatten"][: len(wanted)]


def test_operations_on_two_tensors() -> None:
    for made, merge in (
        (op("Subtract", "y", "x", "z"), pc.Add()),
        (op("Power", "y", "x", "z"), pc.Add()),
        (op("Multiply", "y", "x", "z"), pc.Multiply()),
        (op("Concatenate", "y", ["x", "z"], axis=1), pc.Concat()),
        (old("TFOpLambda", "y", ["x", 0, 0, {"y": ["z", 0, 0], "name": None}],
             function="__operators__.add"), pc.Add()),
        (old("TFOpLambda", "y", [["x", 0, 0, {"axis": -1}], ["z", 0, 0, {"axis": -1}]],
             function="concat"), pc.Concat(dim=-1)),
    ):  # fmt: skip
        net = read(functional(start(), start("z"), made, inputs="x z"))
        assert net.nodes == (("y", merge, ("x", "z")),)
    square = op("Matmul", "y", "x", "z")
    net = read(functional(start(), start("z", (4, 5)), square, inputs="x z"))
    assert net.nodes == (("y", pc.MatMul(), ("x", "z")),)


def test_axes_of_length_1_are_removed() -> None:
    model = functional(
        start(), op("ExpandDims", "a", "x", axis=2), op("Squeeze", "y", "a", axis=[-2])
    )
    net = read(model)
    assert net["a"].output_shape((8, 4)) == (8, 1, 4)
    assert net["y"] == pc.Reshape((8, 4))


def test_an_image_is_resized() -> None:
    resize = new("Resize", "y", "x", module="keras.src.ops.image", size=[4, 5],
                 interpolation="nearest", data_format=None)  # fmt: skip
    net = read(functional(start(shape=(8, 8, 3)), resize))
    assert net["y"] == pc.Upsample((4, 5), **LAST)


# What the caller supplies.


def wide(config: Model) -> pc.Layer:
    return pc.Dense(None, config["width"])


def test_what_is_unknown_can_be_supplied() -> None:
    own = {**layer("Mine", "one", width=5), "registered_name": "mine>Mine"}
    model = sequential(own, layer("Dense", "b", units=2, activation="odd"), shape=(4,))
    for name in "one", "Mine", "mine>Mine":
        net = read(
            model,
            layers={name: wide, "odd": pc.Activation("x")},
        )
        assert net == pc.Sequential(
            input=pc.Input(4), one=pc.Dense(None, 5), b=pc.Dense(5, 2), b_odd=pc.Activation("x")
        )
    code = {"class_name": "Lambda", "config": {"name": "code", "function": ["evil", None, None]}}
    net = read(sequential(code, shape=(4,)), layers={"code": pc.Identity()})
    assert net["code"] == pc.Identity()
    odd = op("Einsum", "y", "x", subscripts="bij->bji")
    net = read(functional(start(), odd), layers={"Einsum": pc.Permute((1, 0))})
    assert net["y"] == pc.Permute((1, 0))
    cell = layer("Bidirectional", layer=layer("Own", units=2))
    supplied = {"Own": pc.GRU(3, 2)}
    net = read(sequential(cell, shape=(8, 3)), layers=supplied)
    assert net["bidirectional"] == pc.GRU(3, 2, bidirectional=True)


def test_what_is_supplied_must_be_a_layer() -> None:
    wrong: Any = {"a": 3}
    with pytest.raises(
        TypeError, match=r"keras: layers\['a'\] must be a Layer or a function, got 3"
    ):
        read(sequential(layer("Own", "a")), layers=wrong)
    wrong = {"a": len}
    assert refused(sequential(layer("Own", "a")), layers=wrong) == (
        "a: keras: layers['a'] must return a Layer, got 1"
    )
    message = refused(sequential(layer("Own", "a", width=-1)), layers={"Own": wide})
    assert message == "a: Dense: out_features must be at least 1, got -1"


def test_open_lengths_are_given() -> None:
    model = sequential(layer("Flatten"), shape=(None, 3))
    assert refused(model) == "input: its shape is (None, 3): give input_shape"
    net = read(model, input_shape=(5, 3))
    assert net.output_shape() == (15,)
    assert refused(model, input_shape=(5, 4)) == "input: its shape is (None, 3), got (5, 4)"
    assert refused({"layers": [layer("Flatten")]}).startswith("input: its shape is None: give")
    model = functional(
        start("a", (None, 2)), start("b", (3, 2)), new("Concatenate", "y", ["a", "b"], axis=1),
        inputs="a b",
    )  # fmt: skip
    net = read(model, input_shape={"a": (4, 2), "b": (3, 2)})
    assert net.output_shape() == (7, 2)
    with pytest.raises(TypeError, match="must be a dict of the shapes of 'a' and 'b'"):
        read(model, input_shape=(4, 2))


# What is refused, and in what words.


def give(kind: str, what: str = "") -> str:
    hint = f"give layers={{{kind!r}: a layer, or a function of its config}}"
    return f"{kind} {what + ' ' if what else ''}is not known: {hint}"


QUANTIZED: Model = {"class_name": "Quantized", "config": {"name": "int8"}}
MHA: Model = {"num_heads": 2, "key_dim": 2}


@pytest.mark.parametrize(
    ("kind", "shape", "config", "message"),
    [
        ("Attention", (8, 4), {}, give("Attention")),
        ("Dense", (4,), {"units": 2, "lora_rank": 3}, give("Dense", "with lora_rank=3")),
        ("Dense", (4,), {"units": 2, "width": 3}, give("Dense", "with the argument 'width'")),
        ("Dense", (4,), {"units": 2, "dtype": QUANTIZED},
         give("Dense", f"with the dtype {QUANTIZED}")),
        ("Dense", (4,), {"units": 2, "dtype": "int8_from_float32"},
         give("Dense", "with the dtype 'int8_from_float32'")),
        ("Dense", (4,), {"units": 2, "activation": layer("PReLU")},
         give("Dense", "with an activation that has tensors")),
        ("Dense", (4,), {"units": 2, "activation": "glu"}, give("glu")),
        ("LSTM", (8, 4), {"units": 2, "return_state": True},
         give("LSTM", "with return_state=True")),
        ("LSTM", (8, 4), {"units": 2, "recurrent_activation": layer("PReLU")},
         give("LSTM", "with an activation that has tensors")),
        ("BatchNormalization", (8, 8, 4), {"axis": 2},
         give("BatchNormalization", "on axis [2] of 4")),
        ("BatchNormalization", (8, 4), {"axis": [1, 2]},
         give("BatchNormalization", "on axis [1, 2] of 3")),
        ("LayerNormalization", (8, 4), {"axis": 1},
         give("LayerNormalization", "on others than the last axes, got [1] of 3,")),
        ("LayerNormalization", (8, 4), {"axis": [0, 1, 2]},
         give("LayerNormalization", "on others than the last axes, got [0, 1, 2] of 3,")),
        ("LayerNormalization", (4,), {"axis": []},
         "LayerNormalization: there is no axis [] of 2, with the batch"),
        ("PReLU", (4,), {"shared_axes": [2]}, "PReLU: there is no axis [2] of 2, with the batch"),
        ("MultiHeadAttention", (8, 4), MHA, "attention must be called on query and value"),
        ("Bidirectional", (8, 4), {"layer": layer("Dense", units=2)},
         give("Bidirectional", "of another layer than a recurrent one")),
        ("Bidirectional", (8, 4),
         {"layer": layer("Sequential", layers=[layer("GRU", units=2, reset_after=True)])},
         give("Bidirectional", "of another layer than a recurrent one")),
        ("Bidirectional", (8, 4),
         {"layer": layer("LSTM", units=2), "backward_layer": layer("LSTM", units=3)},
         give("Bidirectional", "of two layers that differ")),
        ("Bidirectional", (8, 4), {"layer": layer("LSTM", units=2), "merge_mode": None},
         give("Bidirectional", "with merge_mode=None")),
        ("TimeDistributedLike", (8, 4), {}, give("TimeDistributedLike")),
        ("Lambda", (4,), {"function": ["4wAA", None, None]},
         "a Lambda is code, which is not run: give layers={'one': a layer}"),
        ("Conv2D", (8, 4), {}, "Conv2D takes 3 axes and the batch, got shape (8, 4)"),
        ("TimeDistributed", (4,), {"layer": layer("Dense", units=2)},
         "TimeDistributed takes at least 2 axes and the batch, got shape (4,)"),
        ("Conv1D", (8, 4), {"filters": 2}, "Conv1D must have the argument kernel_size"),
        ("Dense", (4,), {}, "Dense must have the argument units"),
        ("Reshape", (4,), {}, "Reshape must have the argument target_shape"),
        ("Activation", (4,), {}, "Activation must have the argument activation"),
        ("Concatenate", (4,), {"axis": 0}, give("Concatenate", "along the batch")),
        ("Dense", (4,), {"units": 0}, "Dense: out_features must be at least 1, got 0"),
        ("Dense", (4,), {"units": "2"}, "Dense: out_features must be an int, got '2'"),
        ("Conv1D", (2, 4), {"filters": 2, "kernel_size": 3},
         "Conv1d: a window of 3 does not fit length 2 (padding 0)"),
        ("Reshape", (4,), {"target_shape": [1] * 63 + [2, 2]},
         "a shape has at most 64 axes, got 65"),
    ],
)  # fmt: skip
def test_words_of_layers(kind: str, shape: Any, config: Model, message: str) -> None:
    assert refused(sequential(layer(kind, "one", **config), shape=shape)) == f"one: {message}"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (op("Einsum", "y", "x"), give("Einsum")),
        (old("TFOpLambda", "y", ["x", 0, 0, {}], function="math.odd"), give("math.odd")),
        (op("Add", "y", "x", [1.0]), give("Add", "of a tensor and [[1.0]]")),
        (op("Power", "y", "x", [1.0]), give("Power", "of a tensor and [[1.0]]")),
        (op("Concatenate", "y", ["x", 2], axis=1),
         give("Concatenate", "of tensors and constants in one list")),
        (op("Concatenate", "y", ["x"], axis=0), give("Concatenate", "along the batch")),
        (op("Matmul", "y", "x", kwargs={"transpose_b": True}),
         give("Matmul", "with {'transpose_b': True}")),
        (op("Reshape", "y", "x", newshape=[8, 4]),
         give("Reshape", "to a shape that does not begin with the batch, [8, 4],")),
        (op("Reshape", "y", "x"), "Reshape must have the argument shape"),
        (op("Transpose", "y", "x", axes=[1, 0, 2]),
         give("Transpose", "of the batch, to axes [1, 0, 2],")),
        (op("ExpandDims", "y", "x", axis=0), give("ExpandDims", "before the batch")),
        (op("Squeeze", "y", "x", axis=3), "Squeeze: there is no axis 3 of 3, with the batch"),
        (op("Mean", "y", "x", axis=[1, 2]),
         give("Mean", "over others than all axes but the channels, [1, 2],")),
        (op("Mean", "y", "x", axis=1, keepdims=0),
         "Mean: keepdims must be True or False, got 0"),
        (op("GetItem", "y", "x", [0]), give("GetItem", "of some examples of the batch")),
        (op("GetItem", "y", "x", [ALL] * 5), give("GetItem", "with 5 indices")),
        (op("GetItem", "y", "x", [ALL, None]), "GetItem: an index must be an int, got None"),
        (op("GetItem", "y", "x", [ALL, cut(None, None, 2)]),
         "Tensor: an index must have no steps, got (slice(None, None, 2),)"),
        (new("LSTM", "y", "x", units=2, kwargs={"initial_state": ["x"]}),
         give("LSTM", "called with initial_state=")),
        (new("MultiHeadAttention", "y", "x", "x", **MHA, attention_axes=[1, 2]),
         give("MultiHeadAttention", "with attention_axes=[1, 2]")),
        (new("MultiHeadAttention", "y", "x", "x", **MHA, output_shape=5),
         give("MultiHeadAttention", "with output_shape=5")),
        (new("Dense", "y", "x", 3, units=2), give("Dense", "called on 3")),
        (new("Dense", "y", "x", None, True, units=2, kwargs={"odd": False}), ""),
        (new("Dense", "y", units=2, kwargs={"inputs": "x"}), ""),
        (new("Dense", "y", units=2), "it reads no tensor"),
        (new("Dense", "y", "x", "x", units=2), "Dense: is called on 1 tensor, got 2"),
        (new("Dense", "y", ("x", 0, 1), units=2),
         "it reads output 1 of x, which is not known"),
        ({**nested("x", "x"), "name": "y", "inbound_nodes": [[["x", 0, 0, {}], ["x", 0, 0, {}]]]},
         "the model has 1 inputs, got 2"),
        ({**nested("x", outputs="z w"), "name": "y", "inbound_nodes": [[["x", 0, 0, {}]]]},
         "Functional has 2 outputs, some of no use"),
    ],
)  # fmt: skip
def test_words_of_calls(made: Model, message: str) -> None:
    model = functional(start(), made)
    if message:
        assert refused(model) == f"y: {message}"
    else:
        assert read(model).output_shape() == (8, 2)


def test_words_of_shapes() -> None:
    made = new("Dense", "y", units=2)
    made["inbound_nodes"] = [{"args": [tensor("x", [None, 8, 5])], "kwargs": {}}]
    assert refused(functional(start(), made)) == (
        "y: x gives (8, 4), and [None, 8, 5] in Keras, with the batch"
    )
    made["inbound_nodes"] = [{"args": [tensor("x", [None, None, 4])], "kwargs": {}}]
    assert read(functional(start(), made)).output_shape() == (8, 2)
    wanted = "x: a shape is the batch and at least one length, from 1 to 2**63 - 1, got "
    for shape in [None], [None, 0], [None, "a"], 3, [None, 2.0]:
        one = start()
        one["config"]["batch_shape"] = shape
        assert refused({"layers": [one]}) == wanted + repr(shape)
    assert refused({"layers": [start(shape=[1] * 65)]}) == "x: a shape has at most 64 axes, got 65"
    inside = nested("x")
    inside["config"]["layers"][0]["config"]["batch_shape"] = [None, 8, 5]
    assert refused(functional(start(), inside, outputs=[["m", 1, 0]])) == (
        "inner: its shape is (8, 5), got (8, 4)"
    )


def test_words_of_models() -> None:
    dense = new("Dense", "y", "x", units=2)
    keras_2 = old("Dense", "y", [["x", 0, 0, {}]], units=2)
    hint = "if it has no call() of its own, give what stands under its 'config'"
    cases: list[tuple[Any, str]] = [
        ({}, "layers must be a list, got None"),
        ({"layers": []}, "a model must have a layer"),
        ({"layers": [3]}, "a layer must be a dict, got 3"),
        ({"layers": [{"class_name": 3}]}, "the class_name of a layer must be a str, got 3"),
        ({"layers": [{"class_name": "A"}]}, "the config of a A must be a dict, got None"),
        ({"layers": [layer("A", name=3)]}, "the name of a A must be a str, got 3"),
        ({"layers": [layer("A", "a"), layer("B", "a")]}, "a: two layers have this name"),
        ({"class_name": "Mine", "config": {}},
         f"Mine is neither Sequential nor Functional: {hint}"),
        (functional(start(), dense, outputs="z"),
         "the model reads call 0 of 'z', which is not there"),
        (functional(start(), new("Dense", "y", ("x", 1, 0), units=2)),
         "y reads call 1 of 'x', which is not there"),
        (functional(start(), dense, inputs="y"), "the input 'y' is no InputLayer"),
        (functional(start(), dense, inputs="z"), "the input 'z' is no InputLayer"),
        (functional(start(), dense, outputs=""), "a model must have an input and an output"),
        (functional(start(), start("z"), dense, inputs="x z"),
         "Graph: input z leads to no output"),
        (functional(start(), new("Dense", "y", "z", units=2), new("Dense", "z", "y", units=2)),
         "there is a cycle: y reads z reads y"),
        (functional(start(), {**dense, "inbound_nodes": 3}),
         "inbound_nodes of y must be a list, got 3"),
        (functional(start(), {**dense, "inbound_nodes": [3]}),
         "inbound_nodes of y must be a list, got 3"),
        (functional(start(), {**dense, "inbound_nodes": [{}]}),
         "args of y must be a list, got None"),
        (functional(start(), {**dense, "inbound_nodes": [{"args": []}]}),
         "kwargs of y must be a dict, got None"),
        (functional(start(), {**keras_2, "inbound_nodes": [[["x", 0, 0, 3]]]}),
         "the arguments of a call must be a dict, got 3"),
        (functional(start(), new("Dense", "y", tensor(("x",)), units=2)),
         "a tensor has a keras_history, got {'keras_history': ['x'], 'shape': None}"),
        (functional(start(), new("Dense", "y", {"class_name": "__keras_tensor__"}, units=2)),
         "a tensor must be a dict, got None"),
    ]  # fmt: skip
    for model, message in cases:
        assert refused(model) == message
    with pytest.raises(pc.ReadError) as caught:
        read(sequential(layer("Own", "a")))
    assert (caught.value.where, caught.value.problem) == ("a", give("Own"))


# Hostile sources.


def test_words_of_sources(tmp_path: Path) -> None:
    hint = "save the model as .keras"
    for text, message in (
        ("[1, ", "the text is not JSON: Expecting value: line 1 column 5 (char 4)"),
        (" ", "the text is not JSON: Expecting value: line 1 column 2 (char 1)"),
        (" [1]", "the JSON of a model is an object, got [1]"),
        ("{" + " " * 2**23, "a model has at most 8,388,608 characters, got more"),
        ("[" * 10**5, "a model has at most 100 lists and dicts in each other, got more"),
        ("[" + "[]," * 250_000, "a model has at most 250,000 lists and dicts, got more"),
        ("{" + '"",' * 1_000_001, "a model has at most 1,000,000 strings, got more"),
        ("nowhere.keras", "'nowhere.keras' is neither JSON text nor a file"),
        (str(tmp_path), f"{show(str(tmp_path))} is a folder, such as a SavedModel: {hint}"),
    ):  # fmt: skip
        assert refused(text) == message
    # As Path.is_file says it, until CPython 3.14.
    said = "is not a .keras file: File name too long", "is neither JSON text nor a file"
    assert refused("a" * 9999).endswith(said)
    wrong: Any = 3
    with pytest.raises(TypeError, match="keras: source must be JSON text, a mapping or a path"):
        read(wrong)
    brackets = {"layers": [layer("Dense", '"[[\\"', units=2)], "build_input_shape": [None, 4]}
    assert read(json.dumps(brackets)).output_shape() == (2,)


def test_mappings_that_have_no_end() -> None:
    loop: Model = {"layers": []}
    loop["layers"].append(loop)
    assert refused(loop) == "a model has at most 100 lists and dicts in each other, got more"
    many: Any = [1]
    for _ in range(50):
        many = [many] * 1000
    assert refused({"layers": many}) == "a model has at most 250,000 lists and dicts, got more"


def archive(
    path: Path, data: bytes = b"{}", kind: int = zipfile.ZIP_DEFLATED, name: str = ""
) -> str:
    with zipfile.ZipFile(path, "w", kind) as file:
        file.writestr(name or "config.json", data)
    return str(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    model = {"class_name": "Sequential", "config": sequential(layer("Flatten"), shape=(4, 4))}
    path = tmp_path / "model.keras"
    archive(path, json.dumps(model).encode())
    net = pc.Sequential(input=pc.Input(4, 4), flatten=pc.Flatten())
    assert read(path) == read(str(path)) == net


def test_files_that_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    what = f"{show(str(path))} is not a .keras file: "
    archive(path, name="other.json")
    assert refused(path) == what + "it has no config.json"
    archive(path, b" " * (2**23 + 1))
    assert refused(path) == what + "config.json has more than 8,388,608 bytes"
    kept = path.read_bytes()
    for size in 100, 2**23:  # It has more than it says.
        lie = size.to_bytes(4, "little")
        path.write_bytes(kept.replace((2**23 + 1).to_bytes(4, "little"), lie))
        assert refused(path).startswith(what)
    archive(path, b"{}" * 999, zipfile.ZIP_LZMA)
    unusual = "config.json is encrypted, or not compressed as zip files are"
    assert refused(path) == what + unusual
    archive(path)
    whole = path.read_bytes()
    at = whole.index(b"PK\x01\x02") + 8
    path.write_bytes(whole[:at] + b"\x01" + whole[at + 1 :])
    assert refused(path) == what + unusual
    path.write_bytes(b"\x89HDF\r\n\x1a\n")
    hint = "save the model as .keras, or give its to_json()"
    assert refused(path) == f"{show(str(path))} is HDF5: {hint}"
    path.write_bytes(b"")
    assert refused(path) == what + "File is not a zip file"
    with zipfile.ZipFile(path, "w") as file:
        for number in range(12_000):
            file.writestr(f"{number:050}", b"")
    assert refused(path) == what + "the list of what it holds is too long"
    archive(path, b"\xff")
    assert refused(path).startswith(what + "'utf-8' codec can't decode")
    for end in range(0, len(whole), 3):
        path.write_bytes(whole[:end])
        assert refused(path).startswith(what)


def test_a_source_has_a_size() -> None:
    many = sequential(*[layer("Flatten", f"f{number}") for number in range(5001)])
    what = "a source has at most 10,000 layers and tensors that they read, got more"
    assert refused(many) == f"f5000: {what}"
    inside = functional(start(shape=(4,)), new("Dense", "y", "x", units=4))
    for _ in range(20):  # Each calls the one before it twice.
        call = new("Functional", "m", "x", **inside)
        call["inbound_nodes"] += [{"args": [tensor("m")], "kwargs": {}}]
        inside = functional(start(shape=(4,)), call, outputs=[["m", 2, 0]])
    assert refused(inside).endswith(f"m: {what}")
    punctuation = [layer("Flatten", "?" * (1 + number)) for number in range(300)]
    assert len({name for name, _ in read(sequential(*punctuation))._parts()}) == 301


@given(st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_mutated_models_are_read_or_refused(rng: random.Random) -> None:
    model = copy.deepcopy(rng.choice(MODELS))
    for _ in range(rng.randint(1, 3)):
        if model:
            mutate(model, rng)
    source: Any = rng.choice([model, json.dumps(model)])
    with suppress(pc.ReadError):
        assert read(source).num_params() >= 0


MODELS: list[Model] = [
    functional(
        start(shape=(8, 8, 3)),
        new("Conv2D", "a", "x", filters=4, kernel_size=[3, 3], padding="same", activation="relu"),
        new("BatchNormalization", "b", "a", axis=-1),
        op("Add", "c", "a", "b"),
        new("GlobalAveragePooling2D", "d", "c"),
        new("Dense", "y", "d", units=2),
    ),
    functional(start(), nested("x", ("m", 0, 0)), outputs=[["m", 2, 0]]),
    functional(
        start(),
        old("Bidirectional", "a", [["x", 0, 0, {}]], layer=layer("LSTM", units=4)),
        old("Dense", "b", [["a", 0, 0, {}]], units=4),
        old("TFOpLambda", "y", ["b", 0, 0, {"axis": -1}], function="nn.softmax"),
    ),
    sequential(layer("Conv2DTranspose", filters=2, kernel_size=2), layer("Flatten")),
]
STRANGE: list[Any] = [None, True, 0, -1, 3, 10**30, 2.5, "", "x", "same", [], [1], {}, [[]],
                      ["x", 0, 0], ["y", 0, 0], layer("Dense"), "Lambda", "\ud800"]  # fmt: skip


def mutate(model: Any, rng: random.Random) -> None:
    """Change, remove or repeat one value somewhere in it."""
    while True:
        entries: list[Any] | None = model if type(model) is list else None
        keys: Any = [*model] if entries is None else range(len(entries))
        key = rng.choice(keys)
        value: Any = model[key]
        if type(value) in (dict, list) and value and rng.random() < 0.8:
            model = value
            continue
        if rng.random() < 0.2:
            del model[key]
        elif entries is not None and rng.random() < 0.3:
            entries.insert(key, copy.deepcopy(value))
        else:
            model[key] = copy.deepcopy(rng.choice(STRANGE))
        return


def test_a_length_above_all_ints_of_frameworks_is_refused() -> None:
    model = sequential(layer("Dense", "y", units=3), shape=(10**30,))
    assert "from 1 to 2**63 - 1" in refused(model)
