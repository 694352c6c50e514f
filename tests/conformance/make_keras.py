"""Writes keras.jsonl.gz: what Keras makes of random layers, right and wrong ones.

Run by hand, where Keras 3.15.1 and torch 2.13 are installed:
`KERAS_BACKEND=torch python tests/conformance/make_keras.py`. paramcalc is not imported, so that its
answers cannot leak into those it is compared with.

Fields are those of paramcalc; what they are in Keras is said here. Keras takes the channels that
arrive: where some are stated, the layer is built on them first, and refuses others. What it has
no field for is done by a layer before or after, as people do: ZeroPadding before a convolution,
Cropping after a transposed one, one recurrent layer on another.

Each layer is called on a batch of zeros. With `--symbolic` it is called on a symbolic tensor as
well; nothing is written then, but each case printed in which that says something else. Of 10,824
these were 329 that fail in the call alone, and one of another shape.
"""

from __future__ import annotations

import importlib
import platform
import random
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from generator import (
    BATCH,
    SEED,
    Config,
    Fields,
    Recipe,
    adaptive_pool,
    attention,
    axes,
    channel_norm,
    concat,
    configurations,
    conv,
    crop,
    dense,
    elementwise,
    embedding,
    flatten,
    global_pool,
    group_norm,
    last_axes_norm,
    pad,
    pairs,
    permute,
    pool,
    prelu,
    recurrent,
    reshape,
    upsample,
)
from records import entries, refusal, tuples, window_rank, write

GOLDEN = Path(__file__).with_name("keras.jsonl.gz")
REFUSALS = (
    AssertionError,
    AttributeError,  # No MaxPooling4D, for one.
    IndexError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)

# Configurations: those of generator.py, but for what Keras lacks, and more of what it has.


def either_format(rng: random.Random, config: Config, last_alone: bool = False) -> Config:
    """Channels last as often as first."""
    fields, shape = config
    fields = dict(fields)
    was_last = fields.pop("data_format", "") == "channels_last"
    channels, others = (shape[-1], shape[:-1]) if was_last else (shape[0], shape[1:])
    if last_alone or rng.random() < 0.5:
        return fields | {"data_format": "channels_last"}, [*others, channels]
    return fields, [channels, *others]


def without(fields: Fields, *names: str) -> Fields:
    return {name: one for name, one in fields.items() if name not in names}


def keras_conv(rng: random.Random, rank: int, transposed: bool) -> Config:
    fields, shape = conv(rng, rank, transposed)
    padding = rng.choice(["same"] * 5 + ["valid"] * 3 + ["pairs", "causal", "sides"])
    if padding == "causal":
        size, step = fields["kernel_size"], fields.get("dilation", 1)
        if rank > 1 or transposed or entries(size) or entries(step):
            padding = "valid"
        else:
            fields["padding"] = [[step * (size - 1), 0]]
    if padding == "pairs":
        fields["padding"] = pairs(rng, rank, 3)
    elif padding == "sides":
        fields["padding"] = axes(rng, rank, 0, 3)
    elif padding != "causal":
        fields["padding"] = padding
    if padding == "same" and rng.random() < 0.7:
        fields.pop("output_padding", None)
    if transposed:
        fields.pop("groups", None)
    return either_format(rng, (fields, shape))


def keras_pool(rng: random.Random) -> Config:
    fields, shape = pool(rng)
    fields = without(fields, "dilation", "ceil_mode", "padding")
    fields |= rng.choice([{}, {"padding": "valid"}, {"padding": "same"}, {"padding": "same"}])
    return either_format(rng, (fields, shape))


def keras_adaptive_pool(rng: random.Random) -> Config:
    fields, shape = adaptive_pool(rng)
    size = fields["output_size"]
    if rng.random() < 0.3:
        size = 1
    elif isinstance(size, list) and rng.random() < 0.9:
        size = [one or rng.randint(1, 6) for one in (entries(size) or [])]
    return either_format(rng, (fields | {"output_size": size}, shape))


def keras_norm(rng: random.Random, make: Callable[[random.Random], Config]) -> Config:
    fields, shape = make(rng)
    return either_format(rng, (without(fields, "track_running_stats"), shape))


def keras_rms_norm(rng: random.Random) -> Config:
    fields, shape = last_axes_norm(rng, bias=False)
    return without(fields, "elementwise_affine"), shape


def keras_pad(rng: random.Random) -> Config:
    fields, shape = pad(rng)
    return either_format(rng, (without(fields, "mode"), shape))


