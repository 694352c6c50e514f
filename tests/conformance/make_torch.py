"""Writes torch.jsonl.gz: what torch makes of random layers, right and wrong ones.

Run by hand, where torch is installed: `python tests/conformance/make_torch.py`. paramcalc is not
imported, so that its answers cannot leak into those it is compared with.
"""

from __future__ import annotations

import gzip
import importlib
import json
import platform
import random
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any

Fields = dict[str, Any]
Config = tuple[Fields, list[int]]
Tensors = list[tuple[str, list[int]]]

GOLDEN = Path(__file__).with_name("torch.jsonl.gz")
SEED = 20261121
BATCH = 2
"""One would let batch normalization fail, and broadcast against all."""
LONGEST = {0: 12, 1: 12, 2: 10, 3: 6, 4: 4}
REFUSALS = (
    AssertionError,
    AttributeError,  # No torch.nn.MaxPool4d, for one.
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)

# Configurations. Fields are those of paramcalc, lists where it has tuples.


def lengths(rng: random.Random, rank: int) -> list[int]:
    return [rng.randint(1, LONGEST[rank]) for _ in range(rank)]


def axes(rng: random.Random, rank: int, low: int, high: int) -> int | list[int]:
    if rng.random() < 0.5:
        return rng.randint(low, high)
    return [rng.randint(low, high) for _ in range(rank)]


def pairs(rng: random.Random, rank: int, high: int) -> list[list[int]]:
    return [[rng.randint(0, high), rng.randint(0, high)] for _ in range(rank)]


def some_rank(rng: random.Random, least: int) -> int:
    """Four axes now and then: torch mostly has no such module."""
    return 4 if rng.random() < 0.05 else rng.randint(least, 3)


def maybe(rng: random.Random, chance: float, **fields: Any) -> Fields:
    return fields if rng.random() < chance else {}


def flag(rng: random.Random, field: str) -> Fields:
    return maybe(rng, 0.4, **{field: rng.random() < 0.5})


def channels_at(rng: random.Random, channels: int, others: list[int]) -> Config:
    """The data format, and the shape in it."""
    if rng.random() < 0.15:
        return {"data_format": "channels_last"}, [*others, channels]
    return {}, [channels, *others]


def none_at_times(rng: random.Random, value: int) -> int | None:
    return None if rng.random() < 0.15 else value


