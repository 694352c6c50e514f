"""Write Keras models, and what Keras makes of each layer: python make_read_keras.py keras.

It needs Keras 3.15.1 and a backend, such as torch with KERAS_BACKEND=torch; and for the format of
Keras 2, `python make_read_keras.py tf_keras` needs tf_keras 2.21.0. Each writes a file of its own.
paramcalc is not imported.

With a folder as a second argument, it writes there a file of each of Keras Applications that the
backend can build; they are too large to keep.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

from records import entries, write

HERE = Path(__file__).parent
KEPT = {
    "keras": ["VGG16", "ResNet50", "MobileNetV2", "DenseNet121", "EfficientNetB0", "ConvNeXtTiny"],
    "tf_keras": ["NASNetMobile", "MobileNetV3Small", "RegNetX002"],
}


def image_classifier(keras: Any) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Rescaling(1 / 255),
            layers.RandomFlip("horizontal"),
            layers.Conv2D(32, 5, activation="relu", name="block1-conv1"),
            layers.MaxPooling2D(),
            layers.SeparableConv2D(24, 3, padding="same", activation="swish", use_bias=False),
            layers.BatchNormalization(scale=False),
            layers.LeakyReLU(),
            layers.AveragePooling2D(3, strides=2, padding="same"),
            layers.SpatialDropout2D(0.1),
            layers.DepthwiseConv2D(3, depth_multiplier=2),
            layers.Flatten(),
            layers.Dense(64, activation=layers.ELU()),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )


def text_classifier(keras: Any) -> Any:
    layers = keras.layers
    tokens = keras.Input((20,), name="tokens")
    x = layers.Embedding(1000, 16, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(12, return_sequences=True))(x)
    x = layers.Bidirectional(layers.GRU(6, return_sequences=True), merge_mode="sum")(x)
    x = layers.SimpleRNN(5, use_bias=False)(x)
    return keras.Model(tokens, layers.Dense(1, activation="sigmoid")(x))


def transformer(keras: Any) -> Any:
    """A block with attention to itself, and to a second input."""
    layers = keras.layers
    sequence, memory = keras.Input((10, 16)), keras.Input((7, 12), name="memory")
    y = layers.MultiHeadAttention(2, 8, dropout=0.1, name="to_itself")(sequence, sequence)
    x = layers.LayerNormalization()(layers.Add()([sequence, layers.Dropout(0.1)(y)]))
    y = layers.MultiHeadAttention(2, 4, value_dim=3, name="to_memory")(query=x, value=memory)
    x = layers.LayerNormalization(axis=[1, 2])(layers.Add()([x, y]))
    y = layers.Dense(16)(layers.Dense(64, activation="gelu")(x))
    return keras.Model([sequence, memory], layers.Add()([x, y]))


def siamese(keras: Any) -> Any:
    """A model that is called twice, and shares all its weights."""
    layers = keras.layers
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(4, 3, activation="relu")(image)
    x = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same", name="last")(x))
    encoder = keras.Model(image, layers.GlobalAveragePooling2D()(x), name="encoder")
    left, right = keras.Input((16, 16, 3), name="left"), keras.Input((16, 16, 3), name="right")
    x = layers.Subtract()([encoder(left), encoder(right)])
    return keras.Model([left, right], layers.Dense(1)(x))


def shared_layers(keras: Any) -> Any:
    """A layer after itself, in an order that is not that of the list of layers."""
    layers = keras.layers
    x = keras.Input((6,))
    first, second = layers.Dense(6, name="first"), layers.Dense(6, name="second")
    y = first(second(first(x)))
    return keras.Model(x, layers.Concatenate()([x, y, second(y)]))


def two_outputs(keras: Any) -> Any:
    """A model with two outputs in another, of which one is an output."""
    layers = keras.layers
    x = keras.Input((12,), name="inner")
    y = layers.Dense(8, activation="relu", name="stem")(x)
    ends = [layers.Dense(3, name="left")(y), layers.Dense(2, name="right")(y)]
    split = keras.Model(x, ends, name="split")
    x = keras.Input((12,), name="outer")
    left, right = split(layers.Dense(12, name="before")(x))
    return keras.Model(x, [right, layers.Dense(5, name="after")(left)])


def frozen_base(keras: Any) -> Any:
    """A model whose first part is not trained."""
    layers = keras.layers
    base = keras.Sequential(
        [
            keras.Input((8, 8, 3), name="base_input"),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.Flatten(name="flatten"),
        ],
        name="base",
    )
    base.trainable = False
    head = layers.Dense(7, name="hidden", trainable=False)
    model = keras.Sequential([base, head, layers.Dense(2, name="head")])
    model.build((None, 8, 8, 3))
    return model


def autoencoder(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((15, 18, 3))
    x = layers.ZeroPadding2D(((1, 0), (0, 2)))(image)
    x = layers.Conv2D(8, 3, strides=2, padding="same")(x)
    x = layers.PReLU(shared_axes=[1, 2])(x)
    x = layers.Conv2DTranspose(6, 2, strides=3)(x)
    x = layers.GroupNormalization(2)(x)
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.GroupNormalization(-1)(x)
    x = layers.Cropping2D(((3, 0), (2, 2)))(layers.UpSampling2D(2)(x))
    return keras.Model(image, layers.Conv2D(3, 1, activation="sigmoid")(x))


def one_and_three_axes(keras: Any) -> Any:
    layers = keras.layers
    volume = keras.Input((9, 8, 7, 2), name="volume")
    signal = keras.Input((40, 3), name="signal")
    x = layers.MaxPooling3D(2)(layers.Conv3D(5, 3, activation="relu")(volume))
    x = layers.Reshape((-1, 5))(layers.Permute((2, 1, 3, 4))(x))
    y = layers.Conv1D(6, 3, padding="causal", dilation_rate=2)(layers.ZeroPadding1D((2, 1))(signal))
    y = layers.GlobalMaxPooling1D(keepdims=True)(layers.Cropping1D(1)(y))
    y = layers.RepeatVector(18)(layers.Flatten()(y))
    return keras.Model({"volume": volume, "signal": signal}, layers.Concatenate(axis=2)([x, y]))


def channels_first(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((3, 12, 10))
    y = layers.Conv2D(8, 3, padding="same", data_format="channels_first")(x)
    z = layers.BatchNormalization(axis=1)(layers.Conv2D(8, 1, data_format="channels_first")(x))
    y = layers.Multiply()([y, layers.Activation("relu")(z)])
    y = layers.AveragePooling2D(2, data_format="channels_first")(layers.Maximum()([y, z]))
    return keras.Model(x, layers.GlobalMaxPooling2D(data_format="channels_first")(y))


def preprocessed(keras: Any) -> Any:
    layers = keras.layers
    image = keras.Input((20, 30, 3))
    x = layers.Resizing(16, 16)(image)
    x = layers.CenterCrop(12, 14)(layers.Normalization()(x))
    x = layers.Normalization(mean=[0.4, 0.5, 0.6], variance=[1.0, 1.0, 1.0])(x)
    return keras.Model(image, layers.Dense(2)(layers.Flatten()(x)))


def open_lengths(keras: Any) -> Any:
    """Its input has lengths that are given later; here 16 and 24."""
    layers = keras.layers
    image = keras.Input((None, None, 3), name="image")
    x = layers.Conv2D(6, 3, padding="same")(layers.Conv2D(4, 3, strides=2)(image))
    return keras.Model(image, x)


def operations(keras: Any) -> Any:
    """What `x + y` and the like are."""
    layers = keras.layers
    x, y = keras.Input((8, 4), name="x"), keras.Input((8, 4), name="y")
    is_new = keras.__version__.startswith("3")
    ops: Any = keras.ops if is_new else import_module("tensorflow")
    a = layers.Dense(4, name="a")(x + y) * 2 - 1.5
    b = layers.Dense(4, name="b")(ops.transpose(a, (0, 2, 1))) / 3
    c = ops.matmul(a, b)
    c = ops.softmax(c) if is_new else ops.nn.softmax(c)
    d = ops.concatenate([c, x * y], axis=-1) if is_new else ops.concat([c, x * y], axis=-1)
    d = ops.squeeze(ops.expand_dims(d, 1), axis=1)
    e = layers.Dense(6, name="e")(ops.mean(d, axis=1) if is_new else ops.reduce_mean(d, axis=1))
    f = layers.Dense(5, name="f")(ops.reshape(d[:, 1:7], (-1, 48)))
    return keras.Model([x, y], [e, layers.Add(name="g")([f, layers.Dense(5, name="h")(d[:, 0])])])


def time_distributed(keras: Any) -> Any:
    layers = keras.layers
    frames = keras.Input((5, 12, 12, 3))
    x = layers.TimeDistributed(layers.Conv2D(4, 3, activation="relu"))(frames)
    x = layers.TimeDistributed(layers.GlobalAveragePooling2D())(x)
    return keras.Model(frames, layers.LSTM(6)(layers.TimeDistributed(layers.Dense(7))(x)))


def conv_lstm(keras: Any) -> Any:
    layers = keras.layers
    frames = keras.Input((5, 12, 10, 3))
    x = layers.ConvLSTM2D(4, 3, padding="same", return_sequences=True)(frames)
    return keras.Model(frames, layers.ConvLSTM2D(2, (3, 2), strides=2)(x))


SMALL = [
    image_classifier, text_classifier, transformer, siamese, shared_layers, two_outputs,
    frozen_base, autoencoder, one_and_three_axes, channels_first, preprocessed, open_lengths,
    operations, time_distributed, conv_lstm,
]  # fmt: skip


def lengths(shape: Any) -> list[int | None]:
    """Without the batch."""
    return [None if one is None else int(one) for one in tuple(shape)[1:]]


def sizes(weights: Any) -> int:
    return sum([prod(one.shape) for one in weights])


def facts(model: Any, name: str, keras: Any) -> dict[str, Any]:
    """The model, and per layer: its name, the shapes of its outputs, and how many values it has."""
    given = model.output_shape
    layers: list[list[Any]] = []
    for one in model.layers:
        shapes: list[list[int | None]] = []
        for node in one._inbound_nodes:
            made: Any = node.output_tensors if hasattr(node, "output_tensors") else node.outputs
            outputs = entries(made) or (made,)
            shapes += [lengths(outputs[0].shape)] if len(outputs) == 1 else []
        kept = sizes(one.trainable_weights), sizes(one.non_trainable_weights)
        layers.append([one.name, shapes, *kept])
    return {
        "name": name,
        "keras": keras.__version__,
        "outputs": [lengths(one) for one in entries(given) or (given,)],
        "count": [sizes(model.trainable_weights), sizes(model.non_trainable_weights)],
        "layers": layers,
        "model": json.loads(model.to_json()),
    }


def main() -> None:
    """Write what is kept, or everything."""
    framework, *folders = sys.argv[1:]
    keras: Any = import_module(framework)
    networks = keras.applications
    if folders:
        for name in [one for one in dir(networks) if one[0].isupper()]:
            if name != "NASNetMobile" or framework == "tf_keras":  # torch does not have it.
                model = getattr(networks, name)(weights=None)
                path = Path(folders[0]) / f"{framework}_{name}.jsonl.gz"
                write(path, [facts(model, name, keras)])
                keras.backend.clear_session()
        return
    lines = [facts(make(keras), make.__name__, keras) for make in SMALL]
    lines += [facts(getattr(networks, one)(weights=None), one, keras) for one in KEPT[framework]]
    write(HERE / f"read_{framework}.jsonl.gz", lines)


if __name__ == "__main__":
    main()
