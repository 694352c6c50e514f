"""What errors say of names and arguments that torch and Keras have: what to use here."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from layers import ROWS

import paramcalc as pc
from paramcalc._counterparts import NEUTRAL, changes_nothing, counterparts

ROOT = Path(__file__).parent.parent
WINDOWS = "kernel_size, stride=strides, dilation=dilation_rate, bias=use_bias"
NAMES = [
    ("MaxPool2d", "use Pool(kernel_size, stride, padding, dilation, ceil_mode=...); mode='max' is the default"),
    ("AvgPool2d", "use Pool(kernel_size, stride, padding, ceil_mode=..., mode='avg')"),
    ("max_pool2d", "use Pool(kernel_size, stride, padding, dilation, ceil_mode=...); mode='max' is the default"),
    ("MaxPool2D", "use Pool(pool_size, stride=strides); mode='max' is the default"),
    ("MaxPooling2D", "use Pool(pool_size, stride=strides); mode='max' is the default"),
    ("GlobalAvgPool2D", "use GlobalPool(); mode='avg' is the default"),
    ("AdaptiveAvgPool2d", "use AdaptivePool(output_size); mode='avg' is the default"),
    ("Linear", "use Dense(in_features, out_features, bias)"),
    ("linear", "use Dense(in_features, out_features, bias)"),
    ("LazyLinear", "use Dense(None, out_features, bias)"),
    ("LazyConv2d", "use Conv2d(None, out_channels, kernel_size, stride, padding, dilation, groups, bias)"),
    ("LazyBatchNorm2d", "use BatchNorm(affine=..., track_running_stats=..., bias=...)"),
    ("BatchNorm2d", "use BatchNorm(num_features, affine=..., track_running_stats=..., bias=...)"),
    ("ReLU", 'use Activation("relu")'),
    ("relu", 'use Activation("relu")'),
    ("LeakyReLU", 'use Activation("leaky_relu")'),
    ("leaky_relu", 'use Activation("leaky_relu")'),
    ("LogSoftmax", 'use Activation("log_softmax")'),
    ("SiLU", 'use Activation("silu")'),
    ("Dropout2d", "use Dropout(p)"),
    ("SpatialDropout2D", "use Dropout(p=rate)"),
    ("Conv2D", f"use Conv2d(None, filters, {WINDOWS})"),
    ("Convolution2D", f"use Conv2d(None, filters, {WINDOWS})"),
    ("Conv2DTranspose", "use ConvTranspose2d(None, filters, kernel_size, stride=strides, bias=use_bias, dilation=dilation_rate)"),
    ("SeparableConvolution2D", f"use SeparableConv2d(filters, {WINDOWS})"),
    ("BatchNormalization", "use BatchNorm(bias=center)"),
    ("GroupNormalization", "use GroupNorm(groups, None, bias=center); or InstanceNorm(bias=center), for groups=-1; give affine=True"),
    ("ZeroPadding2D", "use Pad(padding); mode='constant' is the default"),
    ("ReflectionPad2d", "use Pad(padding, mode='reflect'); (left, right, top, bottom) is ((top, bottom), (left, right)) here"),
    ("Resizing", "use Upsample(size=(height, width), mode=interpolation); size is (height, width) here"),
    ("SimpleRNN", "use RNN(None, units, bias=use_bias); give return_sequences=False for Keras's default; bidirectional=True for Bidirectional"),
    ("cat", "use Concat(..., dim); it takes outputs; paramcalc takes branches; its axes include the batch"),
    ("split", "use Slice(...); one Slice per part; its axes include the batch"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "use"), NAMES, ids=[name for name, _ in NAMES])
def test_a_name_of_torch_or_keras_leads_to_its_counterpart(name: str, use: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pc, name)
    assert str(caught.value) == f"paramcalc has no {name}: {use}"
    with pytest.raises(ImportError) as imported:
        exec(f"from paramcalc import {name}", {})  # noqa: S102
    assert str(imported.value) == f"cannot import name {name!r} from 'paramcalc': {use}"
    assert not hasattr(pc, name)


@pytest.mark.parametrize("tool", ["torch", "keras"])
def test_every_name_of_the_table_leads_on(tool: str) -> None:
    for one in counterparts(tool):
        name = one.name.rpartition(".")[2]
        if name not in pc.__all__:
            with pytest.raises(
                AttributeError, match=rf"^paramcalc has no {name}: use .*{one.layer}\("
            ):
                getattr(pc, name)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Summry", "; did you mean summary?"),
        ("conv2d", "; did you mean Conv2d?"),
        ("Conv4d", "; did you mean Conv3d?"),
        ("batch_norm", "; did you mean BatchNorm?"),
        ("Bilinear", ""),
        ("Foo", ""),
        ("_conv", ""),
        ("__wrapped__", ""),
    ],
)
def test_other_names_have_the_words_of_python_and_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(AttributeError) as caught:
        getattr(pc, name)
    assert str(caught.value) == f"module 'paramcalc' has no attribute {name!r}{hint}"
    with pytest.raises(ImportError, match=f"^cannot import name '{name}' from 'paramcalc' \\("):
        exec(f"from paramcalc import {name}", {})  # noqa: S102


def test_the_table_is_loaded_for_such_an_error_alone() -> None:
    code = """
