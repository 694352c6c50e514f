"""What Keras makes of a layer: the layers that say it there, and the output of the last.

What Keras has no field for is done by a layer before or after, as people do: ZeroPadding before a
convolution, Cropping after a transposed one, one recurrent layer on another.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from generator import BATCH, Fields
from records import entries, window_rank


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
        """The spatial axes of the input."""
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
            shape = (None, *others, channels) if self.last else (None, channels, *others)
            self.build_on(layer, shape)

    def build_on(self, layer: Any, shape: tuple[Any, ...]) -> None:
        layer.build(shape)


class AskEach(Ask):
    """At each position of a leading axis."""

    @property
    def rank(self) -> int:
        return super().rank - 1

    def make(self, name: str, **arguments: Any) -> Any:
        layer = getattr(self.keras.layers, name)(**arguments)
        self.made.append(self.keras.layers.TimeDistributed(layer))
        return self.made[-1]

    def build_on(self, layer: Any, shape: tuple[Any, ...]) -> None:
        layer.build((shape[0], None, *shape[1:]))


def run_conv(ask: Ask) -> Any:
    fields, rank, transposed = ask.fields, int(ask.name[-2]), "Transpose" in ask.name
    padding = fields.get("padding", 0)
    arguments = {
        "kernel_size": fields["kernel_size"],
        "strides": fields.get("stride", 1),
        "padding": padding if isinstance(padding, str) else "valid",
        "dilation_rate": fields.get("dilation", 1),
        "use_bias": fields.get("bias", True),
        **ask.format(),
    }
    if "out_channels" in fields:
        arguments["filters"] = fields["out_channels"]
    if ask.name.startswith(("Depthwise", "Separable")):
        arguments["depth_multiplier"] = fields.get("depth_multiplier", 1)
    elif transposed:
        arguments["output_padding"] = fields.get("output_padding")
    else:
        arguments["groups"] = fields.get("groups", 1)
    kind = ask.name.partition("Conv")[0]
    module = ask.make(f"{kind}Conv{rank}D{'Transpose' * transposed}", **arguments)
    ask.build(module, fields.get("in_channels"), rank)
    if isinstance(padding, str):
        return module(ask.x)
    if transposed:
        return crop_by(ask, padding, module(ask.x))
    return module(pad_by(ask, padding, ask.x))


def run_conv_lstm(ask: Ask) -> Any:
    fields, rank, x = ask.fields, int(ask.name[-2]), ask.x
    padding = fields.get("padding", 0)
    module = ask.make(
        f"ConvLSTM{rank}D",
        filters=fields["out_channels"],
        kernel_size=fields["kernel_size"],
        strides=fields.get("stride", 1),
        padding=padding if isinstance(padding, str) else "valid",
        dilation_rate=fields.get("dilation", 1),
        use_bias=fields.get("bias", True),
        return_sequences=fields.get("return_sequences", False),
        **ask.format(),
    )
    if not isinstance(padding, str):
        pad = getattr(ask.keras.layers, f"ZeroPadding{rank}D")
        around = pad(padding=sides(padding, rank), **ask.format())
        x = ask.keras.layers.TimeDistributed(around)(x)
    if fields["in_channels"] is not None:
        shape = [None, *x.shape[1:]]
        shape[-1 if ask.last else 2] = fields["in_channels"]
        module.build(tuple(shape))
    return module(x)


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


def scale_and_center(fields: Fields, affine: bool) -> Fields:
    parts = {"scale": "scale", "center": "bias"}
    return {theirs: affine and fields.get(ours, True) for theirs, ours in parts.items()}


def run_channel_norm(ask: Ask) -> Any:
    affine = ask.fields.get("affine", ask.name != "InstanceNorm")
    arguments = {**scale_and_center(ask.fields, affine), "axis": ask.axis}
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
        arguments |= scale_and_center(ask.fields, ask.fields.get("elementwise_affine", True))
    module = ask.make(f"{ask.name.replace('Norm', 'Normalization')}", **arguments)
    if stated is not None:
        others = [None] * (len(ask.x.shape) - len(lengths))
        module.build((*others, *lengths))
    return module(ask.x)


def run_prelu(ask: Ask) -> Any:
    if "shared_axes" in ask.fields:
        rank = len(ask.x.shape) - 1
        axes = [axis + (1 if axis >= 0 else rank + 1) for axis in ask.fields["shared_axes"]]
        return ask.make("PReLU", shared_axes=axes)(ask.x)
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


def run_repetition(ask: Ask) -> Any:
    return ask.make("RepeatVector", n=ask.fields["n"])(ask.x)


def run_dense(ask: Ask) -> Any:
    bias = ask.fields.get("bias", True)
    module = ask.make("Dense", units=ask.fields["out_features"], use_bias=bias)
    if ask.fields["in_features"] is not None:
        ask.build_on(module, (*[None] * (ask.rank + 1), ask.fields["in_features"]))
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
    size, groups = ask.fields.get("head_dim"), ask.fields.get("num_kv_heads")
    size = embed // heads if size is None else size
    bias = ask.fields.get("bias", True)
    if groups is None:
        sizes = {"num_heads": heads, "key_dim": size, "value_dim": ask.fields.get("value_dim")}
        module = ask.make("MultiHeadAttention", **sizes, use_bias=bias)
    else:
        sizes = {"head_dim": size, "num_query_heads": heads, "num_key_value_heads": groups}
        module = ask.make("GroupQueryAttention", **sizes, use_bias=bias)
    dims = [ask.fields.get(one) for one in ("vdim", "kdim")]
    module.build((BATCH, None, embed), *[(BATCH, None, dim or embed) for dim in dims])
    shape = tuple(ask.x.shape[:-1])
    others = [ask.x if dim is None else ask.keras.ops.zeros((*shape, dim)) for dim in dims]
    return module(ask.x, *others)


def run_identity(ask: Ask) -> Any:
    return ask.make("Identity")(ask.x)
