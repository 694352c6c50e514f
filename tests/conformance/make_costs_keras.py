"""Writes what TensorFlow's profiler counts on random Keras layers: costs_keras.jsonl.gz.

Run by hand, where TensorFlow 2.21 and Keras 3.15.1 are installed:
`KERAS_BACKEND=tensorflow python tests/conformance/make_costs_keras.py`. paramcalc is not imported.

Each case is the frozen graph of `model(x, training=False)` for one example, channels last.
"""

from __future__ import annotations

import os
import random
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import ask_keras
import make_keras
from generator import Config, Fields, lengths
from make_keras import LAYERS, REFUSALS, is_said
from make_read_keras import KEPT
from records import tuples, write

GOLDEN = Path(__file__).with_name("costs_keras.jsonl.gz")
SEED = 20261126
CASES = 60
NETWORKS = KEPT["keras"]
ACTIVATIONS = (
    *("relu", "relu6", "sigmoid", "tanh", "silu", "gelu", "softmax", "elu", "leaky_relu", "selu"),
    *("hard_sigmoid", "hard_silu", "mish", "softplus", "softsign", "log_softmax", "exponential"),
)


def activation(rng: random.Random) -> Config:
    return {"name": rng.choice(ACTIVATIONS)}, lengths(rng, rng.randint(1, 4))


def run_activation(ask: Any) -> Any:
    return ask.make("Activation", activation=ask.fields["name"])(ask.x)


def run_adaptive_pool(ask: Any) -> Any:
    """As a pooling, where all windows are equal."""
    lengths, sizes = ask.x.shape[1:-1], ask.fields["output_size"]
    given = [sizes] * len(lengths) if isinstance(sizes, int) else list(sizes)
    pairs = list(
        zip(
            lengths,
            [one or length for one, length in zip(given, lengths, strict=False)],
            strict=False,
        )
    )
    if len(given) != len(lengths) or any(length % size for length, size in pairs):
        raise ValueError("windows differ")
    kind = {"max": "Max", "avg": "Average"}[ask.fields.get("mode", "avg")]
    rank, options = len(lengths), ask.format()
    if all(length == size for length, size in pairs):
        return ask.make("Identity")(ask.x)
    if all(size == 1 for _, size in pairs):
        return ask.make(f"Global{kind}Pooling{rank}D", keepdims=True, **options)(ask.x)
    window = tuple([length // size for length, size in pairs])
    return ask.make(f"{kind}Pooling{rank}D", pool_size=window, **options)(ask.x)


MORE: dict[str, tuple[int, Callable[[random.Random], Config], Callable[[Any], Any]]] = {
    "Activation": (CASES, activation, run_activation),
    "AdaptivePool": (CASES, LAYERS["AdaptivePool"][1], run_adaptive_pool),
}
LAST = ("Conv", "Pool", "BatchNorm", "GroupNorm", "InstanceNorm", "Crop", "Pad", "Upsample")
"""Layers with channels, which are last here."""


def called(keras: Any, layer: str, fields: Fields, x: Any) -> Any:
    """The output of a layer, or of a merge of branches."""
    if "layers" not in fields:
        return make_keras.run(keras, layer, fields, x)[0]
    outputs: list[Any] = [called(keras, name, inner, x) for name, inner in fields["layers"]]
    if layer == "Concat":
        dim = fields.get("dim", 0)
        return keras.layers.Concatenate(axis=dim + (dim >= 0))(outputs)
    return getattr(keras.layers, layer)()(outputs) if len(outputs) > 1 else outputs[0]


def float_operations(tf: Any, model: Any) -> int:
    """What the profiler finds in the frozen graph."""
    freezing = import_module("tensorflow.python.framework.convert_to_constants")

    def call(x: Any) -> Any:
        return model(x, training=False)

    (before,) = model.inputs
    concrete = tf.function(call).get_concrete_function(tf.TensorSpec(before.shape, before.dtype))
    frozen = freezing.convert_variables_to_constants_v2(concrete)
    with tf.Graph().as_default() as graph:
        tf.graph_util.import_graph_def(frozen.graph.as_graph_def(), name="")
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        options["output"] = "none"
        found = tf.compat.v1.profiler.profile(graph, cmd="op", options=options)
    return int(found.total_float_ops)


def is_compared(layer: str, fields: Fields, shape: list[int]) -> bool:
    """Whether Keras has it, as one layer that runs, with the channels last."""
    if layer == "TimeDistributed":
        name, inner = fields["layer"]
        return is_compared(name, inner, shape[1:])
    if "layers" in fields:
        return all(
            name not in ("AdaptivePool", "Conv2d", "BatchNorm") for name, _ in fields["layers"]
        )
    if any(one in layer for one in LAST) and fields.get("data_format") != "channels_last":
        return False
    if "Transpose" in layer:  # It crops for a padding, and reaches as far as the stride.
        kernel, strides = [flat(fields.get(one, 1), shape) for one in ("kernel_size", "stride")]
        reaches = all(size >= step for size, step in zip(kernel, strides, strict=True))
        return reaches and "output_padding" not in fields and isinstance(fields["padding"], str)
    if "Conv" in layer and max(flat(fields.get("dilation", 1), shape)) > 1:
        return max(flat(fields.get("stride", 1), shape)) == 1
    if "Conv" in layer and fields.get("groups", 1) == shape[-1] > 1:  # A DepthwiseConv here.
        return len(shape) > 3
    return bool(
        is_said(layer, fields, shape) and fields.get("num_kv_heads") != fields.get("num_heads", 0)
    )


def flat(value: Any, shape: list[int]) -> list[int]:
    return [value] * (len(shape) - 1) if isinstance(value, int) else value


def configurations(layer: str) -> Iterator[Config]:
    rng = random.Random(f"{SEED} {layer}")  # noqa: S311  # not for secrets
    make, seen = LAYERS[layer][1], set[str]()
    for _ in range(60 * CASES):
        fields, shape = make(rng)
        text = f"{fields} {shape}"
        if text not in seen and is_compared(layer, fields, shape):
            seen.add(text)
            yield fields, shape


def main() -> None:
    os.environ["TF_CPP_MIN_LOG_LEVEL"], os.environ["CUDA_VISIBLE_DEVICES"] = "3", "-1"
    tf, keras = import_module("tensorflow"), import_module("keras")
    warnings.simplefilter("ignore")
    make_keras.BATCH = ask_keras.BATCH = 1  # type: ignore[attr-defined]
    LAYERS.update(MORE)
    lines: list[dict[str, Any]] = [{"tensorflow": tf.__version__, "keras": keras.__version__}]
    for layer in LAYERS:
        wanted = CASES
        for fields, shape in configurations(layer):
            try:
                x = keras.Input(shape, batch_size=1)
                y = called(keras, layer, {key: tuples(one) for key, one in fields.items()}, x)
                cost = float_operations(tf, keras.Model(x, y))
            except (*REFUSALS, NotImplementedError):
                continue
            lines.append({"case": [layer, fields, shape], "costs": {"tensorflow": cost}})
            wanted -= 1
            if not wanted:
                break
        keras.backend.clear_session()
    for name in NETWORKS:
        model = getattr(keras.applications, name)(weights=None)
        x = keras.Input(model.input_shape[1:], batch_size=1)
        cost = float_operations(tf, keras.Model(x, model(x)))
        lines.append({"case": [name], "costs": {"tensorflow": cost}})
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()