def multiple(rng: random.Random, of: int) -> int:
    return of * rng.randint(1, max(8 // of, 1))


def conv(rng: random.Random, rank: int, transposed: bool) -> Config:
    groups = rng.choice([1, 1, 1, 2, 3, 4])
    channels = multiple(rng, groups)
    fields: Fields = {
        "in_channels": none_at_times(rng, channels),
        "out_channels": multiple(rng, groups),
        "kernel_size": axes(rng, rank, 1, 4),
        **maybe(rng, 0.6, stride=axes(rng, rank, 1, 3)),
        **maybe(rng, 0.3, dilation=axes(rng, rank, 1, 3)),
        **flag(rng, "bias"),
    }
    if groups > 1:
        fields["groups"] = groups if rng.random() < 0.9 else groups + 1
    if transposed:
        fields |= maybe(rng, 0.4, output_padding=axes(rng, rank, 0, 2))
    kind = rng.random()
    if kind < 0.4:
        fields["padding"] = axes(rng, rank, 0, 3)
    elif kind < 0.5:
        fields["padding"] = rng.choice(["same", "valid"])
        if fields["padding"] == "same":
            fields.pop("output_padding", None)
    elif kind < 0.6:
        fields["padding"] = pairs(rng, rank, 3)
    at, shape = channels_at(rng, channels, lengths(rng, rank))
    return fields | at, shape


def pool(rng: random.Random) -> Config:
    if rng.random() < 0.02:
        return {"kernel_size": rng.randint(1, 2)}, [rng.randint(2, 4) for _ in range(5)]
    rank = rng.choice([1, 2, 2, 3])
    average = rng.random() < 0.5
    tall = rng.randint(1, 4)
    fields: Fields = {
        "kernel_size": tall if rng.random() < 0.5 else [tall + rng.randint(0, 2)] * rank,
        **maybe(rng, 0.6, stride=axes(rng, rank, 1, 4)),
        **maybe(rng, 0.5, padding=axes(rng, rank, 0, tall // 2 + (rng.random() < 0.15))),
        **flag(rng, "ceil_mode"),
        **({"mode": "avg"} if average else maybe(rng, 0.4, dilation=axes(rng, rank, 1, 3))),
    }
    at, shape = channels_at(rng, rng.randint(1, 8), lengths(rng, rank))
    return fields | at, shape


def adaptive_pool(rng: random.Random) -> Config:
    rank = some_rank(rng, 1)
    size: Any = axes(rng, rank, 1, 6)
    if not isinstance(size, int):
        size = [None if rng.random() < 0.3 else one for one in size]
    at, shape = channels_at(rng, rng.randint(1, 8), lengths(rng, rank))
    return {"output_size": size, **maybe(rng, 0.6, mode=rng.choice(["avg", "max"])), **at}, shape


def global_pool(rng: random.Random) -> Config:
    at, shape = channels_at(rng, rng.randint(1, 8), lengths(rng, rng.choice([0, 1, 2, 2, 3, 4])))
    return maybe(rng, 0.6, mode=rng.choice(["avg", "max"])) | at, shape


def channel_norm(rng: random.Random, least: int) -> Config:
    channels, rank = rng.randint(1, 8), some_rank(rng, least)
    others = [1] * rank if rng.random() < 0.1 else lengths(rng, rank)
    at, shape = channels_at(rng, channels, others)
    fields = flag(rng, "affine") | flag(rng, "track_running_stats")
    return {"num_features": none_at_times(rng, channels), **fields, **at}, shape


def group_norm(rng: random.Random) -> Config:
    groups = rng.choice([1, 2, 2, 3, 4, 5])
    channels = multiple(rng, groups) + (rng.random() < 0.1)
    at, shape = channels_at(rng, channels, lengths(rng, rng.randint(0, 4)))
    fields = {"num_groups": groups, "num_channels": none_at_times(rng, channels)}
    return fields | flag(rng, "affine") | at, shape


def last_axes_norm(rng: random.Random, bias: bool) -> Config:
    shape = [rng.randint(1, 6) for _ in range(rng.randint(1, 4))]
    last: Any = shape[-rng.randint(1, len(shape)) :]
    if rng.random() < 0.1:
        last = [rng.choice([BATCH, BATCH + 1]), *shape]
    if len(last) == 1 and rng.random() < 0.5:
        last = rng.choice([last[0], last[0], None])
    fields = {"normalized_shape": last, **flag(rng, "elementwise_affine")}
    return fields | (flag(rng, "bias") if bias else {}), shape


def prelu(rng: random.Random) -> Config:
    channels = rng.randint(1, 8)
    at, shape = channels_at(rng, channels, lengths(rng, rng.randint(0, 4)))
    number = rng.choice([{}, {"num_parameters": 1}, {"num_parameters": channels}] * 2)
    return (number if rng.random() < 0.85 else {"num_parameters": None}) | at, shape


def pad(rng: random.Random) -> Config:
    rank = some_rank(rng, 1)
    modes = ["constant", "reflect", "replicate", "circular"]
    most = 4 if rank < 4 else 2
    field = pairs(rng, rank, most) if rng.random() < 0.4 else axes(rng, rank, 0, most)
    others = lengths(rng, rank) if rank < 4 else [rng.randint(3, 5) for _ in range(rank)]
    at, shape = channels_at(rng, rng.randint(1, 8), others)
    return {"padding": field, **maybe(rng, 0.8, mode=rng.choice(modes)), **at}, shape


def crop(rng: random.Random) -> Config:
    rank = rng.randint(1, 4)
    field = pairs(rng, rank, 3) if rng.random() < 0.5 else axes(rng, rank, 0, 2)
    at, shape = channels_at(rng, rng.randint(1, 8), lengths(rng, rank))
    return {"cropping": field, **at}, shape


def upsample(rng: random.Random) -> Config:
    ranks = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
    mode = rng.choice(["nearest", "nearest-exact", *ranks])
    rank = ranks.get(mode) or rng.choice([1, 2, 3, 1, 2, 3, 4])
    if rng.random() < 0.08:
        rank = rng.randint(1, 3)
    fields = maybe(rng, 0.5, size=axes(rng, rank, 1, 9))
    if not fields or rng.random() < 0.04:
        fields |= maybe(rng, 0.96, scale_factor=axes(rng, rank, 1, 3))
    if mode != "nearest" or rng.random() < 0.5:
        fields["mode"] = mode
    at, shape = channels_at(rng, rng.randint(1, 4), lengths(rng, rank))
    return fields | at, shape


def pixel_shuffle(rng: random.Random) -> Config:
    factor = rng.choice([1, 2, 2, 3])
    channels = factor**2 * rng.randint(1, 3) + (rng.random() < 0.15)
    at, shape = channels_at(rng, channels, lengths(rng, 2))
    return {"upscale_factor": factor, **at}, shape


def pixel_unshuffle(rng: random.Random) -> Config:
    factor = rng.choice([1, 2, 2, 3])
    others = [factor * rng.randint(1, 4) + (rng.random() < 0.1) for _ in range(2)]
    at, shape = channels_at(rng, rng.randint(1, 5), others)
    return {"downscale_factor": factor, **at}, shape


def dealt(rng: random.Random, number: int, rank: int) -> list[int]:
    """A shape of so many values."""
    shape: list[int] = []
    for _ in range(rank - 1):
        shape.append(rng.choice([one for one in range(1, number + 1) if not number % one]))
        number //= shape[-1]
    shape.append(number)
    rng.shuffle(shape)
    return shape


def reshape(rng: random.Random) -> Config:
    number = rng.choice([1, 6, 12, 24, 36, 60])
    shape, target = dealt(rng, number, rng.randint(1, 4)), dealt(rng, number, rng.randint(1, 4))
    if rng.random() < 0.4:
        target[rng.randrange(len(target))] = -1
    if rng.random() < 0.06:
        target[rng.randrange(len(target))] += rng.choice([-1, 1])
    if rng.random() < 0.03:
        shape, target = [1] * rng.randint(1, 3), []
    return {"target_shape": target}, shape


def permute(rng: random.Random) -> Config:
    shape = [rng.randint(1, 8) for _ in range(rng.randint(1, 5))]
    dims = rng.sample(range(len(shape)), len(shape))
    return {"dims": [dim - len(shape) * (rng.random() < 0.2) for dim in dims]}, shape


def flatten(rng: random.Random) -> Config:
    shape = [rng.randint(1, 6) for _ in range(rng.randint(1, 5))]
    rank = len(shape)
    start, end = sorted([rng.randrange(rank), rng.randrange(rank)])
    fields = maybe(rng, 0.7, start_dim=start - rank * (rng.random() < 0.3))
    fields |= maybe(rng, 0.7, end_dim=end - rank * (rng.random() < 0.5))
    if rng.random() < 0.15:
        fields[rng.choice(["start_dim", "end_dim"])] = rng.randint(-rank - 2, rank + 1)
    return fields, shape


def dense(rng: random.Random) -> Config:
    shape = [rng.randint(1, 6) for _ in range(rng.randint(0, 3))] + [rng.randint(1, 12)]
    sizes = {"in_features": none_at_times(rng, shape[-1]), "out_features": rng.randint(1, 12)}
    return sizes | flag(rng, "bias"), shape


def embedding(rng: random.Random) -> Config:
    shape = [rng.randint(1, 7) for _ in range(rng.randint(1, 4))]
    return {"num_embeddings": rng.randint(1, 20), "embedding_dim": rng.randint(1, 12)}, shape


def recurrent(rng: random.Random, projected: bool) -> Config:
    features, hidden = rng.randint(1, 8), rng.randint(1, 8)
    fields = {
        "input_size": none_at_times(rng, features),
        "hidden_size": hidden,
        **maybe(rng, 0.5, num_layers=rng.randint(1, 3)),
        **flag(rng, "bias"),
        **flag(rng, "bidirectional"),
        **flag(rng, "return_sequences"),
    }
    if projected:
        fields |= maybe(rng, 0.5, proj_size=rng.randint(0, hidden))
    return fields, [rng.randint(1, 9), features]


def attention(rng: random.Random) -> Config:
    heads = rng.randint(1, 4)
    embed = heads * rng.randint(1, 3) + (rng.random() < 0.1)
    fields = {
        "embed_dim": embed,
        "num_heads": heads,
        **flag(rng, "bias"),
        **flag(rng, "add_bias_kv"),
        **maybe(rng, 0.4, kdim=rng.choice([embed, rng.randint(1, 8)])),
        **maybe(rng, 0.4, vdim=rng.choice([embed, rng.randint(1, 8)])),
    }
    return fields, [rng.randint(1, 9), embed]


def encoder(rng: random.Random) -> Config:
    heads = rng.randint(1, 4)
    model = heads * rng.randint(1, 3) + (rng.random() < 0.1)
    fields = {"d_model": model, "nhead": heads, "dim_feedforward": rng.randint(1, 16)}
    return fields | flag(rng, "bias"), [rng.randint(1, 9), model]


def branch(rng: random.Random, shape: list[int], end: list[int]) -> tuple[str, Fields]:
    """A layer that makes the one shape of the other, or something like it."""
    kinds: list[tuple[str, Fields]] = [("Reshape", {"target_shape": end})]
    if len(end) == len(shape) == 3:
        kinds.append(("AdaptivePool", {"output_size": end[1:]}))
        kinds.append(("Conv2d", {"in_channels": None, "out_channels": end[0], "kernel_size": 1}))
        kinds.append(("BatchNorm", {"num_features": None}))
    if len(end) == len(shape):
        kinds += [("Dense", {"in_features": shape[-1], "out_features": end[-1]}), ("Identity", {})]
    return rng.choice(kinds)


def elementwise(rng: random.Random) -> Config:
    shape = [rng.choice([1, 2, 3, 4, 6]) for _ in range(rng.randint(1, 4))]
    layers: list[Any] = []
    for _ in range(rng.randint(1, 4)):
        end = list(shape)
        if rng.random() < 0.2:
            end = dealt(rng, reduce(int.__mul__, shape), rng.randint(1, 4))
        if rng.random() < 0.4:
            at = rng.randrange(len(end))
            end[at] = rng.choice([1, end[at]])
        layers.append(branch(rng, shape, end))
    return {"layers": layers}, shape


def concat(rng: random.Random) -> Config:
    shape = [rng.choice([1, 2, 3, 4]) for _ in range(rng.randint(1, 4))]
    rank = len(shape)
    layers: list[Any] = []
    for _ in range(rng.randint(1, 3)):
        end = list(shape)
        if rng.random() < 0.5:
            end[rng.choice([0, -1])] = rng.choice([1, 2, 3])
        if rng.random() < 0.1:
            end = dealt(rng, reduce(int.__mul__, shape), rng.randint(1, 4))
        layers.append(branch(rng, shape, end))
    dim = rng.randrange(-rank, rank) if rng.random() < 0.9 else rng.randint(-rank - 2, rank + 1)
    return {"layers": layers, **maybe(rng, 0.7, dim=dim)}, shape


def alone(fields: Fields, shape: list[int]) -> bool:
    """Whether torch may refuse what is right: nothing else is to be wrong with it then."""
    return "layers" in fields or fields.get("padding") == "same" or len(shape) > 4


def spoilt(rng: random.Random, fields: Fields, shape: list[int]) -> Config:
    """The same with one thing changed that is likely wrong."""
    fields, shape = dict(fields), list(shape)
    numbers = [key for key, one in fields.items() if isinstance(one, int | list)]
    numbers = [key for key in numbers if not isinstance(fields[key], bool) and key != "layers"]
    kind = rng.random()
    if kind < 0.15 and len(shape) < 4:
        shape.insert(rng.randint(0, len(shape)), rng.choice([1, 2, 3]))
    elif kind < 0.3 and len(shape) > 1:
        del shape[rng.randrange(len(shape))]
    elif kind < 0.33:
        shape[rng.randrange(len(shape))] = 0
    elif kind < 0.5 or not numbers:
        shape[rng.choice([0, -1])] += rng.choice([1, 2])
    else:
        key = rng.choice(numbers)
        fields[key] = spoilt_number(rng, fields[key])
    if fields.get("mode") in ("linear", "circular") and rng.random() < 0.1:
        fields["mode"] = "cubic"
    return fields, shape


def spoilt_number(rng: random.Random, value: Any) -> Any:
    wrong = rng.choice([-2, -1, 0, 0, 7])
    if isinstance(value, int):
        return rng.choice([wrong, wrong, value + 1])
    entries: list[Any] = list(value)
    kind = rng.random()
    if kind < 0.25 or not entries:
        return [*entries, entries[0] if entries else 1]
    if kind < 0.5:
        return entries[:-1]
    at = rng.randrange(len(entries))
    entries[at] = [entries[at][0], wrong] if isinstance(entries[at], list) else wrong
    return entries


CONFIGS: dict[str, tuple[int, Callable[[random.Random], Config]]] = {
    **{f"Conv{n}d": (360, partial(conv, rank=n, transposed=False)) for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": (360, partial(conv, rank=n, transposed=True)) for n in (1, 2, 3)},
    "Pool": (1000, pool),
    "AdaptivePool": (600, adaptive_pool),
    "GlobalPool": (360, global_pool),
    "BatchNorm": (400, partial(channel_norm, least=0)),
    "InstanceNorm": (400, partial(channel_norm, least=1)),
    "GroupNorm": (400, group_norm),
    "LayerNorm": (360, partial(last_axes_norm, bias=True)),
    "RMSNorm": (360, partial(last_axes_norm, bias=False)),
    "PReLU": (360, prelu),
    "Pad": (800, pad),
    "Crop": (400, crop),
    "Upsample": (600, upsample),
    "PixelShuffle": (360, pixel_shuffle),
    "PixelUnshuffle": (360, pixel_unshuffle),
    "Reshape": (400, reshape),
    "Permute": (360, permute),
    "Flatten": (400, flatten),
    "Dense": (360, dense),
    "Embedding": (360, embedding),
    "RNN": (360, partial(recurrent, projected=False)),
    "GRU": (360, partial(recurrent, projected=False)),
    "LSTM": (400, partial(recurrent, projected=True)),
    "MultiheadAttention": (400, attention),
    "TransformerEncoderLayer": (360, encoder),
    "Add": (400, elementwise),
    "Multiply": (400, elementwise),
    "Concat": (400, concat),
}
"""How many configurations of each layer, and what makes one."""


def configurations(layer: str) -> list[Config]:
    """So many different ones, a quarter of them spoilt."""
    rng = random.Random(f"{SEED} {layer}")  # noqa: S311  # not for secrets
    number, make = CONFIGS[layer]
    found: dict[str, Config] = {}
    while len(found) < number:
        config = make(rng)
        if rng.random() < 0.3 and not alone(*config):
            config = spoilt(rng, *config)
        found[json.dumps(config, sort_keys=True)] = config
    return list(found.values())


# What torch makes of them: the module, if there is one, and what leaves it.


def entries(value: Any) -> list[Any] | None:
    """What stands in a list or tuple; None for all else."""
    return list(value) if isinstance(value, list | tuple) else None  # pyright: ignore[reportUnknownArgumentType]


def tuples(value: Any) -> Any:
    given = entries(value)
    return value if given is None else tuple([tuples(one) for one in given])


def flat_sides(value: Any, rank: int) -> tuple[int, ...]:
    """An int, a tuple or pairs as `torch.nn.functional.pad` has them: from the last axis."""
    sides = (value,) * rank if isinstance(value, int) else value
    pairs = [(side, side) if isinstance(side, int) else side for side in sides]
    return tuple([one for pair in reversed(pairs) for one in pair])


@dataclass
class Ask:
    torch: Any
    name: str
    fields: Fields
    x: Any


Made = tuple[Any, Any]
"""The module, or None, and what leaves it."""


def window_rank(ask: Ask) -> int:
    """As many axes as the first tuple has; with none, as many as arrive."""
    given = [len(one) for one in map(entries, ask.fields.values()) if one is not None]
    return given[0] if given else ask.x.dim() - 2


def run_conv(ask: Ask) -> Made:
    transposed, padding = "Transpose" in ask.name, ask.fields.get("padding", 0)
    pad = ask.torch.nn.functional.pad
    sides: tuple[int, ...] = ()
    if any(entries(one) is not None for one in entries(padding) or []):
        sides = flat_sides(padding, 0)  # What torch has no field for, it does before or after.
    if sides or (transposed and padding == "valid"):
        del ask.fields["padding"]
    if not transposed:
        ask.x = pad(ask.x, sides)
    if ask.fields["in_channels"] is None:
        ask.fields["in_channels"] = ask.x.shape[1]
    module = getattr(ask.torch.nn, ask.name)(**ask.fields)
    y = module(ask.x)
    return module, pad(y, tuple([-one for one in sides])) if transposed else y


def run_pool(ask: Ask) -> Made:
    kind = {"max": "MaxPool", "avg": "AvgPool"}[ask.fields.pop("mode", "max")]
    return None, getattr(ask.torch.nn, f"{kind}{window_rank(ask)}d")(**ask.fields)(ask.x)


def run_adaptive_pool(ask: Ask) -> Made:
    kind = {"max": "AdaptiveMaxPool", "avg": "AdaptiveAvgPool"}[ask.fields.pop("mode", "avg")]
    return None, getattr(ask.torch.nn, f"{kind}{window_rank(ask)}d")(**ask.fields)(ask.x)


def run_global_pool(ask: Ask) -> Made:
    positions = ask.x.flatten(2)
    return None, positions.amax(2) if ask.fields.get("mode") == "max" else positions.mean(2)


def run_channel_norm(ask: Ask) -> Made:
    if ask.fields["num_features"] is None:
        ask.fields["num_features"] = ask.x.shape[1]
    module = getattr(ask.torch.nn, f"{ask.name}{max(ask.x.dim() - 2, 1)}d")(**ask.fields)
    return module, module(ask.x)


def run_group_norm(ask: Ask) -> Made:
    if ask.fields["num_channels"] is None:
        ask.fields["num_channels"] = ask.x.shape[1]
    module = ask.torch.nn.GroupNorm(**ask.fields)
    return module, module(ask.x)


def run_last_axes_norm(ask: Ask) -> Made:
    if ask.fields["normalized_shape"] is None:
        ask.fields["normalized_shape"] = ask.x.shape[-1]
    module = getattr(ask.torch.nn, ask.name)(**ask.fields)
    return module, module(ask.x)


def run_prelu(ask: Ask) -> Made:
    number = ask.fields.get("num_parameters", 1)
    module = ask.torch.nn.PReLU(ask.x.shape[1] if number is None else number)
    return module, module(ask.x)


def run_pad(ask: Ask) -> Made:
    sides = flat_sides(ask.fields["padding"], max(ask.x.dim() - 2, 1))
    return None, ask.torch.nn.functional.pad(ask.x, sides, ask.fields.get("mode", "constant"))


def run_crop(ask: Ask) -> Made:
    sides = flat_sides(ask.fields["cropping"], max(ask.x.dim() - 2, 1))
    return None, ask.torch.nn.functional.pad(ask.x, tuple([-one for one in sides]))


def run_reshape(ask: Ask) -> Made:
    return None, ask.x.reshape(BATCH, *ask.fields["target_shape"])


def run_permute(ask: Ask) -> Made:
    return None, ask.x.permute(0, *[dim + (dim >= 0) for dim in ask.fields["dims"]])


def run_flatten(ask: Ask) -> Made:
    start, end = ask.fields.get("start_dim", 0), ask.fields.get("end_dim", -1)
    return None, ask.torch.nn.Flatten(start + (start >= 0), end + (end >= 0))(ask.x)


def run_dense(ask: Ask) -> Made:
    if ask.fields["in_features"] is None:
        ask.fields["in_features"] = ask.x.shape[-1]
    module = ask.torch.nn.Linear(**ask.fields)
    return module, module(ask.x)


def run_embedding(ask: Ask) -> Made:
    module = ask.torch.nn.Embedding(**ask.fields)
    return module, module(ask.x.long())


def run_recurrent(ask: Ask) -> Made:
    sequences = ask.fields.pop("return_sequences", True)
    if ask.fields["input_size"] is None:
        ask.fields["input_size"] = ask.x.shape[-1]
    module = getattr(ask.torch.nn, ask.name)(**ask.fields, batch_first=True)
    y = module(ask.x)[0]
    return module, y if sequences else y[:, -1]


def run_attention(ask: Ask) -> Made:
    module = ask.torch.nn.MultiheadAttention(**ask.fields, batch_first=True)
    key, value = [
        ask.x if dim is None else ask.torch.zeros(*ask.x.shape[:-1], dim)
        for dim in (ask.fields.get("kdim"), ask.fields.get("vdim"))
    ]
    return module, module(ask.x, key, value)[0]


def run_encoder(ask: Ask) -> Made:
    module = ask.torch.nn.TransformerEncoderLayer(**ask.fields, batch_first=True)
    return module, module(ask.x)


def run_plain(ask: Ask) -> Made:
    return None, getattr(ask.torch.nn, ask.name)(**ask.fields)(ask.x)


RUNS: dict[str, Callable[[Ask], Made]] = {
    **{f"Conv{n}d": run_conv for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": run_conv for n in (1, 2, 3)},
    "Pool": run_pool,
    "AdaptivePool": run_adaptive_pool,
    "GlobalPool": run_global_pool,
    "BatchNorm": run_channel_norm,
    "InstanceNorm": run_channel_norm,
    "GroupNorm": run_group_norm,
    "LayerNorm": run_last_axes_norm,
    "RMSNorm": run_last_axes_norm,
    "PReLU": run_prelu,
    "Pad": run_pad,
    "Crop": run_crop,
    "Reshape": run_reshape,
    "Permute": run_permute,
    "Flatten": run_flatten,
    "Dense": run_dense,
    "Embedding": run_embedding,
    "RNN": run_recurrent,
    "GRU": run_recurrent,
    "LSTM": run_recurrent,
    "MultiheadAttention": run_attention,
    "TransformerEncoderLayer": run_encoder,
}
"""What is not here, `run_plain` does."""


def run(torch: Any, layer: str, fields: Fields, x: Any) -> tuple[Any, Tensors, Tensors]:
    """What leaves, the parameters and the buffers."""
    fields = {key: tuples(one) for key, one in fields.items()}
    last = fields.pop("data_format", "channels_first") == "channels_last"
    module, y = RUNS.get(layer, run_plain)(
        Ask(torch, layer, fields, x.movedim(-1, 1) if last else x)
    )
    named = list(module.named_parameters()) if module else []
    kept = list(module.named_buffers()) if module else []
    return (
        y.movedim(1, -1) if last else y,
        [(name, list(one.shape)) for name, one in named],
        [(name, list(one.shape)) for name, one in kept if name != "num_batches_tracked"],
    )


def merge(torch: Any, layer: str, fields: Fields, x: Any) -> dict[str, Any]:
    """The outcome of branches, with the shapes that leave them."""
    outputs: list[Any] = []
    all_named: Tensors = []
    all_kept: Tensors = []
    for position, (name, inner) in enumerate(fields["layers"]):
        y, named, kept = run(torch, name, inner, x)
        outputs.append(y)
        all_named += [(f"{position}.{one}", shape) for one, shape in named]
        all_kept += [(f"{position}.{one}", shape) for one, shape in kept]
    branches = [list(one.shape[1:]) for one in outputs]
    try:
        if layer == "Concat":
            dim = fields.get("dim", 0)
            y = torch.cat(outputs, dim + (dim >= 0))
        else:
            y = reduce({"Add": torch.add, "Multiply": torch.mul}[layer], outputs)
    except REFUSALS as error:
        return {"branches": branches, **refusal(error)}
    return {"branches": branches, **answer(y, all_named, all_kept)}


def answer(y: Any, named: Tensors, kept: Tensors) -> dict[str, Any]:
    tensors = {"parameters": named, "buffers": kept}
    return {"output": list(y.shape[1:]), **{key: one for key, one in tensors.items() if one}}


def refusal(error: Exception) -> dict[str, Any]:
    return {"output": None, "error": f"{type(error).__name__}: {error}"[:80]}


def outcome(torch: Any, layer: str, fields: Fields, shape: list[int]) -> dict[str, Any]:
    x = torch.zeros(BATCH, *shape)
    try:
        if "layers" in fields:
            return merge(torch, layer, fields, x)
        return answer(*run(torch, layer, fields, x))
    except REFUSALS as error:
        return refusal(error)


def main() -> None:
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    header = {"torch": torch.__version__, "python": platform.python_version(), "seed": SEED}
    lines: list[dict[str, Any]] = [header]
    with torch.no_grad():
        for layer in CONFIGS:
            for fields, shape in configurations(layer):
                case = {"layer": layer, "fields": fields, "shape": shape}
                lines.append(case | outcome(torch, layer, fields, shape))
    text = "".join([json.dumps(line, separators=(",", ":")) + "\n" for line in lines])
    # Neither the name nor the time of writing: the same cases are the same bytes.
    with GOLDEN.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as file:
        file.write(text.encode())


if __name__ == "__main__":
    main()
