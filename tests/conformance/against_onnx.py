"""The layers against ONNX's shape inference: what it accepts, and the shapes.

The cases are those of make_onnx.py. There are no tensors to compare: in ONNX the weights are given
to an operator, and say what its channels are.
"""

from __future__ import annotations

from dataclasses import replace

from golden import Case, Difference, Golden, Outcome, accepted, calculated, flat, layers_of, slid
from layers import ROWS

SLIDING = {row.name for row in ROWS if "kernel_size" in row.fields}
LAYERS = [name for name in layers_of("torch") if name in SLIDING]
"""Of ONNX's operators those that slide a window."""


def ours(case: Case) -> Outcome | None:
    """With `auto_pad` as the padding it stands for."""
    fields = dict(case.fields)
    automatic = fields.pop("auto_pad", "NOTSET")
    if automatic != "NOTSET":
        fields["padding"] = "valid" if automatic == "VALID" else "same"
    here = calculated(replace(case, fields=fields))
    return here and Outcome(here.output, [], [])


# Where paramcalc means to differ.


def is_same(case: Case) -> bool:
    return str(case.fields.get("auto_pad")).startswith("SAME")


def is_transposed(case: Case) -> bool:
    return "Transpose" in case.layer


def channels_are_wrong(case: Case) -> bool:
    if not case.is_conv:
        return False
    groups, stated = case.fields.get("groups", 1), case.fields["in_channels"]
    left = case.fields["out_channels"]
    return case.channels != stated or bool(stated % groups or left % groups) or left == 0


def pads_too_far(case: Case) -> bool:
    sizes = case.spread(case.fields["kernel_size"])
    sides = case.spread(case.fields.get("padding", 0))
    return not case.is_conv and any(
        2 * max(flat(side)) > size for side, size in zip(sides, sizes, strict=True)
    )


def adds_too_much(case: Case) -> bool:
    names = ("output_padding", "stride", "dilation")
    more, *steps = [case.spread(case.fields.get(one, one != names[0])) for one in names]
    return is_transposed(case) and any(map(int.__ge__, more, map(max, *steps)))


def has_no_window(case: Case) -> bool:
    """Whether on some axis not one window starts where it may."""
    return not is_transposed(case) and not is_same(case) and 0 in slid(case)


def outruns_its_kernel(case: Case) -> bool:
    """Whether no tap of a transposed convolution meets some positions."""
    if not is_transposed(case):
        return False
    names = ("stride", "kernel_size", "dilation")
    steps, sizes, spreads = [case.spread(case.fields.get(one, 1)) for one in names]
    reaches = [spread * (size - 1) + 1 for size, spread in zip(sizes, spreads, strict=True)]
    return any(map(int.__gt__, steps, reaches))


DIFFERENCES: dict[str, Difference] = {
    "an input axis has length 0": accepted(
        "allowed, if padded",
        "the error appears where the fault is, not three layers later",
        lambda case: 0 in case.shape,
    ),
    "the channels are wrong": accepted(
        "allowed: neither channels nor groups are looked at",
        "it cannot be computed",
        channels_are_wrong,
    ),
    "output padding is not less than stride or dilation": accepted(
        "allowed", "it chooses among lengths with the same output, as torch", adds_too_much
    ),
    "output padding with same": accepted(
        "allowed",
        '"same" is n·s',
        lambda case: is_same(case) and any(flat(case.fields.get("output_padding", 0))),
    ),
    "padding is more than half of the window": accepted(
        "allowed in poolings", "a window could lie in the padding, as torch", pads_too_far
    ),
    "the output length is below 1": accepted(
        "allowed: lengths of 0, and negative ones",
        "it cannot be computed",
        lambda case: case.there is not None and min(case.there.output) < 1,
    ),
    "no window fits, and one is counted": accepted(
        "allowed: its division rounds towards 0", "it cannot be computed", has_no_window
    ),
    "a stride above the kernel of a transposed convolution with same": Difference(
        "neither",
        lambda case: is_same(case) and outruns_its_kernel(case),
        "(n − 1)·s + d·(k − 1) + 1, which its own documentation has as n·s",
        "n·s",
        "as the documentation, and Keras",
        lambda case: slid(case, padding="same"),
    ),
}
ONNX = Golden("onnx", "1.23.2", LAYERS, DIFFERENCES, ours)
