"""The layers of Keras: what each is here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple

from paramcalc._branches import Add, Branches, Multiply
from paramcalc._checks import as_axes, as_int, as_ints, entries
from paramcalc._counterparts import Counterpart, changes_nothing, counterparts, rows_of
from paramcalc._network import Sequential
from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import defaults_of
from paramcalc.layers.activation import Activation, Scale
from paramcalc.layers.frozen import Frozen
from paramcalc.layers.norm import BatchNorm
from paramcalc.layers.recurrent import Recurrent
from paramcalc.readers._build import Chain
from paramcalc.readers._keras_source import mapping

Fields = dict[str, Any]
# Layers that the table of counterparts lacks, since nobody would ask for them here, or that are
# read otherwise than one would write them.
MORE = """
AdaptivePool mode='max' output_size=1 | layers.GlobalMaxPooling#D | keepdims==True
AdaptivePool mode='avg' output_size=1 | layers.GlobalAveragePooling#D | keepdims==True
CenterCrop | layers.CenterCrop layers.RandomCrop | height=size width=size
InstanceNorm affine=True | layers.GroupNormalization | groups==-1 center=bias
RNN recurrent_bias=False | layers.SimpleRNN | units=hidden_size use_bias=bias
LSTM recurrent_bias=False | layers.LSTM | units=hidden_size use_bias=bias
Add | layers.Average layers.Maximum layers.Minimum layers.Subtract \
    src.applications.inception_resnet_v2.CustomScaleLayer
Activation | layers.Rescaling layers.ThresholdedReLU layers.UnitNormalization
Identity | layers.ActivityRegularization layers.GaussianNoise layers.Masking \
    layers.RandomBrightness layers.RandomContrast layers.RandomFlip layers.RandomRotation \
    layers.RandomTranslation layers.RandomZoom src.applications.convnext.StochasticDepth
Scale | src.applications.convnext.LayerScale | projection_dim=shape
"""
NEUTRAL = """
    activation batch_input_shape crop_to_aspect_ratio fused init_values input_dtype key_shape
    lora_alpha pad_to_aspect_ratio query_shape renorm_clipping renorm_momentum rng_type
    sliding_window softmax_robust_masking value_shape
"""
"""Further arguments that change no shape and no count, or are read elsewhere."""
ONLY: Fields = {
    "groups": 1,
    "lora_rank": None,
    "quantization_config": None,
    "renorm": False,
    "return_state": False,
    "rms_scaling": False,
    "time_major": False,
    "use_gate": False,
    "virtual_batch_size": None,
}
"""Arguments that change nothing if they have this value."""
ANY = {"Activation", "Add", "Dropout", "Identity"}
"""Layers here for which all further arguments are neutral."""
DTYPES = {None, "DTypePolicy", "FloatDTypePolicy", "Policy"}
"""Others are of quantized layers, which have more tensors."""
ELEMENTWISE = """
    abs absolute celu clip clipbyvalue cos elu erf exp exponential gelu hardshrink hardsigmoid
    hardsilu hardswish hardtanh leakyrelu linear log log1p logsigmoid logsoftmax mish neg
    negative normalize relu relu6 rsqrt selu sigmoid sign silu sin softmax softplus softshrink
    softsign sparsemax sparseplus sparsesigmoid sqrt square squareplus swish tanh tanhshrink
    threshold
