"""Writes keras.jsonl.gz: what Keras makes of random layers, right and wrong ones.

Run by hand, where Keras 3.15.1 and torch 2.13 are installed:
`KERAS_BACKEND=torch python tests/conformance/make_keras.py`. paramcalc is not imported, so that its
answers cannot leak into those it is compared with.

Fields are those of paramcalc; what they are in Keras is said in ask_keras.py. Keras takes the
channels of the input: where some are stated, the layer is built on them first, and refuses others.

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
from functools import partial
from pathlib import Path
from typing import Any

from ask_keras import (
    Ask,
    AskEach,
    run_adaptive_pool,
    run_attention,
    run_channel_norm,
    run_conv,
    run_conv_lstm,
    run_crop,
    run_dense,
    run_embedding,
    run_flatten,
    run_global_pool,
    run_identity,
    run_last_axes_norm,
    run_pad,
    run_permute,
    run_pool,
    run_prelu,
    run_recurrent,
    run_repetition,
    run_reshape,
    run_upsample,
)
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
    flag,
    flatten,
    global_pool,
    group_norm,
    last_axes_norm,
    maybe,
    pad,
    pairs,
    permute,
    pool,
    prelu,
    recurrent,
    reshape,
    spoilt,
    upsample,
)
from records import entries, refusal, tuples, write

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
    if padding == "causal" and (rank > 1 or transposed):
        padding = "valid"
    if padding == "pairs":
        fields["padding"] = pairs(rng, rank, 3)
    elif padding == "sides":
        fields["padding"] = axes(rng, rank, 0, 3)
    else:
        fields["padding"] = padding
    if padding == "same" and rng.random() < 0.7:
        fields.pop("output_padding", None)
    if transposed:
        fields.pop("groups", None)
    return either_format(rng, (fields, shape))


def keras_depthwise(rng: random.Random, rank: int, separable: bool) -> Config:
    fields, shape = keras_conv(rng, rank, transposed=False)
    fields = without(fields, "in_channels", "groups", *[] if separable else ["out_channels"])
    return fields | maybe(rng, 0.6, depth_multiplier=rng.randint(1, 3)), shape


def keras_conv_lstm(rng: random.Random, rank: int) -> Config:
    fields, shape = keras_conv(rng, rank, transposed=False)
    fields = without(fields, "groups", "dilation" if "stride" in fields else "")
    length = rng.randint(1, 4)
    return fields | flag(rng, "return_sequences"), [length, *shape]


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


def keras_channel_norm(rng: random.Random, make: Callable[[random.Random], Config]) -> Config:
    fields, shape = keras_norm(rng, make)
    return fields | flag(rng, "scale"), shape


def keras_layer_norm(rng: random.Random) -> Config:
    fields, shape = last_axes_norm(rng, bias=True)
    return fields | flag(rng, "scale"), shape


def keras_rms_norm(rng: random.Random) -> Config:
    fields, shape = last_axes_norm(rng, bias=False)
    return without(fields, "elementwise_affine"), shape


def keras_prelu(rng: random.Random) -> Config:
    fields, shape = keras_norm(rng, prelu)
    if rng.random() < 0.6:
        rank = len(shape)
        axes = rng.sample(range(rank), rng.randint(0, rank))
        shared = [axis - rank * (rng.random() < 0.2) for axis in axes]
        return {"shared_axes": shared if rng.random() < 0.9 else [*shared, rank]}, shape
    return fields, shape


def keras_pad(rng: random.Random) -> Config:
    fields, shape = pad(rng)
    return either_format(rng, (without(fields, "mode"), shape))


def keras_crop(rng: random.Random) -> Config:
    fields, shape = crop(rng)
    return either_format(rng, (fields, shape), len(shape) == 2)


def keras_upsample(rng: random.Random) -> Config:
    fields, shape = upsample(rng, whole=True)
    fields = without(fields, "mode")
    if len(shape) != 3 and "size" in fields:
        fields = {"scale_factor": axes(rng, len(shape) - 1, 1, 3)}
    if len(shape) == 3:
        fields |= rng.choice([{}, {"mode": "nearest"}, {"mode": "bilinear"}, {"mode": "bicubic"}])
    return either_format(rng, (fields, shape), len(shape) == 2)


def keras_permute(rng: random.Random) -> Config:
    fields, shape = permute(rng)
    return {"dims": [dim % len(shape) for dim in fields["dims"]]}, shape


def repetition(rng: random.Random) -> Config:
    rank = rng.choice([1] * 8 + [2, 3])
    return {"n": rng.randint(1, 40)}, [rng.randint(1, 12) for _ in range(rank)]


def keras_flatten(rng: random.Random) -> Config:
    return {}, flatten(rng)[1]


def keras_recurrent(rng: random.Random, two_biases: bool) -> Config:
    fields, shape = recurrent(rng, projected=False)
    return fields | {"recurrent_bias": two_biases and rng.random() < 0.5}, shape


def keras_attention(rng: random.Random) -> Config:
    fields, shape = attention(rng)
    return without(fields, "add_bias_kv") | maybe(rng, 0.03, vdim=0), shape


def keras_distributed(rng: random.Random) -> Config:
    """With the channels left open: there Keras does not compare those stated with those given."""
    name = rng.choice(["Conv1d", "Conv2d", "Pool", "BatchNorm", "Dense", "Embedding", "GlobalPool"])
    fields, shape = LAYERS[name][1](rng)
    if rng.random() < 0.2:
        fields, shape = spoilt(rng, fields, shape)
    open_fields = [one for one in ("in_channels", "num_features") if one in fields]
    fields = without(fields, "dilation") | dict.fromkeys(open_fields)
    return {"layer": [name, fields]}, [rng.randint(1, 4), *shape]


def is_said(layer: str, fields: Fields, shape: list[int]) -> bool:
    """Whether it can be said in Keras at all, be it right or wrong."""
    if layer == "MultiheadAttention":  # It takes embed_dim from the input.
        heads: int = fields["num_heads"]
        if "num_kv_heads" in fields and "value_dim" in fields:
            return False
        return heads > 0 and ("head_dim" in fields or fields["embed_dim"] % heads == 0)
    if layer == "Upsample":  # Resizing is for images alone, and UpSampling has no size.
        is_image = isinstance(fields.get("size"), int) or len(fields.get("size", ())) == 2
        resizes = "size" in fields and is_image and len(shape) == 3
        return resizes != ("scale_factor" in fields)
    if layer == "TimeDistributed":  # More axes are a matter of the layer inside.
        return len(shape) < 6
    return int(fields.get("num_layers", 1)) > 0


LAYERS: dict[str, tuple[int, Recipe, Callable[[Ask], Any]]] = {
    **{
        f"Conv{n}d": (360, partial(keras_conv, rank=n, transposed=False), run_conv)
        for n in (1, 2, 3)
    },
    **{
        f"ConvTranspose{n}d": (360, partial(keras_conv, rank=n, transposed=True), run_conv)
        for n in (1, 2, 3)
    },
    **{
        f"DepthwiseConv{n}d": (360, partial(keras_depthwise, rank=n, separable=False), run_conv)
        for n in (1, 2)
    },
    **{
        f"SeparableConv{n}d": (360, partial(keras_depthwise, rank=n, separable=True), run_conv)
        for n in (1, 2)
    },
    **{f"ConvLSTM{n}d": (360, partial(keras_conv_lstm, rank=n), run_conv_lstm) for n in (1, 2, 3)},
    "Pool": (700, keras_pool, run_pool),
    "AdaptivePool": (500, keras_adaptive_pool, run_adaptive_pool),
    "GlobalPool": (320, partial(keras_norm, make=global_pool), run_global_pool),
    "Pad": (400, keras_pad, run_pad),
    "Crop": (360, keras_crop, run_crop),
    "Upsample": (500, keras_upsample, run_upsample),
    "BatchNorm": (
        400,
        partial(keras_channel_norm, make=partial(channel_norm, least=0)),
        run_channel_norm,
    ),
    "InstanceNorm": (
        400,
        partial(keras_channel_norm, make=partial(channel_norm, least=1)),
        run_channel_norm,
    ),
    "GroupNorm": (400, partial(keras_channel_norm, make=group_norm), run_channel_norm),
    "LayerNorm": (400, keras_layer_norm, run_last_axes_norm),
    "RMSNorm": (320, keras_rms_norm, run_last_axes_norm),
    "PReLU": (500, keras_prelu, run_prelu),
    "Reshape": (320, reshape, run_reshape),
    "Permute": (320, keras_permute, run_permute),
    "Flatten": (320, keras_flatten, run_flatten),
    "RepeatVector": (320, repetition, run_repetition),
    "Dense": (320, dense, run_dense),
    "Embedding": (320, embedding, run_embedding),
    "RNN": (320, partial(keras_recurrent, two_biases=False), run_recurrent),
    "GRU": (360, partial(keras_recurrent, two_biases=True), run_recurrent),
    "LSTM": (320, partial(keras_recurrent, two_biases=False), run_recurrent),
    "MultiheadAttention": (400, keras_attention, run_attention),
    "Add": (360, elementwise, run_identity),
    "Multiply": (360, elementwise, run_identity),
    "Concat": (360, concat, run_identity),
    "TimeDistributed": (400, keras_distributed, run_identity),
}
"""Of each layer how many cases, what makes one, and what asks Keras; of branches, each is asked."""


def run(keras: Any, layer: str, fields: Fields, x: Any) -> tuple[Any, list[Any]]:
    """The output, and the layers."""
    kind = Ask
    if layer == "TimeDistributed":
        kind, (layer, fields) = AskEach, fields["layer"]
    fields = {key: tuples(one) for key, one in fields.items()}
    last = fields.pop("data_format", "channels_first") == "channels_last"
    ask = kind(keras, layer, fields, x, last)
    asking = LAYERS[layer][2] if layer in LAYERS else run_identity
    return asking(ask), ask.made


def merge(keras: Any, layer: str, fields: Fields, x: Any) -> dict[str, Any]:
    """The outcome of branches, with their output shapes."""
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
