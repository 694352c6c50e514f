"""Write the costs that other tools print: python tests/conformance/make_costs.py fvcore.

Each tool is run where it is installed and puts its part into costs.json; the tests need none:

- `fvcore` and `torchinfo`: torch, torchvision and the two; the networks are torchvision's;
- `tensorflow`: tensorflow, with the Keras it brings.

What is not torchvision's is translated from networks of paramcalc: only what they are made of is
taken from there, and no count but that of the parameters, for a check of the translation.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial, reduce
from math import prod
from operator import add, mul
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).with_name("costs.json")
ROOT = Path(__file__).parents[2]
IMAGE = (3, 224, 224)
NETWORKS = ("alexnet", "vgg16", "resnet50", "mobilenet_v2")
CASES: dict[str, tuple[str, tuple[int, ...]]] = {
    "conv2d": ("Conv2d(3, 8, 3)", (3, 9, 11)),
    "conv2d_no_bias": ("Conv2d(3, 8, 3, bias=False)", (3, 9, 11)),
    "conv2d_padded": ("Conv2d(3, 8, 3, padding=1)", (3, 9, 11)),
    "conv2d_strided": ("Conv2d(3, 8, 3, stride=2, padding=1)", (3, 9, 11)),
    "conv2d_dilated": ("Conv2d(3, 8, 3, padding=2, dilation=2)", (3, 9, 11)),
    "conv2d_same": ('Conv2d(3, 8, 4, padding="same")', (3, 9, 11)),
    "conv2d_uneven": ("Conv2d(3, 8, (3, 5), stride=(2, 1), padding=(1, 2))", (3, 9, 11)),
    "conv2d_grouped": ("Conv2d(4, 8, 3, padding=1, groups=2)", (4, 9, 11)),
    "conv2d_depthwise": ("Conv2d(6, 6, 3, padding=1, groups=6)", (6, 9, 11)),
    "conv2d_pointwise": ("Conv2d(6, 4, 1)", (6, 9, 11)),
    "conv1d": ("Conv1d(3, 8, 5, padding=2)", (3, 13)),
    "conv3d": ("Conv3d(3, 8, 3, padding=1)", (3, 5, 7, 9)),
    "conv_transpose1d": ("ConvTranspose1d(4, 6, 3, stride=2)", (4, 7)),
    "conv_transpose2d": ("ConvTranspose2d(4, 6, 3, stride=2)", (4, 5, 7)),
    "conv_transpose2d_no_bias": ("ConvTranspose2d(4, 6, 3, stride=2, bias=False)", (4, 5, 7)),
    "conv_transpose2d_padded": (
        "ConvTranspose2d(4, 6, 4, stride=2, padding=1, bias=False)",
        (4, 5, 7),
    ),
    "dense": ("Dense(7, 5)", (7,)),
    "dense_no_bias": ("Dense(7, 5, bias=False)", (7,)),
    "dense_on_2_axes": ("Dense(7, 5)", (3, 7)),
    "dense_on_3_axes": ("Dense(7, 5)", (2, 3, 7)),
    "batch_norm": ("BatchNorm(6)", (6, 5, 7)),
    "batch_norm_not_affine": ("BatchNorm(6, affine=False)", (6, 5, 7)),
    "batch_norm_of_features": ("BatchNorm(6)", (6,)),
    "layer_norm": ("LayerNorm(7)", (5, 7)),
    "layer_norm_no_bias": ("LayerNorm(7, bias=False)", (5, 7)),
    "layer_norm_not_affine": ("LayerNorm(7, elementwise_affine=False)", (5, 7)),
    "rms_norm": ("RMSNorm(7)", (5, 7)),
    "group_norm": ("GroupNorm(2, 6)", (6, 5, 7)),
    "group_norm_not_affine": ("GroupNorm(2, 6, affine=False)", (6, 5, 7)),
    "instance_norm": ("InstanceNorm(6)", (6, 5, 7)),
    "instance_norm_affine": ("InstanceNorm(6, affine=True)", (6, 5, 7)),
    "relu": ('Activation("relu")', (6, 5, 7)),
    "relu6": ('Activation("relu6")', (6, 5, 7)),
    "sigmoid": ('Activation("sigmoid")', (6, 5, 7)),
    "tanh": ('Activation("tanh")', (6, 5, 7)),
    "silu": ('Activation("silu")', (6, 5, 7)),
    "gelu": ('Activation("gelu")', (6, 5, 7)),
    "softmax": ('Activation("softmax")', (7,)),
    "prelu": ("PReLU(6)", (6, 5, 7)),
    "max_pool": ("Pool(3, stride=2)", (6, 5, 7)),
    "max_pool_padded": ("Pool(3, stride=2, padding=1)", (6, 5, 7)),
    "max_pool1d": ("Pool(3, stride=2)", (6, 13)),
    "max_pool3d": ("Pool(2)", (6, 4, 6, 8)),
    "avg_pool": ('Pool(2, mode="avg")', (6, 4, 8)),
    "avg_pool_padded": ('Pool(3, stride=2, padding=1, mode="avg")', (6, 5, 7)),
    "avg_pool1d": ('Pool(3, stride=2, mode="avg")', (6, 13)),
    "avg_pool3d": ('Pool(2, mode="avg")', (6, 4, 6, 8)),
    "adaptive_pool": ("AdaptivePool((2, 3))", (6, 4, 9)),
    "adaptive_pool_uneven": ("AdaptivePool((2, 3))", (6, 5, 7)),
    "adaptive_pool_to_itself": ("AdaptivePool((5, 7))", (6, 5, 7)),
    "adaptive_pool_to_1": ("AdaptivePool(1)", (6, 5, 7)),
    "adaptive_pool_max": ('AdaptivePool((2, 3), mode="max")', (6, 4, 9)),
    "adaptive_pool1d": ("AdaptivePool(1)", (6, 13)),
    "adaptive_pool3d": ("AdaptivePool(1)", (6, 4, 6, 8)),
    "global_pool": ("GlobalPool()", (6, 5, 7)),
    "global_pool_max": ('GlobalPool(mode="max")', (6, 5, 7)),
    "global_pool1d": ("GlobalPool()", (6, 13)),
    "add": ("Add(Identity(), Identity())", (6, 5, 7)),
    "add_of_3": ("Add(Identity(), Identity(), Identity())", (6, 5, 7)),
    "multiply": ("Multiply(Identity(), Identity())", (6, 5, 7)),
    "multiply_broadcast": ("Multiply(Identity(), AdaptivePool(1))", (6, 5, 7)),
    "concat": ("Concat(Identity(), Identity())", (6, 5, 7)),
    "flatten": ("Flatten()", (6, 5, 7)),
    "dropout": ("Dropout(0.5)", (6, 5, 7)),
    "identity": ("Identity()", (6, 5, 7)),
    "pad": ("Pad(1)", (6, 5, 7)),
    "upsample": ("Upsample(scale_factor=2)", (6, 5, 7)),
    "upsample_bilinear": ('Upsample(scale_factor=2, mode="bilinear")', (6, 5, 7)),
    "embedding": ("Embedding(11, 6)", (5,)),
    "rnn": ("RNN(4, 3)", (5, 4)),
    "lstm": ("LSTM(4, 3)", (5, 4)),
    "lstm_2_layers": ("LSTM(4, 3, num_layers=2)", (5, 4)),
    "lstm_bidirectional": ("LSTM(4, 3, bidirectional=True)", (5, 4)),
    "gru": ("GRU(4, 3)", (5, 4)),
    "attention": ("MultiheadAttention(6, 2)", (5, 6)),
    "attention_no_bias": ("MultiheadAttention(6, 2, bias=False)", (5, 6)),
    "conv_norm_relu": (
        'Sequential(Conv2d(3, 8, 3, padding=1, bias=False), BatchNorm(8), Activation("relu"))',
        (3, 9, 11),
    ),
    "residual": (
        "Add(body=Sequential(Conv2d(6, 6, 3, padding=1), BatchNorm(6)), skip=Identity())",
        (6, 5, 7),
    ),
    "squeeze_and_excite": (
        (
            "Multiply(Identity(), Sequential(AdaptivePool(1), Conv2d(6, 2, 1), "
            'Activation("relu"), Conv2d(2, 6, 1), Activation("sigmoid")))'
        ),
        (6, 5, 7),
    ),
    "small": (
        (
            'Sequential(Conv2d(3, 8, 3, padding=1), Activation("relu"), Pool(2), Flatten(), '
            'Dense(192, 10), Activation("relu"), Dropout(0.5), Dense(10, 4))'
        ),
        (3, 9, 12),
    ),
}


class UntranslatableError(Exception):
    """The framework has no such layer, or not with these options."""


def refuse(condition: object) -> None:
    if condition:
        raise UntranslatableError


@contextmanager
def quiet() -> Generator[None]:
    """Nothing but what the tool counts: no warnings, nor words on what it does not count."""
    logging: Any = importlib.import_module("logging")
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def paramcalc() -> Any:
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module("paramcalc")


def case(name: str) -> tuple[Any, tuple[int, ...]]:
    """The network and its input."""
    text, shape = CASES[name]
    library = paramcalc()
    names = {one: getattr(library, one) for one in library.__all__}
    return eval(text, names), shape  # noqa: S307  # what stands above


def network(name: str) -> Any:
    paramcalc()
    zoo: Any = importlib.import_module("paramcalc.zoo")
    return getattr(zoo, name)()


class Translator:
    """A method for each kind of layer, named after it."""

    def of(self, layer: Any) -> Callable[..., Any]:
        kind = type(layer).__name__.lower()
        found: Callable[..., Any] | None = getattr(self, kind, None)
        if found is None or kind in ("of", "model"):
            raise UntranslatableError(kind)
        return partial(found, layer)


# torch


class Torch(Translator):
    """Modules of torch, for inputs with the channels first."""

    def __init__(self) -> None:
        self.torch: Any = importlib.import_module("torch")
        self.nn = self.torch.nn

    def model(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.made(layer, shape).eval()

    def made(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.of(layer)(shape)

    def spatial(self, name: str, shape: tuple[int, ...]) -> Any:
        return getattr(self.nn, f"{name}{len(shape) - 1}d")

    def merging(self, layer: Any, shape: tuple[int, ...], merge: Callable[..., Any]) -> Any:
        branches = self.nn.ModuleList([self.made(one, shape) for one in layer])
        module_class: Any = self.nn.Module

        def forward(module: Any, x: Any) -> Any:
            return merge([branch(x) for branch in module.branches])

        module = type(type(layer).__name__, (module_class,), {"forward": forward})()
        module.branches = branches
        return module

    def add(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.merging(layer, shape, partial(reduce, add))

    def multiply(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.merging(layer, shape, partial(reduce, mul))

    def concat(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.merging(layer, shape, partial(self.torch.cat, dim=layer.dim + 1))

    def sequential(self, layer: Any, shape: tuple[int, ...]) -> Any:
        modules: list[Any] = []
        for one in layer:
            modules.append(self.made(one, shape))
            shape = one.output_shape(shape)
        return self.nn.Sequential(*modules)

    def conv(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.spatial("Conv", shape)(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,
            layer.stride,
            layer.padding,
            layer.dilation,
            layer.groups,
            layer.bias,
        )

    conv1d = conv2d = conv3d = conv

    def transposed(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.spatial("ConvTranspose", shape)(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,
            layer.stride,
            layer.padding,
            layer.output_padding,
            layer.groups,
            layer.bias,
            layer.dilation,
        )

    convtranspose1d = convtranspose2d = convtranspose3d = transposed

    def dense(self, layer: Any, _: Any) -> Any:
        return self.nn.Linear(layer.in_features, layer.out_features, layer.bias)

    def batchnorm(self, layer: Any, shape: tuple[int, ...]) -> Any:
        one = self.nn.BatchNorm1d if len(shape) == 1 else self.spatial("BatchNorm", shape)
        return one(layer.num_features, affine=layer.affine)

    def instancenorm(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.spatial("InstanceNorm", shape)(layer.num_features, affine=layer.affine)

    def groupnorm(self, layer: Any, _: Any) -> Any:
        return self.nn.GroupNorm(layer.num_groups, layer.num_channels, affine=layer.affine)

    def layernorm(self, layer: Any, _: Any) -> Any:
        affine = layer.elementwise_affine
        return self.nn.LayerNorm(layer.normalized_shape, 1e-5, affine, layer.bias)

    def rmsnorm(self, layer: Any, _: Any) -> Any:
        return self.nn.RMSNorm(layer.normalized_shape)

    def activation(self, layer: Any, _: Any) -> Any:
        if layer.name == "softmax":
            return self.nn.Softmax(-1)
        names = {"relu": "ReLU", "relu6": "ReLU6", "silu": "SiLU", "gelu": "GELU"}
        name = str(layer.name)
        return getattr(self.nn, names.get(name, name.title()))()

    def prelu(self, layer: Any, _: Any) -> Any:
        return self.nn.PReLU(layer.num_parameters)

    def pool(self, layer: Any, shape: tuple[int, ...]) -> Any:
        pool = self.spatial(f"{layer.mode.title()}Pool", shape)
        return pool(layer.kernel_size, layer.stride, layer.padding)

    def adaptivepool(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.spatial(f"Adaptive{layer.mode.title()}Pool", shape)(layer.output_size)

    def globalpool(self, layer: Any, shape: tuple[int, ...]) -> Any:
        pool = self.spatial(f"Adaptive{layer.mode.title()}Pool", shape)(1)
        return self.nn.Sequential(pool, self.nn.Flatten())

    def flatten(self, layer: Any, _: Any) -> Any:
        return self.nn.Flatten()

    def dropout(self, layer: Any, _: Any) -> Any:
        return self.nn.Dropout(layer.p)

    def identity(self, layer: Any, _: Any) -> Any:
        return self.nn.Identity()

    def pad(self, layer: Any, shape: tuple[int, ...]) -> Any:
        return self.spatial("ConstantPad", shape)(layer.padding, 0.0)

    def upsample(self, layer: Any, _: Any) -> Any:
        return self.nn.Upsample(scale_factor=layer.scale_factor, mode=layer.mode)

    def embedding(self, layer: Any, _: Any) -> Any:
        return self.nn.Embedding(layer.num_embeddings, layer.embedding_dim)

    def recurrent(self, layer: Any, _: Any) -> Any:
        return getattr(self.nn, type(layer).__name__)(
            layer.input_size,
            layer.hidden_size,
            layer.num_layers,
            batch_first=True,
            bidirectional=layer.bidirectional,
        )

    rnn = lstm = gru = recurrent

    def multiheadattention(self, layer: Any, _: Any) -> Any:
        attention: Any = self.nn.MultiheadAttention(
            layer.embed_dim, layer.num_heads, bias=layer.bias, batch_first=True
        )
        # The one input is query, key and value.
        attention.forward = partial(self.attend, attention.forward)
        return attention

    def attend(self, forward: Any, x: Any) -> Any:
        return forward(x, x, x)

    def example(self, layer: Any, shape: tuple[int, ...]) -> Any:
        if type(layer).__name__ == "Embedding":
            return self.torch.zeros((1, *shape), dtype=self.torch.long)
        return self.torch.zeros((1, *shape))


def torchvision_models() -> Any:
    """The networks of torchvision."""
    return importlib.import_module("make_torchvision").load_torchvision().models


def fvcore(versions: Callable[..., dict[str, str]]) -> dict[str, Any]:
    """FlopCountAnalysis, of modules in eval()."""
    fvcore: Any = importlib.import_module("fvcore.nn")
    translator = Torch()
    models = torchvision_models()

    def analysis(model: Any, example: Any) -> Any:
        return fvcore.FlopCountAnalysis(model, example).unsupported_ops_warnings(False)

    def count(name: str) -> int:
        layer, shape = case(name)
        model = translator.model(layer, shape)
        return int(analysis(model, translator.example(layer, shape)).total())

    networks: dict[str, int] = {}
    operators: dict[str, dict[str, int]] = {}
    for name in NETWORKS:
        model = getattr(models, name)(weights=None).eval()
        found = analysis(model, translator.torch.zeros((1, *IMAGE)))
        networks[name] = int(found.total())
        operators[name] = {key: int(value) for key, value in found.by_operator().items()}
    return {
        "figure": "fvcore.nn.FlopCountAnalysis(model.eval(), zeros(1, ...)).total()",
        "versions": versions("fvcore", "torch", "torchvision"),
        "networks": networks,
        "networks_by_operator": operators,
        "layers": {name: attempt(partial(count, name)) for name in CASES},
    }


def torchinfo(versions: Callable[..., dict[str, str]]) -> dict[str, Any]:
    """The total mult-adds of torchinfo.summary, which sets eval() by itself."""
    torchinfo: Any = importlib.import_module("torchinfo")
    translator = Torch()
    models = torchvision_models()

    def total(model: Any, example: Any) -> Any:
        return torchinfo.summary(model, input_data=example, verbose=0)

    def count(name: str) -> int:
        layer, shape = case(name)
        model = translator.model(layer, shape)
        return int(total(model, translator.example(layer, shape)).total_mult_adds)

    networks: dict[str, int] = {}
    printed: dict[str, str] = {}
    for name in NETWORKS:
        model = getattr(models, name)(weights=None)
        found = total(model, translator.torch.zeros((1, *IMAGE)))
        networks[name] = int(found.total_mult_adds)
        lines = [line for line in str(found).splitlines() if "mult-adds" in line]
        printed[name] = lines[0]
    return {
        "figure": "torchinfo.summary(model, input_data=zeros(1, ...)).total_mult_adds",
        "versions": versions("torchinfo", "torch", "torchvision"),
        "networks": networks,
        "networks_printed": printed,
        "layers": {name: attempt(partial(count, name)) for name in CASES},
    }


# TensorFlow


def channels_last(layer: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape as it is for layers to which the last axis is the features."""
    features = ("Dense", "LayerNorm", "RMSNorm", "RNN", "LSTM", "GRU", "MultiheadAttention")
    if type(layer).__name__ in features or len(shape) < 2:
        return shape
    return (*shape[1:], shape[0])