"""
"""Functions that keep the shape. `glu` halves an axis."""


class Given(NamedTuple):
    """What Keras says of a layer or an operation.

    Args:
        kind: its class or function.
        config: its arguments; what is understood is taken out.
        shapes: those of its inputs.
        read: what reads a layer or an activation inside it.
    """

    kind: str
    config: Fields
    shapes: Sequence[Shape]
    read: Callable[[Any, Sequence[Shape]], Chain]

    @property
    def shape(self) -> Shape:
        """That of the only input, or of the first."""
        return self.shapes[0]

    @property
    def num_axes(self) -> int:
        """How many axes with channels the layer works on, if its name says so; else all."""
        return int(self.kind[-2]) + 1 if self.kind[-2:] in {"1D", "2D", "3D"} else len(self.shape)

    def take(self, *names: str) -> Any:
        """The argument with one of these names; the error has the first."""
        for name in names:
            if name in self.config:
                return self.config.pop(name)
        raise ReadError(f"{self.kind} must have the argument {names[0]}")

    def unknown(self, what: str) -> ReadError:
        """The error for what is not known."""
        return unknown(self.kind, f"{what} is not known")

    def axes(self, axis: Any, rank: int) -> list[int]:
        """Axes, one or several, as Keras counts them: from the batch, or from -1, the last."""
        given = as_ints([axis] if entries(axis) is None else axis, self.kind, "axis")
        if not given or not all(-rank <= one < rank for one in given):
            raise ReadError(f"{self.kind}: there is no axis {show(axis)} of {rank}, with the batch")
        return [one % rank for one in given]


def unknown(kind: str, what: str) -> ReadError:
    """The error for a layer or function that is not known."""
    hint = f"give layers={{{kind!r}: a layer, or a function of its config}}"
    return ReadError(f"{kind} {what}: {hint}")


def snake_case(kind: str) -> str:
    """`LeakyReLU` is `leaky_relu`."""
    return re.sub("(?<=[a-z])(?=[A-Z])", "_", kind.replace("LU", "lu")).lower()


def layers_of(module: str, given: Given) -> Chain:
    """The layers, in a row, that one of Keras is, each with what is added to its name."""
    kind, config, shape = given.kind, given.config, given.shape
    dtype = config.get("dtype")
    named = mapping(dtype)
    if (named and named.get("class_name") not in DTYPES) or "_from_" in str(dtype):
        raise given.unknown(f"with the dtype {show(dtype)}")
    if kind in OWN:
        return OWN[kind](given)
    rank = given.num_axes + ("LSTM" in kind and kind != "LSTM")
    if len(shape) != rank:
        raise ReadError(f"{kind} takes {rank} axes and the batch, got shape {show(shape)}")
    inside = [config.get(key) for key in ("activation", "recurrent_activation")]
    layer = bound(counterpart(module, given), given)
    chain: Chain = [("", layer)]
    for one in inside:
        chain += [] if one is None else given.read(one, [layer._shape(shape)])
    if any(keeps_tensors(one) for _, one in chain[1:]):  # Keras may not count them.
        raise given.unknown("with an activation that has tensors")
    return chain[:1] if isinstance(layer, Recurrent) else chain


def keeps_tensors(layer: Layer) -> bool:
    """Whether a layer may keep tensors."""
    return not isinstance(layer, Builtin) or type(layer)._tensors is not Builtin._tensors


@cache
def by_name() -> dict[str, list[Counterpart]]:
    """The table of counterparts, by the name in Keras."""
    found: dict[str, list[Counterpart]] = {}
    for one in rows_of(MORE) + counterparts("keras"):
        found.setdefault(one.name, []).append(one)
    return found


def counterpart(module: str, given: Given) -> Counterpart:
    """What a layer of Keras with these arguments is here."""
    for one in by_name().get(f"{module}.{given.kind}", ()):
        if all(given.config.get(key, False) == value for key, value in one.theirs.items()):
            return one
    raise unknown(given.kind, "is not known")


def bound(one: Counterpart, given: Given) -> Layer:
    """The layer here, with the arguments of one of Keras."""
    cls: Any = getattr(import_module("paramcalc"), one.layer)
    fields = dict(one.fields)
    if one.layer == "Activation":
        fields["name"] = snake_case(given.kind)
    if "data_format" in cls._specs:
        last = given.config.pop("data_format", None)
        fields["data_format"] = "channels_last" if last is None else last
    if one.layer in CHANGES:
        fields |= CHANGES[one.layer](given)
    fields |= renamed(one, cls._specs, given)
    if cls._stating in cls._specs and cls._specs[cls._stating].states in {"channels", "features"}:
        is_first = fields.get("data_format") == "channels_first"
        fields.setdefault(cls._stating, given.shape[-given.num_axes if is_first else -1])
    missing = cls._specs.keys() - fields.keys() - defaults_of(cls).keys()
    if missing and not issubclass(cls, Branches):
        given.take(*[theirs for theirs, ours in one.arguments.items() if ours in missing], *missing)
    layer: Layer = cls(**fields)
    return layer


def renamed(one: Counterpart, fields: Collection[str], given: Given) -> Fields:
    """The arguments under the names of fields here; refused if it is not known what one changes."""
    neutral = {*one.theirs, *NEUTRAL.split()}
    found: Fields = {}
    for key, value in given.config.items():
        if key in neutral or changes_nothing(key):
            continue
        field = one.arguments.get(key, key)
        if field in fields:
            found[field] = value
        elif key in ONLY and value != ONLY[key]:
            raise given.unknown(f"with {key}={show(value)}")
        elif key not in ONLY and one.layer not in ANY:
            raise given.unknown(f"with the argument {show(key)}")
    return found


# What is said otherwise in Keras: each takes arguments out of a config and returns fields.


def format_of_axis(given: Given) -> Fields:
    """Where the channels are."""
    rank = len(given.shape)
    axes = given.axes(given.config.pop("axis", -1), rank + 1)
    if axes not in ([1], [rank]):
        raise given.unknown(f"on axis {show(axes)} of {rank + 1}")
    last = "channels_last" if axes == [rank] else "channels_first"
    return {"data_format": None if rank == 1 else last}


def lengths_of_axes(given: Given) -> Fields:
    """The lengths of the axes that are normalized over."""
    rank = len(given.shape)
    axes = sorted(given.axes(given.config.pop("axis", -1), rank + 1))
    if axes[0] < 1 or axes != [*range(axes[0], rank + 1)]:
        raise given.unknown(f"on others than the last axes, got {show(axes)} of {rank + 1},")
    return {"normalized_shape": given.shape[axes[0] - 1 :]}


def padding_of_transpose(given: Given) -> Fields:
    """The padding of a transposed convolution.

    Without `output_padding`, n becomes n·s for "same", and at least that for "valid".
    """
    config, rank = given.config, len(given.shape) - 1
    more, padding = config.pop("output_padding", None), config.get("padding", "valid")
    usual = {"kernel_size": None, "strides": 1, "dilation_rate": 1}
    read = [as_axes(config.get(key, one), given.kind, key, rank) for key, one in usual.items()]
    windows = [
        (dilation * (size - 1) + 1, stride) for size, stride, dilation in zip(*read, strict=True)
    ]
    if padding == "same" and more is not None:
        del config["padding"]
        return {"padding": [reach // 2 for reach, _ in windows], "output_padding": more}
    if padding == "valid" and more is None:
        more = [max(stride - reach, 0) for reach, stride in windows]
    return {} if more is None else {"output_padding": more}


def sides_of(name: str) -> Callable[[Given], Fields]:
    """Sides that are padded or cropped; of one axis Keras has a pair, not a tuple of one pair."""

    def change(given: Given) -> Fields:
        value = given.take(name)
        return {name: [value] if len(given.shape) == 2 and entries(value) else value}

    return change


def size_of(given: Given) -> Fields:
    """A size that is given as height and width; that of `UpSampling` is a factor."""
    if "height" not in given.config:
        return {}
    return {"size": (given.take("height"), given.take("width"))}


def shared_axes(given: Given) -> Fields:
    """The axes along which slopes are shared, counted from 1 in Keras."""
    axes = given.config.pop("shared_axes", None)
    shared = [one - 1 for one in given.axes(axes, len(given.shape) + 1)] if axes else []
    return {"data_format": None, "num_parameters": 1, "shared_axes": shared}


def dims_of(given: Given) -> Fields:
    """The axes in their new order, counted from 1 in Keras."""
    return {"dims": [one - 1 for one in as_ints(given.take("dims"), given.kind, "dims")]}


def dim_of(given: Given) -> Fields:
    """The axis of a concatenation, the last by default."""
    (axis,) = given.axes(
        as_int(given.config.pop("axis", -1), given.kind, "axis"), len(given.shape) + 1
    )
    if not axis:
        raise given.unknown("along the batch")
    return {"dim": -1 if axis == len(given.shape) else axis - 1}


def of_recurrence(given: Given) -> Fields:
    """By default Keras returns the last position alone."""
    return {"return_sequences": given.config.pop("return_sequences", False)}


def of_attention(given: Given) -> Fields:
    """The features of queries, keys and values, which are those of the inputs."""
    features = [one[-1] for one in given.shapes]
    for key, usual in ("output_shape", features[0]), ("attention_axes", 1):
        value = given.config.pop(key, None)
        if value is not None and (entries(value) or (value,)) != (usual,):
            raise given.unknown(f"with {key}={show(value)}")
    return {"embed_dim": features[0], "kdim": features[1 % len(features)], "vdim": features[-1]}


CHANGES: dict[str, Callable[[Given], Fields]] = {
    **dict.fromkeys(["BatchNorm", "GroupNorm", "InstanceNorm"], format_of_axis),
    **dict.fromkeys(["LayerNorm", "RMSNorm"], lengths_of_axes),
    **dict.fromkeys([f"ConvTranspose{rank}d" for rank in "123"], padding_of_transpose),
    **dict.fromkeys(["Upsample", "CenterCrop"], size_of),
    **dict.fromkeys(["RNN", "GRU", "LSTM"], of_recurrence),
    "Concat": dim_of,
    "Crop": sides_of("cropping"),
    "MultiheadAttention": of_attention,
    "PReLU": shared_axes,
    "Pad": sides_of("padding"),
    "Permute": dims_of,
    "Scale": lambda _: {"data_format": None},
}


# Layers that are more than one here, or have another inside.


def activation(given: Given) -> Chain:
    """An `Activation`, which has the name of a function, or is a layer of its own."""
    found = [layer for _, layer in given.read(given.take("activation"), given.shapes)]
    return [("", found[0] if found else Activation("linear"))]


def bidirectional(given: Given) -> Chain:
    """A recurrent layer in both directions, whose outputs are merged."""
    forward = given.read(given.take("layer"), given.shapes)
    back, mode = given.config.get("backward_layer"), given.config.get("merge_mode", "concat")
    one = forward[0][1]
    layer = one._thawed
    if not isinstance(layer, Recurrent) or len(forward) > 1 or one._shared_name:
        raise given.unknown("of another layer than a recurrent one")
    if back is not None and given.read(back, given.shapes) != forward:
        raise given.unknown("of two layers that differ")
    if mode == "concat":
        made = replace(layer, bidirectional=True)
        return [("", Frozen(made) if one._is_frozen else made)]
    if mode not in ("sum", "ave", "mul"):
        raise given.unknown(f"with merge_mode={show(mode)}")
    merge = Multiply if mode == "mul" else Add
    return [("", merge(forward_layer=one, backward_layer=one))]


def time_distributed(given: Given) -> Chain:
    """A layer at each position of the first axis."""
    if len(given.shape) < 2:
        raise ReadError(
            f"TimeDistributed takes at least 2 axes and the batch, got shape {show(given.shape)}"
        )
    one = counterpart("layers", given)
    inside = given.read(given.take("layer"), [shape[1:] for shape in given.shapes])
    layer = inside[0][1] if len(inside) == 1 else Sequential(**dict(inside))
    return [("", bound(one, given._replace(config={**given.config, "layer": layer})))]


def normalization(given: Given) -> Chain:
    """A `Normalization`: mean and variance of each channel, and the number of examples so far."""
    if given.config.get("mean") is not None:
        return [("", Activation("normalization"))]
    fields = format_of_axis(given)
    channels = given.shape[0 if fields["data_format"] == "channels_first" else -1]
    return [("", BatchNorm(channels, affine=False, **fields)), ("count", Frozen(Scale(())))]


OWN: dict[str, Callable[[Given], Chain]] = {
    "Activation": activation,
    "Bidirectional": bidirectional,
    "Normalization": normalization,
    "TimeDistributed": time_distributed,
}