import sys
import paramcalc as pc
pc.Conv2d(3, 8, 3), hasattr(pc, "_repr_html_"), hasattr(pc, "__wrapped__")
from paramcalc import errors
print({"paramcalc._counterparts", "paramcalc._leads", "difflib"} & {*sys.modules})
hasattr(pc, "Linear")
print("paramcalc._counterparts" in sys.modules)
"""
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.split("\n")[:2] == ["set()", "True"]


IDLE = "is not an argument; leave it out: it changes no shape and no count"
IDLES = "are not arguments; leave them out: they change no shape and no count"
NO_BATCH = (
    "batch_first is not an argument; leave it out: shapes are (length, features), without the batch"
)
RELU = 'activation is not an argument; add Activation("relu") after it'
OPEN = "takes in_channels from the input"
LAST = "give return_sequences=False for Keras's default; bidirectional=True for Bidirectional"
CALLS = [
    # That change nothing.
    ('Conv2d(3, 8, 3, padding_mode="zeros")', f"padding_mode {IDLE}"),
    ('Conv2d(3, 8, 3, padding_mode="zeros", device="cpu", dtype=None)', f"padding_mode, device and dtype {IDLES}"),
    ('Conv2d(3, 8, 3, kernel_initializer="he_normal", kernel_regularizer=None)', f"kernel_initializer and kernel_regularizer {IDLES}"),
    ("BatchNorm(64, eps=1e-5)", f"eps {IDLE}"),
    ("BatchNorm(64, momentum=0.1)", f"momentum {IDLE}"),
    ("RMSNorm(64, eps=1e-5)", f"eps {IDLE}"),
    ("Embedding(10, 3, padding_idx=0)", f"padding_idx {IDLE}"),
    ('Activation("relu", inplace=True)', f"inplace {IDLE}"),
    ("Dropout(0.5, inplace=True)", f"inplace {IDLE}"),
    ('Dense(3, 8, name="head")', f"name {IDLE}"),
    ("Dense(3, 8, trainable=True)", f"trainable {IDLE}"),
    ("Dense(3, 8, activation=None)", f"activation {IDLE}"),
    ('LSTM(3, 8, activation="tanh", recurrent_activation="sigmoid")', f"activation and recurrent_activation {IDLES}"),
    ('ConvLSTM2d(3, 8, 3, activation="tanh")', f"activation {IDLE}"),
    ('TransformerEncoderLayer(8, 2, activation="gelu")', f"activation {IDLE}"),
    ('Flatten(data_format="channels_last")', f"data_format {IDLE}"),
    ('Input(shape=(28, 28, 1), name="image", batch_size=32)', f"name and batch_size {IDLES}"),
    ('Sequential(pc.Flatten(), name="net")', f"name {IDLE}"),
    ("GRU(8, 6, batch_first=False)", NO_BATCH),
    ("MultiheadAttention(8, 2, batch_first=True)", NO_BATCH),
    ("LSTM(8, 6, batch_first=True, dropout=0.2)", f"{NO_BATCH}. Also, dropout {IDLE}"),
    # That have another name, or place, here.
    ("Conv2d(None, filters=32, kernel_size=3)", "filters is out_channels here"),
    ("Conv2d(3, 8, 3, strides=2)", "strides is stride here"),
    ("Conv2d(3, 8, 3, use_bias=False)", "use_bias is bias here"),
    ("Conv2d(None, filters=32, kernel_size=3, strides=2, use_bias=False)", "filters is out_channels, strides is stride and use_bias is bias here"),
    ("Pool(pool_size=2)", "pool_size is kernel_size here"),
    ("Dropout(rate=0.5)", "rate is p here"),
    ("LayerNorm(axis=-1)", "axis is normalized_shape here; numbers of axes there, their lengths here; omit it for the last axis"),
    ("Upsample(size=2, interpolation='nearest')", "interpolation is mode here"),
    ("LSTM(units=64)", f"units is hidden_size here; {LAST}. Also, input_size is missing; None takes it from the input"),
    ("Concat(pc.Identity(), axis=-1)", "axis is dim here; it takes outputs; paramcalc takes branches; its axes include the batch; the last by default, the first here"),
    ('Conv2d(3, 8, 3, activation="relu")', RELU),
    ("Dense(3, 8, activation=min)", "activation is not an argument; add Activation(...) after it"),
    ("Dense(3, 8, trainable=False)", "trainable is not an argument; freeze it: Frozen(Dense(...))"),
    ("Dense(None, 8, input_shape=(784,))", "input_shape is not an argument; put Input(784) before it"),
    ("Dense(None, 8, input_dim=784)", "input_dim is not an argument; put Input(784) before it"),
    ("Dense(None, 8, batch_input_shape=(None, 28, 28))", "batch_input_shape is not an argument; put Input(28, 28) before it"),
    ("Conv2d(3, 8, 3, kernal_size=3)", "kernal_size is not an argument; did you mean kernel_size?"),
    ("Conv2d(3, 8, 3, pad=1)", "pad is not an argument; did you mean padding?"),
    ("Dense(3, 8, pad=1, in_feature=3)", "pad is not an argument; it takes in_features, out_features and bias. Also, in_feature is not an argument; did you mean in_features?"),
    ("Dense(in_feature=3, out_features=8)", "in_feature is not an argument; did you mean in_features? Also, in_features is missing; None takes it from the input"),
    ("Identity(size=3)", "size is not an argument; it takes none"),
    # That are missing.
    ("Dense(10)", "out_features is missing; Dense(None, 10) takes in_features from the input"),
    ("Dense(out_features=10)", "in_features is missing; None takes it from the input"),
    ("Dense(units=10)", "units is out_features here. Also, in_features is missing; None takes it from the input"),
    ("Conv2d(32, 3)", f"kernel_size is missing; Conv2d(None, 32, 3) {OPEN}"),
    ("Conv2d(32, kernel_size=(3, 5))", f"out_channels is missing; Conv2d(None, 32, (3, 5)) {OPEN}"),
    ("ConvTranspose2d(32, 3, stride=2)", f"kernel_size is missing; ConvTranspose2d(None, 32, 3) {OPEN}"),
    ("Conv2d(32)", "out_channels and kernel_size are missing"),
    ("Conv2d()", "in_channels, out_channels and kernel_size are missing; None for in_channels takes it from the input"),
    ('Conv2d(32, (3, 3), activation="relu", input_shape=(28, 28, 1))', f"{RELU}. Also, input_shape is not an argument; put Input(28, 28, 1) before it. Also, kernel_size is missing; Conv2d(None, 32, (3, 3)) {OPEN}"),
    ("GroupNorm(32)", "num_channels is missing; None takes it from the input"),
    ("MultiheadAttention(8)", "num_heads is missing"),
    ("Pool()", "kernel_size is missing"),
    ("Graph()", "inputs and outputs are missing"),
    # That are too many.
    ("Dense(784, 10, True, 'cpu')", "takes 3 arguments by position (in_features, out_features, bias), got 4"),
    ("BatchNorm(64, True, True, 1e-5, 0.1)", "takes 3 arguments by position (num_features, affine, track_running_stats), got 5; give bias, scale and data_format by name"),
    ("Pool(2, 2, 0, 1, False, 'avg')", "takes 5 arguments by position (kernel_size, stride, padding, dilation, ceil_mode), got 6; give mode and data_format by name"),
    ("Conv2d(3, 8, 3, 1, 0, 1, 1, True, 'zeros')", "takes 8 arguments by position (in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias), got 9; give data_format by name"),
    ("Dropout(0.5, True)", "takes 1 argument by position (p), got 2"),
    ("Identity(64)", "takes no argument by position, got 1"),
    ("GlobalPool(2)", "takes no argument by position, got 1; give mode and data_format by name"),
    ("Parameters((3, 4))", "takes no argument by position, got 1; give shapes by name"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[call for call, _ in CALLS])
def test_words_of_arguments_that_are_wrong_or_missing(call: str, words: str) -> None:
    with pytest.raises(TypeError) as caught:
        eval(f"pc.{call}", {"pc": pc})  # noqa: S307
    assert str(caught.value) == f"{call.partition('(')[0]}: {words}"


@pytest.mark.parametrize(
    "row", [row for row in ROWS if not row.is_network], ids=lambda row: row.name
)
def test_python_names_the_public_class_too(row: Any) -> None:
    """Of an argument that is given twice, it says so before any code of ours."""
    layer = row.examples()[0]
    arguments = [
        one.name
        for one in signature(row.kind).parameters.values()
        if one.kind is one.POSITIONAL_OR_KEYWORD
    ]
    if arguments:
        with pytest.raises(TypeError) as caught:
            row.kind(getattr(layer, arguments[0]), **{arguments[0]: 3})
        assert (
            str(caught.value) == f"{row.name}() got multiple values for argument '{arguments[0]}'"
        )
    with pytest.raises(TypeError, match=f"^{row.name}: "):
        row.kind(*[3] * 9, nothing=3)


def test_the_arguments_of_a_class_are_those_that_can_be_given() -> None:
    shown = str(signature(pc.Dense))
    assert shown == "(in_features: 'int | None', out_features: 'int', bias: 'bool' = True)"
    assert list(signature(pc.Input).parameters) == ["lengths", "shape", "data_format"]
    assert list(signature(pc.BatchNorm).parameters) == [
        "num_features", "affine", "track_running_stats", "bias", "scale", "data_format",
    ]  # fmt: skip


def test_what_changes_nothing_are_arguments_of_the_frameworks() -> None:
    path = ROOT / "tests" / "conformance" / "names.json"
    golden: dict[str, Any] = json.loads(path.read_text("utf-8"))
    theirs: set[str] = set()
    for tool in ("torch", "keras"):
        for one in counterparts(tool):
            theirs |= {*(golden[tool][one.name] or []), *one.arguments}
    # The first are of all layers of Keras 3; then those of torch's activations, and of Keras 2.
    theirs |= {"autocast", "name", "dtype", "trainable", "zero_output_for_mask"}
    theirs |= {"approximate", "alpha", "beta", "lambd", "max_val", "min_val", "implementation"}
    assert {*NEUTRAL.split()} <= theirs | {"input_length"}
    fields = {field for row in ROWS for field in row.fields}
    assert {one for one in fields if changes_nothing(one)} == {"name", "data_format"}