def keras_crop(rng: random.Random) -> Config:
    fields, shape = crop(rng)
    return either_format(rng, (fields, shape), len(shape) == 2)


def keras_upsample(rng: random.Random) -> Config:
    fields, shape = upsample(rng)
    fields = without(fields, "mode")
    if len(shape) != 3 and "size" in fields:
        fields = {"scale_factor": axes(rng, len(shape) - 1, 1, 3)}
    if len(shape) == 3:
        fields |= rng.choice([{}, {"mode": "nearest"}, {"mode": "bilinear"}, {"mode": "bicubic"}])
    return either_format(rng, (fields, shape), len(shape) == 2)


def keras_permute(rng: random.Random) -> Config:
    fields, shape = permute(rng)
    return {"dims": [dim % len(shape) for dim in fields["dims"]]}, shape


def keras_flatten(rng: random.Random) -> Config:
    return {}, flatten(rng)[1]


def keras_recurrent(rng: random.Random, two_biases: bool) -> Config:
    fields, shape = recurrent(rng, projected=False)
    return fields | {"recurrent_bias": two_biases and rng.random() < 0.5}, shape


def keras_attention(rng: random.Random) -> Config:
    fields, shape = attention(rng)
    return without(fields, "add_bias_kv"), shape


def is_said(layer: str, fields: Fields, shape: list[int]) -> bool:
    """Whether it can be said in Keras at all, be it right or wrong."""
    if layer == "MultiheadAttention":  # It has the size of a head instead of embed_dim.
        heads: int = fields["num_heads"]
        return heads > 0 and fields["embed_dim"] % heads == 0
    if layer == "Upsample":  # Resizing is for images alone, and UpSampling has no size.
        is_image = isinstance(fields.get("size"), int) or len(fields.get("size", ())) == 2
        resizes = "size" in fields and is_image and len(shape) == 3
        return resizes != ("scale_factor" in fields)
    return int(fields.get("num_layers", 1)) > 0


# What Keras makes of them: the layers, and what leaves the last.


@dataclass
class Ask:
    keras: Any
    name: str
    fields: Fields
    x: Any
    last: bool = True
    made: list[Any] = field(default_factory=list[Any])

    @property
    def rank(self) -> int:
        """The spatial axes that arrive."""
        return len(self.x.shape) - 2

    @property
    def axis(self) -> int:
        """That of the channels."""
        return -1 if self.last else 1

    def window_rank(self) -> int:
        return window_rank(self.fields, self.rank)

    def format(self) -> Fields:
        return {"data_format": "channels_last" if self.last else "channels_first"}

    def make(self, name: str, **arguments: Any) -> Any:
        self.made.append(getattr(self.keras.layers, name)(**arguments))
        return self.made[-1]

    def build(self, layer: Any, channels: int | None, rank: int) -> None:
        """On the channels that are stated."""
        if channels is not None:
            others = [None] * rank
            layer.build((None, *others, channels) if self.last else (None, channels, *others))


def is_causal(fields: Fields, padding: Any) -> bool:
    """Whether all that one window needs stands before the axis: Keras has a word for it in 1-D."""
    size, step = fields["kernel_size"], fields.get("dilation", 1)
    numbers = isinstance(size, int) and isinstance(step, int)
    return numbers and bool(padding == ((step * (size - 1), 0),))


def run_conv(ask: Ask) -> Any:
    fields, rank, transposed = ask.fields, int(ask.name[-2]), "Transpose" in ask.name
    padding = fields.get("padding", 0)
    if not transposed and is_causal(fields, padding):
        padding = "causal"
    arguments = {
        "filters": fields["out_channels"],
        "kernel_size": fields["kernel_size"],
        "strides": fields.get("stride", 1),
        "padding": padding if isinstance(padding, str) else "valid",
        "dilation_rate": fields.get("dilation", 1),
        "use_bias": fields.get("bias", True),
        **ask.format(),
    }
    if transposed:
        arguments["output_padding"] = fields.get("output_padding")
    else:
        arguments["groups"] = fields.get("groups", 1)
    module = ask.make(f"Conv{rank}D{'Transpose' * transposed}", **arguments)
    ask.build(module, fields["in_channels"], rank)
    if isinstance(padding, str):
        return module(ask.x)
    if transposed:
        return crop_by(ask, padding, module(ask.x))
    return module(pad_by(ask, padding, ask.x))


