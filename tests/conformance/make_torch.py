"""Writes torch.jsonl.gz: what torch makes of random layers, right and wrong ones.

Run by hand, where torch is installed: `python tests/conformance/make_torch.py`. paramcalc is not
imported, so that its answers cannot leak into those it is compared with.
"""

from __future__ import annotations

import importlib
import platform
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial, reduce
from pathlib import Path
from typing import Any

from generator import (
    BATCH,
    SEED,
    Config,
    Fields,
    Recipe,
    adaptive_pool,
    alone,
    attention,
    channel_norm,
    concat,
    configurations,
    conv,
    crop,
    decoder,
    dense,
    elementwise,
    embedding,
    encoder,
    flatten,
    global_pool,
    group_norm,
    last_axes_norm,
    pad,
    part,
    permute,
    pixel_shuffle,
    pixel_unshuffle,
    pool,
    prelu,
    recurrent,
    reshape,
    scale,
    upsample,
)
from records import entries, refusal, tuples, window_rank, write

Tensors = list[tuple[str, list[int]]]

GOLDEN = Path(__file__).with_name("torch.jsonl.gz")
REFUSALS = (
    AssertionError,
    AttributeError,  # No torch.nn.MaxPool4d, for one.
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
    ZeroDivisionError,
)

# What torch makes of them: the module, if there is one, and its output.


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

    def window_rank(self) -> int:
        return window_rank(self.fields, self.x.dim() - 2)


Made = tuple[Any, Any]
"""The module, or None, and its output."""


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
    return None, getattr(ask.torch.nn, f"{kind}{ask.window_rank()}d")(**ask.fields)(ask.x)


def run_adaptive_pool(ask: Ask) -> Made:
    kind = {"max": "AdaptiveMaxPool", "avg": "AdaptiveAvgPool"}[ask.fields.pop("mode", "avg")]
    return None, getattr(ask.torch.nn, f"{kind}{ask.window_rank()}d")(**ask.fields)(ask.x)


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


def run_scale(ask: Ask) -> Made:
    shape = ask.fields.get("shape", (ask.x.shape[1], *[1] * (ask.x.dim() - 2)))
    module = ask.torch.nn.ParameterDict({"gamma": ask.torch.ones(shape)})
    y = ask.x * module["gamma"]
    if y.shape != ask.x.shape:
        raise RuntimeError("it changes the shape")
    return module, y


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


def run_slice(ask: Ask) -> Made:
    dim = ask.fields.get("dim", 0)
    dim += dim >= 0
    part = slice(ask.fields.get("start"), ask.fields.get("stop"))
    return None, ask.x.movedim(dim, 0)[part].movedim(0, dim)


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


def run_heads(ask: Ask, heads: int, groups: int, size: int, value_size: int) -> Made:
    """Attention without a module of its own: four projections around that of torch."""
    nn, embed, bias = ask.torch.nn, ask.fields["embed_dim"], ask.fields.get("bias", True)
    kdim, vdim = [ask.fields.get(one) for one in ("kdim", "vdim")]
    module = nn.ModuleDict(
        {
            "q_proj": nn.Linear(embed, heads * size, bias),
            "k_proj": nn.Linear(embed if kdim is None else kdim, groups * size, bias),
            "v_proj": nn.Linear(embed if vdim is None else vdim, groups * value_size, bias),
            "out_proj": nn.Linear(heads * value_size, embed, bias),
        }
    )
    batch, length, _ = ask.x.shape
    sources = [
        ask.x if dim is None else ask.torch.zeros(batch, length, dim) for dim in (None, kdim, vdim)
    ]
    sizes = (heads, size), (groups, size), (groups, value_size)
    each = [
        module[name](x).unflatten(2, parts).transpose(1, 2)
        for name, x, parts in zip(("q_proj", "k_proj", "v_proj"), sources, sizes, strict=True)
    ]
    attended = nn.functional.scaled_dot_product_attention(*each, enable_gqa=True)
    return module, module["out_proj"](attended.transpose(1, 2).flatten(2))


def run_attention(ask: Ask) -> Made:
    names = "num_kv_heads", "head_dim", "value_dim"
    embed, heads = ask.fields["embed_dim"], ask.fields["num_heads"]
    groups, size, value_size = [ask.fields.pop(name, None) for name in names]
    groups = heads if groups is None else groups
    size, rest = (size, 0) if size is not None else divmod(embed, heads)
    value_size = size if value_size is None else value_size
    if not rest and (groups, heads * size, value_size) != (heads, embed, size):
        return run_heads(ask, heads, groups, size, value_size)
    module = ask.torch.nn.MultiheadAttention(**ask.fields, batch_first=True)
    key, value = [
        ask.x if dim is None else ask.torch.zeros(*ask.x.shape[:-1], dim)
        for dim in (ask.fields.get("kdim"), ask.fields.get("vdim"))
    ]
    return module, module(ask.x, key, value)[0]


