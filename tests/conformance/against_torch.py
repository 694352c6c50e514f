"""The layers against torch: what it accepts, the shapes, and the tensors it keeps.

The cases are those of make_torch.py.
"""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import Any

from golden import (
    Case,
    Difference,
    Golden,
    Shape,
    accepted,
    flat,
    layers_of,
    on_each_axis,
    refused,
    slid,
)
from records import entries

LAYERS = layers_of("torch")
BATCH = 2

# Where paramcalc means to differ.


def batch_is_an_axis(case: Case) -> bool:
    """Whether an axis is missing, so that the batch's stands in for it."""
    layer, sizes = case.layer, case.given
    if case.is_conv:
        return case.rank == int(layer[-2])
    if layer in {"Pool", "AdaptivePool"}:
        return bool(sizes) and case.rank == len(sizes[0])
    if layer in {"PixelShuffle", "PixelUnshuffle"}:
        return case.rank == 2
    if layer in {"Pad", "Crop"}:
        return case.rank == 1 and not sizes
    if layer == "Scale":
        return bool(sizes) and case.rank + 1 == len(sizes[0])
    alone = {"RNN", "GRU", "LSTM", "MultiheadAttention", "TransformerEncoderLayer", "InstanceNorm"}
    return layer in alone and case.rank == 1


def sides(case: Case) -> Any:
    """The field that `torch.nn.functional.pad` is given."""
    if case.layer in {"Pad", "Crop"}:
        return case.fields["padding" if case.layer == "Pad" else "cropping"]
    padding = entries(case.fields.get("padding")) if case.is_conv else None
    paired = padding is not None and any(entries(one) is not None for one in padding)
    return padding if paired else 0


def pads_other_axes(case: Case) -> bool:
    given = entries(sides(case))
    return given is not None and len(given) != len(case.spatial)


def one_for_all(case: Case) -> bool:
    """Whether a tuple of one entry is to be for more axes than one."""
    many = case.is_conv or case.layer == "Pool"
    return many and len(case.spatial) > 1 and any(len(one) == 1 for one in case.given)


def is_unused(case: Case) -> bool:
    """Whether the channels stated are wrong where no tensor depends on them."""
    channels = case.fields.get("num_features", case.fields.get("num_channels"))
    if channels in (None, case.channels):
        return False
    if case.layer in {"BatchNorm", "InstanceNorm"}:
        tracks = case.fields.get("track_running_stats", case.layer == "BatchNorm")
        affine = case.fields.get("affine", case.layer == "BatchNorm")
        return not tracks and not affine
    return case.fields.get("affine") is False


def counts_back_to_the_batch(case: Case) -> bool:
    dim: int = case.fields.get("start_dim" if case.layer == "Flatten" else "dim", 0)
    return dim == -1 - (len(case.branches[0]) if case.layer == "Concat" else case.rank)


def broadcast(shapes: list[Shape]) -> Shape | None:
    """From the last axis; None where they do not go together."""
    lengths: list[int] = []
    for axis in zip_longest(*[reversed(shape) for shape in shapes], fillvalue=1):
        if len({length for length in axis if length != 1}) > 1:
            return None
        lengths.insert(0, max(axis))
    return tuple(lengths)


def merges(case: Case) -> tuple[Shape | None, Shape | None]:
    """What branches of different ranks make without the batch, and with it."""
    ranks = {len(one) for one in case.branches}
    if case.layer not in {"Add", "Multiply"} or len(ranks) < 2:
        return None, None
    merged = broadcast([(BATCH, *one) for one in case.branches])
    return broadcast(case.branches), merged and merged[1:]


