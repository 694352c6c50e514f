"""What the scripts that write goldens share: random layers, right and wrong ones.

paramcalc is not imported, so that its answers cannot leak into those it is compared with.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from functools import reduce
from typing import Any

Fields = dict[str, Any]
Config = tuple[Fields, list[int]]
Recipe = Callable[[random.Random], Config]
"""Makes a configuration of a layer."""

SEED = 20261121
BATCH = 2
"""One would let batch normalization fail, and broadcast against all."""
LONGEST = {0: 12, 1: 12, 2: 10, 3: 6, 4: 4}

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
    fields = flag(rng, "affine") | flag(rng, "track_running_stats") | flag(rng, "bias")
    return {"num_features": none_at_times(rng, channels), **fields, **at}, shape


def group_norm(rng: random.Random) -> Config:
    groups = rng.choice([1, 2, 2, 3, 4, 5])
    channels = multiple(rng, groups) + (rng.random() < 0.1)
    at, shape = channels_at(rng, channels, lengths(rng, rng.randint(0, 4)))
    fields = {"num_groups": groups, "num_channels": none_at_times(rng, channels)}
    return fields | flag(rng, "affine") | flag(rng, "bias") | at, shape


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


def scale(rng: random.Random) -> Config:
    shape = lengths(rng, rng.randint(1, 4))
    if rng.random() < 0.2:
        return {}, shape
    last = shape[rng.randint(0, len(shape)) :]
    factor: Any = [length if rng.random() < 0.6 else 1 for length in last]
    if rng.random() < 0.1:
        factor = [*factor[:-1], rng.randint(1, 9)]
    return {"shape": factor[0] if len(factor) == 1 and rng.random() < 0.5 else factor}, shape


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


def factor(rng: random.Random) -> float:
    """Some whose products with lengths are rounded by a float."""
    known = [0.29, 1 / 3, 0.5, 0.7, 0.75, 1.1, 1.25, 1.5, 2.0, 2.3, 3]
    return rng.choice([*known, round(rng.uniform(0.2, 3), rng.randint(1, 6))])


def upsample(rng: random.Random, whole: bool = False) -> Config:
    ranks = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
    mode = rng.choice(["nearest", "nearest-exact", *ranks])
    rank = ranks.get(mode) or rng.choice([1, 2, 3, 1, 2, 3, 4])
    if rng.random() < 0.08:
        rank = rng.randint(1, 3)
    fields = maybe(rng, 0.5, size=axes(rng, rank, 1, 9))
    if not fields or rng.random() < 0.04:
        factors: Any = axes(rng, rank, 1, 3)
        if not whole and rng.random() < 0.6:
            factors = factor(rng)
            if rng.random() < 0.5:
                factors = [factor(rng) for _ in range(rank)]
        fields |= maybe(rng, 0.96, scale_factor=factors)
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


def part(rng: random.Random) -> Config:
    shape = lengths(rng, rng.randint(1, 4))
    rank = len(shape)
    dim = rng.randrange(-rank, rank) if rng.random() < 0.9 else rng.randint(-rank - 2, rank + 1)
    fields = maybe(rng, 0.7, start=rng.randint(-6, 5))
    if rng.random() < 0.6:
        fields["stop"] = fields.get("start", 0) + rng.choice([1, 1, 2, 3, 5, 9, 0, -4])
    return fields | maybe(rng, 0.7, dim=dim), shape


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
    if rng.random() < 0.4:
        fields.pop("add_bias_kv", None)
        groups = [one for one in range(1, heads + 1) if not heads % one or rng.random() < 0.1]
        fields |= maybe(rng, 0.6, num_kv_heads=rng.choice(groups))
        fields |= maybe(rng, 0.6, head_dim=rng.randint(1, 5))
        fields |= maybe(rng, 0.3, value_dim=rng.randint(1, 5))
    return fields, [rng.randint(1, 9), embed]


def encoder(rng: random.Random) -> Config:
    heads = rng.randint(1, 4)
    model = heads * rng.randint(1, 3) + (rng.random() < 0.1)
    fields = {"d_model": model, "nhead": heads, "dim_feedforward": rng.randint(1, 16)}
    return fields | flag(rng, "bias"), [rng.randint(1, 9), model]


def decoder(rng: random.Random) -> Config:
    fields, shape = encoder(rng)
    return fields | {"memory": [rng.randint(1, 9), shape[1]]}, shape


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


NESTED = {"layers", "layer"}
"""The fields that hold layers."""


def alone(fields: Fields, shape: list[int]) -> bool:
    """Whether torch may refuse what is right: nothing else is to be wrong with it then."""
    return "layers" in fields or fields.get("padding") == "same" or len(shape) > 4


def spoilt(rng: random.Random, fields: Fields, shape: list[int]) -> Config:
    """The same with one thing changed that is likely wrong."""
    fields, shape = dict(fields), list(shape)
    numbers = [key for key, one in fields.items() if isinstance(one, int | list)]
    numbers = [key for key in numbers if type(fields[key]) is not bool and key not in NESTED]
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


def configurations(
    seed: str, number: int, make: Recipe, *, whole: Callable[[Fields, list[int]], bool]
) -> list[Config]:
    """So many different ones, a quarter of them spoilt, but none that is to stay `whole`."""
    rng = random.Random(f"{SEED} {seed}")  # noqa: S311  # not for secrets
    found: dict[str, Config] = {}
    while len(found) < number:
        config = make(rng)
        if rng.random() < 0.3 and not whole(*config):
            config = spoilt(rng, *config)
        found[json.dumps(config, sort_keys=True)] = config
    return list(found.values())