def run_transformer(ask: Ask) -> Made:
    inputs = [ask.x]
    if "memory" in ask.fields:
        inputs.append(ask.torch.zeros(BATCH, *ask.fields.pop("memory")))
    module = getattr(ask.torch.nn, ask.name)(**ask.fields, batch_first=True)
    return module, module(*inputs)


def run_plain(ask: Ask) -> Made:
    return None, getattr(ask.torch.nn, ask.name)(**ask.fields)(ask.x)


LAYERS: dict[str, tuple[int, Recipe, Callable[[Ask], Made]]] = {
    **{f"Conv{n}d": (360, partial(conv, rank=n, transposed=False), run_conv) for n in (1, 2, 3)},
    **{
        f"ConvTranspose{n}d": (360, partial(conv, rank=n, transposed=True), run_conv)
        for n in (1, 2, 3)
    },
    "Pool": (1000, pool, run_pool),
    "AdaptivePool": (600, adaptive_pool, run_adaptive_pool),
    "GlobalPool": (360, global_pool, run_global_pool),
    "BatchNorm": (400, partial(channel_norm, least=0), run_channel_norm),
    "InstanceNorm": (400, partial(channel_norm, least=1), run_channel_norm),
    "GroupNorm": (400, group_norm, run_group_norm),
    "LayerNorm": (360, partial(last_axes_norm, bias=True), run_last_axes_norm),
    "RMSNorm": (360, partial(last_axes_norm, bias=False), run_last_axes_norm),
    "PReLU": (360, prelu, run_prelu),
    "Scale": (500, scale, run_scale),
    "Pad": (800, pad, run_pad),
    "Crop": (400, crop, run_crop),
    "Upsample": (900, upsample, run_plain),
    "PixelShuffle": (360, pixel_shuffle, run_plain),
    "PixelUnshuffle": (360, pixel_unshuffle, run_plain),
    "Reshape": (400, reshape, run_reshape),
    "Permute": (360, permute, run_permute),
    "Slice": (600, part, run_slice),
    "Flatten": (400, flatten, run_flatten),
    "Dense": (360, dense, run_dense),
    "Embedding": (360, embedding, run_embedding),
    "RNN": (360, partial(recurrent, projected=False), run_recurrent),
    "GRU": (360, partial(recurrent, projected=False), run_recurrent),
    "LSTM": (400, partial(recurrent, projected=True), run_recurrent),
    "MultiheadAttention": (400, attention, run_attention),
    "TransformerEncoderLayer": (360, encoder, run_transformer),
    "TransformerDecoderLayer": (360, decoder, run_transformer),
    "Add": (400, elementwise, run_plain),
    "Multiply": (400, elementwise, run_plain),
    "Concat": (400, concat, run_plain),
}
"""Of each layer how many cases, what makes one, and what asks torch."""


def run(torch: Any, layer: str, fields: Fields, x: Any) -> tuple[Any, Tensors, Tensors]:
    """The output, the parameters and the buffers."""
    fields = {key: tuples(one) for key, one in fields.items()}
    last = fields.pop("data_format", "channels_first") == "channels_last"
    asking = LAYERS[layer][2] if layer in LAYERS else run_plain
    module, y = asking(Ask(torch, layer, fields, x.movedim(-1, 1) if last else x))
    named = list(module.named_parameters()) if module else []
    kept = list(module.named_buffers()) if module else []
    return (
        y.movedim(1, -1) if last else y,
        [(name, list(one.shape)) for name, one in named],
        [(name, list(one.shape)) for name, one in kept if name != "num_batches_tracked"],
    )


def merge(torch: Any, layer: str, fields: Fields, x: Any) -> dict[str, Any]:
    """The outcome of branches, with their output shapes."""
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


def outcome(torch: Any, layer: str, fields: Fields, shape: list[int]) -> dict[str, Any]:
    x = torch.zeros(BATCH, *shape)
    try:
        if "layers" in fields:
            return merge(torch, layer, fields, x)
        return answer(*run(torch, layer, fields, x))
    except REFUSALS as error:
        return refusal(error)


def cases(layer: str) -> list[Config]:
    number, make, _ = LAYERS[layer]
    return configurations(layer, number, make, whole=alone)


def main() -> None:
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    header = {"torch": torch.__version__, "python": platform.python_version(), "seed": SEED}
    lines: list[dict[str, Any]] = [header]
    with torch.no_grad():
        for layer in LAYERS:
            for fields, shape in cases(layer):
                case = {"layer": layer, "fields": fields, "shape": shape}
                lines.append(case | outcome(torch, layer, fields, shape))
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()