DIFFERENCES: dict[str, Difference] = {
    "an input axis has length 0": accepted(
        "mostly allowed",
        "the error appears where the fault is, not three layers later",
        lambda case: 0 in (*case.shape, *case.fields.get("memory", ())),
    ),
    "an output axis has length 0": accepted(
        "allowed, as by cropping all",
        "an axis has at least 1 position",
        lambda case: case.there is not None and 0 in case.there.output,
    ),
    "an axis is missing, and the batch taken for it": accepted(
        "allowed: the form without a batch", "shapes have no batch axis here", batch_is_an_axis
    ),
    "padding is negative": accepted(
        "crops (`F.pad`)", "`Crop` crops", lambda case: min(flat(sides(case))) < 0
    ),
    "padding is for other axes than there are": accepted(
        "pads the last ones alone, or channels (`F.pad`)",
        "one entry for each spatial axis",
        pads_other_axes,
    ),
    "a tuple of one entry is for all axes": accepted(
        "allowed", "an int is for all axes", one_for_all
    ),
    "a wrong number of channels affects no tensor": accepted(
        "allowed, without scale and statistics", "a stated size must match", is_unused
    ),
    "the batch is normalized over": accepted(
        "allowed by `LayerNorm` and `RMSNorm`",
        "the batch is no axis of a shape",
        lambda case: (
            case.layer in {"LayerNorm", "RMSNorm"}
            and len(case.spread(case.fields["normalized_shape"])) == case.rank + 1
        ),
    ),
    "there are more axes before the channels": accepted(
        "allowed by `PixelShuffle` and its inverse",
        "a shape is (channels, height, width)",
        lambda case: case.layer in {"PixelShuffle", "PixelUnshuffle"} and case.rank == 4,
    ),
    "no axis is left": accepted(
        "allowed by `reshape` to ()",
        "a shape has at least one axis",
        lambda case: case.fields.get("target_shape") == (),
    ),
    "dim is the batch axis": accepted(
        "flattens or joins examples", "the batch is not counted", counts_back_to_the_batch
    ),
    "a part from a position counted from the end to one that is not": accepted(
        "allowed by slices, empty for a long axis",
        "a longer input does not give a shorter output",
        lambda case: case.fields.get("start", 0) < 0 <= case.fields.get("stop", -1),
    ),
    "an inner number of features is 0": accepted(
        "allowed: `kdim`, `vdim`, `dim_feedforward`, and heads or sizes of heads in projections",
        "sizes are at least 1",
        lambda case: any(
            type(case.fields.get(field)) is int and case.fields[field] == 0
            for field in (
                *("kdim", "vdim", "dim_feedforward"),
                *("num_heads", "num_kv_heads", "head_dim", "value_dim"),
            )
        ),
    ),
    "same with a stride": refused(
        "refused",
        "⌈n / s⌉",
        "as TensorFlow and Keras",
        lambda case: case.is_conv,
        slid,
        "ValueError: padding='same' is not supported",
    ),
    "same of a transposed convolution": refused(
        "refused",
        "n·s",
        "as Keras",
        lambda case: case.fields["padding"] == "same",
        slid,
        "TypeError: conv_transpose",
    ),
    "more than three spatial axes": refused(
        "no such layer",
        "the same rule on each axis",
        "no formula depends on their number",
        lambda case: (
            len(case.spatial) == 4
            and case.error.startswith(
                (
                    "AttributeError: module 'torch.nn' has no attribute",
                    "NotImplementedError: Input Error: Only 3D, 4D and 5D",
                    "NotImplementedError: Padding size 8 is not supported",
                )
            )
            and not (case.layer == "InstanceNorm" and prod(case.spatial) == 1)
            and 0 not in (on_each_axis(case) or ())
        ),
        on_each_axis,
    ),
    "None for the only axis": refused(
        "refused by adaptive pooling in 1-D alone",
        "the axis stays",
        "as in 2-D and 3-D",
        lambda case: case.fields["output_size"] == (None,) and case.rank == 2,
        lambda case: case.shape,
        "TypeError: adaptive_",
    ),
    "an average over more than a volume without its padding": refused(
        "refused, in 3-D alone",
        "allowed",
        "as in 1-D and 2-D",
        lambda case: case.rank == 4 and 0 not in slid(case),
        slid,
        "RuntimeError: input image (T:",
    ),
    "branches of different ranks, which torch aligns with the batch": refused(
        "refused, if the batch is not 1",
        "aligned without the batch",
        "as Keras",
        lambda case: merges(case)[0] is not None and merges(case)[1] is None,
        lambda case: merges(case)[0],
    ),
    "branches of different ranks, which the batch broadcasts to": Difference(
        "neither",
        lambda case: None not in merges(case) and merges(case)[0] != merges(case)[1],
        "the batch spreads over an axis of 1",
        "aligned without the batch",
        "as Keras",
        lambda case: merges(case)[0],
    ),
}
TORCH = Golden("torch", "2.13.0", LAYERS, DIFFERENCES)