def sides(value: Any, rank: int) -> Any:
    """Of one axis Keras has the number or pair alone, not in a tuple."""
    given = entries(value)
    if rank > 1 or given is None:
        return value
    (only,) = given
    return only


def pad_by(ask: Ask, padding: Any, x: Any) -> Any:
    rank = len(entries(padding) or range(ask.rank))
    return ask.make(f"ZeroPadding{rank}D", padding=sides(padding, rank), **ask.format())(x)


def crop_by(ask: Ask, cropping: Any, x: Any) -> Any:
    rank = len(entries(cropping) or range(ask.rank))
    if rank == 1 and not ask.last:  # It has the channels last alone.
        turn = ask.keras.ops.swapaxes
        return turn(ask.make("Cropping1D", cropping=sides(cropping, 1))(turn(x, 1, 2)), 1, 2)
    data_format = ask.format() if rank > 1 else {}
    return ask.make(f"Cropping{rank}D", cropping=sides(cropping, rank), **data_format)(x)


def run_pool(ask: Ask) -> Any:
    kind = {"max": "Max", "avg": "Average"}[ask.fields.get("mode", "max")]
    return ask.make(
        f"{kind}Pooling{ask.window_rank()}D",
        pool_size=ask.fields["kernel_size"],
        strides=ask.fields.get("stride"),
        padding=ask.fields.get("padding", "valid"),
        **ask.format(),
    )(ask.x)


def run_adaptive_pool(ask: Ask) -> Any:
    size = ask.fields["output_size"]
    if size == 1:
        return run_global_pool(ask, default="avg", keepdims=True)
    kind = {"max": "Max", "avg": "Average"}[ask.fields.get("mode", "avg")]
    name = f"Adaptive{kind}Pooling{ask.window_rank()}D"
    return ask.make(name, output_size=size, **ask.format())(ask.x)


def run_global_pool(ask: Ask, default: str = "avg", keepdims: bool = False) -> Any:
    kind = {"max": "Max", "avg": "Average"}[ask.fields.get("mode", default)]
    name = f"Global{kind}Pooling{ask.rank}D"
    return ask.make(name, keepdims=keepdims, **ask.format())(ask.x)


def run_channel_norm(ask: Ask) -> Any:
    affine = ask.fields.get("affine", ask.name != "InstanceNorm")
    arguments = {"scale": affine, "center": affine, "axis": ask.axis}
    if ask.name == "BatchNorm":
        module = ask.make("BatchNormalization", **arguments)
    else:
        groups = ask.fields.get("num_groups", -1)  # As many as there are channels.
        module = ask.make("GroupNormalization", groups=groups, **arguments)
    channels = ask.fields.get("num_channels", ask.fields.get("num_features"))
    ask.build(module, channels, ask.rank)
    return module(ask.x)


def run_last_axes_norm(ask: Ask) -> Any:
    stated = ask.fields["normalized_shape"]
    lengths = (stated,) if isinstance(stated, int) else stated or (None,)
    arguments: Fields = {"axis": [one - len(lengths) for one in range(len(lengths))]}
    if ask.name == "LayerNorm":
        affine = ask.fields.get("elementwise_affine", True)
        arguments |= {"scale": affine, "center": affine and ask.fields.get("bias", True)}
    module = ask.make(f"{ask.name.replace('Norm', 'Normalization')}", **arguments)
    if stated is not None:
        others = [None] * (len(ask.x.shape) - len(lengths))
        module.build((*others, *lengths))
    return module(ask.x)


def run_prelu(ask: Ask) -> Any:
    stated = ask.fields.get("num_parameters", 1)
    channels = ask.x.shape[ask.axis]
    shared = set(range(1, len(ask.x.shape)))
    if stated != 1:
        shared -= {ask.axis % len(ask.x.shape)}
    module = ask.make("PReLU", shared_axes=sorted(shared))
    if stated not in (None, 1, channels):
        shape = [BATCH, *ask.x.shape[1:]]
        shape[ask.axis] = stated
        module.build(tuple(shape))
    return module(ask.x)


def run_pad(ask: Ask) -> Any:
    return pad_by(ask, ask.fields["padding"], ask.x)


def run_crop(ask: Ask) -> Any:
    return crop_by(ask, ask.fields["cropping"], ask.x)


