"""The layers against Keras 3: what it accepts, the shapes, and the tensors it keeps.

The cases are those of make_keras.py. Tensors are compared one by one, in their order, each with its
exact shape in Keras's layout. There are two exceptions. Of attention it is the number of values:
torch and paramcalc have queries, keys and values in one tensor. Of PReLU it is the shape without
axes of 1, over which a slope is shared.
"""

from __future__ import annotations

from math import prod

from golden import (
    Case,
    Difference,
    Golden,
    Outcome,
    Shape,
    Tensors,
    accepted,
    calculated,
    flat,
    layers_of,
    on_each_axis,
    refused,
    slid,
)
from records import entries

LAYERS = layers_of("keras")


def shapes(case: Case, tensors: Tensors) -> list[Shape]:
    """In Keras's layout: the axes of channels come last, in the other order."""
    found: list[Shape] = []
    for name, shape in tensors:
        if case.inside not in {"LayerNorm", "RMSNorm", "Embedding", "MultiheadAttention", "PReLU"}:
            shape = (*shape[2:], *reversed(shape[:2]))
        if "depthwise" in f"{case.layer}.{name}".lower() and len(shape) > 2:
            shape = (*shape[:-2], case.channels, shape[-1] // case.channels)
        if case.layer == "GRU" and name.startswith("bias_hh"):
            shape = (2, *found.pop())  # Keras has both biases in one tensor.
        found.append(shape)
    return found


def compared(case: Case, output: Shape, kept: list[list[Shape]]) -> Outcome:
    """Without names, and with what the head of this file excepts."""
    if case.layer == "MultiheadAttention":
        kept = [[(sum(map(prod, group)),)] for group in kept]
    elif case.layer == "PReLU":
        kept = [[tuple([one for one in shape if one != 1]) for shape in group] for group in kept]
    return Outcome(output, *[[("", shape) for shape in group] for group in kept])


def ours(case: Case) -> Outcome | None:
    here = calculated(case)
    if here is None:
        return None
    kept = [shapes(case, one) for one in (here.parameters, here.buffers)]
    return compared(case, here.output, kept)


def theirs(case: Case) -> Outcome | None:
    there = case.there
    if there is None:
        return None
    kept = [[shape for _, shape in one] for one in (there.parameters, there.buffers)]
    return compared(case, there.output, kept)


# Where paramcalc means to differ.


def stated(case: Case) -> Shape:
    lengths = case.fields["normalized_shape"]
    return (case.shape[-1],) if lengths is None else entries(lengths) or (lengths,)


def is_trained(case: Case) -> bool:
    """Whether a layer normalization has a scale or a shift."""
    has_either = any(case.fields.get(one, True) for one in ("bias", "scale"))
    return has_either and case.fields.get("elementwise_affine") is not False


def is_sound(case: Case) -> bool:
    """Whether there is nothing wrong with a convolution but what Keras says first."""
    fields, groups = case.fields, case.fields.get("groups", 1)
    if not case.is_conv or 0 in case.shape or case.rank != int(case.layer[-2]) + 1:
        return False
    words = {"same", "valid", "causal"} if case.layer == "Conv1d" else {"same", "valid"}
    least = {"out_channels": 1, "kernel_size": 1, "stride": 1, "dilation": 1, "padding": 0}
    numbers = [(fields.get(name, one), one) for name, one in least.items()]
    return (
        case.fits
        and all(value in words or min(flat(value)) >= one for value, one in numbers)
        and fields.get("in_channels") in {None, case.channels}
        and fields.get("depth_multiplier", 1) > 0
        and not (groups < 1 or case.channels % groups or fields.get("out_channels", 0) % groups)
    )


def convolved(case: Case) -> Shape | None:
    """The output of a convolution without a fault."""
    if not is_sound(case):
        return None
    names = {"output_padding": 0, "stride": 1, "dilation": 1}
    each = [case.spread(case.fields.get(name, default)) for name, default in names.items()]
    for more, *steps in zip(*each, strict=True):
        if more and (more >= max(steps) or case.fields.get("padding") == "same"):
            return None
    output = slid(case)
    return None if min(output) < 1 else output


def pooled(case: Case) -> Shape | None:
    """The output with "same" padding."""
    numbers = [one for value in case.fields.values() for one in flat(value) if type(one) is int]
    if case.fields.get("padding") != "same" or not case.fits or min(numbers) < 1:
        return None
    return slid(case)


def permuted(case: Case) -> Shape | None:
    dims: tuple[int, ...] = case.fields["dims"]
    axes = range(case.rank)
    if sorted([dim + case.rank * (dim < 0) for dim in dims]) != list(axes):
        return None
    return tuple([case.shape[dim] for dim in dims])


def on_each(case: Case) -> Shape | None:
    """`on_each_axis`, if nothing is wrong but what Keras says first."""
    least = 0 if case.layer in {"Pad", "Crop"} else 1
    numbers = [one for value in case.fields.values() for one in flat(value) if type(one) is int]
    if not case.fits or 0 in case.shape or min(numbers, default=1) < least:
        return None
    output = on_each_axis(case)
    return output if output and min(output) > 0 else None


def windows(case: Case) -> list[Shape]:
    """The strides and the sizes of the kernel."""
    return [case.spread(case.fields.get(one, 1)) for one in ("stride", "kernel_size")]


def outruns_its_kernel(case: Case) -> bool:
    """Whether no tap of a transposed convolution meets some positions."""
    if "Transpose" not in case.layer or "output_padding" in case.fields:
        return False
    return case.fields["padding"] != "same" and any(map(int.__gt__, *windows(case)))


DIFFERENCES: dict[str, Difference] = {
    "an input axis has length 0": accepted(
        "mostly allowed, except by convolution and pooling",
        "the error appears where the fault is, not three layers later",
        lambda case: 0 in case.shape,
    ),
    "no axis is left": accepted(
        "allowed by `Reshape` to ()",
        "a shape has at least one axis",
        lambda case: case.fields.get("target_shape") == (),
    ),
    "dim is the batch axis": accepted(
        "`Concatenate` joins examples",
        "the batch is not counted",
        lambda case: bool(case.branches) and case.fields.get("dim") == -1 - len(case.branches[0]),
    ),
    "the batch axis is shared": accepted(
        "`PReLU` takes the last axis for it",
        "the batch is not counted",
        lambda case: -1 - case.rank in case.fields.get("shared_axes", ()),
    ),
    "padding is negative": accepted(
        "`ZeroPadding` crops",
        "`Crop` crops",
        lambda case: case.layer == "Pad" and min(flat(case.fields["padding"])) < 0,
    ),
    "a channel has a single position": accepted(
        "normalized, to 0, by `GroupNormalization` with `groups=-1`",
        "there is nothing to normalize over, as torch",
        lambda case: case.layer == "InstanceNorm" and prod(case.spatial) == 1,
    ),
    "groups are -1": accepted(
        "as many as channels",
        "that is `InstanceNorm`",
        lambda case: case.fields.get("num_groups") == -1,
    ),
    "the batch is normalized over": accepted(
        "allowed by `LayerNormalization` and `RMSNormalization`",
        "the batch is no axis of a shape",
        lambda case: case.layer in {"LayerNorm", "RMSNorm"} and len(stated(case)) == case.rank + 1,
    ),
    "the lengths are wrong where nothing depends on them": accepted(
        "allowed by `LayerNormalization` without scale and shift",
        "a stated size must match",
        lambda case: (
            case.layer == "LayerNorm"
            and not is_trained(case)
            and stated(case) != case.shape[-len(stated(case)) :]
        ),
    ),
    "an inner number of features is 0": accepted(
        "keys or values of 0 are allowed",
        "sizes are at least 1",
        lambda case: 0 in (case.fields.get("kdim"), case.fields.get("vdim")),
    ),
    "features of 1 are stated or given": accepted(
        "`MultiHeadAttention` spreads them over those of the input, where torch is the backend",
        "a stated size must match",
        lambda case: (
            case.layer == "MultiheadAttention"
            and min(case.fields["embed_dim"], case.shape[-1]) == 1
            and case.fields["embed_dim"] != case.shape[-1]
        ),
    ),
    "output padding with same": accepted(
        "allowed",
        '"same" is n·s',
        lambda case: (
            any(flat(case.fields.get("output_padding", 0))) and case.fields["padding"] == "same"
        ),
    ),
    "output padding of 0 with same": Difference(
        "neither",
        lambda case: (
            not any(flat(case.fields.get("output_padding", 1)))
            and case.fields["padding"] == "same"
            and not all(step == 1 and size % 2 for step, size in zip(*windows(case), strict=True))
        ),
        "(n − 1)·s + 1, and for an even kernel (n − 1)·s",
        "n·s",
        "0 is the default",
        convolved,
    ),
    "stride and dilation above 1": refused(
        "refused",
        "allowed",
        "as torch",
        lambda case: convolved(case) is not None,
        convolved,
        "ValueError: `strides > 1` not supported",
    ),
    "output padding is less than the dilation but not less than the stride": refused(
        "refused",
        "allowed",
        "as torch",
        lambda case: convolved(case) is not None,
        convolved,
        "ValueError: `output_padding` must be strictly less",
    ),
    "a stride above the kernel of a transposed convolution": Difference(
        "neither",
        outruns_its_kernel,
        "n·s, the end without a tap",
        "(n − 1)·s + k",
        "as torch",
        convolved,
    ),
    "more than three spatial axes": refused(
        "no such layer",
        "the same rule on each axis",
        "no formula depends on their number",
        lambda case: len(case.spatial) == 4 and on_each(case) is not None,
        on_each,
        "AttributeError: module 'keras.layers' has no attribute",
    ),
    "None in adaptive pooling": refused(
        "refused",
        "the axis stays",
        "as torch",
        lambda case: None in flat(case.fields["output_size"]) and on_each(case) is not None,
        on_each,
        "ValueError: Exception encountered when calling Adaptive",
    ),
    "an average over more than a volume": refused(
        '"same" is refused, in 3-D alone, where torch is the backend',
        "allowed",
        "as in 1-D and 2-D",
        lambda case: pooled(case) is not None,
        pooled,
        "RuntimeError: Exception encountered when calling AveragePooling3D",
    ),
    "an axis is counted from the last": refused(
        "refused by `Permute`",
        "allowed",
        "as torch",
        lambda case: permuted(case) is not None,
        permuted,
        "ValueError: Invalid permutation argument",
    ),
}
# Keras's Flatten has no fields, and refuses nothing.
KERAS = Golden(
    "keras", "3.15.1", LAYERS, DIFFERENCES, ours, theirs, least=250, never_refused=("Flatten",)
)