def same_parameters(layer: Any, translated: int) -> None:
    """Stop if the translation has other parameters than the network."""
    if translated != layer.num_params():
        raise ValueError(f"{translated:,} parameters, not {layer.num_params():,}")


class Keras(Translator):
    """Layers of Keras on TensorFlow, for inputs with the channels last."""

    def __init__(self) -> None:
        self.tf: Any = importlib.import_module("tensorflow")
        self.keras = self.tf.keras
        self.layers = self.keras.layers

    def model(self, layer: Any, shape: tuple[int, ...]) -> Any:
        dtype = "int32" if type(layer).__name__ == "Embedding" else "float32"
        x = self.keras.Input(channels_last(layer, shape), batch_size=1, dtype=dtype)
        return self.keras.Model(x, self.called(layer, x))

    def called(self, layer: Any, x: Any) -> Any:
        return self.of(layer)(x)

    def branches(self, layer: Any, x: Any) -> list[Any]:
        return [self.called(one, x) for one in layer]

    def add(self, layer: Any, x: Any) -> Any:
        return self.layers.Add()(self.branches(layer, x))

    def multiply(self, layer: Any, x: Any) -> Any:
        return self.layers.Multiply()(self.branches(layer, x))

    def concat(self, layer: Any, x: Any) -> Any:
        refuse(layer.dim)
        return self.layers.Concatenate()(self.branches(layer, x))

    def sequential(self, layer: Any, x: Any) -> Any:
        for one in layer:
            x = self.called(one, x)
        return x

    def spatial(self, name: str, x: Any) -> Any:
        return getattr(self.layers, f"{name}{len(x.shape) - 2}D")

    def padded(self, padding: tuple[int, ...], x: Any) -> Any:
        """The input with zeros around it, for a layer with padding="valid"."""
        if not any(padding):
            return x
        return self.spatial("ZeroPadding", x)(padding[0] if len(padding) == 1 else padding)(x)

    def conv(self, layer: Any, x: Any) -> Any:
        options = {
            "strides": layer.stride,
            "padding": "same" if layer.padding == "same" else "valid",
            "dilation_rate": layer.dilation,
            "use_bias": layer.bias,
        }
        if layer.padding != "same":
            x = self.padded(layer.padding, x)
        if layer.groups == x.shape[-1] == layer.out_channels and len(x.shape) < 5:
            return self.spatial("DepthwiseConv", x)(layer.kernel_size, **options)(x)
        conv = self.spatial("Conv", x)
        return conv(layer.out_channels, layer.kernel_size, groups=layer.groups, **options)(x)

    conv1d = conv2d = conv3d = conv

    def transposed(self, layer: Any, x: Any) -> Any:
        refuse(layer.groups > 1 or any(layer.output_padding) or max(layer.dilation) > 1)
        refuse(any(layer.padding))
        name = f"Conv{len(x.shape) - 2}DTranspose"
        conv = getattr(self.layers, name)
        return conv(layer.out_channels, layer.kernel_size, layer.stride, use_bias=layer.bias)(x)

    convtranspose1d = convtranspose2d = convtranspose3d = transposed

    def dense(self, layer: Any, x: Any) -> Any:
        return self.layers.Dense(layer.out_features, use_bias=layer.bias)(x)

    def batchnorm(self, layer: Any, x: Any) -> Any:
        return self.layers.BatchNormalization(center=layer.affine, scale=layer.affine)(x)

    def instancenorm(self, layer: Any, x: Any) -> Any:
        affine = layer.affine
        return self.layers.GroupNormalization(-1, center=affine, scale=affine)(x)

    def groupnorm(self, layer: Any, x: Any) -> Any:
        affine = layer.affine
        return self.layers.GroupNormalization(layer.num_groups, center=affine, scale=affine)(x)

    def layernorm(self, layer: Any, x: Any) -> Any:
        affine = layer.elementwise_affine
        return self.layers.LayerNormalization(center=affine and layer.bias, scale=affine)(x)

    def rmsnorm(self, _: Any, x: Any) -> Any:
        return self.layers.RMSNormalization()(x)

    def activation(self, layer: Any, x: Any) -> Any:
        return self.layers.Activation(layer.name)(x)

    def prelu(self, _: Any, x: Any) -> Any:
        return self.layers.PReLU(shared_axes=list(range(1, len(x.shape) - 1)))(x)

    def pool(self, layer: Any, x: Any) -> Any:
        rank = len(x.shape) - 2
        x = self.padded((layer.padding,) * rank, x)
        name = "MaxPooling" if layer.mode == "max" else "AveragePooling"
        return self.spatial(name, x)(layer.kernel_size, layer.stride)(x)

    def adaptivepool(self, layer: Any, x: Any) -> Any:
        lengths = tuple(x.shape[1:-1])
        counts = layer.output_shape((x.shape[-1], *lengths))[1:]
        if lengths == counts:
            return x
        refuse([one for one, other in zip(lengths, counts, strict=True) if one % other])
        if set(counts) == {1}:
            return self.whole(layer.mode, x, keepdims=True)
        window = tuple(one // other for one, other in zip(lengths, counts, strict=True))
        name = "MaxPooling" if layer.mode == "max" else "AveragePooling"
        return self.spatial(name, x)(window)(x)

    def globalpool(self, layer: Any, x: Any) -> Any:
        return self.whole(layer.mode, x, keepdims=False)

    def whole(self, mode: str, x: Any, keepdims: bool) -> Any:
        name = "GlobalMaxPooling" if mode == "max" else "GlobalAveragePooling"
        return self.spatial(name, x)(keepdims=keepdims)(x)

    def flatten(self, _: Any, x: Any) -> Any:
        return self.layers.Flatten()(x)

    def dropout(self, layer: Any, x: Any) -> Any:
        return self.layers.Dropout(layer.p)(x)

    def identity(self, _: Any, x: Any) -> Any:
        return self.layers.Identity()(x)

    def pad(self, layer: Any, x: Any) -> Any:
        return self.padded((layer.padding,) * (len(x.shape) - 2), x)

    def upsample(self, layer: Any, x: Any) -> Any:
        size = (layer.scale_factor,) * (len(x.shape) - 2)
        return self.spatial("UpSampling", x)(size, interpolation=layer.mode)(x)

    def embedding(self, layer: Any, x: Any) -> Any:
        return self.layers.Embedding(layer.num_embeddings, layer.embedding_dim)(x)

    def recurrent(self, layer: Any, x: Any) -> Any:
        name = {"RNN": "SimpleRNN"}.get(type(layer).__name__, type(layer).__name__)
        for _ in range(layer.num_layers):
            one = getattr(self.layers, name)(layer.hidden_size, return_sequences=True)
            x = (self.layers.Bidirectional(one) if layer.bidirectional else one)(x)
        return x

    rnn = lstm = gru = recurrent

    def multiheadattention(self, layer: Any, x: Any) -> Any:
        each = layer.embed_dim // layer.num_heads
        return self.layers.MultiHeadAttention(layer.num_heads, each, use_bias=layer.bias)(x, x)


def tensorflow(versions: Callable[..., dict[str, str]]) -> dict[str, Any]:
    """The float operations that the profiler finds in the frozen graph of model(x, training=False).

    It counts the operations that TensorFlow has registered, and takes no note of others.
    """
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    translator = Keras()
    tf = translator.tf
    freezing: Any = importlib.import_module("tensorflow.python.framework.convert_to_constants")
    profiler = tf.compat.v1.profiler

    def operations(model: Any) -> dict[str, int]:
        def call(x: Any) -> Any:
            return model(x, training=False)

        (before,) = model.inputs
        signature = tf.TensorSpec(before.shape, before.dtype)
        concrete = tf.function(call).get_concrete_function(signature)
        frozen = freezing.convert_variables_to_constants_v2(concrete)
        with tf.Graph().as_default() as graph:
            tf.graph_util.import_graph_def(frozen.graph.as_graph_def(), name="")
            options = profiler.ProfileOptionBuilder.float_operation()
            options["output"] = "none"
            found = profiler.profile(graph, cmd="op", options=options)
        total = int(found.total_float_ops)
        each: dict[str, int] = {}
        while found.children:  # One in another, and the operations of one kind in each.
            (found,) = found.children
            each[found.name] = int(found.float_ops)
        if total != sum(each.values()):
            raise ValueError(f"{each} are not {total:,} in all")
        return each

    def count(name: str) -> int:
        layer, shape = case(name)
        return sum(operations(translator.model(layer, shape)).values())

    networks: dict[str, int] = {}
    operators: dict[str, dict[str, int]] = {}
    for name in NETWORKS:
        layer = network(name)
        model = translator.model(layer, IMAGE)
        same_parameters(layer, sum(prod(one.shape) for one in model.trainable_variables))
        operators[name] = operations(model)
        networks[name] = sum(operators[name].values())
    return {
        "figure": "tf.compat.v1.profiler.profile(graph, options=float_operation).total_float_ops",
        "versions": {**versions("keras"), "tensorflow": tf.__version__},
        "networks": networks,
        "networks_by_operation": operators,
        "layers": {name: attempt(partial(count, name)) for name in CASES},
    }


def attempt(count: Callable[[], int]) -> int | None:
    """The figure, or None where the layer cannot be made, or the tool fails."""
    try:
        return count()
    except UntranslatableError:
        return None


TOOLS = {"fvcore": fvcore, "torchinfo": torchinfo, "tensorflow": tensorflow}


def versions_of(*names: str) -> dict[str, str]:
    metadata: Any = importlib.import_module("importlib.metadata")
    found = {name: str(metadata.version(name)) for name in names}
    return {"python": platform.python_version(), **found}


def main() -> None:
    """Run the tools named on the command line, and keep what is written of the others."""
    golden: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}
    tools = golden.get("tools", {})
    for name in sys.argv[1:]:
        with quiet():
            tools[name] = TOOLS[name](versions_of)
    golden = {
        "image": list(IMAGE),
        "cases": {
            name: {"network": text, "input_shape": list(shape)}
            for name, (text, shape) in CASES.items()
        },
        "tools": {name: tools[name] for name in TOOLS if name in tools},
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