def run_upsample(ask: Ask) -> Any:
    mode = ask.fields.get("mode", "nearest")
    if "size" in ask.fields:
        size = ask.fields["size"]
        height, width = (size, size) if isinstance(size, int) else size
        arguments = {"height": height, "width": width, "interpolation": mode}
        return ask.make("Resizing", **arguments, **ask.format())(ask.x)
    factor, rank = ask.fields["scale_factor"], ask.window_rank()
    arguments = {"size": sides(factor, rank)}
    if mode != "nearest":  # Of other axes than two it is refused.
        arguments["interpolation"] = mode
    return ask.make(f"UpSampling{rank}D", **arguments, **(ask.format() if rank > 1 else {}))(ask.x)


def run_reshape(ask: Ask) -> Any:
    return ask.make("Reshape", target_shape=ask.fields["target_shape"])(ask.x)


def run_permute(ask: Ask) -> Any:
    dims = tuple([dim + 1 for dim in ask.fields["dims"]])
    return ask.make("Permute", dims=dims)(ask.x)


def run_flatten(ask: Ask) -> Any:
    return ask.make("Flatten")(ask.x)


def run_dense(ask: Ask) -> Any:
    bias = ask.fields.get("bias", True)
    module = ask.make("Dense", units=ask.fields["out_features"], use_bias=bias)
    if ask.fields["in_features"] is not None:
        module.build((*[None] * (ask.rank + 1), ask.fields["in_features"]))
    return module(ask.x)


def run_embedding(ask: Ask) -> Any:
    sizes = {"input_dim": "num_embeddings", "output_dim": "embedding_dim"}
    module = ask.make("Embedding", **{key: ask.fields[one] for key, one in sizes.items()})
    return module(ask.keras.ops.cast(ask.x, "int32"))


def run_recurrent(ask: Ask) -> Any:
    fields, x = ask.fields, ask.x
    kind = {"RNN": "SimpleRNN"}.get(ask.name, ask.name)
    number = fields.get("num_layers", 1)
    for position in range(number):
        arguments = {
            "units": fields["hidden_size"],
            "use_bias": fields.get("bias", True),
            "return_sequences": position < number - 1 or fields.get("return_sequences", True),
        }
        if kind == "GRU":
            arguments["reset_after"] = fields["recurrent_bias"]
        module = getattr(ask.keras.layers, kind)(**arguments)
        if fields.get("bidirectional"):
            module = ask.keras.layers.Bidirectional(module)
        ask.made.append(module)
        if position == 0 and fields["input_size"] is not None:
            module.build((None, None, fields["input_size"]))
        x = module(x)
    return x


def run_attention(ask: Ask) -> Any:
    embed, heads = ask.fields["embed_dim"], ask.fields["num_heads"]
    size = embed // heads
    bias = ask.fields.get("bias", True)
    module = ask.make("MultiHeadAttention", num_heads=heads, key_dim=size, use_bias=bias)
    dims = [ask.fields.get(one) for one in ("vdim", "kdim")]
    module.build((BATCH, None, embed), *[(BATCH, None, dim or embed) for dim in dims])
    shape = tuple(ask.x.shape[:-1])
    others = [ask.x if dim is None else ask.keras.ops.zeros((*shape, dim)) for dim in dims]
    return module(ask.x, *others)


def run_identity(ask: Ask) -> Any:
    return ask.make("Identity")(ask.x)


LAYERS: dict[str, tuple[int, Recipe, Callable[[Ask], Any]]] = {
    **{
        f"Conv{n}d": (360, partial(keras_conv, rank=n, transposed=False), run_conv)
        for n in (1, 2, 3)
    },
    **{
        f"ConvTranspose{n}d": (360, partial(keras_conv, rank=n, transposed=True), run_conv)
        for n in (1, 2, 3)
    },
    "Pool": (700, keras_pool, run_pool),
    "AdaptivePool": (500, keras_adaptive_pool, run_adaptive_pool),
    "GlobalPool": (320, partial(keras_norm, make=global_pool), run_global_pool),
    "Pad": (400, keras_pad, run_pad),
    "Crop": (360, keras_crop, run_crop),
    "Upsample": (500, keras_upsample, run_upsample),
    "BatchNorm": (360, partial(keras_norm, make=partial(channel_norm, least=0)), run_channel_norm),
    "InstanceNorm": (
        320,
        partial(keras_norm, make=partial(channel_norm, least=1)),
        run_channel_norm,
    ),
    "GroupNorm": (320, partial(keras_norm, make=group_norm), run_channel_norm),
    "LayerNorm": (320, partial(last_axes_norm, bias=True), run_last_axes_norm),
    "RMSNorm": (320, keras_rms_norm, run_last_axes_norm),
    "PReLU": (320, partial(keras_norm, make=prelu), run_prelu),
    "Reshape": (320, reshape, run_reshape),
    "Permute": (320, keras_permute, run_permute),
    "Flatten": (320, keras_flatten, run_flatten),
    "Dense": (320, dense, run_dense),
    "Embedding": (320, embedding, run_embedding),
    "RNN": (320, partial(keras_recurrent, two_biases=False), run_recurrent),
    "GRU": (360, partial(keras_recurrent, two_biases=True), run_recurrent),
    "LSTM": (320, partial(keras_recurrent, two_biases=False), run_recurrent),
    "MultiheadAttention": (360, keras_attention, run_attention),
    "Add": (360, elementwise, run_identity),
    "Multiply": (360, elementwise, run_identity),
    "Concat": (360, concat, run_identity),
}
"""Of each layer how many cases, what makes one, and what asks Keras; of branches, each is asked."""


def run(keras: Any, layer: str, fields: Fields, x: Any) -> tuple[Any, list[Any]]:
    """What leaves, and the layers."""
    fields = {key: tuples(one) for key, one in fields.items()}
    last = fields.pop("data_format", "channels_first") == "channels_last"
    ask = Ask(keras, layer, fields, x, last)
    asking = LAYERS[layer][2] if layer in LAYERS else run_identity
    return asking(ask), ask.made


def merge(keras: Any, layer: str, fields: Fields, x: Any) -> dict[str, Any]:
    """The outcome of branches, with the shapes that leave them."""
    outputs: list[Any] = []
    made: list[Any] = []
    for name, inner in fields["layers"]:
        y, layers = run(keras, name, inner, x)
        outputs.append(y)
        made += layers
    branches = [list(one.shape[1:]) for one in outputs]
    try:
        if layer == "Concat":
            dim = fields.get("dim", 0)
            module = keras.layers.Concatenate(axis=dim + (dim >= 0))
        else:
            module = getattr(keras.layers, layer)()
        y = module(outputs)
    except REFUSALS as error:
        return {"branches": branches, **refusal(error)}
    return {"branches": branches, **answer(y, [*made, module])}


def answer(y: Any, made: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"output": list(y.shape[1:])}
    for kind, weights in ("parameters", "trainable_weights"), ("buffers", "non_trainable_weights"):
        tensors = [one for layer in made for one in getattr(layer, weights)]
        if tensors:
            found[kind] = [(one.name, list(one.shape)) for one in tensors]
    return found


def outcome(keras: Any, layer: str, fields: Fields, shape: list[int], symbolic: bool) -> Any:
    try:
        x = keras.KerasTensor((BATCH, *shape)) if symbolic else keras.ops.zeros((BATCH, *shape))
        if "layers" in fields:
            return merge(keras, layer, fields, x)
        return answer(*run(keras, layer, fields, x))
    except REFUSALS as error:
        return refusal(error)


def cases(layer: str) -> list[Config]:
    number, make, _ = LAYERS[layer]
    made = configurations(
        f"keras {layer}", number, make, whole=lambda fields, _: "layers" in fields
    )
    return [one for one in made if is_said(layer, *one)]


def main() -> None:
    keras: Any = importlib.import_module("keras")
    warnings.simplefilter("ignore")
    header = {
        "keras": keras.__version__,
        "backend": f"torch {importlib.import_module('torch').__version__}",
        "python": platform.python_version(),
        "seed": SEED,
    }
    lines: list[dict[str, Any]] = [header]
    compared: Counter[tuple[str, bool]] = Counter()
    for layer in LAYERS:
        for fields, shape in cases(layer):
            case = {"layer": layer, "fields": fields, "shape": shape}
            called = outcome(keras, layer, fields, shape, symbolic=False)
            lines.append(case | called)
            if "--symbolic" in sys.argv:
                said = outcome(keras, layer, fields, shape, symbolic=True)
                same = {**called, "error": ""} == {**said, "error": ""}
                compared[layer, same] += 1
                if not same:
                    print(layer, fields, shape, "called:", called, "symbolic:", said)
        keras.backend.clear_session()
    if "--symbolic" in sys.argv:
        print(compared)
    else:
        write(GOLDEN, lines)


if __name__ == "__main__":
    main()
